//! How the pairs of a set are found: block after block of starts, from each start alone, or over components.

use std::ops::Range;
use std::sync::{Arc, Mutex};

use super::block::Block;
use super::search::{Search, Sides};
use super::start_scratch::StartScratch;
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
    /// Memory of searches from single starts that are over.
    pub(super) spare: Mutex<Vec<StartScratch>>,
    /// Whether each start is searched from alone; `None`: as is cheaper.
    pub(super) alone: Option<bool>,
    pub(super) budget: Arc<Budget>,
}

/// Rows of a goal that a block is taken to keep at once when its width is chosen: one for each of some hops.
const ROWS_KEPT: u64 = 3;

impl Plan {
    /// Words of a row for the block that begins at this start.
    pub(super) fn width(&self, first: usize, keeps_rows: bool) -> usize {
        let searches = std::iter::once(&self.search).chain(self.others.iter().map(|(_, search)| search));
        let mut bytes = searches.map(Search::bytes_a_word).max().unwrap_or(0);
        if keeps_rows {
            bytes += ROWS_KEPT * (1 + self.others.len() as u64) * self.sides.goals.len() as u64 * 8;
        }
        self.sides.width(self.sides.starts.len() - first, bytes, &self.budget)
    }

    /// How many pairs each start has, where that is cheaper told otherwise than by blocks of starts.
    pub(super) fn totals(&self) -> Result<Option<Vec<u64>>, Interruption> {
        let nodes_a_start = self.shares_little()?;
        if self.alone.is_none()
            && self.is_closure()
            && let Some(strong) = self.components_for_closure(nodes_a_start)?
        {
            return self.closure_totals(&strong).map(Some);
        }
        nodes_a_start.map(|_| self.totals_of_starts()).transpose()
    }

    /// Calls `visit` with every row: number of hops, position of the goal, position of the block's first start, starts.
    pub(super) fn for_each_row(
        &self,
        mut visit: impl FnMut(u32, usize, usize, &[u64]) -> Result<(), Interruption>,
    ) -> Result<(), Interruption> {
        let mut first = 0;
        if self.others.is_empty() {
            let mut sink = |first: usize, hops: u32, goal: usize, row: &[u64]| visit(hops, goal, first, row);
            return self.search.run(0..self.sides.starts.len(), self.width(0, false), &self.budget, &mut sink);
        }
        while first < self.sides.starts.len() {
            let (block, starts) = self.block(first)?;
            block.rows().try_for_each(|(hops, goal, row)| visit(hops, goal, starts.start, row))?;
            first = starts.end;
        }
        Ok(())
    }

    pub(super) fn starts(&self, first: usize, width: usize) -> Range<usize> {
        first..self.sides.starts.len().min(first + width * 64)
    }

    /// The pairs of the block that begins at this start, with the starts that it takes in.
    pub(super) fn block(&self, first: usize) -> Result<(Block, Range<usize>), Interruption> {
        let mut width = self.width(first, true);
        loop {
            let starts = self.starts(first, width);
            match self.block_of_starts(starts.clone(), width) {
                // How many pairs a block has is known once it is there: fewer starts have fewer.
                Err(Interruption::OutOfMemory { .. }) if width > 1 => width = Sides::narrower(width),
                block => return Ok((block?, starts)),
            }
        }
    }

    /// The pairs of these starts, in rows of so many words.
    pub(super) fn block_of_starts(&self, starts: Range<usize>, width: usize) -> Result<Block, Interruption> {
        let mut block = self.run(&self.search, starts.clone(), width)?;
        for (operation, search) in &self.others {
            let other = self.run(search, starts.clone(), width)?;
            match operation {
                Operation::And => block.retain(&other, true),
                Operation::AndNot => block.retain(&other, false),
                Operation::Or => block.merge(&other)?,
            }
        }
        Ok(block)
    }

    /// What one search finds from these starts.
    pub(super) fn run(&self, search: &Search, starts: Range<usize>, width: usize) -> Result<Block, Interruption> {
        let mut block = Block::new(width, &self.budget);
        let mut sink = |_: usize, hops: u32, goal: usize, row: &[u64]| block.push(hops, goal, row);
        search.run(starts, width, &self.budget, &mut sink)?;
        block.sort();
        Ok(block)
    }
}
