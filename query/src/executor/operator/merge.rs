//! For each row, the rows that match a pattern, or the row with what the pattern says newly made.

use super::{Buffer, Input, Operator, write};
use crate::executor::compute::{Context, Row, evaluate};
use crate::fault::{Result, value};
use crate::planner::plan::Slot;
use crate::planner::plan::{Creation, Edit};
use crate::syntax::ast::Span;

/// Works on one row after the other, so that each sees what those before it have made.
pub(crate) struct Merge {
    input: Input,
    plan: Input,
    creation: Creation,
    on_create: Vec<Edit>,
    on_match: Vec<Edit>,
    taken: Buffer,
    given: Buffer,
}

impl Merge {
    pub(crate) fn new(
        [input, plan]: [Input; 2],
        creation: Creation,
        [on_create, on_match]: [Vec<Edit>; 2],
        mut keep: Vec<Slot>,
    ) -> Self {
        keep.extend(creation.fills());
        Self { input, plan, creation, on_create, on_match, taken: Buffer::new(keep.clone()), given: Buffer::new(keep) }
    }

    fn merge(&mut self, context: &Context<'_>, row: &mut Row) -> Result<()> {
        self.refuse_nulls(context, row)?;
        self.plan.open(context, row)?;
        let mut matches = Buffer::new(self.creation.fills().collect());
        matches.push_all(&mut *self.plan, context, row)?;
        let mut found = false;
        while matches.pop(row) {
            found = true;
            self.finish(&self.on_match, context, row)?;
            self.given.push(context, row)?;
        }
        if !found {
            write::create(&self.creation, context, row)?;
            self.finish(&self.on_create, context, row)?;
            self.given.push(context, row)?;
        }
        Ok(())
    }

    fn finish(&self, edits: &[Edit], context: &Context<'_>, row: &mut Row) -> Result<()> {
        edits.iter().try_for_each(|edit| write::apply(edit, context, row))
    }

    /// Null equals nothing, so a pattern with a null would be made anew each time.
    fn refuse_nulls(&self, context: &Context<'_>, row: &mut Row) -> Result<()> {
        let nodes = self.creation.nodes.iter().flat_map(|node| &node.properties);
        let relationships = self.creation.relationships.iter().flat_map(|relationship| &relationship.properties);
        for (key, expression) in nodes.chain(relationships) {
            if evaluate(expression, context, row)?.is_null() {
                let span: Span = expression.span;
                return Err(value(
                    span,
                    format!("MERGE cannot look for `{key}` with null; use CREATE, or SET it after"),
                ));
            }
        }
        Ok(())
    }
}

impl Operator for Merge {
    fn open(&mut self, context: &Context<'_>, row: &mut Row) -> Result<()> {
        self.taken.clear();
        self.given.clear();
        self.input.open(context, row)
    }

    fn next(&mut self, context: &Context<'_>, row: &mut Row) -> Result<bool> {
        if self.taken.begin() {
            self.taken.push_all(&mut *self.input, context, row)?;
            while self.taken.pop(row) {
                context.tick()?;
                self.merge(context, row)?;
            }
        }
        Ok(self.given.pop(row))
    }
}
