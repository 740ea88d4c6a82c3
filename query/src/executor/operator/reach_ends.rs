//! The two ends of a Reach and what lies between them, for the row as it stands.

use std::sync::Arc;

use hopgraph_engine::traverse::{self, PairSet, PathMode};
use hopgraph_engine::{NodeSet, Topology};

use super::{HopTopology, NodeFilter};
use crate::executor::compute::{Context, Row};
use crate::fault::Result;
use crate::planner::plan::{End, NodePattern, PairTest, Range, Reach};
use crate::value::Cell;

/// Up to so many nodes at one end, only what is around them may be read of a graph that is not in memory.
const FEW_NODES: u64 = 16;

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
        let known = [self.known_nodes(End::From, context, row)?, self.known_nodes(End::To, context, row)?];
        let is_few = |nodes: &&Option<Arc<NodeSet>>| nodes.as_ref().is_some_and(|nodes| nodes.len() <= FEW_NODES);
        let few = known.iter().position(|nodes| is_few(&nodes));
        let topology = match (few, self.reach.range.most) {
            (Some(end), Some(hops)) if self.tests.is_empty() => {
                let starts = known[end].as_deref().expect("few nodes are known nodes");
                self.topology.get_around(context, row, starts, end == 1, hops)?
            }
            _ => self.topology.get(context, row)?,
        };
        let [sources, targets] = known.map(|nodes| nodes.unwrap_or_else(|| topology.nodes()));
        let reach = walk(topology, Some((self.reach.range, self.reach.mode)));
        let mut tests = Vec::new();
        for (test, topology) in &mut self.tests {
            tests.push((walk(topology.get(context, row)?, test.path), test.wanted));
        }
        Ok(Question { sources, targets, reach, tests, different: self.reach.different })
    }

    /// The nodes that may stand at one end: the one that the row holds, or all that fit; `None`: any.
    fn known_nodes(&mut self, end: End, context: &Context<'_>, row: &mut Row) -> Result<Option<Arc<NodeSet>>> {
        let pattern = self.reach.end(end);
        match (pattern.bound, row.get(pattern.slot)) {
            (true, Cell::Node(node)) => Ok(Some(Arc::new(NodeSet::from_iter([*node])))),
            (true, _) => Ok(Some(Arc::default())),
            // Whatever an edge leads to is a node, so nobody has to know which nodes there are.
            (false, _) if pattern.is_any() && self.reach.range.least > 0 && self.looked_at != Some(end) => Ok(None),
            (false, _) => if end == End::From { &mut self.from } else { &mut self.to }.set(context, row).map(Some),
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

    /// How many paths join the ends. Tests of pairs and different ends are no part of such a question.
    pub(crate) fn count_paths(&self, context: &Context<'_>) -> Result<u64> {
        let count = traverse::count_paths(&self.reach, &self.sources, &self.targets, context.budget())?;
        let most = i64::MAX as u128;
        if count > most {
            let message = format!("there are more paths than the largest integer, {most}");
            return Err(crate::fault::value(crate::syntax::ast::Span::default(), message));
        }
        Ok(count as u64)
    }

    /// The same question of other nodes at one end.
    pub(crate) fn with_end(&self, end: End, nodes: NodeSet) -> Self {
        let (mut sources, mut targets) = (Arc::clone(&self.sources), Arc::clone(&self.targets));
        *if end == End::From { &mut sources } else { &mut targets } = Arc::new(nodes);
        Self { sources, targets, reach: self.reach.clone(), tests: self.tests.clone(), different: self.different }
    }
}
