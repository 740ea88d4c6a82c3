//! One reach from a single start: a queue and a bit for each node, nothing else that grows with the graph.

use std::sync::Arc;

use super::bits::BitSet;
use super::longer::Longer;
use super::{Hops, PathMode, Reach};
use crate::{Budget, Interruption, NodeId, NodeSet, Topology};

/// Neighbours looked at between two looks at the budget.
const NEIGHBORS_PER_CHECK: u64 = 1 << 16;

/// The goals that some path of the mode joins to the start, each with its least number of hops. `against`: the paths
/// lead from the goals to the start. In order of hops.
pub(super) fn ends(
    reach: &Reach,
    start: NodeId,
    goals: &NodeSet,
    against: bool,
    budget: &Budget,
) -> Result<Vec<(NodeId, u32)>, Interruption> {
    let (forward, backward) = reach.both_ways(against);
    let node_count = forward.node_count().max(start.index() + 1);
    let mut walk = Solo {
        forward: &forward,
        goals,
        all_are_goals: goals.len() == node_count as u64 && goals.max().is_some_and(|last| last.index() < node_count),
        hops: reach.hops,
        found: Vec::new(),
        frontier: vec![start.get()],
        bytes: 0,
        budget,
    };
    walk.grow(2 * (node_count / 8))?;
    let result = match reach.mode {
        PathMode::Walk => walk.walks(node_count),
        mode => walk.first_arrivals(start, node_count, &Longer::new(Arc::clone(&forward), backward, mode)),
    };
    let mut found = std::mem::take(&mut walk.found);
    budget.release(walk.bytes);
    result?;
    // Those that only a longer path joins were found last.
    found.sort_by_key(|&(_, hops)| hops);
    Ok(found)
}

struct Solo<'s> {
    forward: &'s Topology,
    goals: &'s NodeSet,
    /// Spares the question whether a node is a goal.
    all_are_goals: bool,
    hops: Hops,
    found: Vec<(NodeId, u32)>,
    /// The nodes of the last hop.
    frontier: Vec<u32>,
    /// Bytes taken from the budget.
    bytes: u64,
    budget: &'s Budget,
}

impl Solo<'_> {
    fn grow(&mut self, bytes: usize) -> Result<(), Interruption> {
        self.budget.reserve(bytes as u64)?;
        self.bytes += bytes as u64;
        Ok(())
    }

    fn is_goal(&self, node: NodeId) -> bool {
        self.all_are_goals || self.goals.contains(node)
    }

    /// Breadth-first search; what is nearer than the range is decided one by one.
    fn first_arrivals(&mut self, start: NodeId, node_count: usize, longer: &Longer) -> Result<(), Interruption> {
        let mut seen = BitSet::new(node_count);
        seen.insert(start.get());
        let mut near = Vec::new();
        for hops in 0..=self.hops.most {
            if hops > 0 {
                self.hop(|end| seen.insert(end))?;
            }
            if self.frontier.is_empty() {
                break;
            }
            if hops < self.hops.least {
                near.extend(self.frontier.iter().copied().map(NodeId::new).filter(|&node| self.is_goal(node)));
            } else {
                self.take_goals(hops, |_| true);
            }
        }
        for goal in near {
            self.budget.check()?;
            let hops = longer.least_hops(start, goal, self.hops, 0, self.budget)?;
            self.found.extend(hops.map(|hops| (goal, hops)));
        }
        Ok(())
    }

    /// Every node that a walk of so many hops ends in, hop after hop.
    fn walks(&mut self, node_count: usize) -> Result<(), Interruption> {
        let mut given = BitSet::new(node_count);
        for hops in 0..=self.hops.most {
            if hops > 0 {
                let mut reached = BitSet::new(node_count);
                self.hop(|end| reached.insert(end))?;
            }
            if self.frontier.is_empty() {
                break;
            }
            if hops >= self.hops.least {
                self.take_goals(hops, |node| given.insert(node));
            }
        }
        Ok(())
    }

    /// Moves the frontier one hop on, to those ends that are new.
    fn hop(&mut self, mut is_new: impl FnMut(u32) -> bool) -> Result<(), Interruption> {
        self.budget.check()?;
        let mut next = Vec::new();
        let (mut neighbors, mut until_check) = (0, NEIGHBORS_PER_CHECK);
        for &node in &self.frontier {
            let ends = self.forward.ends(NodeId::new(node));
            next.extend(ends.iter().copied().filter(|&end| is_new(end)));
            neighbors += ends.len() as u64;
            if neighbors > until_check {
                self.budget.check()?;
                until_check = neighbors + NEIGHBORS_PER_CHECK;
            }
        }
        self.budget.count_neighbors(neighbors);
        self.grow(next.len() * size_of::<(NodeId, u32)>())?;
        self.frontier = next;
        Ok(())
    }

    /// Gives those nodes of the frontier that are goals and that `is_new` lets through.
    fn take_goals(&mut self, hops: u32, mut is_new: impl FnMut(u32) -> bool) {
        let mut found = std::mem::take(&mut self.found);
        let nodes = self.frontier.iter().copied().map(NodeId::new);
        found.extend(nodes.filter(|&node| self.is_goal(node) && is_new(node.get())).map(|node| (node, hops)));
        self.found = found;
    }
}
