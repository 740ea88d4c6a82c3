//! One moment of the graph, for reading.

use std::marker::PhantomData;
use std::sync::Arc;

use crate::{Budget, DocumentId, NodeId, RunId, SentenceId, Statistics, StorageError, Topology, TopologyKey};

/// One moment of the graph, for reading; see [`crate::View`] for the questions it answers.
#[derive(Debug)]
pub struct Snapshot<'g> {
    graph: PhantomData<&'g ()>,
}

impl Snapshot<'_> {
    /// The shape of the graph under these types and this direction. Built once for each state of the graph, then
    /// shared; the budget is charged only while it is built.
    pub fn topology(&self, key: &TopologyKey, budget: &Budget) -> Result<Arc<Topology>, StorageError> {
        todo!()
    }
    /// Up to `limit` names, synonyms and identifiers that begin with this text, ignoring case, in alphabetical order, each with a
    /// node that has it.
    pub fn names_with_prefix(&self, prefix: &str, limit: usize) -> Result<Vec<(String, NodeId)>, StorageError> {
        todo!()
    }
    /// Whether this run has finished with this document.
    pub fn run_has_document(&self, run: RunId, document: DocumentId) -> Result<bool, StorageError> {
        todo!()
    }
    /// The sentences that mention this node, in order.
    pub fn sentences_mentioning(&self, node: NodeId) -> Result<Vec<SentenceId>, StorageError> {
        todo!()
    }
    /// All runs in order.
    pub fn runs(&self) -> Result<Vec<(RunId, crate::Run)>, StorageError> {
        todo!()
    }
    /// Counts of everything.
    pub fn statistics(&self) -> Result<Statistics, StorageError> {
        todo!()
    }
}
