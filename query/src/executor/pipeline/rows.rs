//! Doors between operators on chunks and operators on rows.

use super::{Feed, Stage};
use crate::Field;
use crate::executor::column::{CHUNK_ROWS, Chunk, Column, Run};
use crate::executor::compute::{Context, Row, to_value};
use crate::executor::operator::{Input, Operator};
use crate::fault::Result;
use crate::planner::plan::Slot;
use crate::value::Cell;

/// The rows of an operator as chunks. Reads ahead, so that it belongs below what reads all of its input.
pub(super) struct FromRows {
    pub(super) input: Input,
    pub(super) width: usize,
    /// The slots that are read, and whether they hold nodes or null.
    pub(super) slots: Vec<(Slot, bool)>,
    pub(super) row: Option<Row>,
}

impl Stage for FromRows {
    fn next(&mut self, run: &Run<'_, '_>) -> Result<Option<Chunk>> {
        let Some(context) = run.context else { unreachable!("rows are read on the thread of the query") };
        let row = match &mut self.row {
            Some(row) => row,
            none => {
                let row = none.insert(Row::new(self.width));
                self.input.open(context, row)?;
                row
            }
        };
        let mut columns: Vec<Vec<Cell>> = vec![Vec::new(); self.slots.len()];
        let mut rows = 0;
        while rows < CHUNK_ROWS && self.input.next(context, row)? {
            columns.iter_mut().zip(&self.slots).for_each(|(column, (slot, _))| column.push(row.get(*slot).clone()));
            rows += 1;
        }
        let mut chunk = Chunk::new(rows);
        for (&(slot, is_node), cells) in self.slots.iter().zip(columns) {
            chunk.set(slot, Column::of_cells(cells, is_node));
        }
        Ok((rows > 0).then_some(chunk))
    }
}

/// The rows of chunks, one by one. Begins with no row of an operator below it, so that it stands in a plan that runs
/// once.
pub(super) struct ToRows {
    feed: Feed,
    /// How many slots a row has.
    width: usize,
    /// The rows at hand, and which comes next.
    chunk: Chunk,
    next: usize,
    slots: Vec<Slot>,
}

impl ToRows {
    pub(super) fn new(feed: Feed, width: usize, slots: Vec<Slot>) -> Self {
        Self { feed, width, chunk: Chunk::default(), next: 0, slots }
    }

    /// Sees to it that there is a row at hand; false if there is none.
    fn advance(&mut self, context: &Context<'_>) -> Result<bool> {
        while self.next == self.chunk.rows {
            let Some(chunk) = self.feed.next(&Run::new(context, self.width))? else { return Ok(false) };
            (self.chunk, self.next) = (chunk, 0);
        }
        Ok(true)
    }
}

impl Operator for ToRows {
    fn open(&mut self, context: &Context<'_>, _: &mut Row) -> Result<()> {
        context.budget().check()?;
        Ok(())
    }

    fn next(&mut self, context: &Context<'_>, row: &mut Row) -> Result<bool> {
        if !self.advance(context)? {
            return Ok(false);
        }
        self.slots.iter().for_each(|&slot| row.set(slot, self.chunk.cell(slot, self.next)));
        self.next += 1;
        Ok(true)
    }

    fn show_next(
        &mut self,
        context: &Context<'_>,
        slots: &[Slot],
        show: &mut dyn FnMut(&[Field<'_>]),
    ) -> Option<Result<bool>> {
        match self.advance(context) {
            Ok(true) => {}
            other => return Some(other),
        }
        let field = |slot: &Slot| match self.chunk.get(*slot).and_then(|column| column.text(self.next)) {
            Some(text) => Ok(Field::Text(text)),
            None => to_value(context, &self.chunk.cell(*slot, self.next)).map(Field::Value),
        };
        let fields = slots.iter().map(field).collect::<Result<Vec<_>>>();
        let shown = fields.map(|fields| {
            show(&fields);
            true
        });
        self.next += 1;
        Some(shown)
    }
}
