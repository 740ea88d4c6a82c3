//! The graph of hopgraph: nodes, relations and their evidence, kept safely, and walked fast.

mod budget;
mod bulk;
mod catalog;
mod change;
mod check;
mod error;
mod graph;
mod id;
mod model;
mod node_set;
mod snapshot;
mod topology;
pub mod traverse;
mod value;
mod view;

pub use budget::Budget;
pub use bulk::{BulkLoad, BulkNode, BulkSummary};
pub use catalog::Catalog;
pub use change::Change;
pub use check::CheckReport;
pub use error::{Interruption, StorageError};
pub use graph::{Durability, Graph, GraphOptions};
pub use id::{DocumentId, LabelId, NodeId, RelationTypeId, RunId, SentenceId};
pub use model::{
    Direction, Document, Edge, Evidence, Mention, NewDocument, NewSentence, Node, Polarity, RelationType, Run, RunKind,
    Sentence, Statistics,
};
pub use node_set::NodeSet;
pub use snapshot::Snapshot;
pub use topology::{Step, Topology, TopologyKey};
pub use value::{Properties, PropertyValue};
pub use view::View;
