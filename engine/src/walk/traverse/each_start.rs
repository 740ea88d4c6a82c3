//! A set of pairs found from one start after the other, on all cores: for graphs where starts share little of their ways.
//!
//! A block of starts pays where most rows that it hands on hold many of them. In a chain, or an ontology, each node of a
//! level is reached by few; there a list of nodes per start is smaller than any row, and costs what it holds.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::PoisonError;

use rayon::prelude::*;

use super::counted::{Counted, add};
use super::pair_set::combine;
use super::path::Pair;
use super::plan::Plan;
use super::search::{Search, Sides};
use super::start_scratch::StartScratch;
use crate::{Budget, Charge, Interruption, NodeId};

/// Starts of one parallel task.
const STARTS_PER_TASK: usize = if cfg!(test) { 2 } else { 64 };

/// Starts that are tried to tell which way is cheaper.
const PROBES: usize = 3;

/// Nodes that a try looks at before it is taken for a wide search.
const PROBED_NODES_MAX: usize = if cfg!(test) { 4 } else { 1 << 14 };

/// Starts of a widest block.
const BLOCK_STARTS: u64 = 4096;

/// The goals that one start reaches, each with its least number of hops.
type Reached = Vec<(NodeId, u32)>;

impl Search {
    /// Calls `give` with the nodes that a start reaches for the first time at a number of hops, level by level, and with
    /// those goals that only a path joins that is longer than the shortest; nodes that are no goals may be among the former.
    fn search_from(
        &self,
        start: u32,
        counting: bool,
        scratch: &mut StartScratch,
        budget: &Budget,
        give: &mut impl FnMut(u32, &[u32], &[u64]) -> Result<(), Interruption>,
    ) -> Result<(), Interruption> {
        let mut count = Counted::new(budget);
        let mut near = Vec::new();
        scratch.begin(start);
        for hops in 0..=self.hops.most {
            if hops > 0 {
                if self.by_length && hops <= self.hops.least {
                    // Up to the least number of hops, walks may come back to where they were.
                    scratch.forget_seen();
                }
                if counting {
                    scratch.counting_hop(&self.forward, &mut count)?
                } else {
                    scratch.hop(&self.forward, &mut count)?
                }
            }
            if hops >= self.hops.least {
                give(hops, &scratch.frontier, &scratch.ways)?;
            } else if !self.by_length {
                near.extend(scratch.frontier.iter().filter(|&&node| self.sides.wants(start, node)));
            }
            if scratch.frontier.is_empty() {
                break;
            }
        }
        drop(count);
        for goal in near {
            budget.check()?;
            if let Some(hops) = self.longer.least_hops(NodeId::new(start), NodeId::new(goal), self.hops, 0, budget)? {
                give(hops, &[goal], &[0])?;
            }
        }
        Ok(())
    }
}

impl Sides {
    /// Whether a goal makes a pair with a start.
    pub(super) fn wants(&self, start: u32, goal: u32) -> bool {
        self.is_goal.contains(goal) && !(self.different && start == goal)
    }
}

impl Plan {
    /// Whether starts share so little that each is better searched from alone, which a few of them are tried for: then about
    /// how many nodes a start reaches.
    pub(super) fn shares_little(&self) -> Result<Option<u64>, Interruption> {
        let (starts, search) = (&self.sides.starts, &self.search);
        if let Some(alone) = self.alone {
            return Ok(alone.then_some(self.sides.node_count as u64 / 2));
        }
        if starts.len() <= STARTS_PER_TASK {
            return Ok(None);
        }
        let (mut nodes, mut levels, mut is_wide) = (0, 0, false);
        let mut scratch = self.scratch()?;
        let mut count = Counted::new(&self.budget);
        for probe in 0..PROBES {
            scratch.begin(starts[probe * (starts.len() - 1) / (PROBES - 1)]);
            let mut reached = 0;
            for _ in 0..search.hops.most {
                scratch.hop(&search.forward, &mut count)?;
                reached += scratch.frontier.len();
                levels += 1;
                is_wide |= reached > PROBED_NODES_MAX;
                if scratch.frontier.is_empty() || reached > PROBED_NODES_MAX {
                    break;
                }
            }
            nodes += reached as u64;
        }
        self.give_back(scratch);
        let (together, node_count) = (BLOCK_STARTS.min(starts.len() as u64), self.sides.node_count as u64);
        // How many starts a row of a block would hold.
        let shares_little = nodes * together < 2 * levels * node_count;
        Ok(shares_little.then(|| if is_wide { node_count / 2 } else { nodes / PROBES as u64 }))
    }

    /// Memory for a search from one start.
    fn scratch(&self) -> Result<StartScratch, Interruption> {
        let spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner).pop();
        spare.map_or_else(|| StartScratch::new(self.sides.node_count, &self.budget), Ok)
    }

    fn give_back(&self, scratch: StartScratch) {
        self.spare.lock().unwrap_or_else(PoisonError::into_inner).push(scratch);
    }

    /// What `of_task` makes of the starts of each task, in order.
    fn each_task<T: Send>(
        &self,
        starts: Range<usize>,
        of_task: impl Fn(Range<usize>, &mut StartScratch) -> Result<T, Interruption> + Sync,
    ) -> Result<Vec<T>, Interruption> {
        let count = starts.len().div_ceil(STARTS_PER_TASK);
        let task = |task: usize| {
            let first = starts.start + task * STARTS_PER_TASK;
            let mut scratch = self.scratch()?;
            let made = of_task(first..starts.end.min(first + STARTS_PER_TASK), &mut scratch);
            self.give_back(scratch);
            made
        };
        if count == 1 { Ok(vec![task(0)?]) } else { (0..count).into_par_iter().map(task).collect() }
    }

    /// Calls `give` with each number of hops and how many pairs a start has with it; a number may come several times.
    fn tally(
        &self,
        start: usize,
        scratch: &mut StartScratch,
        give: &mut impl FnMut(u32, u64) -> Result<(), Interruption>,
    ) -> Result<(), Interruption> {
        let number = self.sides.starts[start];
        if !self.others.is_empty() {
            let mut held = Charge::new(&self.budget);
            return self.reached(start, scratch, &mut held)?.iter().try_for_each(|(_, hops)| give(*hops, 1));
        }
        self.search.search_from(number, false, scratch, &self.budget, &mut |hops, nodes, _| {
            let wanted = nodes.iter().filter(|&&node| self.sides.wants(number, node)).count();
            if wanted > 0 { give(hops, wanted as u64) } else { Ok(()) }
        })
    }

    /// How many pairs there are for each number of hops.
    pub(super) fn count_each(&self) -> Result<Vec<u64>, Interruption> {
        let tasks = self.each_task(0..self.sides.starts.len(), |starts, scratch| {
            let mut counts = Vec::new();
            for start in starts {
                self.tally(start, scratch, &mut |hops, pairs| {
                    add(&mut counts, hops, pairs);
                    Ok(())
                })?;
            }
            Ok(counts)
        })?;
        let mut sum = Vec::new();
        for (hops, &pairs) in tasks.iter().flat_map(|counts| (0..).zip(counts)).filter(|(_, pairs)| **pairs > 0) {
            add(&mut sum, hops, pairs);
        }
        Ok(sum)
    }

    /// How many pairs each start has for each number of hops; the lists are taken from `held`.
    pub(super) fn counts_of_starts(&self, held: &mut Charge) -> Result<Vec<Vec<u64>>, Interruption> {
        let tasks = self.each_task(0..self.sides.starts.len(), |starts, scratch| {
            let mut held = Charge::new(&self.budget);
            let mut all = Vec::new();
            for start in starts {
                let mut counts = Vec::new();
                self.tally(start, scratch, &mut |hops, pairs| {
                    let more = (hops as usize + 1).saturating_sub(counts.len());
                    held.make_room(&mut counts, more)?;
                    add(&mut counts, hops, pairs);
                    Ok(())
                })?;
                all.push(counts);
            }
            Ok((all, held))
        })?;
        let mut counts = Vec::with_capacity(self.sides.starts.len());
        for (of_task, task_held) in tasks {
            let bytes = task_held.bytes();
            drop(task_held);
            held.grow(bytes)?;
            counts.extend(of_task);
        }
        Ok(counts)
    }

    /// How many pairs each start has.
    pub(super) fn totals_of_starts(&self) -> Result<Vec<u64>, Interruption> {
        let tasks = self.each_task(0..self.sides.starts.len(), |starts, scratch| {
            let total = |start| {
                let mut total = 0;
                self.tally(start, scratch, &mut |_, pairs| {
                    total += pairs;
                    Ok(())
                })?;
                Ok(total)
            };
            starts.map(total).collect::<Result<Vec<u64>, Interruption>>()
        })?;
        Ok(tasks.concat())
    }

    /// What one start reaches, in order of hops, then goal; the list is taken from `held`.
    fn reached(&self, start: usize, scratch: &mut StartScratch, held: &mut Charge) -> Result<Reached, Interruption> {
        let mut found = self.reached_by(&self.search, start, scratch, held)?;
        for (operation, search) in &self.others {
            let mut other_held = Charge::new(&self.budget);
            let other = self.reached_by(search, start, scratch, &mut other_held)?;
            held.make_room(&mut found, other.len())?;
            // A set of them, or a map.
            other_held.grow(32 * other.len() as u64)?;
            combine(&mut found, *operation, other);
        }
        Ok(found)
    }

    fn reached_by(
        &self,
        search: &Search,
        start: usize,
        scratch: &mut StartScratch,
        held: &mut Charge,
    ) -> Result<Reached, Interruption> {
        let number = self.sides.starts[start];
        let mut found = Reached::new();
        search.search_from(number, false, scratch, &self.budget, &mut |hops, nodes, _| {
            held.make_room(&mut found, nodes.len())?;
            let wanted = nodes.iter().filter(|&&node| self.sides.wants(number, node));
            found.extend(wanted.map(|&node| (NodeId::new(node), hops)));
            Ok(())
        })?;
        found.sort_unstable_by_key(|&(goal, hops)| (hops, goal));
        Ok(found)
    }

    /// What one start reaches, each goal with how many paths of the set's first reach have its least number of hops; 0 where
    /// that is not known.
    fn counted(
        &self,
        start: usize,
        scratch: &mut StartScratch,
        held: &mut Charge,
    ) -> Result<Vec<(NodeId, u32, u64)>, Interruption> {
        let number = self.sides.starts[start];
        let mut counted = Vec::new();
        scratch.count_ways()?;
        self.search.search_from(number, true, scratch, &self.budget, &mut |hops, nodes, ways| {
            held.make_room(&mut counted, nodes.len())?;
            let wanted = nodes.iter().zip(ways).filter(|(node, _)| self.sides.wants(number, **node));
            counted.extend(wanted.map(|(&node, &ways)| (NodeId::new(node), hops, ways)));
            Ok(())
        })?;
        counted.sort_unstable_by_key(|&(goal, hops, _)| (hops, goal));
        if self.others.is_empty() {
            return Ok(counted);
        }
        held.grow(64 * counted.len() as u64)?;
        let known: HashMap<(NodeId, u32), u64> =
            counted.iter().map(|&(goal, hops, ways)| ((goal, hops), ways)).collect();
        let ways = |(goal, hops)| (goal, hops, known.get(&(goal, hops)).copied().unwrap_or(0));
        Ok(self.reached(start, scratch, held)?.into_iter().map(ways).collect())
    }

    /// The pairs of some starts, in order of start, hops and goal; the list is taken from `held`.
    pub(super) fn pairs_of_starts(&self, starts: Range<usize>, held: &mut Charge) -> Result<Vec<Pair>, Interruption> {
        let pairs = self.each_task(starts, |starts, scratch| {
            let mut held = Charge::new(&self.budget);
            let mut pairs = Vec::new();
            for start in starts {
                let mut found_held = Charge::new(&self.budget);
                let found = self.reached(start, scratch, &mut found_held)?;
                held.make_room(&mut pairs, found.len())?;
                pairs.extend(found.into_iter().map(|(goal, hops)| self.sides.pair_of(start, goal, hops)));
            }
            Ok((pairs, held))
        })?;
        joined(pairs, held)
    }

    /// The same, each with the number of its paths; 0 where that is not known.
    pub(super) fn counted_pairs_of_starts(
        &self,
        starts: Range<usize>,
        held: &mut Charge,
    ) -> Result<Vec<(Pair, u64)>, Interruption> {
        let pairs = self.each_task(starts, |starts, scratch| {
            let mut held = Charge::new(&self.budget);
            let mut pairs = Vec::new();
            for start in starts {
                let mut found_held = Charge::new(&self.budget);
                let found = self.counted(start, scratch, &mut found_held)?;
                held.make_room(&mut pairs, found.len())?;
                let pair = |(goal, hops, ways)| (self.sides.pair_of(start, goal, hops), ways);
                pairs.extend(found.into_iter().map(pair));
            }
            Ok((pairs, held))
        })?;
        joined(pairs, held)
    }
}

/// The lists of all tasks as one, which is taken from `held`.
fn joined<T>(mut tasks: Vec<(Vec<T>, Charge)>, held: &mut Charge) -> Result<Vec<T>, Interruption> {
    let mut all = Vec::new();
    if tasks.len() == 1
        && let Some((list, task_held)) = tasks.pop()
    {
        let bytes = task_held.bytes();
        drop(task_held);
        held.grow(bytes)?;
        return Ok(list);
    }
    for (list, _task_held) in tasks {
        held.make_room(&mut all, list.len())?;
        all.extend(list);
    }
    Ok(all)
}
