//! The rows for which all conditions hold.

use super::{Input, Operator};
use crate::executor::compute::{Context, Row, holds};
use crate::fault::Result;
use crate::planner::plan::Expression;

/// Asks the conditions in order, up to the first that does not hold.
pub(crate) struct Filter {
    input: Input,
    conditions: Vec<Expression>,
}

impl Filter {
    pub(crate) fn new(input: Input, conditions: Vec<Expression>) -> Self {
        Self { input, conditions }
    }

    fn keeps(&self, context: &Context<'_>, row: &mut Row) -> Result<bool> {
        for condition in &self.conditions {
            if !holds(condition, context, row)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

impl Operator for Filter {
    fn open(&mut self, context: &Context<'_>, row: &mut Row) -> Result<()> {
        self.input.open(context, row)
    }

    fn next(&mut self, context: &Context<'_>, row: &mut Row) -> Result<bool> {
        while self.input.next(context, row)? {
            context.tick()?;
            if self.keeps(context, row)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
