//! Rule: a relationship of variable length that stands among others, as in
//! `(g:gene)-[:binds*2..4]-(h:gene)-[:causes]-(d:disease)`, becomes a pattern of its own, so that reachability can answer
//! it. That is the same where nobody reads its paths, where it does not matter how many there are, and where it shares
//! no relationship with the others: it cannot walk what they walk, or may.

use std::collections::BTreeSet;

use hopgraph_engine::traverse::PathMode;

use super::duplicates::rebuild_with_duplicates;
use super::{Setting, indexed_access};
use crate::planner::plan::Slot;
use crate::planner::plan::{Expression, Hop, PathPattern, Pattern, Plan, RelationshipPattern};

pub(super) fn apply(plan: Plan, setting: &Setting<'_>, _: &mut Vec<String>) -> Plan {
    let used = setting.used(&plan);
    rebuild_with_duplicates(plan, setting.duplicates_ignored, &mut |plan, ignored| match plan {
        Plan::Match { input, pattern } if ignored || pattern.distinct => split(input, pattern, &used),
        other => other,
    })
}

fn split(input: Box<Plan>, pattern: Pattern, used: &BTreeSet<Slot>) -> Plan {
    let found = (0..pattern.relationships.len()).find(|&place| is_separable(&pattern, place, used));
    let Some(place) = found else { return Plan::Match { input, pattern } };
    let all = pattern.fills();
    let (mut reach, mut rest) = (alone(&pattern, place), without(pattern, place));
    let ends = [reach.nodes[0].slot, reach.nodes[1].slot];
    let touched: BTreeSet<Slot> =
        rest.relationships.iter().flat_map(|one| [one.from, one.to]).map(|node| rest.nodes[node].slot).collect();
    // Few nodes to begin with are worth more than all pairs at once.
    let is_few = |slot: &Slot| {
        let node = rest.nodes.iter().find(|node| node.slot == *slot);
        node.is_some_and(|node| node.bound || indexed_access(node).is_some())
    };
    let rest_first = touched.iter().any(is_few) && ends.iter().any(|end| touched.contains(end));
    let conditions = std::mem::take(&mut rest.conditions);
    if rest_first {
        hand_over(&mut reach, &touched);
        leave_to_other(&mut rest, &ends, &touched);
        share(conditions, &all, &mut rest, &mut reach);
        let first = split(input, rest, used);
        return Plan::Match { input: Box::new(first), pattern: reach };
    }
    hand_over(&mut rest, &ends.into());
    share(conditions, &all, &mut reach, &mut rest);
    split(Box::new(Plan::Match { input, pattern: reach }), rest, used)
}

fn is_separable(pattern: &Pattern, place: usize, used: &BTreeSet<Slot>) -> bool {
    let relationship = &pattern.relationships[place];
    let Some(path) = path_of(pattern, place) else { return false };
    let is_read = used.contains(&relationship.slot) || path.slot.is_some() || path.shortest.is_some();
    let counted = pattern.hops.is_some() || pattern.shortest_paths.is_some();
    let named = [relationship.from, relationship.to].iter().all(|&node| pattern.nodes[node].named);
    (pattern.relationships.len() > 1 || pattern.paths.len() > 1)
        && relationship.range.is_some()
        && relationship.from != relationship.to
        && !is_read
        && !counted
        // Where combinations of what is named come once, an end without a name would bring them several times.
        && (named || !pattern.distinct)
        && match path.mode {
            PathMode::Walk => true,
            PathMode::Trail => is_disjoint(pattern, place),
            PathMode::Acyclic | PathMode::Simple => path.relationships.len() == 1,
        }
}

fn path_of(pattern: &Pattern, place: usize) -> Option<&PathPattern> {
    pattern.paths.iter().find(|path| path.relationships.contains(&place))
}

/// Whether no other relationship that must not be walked twice can be one of its own.
fn is_disjoint(pattern: &Pattern, place: usize) -> bool {
    let own = &pattern.relationships[place].hop;
    let mut others = (0..pattern.relationships.len())
        .filter(|&other| other != place && path_of(pattern, other).is_some_and(|path| path.mode == PathMode::Trail));
    others.all(|other| differ(own, &pattern.relationships[other].hop))
}

/// Whether no edge can be walked by both hops.
pub(super) fn differ(a: &Hop, b: &Hop) -> bool {
    let same = |name: &str| b.types.iter().any(|other| other.name.eq_ignore_ascii_case(name));
    !a.types.is_empty() && !b.types.is_empty() && !a.types.iter().any(|one| same(&one.name))
}

/// The pattern of this relationship only.
fn alone(pattern: &Pattern, place: usize) -> Pattern {
    let relationship = &pattern.relationships[place];
    let mode = path_of(pattern, place).map(|path| path.mode).unwrap_or_default();
    let path = PathPattern { slot: None, start: 0, relationships: vec![0], mode, shortest: None, cost: None };
    Pattern {
        nodes: vec![pattern.nodes[relationship.from].clone(), pattern.nodes[relationship.to].clone()],
        relationships: vec![RelationshipPattern { from: 0, to: 1, ..relationship.clone() }],
        paths: vec![path],
        distinct: pattern.distinct,
        ..Pattern::default()
    }
}

/// The pattern without this relationship; its path falls into two.
fn without(mut pattern: Pattern, place: usize) -> Pattern {
    let removed = pattern.relationships.remove(place);
    let mut paths = Vec::new();
    for path in std::mem::take(&mut pattern.paths) {
        let at = path.relationships.iter().position(|&one| one == place);
        let (before, behind) = path.relationships.split_at(at.unwrap_or(path.relationships.len()));
        let numbered = |places: &[usize]| places.iter().map(|&one| if one > place { one - 1 } else { one }).collect();
        if at.is_some() && behind.len() > 1 {
            paths.push(PathPattern { start: removed.to, relationships: numbered(&behind[1..]), ..path.clone() });
        }
        if at.is_none() || !before.is_empty() {
            paths.push(PathPattern { relationships: numbered(before), ..path });
        }
    }
    Pattern { paths, ..pattern }
}

/// Nodes that the pattern before has found are there, and fit.
fn hand_over(pattern: &mut Pattern, found: &BTreeSet<Slot>) {
    for node in pattern.nodes.iter_mut().filter(|node| found.contains(&node.slot)) {
        node.bound = true;
        node.labels.clear();
        node.conditions.clear();
    }
}

/// An end that no relationship here touches is for the other pattern to find.
fn leave_to_other(pattern: &mut Pattern, ends: &[Slot], touched: &BTreeSet<Slot>) {
    let left: BTreeSet<Slot> = ends.iter().filter(|end| !touched.contains(end)).copied().collect();
    hand_over(pattern, &left);
}

/// Each condition goes to the first pattern behind which all that it reads is there.
fn share(conditions: Vec<Expression>, all: &BTreeSet<Slot>, first: &mut Pattern, second: &mut Pattern) {
    let later = &second.fills() - &first.fills();
    for condition in conditions {
        let waits = condition.reads().iter().any(|slot| all.contains(slot) && later.contains(slot));
        if waits { &mut *second } else { &mut *first }.conditions.push(condition);
    }
}
