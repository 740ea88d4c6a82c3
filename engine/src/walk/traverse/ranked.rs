//! Paths between two nodes in order of what they cost: the k shortest, the k cheapest.
//!
//! Best-first search over partial paths (A*; Hart, Nilsson and Raphael, IEEE Transactions on Systems Science and
//! Cybernetics 4(2), 1968). What is left to the end is bounded from below by a search from there: breadth-first for
//! hops, Dijkstra's for costs. Every path of the range comes out in order, under every mode. Where the bounds are exact,
//! which they are unless the mode or the range forbids the best way on, little but the answer is looked at; where they are
//! not, the number of partial paths can grow exponentially, within the budget.

use std::cmp::Ordering;
use std::collections::{BinaryHeap, HashMap};
use std::sync::Arc;

use super::path::{Hops, Path, PathMode};
use crate::walk::topology::Step;
use crate::{Budget, Charge, Edge, Interruption, NodeId, Topology};

/// Partial paths that are taken from the budget in one go.
const PARTIALS_PER_RESERVE: usize = 4096;

/// About how many bytes the cost of a node takes.
const SETTLED_BYTES: u64 = 40;

/// What a path costs: the sum over its edges.
#[derive(Clone)]
pub enum Cost {
    /// Each edge costs 1.
    Hops,
    /// Each edge, in canonical form, costs what this says: zero or more.
    Each(Arc<dyn Fn(Edge) -> f64 + Send + Sync>),
}

impl Cost {
    fn of(&self, edge: Edge) -> Result<f64, Interruption> {
        match self {
            Self::Hops => Ok(1.0),
            Self::Each(cost) => Some(cost(edge)).filter(|&cost| cost >= 0.0).ok_or(Interruption::NegativeCost(edge)),
        }
    }
}

impl std::fmt::Debug for Cost {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(if matches!(self, Self::Hops) { "Hops" } else { "Each" })
    }
}

/// The paths of the mode between two nodes, each with its cost: cheapest first, of equal cost those with fewer hops
/// first, and the same order on every run. Take as many as are wanted.
pub fn ranked_paths(
    topology: &Arc<Topology>,
    source: NodeId,
    target: NodeId,
    hops: Hops,
    mode: PathMode,
    cost: Cost,
    budget: &Arc<Budget>,
) -> RankedPaths {
    RankedPaths {
        topology: Arc::clone(topology),
        ends: (source, target),
        hops,
        mode,
        cost,
        budget: Arc::clone(budget),
        bounds: None,
        partials: Vec::new(),
        open: BinaryHeap::new(),
        reserved: 0,
        done: false,
    }
}

/// The paths of [`ranked_paths`].
#[derive(Debug)]
pub struct RankedPaths {
    topology: Arc<Topology>,
    ends: (NodeId, NodeId),
    hops: Hops,
    mode: PathMode,
    cost: Cost,
    budget: Arc<Budget>,
    /// Found when the first path is asked for.
    bounds: Option<Bounds>,
    partials: Vec<Partial>,
    open: BinaryHeap<Open>,
    /// Partial paths taken from the budget.
    reserved: usize,
    done: bool,
}

/// A path from the source, as its last step and the path before it.
#[derive(Clone, Copy, Debug)]
struct Partial {
    /// Index of the path before the last step; its own for the path without steps.
    before: usize,
    /// The last step; for the path without steps, of no meaning but its node.
    edge: Option<Edge>,
    node: NodeId,
    length: u32,
    cost: f64,
}

/// A partial path that waits, with what the whole path will cost at least.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Open {
    cost: f64,
    hops: u32,
    index: usize,
}

impl Eq for Open {}

/// The heap gives the greatest: so the cheapest, then the one with the fewest hops, then the newest, which is nearest to
/// its end.
impl Ord for Open {
    fn cmp(&self, other: &Self) -> Ordering {
        let reversed = other.cost.total_cmp(&self.cost).then(other.hops.cmp(&self.hops));
        reversed.then(self.index.cmp(&other.index))
    }
}

impl PartialOrd for Open {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Iterator for RankedPaths {
    type Item = Result<(Path, f64), Interruption>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let found = self.find().transpose();
        self.done = !matches!(found, Some(Ok(_)));
        found
    }
}

impl RankedPaths {
    fn find(&mut self) -> Result<Option<(Path, f64)>, Interruption> {
        if self.bounds.is_none() {
            self.begin()?;
        }
        while let Some(Open { index, .. }) = self.open.pop() {
            let partial = self.partials[index];
            self.extend(index)?;
            if partial.node == self.ends.1 && partial.length >= self.hops.least {
                return Ok(Some((self.path(index), partial.cost)));
            }
        }
        Ok(None)
    }

    fn begin(&mut self) -> Result<(), Interruption> {
        let bounds = Bounds::new(&self.topology, self.ends, self.hops.most, &self.cost, &self.budget)?;
        let bounds = self.bounds.insert(bounds);
        let start = Partial { before: 0, edge: None, node: self.ends.0, length: 0, cost: 0.0 };
        if bounds.hops_from(self.ends.0).is_some_and(|hops| hops <= self.hops.most) {
            self.add(start)?;
        }
        Ok(())
    }

    fn add(&mut self, partial: Partial) -> Result<(), Interruption> {
        let bounds = self.bounds.as_ref().expect("the search has begun");
        let Some(hops) = bounds.hops_from(partial.node) else { return Ok(()) };
        if partial.length.saturating_add(hops) > self.hops.most {
            return Ok(());
        }
        if self.partials.len() == self.reserved {
            let bytes = PARTIALS_PER_RESERVE * (size_of::<Partial>() + size_of::<Open>());
            self.budget.reserve(bytes as u64)?;
            self.reserved += PARTIALS_PER_RESERVE;
        }
        let cost = partial.cost + bounds.cost_from(partial.node);
        self.open.push(Open { cost, hops: partial.length + hops, index: self.partials.len() });
        self.partials.push(partial);
        Ok(())
    }

    /// Adds every path that is one step longer.
    fn extend(&mut self, index: usize) -> Result<(), Interruption> {
        let partial = self.partials[index];
        // A path that must not repeat its end is over once it is there.
        let over = partial.node == self.ends.1
            && match self.mode {
                PathMode::Walk | PathMode::Trail => false,
                PathMode::Acyclic => true,
                PathMode::Simple => partial.length > 0,
            };
        if over || partial.length == self.hops.most {
            return Ok(());
        }
        self.budget.check()?;
        let topology = Arc::clone(&self.topology);
        self.budget.count_neighbors(topology.degree(partial.node) as u64);
        for step in topology.steps(partial.node) {
            let edge = step.edge(partial.node);
            if self.may_step(index, step, edge) {
                let cost = partial.cost + self.cost.of(edge)?;
                let length = partial.length + 1;
                self.add(Partial { before: index, edge: Some(edge), node: step.node, length, cost })?;
            }
        }
        Ok(())
    }

    fn may_step(&self, index: usize, step: Step, edge: Edge) -> bool {
        let mut before = self.before(index);
        match self.mode {
            PathMode::Walk => true,
            PathMode::Trail => before.all(|partial| partial.edge != Some(edge)),
            PathMode::Acyclic => before.all(|partial| partial.node != step.node),
            // Only the first node may come again, where it is the end.
            PathMode::Simple => {
                before.all(|partial| partial.node != step.node || (partial.length == 0 && step.node == self.ends.1))
            }
        }
    }

    /// A partial path and those that it grew from, back to the source.
    fn before(&self, index: usize) -> impl Iterator<Item = &Partial> {
        let earlier = move |partial: &&Partial| (partial.length > 0).then(|| &self.partials[partial.before]);
        std::iter::successors(Some(&self.partials[index]), earlier)
    }

    fn path(&self, index: usize) -> Path {
        let mut path = Path::default();
        for partial in self.before(index) {
            path.nodes.push(partial.node);
            path.edges.extend(partial.edge);
        }
        path.nodes.reverse();
        path.edges.reverse();
        path
    }
}

impl Drop for RankedPaths {
    fn drop(&mut self) {
        self.budget.release((self.reserved * (size_of::<Partial>() + size_of::<Open>())) as u64);
    }
}

/// How far nodes are from the end, at least.
#[derive(Debug)]
struct Bounds {
    hops: Vec<u32>,
    /// Costs of the nodes that are no farther from the end than the source is; `None`: a hop costs 1.
    costs: Option<HashMap<NodeId, f64>>,
    /// What every other node costs at least.
    cost_beyond: f64,
    costs_held: Charge,
    budget: Arc<Budget>,
}

impl Bounds {
    fn new(
        topology: &Arc<Topology>,
        (source, target): (NodeId, NodeId),
        most: u32,
        cost: &Cost,
        budget: &Arc<Budget>,
    ) -> Result<Self, Interruption> {
        let backward = topology.backward(budget)?;
        let node_count = topology.node_count().max(source.index().max(target.index()) + 1);
        budget.reserve(node_count as u64 * 4)?;
        let mut bounds = Self {
            hops: vec![u32::MAX; node_count],
            costs: None,
            cost_beyond: 0.0,
            costs_held: Charge::new(budget),
            budget: Arc::clone(budget),
        };
        bounds.search_hops(&backward, target, most)?;
        if matches!(cost, Cost::Each(_)) && bounds.hops_from(source).is_some() {
            bounds.search_costs(&backward, source, target, cost)?;
        }
        Ok(bounds)
    }

    fn hops_from(&self, node: NodeId) -> Option<u32> {
        self.hops.get(node.index()).copied().filter(|&hops| hops != u32::MAX)
    }

    fn cost_from(&self, node: NodeId) -> f64 {
        match &self.costs {
            None => self.hops_from(node).map_or(f64::INFINITY, f64::from),
            Some(costs) => costs.get(&node).copied().unwrap_or(self.cost_beyond),
        }
    }

    fn search_hops(&mut self, backward: &Topology, target: NodeId, most: u32) -> Result<(), Interruption> {
        self.hops[target.index()] = 0;
        let mut frontier = vec![target];
        let mut hops = 0;
        while !frontier.is_empty() && hops < most {
            self.budget.check()?;
            hops += 1;
            let mut next = Vec::new();
            for node in frontier {
                let ends = backward.ends(node);
                self.budget.count_neighbors(ends.len() as u64);
                for &end in ends {
                    if self.hops[end as usize] == u32::MAX {
                        self.hops[end as usize] = hops;
                        next.push(NodeId::new(end));
                    }
                }
            }
            frontier = next;
        }
        Ok(())
    }

    /// Dijkstra's algorithm from the end, until the source is settled: a node that is not settled by then is as far.
    fn search_costs(
        &mut self,
        backward: &Topology,
        source: NodeId,
        target: NodeId,
        cost: &Cost,
    ) -> Result<(), Interruption> {
        let mut settled = HashMap::new();
        let mut open_held = Charge::new(&self.budget);
        let mut open = BinaryHeap::from([Open { cost: 0.0, hops: 0, index: target.index() }]);
        while let Some(Open { cost: so_far, index, .. }) = open.pop() {
            open_held.shrink(2 * size_of::<Open>() as u64);
            let node = NodeId::new(index as u32);
            if settled.contains_key(&node) {
                continue;
            }
            self.costs_held.grow(SETTLED_BYTES)?;
            settled.insert(node, so_far);
            self.cost_beyond = so_far;
            if node == source {
                break;
            }
            self.budget.check()?;
            self.budget.count_neighbors(backward.degree(node) as u64);
            for step in backward.steps(node).filter(|step| !settled.contains_key(&step.node)) {
                let cost = so_far + cost.of(step.edge(node))?;
                open_held.grow(2 * size_of::<Open>() as u64)?;
                open.push(Open { cost, hops: 0, index: step.node.index() });
            }
        }
        self.costs = Some(settled);
        Ok(())
    }
}

impl Drop for Bounds {
    fn drop(&mut self) {
        self.budget.release(self.hops.len() as u64 * 4);
    }
}
