//! The two ends of a Reach and what lies between them, for the row as it stands.

use std::sync::Arc;

use hopgraph_engine::traverse::{self, PairSet, PathMode};
use hopgraph_engine::{NodeSet, Topology};

use super::{HopTopology, NodeFilter};
use crate::executor::compute::{Context, Row};
use crate::fault::Result;
use crate::planner::plan::{End, NodePattern, PairTest, Range, Reach};
use crate::value::Cell;

/// Finds the sets and the topologies that a search needs.
pub(crate) struct ReachEnds {
    pub(crate) reach: Reach,
    from: NodeFilter,
    to: NodeFilter,
    topology: HopTopology,
    tests: Vec<(PairTest, HopTopology)>,
    /// The end whose nodes are looked at before it is known that something leads to them.
    looked_at: Option<End>,
}

/// What one search needs.
pub(crate) struct Question {
    pub(crate) sources: Arc<NodeSet>,
    pub(crate) targets: Arc<NodeSet>,
    reach: traverse::Reach,
    /// What else must join the ends, or must not.
    tests: Vec<(traverse::Reach, bool)>,
    /// Whether the two ends must be different nodes.
    different: bool,
}

impl ReachEnds {
    /// `filter` makes the filter of a node that is reached.
    pub(crate) fn new(reach: &Reach, filter: impl Fn(&NodePattern) -> NodeFilter) -> Self {
        let topology = HopTopology::new(Arc::clone(&reach.hop));
        let tests = reach.tests.iter().map(|test| (test.clone(), HopTopology::new(Arc::clone(&test.hop))));
        Self {
            from: filter(&reach.from),
            to: filter(&reach.to),
            topology,
            tests: tests.collect(),
            reach: reach.clone(),
            looked_at: None,
        }
    }

    /// The same where the nodes of one end are looked at before it is known that something leads to them.
    pub(crate) fn looking_at(self, end: End) -> Self {
        Self { looked_at: Some(end), ..self }
    }

    /// The question that the row asks.
    pub(crate) fn question(&mut self, context: &Context<'_>, row: &mut Row) -> Result<Question> {
        let topology = self.topology.get(context, row)?;
        let sources = self.nodes(End::From, &topology, context, row)?;
        let targets = self.nodes(End::To, &topology, context, row)?;
        let reach = walk(topology, Some((self.reach.range, self.reach.mode)));
        let mut tests = Vec::new();
        for (test, topology) in &mut self.tests {
            tests.push((walk(topology.get(context, row)?, test.path), test.wanted));
        }
        Ok(Question { sources, targets, reach, tests, different: self.reach.different })
    }

    /// The nodes that may stand at one end: the one that the row holds, or all that fit.
    fn nodes(&mut self, end: End, topology: &Topology, context: &Context<'_>, row: &mut Row) -> Result<Arc<NodeSet>> {
        let pattern = self.reach.end(end);
        match (pattern.bound, row.get(pattern.slot)) {
            (true, Cell::Node(node)) => Ok(Arc::new(NodeSet::from_iter([*node]))),
            (true, _) => Ok(Arc::default()),
            // Whatever an edge leads to is a node, so nobody has to know which nodes there are.
            (false, _) if pattern.is_any() && self.reach.range.least > 0 && self.looked_at != Some(end) => {
                Ok(topology.nodes())
            }
            (false, _) => if end == End::From { &mut self.from } else { &mut self.to }.set(context, row),
        }
    }
}

/// What the engine walks: a single hop, or a range of them.
fn walk(topology: Arc<Topology>, path: Option<(Range, PathMode)>) -> traverse::Reach {
    match path {
        None => traverse::Reach::joined(topology),
        Some((range, mode)) => traverse::Reach { topology, hops: range.hops(mode), mode },
    }
}

impl Question {
    /// The pairs that answer it.
    pub(crate) fn pairs(&self) -> PairSet<'_> {
        let all = PairSet::new(self.reach.clone(), &self.sources, &self.targets);
        let all = if self.different { all.different() } else { all };
        self.tests.iter().fold(
            all,
            |pairs, (reach, wanted)| {
                if *wanted { pairs.and(reach.clone()) } else { pairs.and_not(reach.clone()) }
            },
        )
    }

    /// The same question of other nodes at one end.
    pub(crate) fn with_end(&self, end: End, nodes: NodeSet) -> Self {
        let (mut sources, mut targets) = (Arc::clone(&self.sources), Arc::clone(&self.targets));
        *if end == End::From { &mut sources } else { &mut targets } = Arc::new(nodes);
        Self { sources, targets, reach: self.reach.clone(), tests: self.tests.clone(), different: self.different }
    }
}
