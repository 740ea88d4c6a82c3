//! For each row, each element of a list.

use std::sync::Arc;

use super::{Input, Operator};
use crate::executor::compute::{Context, Row, evaluate};
use crate::fault::Result;
use crate::planner::plan::Expression;
use crate::planner::plan::Slot;
use crate::value::Cell;

/// Null and the empty list give no row; anything else that is no list gives itself.
pub(crate) struct Unwind {
    input: Input,
    list: Expression,
    slot: Slot,
    elements: Arc<[Cell]>,
    place: usize,
}

impl Unwind {
    pub(crate) fn new(input: Input, list: Expression, slot: Slot) -> Self {
        Self { input, list, slot, elements: Arc::new([]), place: 0 }
    }
}

impl Operator for Unwind {
    fn open(&mut self, context: &Context<'_>, row: &mut Row) -> Result<()> {
        self.elements = Arc::new([]);
        self.input.open(context, row)
    }

    fn next(&mut self, context: &Context<'_>, row: &mut Row) -> Result<bool> {
        loop {
            if let Some(cell) = self.elements.get(self.place) {
                self.place += 1;
                context.tick()?;
                row.set(self.slot, cell.clone());
                return Ok(true);
            }
            if !self.input.next(context, row)? {
                return Ok(false);
            }
            self.place = 0;
            self.elements = match evaluate(&self.list, context, row)? {
                Cell::Null => Arc::new([]),
                Cell::List(cells) => cells,
                other => Arc::new([other]),
            };
        }
    }
}
