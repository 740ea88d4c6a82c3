//! What can go wrong with a load as a whole. A single wrong row is not an error: it goes to the rejects.

use std::path::PathBuf;

use hopgraph_engine::StorageError;

/// Why a load did not begin, or could not go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// Neither a nodes file nor an edges file was given.
    #[error("nothing to load: give at least one file of nodes or edges")]
    NothingToLoad,
    /// A file cannot be opened or read.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A file holds nothing, not even a header row.
    #[error("{} is empty: expected a header row or data", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// A row is longer than [`crate::limits::ROW_BYTES_MAX`].
    #[error(
        "{}:{line}: the row that begins here is longer than {} MiB; is a quotation mark in it never closed?",
        path.display(), crate::limits::ROW_BYTES_MAX >> 20
    )]
    RowTooLong {
        /// The file.
        path: PathBuf,
        /// The line on which the row begins, counted from 1.
        line: u64,
    },
    /// The columns of a file make no sense.
    #[error("{}: {reason}", path.display())]
    Columns {
        /// The file.
        path: PathBuf,
        /// What is wrong, and what to do.
        reason: String,
    },
    /// A Parquet file is damaged, or holds what cannot be read.
    #[error("{} cannot be read as Parquet: {reason}", path.display())]
    ColumnFile {
        /// The file.
        path: PathBuf,
        /// What the library says.
        reason: String,
    },
    /// The rejects file cannot be written. Rows are not dropped silently, so the load stops.
    #[error("the rejects file {} cannot be written: {source}; name another", path.display())]
    Rejects {
        /// The rejects file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The graph refused.
    #[error(transparent)]
    Storage(#[from] StorageError),
}
