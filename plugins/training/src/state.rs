//! What a run must remember to go on: one file, there whole or not at all.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use hopgraph_compute::training::{AdamW, Learner};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use serde::{Deserialize, Serialize};

use crate::TrainingError;
use crate::report::Evaluated;

/// The key of [`Counters`] in the file.
const KEY: &str = "hopgraph";

/// How far a run is.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct Counters {
    /// Of everything that decides the run.
    pub(crate) recipe: String,
    pub(crate) step: u64,
    pub(crate) best: Option<Evaluated>,
    pub(crate) last: Option<Evaluated>,
    /// Evaluations since the best.
    pub(crate) without_gain: usize,
    /// Whether the run has come to its end.
    pub(crate) finished: bool,
}

/// A run of one seed as it is kept.
pub(crate) struct State {
    pub(crate) counters: Counters,
    /// The trained numbers at the best step, by parameter.
    pub(crate) best: Vec<Vec<f32>>,
}

/// The file of a seed's state.
pub(crate) fn path(folder: &Path) -> PathBuf {
    folder.join("state.safetensors")
}

/// Numbers as bytes, in the order of the file.
fn bytes(numbers: &[f32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

fn numbers(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks::<4>().0.iter().map(|&number| f32::from_le_bytes(number)).collect()
}

impl State {
    /// Keeps the state of a run in a folder.
    pub(crate) fn save(&self, folder: &Path, learner: &Learner, optimizer: &AdamW) -> Result<(), TrainingError> {
        let path = path(folder);
        let failed = |error: &dyn std::fmt::Display| std::io::Error::other(error.to_string());
        let parts = learner.parameters().iter().map(|parameter| parameter.numbers.as_slice());
        let mut tensors: Vec<(String, Vec<u8>)> = Vec::new();
        let mut add = |kind: &str, place: usize, numbers: &[f32]| {
            tensors.push((format!("{kind}.{place:05}"), bytes(numbers)));
        };
        parts.enumerate().for_each(|(place, part)| add("now", place, part));
        self.best.iter().enumerate().for_each(|(place, part)| add("best", place, part));
        optimizer.means.iter().enumerate().for_each(|(place, part)| add("means", place, part));
        optimizer.squares.iter().enumerate().for_each(|(place, part)| add("squares", place, part));
        let write = || {
            let counters = serde_json::to_string(&self.counters).map_err(|error| failed(&error))?;
            let metadata = HashMap::from([(KEY.to_owned(), counters)]);
            let views = tensors.iter().map(|(name, bytes)| {
                let view = TensorView::new(Dtype::F32, vec![bytes.len() / 4], bytes).map_err(|error| failed(&error))?;
                Ok((name.as_str(), view))
            });
            let views = views.collect::<std::io::Result<Vec<_>>>()?;
            let partial = folder.join("state.part");
            safetensors::serialize_to_file(views, Some(metadata), &partial).map_err(|error| failed(&error))?;
            std::fs::File::open(&partial)?.sync_all()?;
            std::fs::rename(&partial, &path)
        };
        write().map_err(TrainingError::file(&path))
    }

    /// Takes up the state of a folder, if there is one: into the learner and the optimizer, and what is told of it.
    pub(crate) fn load(
        folder: &Path,
        recipe: &str,
        learner: &mut Learner,
        optimizer: &mut AdamW,
    ) -> Result<Option<Self>, TrainingError> {
        let path = path(folder);
        let read = match std::fs::read(&path) {
            Ok(read) => read,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(TrainingError::file(&path)(error)),
        };
        let problem = |problem: &str| TrainingError::State { path: path.clone(), problem: problem.to_owned() };
        let (_, header) = SafeTensors::read_metadata(&read).map_err(|error| problem(&error.to_string()))?;
        let counters = header.metadata().as_ref().and_then(|metadata| metadata.get(KEY));
        let counters: Counters = counters
            .and_then(|text| serde_json::from_str(text).ok())
            .ok_or_else(|| problem("it is no state of a training run"))?;
        if counters.recipe != recipe {
            return Err(problem("it was begun with other settings, another base or other data"));
        }
        let file = SafeTensors::deserialize(&read).map_err(|error| problem(&error.to_string()))?;
        let part = |kind: &str, place: usize| {
            file.tensor(&format!("{kind}.{place:05}")).map(|tensor| numbers(tensor.data())).ok()
        };
        let mut best = Vec::new();
        let parameters = learner.parameters_mut().iter_mut();
        let states = optimizer.means.iter_mut().zip(optimizer.squares.iter_mut());
        for (place, (parameter, (means, squares))) in parameters.zip(states).enumerate() {
            let parts = (part("now", place), part("means", place), part("squares", place));
            let (Some(now), Some(mean), Some(square)) = parts else { return Err(problem("a part of it is missing")) };
            if [&now, &mean, &square].iter().any(|numbers| numbers.len() != parameter.numbers.len()) {
                return Err(problem("it belongs to another model"));
            }
            (parameter.numbers, *means, *squares) = (now, mean, square);
            best.extend(part("best", place));
        }
        optimizer.steps = counters.step;
        Ok(Some(Self { counters, best }))
    }
}
