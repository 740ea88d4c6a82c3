//! Quantized language models that say how two entities of a sentence are related.
//!
//! A [`Classifier`] reads a batch of [`Input`]s and gives for each a [`Classification`]: the probabilities of its model's
//! answers. What the answers mean for a graph stands in the [`ModelDescription`].

mod classifier;
mod description;
mod error;

pub use classifier::{Classification, Classifier, Input, LabelledSpan};
pub use description::{Answer, AnswerRelation, ModelDescription};
pub use error::{InferenceError, InputError};
