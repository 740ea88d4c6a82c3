//! A node: an entity with its names.

use crate::{LabelId, Properties};

/// A node (an entity): what it is called, what it is, and under which ids the world knows it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Node {
    /// What it is; most nodes have one label. Sorted, without duplicates.
    pub labels: Vec<LabelId>,
    /// The preferred name; empty if it has none.
    pub name: String,
    /// Other names that it is found by.
    pub synonyms: Vec<String>,
    /// External ids such as `NCBIGene:672` or `MESH:D001943`; each belongs to one node only.
    pub identifiers: Vec<String>,
    /// Everything else.
    pub properties: Properties,
}
