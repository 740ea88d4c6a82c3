//! Quantized language models that say how two entities of a sentence are related.
//!
//! A [`Classifier`] reads a batch of [`Input`]s and gives for each a [`Classification`]: the probabilities of its model's
//! answers. What the answers mean for a graph stands in the [`ModelDescription`].
//!
//! [`load`] makes a classifier from a model folder. [`RecordedClassifier`] stands in for one where a test wants answers
//! and no weights.

mod architecture;
mod batch;
mod cascade;
mod classifier;
mod cpu;
mod description;
mod error;
mod inspect;
mod language_model;
mod mask;
mod model_folder;
mod network;
mod options;
mod prompt;
mod quantize;
mod recorded;
mod remote;
mod replicas;
mod suggestion;
mod temperature;
mod tokenizer;
mod weights;

#[cfg(test)]
mod forgery;

use std::path::Path;

pub use cascade::Cascade;
pub use classifier::{Classification, Classifier, Input, LabelledSpan};
pub use description::{Answer, AnswerRelation, ModelDescription};
pub use error::{InferenceError, InputError};
pub use inspect::{Inspection, MemoryReport, ModelReport, PromptReport, TokenizerReport, WeightsReport, inspect};
pub use language_model::LanguageModel;
pub use model_folder::ModelFolder;
pub use options::{Device, LoadOptions, WeightPrecision};
pub use quantize::quantize;
pub use recorded::RecordedClassifier;
pub use remote::RemoteClassifier;
pub use replicas::Replicas;
pub use temperature::store_temperature;
pub use weights::{PureFormat, Quantization, QuantizeSummary};

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
        Box::new(LanguageModel::load(&folder, &LoadOptions::default())?)
    })
}
