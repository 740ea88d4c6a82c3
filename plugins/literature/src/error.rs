//! What can stop an ingestion as a whole. What is wrong with one record is a [`crate::Reject`], not an error.

use std::path::PathBuf;

use hopgraph_engine::StorageError;
use hopgraph_inference::InferenceError;

/// What can stop an ingestion. Whatever was committed before stays, and the same command goes on from there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IngestError {
    /// An input file could not be opened or its beginning not be read.
    #[error("cannot read {}: {source}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// Neither the content nor the name of a file tells its format.
    #[error("cannot tell the format of {}; name it with --format (pubtator, jsonl, pubmed, medline, bioc-xml, bioc-json, sentences, text, gad or eu-adr)", path.display())]
    UnknownFormat {
        /// The file.
        path: PathBuf,
    },
    /// A file holds something else than text in UTF-8.
    #[error("cannot read {}: {reason}", path.display())]
    NotText {
        /// The file.
        path: PathBuf,
        /// What it is, and what can be done.
        reason: String,
    },
    /// The list of rejects could not be written.
    #[error("cannot write the list of rejects {}: {source}", path.display())]
    Rejects {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The graph failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The model failed.
    #[error(transparent)]
    Inference(#[from] InferenceError),
    /// A classifier broke its contract: it gave another number of results or of probabilities than it was asked for.
    #[error("the model {model} gave {found} {what} where {expected} were due; this is a fault in its classifier")]
    WrongCount {
        /// Name of the model.
        model: String,
        /// What was counted.
        what: &'static str,
        /// How many came.
        found: usize,
        /// How many were due.
        expected: usize,
    },
}
