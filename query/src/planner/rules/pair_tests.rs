//! Rule: a condition on the two ends of a Reach that is itself a question of reaching (`NOT (g)--(d)`,
//! `EXISTS { (g)-[*1..2]-(d) }`), or whether they are the same node (`a <> b`), is asked of whole blocks of pairs inside
//! the Reach, and not of one pair after the other.

use std::sync::Arc;

use super::{Setting, rebuild};
use crate::planner::plan::Slot;
use crate::planner::plan::{Answer, End, Expression, ExpressionKind, Hop, PairTest, Plan, Reach};
use crate::syntax::ast::BinaryOperator;

pub(super) fn apply(plan: Plan, _: &Setting<'_>, _: &mut Vec<String>) -> Plan {
    rebuild(plan, &mut |plan| match plan {
        Plan::Filter { mut input, conditions } => {
            let rest = match &mut *input {
                Plan::Reach { reach, .. } => take(reach, conditions),
                _ => conditions,
            };
            input.filtered(rest)
        }
        Plan::Reach { input, mut reach } => {
            // Where one end is there before, a condition on both is one of the other's.
            for end in [End::From, End::To] {
                let conditions = std::mem::take(&mut reach.end_mut(end).conditions);
                reach.end_mut(end).conditions = take(&mut reach, conditions);
            }
            Plan::Reach { input, reach }
        }
        other => other,
    })
}

/// Gives the conditions back that are no such questions.
fn take(reach: &mut Reach, conditions: Vec<Expression>) -> Vec<Expression> {
    let ends = [reach.from.slot, reach.to.slot];
    let mut rest = Vec::new();
    for condition in conditions {
        match test(&condition, ends) {
            Some(test) => reach.tests.push(test),
            None if asks_for_two(&condition, ends) => reach.different = true,
            None => rest.push(condition),
        }
    }
    rest
}

/// Whether the condition is that the ends are different nodes: `a <> b`, `NOT a = b`, `id(a) <> id(b)`.
fn asks_for_two(condition: &Expression, ends: [Slot; 2]) -> bool {
    let (asked, unequal) = match &condition.kind {
        ExpressionKind::Not(inner) => (&inner.kind, BinaryOperator::Equal),
        kind => (kind, BinaryOperator::NotEqual),
    };
    let ExpressionKind::Binary(operator, a, b) = asked else { return false };
    // A node and a number are different, whichever they are.
    let alike = a.as_slot().is_some() == b.as_slot().is_some();
    let found = [node(a), node(b)];
    *operator == unequal && alike && (found == ends.map(Some) || found == [Some(ends[1]), Some(ends[0])])
}

/// The node that an expression is, or whose number it is.
fn node(expression: &Expression) -> Option<Slot> {
    match &expression.kind {
        ExpressionKind::Call(function, arguments) if function.name() == "id" => arguments[0].as_slot(),
        _ => expression.as_slot(),
    }
}

fn test(condition: &Expression, ends: [Slot; 2]) -> Option<PairTest> {
    match &condition.kind {
        ExpressionKind::Not(inner) => test(inner, ends).map(|test| PairTest { wanted: !test.wanted, ..test }),
        ExpressionKind::Connects(from, to, hop) => {
            let hop = turned(hop, [from.as_slot()?, to.as_slot()?], ends)?;
            Some(PairTest { hop, path: None, wanted: true })
        }
        ExpressionKind::Subquery(subquery) if subquery.answer == Answer::Exists => match &subquery.plan {
            Plan::Reach { input, reach } if **input == Plan::Row => {
                let bound = reach.from.bound && reach.to.bound && reach.tests.is_empty() && !reach.different;
                let hop = turned(&reach.hop, [reach.from.slot, reach.to.slot], ends).filter(|_| bound)?;
                Some(PairTest { hop, path: Some((reach.range, reach.mode)), wanted: true })
            }
            _ => None,
        },
        _ => None,
    }
}

/// The hop as seen from the first of the two ends, if it lies between them and is the same on every row.
fn turned(hop: &Arc<Hop>, [from, to]: [Slot; 2], ends: [Slot; 2]) -> Option<Arc<Hop>> {
    if from == to || !hop.reads().is_empty() {
        return None;
    }
    match ends {
        ends if ends == [from, to] => Some(Arc::clone(hop)),
        ends if ends == [to, from] => Some(Arc::new(hop.reversed())),
        _ => None,
    }
}
