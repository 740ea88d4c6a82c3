//! Each row, after its edits.

use super::{Buffer, Input, Operator, write};
use crate::executor::compute::{Context, Row};
use crate::fault::Result;
use crate::planner::plan::Edit;
use crate::planner::plan::Slot;

/// Carries out SET and REMOVE for all rows before it gives the first one.
pub(crate) struct Set {
    input: Input,
    edits: Vec<Edit>,
    buffer: Buffer,
}

impl Set {
    pub(crate) fn new(input: Input, edits: Vec<Edit>, keep: Vec<Slot>) -> Self {
        Self { input, edits, buffer: Buffer::new(keep) }
    }
}

impl Operator for Set {
    fn open(&mut self, context: &Context<'_>, row: &mut Row) -> Result<()> {
        self.buffer.clear();
        self.input.open(context, row)
    }

    fn next(&mut self, context: &Context<'_>, row: &mut Row) -> Result<bool> {
        if self.buffer.begin() {
            self.buffer.push_all(&mut *self.input, context, row)?;
            self.buffer.each(row, |row| {
                context.tick()?;
                self.edits.iter().try_for_each(|edit| write::apply(edit, context, row))
            })?;
        }
        Ok(self.buffer.pop(row))
    }
}
