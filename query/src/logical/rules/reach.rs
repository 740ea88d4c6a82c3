//! Rule: a pattern of one relationship of variable length whose paths nobody reads is answered by reachability, where
//! it does not matter how many paths join two ends: in the terse form, where `hops` is read, under DISTINCT, in
//! aggregates that ignore duplicates, in EXISTS.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Setting;
use crate::compute::Slot;
use crate::logical::{Aggregate, Pattern, Plan, Reach};

pub(super) fn apply(plan: Plan, setting: &Setting<'_>, _: &mut Vec<String>) -> Plan {
    let used = setting.used(&plan);
    descend(plan, setting.duplicates_ignored, &used)
}

/// `ignored`: whether what is above this plan does not notice a row that comes twice.
fn descend(mut plan: Plan, ignored: bool, used: &BTreeSet<Slot>) -> Plan {
    let below = ignores_duplicates_below(&plan, ignored);
    for (place, input) in plan.inputs_mut().into_iter().enumerate() {
        let taken = std::mem::replace(input, Plan::Row);
        *input = descend(taken, below.get(place).copied().unwrap_or(ignored), used);
    }
    match plan {
        Plan::Match { input, pattern } if (ignored || pattern.distinct) && fits(&pattern, used) => {
            let own = pattern.fills();
            let (reach, conditions) = reach(pattern);
            let (after, before): (Vec<_>, Vec<_>) =
                conditions.into_iter().partition(|condition| condition.reads().iter().any(|slot| own.contains(slot)));
            Plan::Reach { input: Box::new(input.filtered(before)), reach }.filtered(after)
        }
        other => other,
    }
}

/// For each input of an operator, whether a row of it may come twice without a difference.
fn ignores_duplicates_below(plan: &Plan, ignored: bool) -> Vec<bool> {
    match plan {
        Plan::Distinct { .. } => vec![true],
        Plan::Aggregate { aggregates, .. } => vec![aggregates.iter().all(ignores_duplicates)],
        Plan::Skip { .. } | Plan::Limit { .. } | Plan::Sort { limit: Some(_), .. } => vec![false],
        Plan::Create { .. } | Plan::Set { .. } | Plan::Delete { .. } => vec![false],
        Plan::Merge { .. } => vec![false, false],
        Plan::Union { branches, .. } => vec![ignored; branches.len()],
        _ => vec![ignored; plan.inputs().len()],
    }
}

fn ignores_duplicates(aggregate: &Aggregate) -> bool {
    aggregate.distinct || aggregate.kind.ignores_duplicates()
}

fn fits(pattern: &Pattern, used: &BTreeSet<Slot>) -> bool {
    pattern.lone_relationship().is_some_and(|(relationship, path)| {
        relationship.range.is_some()
            && relationship.from != relationship.to
            && !used.contains(&relationship.slot)
            && path.slot.is_none()
    })
}

/// The two ends with what lies between them, and the conditions that are left over.
fn reach(pattern: Pattern) -> (Reach, Vec<crate::logical::Expression>) {
    let mode = pattern.paths[0].mode;
    let relationship = &pattern.relationships[0];
    let reach = Reach {
        from: pattern.nodes[relationship.from].clone(),
        to: pattern.nodes[relationship.to].clone(),
        hop: Arc::new(relationship.hop.clone()),
        range: relationship.range.expect("a pattern that fits has a range"),
        mode,
        hops: pattern.hops,
    };
    (reach, pattern.conditions)
}
