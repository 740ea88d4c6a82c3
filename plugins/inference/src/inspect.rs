//! What a model folder holds and what keeps it from working, found without loading the weights.

use std::path::{Path, PathBuf};

use crate::reader::Reader;
use crate::{InferenceError, ModelFolder};
use hopgraph_model::architecture::{Architecture, Checkpoint};
use hopgraph_model::weights::{Container, format_name};

/// Most problems of one kind that are told; the rest would be more of the same.
const PROBLEMS_MAX: usize = 8;

/// What a model folder, or a weights file alone, turned out to hold.
#[derive(Clone, Debug, Default)]
pub struct Inspection {
    /// The name that `model.toml` gives the model.
    pub name: Option<String>,
    /// The weights, once they could be opened.
    pub weights: Option<WeightsReport>,
    /// The model that the weights make, once it could be told.
    pub model: Option<ModelReport>,
    /// The tokenizer, once it could be read.
    pub tokenizer: Option<TokenizerReport>,
    /// The prompt, once it could be cut; none for a model that has classes and no prompt.
    pub prompt: Option<PromptReport>,
    /// What is missing or wrong, with what to do. Empty: the folder can be used as it is.
    pub problems: Vec<String>,
}

/// The weights as they lie on disk.
#[derive(Clone, Debug)]
pub struct WeightsReport {
    /// The file that was opened.
    pub path: PathBuf,
    /// `GGUF` or `safetensors`.
    pub container: &'static str,
    /// Each number format with how many tensors have it and the bytes that these take, the largest first.
    pub formats: Vec<(String, usize, u64)>,
    /// The adapter that is added to them.
    pub adapter: Option<PathBuf>,
}

/// The measures of a model.
#[derive(Clone, Debug)]
pub struct ModelReport {
    /// The family, such as `llama`.
    pub architecture: &'static str,
    /// Layers.
    pub layers: usize,
    /// Numbers that stand for one token between the layers.
    pub width: usize,
    /// Numbers between the two halves of the feed-forward part.
    pub inner_width: usize,
    /// Heads of queries.
    pub heads: usize,
    /// Heads of keys and of values.
    pub key_value_heads: usize,
    /// Numbers of a head.
    pub head_width: usize,
    /// Tokens that it knows.
    pub vocabulary: usize,
    /// Most tokens that are read at once.
    pub context: usize,
    /// The classes of an encoder; empty for a decoder.
    pub classes: Vec<String>,
    /// Numbers in all its tensors.
    pub parameters: u64,
    /// What it takes in memory.
    pub memory: MemoryReport,
}

/// Bytes that the weights of a model take, in each way to keep them. Working memory, some hundred MiB, comes on top.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MemoryReport {
    /// As in the file.
    pub as_in_file: u64,
    /// On the processor, the large matrices expanded to 32 bits.
    pub processor_float32: u64,
    /// On the processor, the large matrices as quantized blocks; 16- and 32-bit numbers become Q8_0.
    pub processor_quantized: u64,
    /// On a graphics card, all expanded to 16 bits.
    pub card_whole: u64,
    /// On a graphics card, as in the file, and one layer at a time expanded to 16 bits.
    pub card_by_layer: u64,
}

/// How texts become tokens.
#[derive(Clone, Debug)]
pub struct TokenizerReport {
    /// What kind it is, such as `byte pairs`.
    pub kind: &'static str,
    /// How many tokens it makes.
    pub size: usize,
    /// The token that begins every text.
    pub beginning: Option<u32>,
}

/// The prompt in tokens.
#[derive(Clone, Copy, Debug)]
pub struct PromptReport {
    /// Tokens before the sentence, which are computed once; none if the prompt cannot be cut there.
    pub shared: usize,
    /// Tokens that each sentence has beside its own.
    pub around: usize,
}

/// Looks at a model folder, at a folder that lacks its `model.toml`, or at a weights file alone.
///
/// Nothing is loaded: of the weights, names, shapes and vocabulary are read. What is wrong does not end the inspection
/// but is told in [`Inspection::problems`].
pub fn inspect(path: &Path) -> Inspection {
    let mut inspection = Inspection::default();
    let (folder, file) = if path.is_file() {
        (None, Some(path.to_owned()))
    } else {
        match ModelFolder::read(path) {
            // Of a model behind a server there is nothing to look at here.
            Ok(folder) if folder.remote.is_some() => {
                inspection.name = Some(folder.name);
                return inspection;
            }
            // What is wrong with a member is wrong with the whole.
            Ok(folder) if !folder.members.is_empty() => {
                let problems = folder.members.iter().flat_map(|(member, _)| {
                    let name = member.display().to_string();
                    inspect(member).problems.into_iter().map(move |problem| format!("{name}: {problem}"))
                });
                inspection.problems = problems.collect();
                inspection.name = Some(folder.name);
                return inspection;
            }
            Ok(folder) => (Some(folder.clone()), Some(folder.weights)),
            Err(error) => {
                inspection.add(&error);
                (None, crate::suggestion::find_weights(path))
            }
        }
    };
    let Some(file) = file else { return inspection };
    inspection.name = folder.as_ref().map(|folder| folder.name.clone());
    if let Err(error) = inspection.look(&file, folder.as_ref()) {
        inspection.add(&error);
    }
    inspection
}

impl Inspection {
    fn add(&mut self, error: &InferenceError) {
        let problem = error.to_string();
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    fn look(&mut self, file: &Path, folder: Option<&ModelFolder>) -> Result<(), InferenceError> {
        let mut checkpoint = Checkpoint::open(file)?;
        let adapter = folder.and_then(|folder| folder.adapter.clone());
        self.weights = Some(weights_report(&checkpoint, adapter.clone()));
        if let Some(adapter) = adapter {
            checkpoint.adapt(&adapter).unwrap_or_else(|error| self.add(&error.into()));
        }
        let architecture = Architecture::measures(&mut checkpoint)?;
        self.model = Some(model_report(&architecture, &checkpoint));
        architecture.fit_adapter(&mut checkpoint).unwrap_or_else(|error| self.add(&error.into()));
        architecture.problems(&checkpoint).take(PROBLEMS_MAX).for_each(|problem| self.add(&problem.into()));
        let Some(folder) = folder else { return Ok(()) };
        let reader = Reader::new(folder, &checkpoint, &architecture)?;
        let tokenizer = reader.tokenizer();
        self.tokenizer = Some(TokenizerReport {
            kind: tokenizer.kind(),
            size: tokenizer.size(),
            beginning: tokenizer.frame().beginning,
        });
        self.prompt = Some(PromptReport { shared: reader.shared().len(), around: reader.around()? });
        Ok(())
    }
}

fn weights_report(weights: &Checkpoint, adapter: Option<PathBuf>) -> WeightsReport {
    let mut formats: Vec<(String, usize, u64)> = Vec::new();
    for name in weights.tensor_names() {
        let Some(format) = weights.format(name) else { continue };
        let (format, bytes) = (format_name(format), weights.size_in_bytes(name));
        match formats.iter_mut().find(|(other, ..)| *other == format) {
            Some((_, tensors, sum)) => (*tensors, *sum) = (*tensors + 1, *sum + bytes),
            None => formats.push((format, 1, bytes)),
        }
    }
    formats.sort_by_key(|&(_, _, bytes)| std::cmp::Reverse(bytes));
    let container = match weights.container() {
        Container::Gguf(_) => "GGUF",
        Container::Safetensors(_) => "safetensors",
    };
    WeightsReport { path: weights.path().to_owned(), container, formats, adapter }
}

fn model_report(architecture: &Architecture, weights: &Checkpoint) -> ModelReport {
    // Of the tensors that are there: a file may claim any number of layers.
    let sizes = || weights.tensor_names().into_iter().map(|name| weights.elements(name));
    let (layers, width, inner_width, heads, key_value_heads, head_width) = match architecture {
        Architecture::Decoder(model) => {
            (model.layers, model.width, model.inner_width, model.heads, model.key_value_heads, model.head_width)
        }
        Architecture::Encoder(model) => {
            (model.layers, model.width, model.inner_width, model.heads, model.heads, model.head_width())
        }
    };
    let classes = match architecture {
        Architecture::Encoder(model) => model.classes.clone(),
        Architecture::Decoder(_) => Vec::new(),
    };
    ModelReport {
        architecture: architecture.name(),
        layers,
        width,
        inner_width,
        heads,
        key_value_heads,
        head_width,
        vocabulary: architecture.vocabulary(),
        context: architecture.context(),
        classes,
        parameters: sizes().sum(),
        memory: memory_report(weights),
    }
}

fn memory_report(weights: &Checkpoint) -> MemoryReport {
    let mut report = MemoryReport::default();
    let mut largest_layer = 0;
    let mut layers: std::collections::BTreeMap<&str, u64> = std::collections::BTreeMap::new();
    for name in weights.tensor_names() {
        let (elements, bytes) = (weights.elements(name), weights.size_in_bytes(name));
        report.as_in_file += bytes;
        report.card_whole += 2 * elements;
        let layer = name.strip_prefix("blk.").and_then(|rest| rest.split('.').next());
        let is_matrix = weights.shape(name).is_some_and(|shape| shape.len() > 1);
        let Some(layer) = layer.filter(|_| is_matrix) else {
            report.processor_float32 += bytes;
            report.processor_quantized += bytes;
            continue;
        };
        report.processor_float32 += 4 * elements;
        // 34 bytes for 32 numbers.
        report.processor_quantized += if weights.is_plain(name) { elements * 34 / 32 } else { bytes };
        let of_layer = layers.entry(layer).or_default();
        *of_layer += 2 * elements;
        largest_layer = largest_layer.max(*of_layer);
    }
    report.card_by_layer = report.as_in_file + largest_layer;
    report
}

#[cfg(test)]
mod tests;
