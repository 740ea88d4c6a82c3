//! The model folder that a run ends in.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use hopgraph_compute::training::{Method, Parameters};
use hopgraph_model::architecture::{Architecture, Checkpoint, LowRankPair};
use hopgraph_model::weights::{Container, RawTensor};
use hopgraph_model::{AdapterSettings, Quantization, quantize, write_adapter, write_safetensors};
use serde_json::{Value, json};

use crate::TrainingError;
use crate::base::Base;

/// Files beside the weights that come along, as far as they are there.
const COMPANIONS: [&str; 8] = [
    "tokenizer.json",
    "tokenizer_config.json",
    "tokenizer.model",
    "vocab.txt",
    "special_tokens_map.json",
    "added_tokens.json",
    "NOTICE",
    "LICENSE",
];

/// What is written, and how.
pub(crate) struct Output<'a> {
    pub(crate) base: &'a Base,
    pub(crate) method: &'a Method,
    /// `f32`, `f16` or a quantization.
    pub(crate) numbers: Option<&'a str>,
}

impl Output<'_> {
    /// Writes a model folder, in place of one that is there. `numbers` are those of each parameter, in order.
    pub(crate) fn write(
        &self,
        parameters: &Parameters,
        numbers: &[Vec<f32>],
        folder: &Path,
    ) -> Result<(), TrainingError> {
        let mut partial = folder.to_owned();
        partial.as_mut_os_string().push(".part");
        if partial.exists() {
            std::fs::remove_dir_all(&partial).map_err(TrainingError::file(&partial))?;
        }
        std::fs::create_dir_all(&partial).map_err(TrainingError::file(&partial))?;
        let mut settings = self.base.settings.clone();
        match self.method {
            Method::All { .. } => self.write_whole(parameters, numbers, &partial, &mut settings)?,
            Method::LowRank(_) => self.write_adapter(parameters, numbers, &partial, folder, &mut settings)?,
        }
        let text = toml::to_string(&ordered(settings))
            .map_err(|error| std::io::Error::other(error.to_string()))
            .map_err(TrainingError::file(folder))?;
        let path = partial.join("model.toml");
        std::fs::write(&path, text).map_err(TrainingError::file(&path))?;
        if folder.exists() {
            std::fs::remove_dir_all(folder).map_err(TrainingError::file(folder))?;
        }
        std::fs::rename(&partial, folder).map_err(TrainingError::file(folder))
    }

    /// All weights, in the container of the base.
    fn write_whole(
        &self,
        parameters: &Parameters,
        numbers: &[Vec<f32>],
        folder: &Path,
        settings: &mut toml::Table,
    ) -> Result<(), TrainingError> {
        let (base, mut checkpoint) = (self.base, self.base.checkpoint()?);
        for (parameter, numbers) in parameters.iter().zip(numbers) {
            let numbers = as_in_file(&base.architecture, &parameter.name, numbers);
            checkpoint.replace(&parameter.name, RawTensor::from_f32(&numbers, &parameter.shape));
        }
        let is_gguf = matches!(checkpoint.container(), Container::Gguf(_));
        let weights = match self.numbers {
            wanted @ (None | Some("f32" | "f16")) if !is_gguf => {
                let path = folder.join("model.safetensors");
                write_safetensors(&mut checkpoint, &base.architecture, wanted == Some("f16"), &path)?;
                self.write_config(folder)?;
                "model.safetensors"
            }
            wanted => {
                let quantization: Quantization =
                    wanted.filter(|&wanted| wanted != "f32").unwrap_or("f16").parse().map_err(|problem| {
                        let problem = format!("`output.numbers`: {problem}, or f32");
                        TrainingError::Recipe { path: base.folder.weights().to_owned(), problem }
                    })?;
                quantize(&mut checkpoint, None, &folder.join("model.gguf"), quantization)?;
                "model.gguf"
            }
        };
        settings.insert("weights".to_owned(), weights.into());
        self.copy_tokenizer(folder, settings)
    }

    /// The tokenizer's files: that which the base names, and those beside its weights.
    fn copy_tokenizer(&self, folder: &Path, settings: &mut toml::Table) -> Result<(), TrainingError> {
        let weights = self.base.folder.weights();
        let beside = weights.parent().unwrap_or(Path::new("."));
        let mut files: Vec<PathBuf> = COMPANIONS.iter().map(|name| beside.join(name)).collect();
        if let Some(tokenizer) = self.base.folder.tokenizer() {
            files.push(tokenizer.with_file_name("tokenizer_config.json"));
            files.push(tokenizer.to_owned());
            let name = tokenizer.file_name().unwrap_or_default().to_string_lossy().into_owned();
            settings.insert("tokenizer".to_owned(), name.into());
        }
        for file in files.iter().filter(|file| file.exists()) {
            let target = folder.join(file.file_name().unwrap_or_default());
            std::fs::copy(file, &target).map_err(TrainingError::file(file))?;
        }
        Ok(())
    }

    /// The base's `config.json`, with the classes that the model has now.
    fn write_config(&self, folder: &Path) -> Result<(), TrainingError> {
        let source = self.base.folder.weights().with_file_name("config.json");
        let bytes = std::fs::read(&source).map_err(TrainingError::file(&source))?;
        let mut config: Value =
            serde_json::from_slice(&bytes).map_err(std::io::Error::from).map_err(TrainingError::file(&source))?;
        if let Architecture::Encoder(encoder) = &self.base.architecture {
            let names = || encoder.classes.iter().enumerate();
            config["architectures"] = json!(["BertForSequenceClassification"]);
            config["id2label"] = names().map(|(class, name)| (class.to_string(), json!(name))).collect();
            config["label2id"] = names().map(|(class, name)| (name.clone(), json!(class))).collect();
            config["num_labels"] = json!(encoder.classes.len());
        }
        let kind = if self.numbers == Some("f16") { "float16" } else { "float32" };
        config["torch_dtype"] = json!(kind);
        let path = folder.join("config.json");
        std::fs::write(&path, format!("{config:#}\n")).map_err(TrainingError::file(&path))
    }

    /// The adapter alone, beside the base, which stays where it is.
    fn write_adapter(
        &self,
        parameters: &Parameters,
        numbers: &[Vec<f32>],
        partial: &Path,
        folder: &Path,
        settings: &mut toml::Table,
    ) -> Result<(), TrainingError> {
        let (base, checkpoint) = (self.base, self.base.checkpoint()?);
        let Method::LowRank(method) = self.method else { return Ok(()) };
        let (mut pairs, mut whole) = (BTreeMap::new(), BTreeMap::new());
        for (parameter, numbers) in parameters.iter().zip(numbers) {
            let (rank, scale) = (method.rank, method.scale());
            let empty = || LowRankPair { a: Vec::new(), b: Vec::new(), rank, scale };
            match parameter.name.rsplit_once(".lora_") {
                Some((matrix, "a")) => pairs.entry(matrix.to_owned()).or_insert_with(empty).a = numbers.clone(),
                Some((matrix, _)) => pairs.entry(matrix.to_owned()).or_insert_with(empty).b = numbers.clone(),
                None => drop(whole.insert(parameter.name.clone(), RawTensor::from_f32(numbers, &parameter.shape))),
            }
        }
        let weights = relative(folder, base.folder.weights())?;
        let adapter = AdapterSettings {
            rank: method.rank,
            alpha: method.alpha,
            root_scale: method.root_scale,
            dropout: method.dropout,
            base: weights.clone(),
        };
        write_adapter(&checkpoint, &base.architecture, &pairs, &whole, &adapter, partial)?;
        settings.insert("weights".to_owned(), weights.into());
        settings.insert("adapter".to_owned(), "adapter_model.safetensors".into());
        if let Some(tokenizer) = base.folder.tokenizer() {
            settings.insert("tokenizer".to_owned(), relative(folder, tokenizer)?.into());
        }
        self.name_answers(&checkpoint, settings);
        Ok(())
    }

    /// The base's `config.json` stays as it is, so answers that are no classes there are named by their numbers.
    fn name_answers(&self, checkpoint: &Checkpoint, settings: &mut toml::Table) {
        let (Architecture::Encoder(encoder), Container::Safetensors(files)) =
            (&self.base.architecture, checkpoint.container())
        else {
            return;
        };
        let is_named = files.config().class_names().ok().flatten().is_some_and(|names| names == encoder.classes);
        let answers = settings.get_mut("answers").and_then(toml::Value::as_array_mut);
        for answer in answers.into_iter().flatten().filter_map(toml::Value::as_table_mut).filter(|_| !is_named) {
            let text = answer.get("text").and_then(toml::Value::as_str);
            let class = encoder.classes.iter().position(|class| Some(class.as_str()) == text);
            if let Some(class) = class {
                answer.insert("text".to_owned(), class.to_string().into());
            }
        }
    }
}

/// The weights of norms are trained with what some files leave out of them.
fn as_in_file(architecture: &Architecture, name: &str, numbers: &[f32]) -> Vec<f32> {
    match architecture {
        Architecture::Decoder(decoder) if name.ends_with("norm.weight") => {
            numbers.iter().map(|number| number - decoder.norm_offset).collect()
        }
        _ => numbers.to_vec(),
    }
}

/// Numbers and words before tables, as TOML wants them.
fn ordered(settings: toml::Table) -> toml::Table {
    let (tables, plain): (Vec<_>, Vec<_>) =
        settings.into_iter().partition(|(_, value)| value.is_table() || value.is_array());
    plain.into_iter().chain(tables).collect()
}

/// The way from a folder that is to be made to a file.
fn relative(folder: &Path, file: &Path) -> Result<String, TrainingError> {
    let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let from = parent.canonicalize().map_err(TrainingError::file(parent))?.join(folder.file_name().unwrap_or_default());
    let to = file.canonicalize().map_err(TrainingError::file(file))?;
    let common = from.components().zip(to.components()).take_while(|(one, other)| one == other).count();
    let up = from.components().skip(common).map(|_| Path::new(".."));
    let way: PathBuf = up.chain(to.components().skip(common).map(|part| Path::new(part.as_os_str()))).collect();
    Ok(way.to_string_lossy().into_owned())
}
