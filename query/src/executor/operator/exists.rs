//! Each row with the answer whether a pattern has a match.

use super::{Input, Operator};
use crate::executor::compute::{Context, Row};
use crate::fault::Result;
use crate::planner::plan::Slot;
use crate::value::Cell;

/// Asks the plan of the pattern for one row.
pub(crate) struct Exists {
    input: Input,
    plan: Input,
    slot: Slot,
}

impl Exists {
    pub(crate) fn new(input: Input, plan: Input, slot: Slot) -> Self {
        Self { input, plan, slot }
    }
}

impl Operator for Exists {
    fn open(&mut self, context: &Context<'_>, row: &mut Row) -> Result<()> {
        self.input.open(context, row)
    }

    fn next(&mut self, context: &Context<'_>, row: &mut Row) -> Result<bool> {
        if !self.input.next(context, row)? {
            return Ok(false);
        }
        context.tick()?;
        self.plan.open(context, row)?;
        let found = self.plan.next(context, row)?;
        row.set(self.slot, Cell::Boolean(found));
        Ok(true)
    }
}
