//! The rows whose path repeats no node: ACYCLIC and SIMPLE for paths of several relationships.

use std::collections::HashSet;
use std::sync::Arc;

use hopgraph_engine::traverse::{Path, PathMode};

use super::{Input, Operator};
use crate::executor::compute::{Context, Row, evaluate};
use crate::fault::Result;
use crate::planner::plan::Slot;
use crate::planner::plan::{Expression, ExpressionKind};
use crate::value::Cell;

/// Looks at whole paths.
pub(crate) struct Unrepeated {
    input: Input,
    path: Expression,
    mode: PathMode,
}

impl Unrepeated {
    pub(crate) fn new(input: Input, start: Slot, relationships: Vec<Slot>, mode: PathMode) -> Self {
        let path = Expression::new(ExpressionKind::Path { start, relationships }, crate::syntax::ast::Span::default());
        Self { input, path, mode }
    }
}

/// Whether the path obeys the mode. A simple path may end where it began.
fn obeys(path: &Arc<Path>, mode: PathMode) -> bool {
    let mut nodes = path.nodes.as_slice();
    if mode == PathMode::Simple && nodes.len() > 1 && nodes.first() == nodes.last() {
        nodes = &nodes[1..];
    }
    let mut seen = HashSet::new();
    nodes.iter().all(|node| seen.insert(node))
}

impl Operator for Unrepeated {
    fn open(&mut self, context: &Context<'_>, row: &mut Row) -> Result<()> {
        self.input.open(context, row)
    }

    fn next(&mut self, context: &Context<'_>, row: &mut Row) -> Result<bool> {
        while self.input.next(context, row)? {
            if let Cell::Path(path) = evaluate(&self.path, context, row)?
                && obeys(&path, self.mode)
            {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
