//! The row as it stands, once.

use super::Operator;
use crate::executor::compute::{Context, Row};
use crate::fault::Result;

/// The bottom of a plan.
#[derive(Default)]
pub(crate) struct Start {
    given: bool,
}

impl Operator for Start {
    fn open(&mut self, _: &Context<'_>, _: &mut Row) -> Result<()> {
        self.given = false;
        Ok(())
    }

    fn next(&mut self, _: &Context<'_>, _: &mut Row) -> Result<bool> {
        Ok(!std::mem::replace(&mut self.given, true))
    }
}
