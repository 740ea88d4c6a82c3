//! What can go wrong with an export.

use std::path::{Path, PathBuf};

use hopgraph_engine::StorageError;

use super::ExportFormat;

/// Why an export could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// A file cannot be made or written.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A format of several files was to go into one stream.
    #[error("{format} makes several files: name a folder for them with --out")]
    NeedsFolder {
        /// The format.
        format: ExportFormat,
    },
    /// The graph could not be read.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl ExportError {
    pub(super) fn file(path: &Path, source: impl Into<std::io::Error>) -> Self {
        Self::File { path: path.to_owned(), source: source.into() }
    }
}
