//! The rows of one block of starts, and one hop of all of them at once.
//!
//! Each start is one bit. A node's row of bits says which starts have reached it, so one pass over the steps advances
//! a whole block of starts ("The More the Merrier: Efficient Multi-Source Graph Traversal", Then et al., PVLDB 8(4),
//! 2014). A thin frontier hands its rows on to its neighbours; a thick one is advanced the other way round, each node
//! gathering from its neighbours (Beamer et al., "Direction-Optimizing Breadth-First Search", SC 2012), in parallel.

use rayon::prelude::*;

use super::bits::BitSet;
use crate::{Budget, Interruption, NodeId, Topology};

/// Rows handled by one parallel task, and between two looks at the budget.
const ROWS_PER_TASK: usize = 1024;

/// A frontier with more steps than one in this many of all is advanced by pulling.
const PULL_SHARE: u64 = 8;

/// Rows gathered in one go: their loads do not wait for each other.
const GATHERED_AT_ONCE: usize = 4;

/// What one hop is asked for.
#[derive(Clone, Copy)]
pub(super) struct Pass<'p> {
    pub(super) forward: &'p Topology,
    /// The steps seen from their ends, for pulling.
    pub(super) backward: &'p Topology,
    /// Only these nodes matter, because it is the last hop.
    pub(super) only: Option<&'p BitSet>,
    /// Keep only first arrivals: breadth-first search. Without it, rows are the ends of walks.
    pub(super) first_arrivals: bool,
    pub(super) budget: &'p Budget,
}

/// The rows of one block: for each node, which starts have reached it.
pub(super) struct BitRows<const W: usize> {
    /// By any pass so far.
    pub(super) seen: Vec<[u64; W]>,
    /// By the last pass.
    pub(super) frontier: Vec<[u64; W]>,
    /// Where the next pass writes: empty but for the rows of `stale`.
    next: Vec<[u64; W]>,
    /// The nodes whose row of the frontier is not empty.
    pub(super) active: Vec<u32>,
    is_active: BitSet,
    /// The nodes whose row of `next` holds an earlier frontier.
    stale: Vec<u32>,
    /// A row with all starts.
    full: [u64; W],
}

impl<const W: usize> BitRows<W> {
    /// Bytes that rows for so many nodes take.
    pub(super) fn bytes(node_count: usize) -> u64 {
        3 * (node_count * W * 8) as u64 + (node_count * 8 + node_count / 8) as u64
    }

    /// Rows for so many nodes, with nobody in them.
    pub(super) fn new(node_count: usize) -> Self {
        let rows = || vec![[0; W]; node_count];
        let is_active = BitSet::new(node_count);
        let (active, stale) = (Vec::new(), Vec::new());
        Self { seen: rows(), frontier: rows(), next: rows(), active, is_active, stale, full: [0; W] }
    }

    /// Puts every start at itself, and nothing else anywhere.
    pub(super) fn begin(&mut self, starts: &[u32]) {
        if self.full != [0; W] {
            self.seen.fill([0; W]);
            self.full = [0; W];
        }
        self.stale.drain(..).for_each(|node| self.next[node as usize] = [0; W]);
        for node in self.active.drain(..) {
            self.frontier[node as usize] = [0; W];
            self.is_active.remove(node);
        }
        for (bit, &start) in starts.iter().enumerate() {
            let (word, mask) = (bit / 64, 1 << (bit % 64));
            self.frontier[start as usize][word] |= mask;
            self.seen[start as usize][word] |= mask;
            self.full[word] |= mask;
            self.is_active.insert(start);
        }
        self.active.extend_from_slice(starts);
    }

    /// Says that no start has reached any node yet, not even itself: a walk may come back.
    pub(super) fn forget_seen(&mut self) {
        for &node in &self.active {
            self.seen[node as usize] = [0; W];
        }
    }

    /// Says that the frontier is what has been reached first of all, where nothing has been seen before.
    pub(super) fn see_frontier(&mut self) {
        for &node in &self.active {
            self.seen[node as usize] = self.frontier[node as usize];
        }
    }

    /// One hop: the frontier becomes the rows one step on.
    pub(super) fn advance(&mut self, pass: Pass<'_>) -> Result<(), Interruption> {
        pass.budget.check()?;
        let steps: u64 = self.active.iter().map(|&node| pass.forward.degree(NodeId::new(node)) as u64).sum();
        let pulls = steps > pass.forward.step_count() / PULL_SHARE;
        let reached = if pulls { self.pull(pass)? } else { self.push(pass, steps) };
        self.stale = std::mem::take(&mut self.active);
        self.active = reached;
        std::mem::swap(&mut self.frontier, &mut self.next);
        for &node in &self.stale {
            self.is_active.remove(node);
        }
        for &node in &self.active {
            self.is_active.insert(node);
        }
        Ok(())
    }

    /// Hands each row of the frontier on to the neighbours; returns those that it brings somebody.
    fn push(&mut self, pass: Pass<'_>, steps: u64) -> Vec<u32> {
        pass.budget.count_neighbors(steps);
        for &node in &self.stale {
            self.next[node as usize] = [0; W];
        }
        let mut reached = BitSet::new(self.next.len());
        let mut touched = Vec::new();
        for &node in &self.active {
            let row = self.frontier[node as usize];
            for &end in pass.forward.ends(NodeId::new(node)) {
                // A loop brings nobody who has not been here.
                if end == node && pass.first_arrivals {
                    continue;
                }
                let next = &mut self.next[end as usize];
                (0..W).for_each(|word| next[word] |= row[word]);
                if reached.insert(end) {
                    touched.push(end);
                }
            }
        }
        if pass.first_arrivals {
            touched.retain(|&node| keep_first(&mut self.next[node as usize], &mut self.seen[node as usize]));
        }
        touched
    }

    /// Lets each node gather the rows of its neighbours; returns those that it brings somebody. First arrivals are told
    /// from later ones while the rows are at hand.
    fn pull(&mut self, pass: Pass<'_>) -> Result<Vec<u32>, Interruption> {
        let (frontier, full, is_active) = (&self.frontier[..], &self.full, &self.is_active);
        let gather = |node: u32, next: &mut [u64; W], seen: &mut [u64; W]| {
            *next = [0; W];
            // Where every start has been, nobody arrives first.
            let matters = pass.only.is_none_or(|only| only.contains(node)) && !(pass.first_arrivals && *seen == *full);
            let ends = if matters { pass.backward.ends(NodeId::new(node)) } else { &[][..] };
            let loops = pass.first_arrivals.then_some(node);
            let from = ends.iter().copied().filter(|&end| is_active.contains(end) && Some(end) != loops);
            *next = union(frontier, from);
            let kept = if pass.first_arrivals { keep_first(next, seen) } else { *next != [0; W] };
            (kept, ends.len() as u64)
        };
        let seen = self.seen.par_chunks_mut(ROWS_PER_TASK);
        let tasks = self.next.par_chunks_mut(ROWS_PER_TASK).zip(seen).enumerate();
        let reached = tasks.map(|(task, (next, seen))| {
            pass.budget.check()?;
            let mut reached = Vec::new();
            let mut neighbors = 0;
            for (node, (next, seen)) in (task * ROWS_PER_TASK..).zip(next.iter_mut().zip(seen)) {
                let (kept, degree) = gather(node as u32, next, seen);
                neighbors += degree;
                if kept {
                    reached.push(node as u32);
                }
            }
            pass.budget.count_neighbors(neighbors);
            Ok(reached)
        });
        Ok(reached.collect::<Result<Vec<_>, Interruption>>()?.concat())
    }
}

/// Leaves in a row those who have not been here before, and notes them; false if there are none.
fn keep_first<const W: usize>(row: &mut [u64; W], seen: &mut [u64; W]) -> bool {
    for (word, seen) in row.iter_mut().zip(seen) {
        *word &= !*seen;
        *seen |= *word;
    }
    *row != [0; W]
}

/// The union of some rows.
fn union<const W: usize>(rows: &[[u64; W]], nodes: impl Iterator<Item = u32>) -> [u64; W] {
    let mut sum = [0; W];
    let mut waiting = [0_u32; GATHERED_AT_ONCE];
    let mut count = 0;
    for node in nodes {
        waiting[count] = node;
        count += 1;
        if count == GATHERED_AT_ONCE {
            let [a, b, c, d] = waiting.map(|node| &rows[node as usize]);
            (0..W).for_each(|word| sum[word] |= (a[word] | b[word]) | (c[word] | d[word]));
            count = 0;
        }
    }
    for &node in &waiting[..count] {
        let row = &rows[node as usize];
        (0..W).for_each(|word| sum[word] |= row[word]);
    }
    sum
}
