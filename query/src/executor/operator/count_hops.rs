//! For each row, in how many ways one can go on from a node.

use std::sync::Arc;

use hopgraph_engine::{Edge, NodeId};

use super::{Input, Operator};
use crate::executor::compute::{Adjacency, Context, Row, edges};
use crate::fault::Result;
use crate::planner::plan::{Branch, Hop, Label, Slot};
use crate::value::Cell;

/// Multiplies the weight of each row by the number of ways; rows without a way are left out.
pub(crate) struct CountHops {
    input: Input,
    from: Slot,
    ways: Ways,
    /// The slots of relationships whose edges must not be walked again.
    unlike: Vec<Slot>,
    before: Option<Slot>,
    weight: Option<Slot>,
}

/// A hop and what goes on from its end.
struct Ways {
    hop: Arc<Hop>,
    labels: Vec<Vec<Label>>,
    adjacency: Adjacency,
    inner: Vec<Ways>,
}

impl CountHops {
    /// `weights`: where the weight of a row stands before, if it has one, and where it goes.
    pub(crate) fn new(
        input: Input,
        from: Slot,
        branch: &Branch,
        unlike: Vec<Slot>,
        [before, weight]: [Option<Slot>; 2],
    ) -> Self {
        Self { input, from, ways: Ways::new(branch), unlike, before, weight }
    }
}

impl Ways {
    fn new(branch: &Branch) -> Self {
        let inner = branch.inner.iter().map(Self::new).collect();
        let (hop, labels) = (Arc::clone(&branch.hop), branch.to.labels.clone());
        Self { hop, labels, adjacency: Adjacency::default(), inner }
    }

    fn count(&mut self, context: &Context<'_>, node: NodeId, walked: &[Edge]) -> Result<i64> {
        let mut steps = Vec::new();
        self.adjacency.steps(context, &self.hop, node, &mut steps)?;
        let mut total = 0_i64;
        for (end, _) in steps.into_iter().filter(|(_, edge)| !walked.contains(edge)) {
            context.tick()?;
            if !self.fits(context, end)? {
                continue;
            }
            let mut ways = 1_i64;
            for inner in &mut self.inner {
                ways = ways.saturating_mul(inner.count(context, end, &[])?);
            }
            total = total.saturating_add(ways);
        }
        Ok(total)
    }

    fn fits(&self, context: &Context<'_>, node: NodeId) -> Result<bool> {
        for alternatives in &self.labels {
            let mut found = false;
            for label in alternatives {
                found = found || context.nodes_with_label(label)?.contains(node);
            }
            if !found {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

impl Operator for CountHops {
    fn open(&mut self, context: &Context<'_>, row: &mut Row) -> Result<()> {
        self.input.open(context, row)
    }

    fn next(&mut self, context: &Context<'_>, row: &mut Row) -> Result<bool> {
        while self.input.next(context, row)? {
            let &Cell::Node(node) = row.get(self.from) else { continue };
            let walked = edges(&self.unlike, row).unwrap_or_default();
            let ways = self.ways.count(context, node, &walked)?;
            let before = match self.before.map(|slot| row.get(slot)) {
                Some(Cell::Integer(weight)) => *weight,
                _ => 1,
            };
            if ways > 0 {
                if let Some(slot) = self.weight {
                    row.set(slot, Cell::Integer(ways.saturating_mul(before)));
                }
                return Ok(true);
            }
        }
        Ok(false)
    }
}
