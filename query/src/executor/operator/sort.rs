//! The rows in order; with a limit, only those within it.

use std::cmp::Ordering;

use super::{Input, Operator, row_count};
use crate::executor::compute::{Context, Held, Row, evaluate};
use crate::fault::Result;
use crate::planner::plan::Slot;
use crate::planner::plan::{RowLimit, SortKey};
use crate::value::{Cell, order};

/// How many rows beyond the limit may gather before they are thrown out.
const SLACK: usize = 1024;

/// Reads all of its input. Rows whose keys are equal stay in the order in which they came.
pub(crate) struct Sort {
    input: Input,
    keys: Vec<SortKey>,
    keep: Vec<Slot>,
    limit: Option<RowLimit>,
    sorted: Option<std::vec::IntoIter<Entry>>,
    held: Held,
}

struct Entry {
    keys: Box<[Cell]>,
    kept: Box<[Cell]>,
    bytes: u64,
}

impl Sort {
    pub(crate) fn new(input: Input, keys: Vec<SortKey>, keep: Vec<Slot>, limit: Option<RowLimit>) -> Self {
        Self { input, keys, keep, limit, sorted: None, held: Held::nothing() }
    }

    fn gather(&mut self, context: &Context<'_>, row: &mut Row) -> Result<Vec<Entry>> {
        let most = self.most(context, row)?;
        let mut entries = Vec::new();
        while self.input.next(context, row)? {
            context.tick()?;
            let keys = self.keys.iter().map(|key| evaluate(&key.expression, context, row)).collect::<Result<_>>()?;
            let mut entry = Entry { keys, kept: row.copy(&self.keep), bytes: 0 };
            let cells = entry.keys.iter().chain(&entry.kept);
            entry.bytes = 40 + cells.map(|cell| size_of::<Cell>() as u64 + cell.held_bytes()).sum::<u64>();
            self.held.grow(context.budget(), entry.bytes)?;
            entries.push(entry);
            if entries.len() >= most.saturating_add(most).saturating_add(SLACK) {
                self.cut(&mut entries, most);
            }
        }
        self.cut(&mut entries, most);
        Ok(entries)
    }

    /// How many rows are asked for.
    fn most(&self, context: &Context<'_>, row: &mut Row) -> Result<usize> {
        let Some(limit) = &self.limit else { return Ok(usize::MAX) };
        let skip = limit.skip.as_ref().map_or(Ok(0), |skip| row_count(skip, "SKIP", context, row))?;
        let most = row_count(&limit.limit, "LIMIT", context, row)?.saturating_add(skip);
        Ok(usize::try_from(most).unwrap_or(usize::MAX))
    }

    fn cut(&mut self, entries: &mut Vec<Entry>, most: usize) {
        entries.sort_by(|a, b| self.compare(a, b));
        if entries.len() > most {
            self.held.shrink(entries[most..].iter().map(|entry| entry.bytes).sum());
            entries.truncate(most);
        }
    }

    fn compare(&self, a: &Entry, b: &Entry) -> Ordering {
        let by_key = self.keys.iter().zip(a.keys.iter().zip(&b.keys)).map(|(key, (a, b))| {
            let found = order(a, b);
            if key.descending { found.reverse() } else { found }
        });
        by_key.into_iter().find(|found| found.is_ne()).unwrap_or(Ordering::Equal)
    }
}

impl Operator for Sort {
    fn open(&mut self, context: &Context<'_>, row: &mut Row) -> Result<()> {
        self.sorted = None;
        self.held = Held::nothing();
        self.input.open(context, row)
    }

    fn next(&mut self, context: &Context<'_>, row: &mut Row) -> Result<bool> {
        if self.sorted.is_none() {
            self.sorted = Some(self.gather(context, row)?.into_iter());
        }
        let Some(entry) = self.sorted.as_mut().and_then(Iterator::next) else { return Ok(false) };
        row.restore(&self.keep, entry.kept);
        Ok(true)
    }
}
