//! Depth-first search for a path of a mode between two nodes that has exactly so many hops, one number after the other.
//!
//! Exponential at worst: whether a path without repeats of a given length exists is hard in general. It stops at the first
//! path, gives up ways from which the end is too far, and sees when no longer path can exist. Nothing is recursive, however
//! many hops are asked for, and the budget is asked on the way.

use std::collections::HashSet;
use std::ops::Range;

use super::counted::{Counted, STEPS_PER_CHECK};
use super::path::{Hops, PathMode};
use super::sorted::common;
use crate::{Budget, Charge, Edge, Interruption, NodeId, Topology};

/// Steps after which a search asks how far every node is from the end: one pass over the graph, so not for every pair.
const STEPS_BEFORE_DISTANCES: u64 = if cfg!(test) { 8 } else { 20_000 };

/// Hops up to which looking through a path is cheaper than a set of what is on it.
const HOPS_WITHOUT_SET: usize = if cfg!(test) { 2 } else { 32 };

/// Finds out how many hops a path can have at most.
type Longest<'s> = &'s dyn Fn() -> Result<u32, Interruption>;

/// A search from one node for another.
pub(super) struct DepthFirst<'s> {
    topology: &'s Topology,
    backward: &'s Topology,
    start: NodeId,
    end: NodeId,
    mode: PathMode,
    edges: Vec<Edge>,
    nodes: Vec<NodeId>,
    /// For each node of the path, the steps from it that are still to be tried.
    places: Vec<Range<usize>>,
    /// The edges and nodes of a path that has become long.
    on_path: Option<(HashSet<Edge>, HashSet<NodeId>)>,
    /// How many hops each node is from the end, once the search has turned out long; [`u32::MAX`] if it never gets there.
    distances: Option<(Vec<u32>, Charge)>,
    longest: Longest<'s>,
    /// The most hops that a path can have, as far as that is known.
    most: u32,
    steps: u64,
    /// Whether a way was given up that a longer path could have taken.
    cut: bool,
    budget: &'s Budget,
}

impl<'s> DepthFirst<'s> {
    pub(super) fn new(
        topology: &'s Topology,
        backward: &'s Topology,
        (start, end): (NodeId, NodeId),
        mode: PathMode,
        longest: Longest<'s>,
        budget: &'s Budget,
    ) -> Self {
        Self {
            topology,
            backward,
            start,
            end,
            mode,
            edges: Vec::new(),
            nodes: Vec::new(),
            places: Vec::new(),
            on_path: None,
            distances: None,
            longest,
            most: u32::MAX,
            steps: 0,
            cut: false,
            budget,
        }
    }

    /// Finds out how many hops a path can have at most before the search begins.
    pub(super) fn limit_hops(&mut self) -> Result<(), Interruption> {
        self.most = (self.longest)()?;
        Ok(())
    }

    /// The least number of hops of the range that a path of the mode has.
    pub(super) fn least_hops(&mut self, hops: Hops) -> Result<Option<u32>, Interruption> {
        for count in hops.least..=hops.most {
            if count > self.most {
                break;
            }
            if self.exists(count as usize)? {
                return Ok(Some(count));
            }
            if !self.cut {
                break;
            }
        }
        Ok(None)
    }

    fn exists(&mut self, count: usize) -> Result<bool, Interruption> {
        self.cut = false;
        self.edges.clear();
        self.nodes.clear();
        self.places.clear();
        self.on_path = (count > HOPS_WITHOUT_SET).then(Default::default);
        self.arrive(self.start, None, count);
        while let Some(places) = self.places.last_mut() {
            let left = count - self.edges.len();
            if left == 0 && self.nodes.last() == Some(&self.end) {
                return Ok(true);
            }
            let Some(index) = places.next() else {
                self.leave();
                continue;
            };
            self.count_step()?;
            if count > self.most as usize {
                return Ok(false);
            }
            let here = *self.nodes.last().expect("the path begins at its start");
            let step = self.topology.step(index);
            let edge = step.edge(here);
            if self.may_step(step.node, edge, left) && self.may_arrive(step.node, left - 1) {
                self.arrive(step.node, Some(edge), left - 1);
            }
        }
        Ok(false)
    }

    fn count_step(&mut self) -> Result<(), Interruption> {
        self.steps += 1;
        if self.steps.is_multiple_of(u64::from(STEPS_PER_CHECK)) {
            self.budget.check()?;
            self.budget.count_neighbors(u64::from(STEPS_PER_CHECK));
        }
        if self.steps == STEPS_BEFORE_DISTANCES {
            let held = self.budget.charge(4 * self.backward.node_count() as u64)?;
            self.distances = Some((hops_to(self.backward, self.end, self.budget)?, held));
            self.limit_hops()?;
        }
        Ok(())
    }

    /// Adds a node to the path, with so many hops left after it.
    fn arrive(&mut self, node: NodeId, edge: Option<Edge>, left: usize) {
        if let Some((edges, nodes)) = &mut self.on_path {
            edges.extend(edge);
            nodes.insert(node);
        }
        self.nodes.push(node);
        self.edges.extend(edge);
        let is_over = left == 0 || (left == 2 && !self.has_middle(node)) || self.is_closed();
        if is_over && !(left == 0 && node == self.end) && !self.is_closed() {
            self.cut = true;
        }
        self.places.push(if is_over { 0..0 } else { self.topology.step_range(node) });
    }

    /// Takes the last node from the path.
    fn leave(&mut self) {
        self.places.pop();
        let (node, edge) = (self.nodes.pop(), self.edges.pop());
        if let Some((edges, nodes)) = &mut self.on_path {
            if let Some(edge) = edge {
                edges.remove(&edge);
            }
            // The start of a closed path is on it twice.
            if let Some(node) = node.filter(|node| self.nodes.first() != Some(node)) {
                nodes.remove(&node);
            }
        }
    }

    /// Whether the path is over because it has come back to its start.
    fn is_closed(&self) -> bool {
        self.mode == PathMode::Simple && self.nodes.len() > 1 && self.nodes.last() == self.nodes.first()
    }

    /// Whether the end is near enough; without distances, it may be. Nodes that never lead there are not missed later.
    fn may_arrive(&mut self, node: NodeId, left: usize) -> bool {
        if left == 0 && node != self.end {
            self.cut = true;
            return false;
        }
        let Some((distances, _)) = &self.distances else { return true };
        let distance = distances.get(node.index()).copied().unwrap_or(u32::MAX);
        let near = distance as usize <= left;
        self.cut |= !near && distance != u32::MAX;
        near
    }

    /// Whether any node lies between here and the end: spares a walk over all neighbours of a hub.
    fn has_middle(&self, here: NodeId) -> bool {
        common(self.topology.ends(here), self.backward.ends(self.end)).next().is_some()
    }

    /// Whether the mode allows a step, with so many hops left before it.
    fn may_step(&self, node: NodeId, edge: Edge, left: usize) -> bool {
        let on_path = match (&self.on_path, self.mode) {
            (_, PathMode::Walk) => false,
            (Some((edges, _)), PathMode::Trail) => edges.contains(&edge),
            (None, PathMode::Trail) => self.edges.contains(&edge),
            (Some((_, nodes)), PathMode::Acyclic | PathMode::Simple) => nodes.contains(&node),
            (None, PathMode::Acyclic | PathMode::Simple) => self.nodes.contains(&node),
        };
        if matches!(self.mode, PathMode::Walk | PathMode::Trail) {
            return !on_path;
        }
        // Nothing comes after the end, since it would have to come again.
        let is_early = node == self.end && left > 1;
        let closes = self.mode == PathMode::Simple && node == self.start && left == 1;
        !is_early && (closes || !on_path)
    }
}

/// How many hops each node is from the end; [`u32::MAX`] for one from which no walk leads there.
fn hops_to(backward: &Topology, end: NodeId, budget: &Budget) -> Result<Vec<u32>, Interruption> {
    let mut distances = vec![u32::MAX; backward.node_count()];
    let mut frontier = Vec::new();
    if let Some(distance) = distances.get_mut(end.index()) {
        *distance = 0;
        frontier.push(end);
    }
    let mut count = Counted::new(budget);
    let mut hops = 0;
    while !frontier.is_empty() {
        hops += 1;
        let mut next = Vec::new();
        for &node in &frontier {
            let ends = backward.ends(node);
            count.neighbors(ends.len())?;
            for &reached in ends {
                let distance = &mut distances[reached as usize];
                if *distance == u32::MAX {
                    *distance = hops;
                    next.push(NodeId::new(reached));
                }
            }
        }
        frontier = next;
    }
    Ok(distances)
}
