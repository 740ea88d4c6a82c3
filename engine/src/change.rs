//! A batch of edits: committed whole or not at all.

use std::marker::PhantomData;

use crate::{
    DocumentId, Edge, LabelId, NewDocument, Node, NodeId, Properties, RelationType, RelationTypeId, Run, RunId,
    SentenceId, StorageError,
};

/// A batch of edits. Nothing shows to others until [`Change::commit`]; dropped, it leaves no trace. It answers the
/// questions of [`crate::View`] with its own edits included.
#[derive(Debug)]
pub struct Change<'g> {
    graph: PhantomData<&'g ()>,
}

impl Change<'_> {
    /// The label of this name, added if it is new.
    pub fn label(&mut self, name: &str) -> Result<LabelId, StorageError> {
        todo!()
    }
    /// The relation type of this name, added if it is new; fails if one of the name exists with another polarity or
    /// symmetry.
    pub fn relation_type(&mut self, relation_type: &RelationType) -> Result<RelationTypeId, StorageError> {
        todo!()
    }
    /// Adds a node.
    pub fn add_node(&mut self, node: Node) -> Result<NodeId, StorageError> {
        todo!()
    }
    /// Replaces what is known of a node.
    pub fn update_node(&mut self, id: NodeId, node: Node) -> Result<(), StorageError> {
        todo!()
    }
    /// Deletes a node; with `detach` its edges too, else they make it fail.
    pub fn delete_node(&mut self, id: NodeId, detach: bool) -> Result<(), StorageError> {
        todo!()
    }
    /// States an edge as a plain fact on the authority of a run; false if that run had stated it before.
    pub fn add_fact(&mut self, edge: Edge, run: RunId) -> Result<bool, StorageError> {
        todo!()
    }
    /// States an edge because a model read it in a sentence. A second reading by the same run replaces the first.
    pub fn add_evidence(
        &mut self,
        edge: Edge,
        sentence: SentenceId,
        run: RunId,
        probability: f32,
        probabilities: &[f32],
    ) -> Result<(), StorageError> {
        todo!()
    }
    /// Replaces the properties of an edge.
    pub fn set_edge_properties(&mut self, edge: Edge, properties: &Properties) -> Result<(), StorageError> {
        todo!()
    }
    /// Deletes an edge with all its evidence and properties; false if there was none.
    pub fn delete_edge(&mut self, edge: Edge) -> Result<bool, StorageError> {
        todo!()
    }
    /// Adds a document with its sentences; fails if its identifier is taken.
    pub fn add_document(&mut self, document: &NewDocument) -> Result<DocumentId, StorageError> {
        todo!()
    }
    /// The run equal to this one in all but its date, added if there is none.
    pub fn run(&mut self, run: &Run) -> Result<RunId, StorageError> {
        todo!()
    }
    /// The run under which corrections by hand are written.
    pub fn hand(&mut self) -> Result<RunId, StorageError> {
        todo!()
    }
    /// Notes that this run has finished with this document.
    pub fn mark_document(&mut self, run: RunId, document: DocumentId) -> Result<(), StorageError> {
        todo!()
    }
    /// Makes the edits true, all at once.
    pub fn commit(self) -> Result<(), StorageError> {
        todo!()
    }
}
