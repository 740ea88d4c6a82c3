//! Some nodes of a graph with the steps between them, numbered without gaps.

use crate::{Budget, Charge, Interruption, NodeId, NodeSet, Topology};

/// Nodes between two looks at the budget.
const NODES_PER_CHECK: usize = 4096;

/// The part of a [`Topology`] that lies between some nodes. Its nodes are numbered from 0 in order of their ids, and the
/// answers of the algorithms stand in this order. Parallel edges are several steps; a loop is one.
#[derive(Debug)]
pub struct Subgraph {
    nodes: Vec<NodeId>,
    /// `offsets[n]..offsets[n + 1]` are the steps of node `n`.
    offsets: Vec<usize>,
    ends: Vec<u32>,
    undirected: bool,
    /// What the parts above were charged for.
    held: Charge,
}

impl Subgraph {
    /// The steps of the topology between these nodes. Takes time in the number of nodes and their steps.
    pub fn new(topology: &Topology, nodes: &NodeSet, budget: &Budget) -> Result<Self, Interruption> {
        let numbers_needed = topology.node_count().max(nodes.max().map_or(0, |last| last.index() + 1));
        let mut held = Charge::new(budget);
        let _numbers_held = budget.charge(4 * numbers_needed as u64)?;
        held.grow(16 * nodes.len())?;
        let nodes: Vec<NodeId> = nodes.iter().collect();
        let mut numbers = vec![u32::MAX; numbers_needed];
        for (number, node) in (0..).zip(&nodes) {
            numbers[node.index()] = number;
        }
        let (mut offsets, mut ends) = (Vec::with_capacity(nodes.len() + 1), Vec::new());
        offsets.push(0);
        for (place, &node) in nodes.iter().enumerate() {
            if place % NODES_PER_CHECK == 0 {
                budget.check()?;
            }
            let before = ends.len();
            let inside = topology.ends(node).iter().map(|&end| numbers[end as usize]);
            ends.extend(inside.filter(|&number| number != u32::MAX));
            budget.count_neighbors(topology.degree(node) as u64);
            held.grow(4 * (ends.len() - before) as u64)?;
            offsets.push(ends.len());
        }
        Ok(Self { nodes, offsets, ends, undirected: topology.is_undirected(), held })
    }

    /// The nodes in order of their numbers.
    pub fn nodes(&self) -> &[NodeId] {
        &self.nodes
    }

    /// How many nodes there are.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there is no node.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Whether every step has its counterpart.
    pub fn is_undirected(&self) -> bool {
        self.undirected
    }

    /// How many steps there are in all.
    pub fn step_count(&self) -> usize {
        self.ends.len()
    }

    /// The numbers of the nodes one step away, in order, one for each step.
    pub fn ends(&self, node: usize) -> &[u32] {
        &self.ends[self.offsets[node]..self.offsets[node + 1]]
    }

    /// The numbers of the nodes one step away, in order, each once.
    pub fn neighbors(&self, node: usize) -> impl Iterator<Item = u32> + '_ {
        self.ends(node).chunk_by(|a, b| a == b).map(|same| same[0])
    }

    /// How many steps lead from each node.
    pub fn degrees(&self) -> Vec<u64> {
        self.offsets.windows(2).map(|bounds| (bounds[1] - bounds[0]) as u64).collect()
    }

    /// The budget that it was made under.
    pub(super) fn budget(&self) -> &Budget {
        self.held.budget()
    }

    /// The same steps taken from their other end.
    pub(super) fn reversed(&self) -> Result<Self, Interruption> {
        let held = self.budget().charge(16 * self.len() as u64 + 4 * self.ends.len() as u64)?;
        let mut offsets = vec![0; self.len() + 1];
        for &end in &self.ends {
            offsets[end as usize + 1] += 1;
        }
        for node in 0..self.len() {
            offsets[node + 1] += offsets[node];
        }
        let (mut places, mut ends) = (offsets.clone(), vec![0; self.ends.len()]);
        for node in 0..self.len() {
            for &end in self.ends(node) {
                let place = &mut places[end as usize];
                ends[*place] = node as u32;
                *place += 1;
            }
        }
        Ok(Self { nodes: self.nodes.clone(), offsets, ends, undirected: self.undirected, held })
    }
}
