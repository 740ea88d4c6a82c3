//! Clauses in order, each on top of the plan before it.

use hopgraph_engine::traverse::PathMode;

use super::scope::{Scope, VariableKind};
use super::{Binder, Bound, Columns};
use crate::fault::{Result, meaning, too_large};
use crate::limits::CLAUSES_MAX;
use crate::planner::plan::Slot;
use crate::planner::plan::{Expression, ExpressionKind, PathPattern, Plan};
use crate::syntax::ast;
use crate::syntax::ast::{Clause, PathModeName, Span};

/// The column of the least number of hops.
pub(super) const HOPS: &str = "hops";

/// The column of the number of paths with the least number of hops.
pub(super) const SHORTEST_PATHS: &str = "shortest_paths";

impl Binder<'_> {
    /// The clauses of a query without UNION: its plan and its columns.
    pub(super) fn single_query(
        &mut self,
        query: &ast::SingleQuery,
        scope: Scope,
        may_end_open: bool,
    ) -> Result<(Bound, Columns)> {
        // A CREATE behind another becomes one with it.
        let is_create = |clause: &ast::Spanned<Clause>| matches!(clause.node, Clause::Create(_));
        let mut stacked = query
            .clauses
            .iter()
            .enumerate()
            .filter(|(place, clause)| !(is_create(clause) && *place > 0 && is_create(&query.clauses[place - 1])));
        if let Some((_, clause)) = stacked.nth(CLAUSES_MAX) {
            return Err(too_large("long in clauses", CLAUSES_MAX, clause.span));
        }
        let mut bound = Bound { plan: Plan::Row, scope };
        for (place, clause) in query.clauses.iter().enumerate() {
            if let Clause::Return(projection) = &clause.node {
                if place + 1 < query.clauses.len() {
                    return Err(meaning(clause.span, "RETURN must be the last clause"));
                }
                return self.returned(projection, bound, &query.clauses[..place], clause.span);
            }
            bound = self.clause(&clause.node, clause.span, bound)?;
        }
        if may_end_open { Ok((bound, Vec::new())) } else { self.without_return(query, bound) }
    }

    pub(super) fn clause(&mut self, clause: &Clause, span: Span, bound: Bound) -> Result<Bound> {
        match clause {
            Clause::Match(found) => self.match_clause(found, bound),
            Clause::Unwind { list, variable } => self.unwind(list, variable, bound),
            Clause::With { projection, condition } => self.with(projection, condition.as_ref(), span, bound),
            Clause::Call(call) => self.call_clause(call, bound),
            Clause::Subquery { imports, query } => self.call_subquery(imports.as_ref(), query, span, bound),
            Clause::Foreach { variable, list, updates } => self.foreach(variable, list, updates, bound),
            Clause::LoadCsv { headers, file, variable, separator } => {
                self.load_csv(*headers, [Some(file), separator.as_ref()], variable, bound)
            }
            Clause::Create(patterns) => self.create(patterns, bound),
            Clause::Merge { pattern, on_create, on_match } => self.merge(pattern, on_create, on_match, bound),
            Clause::Set(items) => self.set(items, bound),
            Clause::Remove(items) => self.remove(items, bound),
            Clause::Delete { detach, targets } => self.delete(*detach, targets, bound),
            Clause::Return(_) => unreachable!("single_query handles RETURN"),
        }
    }

    fn match_clause(&mut self, clause: &ast::Match, bound: Bound) -> Result<Bound> {
        let Bound { plan, scope: before } = bound;
        let mode = path_mode(clause.path_mode.as_ref().map(|mode| mode.node));
        let (mut pattern, mut scope) = self.pattern(&clause.patterns, mode, &before)?;
        pattern.distinct = clause.patterns.iter().any(is_terse);
        let variable_length = pattern.relationships.iter().any(|relationship| relationship.range.is_some());
        if !pattern.relationships.is_empty() && (variable_length || before.find(HOPS).is_none()) {
            let slot = self.slot(HOPS);
            pattern.hops = Some(slot);
            scope.imply(HOPS, slot);
        }
        if pattern.lone_relationship().is_some_and(|(relationship, _)| relationship.range.is_some()) {
            let slot = self.slot(SHORTEST_PATHS);
            pattern.shortest_paths = Some(slot);
            scope.imply(SHORTEST_PATHS, slot);
        }
        if let Some(condition) = &clause.condition {
            self.refuse_aggregates("in WHERE; put it into WITH, and the condition behind that");
            pattern.conditions.extend(self.condition(condition, &scope)?.conjuncts());
        }
        let plan = if clause.optional {
            let fills = pattern.fills().into_iter().collect();
            let matched = Plan::Match { input: Box::new(Plan::Row), pattern };
            Plan::Apply { input: Box::new(plan), plan: Box::new(matched), fills, optional: true }
        } else {
            Plan::Match { input: Box::new(plan), pattern }
        };
        Ok(Bound { plan, scope })
    }

    fn unwind(&mut self, list: &ast::Expression, variable: &ast::Name, bound: Bound) -> Result<Bound> {
        let Bound { plan, mut scope } = bound;
        scope.check_new(variable)?;
        self.refuse_aggregates("in UNWIND; put it into WITH first");
        let list = self.expression(list, &scope)?;
        let slot = self.slot(&variable.node);
        scope.add(&variable.node, slot, VariableKind::Value);
        Ok(Bound { plan: Plan::Unwind { input: Box::new(plan), list, slot }, scope })
    }

    /// `LOAD CSV ...`: the rows of a file as a list, one after the other.
    fn load_csv(
        &mut self,
        headers: bool,
        [file, separator]: [Option<&ast::Expression>; 2],
        variable: &ast::Name,
        bound: Bound,
    ) -> Result<Bound> {
        let Bound { plan, mut scope } = bound;
        scope.check_new(variable)?;
        self.refuse_aggregates("in LOAD CSV; put it into WITH first");
        let mut parts =
            [file, separator].into_iter().map(|part| part.map(|part| self.expression(part, &scope)).transpose());
        let (file, separator) = (parts.next().transpose()?.flatten(), parts.next().transpose()?.flatten());
        drop(parts);
        let Some(file) = file else { return Ok(Bound { plan, scope }) };
        let span = file.span;
        let kind = ExpressionKind::CsvRows { file: Box::new(file), headers, separator: separator.map(Box::new) };
        let list = Expression::new(kind, span);
        let slot = self.slot(&variable.node);
        scope.add(&variable.node, slot, if headers { VariableKind::Map } else { VariableKind::List });
        Ok(Bound { plan: Plan::Unwind { input: Box::new(plan), list, slot }, scope })
    }

    /// A query that ends without RETURN: one that writes, or the terse form.
    fn without_return(&mut self, query: &ast::SingleQuery, bound: Bound) -> Result<(Bound, Columns)> {
        let last = query.clauses.last();
        let span = last.map(|clause| Span { start: clause.span.end, end: clause.span.end }).unwrap_or_default();
        match last.map(|clause| &clause.node) {
            Some(Clause::Match(_)) if has_terse(&query.clauses) => {
                let terse = ast::Projection { distinct: true, ..ast::Projection::default() };
                self.returned(&terse, bound, &query.clauses, span)
            }
            Some(Clause::Call(_)) if query.clauses.len() == 1 => {
                let all = ast::Projection { star: true, ..ast::Projection::default() };
                self.returned(&all, bound, &query.clauses, span)
            }
            None
            | Some(
                Clause::Call(_)
                | Clause::Match(_)
                | Clause::With { .. }
                | Clause::Unwind { .. }
                | Clause::LoadCsv { .. },
            ) => Err(meaning(span, "the query must end with RETURN, or write something")),
            Some(Clause::Subquery { .. }) if !self.writes => {
                Err(meaning(span, "the query must end with RETURN, or write something"))
            }
            Some(_) => Ok((bound, Vec::new())),
        }
    }

    fn returned(
        &mut self,
        projection: &ast::Projection,
        bound: Bound,
        clauses: &[ast::Spanned<Clause>],
        span: Span,
    ) -> Result<(Bound, Columns)> {
        let filled;
        let projection = if projection.items.is_empty() && !projection.star {
            filled = terse_projection(projection, &bound.scope, clauses, span)?;
            &filled
        } else {
            projection
        };
        self.projection(projection, None, span, bound, false)
    }
}

/// What the terse form returns: the named nodes, and `hops` if a pattern behind the last WITH has variable length.
fn terse_projection(
    page: &ast::Projection,
    scope: &Scope,
    clauses: &[ast::Spanned<Clause>],
    span: Span,
) -> Result<ast::Projection> {
    let nodes = scope.explicit().filter(|variable| variable.kind == VariableKind::Node);
    let mut names: Vec<String> = nodes.map(|variable| variable.name.clone()).collect();
    let shown = clauses.iter().rev().take_while(|clause| !matches!(clause.node, Clause::With { .. }));
    let counts_hops = shown.into_iter().any(|clause| match &clause.node {
        Clause::Match(found) => {
            found.patterns.iter().flat_map(|path| &path.steps).any(|(relationship, _)| relationship.length.is_some())
        }
        _ => false,
    });
    if counts_hops && scope.find(HOPS).is_some_and(|hops| hops.implied) {
        names.push(HOPS.to_owned());
    }
    if names.is_empty() {
        return Err(meaning(span, "there is nothing to return: RETURN is missing"));
    }
    let item = |name: String| ast::ProjectionItem {
        expression: Box::new(ast::Spanned { node: ast::ExpressionKind::Variable(name.clone()), span }),
        alias: Some(ast::Name { node: name, span }),
    };
    Ok(ast::Projection { distinct: true, items: names.into_iter().map(item).collect(), ..page.clone() })
}

fn has_terse(clauses: &[ast::Spanned<Clause>]) -> bool {
    clauses.iter().any(|clause| matches!(&clause.node, Clause::Match(found) if found.patterns.iter().any(is_terse)))
}

/// Whether a bare word stands in the path.
pub(super) fn is_terse(path: &ast::PathPattern) -> bool {
    std::iter::once(&path.start).chain(path.steps.iter().map(|(_, node)| node)).any(|node| node.bare)
}

/// The mode by its name; TRAIL is the default.
pub(super) fn path_mode(name: Option<PathModeName>) -> PathMode {
    match name {
        None | Some(PathModeName::Trail) => PathMode::Trail,
        Some(PathModeName::Walk) => PathMode::Walk,
        Some(PathModeName::Acyclic) => PathMode::Acyclic,
        Some(PathModeName::Simple) => PathMode::Simple,
    }
}

/// What lies between the ends of a path is its own affair.
pub(super) fn slots_of(path: &PathPattern, relationships: &[crate::planner::plan::RelationshipPattern]) -> Vec<Slot> {
    path.relationships.iter().map(|&place| relationships[place].slot).collect()
}
