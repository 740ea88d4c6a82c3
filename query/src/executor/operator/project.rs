//! Each row with computed values.

use super::{Input, Operator};
use crate::executor::compute::{Context, Row, evaluate};
use crate::fault::Result;
use crate::planner::plan::Expression;
use crate::planner::plan::Slot;

/// Computes expressions into slots.
pub(crate) struct Project {
    input: Input,
    items: Vec<(Slot, Expression)>,
}

impl Project {
    pub(crate) fn new(input: Input, items: Vec<(Slot, Expression)>) -> Self {
        Self { input, items }
    }
}

impl Operator for Project {
    fn open(&mut self, context: &Context<'_>, row: &mut Row) -> Result<()> {
        self.input.open(context, row)
    }

    fn next(&mut self, context: &Context<'_>, row: &mut Row) -> Result<bool> {
        if !self.input.next(context, row)? {
            return Ok(false);
        }
        for (slot, expression) in &self.items {
            let cell = evaluate(expression, context, row)?;
            row.set(*slot, cell);
        }
        Ok(true)
    }
}
