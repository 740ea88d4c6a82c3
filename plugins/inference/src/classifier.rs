//! The socket for models: what goes into a classifier and what comes out.

use crate::{InferenceError, InputError, ModelDescription};

/// One piece of work for a [`Classifier`]: a sentence and the two entities in it.
///
/// Runs of white space that hold a line break are read as one space, since a line break would end the sentence's line in
/// the prompt.
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
    /// The logits that the probabilities come from, before they are divided by the model's temperature.
    pub logits: Vec<f32>,
    /// The tokens that the model read, prompt included.
    pub token_ids: Vec<u32>,
}

impl Classification {
    /// Weighs the answers by the softmax of their logits, divided by a temperature. The first of equally probable
    /// answers wins.
    pub(crate) fn from_logits(logits: Vec<f32>, temperature: f32, token_ids: Vec<u32>) -> Self {
        let greatest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let weights: Vec<f32> = logits.iter().map(|logit| ((logit - greatest) / temperature).exp()).collect();
        let sum: f32 = weights.iter().sum();
        let answer = logits.iter().position(|&logit| logit == greatest).unwrap_or(0);
        Self { answer, probabilities: weights.iter().map(|weight| weight / sum).collect(), logits, token_ids }
    }
}

/// Something that reads sentences and says how two entities in each are related.
pub trait Classifier: Send + Sync {
    /// What identifies it.
    fn description(&self) -> &ModelDescription;

    /// Classifies each input; the results are in the order of the inputs and do not depend on what else is in the
    /// batch, beyond rounding.
    ///
    /// # Errors
    /// An input that cannot be read as it stands has its [`InputError`] in its own place, and the others are classified
    /// all the same. The outer error says that the model itself failed, so that there is no result at all.
    fn classify(&self, inputs: &[Input]) -> Result<Vec<Result<Classification, InputError>>, InferenceError>;

    /// The classifiers that this one joins, each with its share of the whole. Empty for most.
    fn members(&self) -> Vec<(&dyn Classifier, f32)> {
        Vec::new()
    }

    /// What else decides its answers beside what the description says, readable: a name and a text each. It becomes part of
    /// what a run is known by.
    fn settings(&self) -> Vec<(String, String)> {
        let numbered = self.members().into_iter().zip(1..);
        numbered
            .flat_map(|((member, share), number)| {
                let share = [("share".to_owned(), share.to_string())];
                let of_member = member.settings().into_iter().chain(share);
                of_member.map(move |(name, text)| (format!("member {number} {name}"), text))
            })
            .collect()
    }

    /// What works, but not as well as it could, with what to do about it. Empty for most classifiers; may grow while one
    /// is used.
    fn warnings(&self) -> Vec<String> {
        Vec::new()
    }
}

impl<C: Classifier + ?Sized> Classifier for Box<C> {
    fn description(&self) -> &ModelDescription {
        (**self).description()
    }

    fn classify(&self, inputs: &[Input]) -> Result<Vec<Result<Classification, InputError>>, InferenceError> {
        (**self).classify(inputs)
    }

    fn members(&self) -> Vec<(&dyn Classifier, f32)> {
        (**self).members()
    }

    fn settings(&self) -> Vec<(String, String)> {
        (**self).settings()
    }

    fn warnings(&self) -> Vec<String> {
        (**self).warnings()
    }
}
