//! The pairs of a set, found block by block, or start by start, as they are asked for.

use std::ops::Range;

use super::block::Block;
use super::path::Pair;
use super::plan::Plan;
use crate::{Charge, Interruption};

/// Pairs that the searches from single starts are to find in one go: their number of starts follows from what those before
/// found, and begins with one, so that few pairs cost little.
const PAIRS_AT_ONCE: usize = 1 << 17;

/// Most starts searched from in one go.
const STARTS_AT_ONCE_MAX: usize = 4096;

/// The pairs of [`super::PairSet::pairs`].
#[derive(Debug)]
pub struct Pairs {
    pending: Pending,
    /// Pairs that are found and have not been given.
    open: std::vec::IntoIter<Pair>,
    /// What those take.
    held: Option<Charge>,
}

/// Where further pairs come from.
#[derive(Debug)]
enum Pending {
    Nowhere,
    Failed(Interruption),
    /// A plan of which it has not been decided how it is run.
    Plan(Box<Plan>),
    Blocks(Box<PairBlocks>),
    Starts(Box<PairStarts>),
}

/// A plan, and how far it has been run.
#[derive(Debug)]
struct PairBlocks {
    plan: Plan,
    next_start: usize,
    block: Option<Block>,
    starts: Range<usize>,
    /// The next row of the block.
    row: usize,
}

/// A plan that is run from each start alone, and how far it has been run.
#[derive(Debug)]
struct PairStarts {
    plan: Plan,
    next_start: usize,
    at_once: usize,
}

impl Pairs {
    pub(super) fn listed(pairs: Vec<Pair>, held: Charge) -> Self {
        Self { pending: Pending::Nowhere, open: pairs.into_iter(), held: Some(held) }
    }

    pub(super) fn failed(interruption: Interruption) -> Self {
        Self { pending: Pending::Failed(interruption), open: Vec::new().into_iter(), held: None }
    }

    pub(super) fn of_plan(plan: Plan) -> Self {
        Self { pending: Pending::Plan(Box::new(plan)), open: Vec::new().into_iter(), held: None }
    }

    /// Further pairs; `None` after the last.
    fn more(&mut self) -> Result<Option<Vec<Pair>>, Interruption> {
        if let Pending::Plan(_) = &self.pending {
            let Pending::Plan(plan) = std::mem::replace(&mut self.pending, Pending::Nowhere) else { return Ok(None) };
            self.pending = if plan.shares_little()?.is_some() {
                Pending::Starts(Box::new(PairStarts { plan: *plan, next_start: 0, at_once: 1 }))
            } else {
                Pending::Blocks(Box::new(PairBlocks { plan: *plan, next_start: 0, block: None, starts: 0..0, row: 0 }))
            };
        }
        self.open = Vec::new().into_iter();
        self.held = None;
        match &mut self.pending {
            Pending::Nowhere | Pending::Plan(_) => Ok(None),
            Pending::Failed(interruption) => Err(interruption.clone()),
            Pending::Blocks(blocks) => blocks.open_goal(),
            Pending::Starts(starts) => {
                let mut held = Charge::new(&starts.plan.budget);
                let pairs = starts.advance(&mut held);
                self.held = Some(held);
                pairs
            }
        }
    }
}

impl Iterator for Pairs {
    type Item = Result<Pair, Interruption>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(pair) = self.open.next() {
                return Some(Ok(pair));
            }
            match self.more() {
                Ok(Some(pairs)) => self.open = pairs.into_iter(),
                Ok(None) => {
                    self.pending = Pending::Nowhere;
                    return None;
                }
                Err(interruption) => {
                    self.pending = Pending::Nowhere;
                    return Some(Err(interruption));
                }
            }
        }
    }
}

impl PairStarts {
    /// The pairs of the next starts.
    fn advance(&mut self, held: &mut Charge) -> Result<Option<Vec<Pair>>, Interruption> {
        let count = self.plan.sides.starts.len();
        if self.next_start == count {
            return Ok(None);
        }
        let (starts, pairs) = loop {
            let starts = self.next_start..count.min(self.next_start + self.at_once);
            match self.plan.pairs_of_starts(starts.clone(), held) {
                // How many pairs a start has is known once they are there: fewer starts have fewer.
                Err(Interruption::OutOfMemory { .. }) if starts.len() > 1 => {
                    self.at_once = starts.len().div_ceil(4);
                    held.resize(0)?;
                }
                pairs => break (starts, pairs?),
            }
        };
        self.next_start = starts.end;
        let pairs_a_start = (pairs.len() / starts.len()).max(1);
        // They stand in lists of tasks and in one of all, each with room to grow.
        let left = self.plan.budget.memory_left().map_or(usize::MAX, |left| left as usize / (4 * size_of::<Pair>()));
        let fitting = (PAIRS_AT_ONCE.min(left) / pairs_a_start).clamp(1, STARTS_AT_ONCE_MAX);
        self.at_once = fitting.min(4 * self.at_once);
        Ok(Some(pairs))
    }
}

impl PairBlocks {
    /// The pairs of the next goal, in order of start; `None` after the last.
    fn open_goal(&mut self) -> Result<Option<Vec<Pair>>, Interruption> {
        loop {
            if let Some(block) = self.block.as_ref().filter(|block| self.row < block.len()) {
                let rows = block.rows_of_goal(self.row);
                self.row = rows.end;
                let mut pairs: Vec<Pair> = block.pairs(rows).map(|place| self.pair(place)).collect();
                pairs.sort_unstable();
                return Ok(Some(pairs));
            }
            self.block = None;
            self.row = 0;
            if self.next_start == self.plan.sides.starts.len() {
                return Ok(None);
            }
            let (block, starts) = self.plan.block(self.next_start)?;
            self.block = Some(block);
            self.next_start = starts.end;
            self.starts = starts;
        }
    }

    fn pair(&self, (hops, goal, bit): (u32, usize, usize)) -> Pair {
        self.plan.sides.pair(goal, self.starts.start + bit, hops)
    }
}
