//! The rows in order; with a limit, only those within it.

use std::cmp::Ordering;
use std::sync::Arc;

use super::Stage;
use super::aggregate::Input;
use crate::executor::column::{CHUNK_ROWS, Chunk, Column, Kernel, Run};
use crate::executor::compute::Held;
use crate::fault::Result;
use crate::planner::plan::Slot;
use crate::value::{Cell, order};

/// How many rows beyond the limit may gather before they are thrown out.
const SLACK: usize = 64;

/// What rows are sorted by, and what is kept of them.
pub(super) struct SortSpec {
    /// Each key, and whether the largest comes first.
    pub(super) keys: Vec<(Kernel, bool)>,
    /// The slots that are kept, and whether they hold nodes or null.
    pub(super) keep: Vec<(Slot, bool)>,
    /// How many rows are asked for.
    pub(super) most: usize,
}

/// Reads all of its input. Rows whose keys are equal stay in the order in which they came.
pub(super) struct Sort {
    input: Input,
    spec: Arc<SortSpec>,
    sorted: Option<std::vec::IntoIter<Entry>>,
    held: Held,
}

struct Entry {
    keys: Box<[Cell]>,
    kept: Box<[Cell]>,
}

impl Entry {
    fn bytes(&self) -> u64 {
        let cells = self.keys.iter().chain(&self.kept);
        40 + cells.map(|cell| size_of::<Cell>() as u64 + cell.held_bytes()).sum::<u64>()
    }
}

/// The first rows of a part of the input: in order up to the limit, and then what came since.
struct Top {
    entries: Vec<Entry>,
    /// Whether as many rows are in order as are asked for, so that worse ones need not be looked at.
    full: bool,
    held: Held,
}

impl Top {
    fn new() -> Self {
        Self { entries: Vec::new(), full: false, held: Held::nothing() }
    }

    /// The last of the rows that are asked for.
    fn worst(&self, most: usize) -> Option<&Entry> {
        self.entries.get(most.wrapping_sub(1)).filter(|_| self.full)
    }
}

impl Sort {
    pub(super) fn new(input: Input, spec: SortSpec) -> Self {
        Self { input, spec: Arc::new(spec), sorted: None, held: Held::nothing() }
    }

    fn gather(&mut self, run: &Run<'_, '_>) -> Result<Vec<Entry>> {
        let spec = Arc::clone(&self.spec);
        let parallel = !spec.keys.iter().any(|(key, _)| key.needs_context());
        let mut all = Top::new();
        self.input.gather(
            run,
            parallel,
            Top::new,
            |top, run, chunk| spec.add(top, run, &chunk),
            |top| {
                for entry in top.entries {
                    spec.push(&mut all, run, entry)?;
                }
                Ok(())
            },
        )?;
        spec.cut(&mut all);
        self.held = all.held;
        Ok(all.entries)
    }
}

impl SortSpec {
    fn add(&self, top: &mut Top, run: &Run<'_, '_>, chunk: &Chunk) -> Result<()> {
        if self.most == 0 {
            return Ok(());
        }
        let Some(((first, descending), others)) = self.keys.split_first() else { return Ok(()) };
        let column = first.evaluate(run, chunk)?;
        let worst = top.worst(self.most);
        let may_enter = |row: &u32| match worst {
            Some(worst) => {
                let found = column.order(*row as usize, &worst.keys[0]);
                (if *descending { found.reverse() } else { found }).is_le()
            }
            None => true,
        };
        let rows: Vec<u32> = (0..chunk.rows as u32).filter(may_enter).collect();
        if rows.is_empty() {
            return Ok(());
        }
        let part = chunk.gather(&rows);
        let first = column.gather(&rows);
        let others = others.iter().map(|(key, _)| key.evaluate(run, &part)).collect::<Result<Vec<_>>>()?;
        let mut columns: Vec<&Column> = vec![&first];
        columns.extend(others.iter().map(|column| &**column));
        for row in 0..part.rows {
            if let Some(worst) = top.worst(self.most)
                && !self.is_better(&columns, row, worst)
            {
                continue;
            }
            let keys = columns.iter().map(|column| column.cell(row)).collect();
            let kept = self.keep.iter().map(|(slot, _)| part.cell(*slot, row)).collect();
            self.push(top, run, Entry { keys, kept })?;
        }
        Ok(())
    }

    fn push(&self, top: &mut Top, run: &Run<'_, '_>, entry: Entry) -> Result<()> {
        top.held.grow(run.budget, entry.bytes())?;
        top.entries.push(entry);
        if top.entries.len() >= self.most.saturating_add(self.most.max(SLACK)) {
            self.cut(top);
        }
        Ok(())
    }

    /// Whether a row comes before an entry that came earlier.
    fn is_better(&self, columns: &[&Column], row: usize, entry: &Entry) -> bool {
        for ((column, (_, descending)), key) in columns.iter().zip(&self.keys).zip(&entry.keys) {
            let found = column.order(row, key);
            match if *descending { found.reverse() } else { found } {
                Ordering::Less => return true,
                Ordering::Greater => return false,
                Ordering::Equal => {}
            }
        }
        false
    }

    fn cut(&self, top: &mut Top) {
        top.entries.sort_by(|a, b| self.compare(a, b));
        if top.entries.len() >= self.most {
            top.held.shrink(top.entries[self.most..].iter().map(Entry::bytes).sum());
            top.entries.truncate(self.most);
            top.full = true;
        }
    }

    fn compare(&self, a: &Entry, b: &Entry) -> Ordering {
        let by_key = self.keys.iter().zip(a.keys.iter().zip(&b.keys)).map(|((_, descending), (a, b))| {
            let found = order(a, b);
            if *descending { found.reverse() } else { found }
        });
        by_key.into_iter().find(|found| found.is_ne()).unwrap_or(Ordering::Equal)
    }
}

impl Stage for Sort {
    fn next(&mut self, run: &Run<'_, '_>) -> Result<Option<Chunk>> {
        if self.sorted.is_none() {
            self.sorted = Some(self.gather(run)?.into_iter());
        }
        let entries: Vec<Entry> = self.sorted.iter_mut().flatten().take(CHUNK_ROWS).collect();
        if entries.is_empty() {
            return Ok(None);
        }
        let mut chunk = Chunk::new(entries.len());
        let mut columns: Vec<Vec<Cell>> = vec![Vec::with_capacity(entries.len()); self.spec.keep.len()];
        for entry in entries {
            columns.iter_mut().zip(entry.kept).for_each(|(column, cell)| column.push(cell));
        }
        for (&(slot, is_node), cells) in self.spec.keep.iter().zip(columns) {
            chunk.set(slot, Column::of_cells(cells, is_node));
        }
        Ok(Some(chunk))
    }
}
