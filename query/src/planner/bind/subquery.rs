//! Queries within queries: in expressions (EXISTS, COUNT, COLLECT, pattern comprehensions), and as clauses (CALL, FOREACH).

use std::collections::BTreeSet;
use std::sync::Arc;

use hopgraph_engine::traverse::PathMode;

use super::scope::{Scope, VariableKind};
use super::{Aggregates, Binder, Bound};
use crate::fault::{Result, meaning, meaning_with_help};
use crate::planner::plan::{Answer, Expression, ExpressionKind as Kind, NodePattern, Pattern, Plan, Slot, Subquery};
use crate::syntax::ast::{self, BinaryOperator, Clause, Imports, Name, Span, Spanned, SubqueryKind};
use crate::value::Cell;

impl Binder<'_> {
    /// A pattern as a condition. One that stands without EXISTS names nothing new.
    pub(super) fn exists(
        &mut self,
        patterns: &[ast::PathPattern],
        condition: Option<&ast::Expression>,
        span: Span,
        scope: &Scope,
    ) -> Result<Kind> {
        let place = std::mem::replace(&mut self.aggregates, Aggregates::Refused("in a pattern"));
        let bound = self.existence(patterns, condition, span, scope);
        self.aggregates = place;
        bound
    }

    fn existence(
        &mut self,
        patterns: &[ast::PathPattern],
        condition: Option<&ast::Expression>,
        span: Span,
        scope: &Scope,
    ) -> Result<Kind> {
        let (mut pattern, inner) = self.pattern(patterns, PathMode::Trail, scope)?;
        if let Some(condition) = condition {
            self.refuse_aggregates("in WHERE");
            pattern.conditions.extend(self.condition(condition, &inner)?.conjuncts());
        }
        if let Some(simple) = one_hop(&pattern, span) {
            return Ok(simple);
        }
        let plan = Plan::Match { input: Box::new(Plan::Row), pattern };
        Ok(self.asked(plan, Answer::Exists, scope))
    }

    /// `EXISTS { query }`, `COUNT { query }`, `COLLECT { query }`
    pub(super) fn subquery(&mut self, kind: SubqueryKind, query: &ast::Query, scope: &Scope) -> Result<Kind> {
        let place = std::mem::replace(&mut self.aggregates, Aggregates::Refused("here"));
        let wrote = std::mem::replace(&mut self.writes, false);
        let bound = self.united(&query.parts, query.union_all, &|_| scope.clone(), true);
        self.aggregates = place;
        let writes = std::mem::replace(&mut self.writes, wrote);
        let (bound, columns) = bound?;
        if writes {
            let help = Some("CALL { ... } may write".to_owned());
            return Err(meaning_with_help(query.span, "a query within an expression cannot write", help));
        }
        let answer = match (kind, &columns[..]) {
            (SubqueryKind::Exists, _) => Answer::Exists,
            (SubqueryKind::Count, _) => Answer::Count,
            (SubqueryKind::Collect, [(_, slot)]) => Answer::Collect(*slot),
            (SubqueryKind::Collect, _) => {
                return Err(meaning(query.span, "COLLECT { ... } must return exactly one column"));
            }
        };
        Ok(self.asked(bound.plan, answer, scope))
    }

    /// `[p = (a)--(b) WHERE condition | result]`
    pub(super) fn pattern_comprehension(
        &mut self,
        pattern: &ast::PathPattern,
        condition: Option<&ast::Expression>,
        result: &ast::Expression,
        scope: &Scope,
    ) -> Result<Kind> {
        let place = std::mem::replace(&mut self.aggregates, Aggregates::Refused("in a pattern"));
        let bound = self.comprehended(pattern, condition, result, scope);
        self.aggregates = place;
        bound
    }

    fn comprehended(
        &mut self,
        path: &ast::PathPattern,
        condition: Option<&ast::Expression>,
        result: &ast::Expression,
        scope: &Scope,
    ) -> Result<Kind> {
        let (mut pattern, inner) = self.pattern(std::slice::from_ref(path), PathMode::Trail, scope)?;
        if let Some(condition) = condition {
            pattern.conditions.extend(self.condition(condition, &inner)?.conjuncts());
        }
        let result = self.expression(result, &inner)?;
        let slot = self.slot("");
        let matched = Plan::Match { input: Box::new(Plan::Row), pattern };
        let plan = Plan::Project { input: Box::new(matched), items: vec![(slot, result)] };
        Ok(self.asked(plan, Answer::Collect(slot), scope))
    }

    /// A plan that is run for each row that has this scope.
    fn asked(&mut self, plan: Plan, answer: Answer, scope: &Scope) -> Kind {
        let mut reads = plan.uses();
        reads.extend(bound_nodes(&plan));
        let outer: BTreeSet<Slot> = scope.slots().into_iter().collect();
        reads.retain(|slot| outer.contains(slot));
        if let Answer::Collect(slot) = answer {
            reads.extend(outer.contains(&slot).then_some(slot));
        }
        Kind::Subquery(Arc::new(Subquery { answer, plan, slot: self.slot(""), reads }))
    }

    /// A list comprehension whose subqueries read the element: it becomes a subquery itself, of a row for each element.
    pub(super) fn comprehension_of_rows(
        &mut self,
        variable: Slot,
        list: Box<Expression>,
        condition: Option<Box<Expression>>,
        result: Option<Box<Expression>>,
        scope: &Scope,
    ) -> Kind {
        let span = list.span;
        let is_null = Expression::new(Kind::IsNull(list.clone()), span);
        let rows = Plan::Unwind { input: Box::new(Plan::Row), list: *list, slot: variable };
        let kept = rows.filtered(condition.map(|condition| condition.conjuncts()).unwrap_or_default());
        let value = result.map_or_else(|| Expression::slot(variable, span), |result| *result);
        let slot = self.slot("");
        let plan = Plan::Project { input: Box::new(kept), items: vec![(slot, value)] };
        let collected = Expression::new(self.asked(plan, Answer::Collect(slot), scope), span);
        let null = Expression::new(Kind::Constant(Cell::Null), span);
        Kind::Case { operand: None, branches: vec![(is_null, null)], otherwise: Some(Box::new(collected)) }
    }

    /// `CALL { query }`: for each row, the rows of the query; of one that returns nothing, the row itself.
    pub(super) fn call_subquery(
        &mut self,
        imports: Option<&Imports>,
        query: &ast::Query,
        span: Span,
        bound: Bound,
    ) -> Result<Bound> {
        let Bound { plan, scope: mut outer } = bound;
        let imported = imported(imports, &outer)?;
        let wrote = std::mem::replace(&mut self.writes, false);
        let begins = |part: &ast::SingleQuery| match (&imported, part.clauses.first().map(|clause| &clause.node)) {
            (Some(scope), _) => scope.clone(),
            (None, Some(Clause::With { .. })) => outer.clone(),
            (None, _) => Scope::default(),
        };
        let inner = self.united(&query.parts, query.union_all, &begins, true);
        let writes = std::mem::replace(&mut self.writes, wrote);
        self.writes |= writes;
        let (inner, columns) = inner?;
        let returns = query
            .parts
            .iter()
            .all(|part| matches!(part.clauses.last().map(|clause| &clause.node), Some(Clause::Return(_))));
        if !returns && !writes {
            return Err(meaning(query.span, "a query in CALL must end with RETURN, or write something"));
        }
        let keep = outer.slots();
        let input = if writes { all_at_once(plan, &keep) } else { plan };
        for (name, slot) in &columns {
            outer.check_new(&Name { node: name.clone(), span })?;
            let kind = inner.scope.find(name).map_or(VariableKind::Value, |variable| variable.kind);
            outer.add(name, *slot, kind);
        }
        let fills: Vec<Slot> = columns.iter().map(|(_, slot)| *slot).collect();
        let inner = if returns { inner.plan } else { once(inner.plan) };
        let applied = Plan::Apply { input: Box::new(input), plan: Box::new(inner), fills, optional: false };
        let plan = if writes { all_at_once(applied, &outer.slots()) } else { applied };
        Ok(Bound { plan, scope: outer })
    }

    /// `FOREACH (variable IN list | clause ...)`: the clauses are run for each element, and the row goes on once.
    pub(super) fn foreach(
        &mut self,
        variable: &Name,
        list: &ast::Expression,
        updates: &[Spanned<Clause>],
        bound: Bound,
    ) -> Result<Bound> {
        self.refuse_aggregates("in FOREACH; put it into WITH first");
        let list = self.expression(list, &bound.scope)?;
        let slot = self.slot(&variable.node);
        let mut scope = bound.scope.clone();
        scope.check_new(variable)?;
        scope.add(&variable.node, slot, VariableKind::Value);
        let mut inner = Bound { plan: Plan::Unwind { input: Box::new(Plan::Row), list, slot }, scope };
        for update in updates {
            inner = self.clause(&update.node, update.span, inner)?;
        }
        let keep = bound.scope.slots();
        let input = Box::new(all_at_once(bound.plan, &keep));
        let applied = Plan::Apply { input, plan: Box::new(once(inner.plan)), fills: Vec::new(), optional: false };
        Ok(Bound { plan: all_at_once(applied, &keep), scope: bound.scope })
    }
}

/// Whether something within reads a variable by way of a plan of its own.
pub(super) fn subqueries_read<'e>(parts: impl IntoIterator<Item = &'e Expression>, variable: Slot) -> bool {
    parts.into_iter().flat_map(Expression::subqueries).any(|subquery| subquery.reads.contains(&variable))
}

/// All rows are there before the first goes on, so that nothing above reads half of what is written.
fn all_at_once(plan: Plan, keep: &[Slot]) -> Plan {
    Plan::Sort { input: Box::new(plan), keys: Vec::new(), keep: keep.to_vec(), limit: None }
}

/// Runs a plan to its end and gives one row.
fn once(plan: Plan) -> Plan {
    Plan::Aggregate { input: Box::new(plan), keys: Vec::new(), aggregates: Vec::new(), weight: None }
}

/// The scope of a query in CALL that lists its variables.
fn imported(imports: Option<&Imports>, outer: &Scope) -> Result<Option<Scope>> {
    match imports {
        None => Ok(None),
        Some(Imports::All) => Ok(Some(outer.clone())),
        Some(Imports::Some(names)) => {
            let mut scope = Scope::default();
            for name in names {
                let found = outer.resolve(&name.node, name.span)?;
                scope.add(&found.name, found.slot, found.kind);
            }
            Ok(Some(scope))
        }
    }
}

/// The nodes of patterns that the row holds before.
fn bound_nodes(plan: &Plan) -> BTreeSet<Slot> {
    let mut slots: BTreeSet<Slot> = plan.inputs().into_iter().flat_map(bound_nodes).collect();
    if let Plan::Match { pattern, .. } = plan {
        slots.extend(pattern.nodes.iter().filter(|node| node.bound).map(|node| node.slot));
    }
    slots
}

/// A pattern of a single hop between two nodes of the row needs no plan: a look at the neighbours answers it.
fn one_hop(pattern: &Pattern, span: Span) -> Option<Kind> {
    let (relationship, _) = pattern.lone_relationship()?;
    let known = |node: &NodePattern| node.bound;
    if relationship.range.is_some() || !relationship.hop.is_plain() || !pattern.nodes.iter().all(known) {
        return None;
    }
    if pattern.conditions.iter().any(|condition| condition.reads().contains(&relationship.slot)) {
        return None;
    }
    let end = |place: usize| Box::new(Expression::slot(pattern.nodes[place].slot, span));
    let connects = Kind::Connects(end(relationship.from), end(relationship.to), Arc::new(relationship.hop.clone()));
    let mut whole = Expression::new(connects, span);
    for condition in pattern.conditions.iter().rev() {
        let both = Kind::Binary(BinaryOperator::And, Box::new(condition.clone()), Box::new(whole));
        whole = Expression::new(both, span);
    }
    Some(whole.kind)
}
