//! What a MATCH asks for: nodes, relationships between them, and how paths may repeat.

use std::collections::BTreeSet;
use std::sync::Arc;

use hopgraph_engine::traverse::{Hops, PathMode};
use hopgraph_engine::{Direction, LabelId, RelationTypeId};

use super::Expression;
use crate::limits::WALK_HOPS_MAX;
use crate::planner::plan::Slot;
use crate::syntax::ast::Shortest;

/// A label by name. The number is missing if the query itself will have made the label.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Label {
    pub(crate) name: Arc<str>,
    pub(crate) id: Option<LabelId>,
}

/// A relation type by name. The number is missing if the query itself will have made the type.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RelationName {
    pub(crate) name: Arc<str>,
    pub(crate) id: Option<RelationTypeId>,
}

/// What a node must be.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct NodePattern {
    /// Where it stands in the row.
    pub(crate) slot: Slot,
    /// Whether the row holds it before the pattern is matched.
    pub(crate) bound: bool,
    /// Whether the query can speak of it.
    pub(crate) named: bool,
    /// It needs one label of each inner list.
    pub(crate) labels: Vec<Vec<Label>>,
    /// What must hold besides, with the node in its slot.
    pub(crate) conditions: Vec<Expression>,
}

impl NodePattern {
    /// Whether any node will do.
    pub(crate) fn is_any(&self) -> bool {
        self.labels.is_empty() && self.conditions.is_empty()
    }

    /// Whether its conditions read nothing of the row but the node itself, so that the same nodes fit on every row.
    pub(crate) fn stands_alone(&self) -> bool {
        self.conditions.iter().flat_map(Expression::reads).all(|slot| slot == self.slot)
    }
}

/// Which edges one hop may follow.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Hop {
    /// The types; none: every asserted type.
    pub(crate) types: Vec<RelationName>,
    /// Which way, seen from where the hop starts.
    pub(crate) direction: Direction,
    /// Where the edge stands in the row, for the conditions and, of a single hop, as its result.
    pub(crate) edge: Slot,
    /// What must hold of the edge.
    pub(crate) conditions: Vec<Expression>,
    /// What must hold of the evidence for it.
    pub(crate) evidence: EvidencePattern,
}

/// Which evidence for an edge counts, and how sure it must make of the edge. Without any of it, nothing is asked.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct EvidencePattern {
    /// By key of a property map: see [`EvidencePattern::KEYS`].
    entries: Vec<(&'static str, Expression)>,
}

impl EvidencePattern {
    /// The keys of a relationship's property map that speak of evidence.
    pub(crate) const KEYS: [&'static str; 5] = ["min_confidence", "min_year", "max_year", "document", "run"];

    /// The key as it is kept, if it speaks of evidence.
    pub(crate) fn key(name: &str) -> Option<&'static str> {
        Self::KEYS.into_iter().find(|key| *key == name)
    }

    /// Asks for one more thing.
    pub(crate) fn add(&mut self, key: &'static str, value: Expression) {
        self.entries.push((key, value));
    }

    /// Whether nothing is asked.
    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many things are asked.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// What is asked, in the order in which it was written.
    pub(crate) fn entries(&self) -> &[(&'static str, Expression)] {
        &self.entries
    }
}

impl Hop {
    /// The same hop from its other end.
    pub(crate) fn reversed(&self) -> Self {
        Self { direction: self.direction.reversed(), ..self.clone() }
    }

    /// Whether it follows every edge of its types.
    pub(crate) fn is_plain(&self) -> bool {
        self.conditions.is_empty() && self.evidence.is_empty()
    }

    /// What it asks of the edge and of the evidence for it.
    pub(crate) fn expressions(&self) -> impl Iterator<Item = &Expression> {
        self.conditions.iter().chain(self.evidence.entries.iter().map(|(_, value)| value))
    }

    /// The same, to be changed.
    pub(crate) fn expressions_mut(&mut self) -> impl Iterator<Item = &mut Expression> {
        self.conditions.iter_mut().chain(self.evidence.entries.iter_mut().map(|(_, value)| value))
    }

    /// The slots of the row that its conditions read, the edge's left out.
    pub(crate) fn reads(&self) -> BTreeSet<Slot> {
        let mut slots: BTreeSet<_> = self.expressions().flat_map(Expression::reads).collect();
        slots.remove(&self.edge);
        slots
    }
}

/// How many hops a relationship of variable length has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) least: u32,
    /// `None`: any number.
    pub(crate) most: Option<u32>,
}

impl Range {
    /// The range as a walk takes it. Modes that repeat nothing end by themselves; a walk without limit is given one.
    pub(crate) fn hops(self, mode: PathMode) -> Hops {
        let limit = if mode == PathMode::Walk { WALK_HOPS_MAX.max(self.least) } else { u32::MAX };
        Hops { least: self.least, most: self.most.unwrap_or(limit) }
    }
}

/// One relationship pattern; nodes are given by their index in the pattern.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RelationshipPattern {
    /// Where the relationship stands in the row: one of variable length as a list.
    pub(crate) slot: Slot,
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) hop: Hop,
    /// For one of variable length.
    pub(crate) range: Option<Range>,
}

/// One path of a pattern.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PathPattern {
    /// Where the path stands in the row, if it has a name.
    pub(crate) slot: Option<Slot>,
    pub(crate) start: usize,
    /// Its relationships by index, in order.
    pub(crate) relationships: Vec<usize>,
    pub(crate) mode: PathMode,
    pub(crate) shortest: Option<Shortest>,
    /// What its hops cost, if it is to be cheap.
    pub(crate) cost: Option<Cost>,
}

/// What paths are compared by.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Cost {
    /// The cost of one hop, with its edge in its slot.
    pub(crate) of_hop: Expression,
    /// Where the cost of the path goes.
    pub(crate) total: Slot,
}

/// All that one MATCH asks for.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Pattern {
    pub(crate) nodes: Vec<NodePattern>,
    pub(crate) relationships: Vec<RelationshipPattern>,
    pub(crate) paths: Vec<PathPattern>,
    /// What must hold besides.
    pub(crate) conditions: Vec<Expression>,
    /// Whether each combination of what is named comes once, as in the terse form, instead of once for each path.
    pub(crate) distinct: bool,
    /// Where the number of hops goes: of the path, or the least number if combinations come once.
    pub(crate) hops: Option<Slot>,
    /// Where the number of paths with the least number of hops goes.
    pub(crate) shortest_paths: Option<Slot>,
}

impl Pattern {
    /// The slots that matching fills.
    pub(crate) fn fills(&self) -> BTreeSet<Slot> {
        let nodes = self.nodes.iter().filter(|node| !node.bound).map(|node| node.slot);
        let relationships = self.relationships.iter().flat_map(|one| [one.slot, one.hop.edge]);
        let paths =
            self.paths.iter().flat_map(|path| path.slot.into_iter().chain(path.cost.as_ref().map(|cost| cost.total)));
        nodes.chain(relationships).chain(paths).chain(self.hops).chain(self.shortest_paths).collect()
    }

    /// The single relationship of the single path, if there is no more to it than that.
    pub(crate) fn lone_relationship(&self) -> Option<(&RelationshipPattern, &PathPattern)> {
        match (&self.relationships[..], &self.paths[..]) {
            ([relationship], [path]) if path.shortest.is_none() => Some((relationship, path)),
            _ => None,
        }
    }
}
