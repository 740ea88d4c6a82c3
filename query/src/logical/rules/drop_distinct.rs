//! Rule: DISTINCT goes where the rows are distinct already, since it would remember every one of them.

use std::collections::BTreeSet;

use super::{Setting, rebuild};
use crate::compute::Slot;
use crate::logical::Plan;

pub(super) fn apply(plan: Plan, _: &Setting<'_>, _: &mut Vec<String>) -> Plan {
    rebuild(plan, &mut |plan| match plan {
        Plan::Distinct { input, slots }
            if key(&input).is_some_and(|key| key.iter().all(|slot| slots.contains(slot))) =>
        {
            *input
        }
        other => other,
    })
}

/// Some slots in which no two rows of the plan agree, if there are such.
fn key(plan: &Plan) -> Option<BTreeSet<Slot>> {
    match plan {
        Plan::Row => Some(BTreeSet::new()),
        Plan::Scan { input, node, .. } => with(key(input), &[node.slot]),
        Plan::Reach { input, reach } => with(key(input), &[reach.from.slot, reach.to.slot]),
        Plan::CountReach { input, reach, by, .. } => {
            let node = by.end().map(|end| reach.end(end).slot);
            with(key(input), &node.into_iter().chain(reach.hops).collect::<Vec<_>>())
        }
        Plan::Expand { input, to, keep, hop, .. } => {
            let step = [to.slot, hop.edge];
            with(key(input), if keep.distinct_ends { &step[..1] } else { &step })
        }
        Plan::Filter { input, .. }
        | Plan::Project { input, .. }
        | Plan::Sort { input, .. }
        | Plan::Skip { input, .. }
        | Plan::Limit { input, .. }
        | Plan::Unrepeated { input, .. } => key(input),
        Plan::Aggregate { keys, .. } => Some(keys.iter().map(|(slot, _)| *slot).collect()),
        Plan::Distinct { slots, .. } => Some(slots.iter().copied().collect()),
        _ => None,
    }
}

fn with(key: Option<BTreeSet<Slot>>, slots: &[Slot]) -> Option<BTreeSet<Slot>> {
    let mut key = key?;
    key.extend(slots);
    Some(key)
}
