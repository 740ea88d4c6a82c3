//! Walks over a [`Topology`]: which ends are reachable in so many hops, and along which paths.

use crate::{Budget, Edge, Interruption, NodeId, NodeSet, Topology};

/// What a path may repeat; the words are those of GQL.
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

/// How many hops a path may have, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Hops {
    /// At least.
    pub least: u32,
    /// At most.
    pub most: u32,
}

/// A path through the graph: one more node than edges.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Path {
    /// The nodes in order.
    pub nodes: Vec<NodeId>,
    /// The edges in order; `edges[i]` lies between `nodes[i]` and `nodes[i + 1]`.
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

/// Every pair of a source and a target that some path of the mode joins, each once, with its least number of hops.
/// Works in blocks of sources (or of targets, if those are fewer); the order is the same on every run.
pub fn reachable_pairs<'t>(
    topology: &'t Topology,
    sources: &NodeSet,
    targets: &NodeSet,
    hops: Hops,
    mode: PathMode,
    budget: &'t Budget,
) -> impl Iterator<Item = Result<Pair, Interruption>> + use<'t> {
    todo!() as std::iter::Empty<_>
}

/// How many such pairs there are for each number of hops, without listing them: `counts[h]` pairs have least hops `h`.
pub fn count_reachable_pairs(
    topology: &Topology,
    sources: &NodeSet,
    targets: &NodeSet,
    hops: Hops,
    mode: PathMode,
    budget: &Budget,
) -> Result<Vec<u64>, Interruption> {
    todo!()
}

/// Every path of the mode from this node, in depth-first order, whose end is in `targets` (`None`: anywhere), and that
/// avoids the edges in `used` (those that other parts of the pattern walk already; for [`PathMode::Walk`], empty).
pub fn paths<'t>(
    topology: &'t Topology,
    source: NodeId,
    targets: Option<&'t NodeSet>,
    hops: Hops,
    mode: PathMode,
    used: &'t [Edge],
    budget: &'t Budget,
) -> impl Iterator<Item = Result<Path, Interruption>> + use<'t> {
    todo!() as std::iter::Empty<_>
}

/// All shortest paths between two nodes with a number of hops in the range, or only the first of them; none if there
/// is no path. The least range allowed is 0 or 1 hops.
pub fn shortest_paths(
    topology: &Topology,
    source: NodeId,
    target: NodeId,
    hops: Hops,
    all: bool,
    budget: &Budget,
) -> Result<Vec<Path>, Interruption> {
    todo!()
}
