//! Each row with what the rows of another plan answer: whether there are any, how many, or all of them.

use super::{Input, Operator};
use crate::executor::compute::{Context, Held, Row};
use crate::fault::Result;
use crate::planner::plan::{Answer, Slot};
use crate::value::Cell;

/// Runs the plan anew for each row: up to its first row if that is all that is asked.
pub(crate) struct Answering {
    input: Input,
    plan: Input,
    answer: Answer,
    slot: Slot,
}

impl Answering {
    pub(crate) fn new(input: Input, plan: Input, answer: Answer, slot: Slot) -> Self {
        Self { input, plan, answer, slot }
    }

    fn ask(&mut self, context: &Context<'_>, row: &mut Row) -> Result<Cell> {
        self.plan.open(context, row)?;
        match self.answer {
            Answer::Exists => Ok(self.plan.next(context, row)?.into()),
            Answer::Count => {
                let mut count = 0;
                while self.plan.next(context, row)? {
                    context.tick()?;
                    count += 1;
                }
                Ok(Cell::count(count))
            }
            Answer::Collect(slot) => {
                let (mut cells, mut held) = (Vec::new(), Held::nothing());
                while self.plan.next(context, row)? {
                    context.tick()?;
                    let cell = row.get(slot).clone();
                    held.grow_by_cells(context.budget(), std::slice::from_ref(&cell))?;
                    cells.push(cell);
                }
                Ok(Cell::List(cells.into()))
            }
        }
    }
}

impl Operator for Answering {
    fn open(&mut self, context: &Context<'_>, row: &mut Row) -> Result<()> {
        self.input.open(context, row)
    }

    fn next(&mut self, context: &Context<'_>, row: &mut Row) -> Result<bool> {
        if !self.input.next(context, row)? {
            return Ok(false);
        }
        context.tick()?;
        let answer = self.ask(context, row)?;
        row.set(self.slot, answer);
        Ok(true)
    }
}
