//! For each row, each single hop from a node.

use std::sync::Arc;

use hopgraph_engine::{Edge, NodeId};

use super::{Input, NodeFilter, Operator};
use crate::executor::compute::{Adjacency, Context, EvidenceFilter, Row, edges, holds};
use crate::fault::Result;
use crate::planner::plan::Slot;
use crate::planner::plan::{Hop, Keep, NodePattern};
use crate::value::Cell;

/// Goes through the hops in order of their end.
pub(crate) struct Expand {
    input: Input,
    from: Slot,
    to: Slot,
    /// Whether the row holds the end already, and the hop must lead to it.
    into: bool,
    filter: NodeFilter,
    hop: Arc<Hop>,
    keep: Keep,
    adjacency: Adjacency,
    steps: Vec<(NodeId, Edge)>,
    place: usize,
    /// What the hop asks of the evidence, on the row as it stands; `None`: nothing.
    evidence: Option<EvidenceFilter>,
    /// Edges that other parts of the pattern walk.
    walked: Vec<Edge>,
    last_end: Option<NodeId>,
}

impl Expand {
    pub(crate) fn new(
        input: Input,
        from: Slot,
        to: &NodePattern,
        filter: NodeFilter,
        hop: Arc<Hop>,
        keep: Keep,
    ) -> Self {
        Self {
            input,
            from,
            to: to.slot,
            into: to.bound,
            filter,
            hop,
            keep,
            adjacency: Adjacency::default(),
            steps: Vec::new(),
            place: 0,
            evidence: None,
            walked: Vec::new(),
            last_end: None,
        }
    }

    /// Fetches the hops of the row as it stands.
    fn begin(&mut self, context: &Context<'_>, row: &mut Row) -> Result<()> {
        self.steps.clear();
        self.place = 0;
        self.last_end = None;
        let &Cell::Node(source) = row.get(self.from) else { return Ok(()) };
        if !self.hop.evidence.is_empty() {
            self.evidence = Some(EvidenceFilter::new(&self.hop.evidence, context, row)?);
        }
        self.walked = edges(&self.keep.unlike, row).unwrap_or_default();
        self.adjacency.steps(context, &self.hop, source, &mut self.steps)?;
        if self.into {
            let Cell::Node(target) = *row.get(self.to) else {
                self.steps.clear();
                return Ok(());
            };
            self.steps.retain(|(end, _)| *end == target);
        }
        Ok(())
    }

    fn accepts(&mut self, context: &Context<'_>, row: &mut Row, end: NodeId, edge: Edge) -> Result<bool> {
        if self.keep.distinct_ends && self.last_end == Some(end) || self.walked.contains(&edge) {
            return Ok(false);
        }
        if let Some(evidence) = &self.evidence
            && !evidence.keeps(context, edge)?
        {
            return Ok(false);
        }
        row.set(self.hop.edge, Cell::Relationship(edge));
        for condition in &self.hop.conditions {
            if !holds(condition, context, row)? {
                return Ok(false);
            }
        }
        let fits = self.into || self.filter.is_any() || self.filter.accepts(context, row, end)?;
        if fits {
            row.set(self.to, Cell::Node(end));
            self.last_end = Some(end);
        }
        Ok(fits)
    }
}

impl Operator for Expand {
    fn open(&mut self, context: &Context<'_>, row: &mut Row) -> Result<()> {
        self.steps.clear();
        self.place = 0;
        self.input.open(context, row)
    }

    fn next(&mut self, context: &Context<'_>, row: &mut Row) -> Result<bool> {
        loop {
            while let Some(&(end, edge)) = self.steps.get(self.place) {
                self.place += 1;
                context.tick()?;
                if self.accepts(context, row, end, edge)? {
                    return Ok(true);
                }
            }
            if !self.input.next(context, row)? {
                return Ok(false);
            }
            self.begin(context, row)?;
        }
    }
}
