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
use crate::{Budget, Charge, Interruption, NodeId, NodeSet, Topology};

/// Nodes handled by one parallel task.
const NODES_PER_TASK: usize = 1024;

/// Starts of a block, most first; each takes 16 bytes for every node.
const LANES: [usize; 3] = [64, 8, 1];

/// The pairs of [`super::PairSet::pairs_with_path_counts`].
#[derive(Debug)]
pub struct CountedPairs {
    plan: Result<Plan, Interruption>,
    reach: Reach,
    next_start: usize,
    /// Whether each start is searched from alone; decided when the first pair is asked for.
    alone: Option<bool>,
    is_done: bool,
    open: std::vec::IntoIter<(Pair, u64)>,
    /// What the open pairs take.
    held: Option<Charge>,
}

/// Starts searched from in one go where each is searched from alone.
const STARTS_AT_ONCE: usize = 16;

impl CountedPairs {
    pub(super) fn new(plan: Result<Plan, Interruption>, reach: Reach) -> Self {
        Self { plan, reach, next_start: 0, alone: None, is_done: false, open: Vec::new().into_iter(), held: None }
    }

    /// The pairs of the next starts; `None` after the last.
    fn more(&mut self) -> Result<Option<Vec<(Pair, u64)>>, Interruption> {
        let plan = self.plan.as_ref().map_err(Clone::clone)?;
        let (first, count) = (self.next_start, plan.sides.starts.len());
        if first == count {
            return Ok(None);
        }
        let alone = match self.alone {
            Some(alone) => alone,
            None => *self.alone.insert(plan.shares_little()?.is_some()),
        };
        let mut held = Charge::new(&plan.budget);
        let mut pairs;
        if alone {
            self.next_start = count.min(first + STARTS_AT_ONCE);
            pairs = plan.counted_pairs_of_starts(first..self.next_start, &mut held)?;
        } else {
            let fits = |lanes: &usize| {
                let bytes = 16 * plan.sides.node_count as u64 * *lanes as u64;
                plan.budget.memory_left().is_none_or(|left| bytes <= left / 2)
            };
            let lanes = LANES.into_iter().find(fits).unwrap_or(1);
            self.next_start = count.min(first + lanes);
            pairs = self.count_in_lanes(plan, first..self.next_start, lanes, &mut held)?;
        }
        for (pair, count) in pairs.iter_mut().filter(|(_, count)| *count == 0) {
            *count = count_one(&self.reach, *pair, &plan.budget)?;
        }
        self.held = Some(held);
        Ok(Some(pairs))
    }

    /// The pairs of these starts, each with its number of paths, or 0 where they cannot be counted so.
    fn count_in_lanes(
        &self,
        plan: &Plan,
        starts: Range<usize>,
        lanes: usize,
        held: &mut Charge,
    ) -> Result<Vec<(Pair, u64)>, Interruption> {
        let block = plan.block_of_starts(starts.clone(), 1)?;
        let counts = match lanes {
            64 => self.count_lanes::<64>(plan, starts.clone(), &block, held)?,
            8 => self.count_lanes::<8>(plan, starts.clone(), &block, held)?,
            _ => self.count_lanes::<1>(plan, starts.clone(), &block, held)?,
        };
        let mut pairs = Vec::new();
        for ((hops, goal, row), counts) in block.rows().zip(counts) {
            held.make_room(&mut pairs, counts.len())?;
            let bits = bits(row).zip(counts);
            pairs.extend(bits.map(|(bit, count)| (plan.sides.pair(goal, starts.start + bit, hops), count)));
        }
        Ok(pairs)
    }

    /// For each row of the block, the number of paths for each start of the row; 0 where they cannot be counted so.
    fn count_lanes<const L: usize>(
        &self,
        plan: &Plan,
        starts: Range<usize>,
        block: &Block,
        held: &mut Charge,
    ) -> Result<Vec<Vec<u64>>, Interruption> {
        let (forward, backward) = self.reach.both_ways(plan.sides.swapped, &plan.budget)?;
        let starts = &plan.sides.starts[starts];
        let node_count = plan.sides.node_count.max(forward.node_count());
        let _lanes_held = plan.budget.charge(((16 * L + 8) * node_count) as u64)?;
        held.grow((block.len() * size_of::<Vec<u64>>()) as u64)?;
        let mut lanes = Lanes::<L>::new(node_count, starts);
        let mut counts = vec![Vec::new(); block.len()];
        let mut rows: Vec<(u32, usize)> = block.rows().enumerate().map(|(index, (hops, ..))| (hops, index)).collect();
        rows.sort_unstable();
        let mut rows = rows.into_iter().peekable();
        for hops in 0.. {
            if rows.peek().is_none() {
                break;
            }
            if hops > 0 {
                lanes.advance(&backward, self.reach.mode != PathMode::Walk, &plan.budget)?;
            }
            while let Some((_, index)) = rows.next_if(|(of_row, _)| *of_row == hops) {
                let (_, goal, row) = block.row(index);
                let lanes = &lanes.last[plan.sides.goals[goal] as usize];
                let row: Vec<u64> = bits(row).map(|bit| lanes[bit]).collect();
                held.grow(8 * row.capacity() as u64)?;
                counts[index] = row;
            }
        }
        Ok(counts)
    }
}

impl Iterator for CountedPairs {
    type Item = Result<(Pair, u64), Interruption>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(pair) = self.open.next() {
                return Some(Ok(pair));
            }
            if self.is_done {
                return None;
            }
            self.open = Vec::new().into_iter();
            self.held = None;
            match self.more() {
                Ok(Some(pairs)) => self.open = pairs.into_iter(),
                Ok(None) => self.is_done = true,
                Err(interruption) => {
                    self.is_done = true;
                    return Some(Err(interruption));
                }
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
    let ends = Arc::new(Ends::new(&reach.topology, NodeSet::from_iter([target]), hops, budget)?);
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
