//! Which pairs one or two hops apart are joined by 3 hops too, a block of starts at once.
//!
//! Take a start s, a goal t ≠ s, and ways s-x-y-t of three edges. Where y ≠ s, the first two edges differ, and the third
//! can only be the second again, walked back: then x = t. So it is enough to know, for each start and each y, whether
//! none, one or several edges come second: several, and one of them is not the third; one, and it is the third exactly
//! if s and t are neighbours. Where the mode forbids repeated nodes, nodes x are counted in place of edges, and loops not
//! at all. Where y = s, the first two edges lead from s back to it, which only trails may: those pairs are neighbours,
//! and decided one by one.

use rayon::prelude::*;

use super::bits::{BitSet, bits, is_empty, subtract};
use super::path::PathMode;
use crate::{Budget, Interruption, NodeId, Topology};

/// Rows handled by one parallel task.
const ROWS_PER_TASK: usize = 1024;

/// How a question is walked.
#[derive(Clone, Copy)]
pub(super) struct Ways<'w> {
    pub(super) forward: &'w Topology,
    pub(super) backward: &'w Topology,
    pub(super) mode: PathMode,
}

impl Ways<'_> {
    /// Whether the rule above holds: not for trails where some steps can be taken back and others cannot.
    pub(super) fn are_ruled(&self) -> bool {
        match self.mode {
            PathMode::Walk => false,
            PathMode::Trail => self.forward.is_undirected() || self.forward.is_one_way(),
            PathMode::Acyclic | PathMode::Simple => true,
        }
    }

    fn repeats_nodes(&self) -> bool {
        self.mode == PathMode::Trail
    }

    /// The nodes that steps to `node` come from: one for each edge, or, where nodes count, for each other node.
    fn sources_of(&self, node: u32) -> impl Iterator<Item = u32> {
        let ends = self.backward.ends(NodeId::new(node));
        let (edges, mut last) = (self.repeats_nodes(), None);
        ends.iter().copied().filter(move |&end| edges || (end != node && last.replace(end) != Some(end)))
    }

    /// Whether the edge of a step to `goal` could have been walked the other way just before.
    fn may_walk_back(&self, from: u32, goal: u32) -> bool {
        from == goal
            || self.forward.is_undirected()
            || (!self.repeats_nodes() && self.forward.connects(NodeId::new(goal), NodeId::new(from)))
    }
}

/// For each node, which starts reach it by 2 hops.
pub(super) struct ThirdHop<const W: usize> {
    /// By one hop, loops included where they count.
    first: Vec<[u64; W]>,
    /// By 2 hops.
    once: Vec<[u64; W]>,
    /// By 2 hops in several ways, as the rule counts them.
    twice: Vec<[u64; W]>,
}

impl<const W: usize> ThirdHop<W> {
    /// Bytes that it takes for so many nodes.
    pub(super) fn bytes(node_count: usize) -> u64 {
        3 * (node_count * W * 8) as u64
    }

    /// From the rows after the first hop.
    pub(super) fn new(
        ways: Ways<'_>,
        starts: &[u32],
        after_one_hop: &[[u64; W]],
        budget: &Budget,
    ) -> Result<Self, Interruption> {
        let mut first = after_one_hop.to_vec();
        let looped =
            |&start: &u32| ways.repeats_nodes() && ways.forward.connects(NodeId::new(start), NodeId::new(start));
        for (bit, &start) in starts.iter().enumerate().filter(|(_, start)| looped(start)) {
            first[start as usize][bit / 64] |= 1 << (bit % 64);
        }
        let is_start = BitSet::from_numbers(starts.iter().copied(), first.len());
        let (mut once, mut twice) = (vec![[0; W]; first.len()], vec![[0; W]; first.len()]);
        let tasks = once.par_chunks_mut(ROWS_PER_TASK).zip(twice.par_chunks_mut(ROWS_PER_TASK)).enumerate();
        tasks.try_for_each(|(task, (once, twice))| {
            budget.check()?;
            let rows = once.iter_mut().zip(twice);
            let mut neighbors = 0;
            for (node, (once, twice)) in (task * ROWS_PER_TASK..).map(|node| node as u32).zip(rows) {
                for from in ways.sources_of(node) {
                    neighbors += 1;
                    let row = &first[from as usize];
                    for word in 0..W {
                        twice[word] |= once[word] & row[word];
                        once[word] |= row[word];
                    }
                }
                if is_start.contains(node)
                    && let Ok(bit) = starts.binary_search(&node)
                {
                    once[bit / 64] &= !(1 << (bit % 64));
                    twice[bit / 64] &= !(1 << (bit % 64));
                }
            }
            budget.count_neighbors(neighbors);
            Ok(())
        })?;
        Ok(Self { first, once, twice })
    }

    /// Of the starts in `row`, all different from the goal, those that 3 hops join to it.
    pub(super) fn joined(&self, ways: Ways<'_>, starts: &[u32], goal: u32, row: &[u64; W]) -> [u64; W] {
        let neighbors = self.first.get(goal as usize).unwrap_or(&[0; W]);
        let mut joined = [0; W];
        for from in ways.sources_of(goal) {
            let (once, twice) = (&self.once[from as usize], &self.twice[from as usize]);
            if ways.may_walk_back(from, goal) {
                (0..W).for_each(|word| joined[word] |= twice[word] | (once[word] & !neighbors[word]));
            } else {
                (0..W).for_each(|word| joined[word] |= once[word]);
            }
        }
        (0..W).for_each(|word| joined[word] &= row[word]);
        if ways.repeats_nodes() {
            let mut left = *row;
            subtract(&mut left, &joined);
            (0..W).for_each(|word| left[word] &= neighbors[word]);
            if !is_empty(&left) {
                for bit in bits(&left).filter(|&bit| returns_first(ways, starts[bit], goal)) {
                    joined[bit / 64] |= 1 << (bit % 64);
                }
            }
        }
        joined
    }
}

/// Whether a trail leads from a start back to it in 2 hops, and on to a neighbour by a third edge.
fn returns_first(ways: Ways<'_>, start: u32, goal: u32) -> bool {
    let (start, goal) = (NodeId::new(start), NodeId::new(goal));
    if ways.forward.multiplicity(start, start) >= 2 {
        return true;
    }
    let on = ways.forward.multiplicity(start, goal);
    let mut neighbors = ways.forward.ends(start).to_vec();
    neighbors.dedup();
    neighbors.retain(|&node| node != start.get());
    neighbors.into_iter().map(NodeId::new).any(|middle| {
        let out = if middle == goal { on - 1 } else { ways.forward.multiplicity(start, middle) };
        let home = ways.backward.multiplicity(start, middle);
        // Where steps can be taken back, way out and way home choose from the same edges, less the one that is kept.
        if ways.forward.is_undirected() { out >= 2 } else { out >= 1 && home >= 1 }
    })
}
