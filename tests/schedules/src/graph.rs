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

/// Without limits.
#[derive(Debug, Default)]
pub(crate) struct Budget;

impl Budget {
    pub(crate) fn is_unlimited(&self) -> bool {
        true
    }

    pub(crate) fn check(&self) -> Result<(), Interruption> {
        Ok(())
    }
}

/// Nothing is stopped here.
#[derive(Debug)]
pub(crate) enum Interruption {}

/// Nothing fails here.
#[derive(Debug)]
pub(crate) enum StorageError {}

impl From<Interruption> for StorageError {
    fn from(interruption: Interruption) -> Self {
        match interruption {}
    }
}

pub(crate) type LabelId = u16;

pub(crate) type NodeSet = BTreeSet<u32>;
