//! The shape of the graph under some relation types and one direction, as compressed sparse rows: what walks run on.

use crate::{Direction, Edge, NodeId, RelationTypeId, StorageError};

/// Which edges a walk may follow.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TopologyKey {
    /// The relation types, sorted, without duplicates; `None`: every asserted type.
    pub relations: Option<Vec<RelationTypeId>>,
    /// Which way.
    pub direction: Direction,
}

/// One step from a node along an edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Step {
    /// Where the step ends.
    pub node: NodeId,
    /// The relation type in the lower 15 bits; the top bit says that the edge is stored from `node` to the start.
    kind: u16,
}

/// The arcs of every node, sorted by end node. Two parallel edges are two arcs; a loop is one arc.
#[derive(Clone, Debug, Default)]
pub struct Topology {
    /// `offsets[n]..offsets[n + 1]` are the arcs of node `n`.
    offsets: Vec<u64>,
    /// End node of each arc.
    ends: Vec<u32>,
    /// Kind of each arc, see [`Step`].
    kinds: Vec<u16>,
    /// Whether every arc has its counterpart: the walk ignores direction.
    undirected: bool,
}

impl Topology {
    /// One more than the largest node id that it knows.
    pub fn node_count(&self) -> usize {
        todo!()
    }
    /// How many arcs there are in all.
    pub fn arc_count(&self) -> u64 {
        todo!()
    }
    /// The steps from a node, in order of end node, then type.
    pub fn steps(&self, node: NodeId) -> impl Iterator<Item = Step> + '_ {
        todo!() as std::iter::Empty<Step>
    }
    /// Whether some arc leads from one node to the other.
    pub fn connects(&self, from: NodeId, to: NodeId) -> bool {
        todo!()
    }
    /// The edge that a step from this node walks along.
    pub fn edge(&self, from: NodeId, step: Step) -> Edge {
        todo!()
    }
    /// The same graph with only those edges that the caller keeps; each edge is asked for once.
    pub fn filtered(&self, keep: impl FnMut(Edge) -> Result<bool, StorageError>) -> Result<Self, StorageError> {
        todo!()
    }
    /// The same arcs followed from their other end.
    pub fn reversed(&self) -> Self {
        todo!()
    }
}
