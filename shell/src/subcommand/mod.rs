//! One file for each subcommand.

pub(crate) mod check;
pub(crate) mod classify;
pub(crate) mod eval;
pub(crate) mod info;
pub(crate) mod ingest;
pub(crate) mod load;
pub(crate) mod model;
pub(crate) mod query;

use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};

use hopgraph::{Graph, GraphOptions, StorageError};

/// Opens a graph that has to be there: a mistyped path must not become an empty database.
pub(crate) fn open_existing(path: &Path) -> Result<Graph, StorageError> {
    Graph::open_with(path, &GraphOptions { must_exist: true, ..GraphOptions::default() })
}

/// The rejects file beside the database: `my.hopgraph.load-rejects.tsv`.
fn default_rejects(database: &Path, suffix: &str) -> PathBuf {
    let mut path: OsString = database.components().collect::<PathBuf>().into();
    path.push(".");
    path.push(suffix);
    path.into()
}

/// Tells what the model does less well than it could.
fn write_model_warnings(model: &dyn hopgraph::inference::Classifier) -> std::io::Result<()> {
    model.warnings().iter().try_for_each(|warning| writeln!(std::io::stderr(), "warning: {warning}"))
}
