//! What a query writes.

use crate::planner::plan::Slot;
use crate::syntax::ast::Span;

use super::Expression;

/// Nodes and relationships to be made, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Creation {
    pub(crate) nodes: Vec<NewNode>,
    pub(crate) relationships: Vec<NewRelationship>,
    /// Paths of what was made: where each goes, and its expression.
    pub(crate) paths: Vec<(Slot, Expression)>,
}

/// A node to be made.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct NewNode {
    pub(crate) slot: Slot,
    pub(crate) labels: Vec<String>,
    pub(crate) properties: Vec<(String, Expression)>,
    pub(crate) span: Span,
}

/// A relationship to be made, between nodes that the row holds or that are made before it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct NewRelationship {
    pub(crate) slot: Slot,
    pub(crate) source: Slot,
    pub(crate) target: Slot,
    pub(crate) relation: String,
    pub(crate) properties: Vec<(String, Expression)>,
    pub(crate) span: Span,
}

/// One edit of something that the row holds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Edit {
    /// `target.key = value`
    Property { target: Expression, key: String, value: Expression },
    /// `target[key] = value`
    Computed { target: Expression, key: Expression, value: Expression },
    /// `target = map`
    Replace { target: Expression, map: Expression },
    /// `target += map`
    Merge { target: Expression, map: Expression },
    /// `target:Label`
    AddLabels { target: Expression, labels: Vec<String> },
    /// REMOVE
    Remove { target: Expression, removal: Removal },
}

/// What REMOVE takes away.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Removal {
    Property(String),
    Labels(Vec<String>),
}

impl Creation {
    /// The expressions that give the properties, and the paths.
    pub(crate) fn expressions(&self) -> Vec<&Expression> {
        let nodes = self.nodes.iter().flat_map(|node| &node.properties);
        let relationships = self.relationships.iter().flat_map(|relationship| &relationship.properties);
        nodes.chain(relationships).map(|(_, value)| value).chain(self.paths.iter().map(|(_, path)| path)).collect()
    }

    /// Shows every expression to `change`.
    pub(super) fn change_expressions(&mut self, change: &mut dyn FnMut(&mut Expression)) {
        let nodes = self.nodes.iter_mut().flat_map(|node| &mut node.properties);
        let relationships = self.relationships.iter_mut().flat_map(|relationship| &mut relationship.properties);
        nodes.chain(relationships).map(|(_, value)| value).for_each(&mut *change);
        self.paths.iter_mut().for_each(|(_, path)| change(path));
    }

    /// The slots of the ends of relationships.
    pub(crate) fn reads(&self) -> impl Iterator<Item = Slot> + '_ {
        self.relationships.iter().flat_map(|relationship| [relationship.source, relationship.target])
    }

    /// Whether expressions of another creation read what this one makes.
    pub(crate) fn is_read_by(&self, other: &Self) -> bool {
        let own: Vec<Slot> = self.fills().collect();
        let properties = other.nodes.iter().flat_map(|node| &node.properties);
        let of_relationships = other.relationships.iter().flat_map(|relationship| &relationship.properties);
        let mut values = properties.chain(of_relationships).map(|(_, value)| value);
        values.any(|value| value.reads().iter().any(|slot| own.contains(slot)))
    }

    /// Both, one after the other.
    pub(crate) fn followed_by(mut self, other: Self) -> Self {
        self.nodes.extend(other.nodes);
        self.relationships.extend(other.relationships);
        self.paths.extend(other.paths);
        self
    }

    /// The slots that it fills.
    pub(crate) fn fills(&self) -> impl Iterator<Item = Slot> + '_ {
        let nodes = self.nodes.iter().map(|node| node.slot);
        let relationships = self.relationships.iter().map(|relationship| relationship.slot);
        nodes.chain(relationships).chain(self.paths.iter().map(|(slot, _)| *slot))
    }
}

impl Edit {
    /// The expressions that it evaluates.
    pub(crate) fn expressions(&self) -> Vec<&Expression> {
        match self {
            Self::Property { target, value, .. } => vec![target, value],
            Self::Computed { target, key, value } => vec![target, key, value],
            Self::Replace { target, map } | Self::Merge { target, map } => vec![target, map],
            Self::AddLabels { target, .. } | Self::Remove { target, .. } => vec![target],
        }
    }

    /// Shows every expression to `change`.
    pub(super) fn change_expressions(&mut self, change: &mut dyn FnMut(&mut Expression)) {
        match self {
            Self::Property { target, value, .. } => {
                change(target);
                change(value);
            }
            Self::Computed { target, key, value } => {
                change(target);
                change(key);
                change(value);
            }
            Self::Replace { target, map } | Self::Merge { target, map } => {
                change(target);
                change(map);
            }
            Self::AddLabels { target, .. } | Self::Remove { target, .. } => change(target),
        }
    }
}
