//! Rule: a pattern of one relationship of variable length whose paths nobody reads is answered by reachability, where
//! it does not matter how many paths join two ends: in the terse form, where `hops` is read, under DISTINCT, in
//! aggregates that ignore duplicates, in EXISTS. Hops that are written out one by one are such a relationship, too. A
//! single hop from few nodes stays one: reachability reads every edge first, and the store knows those of one node.

use std::collections::BTreeSet;
use std::sync::Arc;

use hopgraph_engine::traverse::PathMode;

use super::duplicates::rebuild_with_duplicates;
use super::merge_hops::merge_hops;
use super::{Setting, indexed_access};
use crate::planner::plan::Slot;
use crate::planner::plan::{NodePattern, Pattern, Plan, Range, Reach};

pub(super) fn apply(plan: Plan, setting: &Setting<'_>, _: &mut Vec<String>) -> Plan {
    let used = setting.used(&plan);
    rebuild_with_duplicates(plan, setting.duplicates_ignored, &mut |plan, ignored| match plan {
        Plan::Match { input, mut pattern } if ignored || pattern.distinct => {
            merge_hops(&mut pattern, &used);
            if !fits(&pattern, &used) {
                Plan::Match { input, pattern }
            } else if is_hop_from_few(&pattern) {
                Plan::Match { input, pattern: hop(pattern) }
            } else {
                reached(input, pattern)
            }
        }
        other => other,
    })
}

pub(super) fn fits(pattern: &Pattern, used: &BTreeSet<Slot>) -> bool {
    pattern.lone_relationship().is_some_and(|(relationship, path)| {
        relationship.range.is_some()
            && relationship.from != relationship.to
            && !used.contains(&relationship.slot)
            && path.slot.is_none()
    })
}

/// Whether the relationship is a single hop from a node that is known or looked up, of which nobody asks the length.
fn is_hop_from_few(pattern: &Pattern) -> bool {
    let relationship = &pattern.relationships[0];
    let is_few = |node: &NodePattern| node.bound || indexed_access(node).is_some();
    relationship.range == Some(Range { least: 1, most: Some(1) })
        && pattern.hops.is_none()
        && pattern.shortest_paths.is_none()
        && matches!(pattern.paths[0].mode, PathMode::Walk | PathMode::Trail)
        && [relationship.from, relationship.to].into_iter().any(|end| is_few(&pattern.nodes[end]))
}

/// The relationship of one hop as a hop, which is an edge and no list of them.
fn hop(mut pattern: Pattern) -> Pattern {
    let relationship = &mut pattern.relationships[0];
    relationship.range = None;
    relationship.slot = relationship.hop.edge;
    pattern
}

/// Conditions that read what the pattern fills are asked of what is found, the others before.
fn reached(input: Box<Plan>, pattern: Pattern) -> Plan {
    let own = pattern.fills();
    let (reach, conditions) = reach(pattern);
    let (after, before): (Vec<_>, Vec<_>) =
        conditions.into_iter().partition(|condition| condition.reads().iter().any(|slot| own.contains(slot)));
    Plan::Reach { input: Box::new(input.filtered(before)), reach }.filtered(after)
}

/// The two ends with what lies between them, and the conditions that are left over.
pub(super) fn reach(pattern: Pattern) -> (Reach, Vec<crate::planner::plan::Expression>) {
    let mode = pattern.paths[0].mode;
    let relationship = &pattern.relationships[0];
    let reach = Reach {
        from: pattern.nodes[relationship.from].clone(),
        to: pattern.nodes[relationship.to].clone(),
        hop: Arc::new(relationship.hop.clone()),
        range: relationship.range.expect("a pattern that fits has a range"),
        mode,
        hops: pattern.hops,
        shortest_paths: pattern.shortest_paths,
        tests: Vec::new(),
        different: false,
    };
    (reach, pattern.conditions)
}
