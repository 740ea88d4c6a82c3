//! How the pairs of a set are found: block after block of starts.

use std::ops::Range;
use std::sync::Arc;

use super::block::Block;
use super::search::{Search, Sides};
use crate::{Budget, Interruption};

/// How a further reach changes the set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    And,
    AndNot,
    Or,
}

/// A set of pairs turned so that the starts are the smaller end, ready to be run block after block.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) sides: Arc<Sides>,
    pub(super) search: Search,
    pub(super) others: Vec<(Operation, Search)>,
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
    pub(super) fn for_each_row(&self, mut visit: impl FnMut(u32, usize, usize, &[u64])) -> Result<(), Interruption> {
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
