//! Part of the rule on reachability: `(a)--()--()--(b)` is `(a)-[*3]-(b)`, and `(a)-[*1..2]-()-[*1..2]-(b)` is
//! `(a)-[*2..4]-(b)`, if the hops are alike and nobody asks for what lies between. The paths are the same, one by one.

use std::collections::BTreeSet;

use hopgraph_engine::traverse::PathMode;

use crate::planner::plan::Slot;
use crate::planner::plan::{Hop, Pattern, Range, RelationshipPattern};

/// Makes one relationship of those of a lone path, where that is the same.
pub(super) fn merge_hops(pattern: &mut Pattern, used: &BTreeSet<Slot>) {
    let Some(range) = merged_range(pattern, used) else { return };
    let (first, last) = (pattern.relationships[0].clone(), &pattern.relationships[pattern.relationships.len() - 1]);
    pattern.nodes = vec![pattern.nodes[first.from].clone(), pattern.nodes[last.to].clone()];
    pattern.relationships = vec![RelationshipPattern { from: 0, to: 1, range: Some(range), ..first }];
    pattern.paths[0].start = 0;
    pattern.paths[0].relationships = vec![0];
}

/// The hops of the whole path, if its relationships can be merged.
fn merged_range(pattern: &Pattern, used: &BTreeSet<Slot>) -> Option<Range> {
    let [path] = &pattern.paths[..] else { return None };
    let steps: Vec<&RelationshipPattern> =
        path.relationships.iter().map(|&place| &pattern.relationships[place]).collect();
    let [first, rest @ ..] = &steps[..] else { return None };
    let is_read = |step: &&RelationshipPattern| used.contains(&step.slot) || used.contains(&step.hop.edge);
    if rest.is_empty() || path.shortest.is_some() || path.slot.is_some() || steps.iter().any(is_read) {
        return None;
    }
    // Each node of the path is another one, and of those between the ends nothing is asked.
    let mut places = BTreeSet::from([first.from]);
    let all_new = steps.iter().all(|step| places.insert(step.to));
    let is_free = |step: &&RelationshipPattern| is_free(pattern, step.to, used);
    if !all_new || !steps[..rest.len()].iter().all(is_free) || !rest.iter().all(|step| alike(&first.hop, &step.hop)) {
        return None;
    }
    let ranges = steps.iter().map(|step| step.range.unwrap_or(Range { least: 1, most: Some(1) }));
    let sum = ranges.reduce(|a, b| Range {
        least: a.least.saturating_add(b.least),
        most: a.most.zip(b.most).map(|(a, b)| a.saturating_add(b)),
    })?;
    // A walk without limit is given one for each relationship; merged it would have one for all.
    (path.mode != PathMode::Walk || sum.most.is_some()).then_some(sum)
}

fn is_free(pattern: &Pattern, place: usize, used: &BTreeSet<Slot>) -> bool {
    let node = &pattern.nodes[place];
    // Where combinations of what is named come once, a named node is part of the combination.
    let is_combined = node.named && pattern.distinct;
    node.is_any() && !node.bound && !used.contains(&node.slot) && !is_combined
}

/// Whether two hops follow the same edges.
fn alike(a: &Hop, b: &Hop) -> bool {
    let mut conditions = b.conditions.clone();
    conditions.iter_mut().for_each(|condition| condition.replace_slot(b.edge, a.edge));
    a.types == b.types && a.direction == b.direction && a.conditions == conditions && a.evidence == b.evidence
}
