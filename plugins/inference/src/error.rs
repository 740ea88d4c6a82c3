//! What can go wrong: with one input, and with a model.

use std::path::PathBuf;

use hopgraph_model::ModelError;

/// Why one input was not classified; the other inputs of its batch were.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InputError {
    /// A span does not lie within its text.
    #[error("the span {start}..{end} of the {label} lies outside the text, which has {length} characters")]
    SpanOutside {
        /// Its label.
        label: String,
        /// Its first character.
        start: usize,
        /// One past its last character.
        end: usize,
        /// How many characters the text has.
        length: usize,
    },
    /// A span holds no character.
    #[error("the span {start}..{end} of the {label} is empty; its end must come after its start")]
    SpanEmpty {
        /// Its label.
        label: String,
        /// Its first character.
        start: usize,
        /// One past its last character.
        end: usize,
    },
    /// The two spans share characters, so that masking one would destroy the other.
    #[error(
        "the spans {first_start}..{first_end} and {second_start}..{second_end} overlap; give two entities that stand apart"
    )]
    SpansOverlap {
        /// First character of the one that comes first.
        first_start: usize,
        /// One past its last character.
        first_end: usize,
        /// First character of the other.
        second_start: usize,
        /// One past its last character.
        second_end: usize,
    },
    /// The model has no mask for the label.
    #[error("this model has no mask for the label `{label}`; it reads {} and {}", .known[0], .known[1])]
    UnknownLabel {
        /// The label asked for.
        label: String,
        /// The labels that the model reads.
        known: [String; 2],
    },
    /// Both entities have the same label.
    #[error("both entities are labelled `{label}`; this model reads a pair of {} and {}", .known[0], .known[1])]
    SameLabel {
        /// Their label.
        label: String,
        /// The labels that the model reads.
        known: [String; 2],
    },
    /// A masked sentence lacks one of the masks, so that there is no pair to ask about.
    #[error(
        "the sentence does not contain {mask}, which stands for the {label}; mask both entities or give their spans"
    )]
    MaskMissing {
        /// The mask.
        mask: String,
        /// The label that it stands for.
        label: String,
    },
    /// Prompt and sentence are longer than the model can read. They are not cut, since the cut might take an entity.
    #[error("prompt and sentence come to {length} tokens, and this model reads at most {limit}; shorten the sentence")]
    TooLong {
        /// Tokens of prompt and sentence.
        length: usize,
        /// The most that the model reads.
        limit: usize,
    },
    /// None of the answers is among the words that a remote model finds most probable, so that there is nothing to
    /// compare.
    #[error("the model would say {said:?}, and none of its answers is among its most probable words; see `prompt`")]
    NoAnswer {
        /// What it would say.
        said: String,
    },
}

/// What can go wrong with a model: its folder, its server, or the model itself.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InferenceError {
    /// Two models cannot be a cascade.
    #[error("the two models do not fit each other: {0}")]
    Cascade(String),
    /// Models cannot be an ensemble.
    #[error("the models do not fit each other: {0}")]
    Ensemble(String),
    /// A server could not be reached, refused the request, or gave an answer that cannot be read.
    #[error("{endpoint}: {reason}")]
    Remote {
        /// Where the request went.
        endpoint: String,
        /// What went wrong.
        reason: String,
    },
    /// A folder has no `model.toml`.
    #[error(
        "there is no {}; a model folder holds a model.toml beside its weights. One to start from, its answers and \
         relations to be made your own:\n\n{suggestion}", .path.display()
    )]
    NoSettings {
        /// The `model.toml` that should be there.
        path: PathBuf,
        /// What it might say.
        suggestion: String,
    },
    /// `model.toml` says something that cannot be.
    #[error("{}: {problem}", .path.display())]
    Settings {
        /// The `model.toml`.
        path: PathBuf,
        /// What is wrong, and what would be right.
        problem: String,
    },
    /// A recorded classifier was asked something that it has no record of.
    #[error("no answer is recorded for the sentence: {sentence}")]
    NotRecorded {
        /// The masked sentence.
        sentence: String,
    },
    /// Its files, its device or its arithmetic.
    #[error(transparent)]
    Model(#[from] ModelError),
}
