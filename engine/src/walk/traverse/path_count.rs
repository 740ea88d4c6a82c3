//! How many paths of least length join the pairs of a set: breadth-first search that adds up the ways in.
//!
//! Between nodes at a distance within the range, those are the shortest paths, and each pass adds what the neighbours'
//! last pass had (as in Brandes, "A Faster Algorithm for Betweenness Centrality", Journal of Mathematical Sociology
//! 25(2), 2001), for a block of starts at once. Under WALK the same sums, without the seen-filter, count walks. Pairs
//! nearer than the range are counted one by one.

use std::ops::Range;
use std::sync::Arc;

use rayon::prelude::*;

use super::bits::bits;
use super::block::Block;
use super::path::{Hops, Pair, PathMode};
use super::paths::{Ends, paths};
use super::plan::Plan;
use super::reach::Reach;
use crate::{Budget, Interruption, NodeId, NodeSet, Topology};

/// Nodes handled by one parallel task.
const NODES_PER_TASK: usize = 1024;

/// Starts of a block, most first; each takes 16 bytes for every node.
const LANES: [usize; 3] = [64, 8, 1];

/// The pairs of [`super::PairSet::pairs_with_path_counts`].
#[derive(Debug)]
pub struct CountedPairs {
    plan: Plan,
    reach: Reach,
    next_start: usize,
    open: std::vec::IntoIter<(Pair, u64)>,
}

impl CountedPairs {
    pub(super) fn new(plan: Plan, reach: Reach) -> Self {
        Self { plan, reach, next_start: 0, open: Vec::new().into_iter() }
    }

    fn open_block(&mut self) -> Result<(), Interruption> {
        let node_count = self.plan.sides.node_count as u64;
        let fits = |lanes: &usize| {
            self.plan.budget.memory_left().is_none_or(|left| 16 * node_count * *lanes as u64 <= left / 2)
        };
        let lanes = LANES.into_iter().find(fits).unwrap_or(1);
        let starts = self.next_start..self.plan.sides.starts.len().min(self.next_start + lanes);
        let block = self.plan.block_of_starts(starts.clone(), 1)?;
        let counts = match lanes {
            64 => self.count_lanes::<64>(starts.clone(), &block),
            8 => self.count_lanes::<8>(starts.clone(), &block),
            _ => self.count_lanes::<1>(starts.clone(), &block),
        };
        let pairs = counts.and_then(|counts| self.pairs(&starts, &block, counts));
        self.plan.budget.release(block.bytes());
        self.open = pairs?.into_iter();
        self.next_start = starts.end;
        Ok(())
    }

    /// For each row of the block, the number of paths for each start of the row; 0 where they cannot be counted so.
    fn count_lanes<const L: usize>(&self, starts: Range<usize>, block: &Block) -> Result<Vec<Vec<u64>>, Interruption> {
        let budget = &*self.plan.budget;
        let bytes = (16 * L * self.plan.sides.node_count) as u64;
        budget.reserve(bytes)?;
        let (forward, backward) = self.reach.both_ways(self.plan.sides.swapped);
        let starts = &self.plan.sides.starts[starts];
        let mut lanes = Lanes::<L>::new(self.plan.sides.node_count.max(forward.node_count()), starts);
        let mut counts = vec![Vec::new(); block.len()];
        let longest = block.rows().map(|(hops, ..)| hops).max().unwrap_or(0);
        for hops in 0..=longest {
            if hops > 0 {
                let result = lanes.advance(&backward, self.reach.mode != PathMode::Walk, budget);
                result.inspect_err(|_| budget.release(bytes))?;
            }
            for (index, (_, goal, row)) in block.rows().enumerate().filter(|(_, row)| row.0 == hops) {
                let lanes = &lanes.last[self.plan.sides.goals[goal] as usize];
                counts[index] = bits(row).map(|bit| lanes[bit]).collect();
            }
        }
        budget.release(bytes);
        Ok(counts)
    }

    fn pairs(
        &self,
        starts: &Range<usize>,
        block: &Block,
        counts: Vec<Vec<u64>>,
    ) -> Result<Vec<(Pair, u64)>, Interruption> {
        let mut pairs = Vec::new();
        for ((hops, goal, row), counts) in block.rows().zip(counts) {
            for (bit, count) in bits(row).zip(counts) {
                let pair = self.plan.sides.pair(goal, starts.start + bit, hops);
                let count = if count == 0 { count_one(&self.reach, pair, &self.plan.budget)? } else { count };
                pairs.push((pair, count));
            }
        }
        Ok(pairs)
    }
}

impl Iterator for CountedPairs {
    type Item = Result<(Pair, u64), Interruption>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(pair) = self.open.next() {
                return Some(Ok(pair));
            }
            if self.next_start == self.plan.sides.starts.len() {
                return None;
            }
            if let Err(interruption) = self.open_block() {
                self.next_start = self.plan.sides.starts.len();
                return Some(Err(interruption));
            }
        }
    }
}

/// How many paths of the mode have exactly the hops of a pair.
fn count_one(reach: &Reach, pair: Pair, budget: &Arc<Budget>) -> Result<u64, Interruption> {
    let Pair { source, target, hops } = pair;
    if hops == 2 && source != target {
        return Ok(count_of_two_hops(reach, source, target));
    }
    let exactly = Hops { least: hops, most: hops };
    let ends = Arc::new(Ends::new(&reach.topology, NodeSet::from_iter([target]), hops));
    let mut count = 0_u64;
    for path in paths(&reach.topology, source, Some(&ends), exactly, reach.mode, &[], budget) {
        path?;
        count += 1;
    }
    Ok(count)
}

/// Between two different nodes, 2 hops repeat no edge, and no node but by a loop.
fn count_of_two_hops(reach: &Reach, source: NodeId, target: NodeId) -> u64 {
    let loops = matches!(reach.mode, PathMode::Walk | PathMode::Trail);
    let middles = reach.topology.ends(source).iter().copied().map(NodeId::new);
    let fitting = middles.filter(|&middle| loops || (middle != source && middle != target));
    fitting.map(|middle| reach.topology.multiplicity(middle, target) as u64).sum()
}

/// For each node, how many ways lead to it from each start of the block.
struct Lanes<const L: usize> {
    /// With exactly the hops of the last pass.
    last: Vec<[u64; L]>,
    next: Vec<[u64; L]>,
    /// By any pass so far, one bit for each start.
    seen: Vec<u64>,
}

impl<const L: usize> Lanes<L> {
    fn new(node_count: usize, starts: &[u32]) -> Self {
        let (mut last, mut seen) = (vec![[0; L]; node_count], vec![0; node_count]);
        for (lane, &start) in starts.iter().enumerate() {
            last[start as usize][lane] = 1;
            seen[start as usize] |= 1 << lane;
        }
        Self { last, next: vec![[0; L]; node_count], seen }
    }

    fn advance(&mut self, backward: &Topology, first_arrivals: bool, budget: &Budget) -> Result<(), Interruption> {
        let Self { last, next, seen } = self;
        let last = &*last;
        let tasks = next.par_chunks_mut(NODES_PER_TASK).zip(seen.par_chunks_mut(NODES_PER_TASK)).enumerate();
        tasks.try_for_each(|(task, (next, seen))| {
            budget.check()?;
            let mut neighbors = 0;
            for (node, (next, seen)) in (task * NODES_PER_TASK..).zip(next.iter_mut().zip(seen)) {
                let ends = backward.ends(NodeId::new(node as u32));
                neighbors += ends.len() as u64;
                *next = sum(last, ends);
                if first_arrivals {
                    keep_first(next, seen);
                }
            }
            budget.count_neighbors(neighbors);
            Ok(())
        })?;
        std::mem::swap(&mut self.last, &mut self.next);
        Ok(())
    }
}

fn sum<const L: usize>(lanes: &[[u64; L]], nodes: &[u32]) -> [u64; L] {
    let mut sum = [0_u64; L];
    for &node in nodes {
        let lanes = &lanes[node as usize];
        (0..L).for_each(|lane| sum[lane] = sum[lane].saturating_add(lanes[lane]));
    }
    sum
}

/// Leaves only the starts that have not been here before, and notes them.
fn keep_first<const L: usize>(lanes: &mut [u64; L], seen: &mut u64) {
    for (lane, count) in lanes.iter_mut().enumerate() {
        if *seen >> lane & 1 == 1 {
            *count = 0;
        } else if *count > 0 {
            *seen |= 1 << lane;
        }
    }
}
