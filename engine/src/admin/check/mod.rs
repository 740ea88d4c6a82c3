//! The invariants of a sound graph, as listed in `engine/FORMAT.md`: verified one family after the other.

mod checker;
mod edges;
mod nodes;
mod repair;
mod texts;

#[cfg(test)]
mod tests;

pub use checker::CheckReport;
use checker::Checker;
pub use repair::RepairReport;
pub(crate) use repair::repair;

use crate::StorageError;
use crate::storage::lookup;
use crate::storage::snapshot::StoreSnapshot;

/// Verifies a graph. What is wrong with its contents is in the report; an error means that it could not be read on.
pub(crate) fn check(store: &StoreSnapshot) -> Result<CheckReport, StorageError> {
    let mut report = CheckReport::default();
    let catalog = match lookup::catalog(store) {
        Ok(catalog) => catalog,
        Err(error @ StorageError::Damaged { .. }) => {
            report.problems.push(error.to_string());
            return Ok(report);
        }
        Err(error) => return Err(error),
    };
    let mut checker = Checker::new(store, catalog, report);
    // What cannot be read ends its part of the check, not the others.
    let counters = checker.read_counters();
    checker.note(counters)?;
    let pages = checker.check_pages();
    checker.note(pages)?;
    let nodes = checker.check_nodes();
    checker.note(nodes)?;
    let edges = checker.check_edges();
    checker.note(edges)?;
    let texts = checker.check_texts();
    checker.note(texts)?;
    Ok(checker.report)
}
