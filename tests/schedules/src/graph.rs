//! What stands for the model of a graph: as little as the files under the checker ask for.

use std::collections::BTreeSet;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Edge {
    pub(crate) relation: u16,
    pub(crate) number: u8,
}

#[derive(Debug)]
pub(crate) struct RelationType {
    pub(crate) symmetric: bool,
}

/// Knows the relation types up to a number.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Catalog {
    pub(crate) relation_types: u16,
}

impl Catalog {
    pub(crate) fn relation_type(&self, relation: u16) -> Option<&RelationType> {
        (relation < self.relation_types).then_some(&RelationType { symmetric: false })
    }
}

#[derive(Debug, Default)]
pub(crate) struct Budget;

/// Nothing fails here.
#[derive(Debug)]
pub(crate) enum StorageError {}

pub(crate) type LabelId = u16;

pub(crate) type NodeSet = BTreeSet<u32>;
