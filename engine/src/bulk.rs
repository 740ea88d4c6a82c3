//! Many plain facts at once: the fast way in, for loads of whole files.

use std::marker::PhantomData;

use crate::{Edge, NodeId, Properties, RelationType, RelationTypeId, RunId, StorageError};

/// A node of a bulk load. If a node has the identifier already, the labels, synonyms and properties are added to it,
/// and the name is taken if it had none.
#[derive(Clone, Debug, Default)]
pub struct BulkNode<'a> {
    /// The external id that edges of the load refer to.
    pub identifier: &'a str,
    /// Labels, added to the catalog if they are new.
    pub labels: &'a [&'a str],
    /// The preferred name; may be empty.
    pub name: &'a str,
    /// Other names.
    pub synonyms: &'a [&'a str],
    /// Everything else.
    pub properties: Properties,
}

/// What a bulk load did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BulkSummary {
    /// Nodes that are new.
    pub nodes_added: u64,
    /// Nodes that were there before and were added to.
    pub nodes_merged: u64,
    /// Edges given, duplicates within the load counted once.
    pub edges: u64,
}

/// A load in progress. What it has taken is written in sorted pieces, each whole or not at all; a load that was cut
/// off and is run again ends in the same graph. [`BulkLoad::finish`] writes the rest.
#[derive(Debug)]
pub struct BulkLoad<'g> {
    graph: PhantomData<&'g ()>,
}

impl BulkLoad<'_> {
    /// The run that the facts of this load stand under.
    pub fn run(&self) -> RunId {
        todo!()
    }
    /// The relation type of this name, added if it is new.
    pub fn relation_type(&mut self, relation_type: &RelationType) -> Result<RelationTypeId, StorageError> {
        todo!()
    }
    /// The relation type of this name in the graph, if it has one.
    pub fn known_relation_type(&self, name: &str) -> Option<RelationTypeId> {
        todo!()
    }
    /// Adds a node, or adds to the node that has its identifier.
    pub fn add_node(&mut self, node: &BulkNode<'_>) -> Result<NodeId, StorageError> {
        todo!()
    }
    /// The node with this identifier, from this load or from before.
    pub fn node(&self, identifier: &str) -> Result<Option<NodeId>, StorageError> {
        todo!()
    }
    /// States an edge as a plain fact, with its properties.
    pub fn add_edge(&mut self, edge: Edge, properties: &Properties) -> Result<(), StorageError> {
        todo!()
    }
    /// Writes what is left.
    pub fn finish(self) -> Result<BulkSummary, StorageError> {
        todo!()
    }
}
