//! For each row, each pair of ends that some path joins, once.

use std::sync::Arc;

use hopgraph_engine::NodeSet;
use hopgraph_engine::traverse::{Pairs, reachable_pairs};

use super::{HopTopology, Input, NodeFilter, Operator};
use crate::compute::{Cell, Context, Row};
use crate::fault::Result;
use crate::logical;

/// Streams pairs, never the paths between them.
pub(crate) struct Reach {
    input: Input,
    from: NodeFilter,
    to: NodeFilter,
    topology: HopTopology,
    reach: logical::Reach,
    pairs: Option<Pairs>,
}

impl Reach {
    pub(crate) fn new(
        input: Input,
        from: NodeFilter,
        to: NodeFilter,
        topology: HopTopology,
        reach: logical::Reach,
    ) -> Self {
        Self { input, from, to, topology, reach, pairs: None }
    }

    fn begin(&mut self, context: &Context<'_>, row: &mut Row) -> Result<()> {
        let sources = ends(&self.reach.from, &mut self.from, context, row)?;
        let targets = ends(&self.reach.to, &mut self.to, context, row)?;
        let topology = self.topology.get(context, row)?;
        let hops = self.reach.range.hops(self.reach.mode);
        self.pairs = Some(reachable_pairs(&topology, &sources, &targets, hops, self.reach.mode, context.budget()));
        Ok(())
    }
}

/// The nodes that may stand at one end: the one that the row holds, or all that fit.
fn ends(
    pattern: &logical::NodePattern,
    filter: &mut NodeFilter,
    context: &Context<'_>,
    row: &mut Row,
) -> Result<Arc<NodeSet>> {
    match (pattern.bound, row.get(pattern.slot)) {
        (true, Cell::Node(node)) => Ok(Arc::new(NodeSet::from_iter([*node]))),
        (true, _) => Ok(Arc::default()),
        (false, _) => filter.set(context, row),
    }
}

impl Operator for Reach {
    fn open(&mut self, context: &Context<'_>, row: &mut Row) -> Result<()> {
        self.pairs = None;
        self.input.open(context, row)
    }

    fn next(&mut self, context: &Context<'_>, row: &mut Row) -> Result<bool> {
        loop {
            if let Some(pair) = self.pairs.as_mut().and_then(Iterator::next) {
                context.tick()?;
                let pair = pair?;
                row.set(self.reach.from.slot, Cell::Node(pair.source));
                row.set(self.reach.to.slot, Cell::Node(pair.target));
                if let Some(hops) = self.reach.hops {
                    row.set(hops, Cell::Integer(pair.hops.into()));
                }
                return Ok(true);
            }
            self.pairs = None;
            if !self.input.next(context, row)? {
                return Ok(false);
            }
            self.begin(context, row)?;
        }
    }
}
