//! Reading: one moment of the graph, and the questions that it answers.

mod compare;
pub(crate) mod kept;
pub(crate) mod node_sets;
mod scan;
pub(crate) mod shared;
mod snapshot;
mod view;

pub use compare::RunComparison;
pub use snapshot::Snapshot;
pub use view::View;
