//! For each row, the rows of another line of stages with equal keys: a hash join.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::segment::Segment;
use super::{Feed, Spec, Stage};
use crate::executor::column::{CHUNK_ROWS, Chunk, Column, Kernel, Run};
use crate::executor::compute::Held;
use crate::fault::Result;
use crate::planner::plan::Slot;
use crate::value::{Cell, Key, equals};

/// The rows of `build` are read once and found by their keys.
pub(super) struct Join {
    pub(super) build: Segment,
    /// The keys of the rows that come in, and those of the rows of `build`.
    pub(super) keys: Vec<(Kernel, Kernel)>,
    /// The slots of `build` that somebody reads later, and those of the rows that come in.
    pub(super) fills: Vec<Slot>,
    pub(super) keep: Vec<Slot>,
    pub(super) table: Mutex<Option<Arc<Table>>>,
}

/// Rows by key. A key in which something is null equals none.
pub(super) struct Table {
    rows: Chunk,
    places: HashMap<Key, Vec<u32>>,
    _held: Held,
}

impl Spec for Join {
    fn start(self: Arc<Self>, input: Feed) -> Feed {
        Box::new(Joining {
            spec: self,
            input,
            table: None,
            chunk: Chunk::default(),
            keys: Vec::new(),
            row: 0,
            place: 0,
        })
    }

    fn needs_context(&self) -> bool {
        self.keys.iter().any(|(a, b)| a.needs_context() || b.needs_context())
    }
}

impl Join {
    fn table(&self, run: &Run<'_, '_>) -> Result<Arc<Table>> {
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(table) = &*table {
            return Ok(Arc::clone(table));
        }
        let made = Arc::new(self.build(run)?);
        Ok(Arc::clone(table.insert(made)))
    }

    fn build(&self, run: &Run<'_, '_>) -> Result<Table> {
        let mut feed = self.build.start();
        let mut held = Held::nothing();
        let (mut places, mut columns): (HashMap<Key, Vec<u32>>, Vec<Option<Column>>) = Default::default();
        columns.resize(self.fills.len(), None);
        let mut rows = 0;
        while let Some(chunk) = feed.next(run)? {
            let keys = self.keys.iter().map(|(_, key)| key.evaluate(run, &chunk)).collect::<Result<Vec<_>>>()?;
            for row in 0..chunk.rows {
                if let Some(key) = key(keys.iter().map(|column| column.cell(row))) {
                    held.grow_by_cells(run.budget, &key.0)?;
                    places.entry(key).or_default().push((rows + row) as u32);
                }
            }
            held.grow(run.budget, chunk.bytes())?;
            for (column, &slot) in columns.iter_mut().zip(&self.fills) {
                let more = chunk.get(slot).cloned().unwrap_or(Column::Constant(Cell::Null));
                match column {
                    Some(column) => column.append(rows, &more, chunk.rows),
                    None => *column = Some(more),
                }
            }
            rows += chunk.rows;
        }
        let mut all = Chunk::new(rows);
        for (&slot, column) in self.fills.iter().zip(columns) {
            all.set(slot, column.unwrap_or(Column::Constant(Cell::Null)));
        }
        Ok(Table { rows: all, places, _held: held })
    }
}

/// The values as a key; `None` if one of them is null.
fn key(cells: impl Iterator<Item = Cell>) -> Option<Key> {
    cells.map(|cell| (!cell.is_null()).then_some(cell)).collect::<Option<_>>().map(Key)
}

struct Joining {
    spec: Arc<Join>,
    input: Feed,
    table: Option<Arc<Table>>,
    /// The rows at work with their keys, and how far they have been dealt with.
    chunk: Chunk,
    keys: Vec<Option<Key>>,
    row: usize,
    place: usize,
}

impl Stage for Joining {
    fn next(&mut self, run: &Run<'_, '_>) -> Result<Option<Chunk>> {
        let table = match &self.table {
            Some(table) => Arc::clone(table),
            None => Arc::clone(self.table.insert(self.spec.table(run)?)),
        };
        loop {
            run.budget.check()?;
            if self.row == self.chunk.rows {
                let Some(chunk) = self.input.next(run)? else { return Ok(None) };
                let keys = self.spec.keys.iter().map(|(key, _)| key.evaluate(run, &chunk));
                let keys = keys.collect::<Result<Vec<_>>>()?;
                self.keys = (0..chunk.rows).map(|row| key(keys.iter().map(|column| column.cell(row)))).collect();
                drop(keys);
                (self.chunk, self.row, self.place) = (chunk, 0, 0);
            }
            let (parents, places) = self.matches(&table);
            if !parents.is_empty() {
                let mut joined = self.chunk.gather_slots(&parents, &self.spec.keep);
                for &slot in &self.spec.fills {
                    if let Some(column) = table.rows.get(slot) {
                        joined.set(slot, column.gather(&places));
                    }
                }
                return Ok(Some(joined));
            }
        }
    }
}

impl Joining {
    fn matches(&mut self, table: &Table) -> (Vec<u32>, Vec<u32>) {
        let (mut parents, mut places) = (Vec::new(), Vec::new());
        while self.row < self.chunk.rows && parents.len() < CHUNK_ROWS {
            let found = self.keys[self.row].as_ref().and_then(|key| Some((key, table.places.get_key_value(key)?)));
            // Lists with null in them and NaN have the same key and are not equal.
            let found = found.filter(|(key, (other, _))| {
                key.0.iter().zip(&other.0).all(|(one, other)| equals(one, other) == Some(true))
            });
            let rest = found.map_or(&[][..], |(_, (_, rows))| &rows[self.place..]);
            let taken = rest.len().min(CHUNK_ROWS - parents.len());
            places.extend(&rest[..taken]);
            parents.resize(places.len(), self.row as u32);
            if taken < rest.len() {
                self.place += taken;
            } else {
                (self.row, self.place) = (self.row + 1, 0);
            }
        }
        (parents, places)
    }
}
