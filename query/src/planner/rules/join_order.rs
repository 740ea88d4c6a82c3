//! In which order the relationships of a pattern are followed: the order with fewest rows on the way, found by dynamic
//! programming over the sets of relationships that are done.

use crate::planner::Estimator;
use crate::planner::plan::{NodePattern, Pattern, RelationshipPattern};

use super::indexed_access;

/// Patterns with more relationships than this are ordered step by step.
const RELATIONSHIPS_ORDERED: usize = 10;

/// One step of a pattern on its way into a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Finds a node by itself.
    Scan(usize),
    /// Follows a relationship from a node that is there.
    Expand(usize),
}

/// The best order of all steps of a pattern; `None` if there is nothing to choose, or too much.
pub(super) fn join_order(pattern: &Pattern, estimator: &Estimator) -> Option<Vec<Step>> {
    let count = pattern.relationships.len();
    let has_shortest = pattern.paths.iter().any(|path| path.shortest.is_some());
    if !(2..=RELATIONSHIPS_ORDERED).contains(&count) || has_shortest {
        return None;
    }
    let mut parts: Vec<(f64, Vec<Step>)> =
        components(pattern).into_iter().map(|part| Search::new(pattern, estimator, part).best()).collect();
    // What gives fewest rows comes first; a value that joins the parts is then looked up for few.
    parts.sort_by(|a, b| a.0.total_cmp(&b.0));
    Some(parts.into_iter().flat_map(|(_, steps)| steps).collect())
}

/// The sets of relationships that hang together by nodes that have to be found, as bits.
fn components(pattern: &Pattern) -> Vec<u32> {
    let touches = |place: usize, mask: u32| {
        let ends = |one: &RelationshipPattern| [one.from, one.to];
        let own = ends(&pattern.relationships[place]);
        let others = (0..pattern.relationships.len()).filter(|other| mask >> other & 1 == 1);
        others.flat_map(|other| ends(&pattern.relationships[other])).any(|node| own.contains(&node))
    };
    let mut rest: Vec<usize> = (0..pattern.relationships.len()).collect();
    let mut parts = Vec::new();
    while let Some(first) = rest.pop() {
        let mut mask = 1_u32 << first;
        while let Some(at) = rest.iter().position(|&place| touches(place, mask)) {
            mask |= 1 << rest.remove(at);
        }
        parts.push(mask);
    }
    parts
}

/// The cheapest way to have followed some relationships.
#[derive(Clone, Copy)]
struct Best {
    cost: f64,
    /// The relationship that came last, and the node that a first one began with.
    last: usize,
    start: usize,
}

struct Search<'s> {
    pattern: &'s Pattern,
    /// The relationships of this part.
    all: u32,
    /// The nodes that each node pattern fits; 1 for one that is there or that an index finds.
    nodes: Vec<f64>,
    /// The share of the pairs of nodes that each relationship joins.
    shares: Vec<f64>,
}

impl<'s> Search<'s> {
    fn new(pattern: &'s Pattern, estimator: &Estimator, all: u32) -> Self {
        let nodes: Vec<f64> = pattern.nodes.iter().map(|node| found(node, estimator)).collect();
        let share = |one: &RelationshipPattern| {
            let (from, to) = (&pattern.nodes[one.from], &pattern.nodes[one.to]);
            let plain = |node: &NodePattern| NodePattern { bound: false, conditions: Vec::new(), ..node.clone() };
            let per_node = match one.range {
                None => estimator.expand(&plain(from), &plain(to), &one.hop),
                Some(range) => estimator.expand_paths(&plain(to), &one.hop, range),
            };
            per_node / estimator.with_all_labels(to).max(1.0)
        };
        let shares = pattern.relationships.iter().map(share).collect();
        Self { pattern, all, nodes, shares }
    }

    /// The rows once these relationships have been followed, whatever their order was.
    fn rows(&self, done: u32) -> f64 {
        let followed = (0..self.shares.len()).filter(|place| done >> place & 1 == 1);
        let mut nodes: Vec<usize> = Vec::new();
        let mut rows = 1.0;
        for place in followed {
            rows *= self.shares[place];
            let one = &self.pattern.relationships[place];
            for node in [one.from, one.to] {
                if !nodes.contains(&node) {
                    nodes.push(node);
                    rows *= self.nodes[node];
                }
            }
        }
        rows
    }

    /// The rows on the cheapest way, and its steps.
    fn best(&self) -> (f64, Vec<Step>) {
        let places: Vec<usize> = (0..self.shares.len()).filter(|place| self.all >> place & 1 == 1).collect();
        let mut best: Vec<Option<Best>> = vec![None; 1 << self.shares.len()];
        let mut masks: Vec<u32> = (1..best.len() as u32).filter(|mask| mask & !self.all == 0).collect();
        masks.sort_by_key(|mask| mask.count_ones());
        for mask in masks {
            let rows = self.rows(mask);
            let ways = places.iter().filter(|&&place| mask >> place & 1 == 1).filter_map(|&last| {
                let before = mask & !(1 << last);
                if before == 0 {
                    let one = &self.pattern.relationships[last];
                    let start = if self.nodes[one.to] < self.nodes[one.from] { one.to } else { one.from };
                    return Some(Best { cost: self.nodes[start] + rows, last, start });
                }
                let known = best[before as usize].filter(|_| self.hangs_on(last, before))?;
                Some(Best { cost: known.cost + rows, last, start: known.start })
            });
            let cheapest = ways.min_by(|a, b| a.cost.total_cmp(&b.cost));
            best[mask as usize] = cheapest;
        }
        self.steps(&best)
    }

    fn hangs_on(&self, place: usize, done: u32) -> bool {
        let one = &self.pattern.relationships[place];
        let followed = (0..self.shares.len()).filter(|other| done >> other & 1 == 1);
        let mut nodes = followed.flat_map(|other| {
            let other = &self.pattern.relationships[other];
            [other.from, other.to]
        });
        nodes.any(|node| node == one.from || node == one.to)
    }

    fn steps(&self, best: &[Option<Best>]) -> (f64, Vec<Step>) {
        let mut steps = Vec::new();
        let (mut mask, mut start) = (self.all, 0);
        let cost = best[mask as usize].map_or(f64::INFINITY, |best| best.cost);
        while let Some(one) = best[mask as usize] {
            steps.push(Step::Expand(one.last));
            mask &= !(1 << one.last);
            start = one.start;
        }
        if !self.pattern.nodes[start].bound {
            steps.push(Step::Scan(start));
        }
        steps.reverse();
        (cost, steps)
    }
}

/// The nodes that a pattern finds.
fn found(node: &NodePattern, estimator: &Estimator) -> f64 {
    if node.bound || indexed_access(node).is_some() { 1.0 } else { estimator.fitting(node).max(1.0) }
}
