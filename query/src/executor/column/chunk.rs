//! Some rows of a running query, by column.

use super::Column;
use crate::planner::plan::Slot;
use crate::value::Cell;

/// How many rows an operator gathers before it hands them on; it may hand on fewer.
pub(in crate::executor) const CHUNK_ROWS: usize = 2048;

/// Rows by column: a slot that nobody reads any more has none.
#[derive(Clone, Debug, Default)]
pub(in crate::executor) struct Chunk {
    pub(in crate::executor) rows: usize,
    columns: Vec<Option<Column>>,
}

impl Chunk {
    /// So many rows without columns.
    pub(in crate::executor) fn new(rows: usize) -> Self {
        Self { rows, columns: Vec::new() }
    }

    /// The column of a slot.
    pub(in crate::executor) fn get(&self, slot: Slot) -> Option<&Column> {
        self.columns.get(slot.0).and_then(Option::as_ref)
    }

    /// Fills a slot.
    pub(in crate::executor) fn set(&mut self, slot: Slot, column: Column) {
        if self.columns.len() <= slot.0 {
            self.columns.resize(slot.0 + 1, None);
        }
        self.columns[slot.0] = Some(column);
    }

    /// The value of a slot in a row; null if the slot has no column.
    pub(in crate::executor) fn cell(&self, slot: Slot, row: usize) -> Cell {
        self.get(slot).map_or(Cell::Null, |column| column.cell(row))
    }

    /// Some of the rows.
    pub(in crate::executor) fn gather(&self, rows: &[u32]) -> Self {
        let columns = self.columns.iter().map(|column| column.as_ref().map(|column| column.gather(rows))).collect();
        Self { rows: rows.len(), columns }
    }

    /// Some of the rows, and only these slots of them.
    pub(in crate::executor) fn gather_slots(&self, rows: &[u32], slots: &[Slot]) -> Self {
        let mut gathered = Self::new(rows.len());
        for &slot in slots {
            if let Some(column) = self.get(slot) {
                gathered.set(slot, column.gather(rows));
            }
        }
        gathered
    }

    /// About how many bytes it takes in memory.
    pub(in crate::executor) fn bytes(&self) -> u64 {
        self.columns.iter().flatten().map(Column::bytes).sum()
    }
}
