//! Which pairs of ends some path joins, with the least number of hops: breadth-first search from many starts at once.
//!
//! Each start is one bit. A node's row of bits says which starts have reached it, so one pass over the steps advances
//! a whole block of starts ("The More the Merrier: Efficient Multi-Source Graph Traversal", Then et al., PVLDB 8(4),
//! 2014). The starts are whichever end of the pattern has fewer nodes.
//!
//! Exactness. A shortest walk repeats no node, so under every mode a pair at distance d joins in d hops if d lies in the
//! range. Pairs nearer than the range must have a longer path of the mode: [`super::longer`] decides those one by one.
//! Walks need no such care: without the seen-filter, the rows after k passes are exactly the ends of walks of k hops.

use std::sync::Arc;

use rayon::prelude::*;

use super::longer::Longer;
use super::{Hops, Pair, PathMode};
use crate::{Budget, Interruption, NodeId, NodeSet, Topology};

/// Words of a row, widest first: 4,096 starts at once use whole cache lines of every row they touch.
const WIDTHS: [usize; 4] = [64, 16, 4, 1];

/// Rows handled by one parallel task, and between two looks at the budget.
const ROWS_PER_TASK: usize = 1024;

/// A frontier with more steps than one in this many of all is advanced by pulling (Beamer et al., "Direction-Optimizing
/// Breadth-First Search", SC 2012).
const PULL_SHARE: u64 = 8;

/// Every pair of a source and a target that some path of the mode joins, each once, with its least number of hops.
/// The order is by block of starts, then goal, then start, and the same on every run.
pub fn reachable_pairs(
    topology: &Arc<Topology>,
    sources: &NodeSet,
    targets: &NodeSet,
    hops: Hops,
    mode: PathMode,
    budget: &Arc<Budget>,
) -> ReachablePairs {
    let search = Search::new(topology, sources, targets, hops, mode, Arc::clone(budget));
    ReachablePairs { search, next_start: 0, block: Block::default(), goal: 0, pairs: Vec::new().into_iter() }
}

/// How many such pairs there are for each number of hops, without listing them: `counts[h]` pairs have least hops `h`.
pub fn count_reachable_pairs(
    topology: &Arc<Topology>,
    sources: &NodeSet,
    targets: &NodeSet,
    hops: Hops,
    mode: PathMode,
    budget: &Arc<Budget>,
) -> Result<Vec<u64>, Interruption> {
    let search = Search::new(topology, sources, targets, hops, mode, Arc::clone(budget));
    let mut counts = Vec::new();
    let mut next_start = 0;
    while next_start < search.starts.len() {
        next_start = search.run_block(next_start, &mut |hops: u32, _goal: u32, row: &[u64]| {
            let index = hops as usize;
            if counts.len() <= index {
                counts.resize(index + 1, 0);
            }
            counts[index] += row.iter().map(|word| u64::from(word.count_ones())).sum::<u64>();
        })?;
    }
    Ok(counts)
}

/// The pairs of [`reachable_pairs`], found block by block as they are asked for.
#[derive(Debug)]
pub struct ReachablePairs {
    search: Search,
    next_start: usize,
    block: Block,
    /// Position in the goals of the block.
    goal: usize,
    /// The pairs of one goal.
    pairs: std::vec::IntoIter<Pair>,
}

/// The rows found for one block of starts.
#[derive(Debug, Default)]
struct Block {
    first_start: usize,
    /// Goal, hops, and where the row begins; sorted.
    rows: Vec<(u32, u32, usize)>,
    words: Vec<u64>,
    width: usize,
}

impl Iterator for ReachablePairs {
    type Item = Result<Pair, Interruption>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(pair) = self.pairs.next() {
                return Some(Ok(pair));
            }
            if self.goal < self.block.rows.len() {
                self.open_goal();
            } else if self.next_start < self.search.starts.len() {
                if let Err(interruption) = self.open_block() {
                    self.next_start = self.search.starts.len();
                    return Some(Err(interruption));
                }
            } else {
                return None;
            }
        }
    }
}

impl ReachablePairs {
    fn open_block(&mut self) -> Result<(), Interruption> {
        let mut block = Block { first_start: self.next_start, ..Block::default() };
        self.next_start = self.search.run_block(self.next_start, &mut |hops, goal, row| {
            block.rows.push((goal, hops, block.words.len()));
            block.words.extend_from_slice(row);
            block.width = row.len();
        })?;
        block.rows.sort_unstable();
        self.block = block;
        self.goal = 0;
        Ok(())
    }

    /// Turns the rows of the next goal, one for each number of hops, into pairs in order of start.
    fn open_goal(&mut self) {
        let rows = &self.block.rows[self.goal..];
        let goal = rows[0].0;
        let count = rows.iter().take_while(|row| row.0 == goal).count();
        let mut pairs = Vec::new();
        for &(_, hops, begin) in &rows[..count] {
            for bit in bits(&self.block.words[begin..begin + self.block.width]) {
                pairs.push(self.search.pair(self.search.starts[self.block.first_start + bit], goal, hops));
            }
        }
        pairs.sort_unstable();
        self.goal += count;
        self.pairs = pairs.into_iter();
    }
}

/// The positions of the bits of a row.
fn bits(row: &[u64]) -> impl Iterator<Item = usize> + '_ {
    row.iter().enumerate().flat_map(|(index, &word)| {
        let mut rest = word;
        std::iter::from_fn(move || {
            (rest != 0).then(|| {
                let bit = rest.trailing_zeros() as usize;
                rest &= rest - 1;
                index * 64 + bit
            })
        })
    })
}

/// Takes the rows that a block finds: number of hops, goal, starts as bits. A goal may come several times with the same
/// number of hops, but never with the same start.
trait Sink: FnMut(u32, u32, &[u64]) {}
impl<F: FnMut(u32, u32, &[u64])> Sink for F {}

/// One question, turned so that the starts are the smaller end.
#[derive(Debug)]
struct Search {
    topology: Arc<Topology>,
    /// The steps seen from their ends, for pulling.
    backward: Arc<Topology>,
    /// Whether the starts are the targets of the question.
    swapped: bool,
    starts: Vec<u32>,
    goals: Vec<u32>,
    node_count: usize,
    hops: Hops,
    mode: PathMode,
    longer: Longer,
    budget: Arc<Budget>,
}

impl Search {
    fn new(
        topology: &Arc<Topology>,
        sources: &NodeSet,
        targets: &NodeSet,
        hops: Hops,
        mode: PathMode,
        budget: Arc<Budget>,
    ) -> Self {
        let swapped = targets.len() < sources.len();
        let reversed = if topology.is_undirected() { Arc::clone(topology) } else { Arc::new(topology.reversed()) };
        let (topology, backward) =
            if swapped { (reversed, Arc::clone(topology)) } else { (Arc::clone(topology), reversed) };
        let (starts, goals) = if swapped { (targets, sources) } else { (sources, targets) };
        let numbers = |nodes: &NodeSet| nodes.iter().map(NodeId::get).collect::<Vec<_>>();
        let (starts, goals) = (numbers(starts), numbers(goals));
        let last = starts.last().max(goals.last()).map_or(0, |&last| last as usize + 1);
        let node_count = topology.node_count().max(last);
        let longer = Longer::new(Arc::clone(&topology), Arc::clone(&backward), mode);
        Self { topology, backward, swapped, starts, goals, node_count, hops, mode, longer, budget }
    }

    fn pair(&self, start: u32, goal: u32, hops: u32) -> Pair {
        let (source, target) = if self.swapped { (goal, start) } else { (start, goal) };
        Pair { source: NodeId::new(source), target: NodeId::new(target), hops }
    }

    /// Runs the block that begins at this start, and says where the next begins.
    fn run_block(&self, first: usize, sink: &mut impl Sink) -> Result<usize, Interruption> {
        match self.width(self.starts.len() - first) {
            64 => self.run::<64>(first, sink),
            16 => self.run::<16>(first, sink),
            4 => self.run::<4>(first, sink),
            _ => self.run::<1>(first, sink),
        }
    }

    /// The narrowest row that holds the starts that are left, or as wide a one as memory allows.
    fn width(&self, starts_left: usize) -> usize {
        let fits = |width: usize| {
            let bytes = Rows::<1>::bytes(self.node_count) * width as u64;
            self.budget.memory_left().is_none_or(|left| bytes <= left / 2)
        };
        let narrowest = WIDTHS.into_iter().rev().find(|width| width * 64 >= starts_left).unwrap_or(WIDTHS[0]);
        WIDTHS.into_iter().find(|&width| width <= narrowest && fits(width)).unwrap_or(1)
    }

    fn run<const W: usize>(&self, first: usize, sink: &mut impl Sink) -> Result<usize, Interruption> {
        let end = self.starts.len().min(first + W * 64);
        let bytes = Rows::<W>::bytes(self.node_count);
        self.budget.reserve(bytes)?;
        let result = self.search::<W>(&self.starts[first..end], sink);
        self.budget.release(bytes);
        result.map(|()| end)
    }

    fn search<const W: usize>(&self, starts: &[u32], sink: &mut impl Sink) -> Result<(), Interruption> {
        let mut rows = Rows::<W>::new(self.node_count, starts);
        let mut near = Vec::new();
        if self.hops.least == 0 {
            self.give(&rows.frontier, 0, sink);
        } else if self.mode == PathMode::Walk {
            // A walk may come back to its start, which has not been given yet.
            rows.seen.fill([0; W]);
        }
        for hops in 1..=self.hops.most {
            if hops == self.hops.least {
                near = self.near(&rows);
            }
            self.advance(&mut rows, hops)?;
            if hops >= self.hops.least {
                self.give_found(&mut rows, hops, sink);
            } else if rows.active.is_empty() {
                near = self.near(&rows);
            }
            if rows.active.is_empty() {
                break;
            }
        }
        drop(rows);
        self.give_longer(starts, &near, sink)
    }

    /// Gives the goals' rows as they are.
    fn give<const W: usize>(&self, rows: &[[u64; W]], hops: u32, sink: &mut impl Sink) {
        for &goal in &self.goals {
            let row = &rows[goal as usize];
            if *row != [0; W] {
                sink(hops, goal, row);
            }
        }
    }

    /// Gives what this pass has found for the first time.
    fn give_found<const W: usize>(&self, rows: &mut Rows<W>, hops: u32, sink: &mut impl Sink) {
        if self.mode != PathMode::Walk {
            // The seen-filter has left only first arrivals.
            return self.give(&rows.frontier, hops, sink);
        }
        for &goal in &self.goals {
            let (arrived, seen) = (&rows.frontier[goal as usize], &mut rows.seen[goal as usize]);
            let fresh: [u64; W] = std::array::from_fn(|word| arrived[word] & !seen[word]);
            if fresh != [0; W] {
                (0..W).for_each(|word| seen[word] |= fresh[word]);
                sink(hops, goal, &fresh);
            }
        }
    }

    /// The pairs nearer than the range: what has been seen before its least number of hops.
    fn near<const W: usize>(&self, rows: &Rows<W>) -> Vec<(u32, [u64; W])> {
        if self.mode == PathMode::Walk {
            return Vec::new();
        }
        let row = |&goal: &u32| (goal, rows.seen[goal as usize]);
        self.goals.iter().map(row).filter(|(_, row)| *row != [0; W]).collect()
    }

    /// Decides the near pairs, each on its own, and gives those that a longer path joins.
    fn give_longer<const W: usize>(
        &self,
        starts: &[u32],
        near: &[(u32, [u64; W])],
        sink: &mut impl Sink,
    ) -> Result<(), Interruption> {
        let decide = |goal: u32, bit: usize| -> Result<Option<(usize, u32)>, Interruption> {
            let (start, end) = (NodeId::new(starts[bit]), NodeId::new(goal));
            Ok(self.longer.least_hops(start, end, self.hops, &self.budget)?.map(|hops| (bit, hops)))
        };
        let decided = near.par_iter().map(|(goal, row)| {
            self.budget.check()?;
            bits(row).filter_map(|bit| decide(*goal, bit).transpose()).collect::<Result<Vec<_>, _>>()
        });
        let decided: Vec<Vec<(usize, u32)>> = decided.collect::<Result<_, _>>()?;
        for ((goal, _), found) in near.iter().zip(decided) {
            for (bit, hops) in found {
                let mut one = [0; W];
                one[bit / 64] = 1 << (bit % 64);
                sink(hops, *goal, &one);
            }
        }
        Ok(())
    }

    /// One hop: the frontier becomes the rows one step on.
    fn advance<const W: usize>(&self, rows: &mut Rows<W>, hops: u32) -> Result<(), Interruption> {
        let frontier_steps: u64 = rows.active.iter().map(|&node| self.topology.degree(NodeId::new(node)) as u64).sum();
        self.budget.check()?;
        if frontier_steps > self.topology.step_count() / PULL_SHARE {
            self.pull(rows, hops)?;
        } else {
            self.budget.count_neighbors(frontier_steps);
            self.push(rows);
        }
        rows.settle(self.mode != PathMode::Walk);
        Ok(())
    }

    /// Hands each row of the frontier on to the neighbours: good for a thin frontier.
    fn push<const W: usize>(&self, rows: &mut Rows<W>) {
        rows.next.fill([0; W]);
        for &node in &rows.active {
            let row = rows.frontier[node as usize];
            for &end in self.topology.ends(NodeId::new(node)) {
                let next = &mut rows.next[end as usize];
                (0..W).for_each(|word| next[word] |= row[word]);
            }
        }
    }

    /// Lets each node gather the rows of its neighbours: good for a thick frontier, and every node is on its own. At the
    /// last hop only goals matter; a node that every start has reached has nothing left to gather.
    fn pull<const W: usize>(&self, rows: &mut Rows<W>, hops: u32) -> Result<(), Interruption> {
        let last = hops == self.hops.most;
        let seen_filter = self.mode != PathMode::Walk;
        let Rows { frontier, next, seen, full, .. } = rows;
        let gather = |node: usize, next: &mut [u64; W]| {
            *next = [0; W];
            if (last && self.goals.binary_search(&(node as u32)).is_err()) || (seen_filter && seen[node] == *full) {
                return 0;
            }
            let ends = self.backward.ends(NodeId::new(node as u32));
            for &end in ends {
                let row = &frontier[end as usize];
                (0..W).for_each(|word| next[word] |= row[word]);
            }
            ends.len() as u64
        };
        next.par_chunks_mut(ROWS_PER_TASK).enumerate().try_for_each(|(chunk, next)| {
            self.budget.check()?;
            let first = chunk * ROWS_PER_TASK;
            let touched = next.iter_mut().enumerate().map(|(index, row)| gather(first + index, row)).sum();
            self.budget.count_neighbors(touched);
            Ok(())
        })
    }
}

/// The rows of one block: for each node, which starts have reached it.
struct Rows<const W: usize> {
    /// Before the last pass (for walks: which starts have been given for it).
    seen: Vec<[u64; W]>,
    /// By the last pass.
    frontier: Vec<[u64; W]>,
    next: Vec<[u64; W]>,
    /// The nodes whose row of the frontier is not empty, in order.
    active: Vec<u32>,
    /// A row with all starts.
    full: [u64; W],
}

impl<const W: usize> Rows<W> {
    fn bytes(node_count: usize) -> u64 {
        3 * (node_count * W * 8) as u64 + (node_count * 4) as u64
    }

    fn new(node_count: usize, starts: &[u32]) -> Self {
        let mut frontier = vec![[0; W]; node_count];
        let mut full = [0; W];
        for (bit, &start) in starts.iter().enumerate() {
            frontier[start as usize][bit / 64] |= 1 << (bit % 64);
            full[bit / 64] |= 1 << (bit % 64);
        }
        let seen = frontier.clone();
        Self { seen, frontier, next: vec![[0; W]; node_count], active: starts.to_vec(), full }
    }

    /// Makes the next rows the frontier; with the filter, without what was seen before.
    fn settle(&mut self, seen_filter: bool) {
        self.active.clear();
        for (node, (next, seen)) in self.next.iter_mut().zip(&mut self.seen).enumerate() {
            if *next == [0; W] {
                continue;
            }
            if seen_filter {
                (0..W).for_each(|word| {
                    next[word] &= !seen[word];
                    seen[word] |= next[word];
                });
            }
            if *next != [0; W] {
                self.active.push(node as u32);
            }
        }
        std::mem::swap(&mut self.frontier, &mut self.next);
    }
}
