//! The pairs of a set, found block by block as they are asked for.

use std::ops::Range;

use super::block::Block;
use super::path::Pair;
use super::plan::Plan;
use crate::Interruption;

/// The pairs of [`super::PairSet::pairs`].
#[derive(Debug)]
pub struct Pairs {
    pending: Pending,
    /// The pairs of one goal.
    open: std::vec::IntoIter<Pair>,
}

/// Where further pairs come from.
#[derive(Debug)]
enum Pending {
    Nowhere,
    Failed(Interruption),
    Blocks(Box<Blocks>),
}

/// A plan, and how far it has been run.
#[derive(Debug)]
struct Blocks {
    plan: Plan,
    next_start: usize,
    block: Block,
    starts: Range<usize>,
    /// The next row of the block.
    row: usize,
}

impl Pairs {
    pub(super) fn listed(pairs: Vec<Pair>) -> Self {
        Self { pending: Pending::Nowhere, open: pairs.into_iter() }
    }

    pub(super) fn failed(interruption: Interruption) -> Self {
        Self { pending: Pending::Failed(interruption), open: Vec::new().into_iter() }
    }

    pub(super) fn of_plan(plan: Plan) -> Self {
        let blocks = Blocks { plan, next_start: 0, block: Block::default(), starts: 0..0, row: 0 };
        Self { pending: Pending::Blocks(Box::new(blocks)), open: Vec::new().into_iter() }
    }
}

impl Iterator for Pairs {
    type Item = Result<Pair, Interruption>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(pair) = self.open.next() {
                return Some(Ok(pair));
            }
            let opened = match &mut self.pending {
                Pending::Nowhere => return None,
                Pending::Failed(interruption) => Err(interruption.clone()),
                Pending::Blocks(blocks) => blocks.open_goal(),
            };
            match opened {
                Ok(Some(pairs)) => self.open = pairs.into_iter(),
                Ok(None) => return None,
                Err(interruption) => {
                    self.pending = Pending::Nowhere;
                    return Some(Err(interruption));
                }
            }
        }
    }
}

impl Blocks {
    /// The pairs of the next goal, in order of start; `None` after the last.
    fn open_goal(&mut self) -> Result<Option<Vec<Pair>>, Interruption> {
        while self.row == self.block.len() {
            if self.next_start == self.plan.sides.starts.len() {
                return Ok(None);
            }
            self.forget_block();
            (self.block, self.starts) = self.plan.block(self.next_start)?;
            self.next_start = self.starts.end;
        }
        let rows = self.block.rows_of_goal(self.row);
        self.row = rows.end;
        let mut pairs: Vec<Pair> = self.block.pairs(rows).map(|place| self.pair(place)).collect();
        pairs.sort_unstable();
        Ok(Some(pairs))
    }

    fn pair(&self, (hops, goal, bit): (u32, usize, usize)) -> Pair {
        self.plan.sides.pair(goal, self.starts.start + bit, hops)
    }

    fn forget_block(&mut self) {
        self.plan.budget.release(self.block.bytes());
        self.block = Block::default();
        self.row = 0;
    }
}

impl Drop for Blocks {
    fn drop(&mut self) {
        self.forget_block();
    }
}
