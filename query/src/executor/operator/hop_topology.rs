//! The topology that a hop of variable length walks on, conditions on its edges included.

use std::collections::BTreeSet;
use std::sync::Arc;

use hopgraph_engine::{Direction, Interruption, NodeSet, StorageError, Topology, TopologyKey};

use crate::executor::compute::{Context, EvidenceFilter, Row, holds};
use crate::fault::Result;
use crate::planner::plan::Hop;
use crate::planner::plan::Slot;
use crate::value::Cell;

/// Fetches the topology once, and again only if an edit or the values that the conditions read have changed.
pub(crate) struct HopTopology {
    hop: Arc<Hop>,
    reads: Vec<Slot>,
    kept: Option<Kept>,
}

struct Kept {
    version: u64,
    values: Box<[Cell]>,
    topology: Arc<Topology>,
}

impl HopTopology {
    pub(crate) fn new(hop: Arc<Hop>) -> Self {
        let reads: BTreeSet<_> = hop.reads();
        Self { hop, reads: reads.into_iter().collect(), kept: None }
    }

    /// The topology for the row as it stands.
    pub(crate) fn get(&mut self, context: &Context<'_>, row: &mut Row) -> Result<Arc<Topology>> {
        let values = row.copy(&self.reads);
        if let Some(kept) = &self.kept
            && kept.version == context.version()
            && kept.values == values
        {
            return Ok(Arc::clone(&kept.topology));
        }
        self.kept = None;
        let key = TopologyKey { relations: context.relations(&self.hop.types)?, direction: self.hop.direction };
        let evidence = EvidenceFilter::new(&self.hop.evidence, context, row)?;
        let known = if self.hop.evidence.is_empty() { None } else { evidence.edge_filter(context) };
        let whole = match &known {
            Some(filter) => context.snapshot().topology_where(&key, filter, context.budget())?,
            None => context.topology(&key)?,
        };
        let asked = (known.is_none() && !self.hop.evidence.is_empty()).then_some(&evidence);
        let topology = if asked.is_none() && self.hop.conditions.is_empty() {
            whole
        } else {
            Arc::new(self.filtered(&whole, asked, context, row)?)
        };
        let kept = Kept { version: context.version(), values, topology: Arc::clone(&topology) };
        self.kept = Some(kept);
        Ok(topology)
    }

    /// The topology for walks of at most so many hops from some nodes, or, `against` the hop, to them. May hold less than the
    /// whole graph, but nothing less of these walks.
    pub(crate) fn get_around(
        &mut self,
        context: &Context<'_>,
        row: &mut Row,
        starts: &NodeSet,
        against: bool,
        hops: u32,
    ) -> Result<Arc<Topology>> {
        if !self.hop.evidence.is_empty() || !self.hop.conditions.is_empty() || context.is_edited() {
            return self.get(context, row);
        }
        let key = TopologyKey { relations: context.relations(&self.hop.types)?, direction: self.hop.direction };
        match (context.known_topology(&key), against, key.direction) {
            (Some(known), ..) => Ok(known),
            (None, true, Direction::Out | Direction::In) => {
                let direction = if key.direction == Direction::Out { Direction::In } else { Direction::Out };
                let turned = TopologyKey { direction, ..key };
                let around = context.snapshot().topology_around(&turned, starts, hops, context.budget())?;
                Ok(around.backward(context.budget())?)
            }
            (None, ..) => Ok(context.snapshot().topology_around(&key, starts, hops, context.budget())?),
        }
    }

    /// The edges that pass the conditions, and the questions of evidence that the engine has not answered.
    fn filtered(
        &self,
        whole: &Topology,
        evidence: Option<&EvidenceFilter>,
        context: &Context<'_>,
        row: &mut Row,
    ) -> Result<Topology> {
        let mut failure = None;
        let filtered = whole.filtered(context.budget(), |edge| {
            row.set(self.hop.edge, Cell::Relationship(edge));
            let mut keeps = || -> Result<bool> {
                context.tick()?;
                if let Some(evidence) = evidence
                    && !evidence.keeps(context, edge)?
                {
                    return Ok(false);
                }
                for condition in &self.hop.conditions {
                    if !holds(condition, context, row)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            };
            keeps().map_err(|error| {
                // The engine carries its own errors only: this one stops it, and the real one is told below.
                failure = Some(error);
                StorageError::Interrupted(Interruption::Cancelled)
            })
        });
        match failure {
            Some(error) => Err(error),
            None => Ok(filtered?),
        }
    }
}
