//! The graph of hopgraph: nodes, relations and their evidence, kept safely, and walked fast.
//!
//! [`Graph`] is the door. [`Graph::snapshot`] gives one moment for reading, and [`View`] lists what may be asked of it;
//! [`Graph::change`] collects edits that become true together; [`Graph::bulk_load`] takes many plain facts at once.
//! [`traverse`] walks over a [`Topology`], the shape of the graph without its names.
//!
//! This crate knows no text but names, no query language, no model and no terminal.

pub mod algorithm;
mod backup;
mod budget;
mod bulk;
mod catalog;
mod change;
mod change_view;
mod check;
mod compare;
mod confidence;
mod describe;
mod edits;
mod error;
mod graph;
mod id;
pub mod limits;
mod migrate;
mod model;
mod node_set;
mod node_sets;
mod read;
mod retract;
mod scan;
mod shared;
mod snapshot;
mod storage;
mod sync;
#[cfg(test)]
mod tests;
mod topology;
pub mod traverse;
mod value;
mod view;

pub use backup::{Backup, Backups};
pub use budget::Budget;
pub use bulk::{BulkLoad, BulkNode, BulkOptions, BulkSummary};
pub use catalog::Catalog;
pub use change::{Change, check_name};
pub use check::{CheckReport, RepairReport};
pub use compare::RunComparison;
pub use confidence::confidence;
pub use describe::Description;
pub use error::{Interruption, StorageError};
pub use graph::{Access, Durability, Graph, GraphOptions};
pub use id::{DocumentId, LabelId, NodeId, RelationTypeId, RunId, SentenceId};
pub use model::{
    Direction, Document, Edge, Evidence, Mention, NewDocument, NewSentence, Node, Polarity, RelationType, Run, RunKind,
    Sentence, Statistics,
};
pub use node_set::{DocumentSet, NodeSet};
pub use retract::Retraction;
pub use snapshot::Snapshot;
pub use topology::{EdgeFilter, EvidenceTable, Step, Topology, TopologyKey};
pub use value::{Properties, PropertyValue};
pub use view::View;
