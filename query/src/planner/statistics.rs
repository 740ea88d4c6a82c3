//! How many edges of each type lead from nodes with one label to nodes with another: what a join order is chosen by.

use std::collections::HashMap;
use std::sync::Arc;

use hopgraph_engine::{LabelId, RelationTypeId, Snapshot, View};

use super::plan::{Hop, Label, NodePattern};
use crate::fault::Result;

/// The name under which a snapshot keeps them.
const NAME: &str = "edges by type and labels";

/// Edges by type and the first labels of their ends. Nodes with several labels are counted under the first.
#[derive(Debug, Default)]
pub(crate) struct EdgeStatistics {
    types: HashMap<RelationTypeId, TypeStatistics>,
}

#[derive(Debug, Default)]
struct TypeStatistics {
    symmetric: bool,
    /// By the labels of source and target; `None`: a node without labels.
    edges: HashMap<(Option<LabelId>, Option<LabelId>), f64>,
}

impl EdgeStatistics {
    /// The statistics if somebody has asked for them at this moment of the graph.
    pub(crate) fn known(snapshot: &Snapshot) -> Option<Arc<Self>> {
        snapshot.kept(NAME)
    }

    /// The statistics; made in one pass over all edges, then kept.
    pub(crate) fn of(snapshot: &Snapshot) -> Result<Arc<Self>> {
        if let Some(known) = Self::known(snapshot) {
            return Ok(known);
        }
        let made = Arc::new(Self::read(snapshot)?);
        let bytes = made.types.values().map(|one| one.edges.len() as u64 * 32).sum();
        snapshot.keep(NAME, Arc::clone(&made), bytes);
        Ok(made)
    }

    fn read(snapshot: &Snapshot) -> Result<Self> {
        let mut labels: Vec<Option<LabelId>> = vec![None; usize::try_from(snapshot.node_bound()?).unwrap_or(0)];
        for (label, _) in snapshot.catalog().labels() {
            for node in snapshot.shared_nodes_with_label(label)?.iter() {
                if let Some(place) = labels.get_mut(node.index()) {
                    place.get_or_insert(label);
                }
            }
        }
        let label = |node: hopgraph_engine::NodeId| labels.get(node.index()).copied().flatten();
        let mut types = HashMap::new();
        for (relation, description) in snapshot.catalog().relation_types() {
            let mut one = TypeStatistics { symmetric: description.symmetric, ..TypeStatistics::default() };
            for edge in snapshot.edges(relation) {
                let edge = edge?;
                *one.edges.entry((label(edge.source), label(edge.target))).or_insert(0.0) += 1.0;
            }
            types.insert(relation, one);
        }
        Ok(Self { types })
    }

    /// The steps of a hop from nodes that have such labels to nodes that have such labels.
    pub(crate) fn steps(&self, from: &NodePattern, to: &NodePattern, hop: &Hop) -> f64 {
        let of_type = |one: &TypeStatistics| -> f64 {
            let (along, back) = match hop.direction {
                _ if one.symmetric => (true, true),
                hopgraph_engine::Direction::Out => (true, false),
                hopgraph_engine::Direction::In => (false, true),
                hopgraph_engine::Direction::Both => (true, true),
            };
            let steps = one.edges.iter().map(|((source, target), edges)| {
                let forward = along && fits(from, *source) && fits(to, *target);
                let backward = back && fits(from, *target) && fits(to, *source);
                edges * f64::from(u8::from(forward) + u8::from(backward))
            });
            steps.sum()
        };
        if hop.types.is_empty() {
            return self.types.values().map(of_type).sum();
        }
        hop.types.iter().filter_map(|name| self.types.get(&name.id?)).map(of_type).sum()
    }
}

/// Whether a node with this first label may fit.
fn fits(node: &NodePattern, label: Option<LabelId>) -> bool {
    let has = |alternatives: &Vec<Label>| alternatives.iter().any(|one| one.id.is_some() && one.id == label);
    node.labels.iter().all(has)
}
