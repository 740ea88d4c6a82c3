//! Walks: the shape of the graph in memory, what is reachable over it, and what whole graphs are asked.

pub mod algorithm;
mod budget;
pub(crate) mod topology;
pub mod traverse;

pub use budget::{Budget, Charge};
pub use topology::{EdgeFilter, EvidenceTable, Step, Topology, TopologyKey};
