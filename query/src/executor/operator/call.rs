//! For each row, the rows that a procedure gives.

use super::{Input, Operator};
use crate::executor::compute::{Context, Held, Row, evaluate};
use crate::executor::procedure::{Procedure, Rows};
use crate::fault::Result;
use crate::planner::plan::Expression;
use crate::planner::plan::Slot;
use crate::syntax::ast::Span;
use crate::value::Cell;

/// Calls the procedure again only if its options or the graph have changed since the row before.
pub(crate) struct Call {
    input: Input,
    procedure: &'static Procedure,
    options: Option<Expression>,
    /// Which columns go where.
    outputs: Vec<(usize, Slot)>,
    span: Span,
    kept: Option<Kept>,
    /// The next row to give; `None`: a row of the input is to be fetched first.
    place: Option<usize>,
}

struct Kept {
    version: u64,
    options: Cell,
    rows: Rows,
    _held: Held,
}

impl Call {
    pub(crate) fn new(
        input: Input,
        procedure: &'static Procedure,
        options: Option<Expression>,
        outputs: Vec<(usize, Slot)>,
        span: Span,
    ) -> Self {
        Self { input, procedure, options, outputs, span, kept: None, place: None }
    }

    fn begin(&mut self, context: &Context<'_>, row: &mut Row) -> Result<()> {
        self.place = Some(0);
        let options = self.options.as_ref().map(|options| evaluate(options, context, row)).transpose()?;
        let options = options.unwrap_or_default();
        let is_kept = |kept: &Kept| kept.version == context.version() && kept.options == options;
        if self.kept.as_ref().is_some_and(is_kept) {
            return Ok(());
        }
        self.kept = None;
        let span = self.options.as_ref().map_or(self.span, |options| options.span);
        let rows = self.procedure.call(context, &options, span)?;
        let mut held = Held::nothing();
        for cells in &rows {
            held.grow_by_cells(context.budget(), cells)?;
        }
        self.kept = Some(Kept { version: context.version(), options, rows, _held: held });
        Ok(())
    }
}

impl Operator for Call {
    fn open(&mut self, context: &Context<'_>, row: &mut Row) -> Result<()> {
        self.place = None;
        self.input.open(context, row)
    }

    fn next(&mut self, context: &Context<'_>, row: &mut Row) -> Result<bool> {
        loop {
            let rows = self.kept.as_ref().map(|kept| &kept.rows);
            if let (Some(place), Some(rows)) = (&mut self.place, rows)
                && let Some(cells) = rows.get(*place)
            {
                *place += 1;
                context.tick()?;
                self.outputs.iter().for_each(|&(column, slot)| row.set(slot, cells[column].clone()));
                return Ok(true);
            }
            self.place = None;
            if !self.input.next(context, row)? {
                return Ok(false);
            }
            self.begin(context, row)?;
        }
    }
}
