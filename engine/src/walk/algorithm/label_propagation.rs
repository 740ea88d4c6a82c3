//! What belongs together: communities by label propagation.

use std::collections::BTreeMap;

use super::groups::renumbered;
use super::subgraph::Subgraph;
use crate::Interruption;

/// The community of each node, numbered from 0 in the order of their first nodes.
///
/// Each node takes the label that most of its steps lead to, node by node, until no label changes or after this many
/// rounds (Raghavan, Albert, Kumara, "Near linear time algorithm to detect community structures in large-scale
/// networks", Physical Review E 76, 2007). There, nodes come in random order and ties are broken at random; here the
/// order is that of the nodes, a tie leaves a label as it is or takes the greatest, and the answer is always the same.
/// Each round takes time in the number of steps.
pub fn label_propagation(graph: &Subgraph, rounds: u32) -> Result<Vec<u32>, Interruption> {
    let budget = graph.budget();
    let _held = budget.charge(4 * graph.len() as u64)?;
    let mut labels: Vec<u32> = (0..graph.len() as u32).collect();
    for _ in 0..rounds {
        let mut changed = false;
        for node in 0..graph.len() {
            if node % 1024 == 0 {
                budget.check()?;
            }
            budget.count_neighbors(graph.ends(node).len() as u64);
            let label = most_frequent(graph.ends(node), &labels, labels[node]);
            changed |= std::mem::replace(&mut labels[node], label) != label;
        }
        if !changed {
            break;
        }
    }
    Ok(renumbered(&labels))
}

/// The label that most ends have; in doubt the one that the node has, or else the greatest. At first every end has a
/// label of its own, and the greatest is that of an end that has not had its turn; with the least, the label of the first
/// nodes would run through the whole graph.
fn most_frequent(ends: &[u32], labels: &[u32], own: u32) -> u32 {
    let mut counts: BTreeMap<u32, usize> = BTreeMap::new();
    for &end in ends {
        *counts.entry(labels[end as usize]).or_default() += 1;
    }
    let most = counts.values().copied().max().unwrap_or(0);
    if counts.get(&own).copied().unwrap_or(0) == most {
        return own;
    }
    counts.into_iter().rfind(|(_, count)| *count == most).map_or(own, |(label, _)| label)
}
