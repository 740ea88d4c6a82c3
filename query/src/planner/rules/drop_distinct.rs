//! Rule: DISTINCT goes where the rows are distinct already, since it would remember every one of them.

use std::collections::BTreeSet;

use super::{Setting, indexed_access, rebuild};
use crate::planner::plan::Slot;
use crate::planner::plan::{Access, End, NodePattern, Plan, Reach};

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

/// Whether at most one node fits for each row: it is there, or an index of nodes finds it.
pub(super) fn is_single(node: &NodePattern) -> bool {
    node.bound || matches!(indexed_access(node), Some(Access::Id(_) | Access::Identifier(_)))
}

/// The ends of which there may be several for each row.
fn several(reach: &Reach) -> Vec<Slot> {
    let ends = [End::From, End::To].map(|end| reach.end(end));
    ends.into_iter().filter(|end| !is_single(end)).map(|end| end.slot).collect()
}

/// Some slots in which no two rows of the plan agree, if there are such.
pub(super) fn key(plan: &Plan) -> Option<BTreeSet<Slot>> {
    match plan {
        Plan::Row => Some(BTreeSet::new()),
        Plan::Scan { input, node, .. } if is_single(node) => key(input),
        Plan::Scan { input, node, .. } => with(key(input), &[node.slot]),
        Plan::Reach { input, reach } => with(key(input), &several(reach)),
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
