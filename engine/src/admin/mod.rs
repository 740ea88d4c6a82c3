//! Looking after a graph: checks, repairs and backups.

mod backup;
pub(crate) mod check;

pub use crate::storage::backup::Backup;
pub use backup::Backups;
pub use check::{CheckReport, RepairReport};
