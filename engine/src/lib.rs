//! The graph of hopgraph: nodes, relations and their evidence, kept safely, and walked fast.
//!
//! [`Graph`] is the door. [`Graph::snapshot`] gives one moment for reading, and [`View`] lists what may be asked of it;
//! [`Graph::change`] collects edits that become true together; [`Graph::bulk_load`] takes many plain facts at once.
//! [`traverse`] walks over a [`Topology`], the shape of the graph without its names.
//!
//! This crate knows no text but names, no query language, no model and no terminal.

mod admin;
mod graph;
pub mod limits;
mod model;
mod read;
mod storage;
mod sync;
#[cfg(test)]
mod tests;
mod walk;
mod write;

pub use admin::{Backup, Backups, CheckReport, RepairReport};
pub use graph::{Access, Durability, Graph, GraphOptions};
pub use model::{
    Catalog, Direction, Document, DocumentId, DocumentSet, Edge, Evidence, Interruption, LabelId, Mention, NewDocument,
    NewSentence, Node, NodeId, NodeSet, Polarity, Properties, PropertyValue, RelationType, RelationTypeId, Run, RunId,
    RunKind, Sentence, SentenceId, Statistics, StorageError, Temporal, Withdrawal, WithdrawalReason, check_name,
    confidence, temporal,
};
pub use read::{RunComparison, Snapshot, View};
pub use walk::{Budget, Charge, EdgeFilter, EvidenceTable, Step, Topology, TopologyKey, algorithm, traverse};
pub use write::{BulkLoad, BulkNode, BulkOptions, BulkSummary, Change, Description, NodeMerge, Retraction};
