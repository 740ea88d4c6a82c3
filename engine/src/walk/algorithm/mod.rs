//! What whole graphs are asked: who is central, what belongs together. Each algorithm runs over a [`Subgraph`], obeys a
//! [`Budget`](crate::Budget), and answers the same on every run.

mod betweenness;
mod components;
mod groups;
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
