//! CALL: the procedure is looked up, and the columns that it yields become variables.

use super::scope::VariableKind;
use super::{Binder, Bound};
use crate::fault::{Result, meaning, meaning_with_help};
use crate::planner::plan::{Plan, ProcedureDescription};
use crate::syntax::ast::{Call, ExpressionKind, Name, YieldItem};
use crate::syntax::suggest::nearest;

impl Binder<'_> {
    /// `CALL name(options) [YIELD column [AS variable], ... [WHERE condition]]`
    pub(super) fn call_clause(&mut self, call: &Call, bound: Bound) -> Result<Bound> {
        let Bound { plan, mut scope } = bound;
        let procedure =
            self.library.procedure(&call.procedure.node).ok_or_else(|| self.unknown_procedure(&call.procedure))?;
        let name = procedure.name;
        self.refuse_aggregates("in CALL; put it into WITH first");
        let options = match &call.arguments[..] {
            [] => None,
            [options] => Some(self.expression(options, &scope)?),
            [_, second, ..] => {
                let help = Some(format!("write CALL {name}({{key: value}})"));
                return Err(meaning_with_help(second.span, format!("{name} takes one map of options"), help));
            }
        };
        if let Some(options) = options.as_ref().filter(|options| !options.subqueries().is_empty()) {
            return Err(meaning(options.span, "a pattern cannot stand in CALL; compute it in WITH first"));
        }
        self.check_options(call, procedure)?;
        let mut outputs = Vec::new();
        for item in yielded(call, procedure) {
            let column = column(&item.column, procedure)?;
            let variable = item.alias.as_ref().unwrap_or(&item.column);
            scope.check_new(variable)?;
            let slot = self.slot(&variable.node);
            let kind = if column == 0 && procedure.gives_nodes() { VariableKind::Node } else { VariableKind::Value };
            scope.add(&variable.node, slot, kind);
            outputs.push((column, slot));
        }
        let span = call.procedure.span;
        let mut plan = Plan::Call { input: Box::new(plan), procedure, options, outputs, span };
        if let Some(condition) = &call.condition {
            self.refuse_aggregates("in WHERE; put it into WITH, and the condition behind that");
            plan = plan.filtered(self.expression(condition, &scope)?.conjuncts());
        }
        Ok(Bound { plan, scope })
    }

    /// The error for a procedure that there is not: with the nearest, be it known by its last name only, or with all.
    fn unknown_procedure(&self, name: &Name) -> crate::QueryError {
        let known = || self.library.procedures().iter().map(|one| one.name);
        let last = |name: &'static str| name.rsplit('.').next().unwrap_or(name);
        let near = nearest(&name.node, known()).or_else(|| {
            let wanted = name.node.rsplit('.').next().unwrap_or_default();
            let near = nearest(wanted, known().map(last))?;
            known().find(|known| last(known) == near)
        });
        let help = match near {
            Some(near) => format!("did you mean {near}?"),
            None => format!("there are {}", known().collect::<Vec<_>>().join(", ")),
        };
        meaning_with_help(name.span, format!("there is no procedure `{}`", name.node), Some(help))
    }

    /// A key that is written out is checked here, where its place is known; the rest when the query runs.
    fn check_options(&self, call: &Call, procedure: &ProcedureDescription) -> Result<()> {
        let Some(ExpressionKind::Map(entries)) = call.arguments.first().map(|options| &options.node) else {
            return Ok(());
        };
        match entries.iter().find(|(key, _)| !procedure.has_option(&key.node)) {
            None => Ok(()),
            Some((key, _)) => {
                let message = format!("{} has no option `{}`", procedure.name, key.node);
                Err(meaning_with_help(key.span, message, Some(procedure.option_help(&key.node))))
            }
        }
    }
}

/// The items of YIELD; all columns under their own names if none is written.
fn yielded(call: &Call, procedure: &ProcedureDescription) -> Vec<YieldItem> {
    let written = call.yields.as_deref().unwrap_or_default();
    if !written.is_empty() {
        return written.to_vec();
    }
    let columns = procedure.columns.iter();
    let name = |column: &&str| Name { node: (*column).to_owned(), span: call.procedure.span };
    columns.map(|column| YieldItem { column: name(column), alias: None }).collect()
}

fn column(name: &Name, procedure: &ProcedureDescription) -> Result<usize> {
    let columns = procedure.columns;
    columns.iter().position(|column| column.eq_ignore_ascii_case(&name.node)).ok_or_else(|| {
        let help = match nearest(&name.node, columns.iter().copied()) {
            Some(near) => format!("did you mean {near}?"),
            None => format!("it gives {}", columns.join(", ")),
        };
        let message = format!("{} gives no column `{}`", procedure.name, name.node);
        meaning_with_help(name.span, message, Some(help))
    })
}
