//! Writing: batches of edits that become true whole or not at all, and loads of many plain facts.

pub(crate) mod bulk;
pub(crate) mod change;
mod change_view;
pub(crate) mod core;
mod describe;
mod detach;
#[cfg(test)]
mod detach_tests;
pub(crate) mod edits;
mod merge;
pub(crate) mod retract;
mod writer;

pub use bulk::{BulkLoad, BulkNode, BulkOptions, BulkSummary};
pub use change::Change;
pub use describe::Description;
pub use merge::NodeMerge;
pub use retract::Retraction;
