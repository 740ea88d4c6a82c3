//! What can go wrong: with one input, and with a model.

use std::path::PathBuf;

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

/// What can go wrong with a model: its folder, its weights, or its arithmetic.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InferenceError {
    /// Two models cannot be a cascade.
    #[error("the two models do not fit each other: {0}")]
    Cascade(String),
    /// A server could not be reached, refused the request, or gave an answer that cannot be read.
    #[error("{endpoint}: {reason}")]
    Remote {
        /// Where the request went.
        endpoint: String,
        /// What went wrong.
        reason: String,
    },
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
    /// A recorded classifier was asked something that it has no record of.
    #[error("no answer is recorded for the sentence: {sentence}")]
    NotRecorded {
        /// The masked sentence.
        sentence: String,
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
