//! One error for applications that do not care which part failed.

use hopgraph_engine::{Interruption, StorageError};
use hopgraph_inference::InferenceError;
use hopgraph_literature::IngestError;
use hopgraph_query::QueryError;
use hopgraph_tabular::{ExportError, LoadError};

/// Anything that can go wrong; each part's own error with its own text. The methods of [`crate::Graph`] give the precise
/// error, and `?` turns it into this one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The graph could not be opened, read or written.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// A query could not be answered.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// A table could not be loaded.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// A graph could not be written out.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// Literature could not be read into a graph.
    #[error(transparent)]
    Ingest(#[from] IngestError),
    /// A model could not be opened or run.
    #[error(transparent)]
    Inference(#[from] InferenceError),
}

impl From<Interruption> for Error {
    fn from(interruption: Interruption) -> Self {
        Self::Storage(interruption.into())
    }
}
