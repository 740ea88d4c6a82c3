//! Pairs that are nearer than the range of hops: is there a longer path of the mode, and how long is the shortest of
//! those?
//!
//! For trails over undirected steps between adjacent nodes s ≠ t there is a closed rule, so that a hub with many leaves
//! costs no search. Write N(v) for the neighbours of v other than v itself. With an edge between s and t there is a trail
//! of exactly
//! - 2 hops if s or t has a loop, or s and t share a neighbour;
//! - 3 hops (if not of 2) if s and t have three parallel edges; or s has parallel edges to a node other than t, or t to
//!   one other than s (there and back, then across); or there is a path s-x-y-t without repeated nodes, with a loop at
//!   neither end (a loop at x would need s-x-x-t, which shares x);
//! - 4 hops (if not of 2 or 3) if s or t lies in a triangle (around it, then across), or there is a path of 4 hops without
//!   repeated nodes.
//!
//! Back from a node to itself there is a trail of exactly
//! - 1 hop if it has a loop;
//! - 2 hops if it has two loops, or parallel edges to another node;
//! - 3 hops (if not of 2) if it lies in a triangle, since a loop on the way could be left out;
//! - 4 hops (if not of 2 or 3) if it lies in a square.
//!
//! Everything else is searched depth-first, one number of hops after the other, under the budget.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::counted::{Counted, STEPS_PER_CHECK};
use super::path::{Hops, PathMode};
use crate::{Budget, Edge, Interruption, NodeId, Topology};

/// Steps after which a search asks how far every node is from the end: one pass over the graph, so not for every pair.
const STEPS_BEFORE_DISTANCES: u32 = if cfg!(test) { 8 } else { 20_000 };

/// Decides pairs that are nearer than the range.
#[derive(Debug)]
pub(super) struct ExactLength {
    topology: Arc<Topology>,
    backward: Arc<Topology>,
    mode: PathMode,
    /// For nodes that were asked about: how many neighbours other than itself it has parallel edges to, counted up to 2.
    parallel_neighbors: Mutex<HashMap<NodeId, u8>>,
    /// For nodes that were asked about: whether it lies in a triangle.
    in_triangle: Mutex<HashMap<NodeId, bool>>,
}

/// Asks once for each node, then remembers. Two threads may both find out.
fn remembered<T: Copy>(known: &Mutex<HashMap<NodeId, T>>, node: NodeId, find: impl FnOnce() -> T) -> T {
    if let Some(&found) = known.lock().unwrap_or_else(PoisonError::into_inner).get(&node) {
        return found;
    }
    let found = find();
    known.lock().unwrap_or_else(PoisonError::into_inner).insert(node, found);
    found
}

impl ExactLength {
    pub(super) fn new(topology: Arc<Topology>, backward: Arc<Topology>, mode: PathMode) -> Self {
        Self { topology, backward, mode, parallel_neighbors: Mutex::default(), in_triangle: Mutex::default() }
    }

    /// The least number of hops within the range of a path of the mode from start to end. `refuted`: it is known already
    /// that no number of hops up to this one joins them; 0 if nothing is known.
    pub(super) fn least_hops(
        &self,
        start: NodeId,
        end: NodeId,
        hops: Hops,
        refuted: u32,
        budget: &Budget,
    ) -> Result<Option<u32>, Interruption> {
        if start == end && self.mode == PathMode::Acyclic {
            return Ok((hops.least == 0).then_some(0));
        }
        let first = if refuted == 0 { hops.least } else { refuted + 1 };
        let longest = u32::try_from(self.topology.step_count()).unwrap_or(u32::MAX);
        for count in first..=hops.most.min(longest) {
            if self.exists(start, end, count, hops.least, budget)? {
                return Ok(Some(count));
            }
        }
        Ok(None)
    }

    /// Whether there is a path of the mode of exactly so many hops, where no number from `least` on has done before.
    fn exists(
        &self,
        start: NodeId,
        end: NodeId,
        count: u32,
        least: u32,
        budget: &Budget,
    ) -> Result<bool, Interruption> {
        let is_ruled = self.mode == PathMode::Trail && least <= 2 && self.topology.is_undirected();
        let (closed, joined) =
            (is_ruled && start == end, is_ruled && start != end && self.topology.connects(start, end));
        let without_repeats = start != end && matches!(self.mode, PathMode::Acyclic | PathMode::Simple);
        match count {
            1 if joined => Ok(true),
            2 if joined => Ok(self.trail_of_2(start, end)),
            3 if joined => self.trail_of_3(start, end, budget),
            4 if joined => self.trail_of_4(start, end, budget),
            1 if closed => Ok(self.topology.connects(start, start)),
            2 if closed => Ok(self.topology.multiplicity(start, start) > 1 || self.parallel_neighbors(start) > 0),
            3 if closed => Ok(self.in_triangle(start)),
            4 if closed => self.in_square(start, budget),
            3 if without_repeats => self.path_of_3(start, end, budget),
            4 if without_repeats => self.path_of_4(start, end, budget),
            _ => self.search(start, end, count, budget),
        }
    }

    fn trail_of_2(&self, start: NodeId, end: NodeId) -> bool {
        let (first, second) = (self.topology.ends(start), self.topology.ends(end));
        self.topology.connects(start, start)
            || self.topology.connects(end, end)
            || common(first, second).any(|shared| shared != start.get() && shared != end.get())
    }

    fn trail_of_3(&self, start: NodeId, end: NodeId, budget: &Budget) -> Result<bool, Interruption> {
        let between = self.topology.multiplicity(start, end);
        let elsewhere = |node| self.parallel_neighbors(node) > u8::from(between > 1);
        Ok(between >= 3 || elsewhere(start) || elsewhere(end) || self.path_of_3(start, end, budget)?)
    }

    fn trail_of_4(&self, start: NodeId, end: NodeId, budget: &Budget) -> Result<bool, Interruption> {
        Ok(self.in_triangle(start) || self.in_triangle(end) || self.path_of_4(start, end, budget)?)
    }

    /// Whether there is a path s-x-y-t without repeated nodes: x from the end with fewer steps, y from two sorted lists.
    fn path_of_3(&self, start: NodeId, end: NodeId, budget: &Budget) -> Result<bool, Interruption> {
        let (forward, backward) = (&*self.topology, &*self.backward);
        let turn = backward.degree(end) < forward.degree(start);
        let (forward, backward) = if turn { (backward, forward) } else { (forward, backward) };
        let (start, end) = if turn { (end, start) } else { (start, end) };
        let mut count = Counted::new(budget);
        for first in between(forward, start, end) {
            let (onward, home) = (forward.ends(first), backward.ends(end));
            count.neighbors(onward.len().min(home.len()))?;
            if common(onward, home).any(|second| ![start, end, first].contains(&NodeId::new(second))) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether there is a path s-x-y-z-t without repeated nodes: x and z by their steps, y from two sorted lists.
    fn path_of_4(&self, start: NodeId, end: NodeId, budget: &Budget) -> Result<bool, Interruption> {
        let mut count = Counted::new(budget);
        for first in between(&self.topology, start, end) {
            for third in between(&self.backward, end, start).filter(|third| *third != first) {
                let (onward, home) = (self.topology.ends(first), self.backward.ends(third));
                count.neighbors(onward.len().min(home.len()))?;
                let ends = [start, end, first, third];
                if common(onward, home).any(|second| !ends.contains(&NodeId::new(second))) {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    fn parallel_neighbors(&self, node: NodeId) -> u8 {
        remembered(&self.parallel_neighbors, node, || {
            let pairs = self.topology.ends(node).windows(2).filter(|pair| pair[0] == pair[1] && pair[0] != node.get());
            let mut parallel: Vec<u32> = pairs.map(|pair| pair[0]).collect();
            parallel.dedup();
            parallel.len().min(2) as u8
        })
    }

    fn in_triangle(&self, node: NodeId) -> bool {
        remembered(&self.in_triangle, node, || {
            let ends = self.topology.ends(node);
            ends.iter().filter(|&&end| end != node.get()).any(|&end| {
                let others = self.topology.ends(NodeId::new(end));
                common(ends, others).any(|shared| shared != node.get() && shared != end)
            })
        })
    }

    /// Whether two neighbours of a node share a further one.
    fn in_square(&self, node: NodeId, budget: &Budget) -> Result<bool, Interruption> {
        let home = self.topology.ends(node);
        let mut count = Counted::new(budget);
        for first in between(&self.topology, node, node) {
            for opposite in between(&self.topology, first, node) {
                let onward = self.topology.ends(opposite);
                count.neighbors(onward.len().min(home.len()))?;
                let corners = [node, first, opposite];
                if common(onward, home).any(|third| !corners.contains(&NodeId::new(third))) {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Depth-first search for a path of exactly so many hops, from the end with fewer steps.
    fn search(&self, start: NodeId, end: NodeId, count: u32, budget: &Budget) -> Result<bool, Interruption> {
        let mode = self.mode;
        let turn = self.backward.degree(end) < self.topology.degree(start);
        let (topology, backward) =
            if turn { (&*self.backward, &*self.topology) } else { (&*self.topology, &*self.backward) };
        let (start, end) = if turn { (end, start) } else { (start, end) };
        let (edges, nodes) = (Vec::new(), vec![start]);
        LengthSearch { topology, backward, start, end, mode, edges, nodes, distances: None, steps: 0, budget }
            .extend(count)
    }
}

/// The nodes one step from a node, each once, but for the node itself and another.
fn between(topology: &Topology, node: NodeId, other: NodeId) -> impl Iterator<Item = NodeId> {
    let mut last = None;
    let ends = topology.ends(node).iter().copied().map(NodeId::new);
    ends.filter(move |&end| end != node && end != other && last.replace(end) != Some(end))
}

/// The members that two sorted lists share: the shorter is walked, the longer asked.
fn common<'a>(first: &'a [u32], second: &'a [u32]) -> impl Iterator<Item = u32> + 'a {
    let (shorter, longer) = if first.len() <= second.len() { (first, second) } else { (second, first) };
    shorter.iter().copied().filter(|member| longer.binary_search(member).is_ok())
}

/// How many hops each node is from the end, up to `most`; [`u32::MAX`] beyond.
fn hops_to(backward: &Topology, end: NodeId, most: u32) -> Vec<u32> {
    let mut distances = vec![u32::MAX; backward.node_count()];
    let mut frontier = Vec::new();
    if let Some(distance) = distances.get_mut(end.index()) {
        *distance = 0;
        frontier.push(end);
    }
    for hops in 1..=most {
        if frontier.is_empty() {
            break;
        }
        let mut next = Vec::new();
        for &reached in frontier.iter().flat_map(|&node| backward.ends(node)) {
            if distances[reached as usize] == u32::MAX {
                distances[reached as usize] = hops;
                next.push(NodeId::new(reached));
            }
        }
        frontier = next;
    }
    distances
}

/// A path that is being searched for, as far as it has come.
struct LengthSearch<'s> {
    topology: &'s Topology,
    backward: &'s Topology,
    start: NodeId,
    end: NodeId,
    mode: PathMode,
    edges: Vec<Edge>,
    nodes: Vec<NodeId>,
    /// How many hops each node is from the end, once the search has turned out long.
    distances: Option<Vec<u32>>,
    steps: u32,
    budget: &'s Budget,
}

impl LengthSearch<'_> {
    /// Whether the path can be ended in exactly so many more hops. Recursion is as deep as hops are asked for, and those
    /// are limited by whoever asks.
    fn extend(&mut self, count: u32) -> Result<bool, Interruption> {
        let here = *self.nodes.last().expect("the path begins at its start");
        if count == 0 {
            return Ok(here == self.end);
        }
        self.steps += 1;
        if self.steps.is_multiple_of(STEPS_PER_CHECK) {
            self.budget.check()?;
            self.budget.count_neighbors(u64::from(STEPS_PER_CHECK));
        }
        if self.steps == STEPS_BEFORE_DISTANCES {
            self.distances = Some(hops_to(self.backward, self.end, count + self.nodes.len() as u32));
        }
        if count == 2 && !self.has_middle(here) {
            return Ok(false);
        }
        for index in self.topology.step_range(here) {
            let step = self.topology.step(index);
            let edge = step.edge(here);
            let too_far = !self.may_arrive(step.node, count - 1);
            if too_far || (count == 1 && step.node != self.end) || !self.may_step(step.node, edge, count) {
                continue;
            }
            self.edges.push(edge);
            self.nodes.push(step.node);
            let found = self.extend(count - 1)?;
            self.edges.pop();
            self.nodes.pop();
            if found {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether the end is near enough; without distances, it may be.
    fn may_arrive(&self, node: NodeId, count: u32) -> bool {
        let distance = self.distances.as_ref().and_then(|distances| distances.get(node.index()));
        distance.is_none_or(|&distance| distance <= count)
    }

    /// Whether any node lies between here and the end: spares a walk over all neighbours of a hub.
    fn has_middle(&self, here: NodeId) -> bool {
        common(self.topology.ends(here), self.backward.ends(self.end)).next().is_some()
    }

    fn may_step(&self, node: NodeId, edge: Edge, count: u32) -> bool {
        match self.mode {
            PathMode::Walk => true,
            PathMode::Trail => !self.edges.contains(&edge),
            PathMode::Acyclic => (count == 1 || node != self.end) && !self.nodes.contains(&node),
            PathMode::Simple => {
                let closes = count == 1 && node == self.start;
                (count == 1 || node != self.end) && (closes || !self.nodes.contains(&node))
            }
        }
    }
}
