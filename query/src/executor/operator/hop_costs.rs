//! What each hop of a cheapest path costs.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use hopgraph_engine::traverse::Cost;
use hopgraph_engine::{Edge, NodeId, Topology};

use crate::executor::compute::{Context, Held, Row, evaluate};
use crate::fault::{Result, value};
use crate::planner::plan::Expression;
use crate::planner::plan::Slot;
use crate::value::Cell;

/// Computes the cost of each edge once, and again only if an edit, the topology or the values that the expression reads
/// have changed.
pub(crate) struct HopCosts {
    of_hop: Expression,
    edge: Slot,
    reads: Vec<Slot>,
    kept: Option<Kept>,
}

struct Kept {
    version: u64,
    values: Box<[Cell]>,
    whole: Arc<Topology>,
    /// Without the edges whose cost is null: nobody knows what it would be to walk them.
    known: Arc<Topology>,
    cost: Cost,
    _held: Held,
}

impl HopCosts {
    pub(crate) fn new(of_hop: Expression, edge: Slot) -> Self {
        let mut reads: BTreeSet<_> = of_hop.reads();
        reads.remove(&edge);
        Self { of_hop, edge, reads: reads.into_iter().collect(), kept: None }
    }

    /// The edges with a cost, and their costs, for the row as it stands.
    pub(crate) fn get(
        &mut self,
        whole: &Arc<Topology>,
        context: &Context<'_>,
        row: &mut Row,
    ) -> Result<(Arc<Topology>, Cost)> {
        let values = row.copy(&self.reads);
        let is_kept = |kept: &&Kept| {
            kept.version == context.version() && kept.values == values && Arc::ptr_eq(&kept.whole, whole)
        };
        if let Some(kept) = self.kept.as_ref().filter(is_kept) {
            return Ok((Arc::clone(&kept.known), kept.cost.clone()));
        }
        self.kept = None;
        let mut held = Held::nothing();
        held.grow(context.budget(), whole.step_count() * size_of::<(Edge, f64)>() as u64)?;
        let costs = self.costs(whole, context, row)?;
        let known = if costs.values().any(Option::is_none) {
            let is_known = |edge| Ok(costs.get(&edge).copied().flatten().is_some());
            Arc::new(whole.filtered(context.budget(), is_known)?)
        } else {
            Arc::clone(whole)
        };
        let of_edge = move |edge| costs.get(&edge).copied().flatten().unwrap_or(f64::INFINITY);
        let cost = Cost::Each(Arc::new(of_edge));
        let (version, whole) = (context.version(), Arc::clone(whole));
        self.kept = Some(Kept { version, values, whole, known: Arc::clone(&known), cost: cost.clone(), _held: held });
        Ok((known, cost))
    }

    fn costs(&self, whole: &Topology, context: &Context<'_>, row: &mut Row) -> Result<HashMap<Edge, Option<f64>>> {
        // The cost of most hops is made of their confidence.
        context.confidences()?;
        let mut costs = HashMap::new();
        for node in (0..whole.node_count() as u32).map(NodeId::new) {
            for step in whole.steps(node) {
                context.tick()?;
                let edge = step.edge(node);
                if let Entry::Vacant(place) = costs.entry(edge) {
                    place.insert(self.cost(edge, context, row)?);
                }
            }
        }
        Ok(costs)
    }

    fn cost(&self, edge: Edge, context: &Context<'_>, row: &mut Row) -> Result<Option<f64>> {
        row.set(self.edge, Cell::Relationship(edge));
        let cost = match evaluate(&self.of_hop, context, row)? {
            Cell::Null => return Ok(None),
            Cell::Integer(integer) => integer as f64,
            Cell::Float(float) => float,
            other => {
                return Err(value(
                    self.of_hop.span,
                    format!("the cost of a hop must be a number, not {}", other.kind()),
                ));
            }
        };
        if cost >= 0.0 {
            return Ok(Some(cost));
        }
        Err(value(self.of_hop.span, format!("the cost of a hop must be 0 or more, not {cost}")))
    }
}
