//! Rule: what is asked of the length of a path is asked of its number of hops. A bound on it (`length(p) <= 4`,
//! `size(r) < 3`) narrows the range of the pattern; the length of any shortest path, and the least length of all
//! paths, are `hops`, so that nobody needs the path.

use std::collections::BTreeSet;

use hopgraph_engine::traverse::PathMode;

use super::duplicates::rebuild_with_duplicates;
use super::{Setting, indexed_access};
use crate::planner::plan::AggregateKind;
use crate::planner::plan::Slot;
use crate::planner::plan::{Expression, ExpressionKind, Pattern, Plan, Range};
use crate::syntax::ast::{BinaryOperator, Shortest};
use crate::value::Cell;

pub(super) fn apply(plan: Plan, setting: &Setting<'_>, _: &mut Vec<String>) -> Plan {
    let narrowed = super::rebuild(plan, &mut |plan| match plan {
        Plan::Match { input, mut pattern } => {
            narrow(&mut pattern);
            Plan::Match { input, pattern }
        }
        other => other,
    });
    let readers = Readers { plan: narrowed.clone(), columns: &setting.columns };
    let mut replaced = Vec::new();
    let mut plan = rebuild_with_duplicates(narrowed, setting.duplicates_ignored, &mut |plan, ignored| match plan {
        Plan::Match { input, mut pattern } => {
            if let Some(hops) = pattern.hops
                && becomes_hops(&pattern, ignored, &readers)
            {
                replaced.extend(lists(&pattern).into_iter().map(|list| (list, hops)));
                ask_for_ends(&mut pattern);
            }
            Plan::Match { input, pattern }
        }
        other => other,
    });
    for (list, hops) in replaced {
        Lengths::All.replace(&mut plan, list, &ExpressionKind::Slot(hops));
    }
    plan
}

/// The slots of the path and of its relationships, whose length is the number of hops.
fn lists(pattern: &Pattern) -> Vec<Slot> {
    pattern.paths[0].slot.into_iter().chain([pattern.relationships[0].slot]).collect()
}

/// Whether the expression is the length of this path or list.
fn is_length(expression: &Expression, list: Slot) -> bool {
    let ExpressionKind::Call(function, arguments) = &expression.kind else { return false };
    match (function.name(), &arguments[..]) {
        ("length" | "size", [inner]) if inner.as_slot() == Some(list) => true,
        ("size", [inner]) => {
            matches!(&inner.kind, ExpressionKind::Call(function, of)
                if function.name() == "relationships" && of[0].as_slot() == Some(list))
        }
        _ => false,
    }
}

/// Takes the bounds on the length out of the conditions of a pattern of one relationship, and into its range.
fn narrow(pattern: &mut Pattern) {
    let ([relationship], [path]) = (&pattern.relationships[..], &pattern.paths[..]) else { return };
    let Some(mut range) = relationship.range else { return };
    if path.shortest.is_some_and(Shortest::is_cheapest) {
        // A cheap path may be long: those that are short enough are chosen after the cheapest.
        return;
    }
    let (shortest, hops, lists) = (path.shortest.is_some(), pattern.hops, lists(pattern));
    let mut asked_of_least = false;
    pattern.conditions.retain(|condition| {
        let of_path = |side: &Expression| lists.iter().any(|&list| is_length(side, list));
        let of_least = |side: &Expression| hops.is_some() && side.as_slot() == hops;
        let narrowed = match bounds(condition, &of_path) {
            // Of the shortest paths the longer ones go; a lower bound would make others the shortest.
            Some(bounds) if shortest => intersection(range, bounds).filter(|_| bounds.least <= range.least),
            Some(bounds) => intersection(range, bounds),
            None => {
                let least = bounds(condition, &of_least).filter(|bounds| bounds.least <= range.least);
                let least = least.and_then(|bounds| intersection(range, bounds));
                asked_of_least |= least.is_some();
                least
            }
        };
        range = narrowed.unwrap_or(range);
        narrowed.is_none()
    });
    pattern.relationships[0].range = Some(range);
    // Whoever speaks of `hops` asks for the ends, even if nobody reads it any more.
    pattern.distinct |= asked_of_least;
}

/// The range that a comparison with an integer leaves to what `is_subject` finds on one of its sides.
fn bounds(condition: &Expression, is_subject: &impl Fn(&Expression) -> bool) -> Option<Range> {
    use BinaryOperator as Operator;
    let ExpressionKind::Binary(operator, a, b) = &condition.kind else { return None };
    let (operator, number) = match (&a.kind, &b.kind) {
        (_, ExpressionKind::Constant(Cell::Integer(number))) if is_subject(a) => (*operator, *number),
        (ExpressionKind::Constant(Cell::Integer(number)), _) if is_subject(b) => (mirrored(*operator), *number),
        _ => return None,
    };
    let number = u32::try_from(number).ok()?;
    let (least, most) = match operator {
        Operator::Equal => (number, Some(number)),
        Operator::Less => (0, Some(number.checked_sub(1)?)),
        Operator::LessOrEqual => (0, Some(number)),
        Operator::Greater => (number.checked_add(1)?, None),
        Operator::GreaterOrEqual => (number, None),
        _ => return None,
    };
    Some(Range { least, most })
}

/// The hops in both ranges, if there are any.
fn intersection(a: Range, b: Range) -> Option<Range> {
    let most = a.most.into_iter().chain(b.most).min();
    let least = a.least.max(b.least);
    most.is_none_or(|most| least <= most).then_some(Range { least, most })
}

/// Whether everything that reads the paths reads their least length only.
fn becomes_hops(pattern: &Pattern, ignored: bool, readers: &Readers<'_>) -> bool {
    let ([relationship], [path]) = (&pattern.relationships[..], &pattern.paths[..]) else { return false };
    if relationship.range.is_none() || relationship.from == relationship.to {
        return false;
    }
    let lists = lists(pattern);
    let is_few = |place: usize| pattern.nodes[place].bound || indexed_access(&pattern.nodes[place]).is_some();
    if path.shortest.is_some() && is_few(relationship.from) && is_few(relationship.to) {
        // Between two nodes a search that ends with the first path is the shorter way.
        return false;
    }
    match path.shortest {
        // Any shortest path is one row for two ends; all of them are as many rows as nobody counts.
        Some(Shortest::Any) => readers.read_only(Lengths::All, &lists),
        Some(Shortest::All) => ignored && readers.read_only(Lengths::All, &lists),
        Some(_) => false,
        None => ignored && readers.read_something(&lists) && readers.read_only(Lengths::Least, &lists),
    }
}

fn ask_for_ends(pattern: &mut Pattern) {
    let path = &mut pattern.paths[0];
    path.slot = None;
    if path.shortest.take().is_some() {
        // A shortest path repeats nothing, whatever the mode allows.
        path.mode = PathMode::Acyclic;
        pattern.distinct = true;
    }
}

/// The whole plan, to be asked who reads a path.
struct Readers<'r> {
    plan: Plan,
    columns: &'r BTreeSet<Slot>,
}

impl Readers<'_> {
    fn read_something(&self, lists: &[Slot]) -> bool {
        let uses = self.plan.uses();
        lists.iter().any(|list| uses.contains(list))
    }

    /// Whether nothing is left that reads these once such lengths are gone.
    fn read_only(&self, lengths: Lengths, lists: &[Slot]) -> bool {
        let mut rest = self.plan.clone();
        for &list in lists {
            lengths.replace(&mut rest, list, &ExpressionKind::Constant(Cell::Null));
        }
        let uses = rest.uses();
        lists.iter().all(|list| !uses.contains(list) && !self.columns.contains(list))
    }
}

/// Which lengths of a path are spoken of.
#[derive(Clone, Copy)]
enum Lengths {
    /// Every one.
    All,
    /// Those that stand alone in `min(...)`.
    Least,
}

impl Lengths {
    /// Puts something in place of each such length of this path or list.
    fn replace(self, plan: &mut Plan, list: Slot, replacement: &ExpressionKind) {
        match (self, &mut *plan) {
            (Self::All, plan) => plan.change_expressions(&mut |one| replace_length(one, list, replacement)),
            (Self::Least, Plan::Aggregate { aggregates, .. }) => {
                let least = aggregates.iter_mut().filter(|one| one.kind == AggregateKind::Min);
                for argument in least.filter_map(|one| one.argument.as_mut()).filter(|one| is_length(one, list)) {
                    argument.kind = replacement.clone();
                }
            }
            (Self::Least, _) => {}
        }
        for input in plan.inputs_mut() {
            self.replace(input, list, replacement);
        }
    }
}

fn replace_length(expression: &mut Expression, list: Slot, replacement: &ExpressionKind) {
    if is_length(expression, list) {
        expression.kind = replacement.clone();
        return;
    }
    for child in expression.children_mut() {
        replace_length(child, list, replacement);
    }
}

/// The comparison that holds if this one does with its sides exchanged.
fn mirrored(operator: BinaryOperator) -> BinaryOperator {
    match operator {
        BinaryOperator::Less => BinaryOperator::Greater,
        BinaryOperator::LessOrEqual => BinaryOperator::GreaterOrEqual,
        BinaryOperator::Greater => BinaryOperator::Less,
        BinaryOperator::GreaterOrEqual => BinaryOperator::LessOrEqual,
        other => other,
    }
}
