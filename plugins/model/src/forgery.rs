//! For tests: files like the tiny reference models, with some of them changed.
//!
//! Here and in the crates that compute, which ask for it by the feature `forgery` of their dev-dependencies. A file that
//! cannot be forged is a failed test, so everything here panics on errors.
#![allow(clippy::unwrap_used, reason = "only tests use it")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use candle_core::quantized::gguf_file::{self, Value};
use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{DType, Device, Tensor};
use safetensors::SafeTensors;

use crate::ModelError;
use crate::architecture::{Architecture, Checkpoint};

/// The folder of the reference models.
pub fn reference() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../data/models/reference"))
}

/// `tiny.json`: for each model its config, inputs, and the logits after the last token of each.
pub fn expectations(model: &str) -> (serde_json::Value, Vec<Vec<u32>>, Vec<Vec<f32>>) {
    let text = std::fs::read_to_string(reference().join("tiny.json")).unwrap();
    let mut all: serde_json::Value = serde_json::from_str(&text).unwrap();
    let mut part = |name| all[model][name].take();
    let (config, inputs, outputs) = (part("config"), part("inputs"), part("outputs"));
    (config, serde_json::from_value(inputs).unwrap(), serde_json::from_value(outputs).unwrap())
}

/// A GGUF file in the making.
pub struct Gguf {
    /// Its metadata, by key.
    pub metadata: Vec<(String, Value)>,
    /// Its tensors, by name.
    pub tensors: Vec<(String, QTensor)>,
}

impl Gguf {
    /// The reference file of this name.
    pub fn like(name: &str) -> Self {
        let mut file = std::fs::File::open(reference().join(name)).unwrap();
        let content = gguf_file::Content::read(&mut file).unwrap();
        let names = content.tensor_infos.keys();
        let tensors = names.map(|name| (name.clone(), content.tensor(&mut file, name, &Device::Cpu).unwrap()));
        Self { tensors: tensors.collect(), metadata: content.metadata.into_iter().collect() }
    }

    /// The tiny Llama.
    pub fn llama() -> Self {
        Self::like("tiny-llama-gqa-f16.gguf")
    }

    /// With this entry of the metadata in place of its own.
    pub fn set(mut self, key: &str, value: Value) -> Self {
        self.metadata.retain(|(other, _)| other != key);
        self.metadata.push((key.to_owned(), value));
        self
    }

    /// Without the entry and the tensor of this name.
    pub fn without(mut self, name: &str) -> Self {
        self.metadata.retain(|(other, _)| other != name);
        self.tensors.retain(|(other, _)| other != name);
        self
    }

    /// With a tensor of ones in place of its own.
    pub fn tensor(self, name: &str, shape: &[usize]) -> Self {
        let tensor = Tensor::ones(shape, DType::F32, &Device::Cpu).unwrap();
        let mut forgery = self.without(name);
        forgery.tensors.push((name.to_owned(), QTensor::quantize(&tensor, GgmlDType::F32).unwrap()));
        forgery
    }

    /// The file.
    pub fn bytes(&self) -> Vec<u8> {
        let metadata: Vec<_> = self.metadata.iter().map(|(key, value)| (key.as_str(), value)).collect();
        let tensors: Vec<_> = self.tensors.iter().map(|(name, tensor)| (name.as_str(), tensor)).collect();
        let mut bytes = std::io::Cursor::new(Vec::new());
        gguf_file::write(&mut bytes, &metadata, &tensors).unwrap();
        bytes.into_inner()
    }

    /// Writes it, opens it and reads what it is.
    pub fn open(&self) -> Result<(Checkpoint, Architecture), ModelError> {
        open_bytes(&self.bytes())
    }
}

/// Reads these bytes as a weights file.
pub fn open_bytes(bytes: &[u8]) -> Result<(Checkpoint, Architecture), ModelError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("forged.gguf");
    std::fs::write(&path, bytes).unwrap();
    open(&path)
}

/// Opens weights and reads what they are.
pub fn open(path: &Path) -> Result<(Checkpoint, Architecture), ModelError> {
    let mut checkpoint = Checkpoint::open(path)?;
    let architecture = Architecture::read(&mut checkpoint)?;
    Ok((checkpoint, architecture))
}

/// A folder as Hugging Face keeps a model, in the making.
pub struct HuggingFace {
    /// What `config.json` says.
    pub config: serde_json::Value,
    /// By name: number format, shape and bytes.
    pub tensors: BTreeMap<String, (safetensors::Dtype, Vec<usize>, Vec<u8>)>,
}

impl HuggingFace {
    /// The model of `tiny.safetensors` that is called so there.
    pub fn like(model: &str) -> Self {
        let bytes = std::fs::read(reference().join("tiny.safetensors")).unwrap();
        let all = SafeTensors::deserialize(&bytes).unwrap();
        let own = |name: &str| name.strip_prefix(&format!("{model}/")).map(str::to_owned);
        let tensors = all.iter().filter_map(|(name, tensor)| {
            Some((own(name)?, (tensor.dtype(), tensor.shape().to_vec(), tensor.data().to_vec())))
        });
        let (mut config, ..) = expectations(model);
        config["model_type"] = model.split('-').next().into();
        Self { config, tensors: tensors.collect() }
    }

    /// With this entry of `config.json` in place of its own.
    pub fn set(mut self, key: &str, value: serde_json::Value) -> Self {
        self.config[key] = value;
        self
    }

    /// Without the entry and the tensor of this name.
    pub fn without(mut self, name: &str) -> Self {
        self.config.as_object_mut().unwrap().remove(name);
        self.tensors.remove(name);
        self
    }

    /// Writes the folder with its tensors in so many files, and gives back the path of the file to be opened.
    pub fn write(&self, folder: &Path, shards: usize) -> PathBuf {
        std::fs::write(folder.join("config.json"), self.config.to_string()).unwrap();
        let name = |shard: usize| match shards {
            1 => "model.safetensors".to_owned(),
            _ => format!("model-{:05}-of-{shards:05}.safetensors", shard + 1),
        };
        let mut map = BTreeMap::new();
        for shard in 0..shards {
            let own = self.tensors.iter().enumerate().filter(|(number, _)| number % shards == shard);
            let views = own.map(|(_, (tensor, (dtype, shape, bytes)))| {
                map.insert(tensor.clone(), name(shard));
                (tensor.as_str(), safetensors::tensor::TensorView::new(*dtype, shape.clone(), bytes).unwrap())
            });
            safetensors::serialize_to_file(views, None, &folder.join(name(shard))).unwrap();
        }
        if shards == 1 {
            return folder.join(name(0));
        }
        let index = folder.join("model.safetensors.index.json");
        std::fs::write(&index, serde_json::json!({"metadata": {}, "weight_map": map}).to_string()).unwrap();
        index
    }

    /// Writes it, opens it and reads what it is.
    pub fn open(&self) -> Result<(Checkpoint, Architecture), ModelError> {
        let folder = tempfile::tempdir().unwrap();
        open(&self.write(folder.path(), 1))
    }
}
