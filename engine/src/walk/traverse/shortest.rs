//! Shortest paths between two nodes, one pair after the other.
//!
//! A pair is searched for from both ends, the smaller frontier first, until the two meet. Where pairs share an end with the
//! pair before, one breadth-first search from that end serves all of them, and goes on only as far as the farthest needs. So
//! shortest paths from one node to all take one pass over the graph, not one a node.

use std::ops::Range;
use std::sync::Arc;

use super::counted::Counted;
use super::path::{Hops, Path};
use crate::{Budget, Charge, Interruption, NodeId, Topology};

/// Finds the shortest paths of pairs of nodes.
#[derive(Debug)]
pub struct ShortestPaths {
    topology: Arc<Topology>,
    budget: Arc<Budget>,
    /// The pair asked for last.
    last: Option<(NodeId, NodeId)>,
    /// A search from an end that two pairs in a row have shared.
    tree: Option<SearchTree>,
}

/// A search from an end that goes on from where it stopped.
#[derive(Debug)]
struct SearchTree {
    root: NodeId,
    /// Whether the root is where paths start.
    is_source: bool,
    search: BreadthFirst,
}

/// A breadth-first search from one node.
#[derive(Clone, Debug)]
struct BreadthFirst {
    /// One more than the hops from the root to each node; 0 for one that is not reached. Fresh memory is zero, and costs
    /// nothing until it is touched.
    reached: Arc<Vec<u32>>,
    frontier: Vec<u32>,
    /// How far the search has gone.
    hops: u32,
    held: Arc<Charge>,
}

impl ShortestPaths {
    /// For pairs of nodes of this topology.
    pub fn new(topology: &Arc<Topology>, budget: &Arc<Budget>) -> Self {
        Self { topology: Arc::clone(topology), budget: Arc::clone(budget), last: None, tree: None }
    }

    /// The topology whose paths it finds.
    pub fn topology(&self) -> &Arc<Topology> {
        &self.topology
    }

    /// All shortest paths between two nodes, or only one of them, if their number of hops lies in the range. Between a node
    /// and itself the only one is the path without hops. A shortest path repeats no node, so the answer is the same under
    /// every path mode. They come in the same order on every run.
    pub fn between(
        &mut self,
        source: NodeId,
        target: NodeId,
        hops: Hops,
        all: bool,
    ) -> Result<FoundPaths, Interruption> {
        let shared = self.last.replace((source, target)).and_then(|(last_source, last_target)| {
            if last_source == source {
                Some((source, true))
            } else {
                (last_target == target).then_some((target, false))
            }
        });
        let Some((root, is_source)) = shared else { return self.meet(source, target, hops, all) };
        if self.tree.as_ref().is_none_or(|tree| tree.root != root || tree.is_source != is_source) {
            self.tree = None;
            let search = BreadthFirst::new(root, self.node_count(source, target), &self.budget)?;
            self.tree = Some(SearchTree { root, is_source, search });
        }
        let backward = self.topology.backward(&self.budget)?;
        let (onward, homeward) = if is_source { (&self.topology, &backward) } else { (&backward, &self.topology) };
        let tree = self.tree.as_mut().expect("it has just been made");
        let other = if is_source { target } else { source };
        let distance = tree.search.find(other, hops.most, onward, &self.budget)?;
        let (reached, held) = (Arc::clone(&tree.search.reached), Arc::clone(&tree.search.held));
        Ok(match distance {
            Some(distance) if (hops.least..=hops.most).contains(&distance) => {
                self.trace(homeward, other, reached, &held, is_source, all)
            }
            _ => self.nothing(),
        })
    }

    fn node_count(&self, source: NodeId, target: NodeId) -> usize {
        self.topology.node_count().max(source.index().max(target.index()) + 1)
    }

    /// Searches from both ends.
    fn meet(&self, source: NodeId, target: NodeId, hops: Hops, all: bool) -> Result<FoundPaths, Interruption> {
        let (forward, backward) = (&self.topology, self.topology.backward(&self.budget)?);
        let node_count = self.node_count(source, target);
        let mut forth = BreadthFirst::new(source, node_count, &self.budget)?;
        let mut back = BreadthFirst::new(target, node_count, &self.budget)?;
        let mut has_met = source == target;
        while !has_met && forth.hops.saturating_add(back.hops) < hops.most {
            if forth.frontier.is_empty() || back.frontier.is_empty() {
                return Ok(self.nothing());
            }
            let forth_is_smaller = forth.width(forward) <= back.width(&backward);
            if forth_is_smaller {
                forth.advance(forward, &self.budget)?;
            } else {
                back.advance(&backward, &self.budget)?;
            }
            let (moved, other) = if forth_is_smaller { (&forth, &back) } else { (&back, &forth) };
            has_met = moved.frontier.iter().any(|&node| other.hops_to(NodeId::new(node)).is_some());
        }
        if !has_met || forth.hops + back.hops < hops.least {
            return Ok(self.nothing());
        }
        self.mark_way(&forth, &mut back, &backward)?;
        Ok(self.trace(forward, source, back.reached, &back.held, false, all))
    }

    /// Notes how far from the target the nodes are that lie between the source and where the searches have met.
    fn mark_way(&self, forth: &BreadthFirst, back: &mut BreadthFirst, backward: &Topology) -> Result<(), Interruption> {
        let mut count = Counted::new(&self.budget);
        let mut left = back.hops;
        let met = if forth.frontier.len() <= back.frontier.len() { &forth.frontier } else { &back.frontier };
        let is_met = |&&node: &&u32| {
            let node = NodeId::new(node);
            forth.hops_to(node) == Some(forth.hops) && back.hops_to(node) == Some(left)
        };
        let mut marked: Vec<u32> = met.iter().filter(is_met).copied().collect();
        let reached = Arc::make_mut(&mut back.reached);
        for hops in (0..forth.hops).rev() {
            left += 1;
            let mut next = Vec::new();
            for &node in &marked {
                let ends = backward.ends(NodeId::new(node));
                count.neighbors(ends.len())?;
                for &end in ends.iter().filter(|&&end| forth.hops_to(NodeId::new(end)) == Some(hops)) {
                    if std::mem::replace(&mut reached[end as usize], left + 1) == 0 {
                        next.push(end);
                    }
                }
            }
            marked = next;
        }
        Ok(())
    }

    fn trace(
        &self,
        topology: &Arc<Topology>,
        start: NodeId,
        left: Arc<Vec<u32>>,
        held: &Arc<Charge>,
        is_backward: bool,
        all: bool,
    ) -> FoundPaths {
        FoundPaths {
            topology: Arc::clone(topology),
            left,
            is_backward,
            all,
            path: Path { nodes: vec![start], edges: Vec::new() },
            places: vec![topology.step_range(start)],
            fresh: true,
            budget: Arc::clone(&self.budget),
            _held: Some(Arc::clone(held)),
        }
    }

    fn nothing(&self) -> FoundPaths {
        FoundPaths {
            topology: Arc::clone(&self.topology),
            left: Arc::default(),
            is_backward: false,
            all: false,
            path: Path::default(),
            places: Vec::new(),
            fresh: false,
            budget: Arc::clone(&self.budget),
            _held: None,
        }
    }
}

impl BreadthFirst {
    fn new(root: NodeId, node_count: usize, budget: &Budget) -> Result<Self, Interruption> {
        // A number a node, and frontiers that never hold more than all nodes twice.
        let held = Arc::new(budget.charge(12 * node_count as u64)?);
        let mut reached = vec![0; node_count];
        reached[root.index()] = 1;
        Ok(Self { reached: Arc::new(reached), frontier: vec![root.get()], hops: 0, held })
    }

    fn hops_to(&self, node: NodeId) -> Option<u32> {
        self.reached.get(node.index())?.checked_sub(1)
    }

    /// How many steps lead from the frontier.
    fn width(&self, topology: &Topology) -> u64 {
        self.frontier.iter().map(|&node| topology.degree(NodeId::new(node)) as u64).sum()
    }

    fn advance(&mut self, topology: &Topology, budget: &Budget) -> Result<(), Interruption> {
        let mut count = Counted::new(budget);
        let reached = Arc::make_mut(&mut self.reached);
        let mut next = Vec::new();
        self.hops += 1;
        for &node in &self.frontier {
            let ends = topology.ends(NodeId::new(node));
            count.neighbors(ends.len())?;
            for &end in ends {
                let place = &mut reached[end as usize];
                if *place == 0 {
                    *place = self.hops + 1;
                    next.push(end);
                }
            }
        }
        self.frontier = next;
        Ok(())
    }

    /// How far a node is, if it is not farther than so many hops.
    fn find(
        &mut self,
        node: NodeId,
        most: u32,
        topology: &Topology,
        budget: &Budget,
    ) -> Result<Option<u32>, Interruption> {
        if node.index() >= self.reached.len() {
            // Only a node without steps lies beyond the topology.
            return Ok(None);
        }
        while self.hops_to(node).is_none() && !self.frontier.is_empty() && self.hops < most {
            budget.check()?;
            self.advance(topology, budget)?;
        }
        Ok(self.hops_to(node))
    }
}

/// The paths of [`ShortestPaths::between`], found depth-first as they are asked for: each step leads one hop nearer.
#[derive(Debug)]
pub struct FoundPaths {
    topology: Arc<Topology>,
    /// One more than the hops left from each node to where the paths lead.
    left: Arc<Vec<u32>>,
    /// Whether paths are walked from their end.
    is_backward: bool,
    all: bool,
    path: Path,
    /// For each node of the path, the steps from it that are still to be tried.
    places: Vec<Range<usize>>,
    /// Whether the path has just grown, and has not been looked at.
    fresh: bool,
    budget: Arc<Budget>,
    _held: Option<Arc<Charge>>,
}

impl FoundPaths {
    fn find(&mut self) -> Result<Option<Path>, Interruption> {
        let budget = Arc::clone(&self.budget);
        let mut count = Counted::new(&budget);
        while let Some(places) = self.places.last_mut() {
            let here = *self.path.nodes.last().expect("a path has a first node");
            let left = self.left[here.index()];
            if left == 1 && std::mem::take(&mut self.fresh) {
                return Ok(Some(self.found()));
            }
            let topology = &self.topology;
            let nearer = |index: &usize| self.left[topology.step(*index).node.index()] == left - 1;
            let before = places.len();
            let next = if left == 1 { None } else { places.find(nearer) };
            count.neighbors(before - places.len())?;
            match next {
                Some(index) => {
                    let step = self.topology.step(index);
                    self.path.edges.push(step.edge(here));
                    self.path.nodes.push(step.node);
                    self.places.push(self.topology.step_range(step.node));
                    self.fresh = true;
                }
                None => {
                    self.places.pop();
                    self.path.nodes.pop();
                    self.path.edges.pop();
                }
            }
        }
        Ok(None)
    }

    fn found(&self) -> Path {
        let mut path = self.path.clone();
        if self.is_backward {
            path.nodes.reverse();
            path.edges.reverse();
        }
        path
    }
}

impl Iterator for FoundPaths {
    type Item = Result<Path, Interruption>;

    fn next(&mut self) -> Option<Self::Item> {
        let found = self.find().transpose();
        if !self.all || matches!(found, Some(Err(_))) {
            self.places.clear();
        }
        found
    }
}
