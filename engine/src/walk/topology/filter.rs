//! Topologies limited to edges by their evidence.

use std::collections::HashSet;
use std::sync::Arc;

use rayon::prelude::*;

use super::chunk::{CHUNK_NODES, Chunk};
use super::csr::Topology;
use super::edge_filter::EdgeFilter;
use super::evidence::EvidenceTable;
use crate::{Budget, Edge, Interruption, NodeId};

impl Topology {
    /// The same graph with only those edges that a filter lets through. `facts` are the edges that the filter's runs
    /// state as facts.
    pub(super) fn limited(
        &self,
        filter: &EdgeFilter,
        evidence: &EvidenceTable,
        facts: &HashSet<Edge>,
        budget: &Budget,
    ) -> Result<Self, Interruption> {
        // Held until it belongs to whoever keeps it.
        let _held = budget.charge(self.memory_bytes())?;
        let threshold = filter.threshold();
        Ok(self.retained(|edge| {
            let confidence = evidence.confidence_under(edge, filter, facts);
            confidence.is_some_and(|confidence| threshold.is_none_or(|least| confidence as f32 >= least))
        }))
    }

    /// The same graph with only those edges that are kept; each edge is asked for from both of its ends.
    fn retained(&self, keep: impl Fn(Edge) -> bool + Sync) -> Self {
        let chunks = self.chunks.par_iter().enumerate().map(|(index, chunk)| {
            Arc::new(Chunk::from_rows(chunk.ends.len(), |row, rows| {
                let node = NodeId::new((index * CHUNK_NODES + row) as u32);
                let steps = chunk.row(row).map(|place| chunk.step(place));
                steps.filter(|step| keep(step.edge(node))).for_each(|step| rows.push(step));
            }))
        });
        Self::new(chunks.collect(), self.node_count, self.shape)
    }
}
