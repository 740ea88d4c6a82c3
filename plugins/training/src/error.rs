//! What can stop a training run.

use std::path::PathBuf;

use hopgraph_chart::ChartError;
use hopgraph_evaluation::EvaluationError;
use hopgraph_inference::InferenceError;
use hopgraph_labelled::{LabelledError, Leak};
use hopgraph_model::ModelError;

/// Why a model was not trained.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainingError {
    /// The recipe says something that cannot be.
    #[error("{}: {problem}", path.display())]
    Recipe {
        /// The `TRAIN.toml`.
        path: PathBuf,
        /// What is wrong, and what would be right.
        problem: String,
    },
    /// A file cannot be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// Sentences of one part stand in another.
    #[error(
        "{verbatim} of {rows} {part} sentences stand among the training sentences word for word, and {same_source} with \
         another masking, so a score on them would show memory; give a `split` by source sentence, or say `allow_leak = true`",
        verbatim = leak.verbatim, rows = leak.test_rows, same_source = leak.same_source - leak.verbatim
    )]
    Leak {
        /// The part, such as `dev`.
        part: &'static str,
        /// How much of it stands there.
        leak: Leak,
    },
    /// A row cannot be read by the model.
    #[error("the {part} sentence of line {line}: {problem}")]
    Row {
        /// Which part it is of.
        part: &'static str,
        /// Its line, counted from 1; 0 if it comes from no file.
        line: u64,
        /// What is wrong.
        problem: String,
    },
    /// There is nothing to learn from, or nothing to choose by.
    #[error("there are no {part} sentences; {advice}")]
    Empty {
        /// Which part is missing.
        part: &'static str,
        /// What to do.
        advice: &'static str,
    },
    /// The folder for the results holds something else.
    #[error("{} holds files already; name another folder, or go on with --resume", path.display())]
    Occupied {
        /// The folder.
        path: PathBuf,
    },
    /// There is a state, but not of this run.
    #[error("{}: {problem}; a run goes on only with the settings that it began with", path.display())]
    State {
        /// The file of the state.
        path: PathBuf,
        /// What does not fit.
        problem: String,
    },
    /// The cost is no number any more.
    #[error("the cost of step {step} is no finite number; lower `rate`, or clip gradients with `clip`")]
    Diverged {
        /// The step.
        step: u64,
    },
    /// The model that was written does not say what the trained one says.
    #[error(
        "{}: loaded again, the model answers {differing} of {rows} development sentences otherwise than when it was \
         trained; it was not taken", path.display()
    )]
    Unfaithful {
        /// The folder.
        path: PathBuf,
        /// Rows that it answers otherwise.
        differing: usize,
        /// All rows.
        rows: usize,
    },
    /// Files of labelled sentences cannot be read.
    #[error(transparent)]
    Labelled(#[from] LabelledError),
    /// The base or the result is no model that can be used.
    #[error(transparent)]
    Inference(#[from] InferenceError),
    /// The model failed.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The result could not be scored.
    #[error(transparent)]
    Evaluation(#[from] EvaluationError),
    /// The curves could not be drawn.
    #[error(transparent)]
    Chart(#[from] ChartError),
}

impl TrainingError {
    /// That a file cannot be read or written.
    pub(crate) fn file(path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { path, source }
    }
}
