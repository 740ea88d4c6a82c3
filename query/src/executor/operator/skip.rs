//! All rows but the first so many.

use super::{Input, Operator, row_count};
use crate::executor::compute::{Context, Row};
use crate::fault::Result;
use crate::planner::plan::Expression;

/// Passes over rows.
pub(crate) struct Skip {
    input: Input,
    count: Expression,
    left: u64,
}

impl Skip {
    pub(crate) fn new(input: Input, count: Expression) -> Self {
        Self { input, count, left: 0 }
    }
}

impl Operator for Skip {
    fn open(&mut self, context: &Context<'_>, row: &mut Row) -> Result<()> {
        self.left = row_count(&self.count, "SKIP", context, row)?;
        self.input.open(context, row)
    }

    fn next(&mut self, context: &Context<'_>, row: &mut Row) -> Result<bool> {
        while self.left > 0 {
            if !self.input.next(context, row)? {
                return Ok(false);
            }
            self.left -= 1;
        }
        self.input.next(context, row)
    }
}
