//! One file for each subcommand.

pub(crate) mod check;
pub(crate) mod classify;
pub(crate) mod info;
pub(crate) mod ingest;
pub(crate) mod load;
pub(crate) mod query;

use std::path::Path;

use hopgraph::{Graph, GraphOptions, StorageError};

/// Opens a graph that has to be there: a mistyped path must not become an empty database.
pub(crate) fn open_existing(path: &Path) -> Result<Graph, StorageError> {
    Graph::open_with(path, &GraphOptions { must_exist: true, ..GraphOptions::default() })
}
