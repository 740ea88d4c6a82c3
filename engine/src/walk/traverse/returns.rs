//! How soon a path can come back to where it starts.
//!
//! A shortest closed walk repeats no node but its start. So under SIMPLE it is what is asked for, and under TRAIL too,
//! unless it walks an edge there and back: then a closed trail is a cycle of at least three nodes, or of two by different
//! edges, or a loop. Where no step can be taken back, breadth-first search finds the first node with a step to the start.
//! Where all can, two branches of the search meet (each node knows by which neighbour of the start it was reached; Itai and
//! Rodeh, "Finding a Minimum Circuit in a Graph", SIAM Journal on Computing 7(4), 1978). Where some can, each node is
//! reached by up to two neighbours of the start, so that one that ends a cycle is reached without its own edge.

use std::sync::{Arc, Mutex, PoisonError};

use super::components::{ComponentKind, Components};
use super::counted::Counted;
use super::path::{Hops, PathMode};
use crate::{Budget, Charge, Interruption, NodeId, Topology};

/// Nodes asked about after which the components of the graph are found: one pass over it, so not for a few.
const NODES_BEFORE_COMPONENTS: u32 = if cfg!(test) { 1 } else { 16 };

/// Finds closed paths of one mode.
#[derive(Debug)]
pub(super) struct Returns {
    topology: Arc<Topology>,
    mode: PathMode,
    state: Mutex<ReturnState>,
}

#[derive(Debug, Default)]
struct ReturnState {
    asked: u32,
    components: Option<Arc<Components>>,
    /// Memory of searches that are over.
    spare: Vec<ReturnScratch>,
}

impl Returns {
    pub(super) fn new(topology: Arc<Topology>, mode: PathMode) -> Self {
        Self { topology, mode, state: Mutex::default() }
    }

    /// The components within which paths of the mode can return, for many questions.
    pub(super) fn components(&self, budget: &Budget) -> Result<Arc<Components>, Interruption> {
        if let Some(found) = &self.lock().components {
            return Ok(Arc::clone(found));
        }
        // Nobody waits for this: two threads may both find out.
        let found = Arc::new(Components::find(&self.topology, self.kind(), budget)?);
        self.lock().components = Some(Arc::clone(&found));
        Ok(found)
    }

    fn kind(&self) -> ComponentKind {
        let bridges = self.mode == PathMode::Trail && self.topology.is_undirected();
        if bridges { ComponentKind::TwoEdgeConnected } else { ComponentKind::Strong }
    }

    /// Whether a closed path of at least one hop leads from a node back to it. Asks for components, so it is for many nodes.
    pub(super) fn exists(&self, node: NodeId, budget: &Budget) -> Result<bool, Interruption> {
        if self.mode == PathMode::Acyclic || !self.components(budget)?.returns(node) {
            return Ok(false);
        }
        let decided = self.mode != PathMode::Trail || self.topology.is_undirected() || self.topology.is_one_way();
        Ok(decided || self.least_hops(node, Hops { least: 1, most: u32::MAX }, budget)?.is_some())
    }

    /// The least number of hops within the range of a closed path from a node. The range begins with 1 or 2: a path of at
    /// least 2 hops does without loops, unless it is two of them.
    pub(super) fn least_hops(&self, node: NodeId, hops: Hops, budget: &Budget) -> Result<Option<u32>, Interruption> {
        debug_assert!((1..=2).contains(&hops.least), "longer ones are not found here");
        let most = hops.most;
        if self.mode == PathMode::Acyclic || hops.least > most {
            return Ok(None);
        }
        let components = self.components_if_many(budget)?;
        if components.as_ref().is_some_and(|components| !components.returns(node)) {
            return Ok(None);
        }
        let loops = self.topology.multiplicity(node, node);
        if loops > 0 && hops.least == 1 {
            return Ok(Some(1));
        }
        if loops > 1 && self.mode == PathMode::Trail {
            return Ok(Some(2));
        }
        let spare = self.lock().spare.pop();
        let scratch = spare.map_or_else(|| ReturnScratch::new(self.topology.node_count(), budget), Ok)?;
        let mut search = ReturnSearch { returns: self, components, node: node.get(), most, scratch };
        let found = if self.mode == PathMode::Trail && self.topology.is_undirected() {
            search.undirected(budget)
        } else {
            search.onward(budget)
        };
        self.lock().spare.push(search.scratch);
        found
    }

    fn components_if_many(&self, budget: &Budget) -> Result<Option<Arc<Components>>, Interruption> {
        let mut state = self.lock();
        state.asked = state.asked.saturating_add(1);
        if state.components.is_none() && state.asked <= NODES_BEFORE_COMPONENTS {
            return Ok(None);
        }
        drop(state);
        self.components(budget).map(Some)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, ReturnState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a path of the mode goes from one node to another and straight back.
    fn there_and_back(&self, node: NodeId, other: NodeId) -> bool {
        if self.mode != PathMode::Trail {
            return self.topology.connects(node, other) && self.topology.connects(other, node);
        }
        let edges = |from: NodeId, to: NodeId| {
            let steps = self.topology.steps(from).filter(move |step| step.node == to);
            steps.map(move |step| step.edge(from)).collect::<Vec<_>>()
        };
        let (there, back) = (edges(node, other), edges(other, node));
        there.iter().any(|edge| back.iter().any(|other| other != edge))
    }
}

/// What a search remembers of each node, with the number of the search that wrote it.
#[derive(Debug)]
struct ReturnScratch {
    search: u32,
    marks: Vec<Mark>,
    _held: Charge,
}

#[derive(Clone, Copy, Debug, Default)]
struct Mark {
    search: u32,
    /// The neighbour of the start by which the node was reached first.
    branch: u32,
    /// Another one; [`u32::MAX`] if there is none. Where branches meet: the hops from the start.
    other: u32,
}

impl ReturnScratch {
    fn new(node_count: usize, budget: &Budget) -> Result<Self, Interruption> {
        let held = budget.charge((node_count * size_of::<Mark>()) as u64)?;
        Ok(Self { search: 0, marks: vec![Mark::default(); node_count], _held: held })
    }

    fn begin(&mut self) {
        self.search = self.search.wrapping_add(1);
        if self.search == 0 {
            self.marks.fill(Mark::default());
            self.search = 1;
        }
    }

    fn get(&self, node: u32) -> Option<Mark> {
        self.marks.get(node as usize).copied().filter(|mark| mark.search == self.search)
    }

    fn set(&mut self, node: u32, branch: u32, other: u32) {
        self.marks[node as usize] = Mark { search: self.search, branch, other };
    }
}

struct ReturnSearch<'s> {
    returns: &'s Returns,
    components: Option<Arc<Components>>,
    node: u32,
    most: u32,
    scratch: ReturnScratch,
}

impl ReturnSearch<'_> {
    /// The nodes one step from a node that a way back can lead over, each once.
    fn ends<'t>(&self, topology: &'t Topology, node: u32, count: &mut Counted<'_>) -> Result<Vec<u32>, Interruption> {
        let ends: &'t [u32] = topology.ends(NodeId::new(node));
        count.neighbors(ends.len())?;
        let of = |node: u32| self.components.as_ref().and_then(|components| components.of(NodeId::new(node)));
        let own = of(self.node);
        let mut kept = ends.to_vec();
        kept.dedup();
        kept.retain(|&end| end != node && of(end) == own);
        Ok(kept)
    }

    /// Where every step can be taken back, and no edge walked twice: the first two branches that meet.
    fn undirected(&mut self, budget: &Budget) -> Result<Option<u32>, Interruption> {
        let (topology, mut count) = (&*self.returns.topology, Counted::new(budget));
        self.scratch.begin();
        let mut frontier = self.ends(topology, self.node, &mut count)?;
        for &end in &frontier {
            if topology.multiplicity(NodeId::new(self.node), NodeId::new(end)) > 1 {
                return Ok((self.most >= 2).then_some(2));
            }
            self.scratch.set(end, end, 1);
        }
        for hops in 1.. {
            // Branches meet on an edge between nodes of this hop, or of this and the next.
            if frontier.is_empty() || self.most.div_ceil(2) <= hops {
                break;
            }
            let (mut next, mut meets) = (Vec::new(), false);
            for &node in &frontier {
                let branch = self.scratch.get(node).map_or(node, |mark| mark.branch);
                for end in self.ends(topology, node, &mut count)? {
                    match self.scratch.get(end) {
                        _ if end == self.node => {}
                        None => {
                            self.scratch.set(end, branch, hops + 1);
                            next.push(end);
                        }
                        Some(mark) if mark.branch == branch => {}
                        Some(mark) if mark.other == hops => return Ok(Some(2 * hops + 1)),
                        Some(_) => meets = true,
                    }
                }
            }
            if meets {
                return Ok((2 * hops + 2 <= self.most).then_some(2 * hops + 2));
            }
            frontier = next;
        }
        Ok(None)
    }

    /// Along the steps: the first node with a step to the start, by another edge than the first if the mode wants that.
    fn onward(&mut self, budget: &Budget) -> Result<Option<u32>, Interruption> {
        let (topology, mut count) = (&*self.returns.topology, Counted::new(budget));
        let branches = if self.returns.mode == PathMode::Trail && !topology.is_one_way() { 2 } else { 1 };
        self.scratch.begin();
        let first = self.ends(topology, self.node, &mut count)?;
        for &end in &first {
            self.scratch.set(end, end, u32::MAX);
        }
        let mut frontier: Vec<(u32, u32)> = first.into_iter().map(|end| (end, end)).collect();
        for hops in 2..=self.most {
            if frontier.is_empty() {
                break;
            }
            let mut next = Vec::new();
            for &(node, branch) in &frontier {
                for end in self.ends(topology, node, &mut count)? {
                    if end == self.node {
                        let back = || self.returns.there_and_back(NodeId::new(end), NodeId::new(node));
                        if hops > 2 || back() {
                            return Ok(Some(hops));
                        }
                        continue;
                    }
                    match self.scratch.get(end) {
                        None => self.scratch.set(end, branch, u32::MAX),
                        Some(mark) if branches == 2 && mark.branch != branch && mark.other == u32::MAX => {
                            self.scratch.set(end, mark.branch, branch);
                        }
                        Some(_) => continue,
                    }
                    next.push((end, branch));
                }
            }
            frontier = next;
        }
        Ok(None)
    }
}
