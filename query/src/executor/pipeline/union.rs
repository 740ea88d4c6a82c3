//! The rows of one branch after the other.

use super::{Feed, Stage};
use crate::executor::column::{Chunk, Column, Run};
use crate::fault::Result;
use crate::planner::plan::Slot;

/// Hands on the columns of each branch as those of the whole, as values: branches may have other kinds of columns.
pub(super) struct Union {
    pub(super) branches: Vec<(Feed, Vec<Slot>)>,
    pub(super) slots: Vec<Slot>,
    pub(super) current: usize,
}

impl Stage for Union {
    fn next(&mut self, run: &Run<'_, '_>) -> Result<Option<Chunk>> {
        while let Some((branch, columns)) = self.branches.get_mut(self.current) {
            if let Some(chunk) = branch.next(run)? {
                let mut renamed = Chunk::new(chunk.rows);
                for (&from, &to) in columns.iter().zip(&self.slots) {
                    let cells = (0..chunk.rows).map(|row| chunk.cell(from, row)).collect();
                    renamed.set(to, Column::Cells(cells));
                }
                return Ok(Some(renamed));
            }
            self.current += 1;
        }
        Ok(None)
    }
}
