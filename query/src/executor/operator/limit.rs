//! The first so many rows.

use super::{Input, Operator, row_count};
use crate::executor::compute::{Context, Row};
use crate::fault::Result;
use crate::planner::plan::Expression;

/// Asks its input for no more than it needs; but what writes has written, however few of its rows are wanted.
pub(crate) struct Limit {
    input: Input,
    count: Expression,
    /// Whether something below writes: that is done for all rows, however few are asked for.
    writes: bool,
    left: u64,
}

impl Limit {
    pub(crate) fn new(input: Input, count: Expression, writes: bool) -> Self {
        Self { input, count, writes, left: 0 }
    }
}

impl Operator for Limit {
    fn open(&mut self, context: &Context<'_>, row: &mut Row) -> Result<()> {
        self.left = row_count(&self.count, "LIMIT", context, row)?;
        self.input.open(context, row)
    }

    fn next(&mut self, context: &Context<'_>, row: &mut Row) -> Result<bool> {
        if self.left == 0 {
            while self.writes && self.input.next(context, row)? {
                context.tick()?;
            }
            return Ok(false);
        }
        self.left -= 1;
        self.input.next(context, row)
    }
}
