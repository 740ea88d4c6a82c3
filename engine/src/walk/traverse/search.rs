//! One reach from a block of starts to all goals.
//!
//! Exactness. A shortest walk repeats no node, so under every mode a pair at distance d joins in d hops if d lies in the
//! range. Pairs nearer than the range must have a longer path of the mode. A walk of 2 hops between two different nodes
//! repeats no edge, and no node unless it uses a loop, so the rows after one hop decide all pairs one hop apart at once; [`super::third_hop`] does the same for 3 hops, and [`super::longer`] decides what is left one by one.
//! Walks need no such care: without the seen-filter, the rows after k passes are exactly the ends of walks of k hops; and
//! from the ends of walks of the least number of hops, the shortest ways on give the shortest walks of the range. Where no
//! walk can return at all, all paths are walks.

use std::ops::Range;
use std::sync::Arc;

use rayon::prelude::*;

use super::bits::{self, BitSet, bits};
use super::components::{ComponentKind, Components};
use super::exact_length::ExactLength;
use super::path::{Hops, Pair, PathMode};
use super::reach::{End, Reach};
use super::rows::{BitRows, Pass};
use super::third_hop::{ThirdHop, Ways};
use crate::{Budget, Interruption, NodeId, NodeSet, Topology};

/// Words of a row, widest first: 4,096 starts at once use whole cache lines of every row they touch.
const WIDTHS: [usize; 4] = [64, 16, 4, 1];

/// Up to fewer hops there are rules for the pairs that are nearer than the range.
const LONG_HOPS: u32 = 5;

/// Goals that are looked through in the time that it takes to find the place of one.
const GOALS_A_SEARCH: usize = 16;

/// Words of rows that could be read in the time of a search for one pair, to tell when deciding all at once is cheaper.
const WORDS_A_SEARCH: u64 = 2_000;

/// The two ends of a question, turned so that the starts are the smaller one.
#[derive(Debug)]
pub(super) struct Sides {
    /// Whether the starts are the targets of the question.
    pub(super) swapped: bool,
    /// Whether a pair needs two different nodes.
    pub(super) different: bool,
    pub(super) starts: Vec<u32>,
    pub(super) goals: Vec<u32>,
    pub(super) is_goal: BitSet,
    /// One more than the largest node that matters.
    pub(super) node_count: usize,
}

impl Sides {
    /// `starts`: the end that the starts are to be; else the smaller one.
    pub(super) fn new(
        [sources, targets]: [&NodeSet; 2],
        starts: Option<End>,
        different: bool,
        node_count: usize,
    ) -> Self {
        let swapped = starts.map_or(targets.len() < sources.len(), |starts| starts == End::Target);
        let (starts, goals) = if swapped { (targets, sources) } else { (sources, targets) };
        let numbers = |nodes: &NodeSet| nodes.iter().map(NodeId::get).collect::<Vec<_>>();
        let (starts, goals) = (numbers(starts), numbers(goals));
        let last = starts.last().max(goals.last()).map_or(0, |&last| last as usize + 1);
        let node_count = node_count.max(last);
        let is_goal = BitSet::from_numbers(goals.iter().copied(), node_count);
        Self { swapped, different, starts, goals, is_goal, node_count }
    }

    /// The pair of a goal and a start, both by position.
    pub(super) fn pair(&self, goal: usize, start: usize, hops: u32) -> Pair {
        self.pair_of(start, NodeId::new(self.goals[goal]), hops)
    }

    /// The pair of a start by position and a goal.
    pub(super) fn pair_of(&self, start: usize, goal: NodeId, hops: u32) -> Pair {
        let start = NodeId::new(self.starts[start]);
        let (source, target) = if self.swapped { (goal, start) } else { (start, goal) };
        Pair { source, target, hops }
    }

    /// The narrowest row that holds the starts that are left, or as wide a one as memory allows, where a word of every
    /// row takes so many bytes in all.
    pub(super) fn width(&self, starts_left: usize, bytes_a_word: u64, budget: &Budget) -> usize {
        let fits = |width: usize| budget.memory_left().is_none_or(|left| bytes_a_word * width as u64 <= left / 2);
        let narrowest = WIDTHS.into_iter().rev().find(|width| width * 64 >= starts_left).unwrap_or(WIDTHS[0]);
        WIDTHS.into_iter().find(|&width| width <= narrowest && fits(width)).unwrap_or(1)
    }
}

impl Sides {
    /// The next narrower row.
    pub(super) fn narrower(width: usize) -> usize {
        WIDTHS.into_iter().find(|&narrower| narrower < width).unwrap_or(1)
    }
}

/// Takes the rows that a block finds: number of hops, position of the goal, starts as bits. A goal may come several
/// times with the same number of hops, but never with the same start.
pub(super) trait Sink: FnMut(u32, usize, &[u64]) -> Result<(), Interruption> {}
impl<F: FnMut(u32, usize, &[u64]) -> Result<(), Interruption>> Sink for F {}

/// Takes the same, with the start that the block begins with, by position.
pub(super) trait BlockSink: FnMut(usize, u32, usize, &[u64]) -> Result<(), Interruption> {}
impl<F: FnMut(usize, u32, usize, &[u64]) -> Result<(), Interruption>> BlockSink for F {}

/// One reach, ready to be run from block after block of starts.
#[derive(Debug)]
pub(super) struct Search {
    pub(super) sides: Arc<Sides>,
    pub(super) forward: Arc<Topology>,
    backward: Arc<Topology>,
    pub(super) hops: Hops,
    pub(super) mode: PathMode,
    /// Whether paths of the mode are walks: because it is that mode, or because no walk returns to a node.
    pub(super) by_length: bool,
    pub(super) longer: ExactLength,
}

/// Goals, by position, whose row is not empty.
type NearRows<const W: usize> = Vec<(usize, [u64; W])>;

impl Search {
    pub(super) fn new(reach: &Reach, sides: &Arc<Sides>, budget: &Budget) -> Result<Self, Interruption> {
        let (forward, backward) = reach.both_ways(sides.swapped, budget)?;
        let longer = ExactLength::new(Arc::clone(&forward), Arc::clone(&backward), reach.mode);
        let (hops, mode) = (reach.hops, reach.mode);
        let by_length = mode == PathMode::Walk || is_acyclic_and_long(&forward, hops, budget)?;
        Ok(Self { sides: Arc::clone(sides), forward, backward, hops, mode, by_length, longer })
    }

    /// Bytes that a block takes for each word of its rows, without what its sink keeps.
    pub(super) fn bytes_a_word(&self) -> u64 {
        let near = if self.hops.least > 1 && !self.by_length { self.sides.goals.len() * 8 } else { 0 };
        let third_hop = if self.decides_third_hop() { ThirdHop::<1>::bytes(self.sides.node_count) } else { 0 };
        BitRows::<1>::bytes(self.sides.node_count) + third_hop + near as u64
    }

    fn ways(&self) -> Ways<'_> {
        Ways { forward: &self.forward, backward: &self.backward, mode: self.mode }
    }

    /// Whether 3 hops can be decided for whole rows.
    fn decides_third_hop(&self) -> bool {
        (2..=3).contains(&self.hops.least) && self.hops.most >= 3 && !self.by_length && self.ways().are_ruled()
    }

    /// What decides 3 hops for whole rows, from the rows after one hop, where that is cheaper than a search for each of
    /// the near pairs.
    fn third_hop<const W: usize>(
        &self,
        starts: &[u32],
        rows: &BitRows<W>,
        near: &NearRows<W>,
        budget: &Budget,
    ) -> Result<Option<ThirdHop<W>>, Interruption> {
        let pairs = || near.iter().map(|(_, row)| bits::count_ones(row)).sum::<u64>();
        let pays = || self.hops.least == 3 || pairs() * WORDS_A_SEARCH > self.forward.step_count() * W as u64;
        if !self.decides_third_hop() || !pays() {
            return Ok(None);
        }
        ThirdHop::new(self.ways(), starts, &rows.frontier, budget).map(Some)
    }

    /// Runs the starts in blocks, in rows of so many words. The sink is also told which start a block begins with.
    pub(super) fn run(
        &self,
        starts: Range<usize>,
        width: usize,
        budget: &Budget,
        sink: &mut impl BlockSink,
    ) -> Result<(), Interruption> {
        let bytes = self.bytes_a_word() * width as u64;
        budget.reserve(bytes)?;
        let result = match width {
            64 => self.run_blocks::<64>(starts, budget, sink),
            16 => self.run_blocks::<16>(starts, budget, sink),
            4 => self.run_blocks::<4>(starts, budget, sink),
            _ => self.run_blocks::<1>(starts, budget, sink),
        };
        budget.release(bytes);
        result
    }

    fn run_blocks<const W: usize>(
        &self,
        starts: Range<usize>,
        budget: &Budget,
        sink: &mut impl BlockSink,
    ) -> Result<(), Interruption> {
        // Kept from block to block: fresh memory costs more than clearing.
        let mut rows = BitRows::<W>::new(self.sides.node_count);
        for first in starts.clone().step_by(W * 64) {
            let block = &self.sides.starts[first..starts.end.min(first + W * 64)];
            let mut sink = |hops: u32, goal: usize, row: &[u64]| {
                if !self.sides.different {
                    return sink(first, hops, goal, row);
                }
                let mut others = [0; W];
                others.copy_from_slice(row);
                let others = without(&others, block, self.sides.goals[goal]);
                if bits::is_empty(&others) { Ok(()) } else { sink(first, hops, goal, &others) }
            };
            self.search(block, &mut rows, budget, &mut sink)?;
        }
        Ok(())
    }

    fn search<const W: usize>(
        &self,
        starts: &[u32],
        rows: &mut BitRows<W>,
        budget: &Budget,
        sink: &mut impl Sink,
    ) -> Result<(), Interruption> {
        rows.begin(starts);
        let mut near = Vec::new();
        let mut third_hop = None;
        if self.hops.least == 0 {
            self.give(rows, 0, sink)?;
        } else if self.by_length {
            rows.forget_seen();
        }
        for hops in 1..=self.hops.most {
            if hops == self.hops.least {
                near = self.near(starts, rows);
            }
            if hops == 2 && self.hops.least == 2 {
                self.give_again(&rows.frontier, starts, &mut near, sink)?;
            }
            if hops == 2 {
                third_hop = self.third_hop(starts, rows, &near, budget)?;
            }
            rows.advance(self.pass(hops, budget))?;
            if self.by_length && hops == self.hops.least {
                rows.see_frontier();
            }
            if hops >= self.hops.least {
                self.give(rows, hops, sink)?;
            } else if rows.active.is_empty() {
                near = self.near(starts, rows);
            }
            if rows.active.is_empty() {
                break;
            }
        }
        if let Some(third_hop) = &third_hop {
            self.give_third_hop(third_hop, starts, &mut near, sink)?;
        }
        let decided = if third_hop.is_some() { 3 } else { 2 };
        self.give_longer(starts, &near, decided, budget, sink)
    }

    fn pass<'p>(&'p self, hops: u32, budget: &'p Budget) -> Pass<'p> {
        Pass {
            forward: &self.forward,
            backward: &self.backward,
            only: (hops == self.hops.most).then_some(&self.sides.is_goal),
            first_arrivals: !self.by_length || hops > self.hops.least,
            budget,
        }
    }

    /// Gives the goals' rows of the frontier.
    fn give<const W: usize>(&self, rows: &BitRows<W>, hops: u32, sink: &mut impl Sink) -> Result<(), Interruption> {
        let goals = &self.sides.goals;
        if rows.active.len() < goals.len() / GOALS_A_SEARCH {
            for &node in rows.active.iter().filter(|&&node| self.sides.is_goal.contains(node)) {
                if let Ok(position) = goals.binary_search(&node) {
                    sink(hops, position, &rows.frontier[node as usize])?;
                }
            }
            return Ok(());
        }
        for (position, &goal) in goals.iter().enumerate() {
            let row = &rows.frontier[goal as usize];
            if *row != [0; W] {
                sink(hops, position, row)?;
            }
        }
        Ok(())
    }

    /// The pairs nearer than the range: what has been seen before its least number of hops.
    fn near<const W: usize>(&self, starts: &[u32], rows: &BitRows<W>) -> NearRows<W> {
        if self.by_length {
            return Vec::new();
        }
        let row = |goal: u32| match self.sides.different {
            true => without(&rows.seen[goal as usize], starts, goal),
            false => rows.seen[goal as usize],
        };
        let goals = self.sides.goals.iter().enumerate();
        goals.map(|(position, &goal)| (position, row(goal))).filter(|(_, row)| *row != [0; W]).collect()
    }

    /// Of the pairs one hop apart, gives those that 2 hops join too, by the rows after one hop, and forgets them; a start
    /// at itself is left.
    fn give_again<const W: usize>(
        &self,
        after_one_hop: &[[u64; W]],
        starts: &[u32],
        near: &mut NearRows<W>,
        sink: &mut impl Sink,
    ) -> Result<(), Interruption> {
        let loops =
            |node: u32| self.mode == PathMode::Trail && self.forward.connects(NodeId::new(node), NodeId::new(node));
        let mut looped = [0; W];
        for (bit, _) in starts.iter().enumerate().filter(|(_, start)| loops(**start)) {
            looped[bit / 64] |= 1 << (bit % 64);
        }
        let again = near.par_iter().map(|(position, row)| {
            let goal = self.sides.goals[*position];
            let row = without(row, starts, goal);
            if loops(goal) { row } else { self.with_common_neighbor(after_one_hop, goal, &row, &looped) }
        });
        let again: Vec<[u64; W]> = again.collect();
        for ((position, row), again) in near.iter_mut().zip(again).filter(|(_, again)| *again != [0; W]) {
            sink(2, *position, &again)?;
            bits::subtract(row, &again);
        }
        near.retain(|(_, row)| *row != [0; W]);
        Ok(())
    }

    /// The starts of a row that have a loop, or a neighbour between them and the goal. A row of near pairs has few words
    /// that are not empty, and only those are looked at.
    fn with_common_neighbor<const W: usize>(
        &self,
        after_one_hop: &[[u64; W]],
        goal: u32,
        row: &[u64; W],
        looped: &[u64; W],
    ) -> [u64; W] {
        let mut joined = [0; W];
        for word in (0..W).filter(|&word| row[word] != 0) {
            joined[word] = row[word] & looped[word];
            for &middle in self.backward.ends(NodeId::new(goal)).iter().filter(|&&middle| middle != goal) {
                joined[word] |= row[word] & after_one_hop[middle as usize][word];
                if joined[word] == row[word] {
                    break;
                }
            }
        }
        joined
    }

    /// Of the pairs one or two hops apart, gives those that 3 hops join too, and forgets them; a start at itself is left.
    fn give_third_hop<const W: usize>(
        &self,
        third_hop: &ThirdHop<W>,
        starts: &[u32],
        near: &mut NearRows<W>,
        sink: &mut impl Sink,
    ) -> Result<(), Interruption> {
        let joined = near.par_iter().map(|(position, row)| {
            let goal = self.sides.goals[*position];
            third_hop.joined(self.ways(), starts, goal, &without(row, starts, goal))
        });
        let joined: Vec<[u64; W]> = joined.collect();
        for ((position, row), joined) in near.iter_mut().zip(joined).filter(|(_, joined)| *joined != [0; W]) {
            sink(3, *position, &joined)?;
            bits::subtract(row, &joined);
        }
        near.retain(|(_, row)| *row != [0; W]);
        Ok(())
    }

    /// Decides the near pairs that are left, each on its own, and gives those that a longer path joins. Numbers of hops
    /// up to `decided` are known not to join different nodes.
    fn give_longer<const W: usize>(
        &self,
        starts: &[u32],
        near: &NearRows<W>,
        decided: u32,
        budget: &Budget,
        sink: &mut impl Sink,
    ) -> Result<(), Interruption> {
        // Only what lies in the range has been asked for.
        let decided = if decided >= self.hops.least { decided } else { 0 };
        let decide = |goal: u32, bit: usize| -> Result<Option<(usize, u32)>, Interruption> {
            let (start, end) = (NodeId::new(starts[bit]), NodeId::new(goal));
            let decided = if start == end { 0 } else { decided };
            Ok(self.longer.least_hops(start, end, self.hops, decided, budget)?.map(|hops| (bit, hops)))
        };
        let decided = near.par_iter().map(|(position, row)| {
            budget.check()?;
            let goal = self.sides.goals[*position];
            bits(row).filter_map(|bit| decide(goal, bit).transpose()).collect::<Result<Vec<_>, _>>()
        });
        let decided: Vec<Vec<(usize, u32)>> = decided.collect::<Result<_, _>>()?;
        for ((position, _), found) in near.iter().zip(decided) {
            for (bit, hops) in found {
                let mut one = [0; W];
                one[bit / 64] = 1 << (bit % 64);
                sink(hops, *position, &one)?;
            }
        }
        Ok(())
    }
}

/// Whether no walk of a topology returns, so that the ends of every number of hops are found by going on from those of the
/// number before. Asked only where pairs nearer than the range would be searched for one by one otherwise.
pub(super) fn is_acyclic_and_long(topology: &Topology, hops: Hops, budget: &Budget) -> Result<bool, Interruption> {
    let is_asked = hops.least >= 2 && hops.most >= LONG_HOPS && topology.is_one_way();
    Ok(is_asked && !Components::find(topology, ComponentKind::Strong, budget)?.any_returns())
}

/// A row without the start that is the goal itself.
fn without<const W: usize>(row: &[u64; W], starts: &[u32], goal: u32) -> [u64; W] {
    let mut row = *row;
    if let Ok(bit) = starts.binary_search(&goal) {
        row[bit / 64] &= !(1 << (bit % 64));
    }
    row
}
