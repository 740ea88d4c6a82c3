//! The row that operators fill, and the bytes that held rows take.

use std::sync::Arc;

use hopgraph_engine::{Budget, Interruption};

use crate::planner::plan::Slot;
use crate::value::Cell;

/// The one row of a running query. Each operator fills the slots it is responsible for and leaves the others alone,
/// so that nothing is copied on the way up. An operator that keeps rows copies the slots that later ones read.
#[derive(Clone, Debug)]
pub(crate) struct Row(Vec<Cell>);

impl Row {
    /// A row of nulls.
    pub(crate) fn new(width: usize) -> Self {
        Self(vec![Cell::Null; width])
    }

    /// What stands in a slot.
    pub(crate) fn get(&self, slot: Slot) -> &Cell {
        &self.0[slot.0]
    }

    /// Fills a slot.
    pub(crate) fn set(&mut self, slot: Slot, cell: Cell) {
        self.0[slot.0] = cell;
    }

    /// Copies some slots out, to be kept.
    pub(crate) fn copy(&self, slots: &[Slot]) -> Box<[Cell]> {
        slots.iter().map(|&slot| self.get(slot).clone()).collect()
    }

    /// Puts kept cells back into their slots.
    pub(crate) fn restore(&mut self, slots: &[Slot], cells: impl IntoIterator<Item = Cell>) {
        for (&slot, cell) in slots.iter().zip(cells) {
            self.set(slot, cell);
        }
    }
}

/// Bytes taken from the budget for rows that an operator keeps; given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Held {
    budget: Option<Arc<Budget>>,
    bytes: u64,
}

impl Held {
    /// Nothing yet.
    pub(crate) const fn nothing() -> Self {
        Self { budget: None, bytes: 0 }
    }

    /// Takes more.
    pub(crate) fn grow(&mut self, budget: &Arc<Budget>, bytes: u64) -> Result<(), Interruption> {
        budget.reserve(bytes)?;
        self.budget.get_or_insert_with(|| Arc::clone(budget));
        self.bytes += bytes;
        Ok(())
    }

    /// Takes what these cells hold, with the overhead of keeping them in a list.
    pub(crate) fn grow_by_cells(&mut self, budget: &Arc<Budget>, cells: &[Cell]) -> Result<(), Interruption> {
        let own = size_of_val(cells) as u64 + 16;
        self.grow(budget, own + cells.iter().map(Cell::held_bytes).sum::<u64>())
    }

    /// Gives back part of it.
    pub(crate) fn shrink(&mut self, bytes: u64) {
        let bytes = bytes.min(self.bytes);
        if let Some(budget) = &self.budget {
            budget.release(bytes);
        }
        self.bytes -= bytes;
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.shrink(self.bytes);
    }
}
