//! How strong the best shortest path between two nodes is: the product of the confidences of its hops.

use std::collections::HashMap;

use hopgraph::engine::{Budget, EvidenceTable, NodeId, StorageError, Topology};

/// For every node at most so many hops from the source: its distance, and the strength of the strongest of its shortest
/// paths. One breadth-first pass; takes time in the number of edges within reach.
pub(crate) fn strengths(
    topology: &Topology,
    evidence: &EvidenceTable,
    source: NodeId,
    hops: u32,
    budget: &Budget,
) -> Result<HashMap<NodeId, (u32, f64)>, StorageError> {
    let mut reached = HashMap::from([(source, (0, 1.0))]);
    let mut frontier = vec![source];
    for distance in 1..=hops {
        let mut next = Vec::new();
        for &node in &frontier {
            budget.check()?;
            let strength = reached[&node].1;
            for step in topology.steps(node) {
                let entry = reached.entry(step.node).or_insert_with(|| {
                    next.push(step.node);
                    (distance, 0.0)
                });
                if entry.0 == distance {
                    entry.1 = f64::max(entry.1, strength * evidence.confidence(step.edge(node)));
                }
            }
        }
        frontier = next;
    }
    Ok(reached)
}
