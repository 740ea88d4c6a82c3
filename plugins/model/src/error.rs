//! What can go wrong with a model: its files, its device, or its arithmetic.

use std::path::{Path, PathBuf};

/// What can go wrong with a model: its files, its device, or its arithmetic.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// A file of the model folder cannot be read.
    #[error("cannot read {}: {source}; {advice}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
        /// What to do.
        advice: &'static str,
    },
    /// The weights file is not GGUF, or its header is damaged.
    #[error("{} is not a readable GGUF file ({problem}); convert the model to GGUF or download it again", .path.display())]
    NotGguf {
        /// The weights file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// A weights file is not safetensors, or its header is damaged.
    #[error("{} is not a readable safetensors file: {problem}", .path.display())]
    NotSafetensors {
        /// The weights file, or the index of several.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// `config.json` cannot be understood.
    #[error("{} is no JSON table ({problem}); take the config.json that came with the weights", .path.display())]
    Config {
        /// The `config.json`.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// The weights are those of another kind of model.
    #[error(
        "{} holds a `{found}` model; what is read is `llama` (and `mistral`), `gemma` (the first) and `bert`", .path.display()
    )]
    Architecture {
        /// The weights file.
        path: PathBuf,
        /// The architecture that it names.
        found: String,
    },
    /// The weights file ends before its last tensor.
    #[error("{} is cut short: `{tensor}` ends at byte {end}, the file at byte {length}; download it again", .path.display())]
    Truncated {
        /// The weights file.
        path: PathBuf,
        /// The first tensor, in the order of the file, that is not whole.
        tensor: String,
        /// Where the tensor should end.
        end: u64,
        /// Where the file ends.
        length: u64,
    },
    /// The weights file says something about the model that is missing, or that this program cannot honour.
    #[error("{}: metadata `{key}` {problem}", .path.display())]
    Metadata {
        /// The weights file.
        path: PathBuf,
        /// The key.
        key: String,
        /// What is wrong.
        problem: String,
    },
    /// A tensor that the model needs is not there.
    #[error("{} has no tensor `{tensor}`; the file is not complete", .path.display())]
    TensorMissing {
        /// The weights file.
        path: PathBuf,
        /// Its name.
        tensor: String,
    },
    /// A tensor has another shape than the metadata promise.
    #[error("{}: tensor `{tensor}` has shape {found:?}, but the metadata call for {expected:?}", .path.display())]
    TensorShape {
        /// The weights file.
        path: PathBuf,
        /// Its name.
        tensor: String,
        /// Its shape, rows first.
        found: Vec<usize>,
        /// The shape that fits the metadata.
        expected: Vec<usize>,
    },
    /// A tensor that plain models of the kind do not have; ignoring it would give wrong answers.
    #[error(
        "{} has a tensor `{tensor}`, which no plain `{architecture}` model has; this variant is not supported", .path.display()
    )]
    TensorUnknown {
        /// The weights file.
        path: PathBuf,
        /// Its name.
        tensor: String,
        /// The kind of model.
        architecture: &'static str,
    },
    /// An adapter cannot be read, or does not fit the model.
    #[error("the adapter {}: {problem}", .path.display())]
    Adapter {
        /// Its file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// A BERT that was never taught classes.
    #[error(
        "{} has no `classifier.weight`, so it is a BERT that answers nothing yet; take one that was fine-tuned as \
         BertForSequenceClassification", .path.display()
    )]
    NoClassifier {
        /// The weights file.
        path: PathBuf,
    },
    /// No tokenizer can be made.
    #[error("the tokenizer of {}: {problem}", .path.display())]
    Tokenizer {
        /// The file that it was to come from.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// Only decoders are quantized.
    #[error(
        "{} holds a BERT; only decoders are quantized, since GGUF has no place for its pooler and a BERT is small", .path.display()
    )]
    NotQuantizable {
        /// The weights file.
        path: PathBuf,
    },
    /// A file cannot be written.
    #[error("cannot write {}: {source}", .path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// There is no such device to compute on.
    #[error("no graphics card: {problem}")]
    NoDevice {
        /// What is wrong, and what to do.
        problem: String,
    },
    /// A graphics card has not the memory for a model, even with the smallest batches.
    #[error(
        "{device} has too little free memory for this model; end what else uses it, or take a smaller quantization"
    )]
    DeviceMemory {
        /// The card.
        device: String,
    },
    /// A graphics card failed while it was at work.
    #[error("{device} failed: {problem}; what was finished before is kept, so start the same command again")]
    DeviceLost {
        /// The card.
        device: String,
        /// What its driver says.
        problem: String,
    },
    /// The arithmetic of the model failed.
    #[error("the model failed: {0}")]
    Compute(String),
}

impl ModelError {
    /// That a file of weights cannot be read.
    pub(crate) fn unreadable(path: &Path, source: std::io::Error) -> Self {
        let advice = "put the weights beside model.toml, or correct the name after `weights =`";
        Self::Unreadable { path: path.to_owned(), source, advice }
    }

    /// That no tokenizer can be made of a file.
    pub(crate) fn tokenizer(path: &Path, problem: &dyn std::fmt::Display) -> Self {
        Self::Tokenizer { path: path.to_owned(), problem: problem.to_string() }
    }
}
