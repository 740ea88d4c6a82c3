//! Rows that an operator that writes has taken in before it gives the first one out.

use std::collections::VecDeque;

use super::Operator;
use crate::executor::compute::{Context, Held, Row};
use crate::fault::Result;
use crate::planner::plan::Slot;
use crate::value::Cell;

/// A clause that writes is done with all rows before the next clause sees one; so no clause reads half of what another
/// writes, and none reads what it writes itself.
pub(crate) struct Buffer {
    keep: Vec<Slot>,
    rows: VecDeque<Box<[Cell]>>,
    filled: bool,
    held: Held,
}

impl Buffer {
    /// A buffer of these slots of each row.
    pub(crate) fn new(keep: Vec<Slot>) -> Self {
        Self { keep, rows: VecDeque::new(), filled: false, held: Held::nothing() }
    }

    /// Empties it.
    pub(crate) fn clear(&mut self) {
        self.rows.clear();
        self.filled = false;
        self.held = Held::nothing();
    }

    /// Whether it has to be filled first; asked once.
    pub(crate) fn begin(&mut self) -> bool {
        !std::mem::replace(&mut self.filled, true)
    }

    /// Takes in the row as it stands.
    pub(crate) fn push(&mut self, context: &Context<'_>, row: &Row) -> Result<()> {
        let cells = row.copy(&self.keep);
        self.held.grow_by_cells(context.budget(), &cells)?;
        self.rows.push_back(cells);
        Ok(())
    }

    /// Takes in all rows of an operator.
    pub(crate) fn push_all(&mut self, input: &mut dyn Operator, context: &Context<'_>, row: &mut Row) -> Result<()> {
        while input.next(context, row)? {
            context.tick()?;
            self.push(context, row)?;
        }
        Ok(())
    }

    /// Shows each row to `work`, and keeps what it makes of it.
    pub(crate) fn each(&mut self, row: &mut Row, mut work: impl FnMut(&mut Row) -> Result<()>) -> Result<()> {
        for cells in &mut self.rows {
            row.restore(&self.keep, std::mem::take(cells));
            work(row)?;
            *cells = row.copy(&self.keep);
        }
        Ok(())
    }

    /// Fills in the next row; false if there is none.
    pub(crate) fn pop(&mut self, row: &mut Row) -> bool {
        match self.rows.pop_front() {
            Some(cells) => {
                row.restore(&self.keep, cells);
                true
            }
            None => false,
        }
    }
}
