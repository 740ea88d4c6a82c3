//! The shape of the graph under some relation types and one direction, as compressed sparse rows: what walks run on.
//!
//! The rows of a thousand nodes are a chunk, and two versions of a topology share the chunks that are alike. So a commit
//! costs the chunks that it touches, and a walk sees one shape, whether it was decoded whole or kept current.

mod around;
#[cfg(test)]
mod around_tests;
mod cache;
mod chunk;
mod csr;
mod decode;
mod edge_filter;
mod evidence;
mod filter;
mod moment;
mod patch;
mod step;
#[cfg(test)]
mod tests;

pub(crate) use cache::TopologyCache;
pub use csr::Topology;
pub use edge_filter::EdgeFilter;
pub use evidence::EvidenceTable;
pub(crate) use moment::Moment;
pub use step::{Step, TopologyKey};
