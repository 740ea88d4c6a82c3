//! Door from text to graph: names become slots, labels and types become numbers, clauses become a logical plan.

mod call;
mod clause;
mod expression;
mod label;
mod pattern;
mod projection;
mod repeated;
mod scope;
mod subquery;
mod trust;
mod types;
mod write;

use std::collections::{BTreeMap, BTreeSet};

use hopgraph_engine::{Catalog, View};

use crate::fault::{Result, meaning};
use crate::notice::Notices;
use crate::planner::plan::Slot;
use crate::planner::plan::{Aggregate, Library, Plan, Query, Signature};
use crate::syntax::ast;
use crate::syntax::ast::Span;
use scope::{Scope, VariableKind};
use trust::verified;

/// Binds a statement to the names that a graph knows. `text` is what it was parsed from: columns without an alias are
/// called as they are written.
pub(crate) fn bind(statement: &ast::Statement, text: &str, view: &dyn View, library: &dyn Library) -> Result<Query> {
    Binder::new(text, view.catalog(), library).statement(statement)
}

/// What is known while a statement is bound.
struct Binder<'b> {
    text: &'b str,
    catalog: &'b Catalog,
    library: &'b dyn Library,
    /// The name of each slot given out so far.
    slot_names: Vec<String>,
    /// Labels and types that clauses before make, in lower case: they are known even if the catalog has none.
    made: BTreeSet<String>,
    /// Whether unknown labels and types are let pass, as in MERGE.
    lenient: bool,
    /// What to do with aggregates.
    aggregates: Aggregates,
    /// The variables of the comprehensions that surround the expression.
    locals: Vec<Slot>,
    writes: bool,
    /// How many creations read what others before them make.
    creations: usize,
    /// Whether the pattern is in the terse form, which knows the names that it uses.
    terse: bool,
    /// Whether a pattern may stand here as a condition.
    patterns_stand: bool,
    /// What is told beside the answer.
    notices: Notices,
    /// The parameters that it needs, each with the first place where it is used.
    parameters: BTreeMap<String, Span>,
}

/// What to do with an aggregate in an expression.
enum Aggregates {
    /// They make no sense here; the text says where.
    Refused(&'static str),
    /// Gather them for the projection.
    Gathered(Vec<Aggregate>),
}

/// The names of columns, and where they stand.
type Columns = Vec<(String, Slot)>;

/// A query without UNION: its plan and its columns.
type Finished = (Plan, Columns);

/// A plan and the names that it gives.
struct Bound {
    plan: Plan,
    scope: Scope,
}

impl<'b> Binder<'b> {
    fn new(text: &'b str, catalog: &'b Catalog, library: &'b dyn Library) -> Self {
        Self {
            text,
            catalog,
            library,
            slot_names: Vec::new(),
            made: BTreeSet::new(),
            lenient: false,
            aggregates: Aggregates::Refused("here"),
            locals: Vec::new(),
            writes: false,
            creations: 0,
            terse: false,
            patterns_stand: false,
            notices: Notices::default(),
            parameters: BTreeMap::new(),
        }
    }

    /// A function that patterns are made of.
    fn known_function(&self, name: &str) -> &'static Signature {
        self.library.function(name).expect("the library has the functions that patterns use")
    }

    /// A new place in the row.
    fn slot(&mut self, name: impl Into<String>) -> Slot {
        self.slot_names.push(name.into());
        Slot(self.slot_names.len() - 1)
    }

    fn statement(mut self, statement: &ast::Statement) -> Result<Query> {
        if let Some(retraction) = &statement.retraction {
            return self.retraction(retraction);
        }
        let (bound, columns) = self.united(&statement.parts, statement.union_all, &|_| Scope::default(), false)?;
        let plan = bound.plan;
        let verification = match &statement.verification {
            Some(verification) => Some(verified(verification, &columns)?),
            None => None,
        };
        let writes = self.writes || verification.as_ref().is_some_and(|verification| verification.insert);
        let notices = self.notices.all().to_vec();
        let (slot_names, parameters) = (self.slot_names, self.parameters);
        Ok(Query { plan, columns, slot_names, writes, retraction: None, verification, notices, parameters })
    }

    /// Parts joined by UNION, each of which begins with a scope. They may end without RETURN where nobody asks for their
    /// columns.
    fn united(
        &mut self,
        parts: &[ast::SingleQuery],
        all: bool,
        begins: &dyn Fn(&ast::SingleQuery) -> Scope,
        may_end_open: bool,
    ) -> Result<(Bound, Columns)> {
        if let [only] = parts {
            return self.single_query(only, begins(only), may_end_open);
        }
        let mut branches = Vec::new();
        for part in parts {
            let (bound, columns) = self.single_query(part, begins(part), may_end_open)?;
            branches.push(((bound.plan, columns), part));
        }
        let (plan, columns) = self.union(branches, all)?;
        let mut scope = Scope::default();
        for (name, slot) in &columns {
            scope.add(name, *slot, VariableKind::Value);
        }
        Ok((Bound { plan, scope }, columns))
    }

    fn union(&mut self, branches: Vec<(Finished, &ast::SingleQuery)>, all: bool) -> Result<Finished> {
        let names: Vec<String> = branches[0].0.1.iter().map(|(name, _)| name.clone()).collect();
        let mut outputs = Vec::new();
        for ((plan, columns), part) in branches {
            if !columns.iter().map(|(name, _)| name).eq(&names) {
                let span = part.clauses.last().map(|clause| clause.span).unwrap_or_default();
                let found = columns.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ");
                let wanted = names.join(", ");
                let message =
                    format!("the parts of a UNION must have the same columns: {wanted}; this one has {found}");
                return Err(meaning(span, message));
            }
            outputs.push((plan, columns.into_iter().map(|(_, slot)| slot).collect()));
        }
        let slots: Vec<Slot> = names.iter().map(|name| self.slot(name)).collect();
        let union = Plan::Union { branches: outputs, slots: slots.clone() };
        let plan = if all { union } else { Plan::Distinct { input: Box::new(union), slots: slots.clone() } };
        Ok((plan, names.into_iter().zip(slots).collect()))
    }
}
