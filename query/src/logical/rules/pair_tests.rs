//! Rule: a condition on the two ends of a Reach that is itself a question of reaching (`NOT (g)--(d)`,
//! `EXISTS { (g)-[*1..2]-(d) }`) is asked of whole blocks of pairs inside the Reach, and not of one pair after the
//! other.

use std::sync::Arc;

use super::{Setting, rebuild};
use crate::compute::Slot;
use crate::logical::{Expression, ExpressionKind, Hop, PairTest, Plan, Reach};

pub(super) fn apply(plan: Plan, _: &Setting<'_>, _: &mut Vec<String>) -> Plan {
    rebuild(plan, &mut |plan| match plan {
        Plan::Filter { mut input, conditions } => {
            let rest = match &mut *input {
                Plan::Reach { reach, .. } => take(reach, conditions),
                _ => conditions,
            };
            input.filtered(rest)
        }
        other => other,
    })
}

/// Gives the conditions back that are no such questions.
fn take(reach: &mut Reach, conditions: Vec<Expression>) -> Vec<Expression> {
    let ends = [reach.from.slot, reach.to.slot];
    let (tests, rest): (Vec<_>, Vec<_>) = conditions
        .into_iter()
        .map(|condition| (test(&condition, ends), condition))
        .partition(|(test, _)| test.is_some());
    reach.tests.extend(tests.into_iter().filter_map(|(test, _)| test));
    rest.into_iter().map(|(_, condition)| condition).collect()
}

fn test(condition: &Expression, ends: [Slot; 2]) -> Option<PairTest> {
    match &condition.kind {
        ExpressionKind::Not(inner) => test(inner, ends).map(|test| PairTest { wanted: !test.wanted, ..test }),
        ExpressionKind::Connects(from, to, hop) => {
            let hop = turned(hop, [from.as_slot()?, to.as_slot()?], ends)?;
            Some(PairTest { hop, path: None, wanted: true })
        }
        ExpressionKind::Exists(existence) => match &existence.plan {
            Plan::Reach { input, reach } if **input == Plan::Row => {
                let bound = reach.from.bound && reach.to.bound && reach.tests.is_empty();
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
