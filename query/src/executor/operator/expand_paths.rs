//! For each row, each path of a number of hops from a node.

use std::sync::Arc;

use hopgraph_engine::traverse::{Ends, PathMode, Paths, paths};
use hopgraph_engine::{NodeSet, Topology};

use super::{HopTopology, Input, NodeFilter, Operator};
use crate::executor::compute::{Context, Row, edges};
use crate::fault::Result;
use crate::planner::plan::Slot;
use crate::planner::plan::{NodePattern, Walk};
use crate::value::Cell;

/// Finds paths depth-first as they are asked for.
pub(crate) struct ExpandPaths {
    input: Input,
    from: Slot,
    to: Slot,
    /// Whether the row holds the end already, and the path must lead to it.
    into: bool,
    filter: NodeFilter,
    topology: HopTopology,
    walk: Walk,
    paths: Option<Paths>,
    kept_ends: Option<KeptEnds>,
}

/// Ends that were prepared for an earlier row, with what they were prepared from.
struct KeptEnds {
    set: Arc<NodeSet>,
    topology: Arc<Topology>,
    ends: Arc<Ends>,
}

impl ExpandPaths {
    pub(crate) fn new(
        input: Input,
        from: Slot,
        to: &NodePattern,
        filter: NodeFilter,
        topology: HopTopology,
        walk: Walk,
    ) -> Self {
        Self { input, from, to: to.slot, into: to.bound, filter, topology, walk, paths: None, kept_ends: None }
    }

    fn begin(&mut self, context: &Context<'_>, row: &mut Row) -> Result<()> {
        self.paths = None;
        let &Cell::Node(source) = row.get(self.from) else { return Ok(()) };
        let target = match (self.into, row.get(self.to)) {
            (true, Cell::Node(target)) => Some(*target),
            (true, _) => return Ok(()),
            (false, _) => None,
        };
        let topology = self.topology.get(context, row)?;
        let set = match target {
            Some(target) => Some(Arc::new(NodeSet::from_iter([target]))),
            None if self.filter.is_any() => None,
            None => Some(self.filter.set(context, row)?),
        };
        let hops = self.walk.range.hops(self.walk.mode);
        let ends = set.map(|set| self.ends(context, set, &topology, hops.most)).transpose()?;
        let walked = if self.walk.mode == PathMode::Trail { edges(&self.walk.unlike, row) } else { None };
        let walked = walked.unwrap_or_default();
        self.paths = Some(paths(&topology, source, ends.as_ref(), hops, self.walk.mode, &walked, context.budget()));
        Ok(())
    }

    fn ends(
        &mut self,
        context: &Context<'_>,
        set: Arc<NodeSet>,
        topology: &Arc<Topology>,
        most: u32,
    ) -> Result<Arc<Ends>> {
        if let Some(kept) = &self.kept_ends
            && Arc::ptr_eq(topology, &kept.topology)
            && (Arc::ptr_eq(&set, &kept.set) || set == kept.set)
        {
            return Ok(Arc::clone(&kept.ends));
        }
        self.kept_ends = None;
        let ends = Arc::new(Ends::new(topology, NodeSet::clone(&set), most, context.budget())?);
        self.kept_ends = Some(KeptEnds { set, topology: Arc::clone(topology), ends: Arc::clone(&ends) });
        Ok(ends)
    }
}

impl Operator for ExpandPaths {
    fn open(&mut self, context: &Context<'_>, row: &mut Row) -> Result<()> {
        self.paths = None;
        self.input.open(context, row)
    }

    fn next(&mut self, context: &Context<'_>, row: &mut Row) -> Result<bool> {
        loop {
            if let Some(path) = self.paths.as_mut().and_then(Iterator::next) {
                context.tick()?;
                let mut path = path?;
                if self.walk.against {
                    path.edges.reverse();
                }
                if let Some(&end) = path.nodes.last() {
                    row.set(self.to, Cell::Node(end));
                }
                row.set(self.walk.slot, Cell::list(path.edges.into_iter().map(Cell::Relationship)));
                return Ok(true);
            }
            if !self.input.next(context, row)? {
                self.paths = None;
                return Ok(false);
            }
            self.begin(context, row)?;
        }
    }
}
