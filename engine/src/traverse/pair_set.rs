//! Sets of pairs of ends as values: described first, then counted or listed block by block.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use super::bits::{BitSet, bits, count_ones};
use super::block::Block;
use super::search::{Search, Sides};
use super::{CountedPairs, Pair, Pairs, Reach, solo};
use crate::{Budget, Interruption, NodeId, NodeSet};

/// Pairs of a source and a target that a reach joins, less or plus those that others join.
///
/// Nothing is computed until it is counted or listed, and then a block of starts at a time: however many pairs there
/// are, no more than one block of them is held, and fewer starts go into a block where the budget's memory is short.
///
/// ```
/// use std::sync::Arc;
/// use hopgraph_engine::traverse::{Hops, PairSet, PathMode, Reach};
/// use hopgraph_engine::{Budget, Direction, Edge, NodeId, NodeSet, RelationTypeId, Topology};
///
/// // A ring of five nodes: linked in 2 or 3 hops, and not directly.
/// let edge = |n: u32| Edge {
///     relation: RelationTypeId::new(0), source: NodeId::new(n), target: NodeId::new((n + 1) % 5),
/// };
/// let ring = Arc::new(Topology::from_edges((0..5).map(|n| (edge(n), false)), Direction::Both));
/// let all: NodeSet = (0..5).map(NodeId::new).collect();
/// let reach = Reach { topology: Arc::clone(&ring), hops: Hops { least: 2, most: 3 }, mode: PathMode::Trail };
/// let linked = PairSet::new(reach, &all, &all).and_not(Reach::joined(ring));
/// assert_eq!(linked.count(&Arc::new(Budget::unlimited()))?, [0, 0, 10]);
/// # Ok::<(), hopgraph_engine::Interruption>(())
/// ```
#[derive(Clone, Debug)]
pub struct PairSet<'s> {
    sources: &'s NodeSet,
    targets: &'s NodeSet,
    reach: Reach,
    others: Vec<(Operation, Reach)>,
    different: bool,
}

/// How a further reach changes the set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    And,
    AndNot,
    Or,
}

/// One of the two ends of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Where paths start.
    Source,
    /// Where they end.
    Target,
}

impl<'s> PairSet<'s> {
    /// The pairs of these ends that a reach joins.
    pub fn new(reach: Reach, sources: &'s NodeSet, targets: &'s NodeSet) -> Self {
        Self { sources, targets, reach, others: Vec::new(), different: false }
    }

    /// Keeps the pairs that this reach joins too; their hops stay.
    #[must_use]
    pub fn and(self, reach: Reach) -> Self {
        self.with(Operation::And, reach)
    }

    /// Keeps the pairs that this reach does not join; their hops stay.
    #[must_use]
    pub fn and_not(self, reach: Reach) -> Self {
        self.with(Operation::AndNot, reach)
    }

    /// Adds the pairs that this reach joins; a pair that was there already has the fewer hops of the two.
    #[must_use]
    pub fn or(self, reach: Reach) -> Self {
        self.with(Operation::Or, reach)
    }

    /// Keeps the pairs of two different nodes.
    #[must_use]
    pub fn different(self) -> Self {
        Self { different: true, ..self }
    }

    fn with(mut self, operation: Operation, reach: Reach) -> Self {
        self.others.push((operation, reach));
        self
    }

    /// How many pairs there are for each number of hops: `counts[h]` pairs have least hops `h`.
    pub fn count(&self, budget: &Arc<Budget>) -> Result<Vec<u64>, Interruption> {
        let mut counts = Vec::new();
        match self.solo() {
            Some(question) if self.others.is_empty() => return solo::count(&self.reach, question, budget),
            Some(question) => self.ends(question, budget)?.iter().for_each(|&(_, hops)| add(&mut counts, hops, 1)),
            None => self.plan(budget).for_each_row(|hops, _, _, row| add(&mut counts, hops, count_ones(row)))?,
        }
        Ok(counts)
    }

    /// How many pairs each node of one end has, for each number of hops; in order of node, without those that have none.
    pub fn count_by(&self, end: End, budget: &Arc<Budget>) -> Result<Vec<(NodeId, Vec<u64>)>, Interruption> {
        if let Some(question) = self.solo() {
            if (end == End::Target) == question.against {
                let counts = self.count(budget)?;
                return Ok(if counts.is_empty() { Vec::new() } else { vec![(question.start, counts)] });
            }
            let mut found = self.ends(question, budget)?;
            found.sort_unstable();
            let once = |hops: u32| [vec![0; hops as usize], vec![1]].concat();
            return Ok(found.into_iter().map(|(node, hops)| (node, once(hops))).collect());
        }
        let plan = self.plan(budget);
        let sides = Arc::clone(&plan.sides);
        let by_start = (end == End::Target) == sides.swapped;
        let nodes = if by_start { &sides.starts } else { &sides.goals };
        let bytes = (nodes.len() * size_of::<Vec<u64>>()) as u64;
        budget.reserve(bytes)?;
        let mut counts = vec![Vec::new(); nodes.len()];
        let result = plan.for_each_row(|hops, goal, first, row| {
            if by_start {
                bits(row).for_each(|bit| add(&mut counts[first + bit], hops, 1));
            } else {
                add(&mut counts[goal], hops, count_ones(row));
            }
        });
        budget.release(bytes);
        result?;
        let counted = nodes.iter().map(|&node| NodeId::new(node)).zip(counts);
        Ok(counted.filter(|(_, counts)| !counts.is_empty()).collect())
    }

    /// The pairs, each once. With a single node at one end they come in order of hops; else by block of starts, then
    /// goal, then start. The same on every run.
    pub fn pairs(&self, budget: &Arc<Budget>) -> Pairs {
        let Some(question) = self.solo() else { return Pairs::of_plan(self.plan(budget)) };
        let pair = |(goal, hops)| {
            let (source, target) = if question.against { (goal, question.start) } else { (question.start, goal) };
            Pair { source, target, hops }
        };
        match self.ends(question, budget) {
            Ok(found) => Pairs::listed(found.into_iter().map(pair).collect()),
            Err(interruption) => Pairs::failed(interruption),
        }
    }

    /// The pairs, each with how many paths of the mode have its least number of hops, at most [`u64::MAX`]: for a pair
    /// whose distance is in the range, the number of shortest paths. Parallel edges make different paths. Paths are those
    /// of the reach that the set was made with, so this is not for sets that [`PairSet::or`] has added to: there, a
    /// pair that only another reach joins has 0.
    pub fn pairs_with_path_counts(&self, budget: &Arc<Budget>) -> CountedPairs {
        CountedPairs::new(self.plan(budget), self.reach.clone())
    }

    pub(super) fn plan(&self, budget: &Arc<Budget>) -> Plan {
        let reaches = || std::iter::once(&self.reach).chain(self.others.iter().map(|(_, reach)| reach));
        let node_count = reaches().map(|reach| reach.topology.node_count()).max().unwrap_or(0);
        let sides = Arc::new(Sides::new(self.sources, self.targets, self.different, node_count));
        Plan {
            search: Search::new(&self.reach, &sides),
            others: self.others.iter().map(|(operation, reach)| (*operation, Search::new(reach, &sides))).collect(),
            sides,
            budget: Arc::clone(budget),
        }
    }

    /// What is asked of a single start, where one end is a single node.
    fn solo(&self) -> Option<solo::Question<'s>> {
        let single = |nodes: &NodeSet| if nodes.len() == 1 { nodes.iter().next() } else { None };
        let different = self.different;
        match (single(self.sources), single(self.targets)) {
            (Some(start), _) => Some(solo::Question { start, goals: self.targets, against: false, different }),
            (None, Some(start)) => Some(solo::Question { start, goals: self.sources, against: true, different }),
            (None, None) => None,
        }
    }

    /// The other ends of all pairs, in order of hops.
    fn ends(&self, question: solo::Question<'_>, budget: &Budget) -> Result<Vec<(NodeId, u32)>, Interruption> {
        let mut found = solo::ends(&self.reach, question, budget)?;
        for (operation, reach) in &self.others {
            combine(&mut found, *operation, solo::ends(reach, question, budget)?);
        }
        Ok(found)
    }
}

/// Changes what one start reaches by what it reaches otherwise.
fn combine(found: &mut Vec<(NodeId, u32)>, operation: Operation, other: Vec<(NodeId, u32)>) {
    if operation == Operation::Or {
        let mut other: HashMap<NodeId, u32> = other.into_iter().collect();
        for (goal, hops) in &mut *found {
            *hops = (*hops).min(other.remove(goal).unwrap_or(u32::MAX));
        }
        found.extend(other);
        found.sort_unstable_by_key(|&(goal, hops)| (hops, goal));
        return;
    }
    let limit = other.iter().map(|(goal, _)| goal.index() + 1).max().unwrap_or(0);
    let other = BitSet::from_numbers(other.into_iter().map(|(goal, _)| goal.get()), limit);
    found.retain(|(goal, _)| other.contains(goal.get()) == (operation == Operation::And));
}

/// Adds to what has been counted of a number of hops.
pub(super) fn add(counts: &mut Vec<u64>, hops: u32, count: u64) {
    let index = hops as usize;
    if counts.len() <= index {
        counts.resize(index + 1, 0);
    }
    counts[index] += count;
}

/// A set of pairs turned so that the starts are the smaller end, ready to be run block after block.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) sides: Arc<Sides>,
    search: Search,
    others: Vec<(Operation, Search)>,
    pub(super) budget: Arc<Budget>,
}

/// Rows of a goal that a block is taken to keep at once when its width is chosen: one for each of some hops.
const ROWS_KEPT: u64 = 3;

impl Plan {
    /// Words of a row for the block that begins at this start.
    fn width(&self, first: usize, keeps_rows: bool) -> usize {
        let searches = std::iter::once(&self.search).chain(self.others.iter().map(|(_, search)| search));
        let mut bytes = searches.map(Search::bytes_a_word).max().unwrap_or(0);
        if keeps_rows {
            bytes += ROWS_KEPT * (1 + self.others.len() as u64) * self.sides.goals.len() as u64 * 8;
        }
        self.sides.width(self.sides.starts.len() - first, bytes, &self.budget)
    }

    /// Calls `visit` with every row: number of hops, position of the goal, position of the block's first start, starts.
    fn for_each_row(&self, mut visit: impl FnMut(u32, usize, usize, &[u64])) -> Result<(), Interruption> {
        let mut first = 0;
        if self.others.is_empty() {
            let mut sink = |first: usize, hops: u32, goal: usize, row: &[u64]| visit(hops, goal, first, row);
            return self.search.run(0..self.sides.starts.len(), self.width(0, false), &self.budget, &mut sink);
        }
        while first < self.sides.starts.len() {
            let (block, starts) = self.block(first)?;
            block.rows().for_each(|(hops, goal, row)| visit(hops, goal, starts.start, row));
            self.budget.release(block.bytes());
            first = starts.end;
        }
        Ok(())
    }

    fn starts(&self, first: usize, width: usize) -> Range<usize> {
        first..self.sides.starts.len().min(first + width * 64)
    }

    /// The pairs of the block that begins at this start, with the starts that it takes in. Its bytes are taken from the
    /// budget, and the caller gives them back.
    pub(super) fn block(&self, first: usize) -> Result<(Block, Range<usize>), Interruption> {
        let width = self.width(first, true);
        let starts = self.starts(first, width);
        Ok((self.block_of_starts(starts.clone(), width)?, starts))
    }

    /// The pairs of these starts, in rows of so many words.
    pub(super) fn block_of_starts(&self, starts: Range<usize>, width: usize) -> Result<Block, Interruption> {
        let mut block = self.run(&self.search, starts.clone(), width)?;
        for (operation, search) in &self.others {
            let before = block.bytes();
            let other = self.run(search, starts.clone(), width).inspect_err(|_| self.budget.release(before))?;
            match operation {
                Operation::And => block.retain(&other, true),
                Operation::AndNot => block.retain(&other, false),
                Operation::Or => block.merge(&other),
            }
            self.budget.release(before + other.bytes());
            drop(other);
            self.budget.reserve(block.bytes())?;
        }
        Ok(block)
    }

    /// What one search finds from these starts; its bytes are taken from the budget.
    fn run(&self, search: &Search, starts: Range<usize>, width: usize) -> Result<Block, Interruption> {
        let mut block = Block::new(width);
        let mut sink = |_: usize, hops: u32, goal: usize, row: &[u64]| block.push(hops, goal, row);
        search.run(starts, width, &self.budget, &mut sink)?;
        block.sort();
        self.budget.reserve(block.bytes())?;
        Ok(block)
    }
}
