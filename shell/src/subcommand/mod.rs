//! One file for each subcommand.

pub(crate) mod backup;
pub(crate) mod check;
pub(crate) mod classify;
pub(crate) mod collect;
pub(crate) mod diff;
pub(crate) mod discover;
pub(crate) mod eval;
pub(crate) mod eval_graph;
pub(crate) mod export;
pub(crate) mod follow;
pub(crate) mod info;
pub(crate) mod ingest;
pub(crate) mod load;
pub(crate) mod model;
pub(crate) mod query;
pub(crate) mod read;
pub(crate) mod retract;
pub(crate) mod serve;
pub(crate) mod slice;
pub(crate) mod tag;
pub(crate) mod train;
pub(crate) mod verify;

use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};

use hopgraph::{Access, Graph, GraphOptions, StorageError};

/// Opens a graph that has to be there: a mistyped path must not become an empty database.
pub(crate) fn open_existing(path: &Path) -> Result<Graph, StorageError> {
    Graph::open_with(path, &GraphOptions { must_exist: true, ..GraphOptions::default() })
}

/// Opens a graph that is only to be read: if another process writes it, as it is now.
pub(crate) fn open_for_reading(path: &Path, read_only: bool) -> Result<Graph, StorageError> {
    let options = GraphOptions { access: Access::ReadOnly, ..GraphOptions::default() };
    if read_only {
        return Graph::open_with(path, &options);
    }
    let reason = match open_existing(path) {
        Err(StorageError::Locked { process, .. }) => {
            format!("process{} has {} open", process.map(|id| format!(" {id}")).unwrap_or_default(), path.display())
        }
        Err(StorageError::Unwritable { .. }) => format!("{} cannot be written", path.display()),
        Err(StorageError::DiskFull { .. }) => format!("the disk of {} is full", path.display()),
        opened => return opened,
    };
    let graph = Graph::open_with(path, &options)?;
    // Nobody is left to tell if standard error is closed.
    let _ = writeln!(std::io::stderr(), "note: {reason}; read as it is now");
    Ok(graph)
}

/// The rejects file beside the database: `my.hopgraph.load-rejects.tsv`.
fn default_rejects(database: &Path, suffix: &str) -> PathBuf {
    let mut path: OsString = database.components().collect::<PathBuf>().into();
    path.push(".");
    path.push(suffix);
    path.into()
}

/// Names the files that could not be read to their end, each with its reason.
fn write_broken_files(broken: &[hopgraph::literature::Reject], count: u64) -> std::io::Result<()> {
    let mut notes = std::io::stderr();
    for reject in broken {
        writeln!(notes, "error: {}: {}", reject.location, reject.reason)?;
    }
    match count.saturating_sub(broken.len() as u64) {
        0 => Ok(()),
        others => writeln!(notes, "error: and {others} others, see the list of rejects"),
    }
}

/// Tells what the model does less well than it could.
pub(crate) fn write_model_warnings(model: &dyn hopgraph::inference::Classifier) -> std::io::Result<()> {
    model.warnings().iter().try_for_each(|warning| writeln!(std::io::stderr(), "warning: {warning}"))
}
