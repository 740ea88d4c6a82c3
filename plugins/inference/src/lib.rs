//! Quantized language models that say how two entities of a sentence are related.

/// A class of two entities in a sentence, as one piece of work for a [`Classifier`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A sentence whose two entities have been replaced by the model's masks already.
    Masked(String),
    /// A sentence and its two entities; the classifier masks them.
    Pair {
        /// The sentence.
        text: String,
        /// The two entities, in any order.
        spans: [LabelledSpan; 2],
    },
}

/// An entity in a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelledSpan {
    /// First character, counted in Unicode scalar values.
    pub start: usize,
    /// One past the last character.
    pub end: usize,
    /// What it is, such as `gene`; chooses the mask. Compared ignoring case.
    pub label: String,
}

/// What a classifier says of one input.
#[derive(Clone, Debug, PartialEq)]
pub struct Classification {
    /// Index of the most probable answer in [`ModelDescription::answers`].
    pub answer: usize,
    /// Probability of each answer; they sum to 1.
    pub probabilities: Vec<f32>,
    /// The logits that the probabilities come from.
    pub logits: Vec<f32>,
    /// The tokens that the model read, prompt included.
    pub token_ids: Vec<u32>,
}

/// What identifies a model and gives its answers their meaning; kept with every edge that it makes.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelDescription {
    /// Its name.
    pub name: String,
    /// SHA-256 of the weights file, in hexadecimal.
    pub weights_hash: String,
    /// Quantization of its weights, such as `Q8_0`.
    pub quantization: String,
    /// The prompt template, whole, with `{sentence}` in it.
    pub prompt: String,
    /// The two labels whose pairs it reads, such as gene and disease.
    pub labels: [String; 2],
    /// Its answers, in the order of the probabilities.
    pub answers: Vec<Answer>,
    /// Least probability at which an answer makes an edge.
    pub threshold: f32,
}

/// One answer of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The word that the model says.
    pub text: String,
    /// The relation that it states; none: no edge.
    pub relation: Option<AnswerRelation>,
}

/// The relation that an answer states.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerRelation {
    /// Name of the relation type.
    pub name: String,
    /// Whether the answer says that the relation does not hold.
    pub denied: bool,
    /// Whether the relation means the same both ways.
    pub symmetric: bool,
}

/// Something that reads sentences and says how two entities in each are related.
pub trait Classifier: Send + Sync {
    /// What identifies it.
    fn description(&self) -> &ModelDescription;

    /// Classifies each input; the results are in the order of the inputs and do not depend on what else is in the
    /// batch, beyond rounding.
    fn classify(&self, inputs: &[Input]) -> Result<Vec<Classification>, InferenceError>;
}

/// What can go wrong with a model.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InferenceError {
    /// Placeholder until the model code lands.
    #[error("{0}")]
    Other(String),
}
