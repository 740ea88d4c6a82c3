//! The first of each group of rows that agree in some slots.

use std::collections::HashSet;

use super::{Input, Operator};
use crate::executor::compute::{Context, Held, Row};
use crate::fault::Result;
use crate::planner::plan::Slot;
use crate::value::Key;

/// Remembers every row that it gave.
pub(crate) struct Distinct {
    input: Input,
    slots: Vec<Slot>,
    seen: HashSet<Key>,
    held: Held,
}

impl Distinct {
    pub(crate) fn new(input: Input, slots: Vec<Slot>) -> Self {
        Self { input, slots, seen: HashSet::new(), held: Held::nothing() }
    }
}

impl Operator for Distinct {
    fn open(&mut self, context: &Context<'_>, row: &mut Row) -> Result<()> {
        self.seen.clear();
        self.held = Held::nothing();
        self.input.open(context, row)
    }

    fn next(&mut self, context: &Context<'_>, row: &mut Row) -> Result<bool> {
        while self.input.next(context, row)? {
            context.tick()?;
            let key = Key(row.copy(&self.slots));
            if !self.seen.contains(&key) {
                self.held.grow_by_cells(context.budget(), &key.0)?;
                self.seen.insert(key);
                return Ok(true);
            }
        }
        Ok(false)
    }
}
