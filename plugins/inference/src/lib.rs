//! Quantized language models that say how two entities of a sentence are related.
//!
//! A [`Classifier`] reads a batch of [`Input`]s and gives for each a [`Classification`]: the probabilities of its model's
//! answers. What the answers mean for a graph stands in the [`ModelDescription`].
//!
//! [`load`] makes a classifier from a model folder. [`RecordedClassifier`] stands in for one where a test wants answers
//! and no weights.

mod cascade;
mod classifier;
mod coverage;
mod description;
mod devices;
mod ensemble;
mod error;
mod identity;
mod inspect;
mod language_model;
mod mask;
mod model_folder;
mod pieces;
mod prompt;
mod quantize;
mod reader;
mod recorded;
mod remote;
mod replicas;
mod suggestion;
mod temperature;

use std::path::{Path, PathBuf};

#[cfg(feature = "cuda")]
pub use hopgraph_compute::product_rate;
pub use hopgraph_compute::{Device, DeviceUse, LoadOptions, WeightPrecision};
pub use hopgraph_model::{ModelError, PureFormat, Quantization, QuantizeSummary, limits};

pub use cascade::Cascade;
pub use classifier::{Classification, Classifier, Input, LabelledSpan};
pub use coverage::{Coverage, coverage};
pub use description::{Answer, AnswerRelation, ModelDescription};
pub use devices::Devices;
pub use ensemble::Ensemble;
pub use error::{InferenceError, InputError};
pub use inspect::{Inspection, MemoryReport, ModelReport, PromptReport, TokenizerReport, WeightsReport, inspect};
pub use language_model::LanguageModel;
pub use model_folder::ModelFolder;
pub use quantize::quantize;
pub use reader::Reader;
pub use recorded::RecordedClassifier;
pub use remote::RemoteClassifier;
pub use replicas::Replicas;
pub use suggestion::find_weights;
pub use temperature::{store_temperature, store_weights};

/// Loads the model of a folder, which holds a `model.toml` as [`ModelFolder::read`] describes it; a model behind a server
/// is prepared to be asked.
///
/// # Errors
/// As [`ModelFolder::read`], and [`LanguageModel::load`] or [`RemoteClassifier::new`].
pub fn load(folder: &Path) -> Result<Box<dyn Classifier>, InferenceError> {
    load_on(folder, &Devices::Processor)
}

/// Loads the model of a folder as [`load`] does, onto these devices; onto each of several, which then share the work.
///
/// # Errors
/// As [`load`], and [`ModelError::NoDevice`] if a device is not there.
pub fn load_on(folder: &Path, devices: &Devices) -> Result<Box<dyn Classifier>, InferenceError> {
    load_within(folder, devices, &mut Vec::new())
}

/// Loads a folder; `outer` are the folders that it is a member of, so that none is a member of itself.
fn load_within(
    folder: &Path,
    devices: &Devices,
    outer: &mut Vec<PathBuf>,
) -> Result<Box<dyn Classifier>, InferenceError> {
    let folder = ModelFolder::read(folder)?;
    if !folder.members.is_empty() {
        return Ok(Box::new(load_ensemble(&folder, devices, outer)?));
    }
    if folder.remote.is_some() {
        return Ok(Box::new(RemoteClassifier::new(&folder)?));
    }
    let load = |device: Device| LanguageModel::load(&folder, &LoadOptions { device, ..LoadOptions::default() });
    match devices.each()?.as_slice() {
        [device] => Ok(Box::new(load(*device)?)),
        several => devices::replicas(several, &load),
    }
}

fn load_ensemble(
    folder: &ModelFolder,
    devices: &Devices,
    outer: &mut Vec<PathBuf>,
) -> Result<Ensemble, InferenceError> {
    let own = folder.settings.canonicalize().unwrap_or_else(|_| folder.settings.clone());
    if outer.contains(&own) {
        return Err(InferenceError::Ensemble(format!("{} is a member of itself", folder.settings.display())));
    }
    outer.push(own);
    let member = |(path, weight): &(PathBuf, f32)| Ok((load_within(path, devices, outer)?, *weight));
    let members: Vec<(Box<dyn Classifier>, f32)> =
        folder.members.iter().map(member).collect::<Result<_, InferenceError>>()?;
    outer.pop();
    Ensemble::new(&folder.name, members, folder.threshold, folder.temperature)
}
