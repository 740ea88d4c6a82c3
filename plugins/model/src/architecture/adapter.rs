//! Adapters: small matrices that were trained beside a model, added to its weights when these are read.
//!
//! Hu et al., "LoRA" (arXiv 2106.09685): W + scale B A, with scale = alpha / rank, or alpha / sqrt(rank) as in
//! Kalajdzievski, "rsLoRA" (arXiv 2312.03732). Read from the files of peft and from GGUF.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serde::Deserialize;

use super::rotary::{RotaryHeads, RotaryOrder, reorder};
use crate::ModelError;
use crate::hash::sha256;
use crate::weights::{Gguf, Name, Naming, RawTensor, SafetensorsFile};

/// An adapter, read whole.
pub struct Adapter {
    path: PathBuf,
    pairs: BTreeMap<String, LowRankPair>,
    /// Tensors that were trained whole, and stand in place of the model's.
    replacements: BTreeMap<String, RawTensor>,
    /// How the rows of queries and keys are ordered.
    order: RotaryOrder,
}

/// What is added to one matrix: scale B A.
#[derive(Clone, Debug, PartialEq)]
pub struct LowRankPair {
    /// Rank x inputs.
    pub a: Vec<f32>,
    /// Outputs x rank.
    pub b: Vec<f32>,
    /// Rows of A and columns of B.
    pub rank: usize,
    /// What the product of both is multiplied by.
    pub scale: f32,
}

/// Half of a [`LowRankPair`], by the name of its matrix.
#[derive(Default)]
struct Halves {
    a: BTreeMap<String, RawTensor>,
    b: BTreeMap<String, RawTensor>,
}

/// `adapter_config.json`.
#[derive(Deserialize)]
struct Config {
    peft_type: String,
    lora_alpha: f32,
    #[serde(default)]
    use_rslora: bool,
    #[serde(default)]
    use_dora: bool,
    #[serde(default)]
    fan_in_fan_out: bool,
    #[serde(default)]
    alpha_pattern: serde_json::Map<String, serde_json::Value>,
}

impl Adapter {
    /// Reads the adapter of a file: GGUF, or peft's `adapter_model.safetensors` with its `adapter_config.json`.
    pub fn read(path: &Path, naming: Naming) -> Result<Self, ModelError> {
        let is_gguf = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("gguf"));
        if is_gguf { Self::read_gguf(path) } else { Self::read_peft(path, naming) }
    }

    /// SHA-256 of the file, in hexadecimal.
    pub fn sha256(&self) -> Result<String, ModelError> {
        sha256(&self.path)
    }

    fn read_peft(path: &Path, naming: Naming) -> Result<Self, ModelError> {
        let fail = |problem: String| problem_of(path, problem);
        let config = Config::beside(path)?;
        let (mut file, entries) = SafetensorsFile::open(path)?;
        let (mut halves, mut replacements) = (Halves::default(), BTreeMap::new());
        for entry in entries {
            let name = entry.name.strip_prefix("base_model.model.").unwrap_or(&entry.name);
            let (name, place) = match (name.strip_suffix(".lora_A.weight"), name.strip_suffix(".lora_B.weight")) {
                (Some(name), _) => (format!("{name}.weight"), Some(&mut halves.a)),
                (_, Some(name)) => (format!("{name}.weight"), Some(&mut halves.b)),
                _ => (name.to_owned(), None),
            };
            let Name::Tensor(own) = naming.read(&name) else {
                return Err(fail(format!(
                    "it has a tensor `{}`, which changes nothing known of this model",
                    entry.name
                )));
            };
            place.unwrap_or(&mut replacements).insert(own, file.tensor(&entry)?);
        }
        let scale = |rank: f32| config.lora_alpha / if config.use_rslora { rank.sqrt() } else { rank };
        let pairs = halves.join(scale).map_err(fail)?;
        Ok(Self { path: path.to_owned(), pairs, replacements, order: RotaryOrder::Halves })
    }

    fn read_gguf(path: &Path) -> Result<Self, ModelError> {
        let mut file = Gguf::open(path)?;
        for (key, wanted) in [("general.type", "adapter"), ("adapter.type", "lora")] {
            if file.text(key) != Some(wanted) {
                return Err(file.metadata_problem(key, &format!("is not `{wanted}`, so it is no LoRA adapter")));
            }
        }
        let alpha = file.number("adapter.lora.alpha")?.unwrap_or(0.0);
        let permuted = file.text("general.architecture") == Some("llama");
        let mut halves = Halves::default();
        for name in file.tensor_names().into_iter().map(str::to_owned).collect::<Vec<_>>() {
            match (name.strip_suffix(".lora_a"), name.strip_suffix(".lora_b")) {
                (Some(own), _) => halves.a.insert(own.to_owned(), file.tensor(&name)?),
                (_, Some(own)) => halves.b.insert(own.to_owned(), file.tensor(&name)?),
                _ => return Err(problem_of(path, format!("it has a tensor `{name}`, which is no half of a pair"))),
            };
        }
        // As in llama.cpp, where no alpha means no scale.
        let scale = |rank: f32| if alpha == 0.0 { 1.0 } else { alpha / rank };
        let pairs = halves.join(scale).map_err(|problem| problem_of(path, problem))?;
        let order = if permuted { RotaryOrder::Neighbours } else { RotaryOrder::Halves };
        Ok(Self { path: path.to_owned(), pairs, replacements: BTreeMap::new(), order })
    }

    /// Checks that the adapter fits a model of these tensors, and brings the rows of queries and keys into the model's
    /// order, if they turn.
    pub(super) fn fit(
        &mut self,
        shapes: &BTreeMap<String, Vec<usize>>,
        heads: Option<RotaryHeads>,
    ) -> Result<(), ModelError> {
        let fail = |problem: String| problem_of(&self.path, problem);
        let advice = "it was trained beside another model";
        for (name, pair) in &self.pairs {
            let found = [pair.b.len() / pair.rank, pair.a.len() / pair.rank];
            match shapes.get(name) {
                Some(shape) if shape[..] == found => {}
                Some(shape) => {
                    return Err(fail(format!(
                        "it changes `{name}` as if it were {found:?}, but it is {shape:?}; {advice}"
                    )));
                }
                None => return Err(fail(format!("it changes `{name}`, which this model does not have; {advice}"))),
            }
        }
        let Some(heads) = heads.filter(|heads| heads.order != self.order) else { return Ok(()) };
        for (name, pair) in &mut self.pairs {
            if let Some(count) = heads.of(name) {
                pair.b = reorder(&pair.b, count, pair.rank, heads.order);
            }
        }
        self.order = heads.order;
        Ok(())
    }

    /// The tensor that stands in place of the model's.
    pub(super) fn replacement(&self, name: &str) -> Option<&RawTensor> {
        self.replacements.get(name)
    }

    /// The tensor with what the adapter adds to it, as 32-bit numbers; as it is where it adds nothing.
    pub(super) fn apply(&self, name: &str, tensor: RawTensor) -> Result<RawTensor, ModelError> {
        let Some(pair) = self.pairs.get(name) else { return Ok(tensor) };
        let mut numbers = tensor.to_f32()?;
        let inputs = tensor.shape[1];
        numbers.par_chunks_exact_mut(inputs).zip(pair.b.par_chunks_exact(pair.rank)).for_each(|(row, b)| {
            for (a, factor) in pair.a.chunks_exact(inputs).zip(b) {
                let factor = factor * pair.scale;
                row.iter_mut().zip(a).for_each(|(number, a)| *number += factor * a);
            }
        });
        Ok(RawTensor::from_f32(&numbers, &tensor.shape))
    }
}

impl Halves {
    fn join(mut self, scale: impl Fn(f32) -> f32) -> Result<BTreeMap<String, LowRankPair>, String> {
        let mut pairs = BTreeMap::new();
        for (name, a) in self.a {
            let b = self.b.remove(&name).ok_or_else(|| format!("`{name}` has a half A and no half B"))?;
            let (&[rank, _], &[_, columns]) = (a.shape.as_slice(), b.shape.as_slice()) else {
                return Err(format!("the halves of `{name}` are no matrices"));
            };
            if rank == 0 || rank != columns {
                return Err(format!("the halves of `{name}` have ranks {rank} and {columns}"));
            }
            let numbers = |half: &RawTensor| half.to_f32().map_err(|error| error.to_string());
            let pair = LowRankPair { a: numbers(&a)?, b: numbers(&b)?, rank, scale: scale(rank as f32) };
            pairs.insert(name, pair);
        }
        match self.b.keys().next() {
            Some(name) => Err(format!("`{name}` has a half B and no half A")),
            None => Ok(pairs),
        }
    }
}

impl Config {
    fn beside(path: &Path) -> Result<Self, ModelError> {
        let path = path.with_file_name("adapter_config.json");
        let advice = "an adapter of peft is two files; put the adapter_config.json beside the other";
        let bytes =
            std::fs::read(&path).map_err(|source| ModelError::Unreadable { path: path.clone(), source, advice })?;
        let config: Self =
            serde_json::from_slice(&bytes).map_err(|error| problem_of(&path, format!("it cannot be read: {error}")))?;
        let refused = [
            (config.peft_type != "LORA", "peft_type"),
            (config.use_dora, "use_dora"),
            (config.fan_in_fan_out, "fan_in_fan_out"),
            (!config.alpha_pattern.is_empty(), "alpha_pattern"),
        ];
        match refused.into_iter().find(|(refused, _)| *refused) {
            Some((_, key)) => {
                let problem =
                    format!("its `{key}` asks for what is not supported; merge the adapter with peft instead");
                Err(problem_of(&path, problem))
            }
            None => Ok(config),
        }
    }
}

fn problem_of(path: &Path, problem: String) -> ModelError {
    ModelError::Adapter { path: path.to_owned(), problem }
}

#[cfg(test)]
mod tests;
