//! The rows of one branch after the other.

use super::{Input, Operator};
use crate::executor::compute::{Context, Row};
use crate::fault::Result;
use crate::planner::plan::Slot;

/// Copies the columns of each branch into those of the whole.
pub(crate) struct Union {
    branches: Vec<(Input, Vec<Slot>)>,
    slots: Vec<Slot>,
    current: usize,
}

impl Union {
    pub(crate) fn new(branches: Vec<(Input, Vec<Slot>)>, slots: Vec<Slot>) -> Self {
        Self { branches, slots, current: 0 }
    }
}

impl Operator for Union {
    fn open(&mut self, context: &Context<'_>, row: &mut Row) -> Result<()> {
        self.current = 0;
        match self.branches.first_mut() {
            Some((branch, _)) => branch.open(context, row),
            None => Ok(()),
        }
    }

    fn next(&mut self, context: &Context<'_>, row: &mut Row) -> Result<bool> {
        while let Some((branch, columns)) = self.branches.get_mut(self.current) {
            if branch.next(context, row)? {
                let cells = row.copy(columns);
                row.restore(&self.slots, cells);
                return Ok(true);
            }
            self.current += 1;
            if let Some((branch, _)) = self.branches.get_mut(self.current) {
                branch.open(context, row)?;
            }
        }
        Ok(false)
    }
}
