//! Writes trained tensors: a whole model as safetensors, or an adapter as peft keeps it.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use safetensors::Dtype;
use safetensors::tensor::TensorView;
use serde_json::json;

use crate::ModelError;
use crate::architecture::{Architecture, Checkpoint, LowRankPair, RotaryOrder, reorder};
use crate::weights::{Container, Format, Naming, RawTensor};

/// Writes all tensors of a model as 32- or 16-bit safetensors, under Hugging Face's names, each as the checkpoint has it
/// or as it was replaced there. The `config.json` is the caller's to write.
///
/// # Errors
/// If a tensor cannot be read, or the file not be written; it is there whole or not at all.
pub fn write_safetensors(
    checkpoint: &mut Checkpoint,
    architecture: &Architecture,
    halves: bool,
    output: &Path,
) -> Result<(), ModelError> {
    let naming = naming(checkpoint)?;
    let mut tensors = BTreeMap::new();
    for (name, shape) in architecture.tensors() {
        let numbers = checkpoint.tensor(&name, &shape)?.to_f32()?;
        tensors.insert(naming.write(&name), (shape, numbers));
    }
    write(&tensors, halves, output)
}

/// What an adapter was trained with, as `adapter_config.json` says it.
#[derive(Clone, Debug, PartialEq)]
pub struct AdapterSettings {
    /// The inner size of its matrices.
    pub rank: usize,
    /// What their product is multiplied by, times the rank.
    pub alpha: f32,
    /// Whether it is divided by the root of the rank instead.
    pub root_scale: bool,
    /// The share of inputs that was dropped.
    pub dropout: f32,
    /// Where the base lies, for people.
    pub base: String,
}

/// Writes an adapter into a folder as `adapter_model.safetensors` and `adapter_config.json`, which peft reads: the small
/// matrices of each tensor, and those tensors that were trained whole.
///
/// # Errors
/// If a file cannot be written.
pub fn write_adapter(
    checkpoint: &Checkpoint,
    architecture: &Architecture,
    pairs: &BTreeMap<String, LowRankPair>,
    whole: &BTreeMap<String, RawTensor>,
    settings: &AdapterSettings,
    folder: &Path,
) -> Result<(), ModelError> {
    let naming = naming(checkpoint)?;
    let heads = match architecture {
        Architecture::Decoder(decoder) => Some(decoder.rotary_heads()),
        Architecture::Encoder(_) => None,
    };
    let mut tensors = BTreeMap::new();
    let mut targets = std::collections::BTreeSet::new();
    for (name, pair) in pairs {
        let theirs = format!("base_model.model.{}", naming.write(name));
        let module = theirs.strip_suffix(".weight").unwrap_or(&theirs).to_owned();
        targets.extend(module.rsplit('.').next().map(str::to_owned));
        // peft's rows are in the order of Hugging Face's weights.
        let turned = heads.filter(|heads| heads.order == RotaryOrder::Neighbours).and_then(|heads| heads.of(name));
        let b = match turned {
            Some(count) => reorder(&pair.b, count, pair.rank, RotaryOrder::Halves),
            None => pair.b.clone(),
        };
        let (inputs, outputs) = (pair.a.len() / pair.rank, pair.b.len() / pair.rank);
        tensors.insert(format!("{module}.lora_A.weight"), (vec![pair.rank, inputs], pair.a.clone()));
        tensors.insert(format!("{module}.lora_B.weight"), (vec![outputs, pair.rank], b));
    }
    for (name, tensor) in whole {
        let theirs = format!("base_model.model.{}", naming.write(name));
        tensors.insert(theirs, (tensor.shape.clone(), tensor.to_f32()?));
    }
    write(&tensors, false, &folder.join("adapter_model.safetensors"))?;
    let is_encoder = naming == Naming::Encoder;
    let config = json!({
        "peft_type": "LORA",
        "task_type": if is_encoder { "SEQ_CLS" } else { "CAUSAL_LM" },
        "base_model_name_or_path": settings.base,
        "r": settings.rank,
        "lora_alpha": settings.alpha,
        "lora_dropout": settings.dropout,
        "use_rslora": settings.root_scale,
        "target_modules": targets,
        "modules_to_save": if is_encoder { json!(["classifier", "pooler"]) } else { json!(null) },
        "bias": "none",
        "fan_in_fan_out": false,
        "inference_mode": true,
    });
    write_file(&folder.join("adapter_config.json"), |path| std::fs::write(path, format!("{config:#}\n")))
}

fn naming(checkpoint: &Checkpoint) -> Result<Naming, ModelError> {
    match checkpoint.container() {
        Container::Gguf(_) => Ok(Naming::Decoder),
        Container::Safetensors(files) => files.config().naming(),
    }
}

/// By name: shape and numbers.
type Tensors = BTreeMap<String, (Vec<usize>, Vec<f32>)>;

fn write(tensors: &Tensors, halves: bool, output: &Path) -> Result<(), ModelError> {
    let (format, dtype) = if halves { (Format::F16, Dtype::F16) } else { (Format::F32, Dtype::F32) };
    let bytes = tensors.iter().map(|(name, (shape, numbers))| {
        let tensor = RawTensor::from_f32(numbers, shape).converted(format)?;
        Ok((name.as_str(), shape, tensor.bytes))
    });
    let bytes: Vec<(&str, &Vec<usize>, Vec<u8>)> = bytes.collect::<Result<_, ModelError>>()?;
    let views: Vec<(&str, TensorView<'_>)> = bytes
        .iter()
        .map(|(name, shape, bytes)| Ok((*name, TensorView::new(dtype, (*shape).clone(), bytes)?)))
        .collect::<Result<_, safetensors::SafeTensorError>>()
        .map_err(|error| ModelError::Compute(error.to_string()))?;
    let metadata = HashMap::from([("format".to_owned(), "pt".to_owned())]);
    write_file(output, |path| {
        safetensors::serialize_to_file(views, Some(metadata), path).map_err(std::io::Error::other)
    })
}

/// Writes beside the file first, so that a half-written one never has its name.
fn write_file(output: &Path, write: impl FnOnce(&Path) -> std::io::Result<()>) -> Result<(), ModelError> {
    let mut partial = output.to_owned();
    partial.as_mut_os_string().push(".part");
    let written = write(&partial).and_then(|()| std::fs::rename(&partial, output));
    written.map_err(|source| ModelError::Unwritable { path: output.to_owned(), source })
}
