//! Each row, after its deletions.

use std::collections::BTreeMap;

use super::{Buffer, Input, Operator, write};
use crate::executor::compute::{Context, Row, evaluate};
use crate::fault::Result;
use crate::planner::plan::Expression;
use crate::planner::plan::Slot;

/// Gathers what all rows want deleted, then deletes relationships before nodes.
pub(crate) struct Delete {
    input: Input,
    targets: Vec<Expression>,
    detach: bool,
    buffer: Buffer,
}

impl Delete {
    pub(crate) fn new(input: Input, targets: Vec<Expression>, detach: bool, keep: Vec<Slot>) -> Self {
        Self { input, targets, detach, buffer: Buffer::new(keep) }
    }

    fn run(&mut self, context: &Context<'_>, row: &mut Row) -> Result<()> {
        let (mut nodes, mut edges) = (BTreeMap::new(), BTreeMap::new());
        while self.input.next(context, row)? {
            context.tick()?;
            for target in &self.targets {
                let cell = evaluate(target, context, row)?;
                write::collect_targets(&cell, target.span, &mut nodes, &mut edges)
                    .map_err(|failure| failure.at(target.span))?;
            }
            self.buffer.push(context, row)?;
        }
        write::delete(&nodes, &edges, self.detach, context)
    }
}

impl Operator for Delete {
    fn open(&mut self, context: &Context<'_>, row: &mut Row) -> Result<()> {
        self.buffer.clear();
        self.input.open(context, row)
    }

    fn next(&mut self, context: &Context<'_>, row: &mut Row) -> Result<bool> {
        if self.buffer.begin() {
            self.run(context, row)?;
        }
        Ok(self.buffer.pop(row))
    }
}
