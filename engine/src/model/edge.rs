//! Edges, their types, and which way they are followed.

use crate::{NodeId, RelationTypeId};

/// Whether a relation states that something holds, or that it does not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Polarity {
    /// The text says that the relation holds.
    #[default]
    Asserted,
    /// The text says that the relation does **not** hold. Never walked unless its type is named.
    Denied,
}

/// A type of relation.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RelationType {
    /// Its name, such as `associated`. Looked up ignoring case.
    pub name: String,
    /// Asserted or denied.
    pub polarity: Polarity,
    /// Whether both directions mean the same. Such an edge is stored once and walked both ways, whatever the arrow.
    pub symmetric: bool,
}

/// An edge is known by what it says: source, type, target. There is at most one of each; two edges between the same
/// nodes differ in type or direction. An edge of a symmetric type has its smaller node as source: see
/// [`Edge::canonical`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Edge {
    /// Its type.
    pub relation: RelationTypeId,
    /// Where it starts.
    pub source: NodeId,
    /// Where it ends.
    pub target: NodeId,
}

impl Edge {
    /// The one way to write this edge: an edge of a symmetric type starts at the smaller node.
    #[must_use]
    pub fn canonical(self, symmetric: bool) -> Self {
        if symmetric && self.source > self.target {
            Self { source: self.target, target: self.source, ..self }
        } else {
            self
        }
    }
}

/// Which way edges are followed from a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Direction {
    /// From source to target.
    Out,
    /// From target to source.
    In,
    /// Either way.
    Both,
}

impl Direction {
    /// The same steps seen from the other end.
    #[must_use]
    pub fn reversed(self) -> Self {
        match self {
            Self::Out => Self::In,
            Self::In => Self::Out,
            Self::Both => Self::Both,
        }
    }
}
