//! For each row, the rows that a plan makes of it.

use super::{Input, Operator};
use crate::executor::compute::{Context, Row};
use crate::fault::Result;
use crate::planner::plan::Slot;
use crate::value::Cell;

/// Runs a plan again for each row. If it is optional and gives nothing, the row comes once, with nulls.
pub(crate) struct Apply {
    input: Input,
    plan: Input,
    fills: Vec<Slot>,
    optional: bool,
    /// Whether the plan is at work on a row, and whether it gave one.
    running: bool,
    gave: bool,
}

impl Apply {
    pub(crate) fn new(input: Input, plan: Input, fills: Vec<Slot>, optional: bool) -> Self {
        Self { input, plan, fills, optional, running: false, gave: false }
    }
}

impl Operator for Apply {
    fn open(&mut self, context: &Context<'_>, row: &mut Row) -> Result<()> {
        self.running = false;
        self.input.open(context, row)
    }

    fn next(&mut self, context: &Context<'_>, row: &mut Row) -> Result<bool> {
        loop {
            if self.running {
                if self.plan.next(context, row)? {
                    self.gave = true;
                    return Ok(true);
                }
                self.running = false;
                if self.optional && !self.gave {
                    self.fills.iter().for_each(|&slot| row.set(slot, Cell::Null));
                    return Ok(true);
                }
            }
            if !self.input.next(context, row)? {
                return Ok(false);
            }
            context.tick()?;
            self.plan.open(context, row)?;
            (self.running, self.gave) = (true, false);
        }
    }
}
