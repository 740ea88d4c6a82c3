//! For each row, how many paths of a number of hops lead on from a node.

use std::sync::Arc;

use hopgraph_engine::traverse::PathMode;
use hopgraph_engine::{Edge, NodeId, NodeSet, Topology};

use super::{HopTopology, Input, NodeFilter, Operator};
use crate::executor::compute::{Context, Row, edges};
use crate::fault::Result;
use crate::planner::plan::{Slot, Walk, Weights};
use crate::value::Cell;

/// Walks all paths but for their last hop, of which it counts how many there are; rows without a path are left out.
pub(crate) struct CountPaths {
    input: Input,
    from: Slot,
    filter: NodeFilter,
    topology: HopTopology,
    walk: Walk,
    weights: Weights,
}

impl CountPaths {
    pub(crate) fn new(
        input: Input,
        from: Slot,
        filter: NodeFilter,
        topology: HopTopology,
        walk: Walk,
        weights: Weights,
    ) -> Self {
        Self { input, from, filter, topology, walk, weights }
    }

    fn count(&mut self, context: &Context<'_>, row: &mut Row, source: NodeId) -> Result<i64> {
        let topology = self.topology.get(context, row)?;
        let ends = if self.filter.is_any() { None } else { Some(self.filter.set(context, row)?) };
        let is_trail = self.walk.mode == PathMode::Trail;
        let walked = if is_trail { edges(&self.walk.unlike, row).unwrap_or_default() } else { Vec::new() };
        let most = self.walk.range.most.unwrap_or(self.walk.range.least);
        let mut counting = Counting { context, topology, ends, is_trail, walked, least: self.walk.range.least, most };
        counting.from(source, 0)
    }
}

/// One search, depth first.
struct Counting<'c, 'g> {
    context: &'c Context<'g>,
    topology: Arc<Topology>,
    /// Where a path may end; `None`: anywhere.
    ends: Option<Arc<NodeSet>>,
    is_trail: bool,
    /// The edges that must not be walked again.
    walked: Vec<Edge>,
    least: u32,
    most: u32,
}

impl Counting<'_, '_> {
    /// The paths that go on from a node after so many hops. Calls itself once for each hop.
    fn from(&mut self, node: NodeId, hops: u32) -> Result<i64> {
        self.context.tick()?;
        if hops + 1 == self.most {
            return self.last_hops(node);
        }
        let topology = Arc::clone(&self.topology);
        let mut total = 0_i64;
        self.context.budget().count_neighbors(topology.degree(node) as u64);
        for step in topology.steps(node) {
            let edge = step.edge(node);
            if self.is_trail && self.walked.contains(&edge) {
                continue;
            }
            if hops + 1 >= self.least && self.fits(step.node) {
                total = total.saturating_add(1);
            }
            self.walked.push(edge);
            let further = self.from(step.node, hops + 1);
            self.walked.pop();
            total = total.saturating_add(further?);
        }
        Ok(total)
    }

    /// The hops that may come last: all that end where a path may end, but for those that were walked.
    fn last_hops(&self, node: NodeId) -> Result<i64> {
        let fitting = match &self.ends {
            None => self.topology.degree(node),
            Some(ends) => {
                self.context.budget().count_neighbors(self.topology.degree(node) as u64);
                self.topology.ends(node).iter().filter(|&&end| ends.contains(NodeId::new(end))).count()
            }
        };
        let walked = if self.is_trail { &self.walked[..] } else { &[] };
        let again = walked.iter().filter(|edge| self.leads_on(node, **edge)).count();
        Ok(i64::try_from(fitting - again).unwrap_or(i64::MAX))
    }

    /// Whether a hop from the node goes along an edge, and ends where a path may end.
    fn leads_on(&self, node: NodeId, edge: Edge) -> bool {
        let end = if edge.source == node { edge.target } else { edge.source };
        if edge.source != node && edge.target != node || !self.fits(end) {
            return false;
        }
        let first = self.topology.ends(node).partition_point(|&other| other < end.get());
        let mut steps = self.topology.steps(node).skip(first).take_while(|step| step.node == end);
        steps.any(|step| step.edge(node) == edge)
    }

    fn fits(&self, node: NodeId) -> bool {
        self.ends.as_ref().is_none_or(|ends| ends.contains(node))
    }
}

impl Operator for CountPaths {
    fn open(&mut self, context: &Context<'_>, row: &mut Row) -> Result<()> {
        self.input.open(context, row)
    }

    fn next(&mut self, context: &Context<'_>, row: &mut Row) -> Result<bool> {
        while self.input.next(context, row)? {
            let &Cell::Node(source) = row.get(self.from) else { continue };
            let paths = self.count(context, row, source)?;
            let before = match self.weights.before.map(|slot| row.get(slot)) {
                Some(Cell::Integer(weight)) => *weight,
                _ => 1,
            };
            if paths > 0 {
                row.set(self.weights.after, Cell::Integer(paths.saturating_mul(before)));
                return Ok(true);
            }
        }
        Ok(false)
    }
}
