//! The first so many rows.

use super::{Input, Operator, row_count};
use crate::executor::compute::{Context, Row};
use crate::fault::Result;
use crate::planner::plan::Expression;

/// Asks its input for no more than it needs.
pub(crate) struct Limit {
    input: Input,
    count: Expression,
    left: u64,
}

impl Limit {
    pub(crate) fn new(input: Input, count: Expression) -> Self {
        Self { input, count, left: 0 }
    }
}

impl Operator for Limit {
    fn open(&mut self, context: &Context<'_>, row: &mut Row) -> Result<()> {
        self.left = row_count(&self.count, "LIMIT", context, row)?;
        self.input.open(context, row)
    }

    fn next(&mut self, context: &Context<'_>, row: &mut Row) -> Result<bool> {
        if self.left == 0 {
            return Ok(false);
        }
        self.left -= 1;
        self.input.next(context, row)
    }
}
