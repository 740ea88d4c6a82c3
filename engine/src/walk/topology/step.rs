//! Single steps along edges, and which of them a topology has.

use crate::{Direction, Edge, NodeId, RelationTypeId};

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
    pub(super) kind: Kind,
}

/// The relation type of a step in the lower 15 bits; the top bit says that the step goes against the edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Kind(pub(super) u16);

impl Kind {
    const AGAINST: u16 = 1 << 15;

    pub(super) fn new(relation: RelationTypeId, against: bool) -> Self {
        Self(relation.get() | if against { Self::AGAINST } else { 0 })
    }

    fn reversed(self) -> Self {
        Self(self.0 ^ Self::AGAINST)
    }
}

impl Step {
    /// The relation type of the edge.
    pub fn relation(self) -> RelationTypeId {
        RelationTypeId::new(self.kind.0 & !Kind::AGAINST)
    }

    /// A number that sorts the steps of a row by end, then kind.
    pub(super) fn packed(self) -> u64 {
        u64::from(self.node.get()) << 16 | u64::from(self.kind.0)
    }

    /// The same step taken back to where it starts.
    pub(super) fn reversed(self, from: NodeId) -> Self {
        Self { node: from, kind: self.kind.reversed() }
    }

    /// The edge that the step from this node walks along, in canonical form.
    pub fn edge(self, from: NodeId) -> Edge {
        let (source, target) = if self.kind.0 & Kind::AGAINST == 0 { (from, self.node) } else { (self.node, from) };
        Edge { relation: self.relation(), source, target }
    }
}

/// Whether steps can be taken back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Shape {
    /// Every one.
    #[default]
    Undirected,
    /// None but loops.
    OneWay,
    /// Some.
    Mixed,
}

impl Shape {
    /// From whether the edges that are walked, each on its own, are of symmetric types.
    pub(super) fn new(direction: Direction, mut symmetric: impl Iterator<Item = bool>) -> Self {
        let first = symmetric.next();
        if direction == Direction::Both || first.is_none() {
            return Self::Undirected;
        }
        match (first, symmetric.all(|symmetric| Some(symmetric) == first)) {
            (_, false) => Self::Mixed,
            (Some(true), true) => Self::Undirected,
            _ => Self::OneWay,
        }
    }
}

/// The steps that an edge gives under a direction, each with where it starts.
pub(super) fn steps_of(edge: Edge, symmetric: bool, direction: Direction) -> impl Iterator<Item = (NodeId, Step)> {
    let edge = edge.canonical(symmetric);
    let along = symmetric || direction != Direction::In;
    let back = symmetric || direction != Direction::Out;
    let loop_twice = edge.source == edge.target && along;
    let along = along.then(|| (edge.source, Step { node: edge.target, kind: Kind::new(edge.relation, false) }));
    let back =
        (back && !loop_twice).then(|| (edge.target, Step { node: edge.source, kind: Kind::new(edge.relation, true) }));
    along.into_iter().chain(back)
}
