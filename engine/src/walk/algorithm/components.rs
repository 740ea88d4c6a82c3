//! What hangs together: weakly connected components.

use super::groups::renumbered;
use super::subgraph::Subgraph;
use crate::Interruption;

/// The component of each node, whichever way its edges point: numbered from 0 in the order of their first nodes.
///
/// A forest of disjoint sets with path halving (Tarjan, van Leeuwen, "Worst-case analysis of set union algorithms",
/// JACM 31(2), 1984): time practically in the number of steps.
pub fn components(graph: &Subgraph) -> Result<Vec<u32>, Interruption> {
    let budget = graph.budget();
    let _held = budget.charge(8 * graph.len() as u64)?;
    let mut parents: Vec<u32> = (0..graph.len() as u32).collect();
    for node in 0..graph.len() {
        if node % 4096 == 0 {
            budget.check()?;
        }
        budget.count_neighbors(graph.ends(node).len() as u64);
        for &end in graph.ends(node) {
            let (a, b) = (root(&mut parents, node as u32), root(&mut parents, end));
            // The smaller number is the root, so that the answer does not depend on the order of the steps.
            parents[a.max(b) as usize] = a.min(b);
        }
    }
    let roots: Vec<u32> = (0..graph.len() as u32).map(|node| root(&mut parents, node)).collect();
    Ok(renumbered(&roots))
}

fn root(parents: &mut [u32], mut node: u32) -> u32 {
    while parents[node as usize] != node {
        let above = parents[parents[node as usize] as usize];
        parents[node as usize] = above;
        node = above;
    }
    node
}
