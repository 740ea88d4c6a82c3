//! Walks over a [`Topology`]: which ends are reachable in so many hops, and along which paths.

mod bits;
mod block;
mod counted;
mod longer;
mod pair_set;
mod pairs;
mod path_count;
mod paths;
mod ranked;
mod reach;
mod rows;
mod search;
mod shortest;
mod solo;
mod third_hop;

#[cfg(test)]
pub(crate) mod judge;

use crate::{Edge, NodeId};

pub use pair_set::{End, PairSet};
pub use pairs::Pairs;
pub use path_count::CountedPairs;
pub use paths::{Ends, Paths, paths};
pub use ranked::{Cost, RankedPaths, ranked_paths};
pub use reach::{Reach, count_reachable_pairs, reachable_pairs};
pub use shortest::shortest_paths;

#[cfg(doc)]
use crate::Topology;

/// What a path may repeat; the words are those of GQL (ISO/IEC 39075:2024).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum PathMode {
    /// Anything.
    Walk,
    /// Nodes, but no edge: the rule of openCypher, and the default.
    #[default]
    Trail,
    /// No node.
    Acyclic,
    /// No node, except that the last may be the first.
    Simple,
}

impl PathMode {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Walk, Self::Trail, Self::Acyclic, Self::Simple];
}

/// How many hops a path may have, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Hops {
    /// At least.
    pub least: u32,
    /// At most.
    pub most: u32,
}

/// A path through the graph: one more node than edges.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Path {
    /// The nodes in order.
    pub nodes: Vec<NodeId>,
    /// The edges in order, in canonical form; `edges[i]` lies between `nodes[i]` and `nodes[i + 1]`.
    pub edges: Vec<Edge>,
}

/// Two ends that some path joins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pair {
    /// Where the path starts.
    pub source: NodeId,
    /// Where it ends.
    pub target: NodeId,
    /// The least number of hops, within the range asked for, of any such path.
    pub hops: u32,
}
