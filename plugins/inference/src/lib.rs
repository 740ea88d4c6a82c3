//! Quantized language models that say how two entities of a sentence are related.
//!
//! A [`Classifier`] reads a batch of [`Input`]s and gives for each a [`Classification`]: the probabilities of its model's
//! answers. What the answers mean for a graph stands in the [`ModelDescription`].
//!
//! [`load`] makes a classifier from a model folder. [`RecordedClassifier`] stands in for one where a test wants answers
//! and no weights.

mod batch;
mod cascade;
mod classifier;
mod description;
mod error;
mod gguf;
mod language_model;
mod llama;
mod mask;
mod model_folder;
mod prompt;
mod recorded;
mod remote;
mod replicas;
mod temperature;
mod tokenizer;

use std::path::Path;

pub use cascade::Cascade;
pub use classifier::{Classification, Classifier, Input, LabelledSpan};
pub use description::{Answer, AnswerRelation, ModelDescription};
pub use error::{InferenceError, InputError};
pub use language_model::LanguageModel;
pub use llama::WeightPrecision;
pub use model_folder::ModelFolder;
pub use recorded::RecordedClassifier;
pub use remote::RemoteClassifier;
pub use replicas::Replicas;
pub use temperature::store_temperature;

/// Loads the model of a folder, which holds a `model.toml` as [`ModelFolder::read`] describes it; a model behind a server
/// is prepared to be asked.
///
/// # Errors
/// As [`ModelFolder::read`], and [`LanguageModel::load`] or [`RemoteClassifier::new`].
pub fn load(folder: &Path) -> Result<Box<dyn Classifier>, InferenceError> {
    let folder = ModelFolder::read(folder)?;
    Ok(if folder.remote.is_some() {
        Box::new(RemoteClassifier::new(&folder)?)
    } else {
        Box::new(LanguageModel::load(&folder, WeightPrecision::default())?)
    })
}
