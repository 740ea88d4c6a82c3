//! What can stop an evaluation.

use hopgraph_inference::InferenceError;
use hopgraph_labelled::LabelledError;

/// Why there is no evaluation.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EvaluationError {
    /// The labelled sentences cannot be read.
    #[error(transparent)]
    Labelled(#[from] LabelledError),
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
