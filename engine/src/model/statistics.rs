//! How many there are of everything in a graph.

use std::collections::BTreeMap;

/// Names and numbers of a graph, for people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Nodes in all.
    pub nodes: u64,
    /// Nodes of each label.
    pub nodes_by_label: BTreeMap<String, u64>,
    /// Edges in all.
    pub edges: u64,
    /// Edges of each relation type.
    pub edges_by_type: BTreeMap<String, u64>,
    /// Documents.
    pub documents: u64,
    /// Sentences.
    pub sentences: u64,
    /// Pieces of evidence read in sentences.
    pub evidence: u64,
    /// Runs.
    pub runs: u64,
}
