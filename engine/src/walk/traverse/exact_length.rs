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
//! The shortest way back to a node is a cycle, whatever its length: [`super::returns`] finds it. Where every step can be
//! taken back, a trail crosses a bridge once and never comes back over it, so it cannot be longer than the components and
//! bridges between its ends have edges: in a tree no pair has a longer trail. Everything else is searched depth-first, one
//! number of hops after the other, under the budget ([`super::depth_first`]): whether a trail of a given length exists is
//! hard in general.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::components::{ComponentKind, Components};
use super::counted::Counted;
use super::depth_first::DepthFirst;
use super::path::{Hops, PathMode};
use super::returns::Returns;
use super::sorted::common;
use crate::{Budget, Charge, Interruption, NodeId, Topology};

/// Searches after which the bridges of the graph are found at once: one pass over it, so not for a few.
const SEARCHES_BEFORE_BLOCKS: u32 = if cfg!(test) { 1 } else { 16 };

/// Up to this many hops the rules above decide.
const RULED_HOPS: u32 = 4;

/// Decides pairs that are nearer than the range.
#[derive(Debug)]
pub(super) struct ExactLength {
    topology: Arc<Topology>,
    backward: Arc<Topology>,
    mode: PathMode,
    returns: Returns,
    /// Where every step can be taken back: how many edges lie between two nodes. Found once a search would be needed.
    blocks: Mutex<Option<Arc<BridgeBlocks>>>,
    /// Searches for more than one number of hops so far.
    searches: AtomicU32,
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
        let returns = Returns::new(Arc::clone(&topology), mode);
        Self {
            topology,
            backward,
            mode,
            returns,
            blocks: Mutex::default(),
            searches: AtomicU32::new(0),
            parallel_neighbors: Mutex::default(),
            in_triangle: Mutex::default(),
        }
    }

    /// Whether a path of the mode and of at least one hop leads from a node back to it; for many nodes.
    pub(super) fn returns(&self, node: NodeId, budget: &Budget) -> Result<bool, Interruption> {
        self.returns.exists(node, budget)
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
        if start == end && hops.least == 0 {
            return Ok(Some(0));
        }
        let ruled = self.mode == PathMode::Trail && hops.least <= 2 && self.topology.is_undirected();
        let first = if refuted == 0 { hops.least } else { refuted + 1 };
        if start == end && hops.least <= 2 && !ruled {
            return self.returns.least_hops(start, hops, budget);
        }
        for count in first..=hops.most.min(RULED_HOPS) {
            let found = match self.rule(start, end, count, ruled, budget)? {
                Some(found) => found,
                None => self.search(start, end, Hops { least: count, most: count }, budget)?.is_some(),
            };
            if found {
                return Ok(Some(count));
            }
        }
        let rest = Hops { least: first.max(RULED_HOPS + 1), ..hops };
        if rest.least > rest.most {
            return Ok(None);
        }
        if start == end && ruled {
            return self.returns.least_hops(start, hops, budget);
        }
        self.search(start, end, rest, budget)
    }

    /// Whether there is a path of the mode of exactly so many hops, where no number of hops of the range before has done;
    /// `None` if no rule says so.
    fn rule(
        &self,
        start: NodeId,
        end: NodeId,
        count: u32,
        ruled: bool,
        budget: &Budget,
    ) -> Result<Option<bool>, Interruption> {
        let (closed, joined) = (ruled && start == end, ruled && start != end && self.topology.connects(start, end));
        let without_repeats = start != end && matches!(self.mode, PathMode::Acyclic | PathMode::Simple);
        let found = match count {
            1 if joined => true,
            2 if joined => self.trail_of_2(start, end),
            3 if joined => self.trail_of_3(start, end, budget)?,
            4 if joined => self.trail_of_4(start, end, budget)?,
            1 if closed => self.topology.connects(start, start),
            2 if closed => self.topology.multiplicity(start, start) > 1 || self.parallel_neighbors(start) > 0,
            3 if closed => self.in_triangle(start),
            4 if closed => self.in_square(start, budget)?,
            3 if without_repeats => self.path_of_3(start, end, budget)?,
            4 if without_repeats => self.path_of_4(start, end, budget)?,
            _ => return Ok(None),
        };
        Ok(Some(found))
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

    /// The least number of hops of the range of a path of the mode, searched from the end with fewer steps.
    fn search(&self, start: NodeId, end: NodeId, hops: Hops, budget: &Budget) -> Result<Option<u32>, Interruption> {
        let turn = self.backward.degree(end) < self.topology.degree(start);
        let (topology, backward) =
            if turn { (&*self.backward, &*self.topology) } else { (&*self.topology, &*self.backward) };
        let ends = if turn { (end, start) } else { (start, end) };
        let longest = || self.longest(start, end, budget);
        let mut search = DepthFirst::new(topology, backward, ends, self.mode, &longest, budget);
        if hops.least < hops.most && self.searches.fetch_add(1, Ordering::Relaxed) > SEARCHES_BEFORE_BLOCKS {
            search.limit_hops()?;
        }
        search.least_hops(hops)
    }

    /// No path of the mode between these nodes is longer.
    fn longest(&self, start: NodeId, end: NodeId, budget: &Budget) -> Result<u32, Interruption> {
        let steps = u32::try_from(self.topology.step_count()).unwrap_or(u32::MAX);
        // A closed path without repeated nodes may walk one edge there and back.
        let is_trail = matches!(self.mode, PathMode::Trail | PathMode::Acyclic) || start != end;
        if !self.topology.is_undirected() || !is_trail {
            return Ok(steps);
        }
        let known = self.blocks.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let blocks = match known {
            Some(blocks) => blocks,
            None => {
                let found = Arc::new(BridgeBlocks::find(&self.topology, budget)?);
                Arc::clone(self.blocks.lock().unwrap_or_else(PoisonError::into_inner).insert(found))
            }
        };
        Ok(blocks.edges_between(start, end).min(steps))
    }
}

/// What bridges separate, and how many edges each part has.
#[derive(Debug)]
struct BridgeBlocks {
    components: Components,
    edges: Vec<u32>,
    _held: Charge,
}

impl BridgeBlocks {
    fn find(topology: &Topology, budget: &Budget) -> Result<Self, Interruption> {
        let components = Components::find(topology, ComponentKind::TwoEdgeConnected, budget)?;
        let held = budget.charge(4 * components.len() as u64)?;
        // An edge is two steps, a loop is one: in half edges.
        let mut edges = vec![0_u32; components.len()];
        for node in (0..topology.node_count() as u32).map(NodeId::new) {
            let Some(own) = components.of(node) else { continue };
            let inside = topology.ends(node).iter().filter(|&&end| components.of(NodeId::new(end)) == Some(own));
            let halves = inside.map(|&end| if end == node.get() { 2 } else { 1 }).sum::<u32>();
            edges[own as usize] = edges[own as usize].saturating_add(halves);
        }
        edges.iter_mut().for_each(|edges| *edges /= 2);
        Ok(Self { components, edges, _held: held })
    }

    /// The edges of the components, and the bridges between them, that a trail between two nodes can walk; 0 if none leads
    /// from one to the other. Takes time in the number of bridges.
    fn edges_between(&self, start: NodeId, end: NodeId) -> u32 {
        let (Some(mut one), Some(mut other)) = (self.components.of(start), self.components.of(end)) else { return 0 };
        let mut edges = self.edges[one as usize];
        if one != other {
            edges = edges.saturating_add(self.edges[other as usize]);
        }
        while one != other {
            // The search came to a component from one with a larger number.
            let low = if one < other { &mut one } else { &mut other };
            let Some(parent) = self.components.parent(*low) else { return 0 };
            *low = parent;
            edges = edges.saturating_add(1);
            if one != other {
                edges = edges.saturating_add(self.edges[parent as usize]);
            }
        }
        edges
    }
}

/// The nodes one step from a node, each once, but for the node itself and another.
fn between(topology: &Topology, node: NodeId, other: NodeId) -> impl Iterator<Item = NodeId> {
    let mut last = None;
    let ends = topology.ends(node).iter().copied().map(NodeId::new);
    ends.filter(move |&end| end != node && end != other && last.replace(end) != Some(end))
}
