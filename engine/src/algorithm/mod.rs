//! What whole graphs are asked: who is central, what belongs together. Each algorithm runs over a [`Subgraph`], obeys a
//! [`Budget`](crate::Budget), and answers the same on every run.

mod betweenness;
mod components;
mod label_propagation;
mod louvain;
mod pagerank;
mod subgraph;
#[cfg(test)]
mod tests;
mod triangles;

pub use betweenness::{Sample, betweenness};
pub use components::components;
pub use label_propagation::label_propagation;
pub use louvain::{louvain, modularity};
pub use pagerank::{PageRank, pagerank};
pub use subgraph::Subgraph;
pub use triangles::{Triangles, triangles};

/// Numbers groups 0, 1, 2... in the order of their first nodes.
fn renumbered(groups: &[u32]) -> Vec<u32> {
    let mut numbers = std::collections::HashMap::new();
    groups
        .iter()
        .map(|group| {
            let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
            *numbers.entry(*group).or_insert(next)
        })
        .collect()
}
