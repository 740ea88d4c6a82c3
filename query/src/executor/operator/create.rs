//! Each row with new nodes and relationships.

use super::{Buffer, Input, Operator, write};
use crate::executor::compute::{Context, Row};
use crate::fault::Result;
use crate::planner::plan::Creation;
use crate::planner::plan::Slot;

/// Makes everything for all rows before it gives the first one.
pub(crate) struct Create {
    input: Input,
    creation: Creation,
    buffer: Buffer,
}

impl Create {
    pub(crate) fn new(input: Input, creation: Creation, mut keep: Vec<Slot>) -> Self {
        keep.extend(creation.fills());
        Self { input, creation, buffer: Buffer::new(keep) }
    }
}

impl Operator for Create {
    fn open(&mut self, context: &Context<'_>, row: &mut Row) -> Result<()> {
        self.buffer.clear();
        self.input.open(context, row)
    }

    fn next(&mut self, context: &Context<'_>, row: &mut Row) -> Result<bool> {
        if self.buffer.begin() {
            self.buffer.push_all(&mut *self.input, context, row)?;
            self.buffer.each(row, |row| {
                context.tick()?;
                write::create(&self.creation, context, row)
            })?;
        }
        Ok(self.buffer.pop(row))
    }
}
