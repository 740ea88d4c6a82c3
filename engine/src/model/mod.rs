//! The things a graph holds, as values: nodes, edges, documents, evidence and runs, their ids, and what can go wrong.
//! Nothing here knows how they are stored.

mod catalog;
mod confidence;
mod edge;
mod error;
mod evidence;
mod id;
pub(crate) mod name;
mod node;
mod node_set;
mod run;
mod statistics;
pub mod temporal;
mod text;
mod value;
mod withdrawal;

pub use catalog::Catalog;
pub use confidence::confidence;
pub use edge::{Direction, Edge, Polarity, RelationType};
pub use error::{Interruption, StorageError};
pub use evidence::Evidence;
pub use id::{DocumentId, LabelId, NodeId, RelationTypeId, RunId, SentenceId};
pub use name::check_name;
pub use node::Node;
pub use node_set::{DocumentSet, NodeSet};
pub use run::{Run, RunKind};
pub use statistics::Statistics;
pub use temporal::Temporal;
pub use text::{Document, Mention, NewDocument, NewSentence, Sentence};
pub use value::{Properties, PropertyValue};
pub use withdrawal::{Withdrawal, WithdrawalReason};
