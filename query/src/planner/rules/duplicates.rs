//! Which operators notice a row that comes twice.

use crate::planner::plan::{Aggregate, Plan};

/// Rebuilds a plan from the bottom up. `change` is told of each operator whether nothing above it notices that a row
/// of it comes twice.
pub(super) fn rebuild_with_duplicates(
    mut plan: Plan,
    ignored: bool,
    change: &mut impl FnMut(Plan, bool) -> Plan,
) -> Plan {
    let below = ignored_below(&plan, ignored);
    for (place, input) in plan.inputs_mut().into_iter().enumerate() {
        let taken = std::mem::replace(input, Plan::Row);
        *input = rebuild_with_duplicates(taken, below.get(place).copied().unwrap_or(ignored), change);
    }
    change(plan, ignored)
}

/// For each input of an operator, whether a row of it may come twice without a difference.
pub(super) fn ignored_below(plan: &Plan, ignored: bool) -> Vec<bool> {
    match plan {
        Plan::Distinct { .. } => vec![true],
        Plan::Aggregate { aggregates, .. } => vec![aggregates.iter().all(Aggregate::ignores_duplicates)],
        Plan::Skip { .. } | Plan::Limit { .. } | Plan::Sort { limit: Some(_), .. } => vec![false],
        Plan::Create { .. } | Plan::Set { .. } | Plan::Delete { .. } => vec![false],
        Plan::Merge { .. } => vec![false, false],
        Plan::Union { branches, .. } => vec![ignored; branches.len()],
        _ => vec![ignored; plan.inputs().len()],
    }
}
