//! Every path of a mode from one node, found depth-first as they are asked for.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use super::counted::Counted;
use super::path::{Hops, Path, PathMode};
use crate::{Budget, Charge, Edge, Interruption, NodeId, NodeSet, Topology};

/// Steps between two looks at the budget.
const STEPS_PER_CHECK: u64 = 4096;

/// Hops up to which looking through a path is cheaper than a set of what is on it.
const HOPS_WITHOUT_SET: usize = if cfg!(test) { 2 } else { 32 };

/// Bytes that a hop of a path takes, with its places in sets.
const HOP_BYTES: u64 = 128;

/// The nodes that a path may end in, with how far every node is from the nearest of them: a path that is too far away
/// for the hops that it has left is given up at once.
#[derive(Debug)]
pub struct Ends {
    nodes: NodeSet,
    /// Hops to the nearest end; [`u32::MAX`] beyond the range.
    distances: Vec<u32>,
    _held: Charge,
}

impl Ends {
    /// Prepares these ends for paths of at most so many hops: one breadth-first search against the steps.
    pub fn new(topology: &Arc<Topology>, nodes: NodeSet, most: u32, budget: &Budget) -> Result<Self, Interruption> {
        let held = budget.charge(4 * topology.node_count() as u64)?;
        let _queue_held = budget.charge(8 * topology.node_count() as u64)?;
        let mut count = Counted::new(budget);
        let mut distances = vec![u32::MAX; topology.node_count()];
        let mut queue = VecDeque::new();
        for node in nodes.iter() {
            // A node without steps has no place in the topology, and no path but the one without hops.
            if let Some(distance) = distances.get_mut(node.index()) {
                *distance = 0;
                queue.push_back(node);
            }
        }
        let backward = topology.backward(budget)?;
        while let Some(node) = queue.pop_front() {
            let distance = distances[node.index()] + 1;
            if distance > most {
                break;
            }
            let ends = backward.ends(node);
            count.neighbors(ends.len())?;
            for &end in ends {
                if distances[end as usize] == u32::MAX {
                    distances[end as usize] = distance;
                    queue.push_back(NodeId::new(end));
                }
            }
        }
        drop(count);
        Ok(Self { nodes, distances, _held: held })
    }

    fn within(&self, node: NodeId, hops: u32) -> bool {
        self.distances.get(node.index()).is_some_and(|&distance| distance <= hops)
    }
}

/// Every path of the mode from this node, in depth-first order, that ends in one of the ends (`None`: anywhere) and avoids
/// the edges in `used`, which other parts of a pattern walk already.
pub fn paths(
    topology: &Arc<Topology>,
    source: NodeId,
    ends: Option<&Arc<Ends>>,
    hops: Hops,
    mode: PathMode,
    used: &[Edge],
    budget: &Arc<Budget>,
) -> Paths {
    Paths {
        topology: Arc::clone(topology),
        ends: ends.cloned(),
        hops,
        mode,
        used: used.to_vec(),
        budget: Arc::clone(budget),
        path: Path { nodes: vec![source], edges: Vec::new() },
        places: Vec::new(),
        on_path: None,
        held: Charge::new(budget),
        fresh: true,
        steps: 0,
    }
}

/// The paths of [`paths`].
#[derive(Debug)]
pub struct Paths {
    topology: Arc<Topology>,
    ends: Option<Arc<Ends>>,
    hops: Hops,
    mode: PathMode,
    used: Vec<Edge>,
    budget: Arc<Budget>,
    path: Path,
    /// For each node of the path, the steps from it that are still to be tried.
    places: Vec<std::ops::Range<usize>>,
    /// The edges and the nodes after the first of a path that has become long.
    on_path: Option<(HashSet<Edge>, HashSet<NodeId>)>,
    /// What a long path takes.
    held: Charge,
    /// Whether the path has just grown, and has not been looked at.
    fresh: bool,
    steps: u64,
}

impl Iterator for Paths {
    type Item = Result<Path, Interruption>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if std::mem::take(&mut self.fresh) {
                self.places.push(self.steps_onward());
                if self.is_answer() {
                    return Some(Ok(self.path.clone()));
                }
            }
            match self.grow() {
                Ok(true) => self.fresh = true,
                Ok(false) => {
                    if !self.shrink() {
                        return None;
                    }
                }
                Err(interruption) => {
                    self.places.clear();
                    self.path.edges.clear();
                    return Some(Err(interruption));
                }
            }
        }
    }
}

impl Paths {
    fn length(&self) -> u32 {
        u32::try_from(self.path.edges.len()).unwrap_or(u32::MAX)
    }

    fn here(&self) -> NodeId {
        *self.path.nodes.last().expect("a path has a first node")
    }

    fn is_answer(&self) -> bool {
        self.length() >= self.hops.least && self.ends.as_ref().is_none_or(|ends| ends.nodes.contains(self.here()))
    }

    /// The steps from the end of the path, unless it is long enough, or closed where that ends it.
    fn steps_onward(&self) -> std::ops::Range<usize> {
        let closed = self.mode == PathMode::Simple && self.length() > 0 && self.here() == self.path.nodes[0];
        if self.length() >= self.hops.most || closed { 0..0 } else { self.topology.step_range(self.here()) }
    }

    /// Takes the next step that may be taken; false if none is left here.
    fn grow(&mut self) -> Result<bool, Interruption> {
        let (here, left) = (self.here(), self.hops.most.saturating_sub(self.length() + 1));
        while let Some(index) = self.places.last_mut().and_then(Iterator::next) {
            self.steps += 1;
            if self.steps.is_multiple_of(STEPS_PER_CHECK) {
                self.budget.check()?;
                self.budget.count_neighbors(STEPS_PER_CHECK);
            }
            let step = self.topology.step(index);
            let edge = step.edge(here);
            if self.may_step(step.node, edge) && self.ends.as_ref().is_none_or(|ends| ends.within(step.node, left)) {
                self.push(step.node, edge)?;
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn push(&mut self, node: NodeId, edge: Edge) -> Result<(), Interruption> {
        self.path.nodes.push(node);
        self.path.edges.push(edge);
        if self.path.edges.len() > HOPS_WITHOUT_SET {
            self.held.resize(HOP_BYTES * self.path.edges.len() as u64)?;
            let path = &self.path;
            let whole = || (path.edges.iter().copied().collect(), path.nodes[1..].iter().copied().collect());
            let (edges, nodes) = self.on_path.get_or_insert_with(whole);
            edges.insert(edge);
            nodes.insert(node);
        }
        Ok(())
    }

    /// Takes the last step back; false if there is none.
    fn shrink(&mut self) -> bool {
        self.places.pop();
        let Some(edge) = self.path.edges.pop() else {
            self.places.clear();
            return false;
        };
        let node = self.path.nodes.pop();
        if self.path.edges.len() <= HOPS_WITHOUT_SET {
            self.on_path = None;
        } else if let (Some((edges, nodes)), Some(node)) = (&mut self.on_path, node) {
            edges.remove(&edge);
            nodes.remove(&node);
        }
        true
    }

    fn may_step(&self, node: NodeId, edge: Edge) -> bool {
        let has_edge = || match &self.on_path {
            Some((edges, _)) => edges.contains(&edge),
            None => self.path.edges.contains(&edge),
        };
        let has_later_node = || match &self.on_path {
            Some((_, nodes)) => nodes.contains(&node),
            None => self.path.nodes[1..].contains(&node),
        };
        !self.used.contains(&edge)
            && match self.mode {
                PathMode::Walk => true,
                PathMode::Trail => !has_edge(),
                PathMode::Acyclic => node != self.path.nodes[0] && !has_later_node(),
                PathMode::Simple => !has_later_node(),
            }
    }
}

impl Drop for Paths {
    fn drop(&mut self) {
        self.budget.count_neighbors(self.steps % STEPS_PER_CHECK);
    }
}
