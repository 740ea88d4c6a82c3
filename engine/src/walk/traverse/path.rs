//! Paths: what they may repeat, how long they may be, and what joins two ends.

use crate::{Edge, NodeId};

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
