//! What can stop an evaluation.

use std::io;
use std::path::PathBuf;

use hopgraph_inference::InferenceError;

/// Why there is no evaluation.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EvaluationError {
    /// The file cannot be opened or breaks off.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The file is no set of labelled sentences.
    #[error("{}: {problem}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong, and what was expected.
        problem: String,
    },
    /// A row has no sentence or no label that can be read.
    #[error("{}:{line}: {problem}", path.display())]
    Row {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: u64,
        /// What is wrong.
        problem: String,
    },
    /// There is nothing to evaluate on.
    #[error("no labelled sentence is left to evaluate on: {reason}")]
    Empty {
        /// Why.
        reason: String,
    },
    /// The model refuses a sentence of the set.
    #[error("the model cannot read the sentence of line {line}: {problem}")]
    Input {
        /// The line, counted from 1; 0 if it comes from no file.
        line: u64,
        /// What the model says.
        problem: String,
    },
    /// No answer of the model states a relation, or all do, so that it cannot be scored.
    #[error("the model {model} has no answer that states a relation beside one that states none; see its model.toml")]
    Answers {
        /// Name of the model.
        model: String,
    },
    /// The model failed.
    #[error(transparent)]
    Inference(#[from] InferenceError),
}
