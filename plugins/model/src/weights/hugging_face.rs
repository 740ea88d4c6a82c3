//! `config.json`, which Hugging Face keeps beside the weights.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::names::Naming;
use crate::ModelError;

/// What `config.json` says of a model.
pub struct HuggingFaceConfig {
    path: PathBuf,
    entries: Map<String, Value>,
}

impl HuggingFaceConfig {
    /// Reads the `config.json` of a folder.
    pub fn read(folder: &Path) -> Result<Self, ModelError> {
        let path = folder.join("config.json");
        let advice =
            "weights in safetensors say nothing of their model; put the config.json that came with them beside them";
        let bytes =
            std::fs::read(&path).map_err(|source| ModelError::Unreadable { path: path.clone(), source, advice })?;
        let entries = serde_json::from_slice(&bytes)
            .map_err(|error| ModelError::Config { path: path.clone(), problem: error.to_string() })?;
        Ok(Self { path, entries })
    }

    /// An entry, found within `rope_parameters` too, where newer files keep the settings of the positions. None for null.
    pub fn value(&self, key: &str) -> Option<&Value> {
        let nested = || self.entries.get("rope_parameters")?.get(key);
        self.entries.get(key).or_else(nested).filter(|value| !value.is_null())
    }

    /// The architecture, such as `llama`.
    pub fn model_type(&self) -> &str {
        self.value("model_type").and_then(Value::as_str).unwrap_or("unnamed")
    }

    /// Whose names the tensors have.
    pub fn naming(&self) -> Result<Naming, ModelError> {
        match self.model_type() {
            "llama" | "mistral" | "gemma" => Ok(Naming::Decoder),
            "bert" => Ok(Naming::Encoder),
            other => Err(ModelError::Architecture { path: self.path.clone(), found: other.to_owned() }),
        }
    }

    /// A switch. None if it is not there.
    pub fn switch(&self, key: &str) -> Option<bool> {
        self.value(key)?.as_bool()
    }

    /// The names of the classes in the order of their numbers, as `id2label` has them.
    pub fn class_names(&self) -> Result<Option<Vec<String>>, ModelError> {
        let Some(table) = self.value("id2label") else { return Ok(None) };
        let table = table.as_object().ok_or_else(|| self.metadata_problem("id2label", "is no table"))?;
        let name = |class: usize| table.get(&class.to_string()).and_then(Value::as_str).map(str::to_owned);
        let names: Option<Vec<String>> = (0..table.len()).map(name).collect();
        names.map(Some).ok_or_else(|| self.metadata_problem("id2label", "does not name the classes 0, 1, 2, ..."))
    }

    /// The error that says what is wrong with an entry.
    pub fn metadata_problem(&self, key: &str, problem: &str) -> ModelError {
        ModelError::Metadata { path: self.path.clone(), key: key.to_owned(), problem: problem.to_owned() }
    }
}

/// The positions.
impl HuggingFaceConfig {
    fn scaling(&self) -> Option<&Map<String, Value>> {
        let scaling = self.value("rope_scaling").or_else(|| self.value("rope_parameters"))?;
        scaling.as_object()
    }

    /// How positions are scaled, such as `llama3`. None or `default`: not at all.
    pub fn rotary_scaling(&self) -> Option<&str> {
        let scaling = self.scaling()?;
        scaling.get("rope_type").or_else(|| scaling.get("type")).and_then(Value::as_str)
    }

    /// Divisors of the rotary frequencies as Llama 3.1 wants them: slow turns are stretched, fast ones stay.
    pub fn llama3_factors(&self, width: usize, base: f32) -> Result<Option<Vec<f32>>, ModelError> {
        if self.rotary_scaling() != Some("llama3") {
            return Ok(None);
        }
        let number = |key: &str| {
            let number = self.scaling().and_then(|scaling| scaling.get(key)).and_then(Value::as_f64);
            number.filter(|&number| number > 0.0).ok_or_else(|| {
                self.metadata_problem("rope_scaling", &format!("is `llama3` but has no positive `{key}`"))
            })
        };
        let (factor, original) = (number("factor")?, number("original_max_position_embeddings")?);
        let (low, high) = (number("low_freq_factor")?, number("high_freq_factor")?);
        let divisor = |pair: usize| {
            let wavelength = std::f64::consts::TAU * f64::from(base).powf(2.0 * pair as f64 / width as f64);
            let smooth = ((original / wavelength - low) / (high - low)).clamp(0.0, 1.0);
            #[expect(clippy::cast_possible_truncation, reason = "GGUF keeps them as f32 too")]
            let divisor = (1.0 / ((1.0 - smooth) / factor + smooth)) as f32;
            divisor
        };
        Ok(Some((0..width / 2).map(divisor).collect()))
    }
}
