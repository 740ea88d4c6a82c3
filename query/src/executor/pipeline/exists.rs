//! Each row with the answer whether a hop leads on from it.

use std::sync::Arc;

use hopgraph_engine::{NodeId, Topology};

use super::{Feed, Spec, Stage};
use crate::executor::column::{Bits, Chunk, Column, Run};
use crate::fault::Result;
use crate::planner::plan::Slot;

/// Whether some hop from a node ends in a node of some sets: a semi-join that needs no rows.
pub(super) struct Exists {
    pub(super) from: Slot,
    pub(super) topology: Arc<Topology>,
    pub(super) ends: Vec<Bits>,
    /// Where the answer goes.
    pub(super) slot: Slot,
}

impl Spec for Exists {
    fn start(self: Arc<Self>, input: Feed) -> Feed {
        Box::new(Asking { spec: self, input })
    }
}

struct Asking {
    spec: Arc<Exists>,
    input: Feed,
}

impl Stage for Asking {
    fn next(&mut self, run: &Run<'_, '_>) -> Result<Option<Chunk>> {
        let Some(mut chunk) = self.input.next(run)? else { return Ok(None) };
        run.budget.check()?;
        let spec = &*self.spec;
        let nodes = chunk.get(spec.from);
        let mut touched = 0;
        let mut found = |row| {
            let Some(node) = nodes.and_then(|nodes| nodes.node(row)) else { return Some(false) };
            let ends = spec.topology.ends(NodeId::new(node));
            let place = ends.iter().position(|&end| spec.ends.iter().all(|set| set.contains(end)));
            touched += place.map_or(ends.len(), |place| place + 1) as u64;
            Some(place.is_some())
        };
        let answers = (0..chunk.rows).map(&mut found).collect();
        run.touch(touched);
        chunk.set(spec.slot, Column::Truths(answers));
        Ok(Some(chunk))
    }
}
