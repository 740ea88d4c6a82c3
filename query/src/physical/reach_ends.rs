//! The two ends of a Reach and what lies between them, for the row as it stands.

use std::sync::Arc;

use hopgraph_engine::traverse::Hops;
use hopgraph_engine::{NodeSet, Topology};

use super::{HopTopology, NodeFilter};
use crate::compute::{Cell, Context, Row};
use crate::fault::Result;
use crate::logical::{End, NodePattern, Reach};

/// Finds the sets and the topology that a search needs.
pub(crate) struct ReachEnds {
    pub(crate) reach: Reach,
    from: NodeFilter,
    to: NodeFilter,
    topology: HopTopology,
}

/// What one search needs.
pub(crate) struct Question {
    pub(crate) topology: Arc<Topology>,
    pub(crate) sources: Arc<NodeSet>,
    pub(crate) targets: Arc<NodeSet>,
    pub(crate) hops: Hops,
}

impl ReachEnds {
    /// `filter` makes the filter of a node that is reached.
    pub(crate) fn new(reach: &Reach, filter: impl Fn(&NodePattern) -> NodeFilter) -> Self {
        let topology = HopTopology::new(Arc::clone(&reach.hop));
        Self { from: filter(&reach.from), to: filter(&reach.to), topology, reach: reach.clone() }
    }

    /// The question that the row asks.
    pub(crate) fn question(&mut self, context: &Context<'_>, row: &mut Row) -> Result<Question> {
        let sources = self.nodes(End::From, context, row)?;
        let targets = self.nodes(End::To, context, row)?;
        let topology = self.topology.get(context, row)?;
        Ok(Question { topology, sources, targets, hops: self.reach.range.hops(self.reach.mode) })
    }

    /// The nodes that may stand at one end: the one that the row holds, or all that fit.
    fn nodes(&mut self, end: End, context: &Context<'_>, row: &mut Row) -> Result<Arc<NodeSet>> {
        let pattern = self.reach.end(end);
        match (pattern.bound, row.get(pattern.slot)) {
            (true, Cell::Node(node)) => Ok(Arc::new(NodeSet::from_iter([*node]))),
            (true, _) => Ok(Arc::default()),
            (false, _) => if end == End::From { &mut self.from } else { &mut self.to }.set(context, row),
        }
    }
}
