//! Quantizing a model: what is read, and that nothing is overwritten.

use std::path::Path;

use crate::{InferenceError, ModelFolder};
use hopgraph_model::architecture::Checkpoint;
use hopgraph_model::tokenizer::TokenizerFiles;
use hopgraph_model::weights::Container;
use hopgraph_model::{ModelError, Quantization, QuantizeSummary};

/// Writes the weights of a decoder as a quantized GGUF file.
///
/// `input` is a weights file (GGUF, safetensors, or the index of several), or a model folder; the adapter that a folder's
/// `model.toml` names is added first. The vocabulary comes along from GGUF or from a `tokenizer.model`.
///
/// # Errors
/// As [`crate::LanguageModel::load`] where the input cannot be read; [`ModelError::NotQuantizable`] for an encoder;
/// [`ModelError::Unwritable`] if the output exists already or cannot be written.
pub fn quantize(input: &Path, output: &Path, quantization: Quantization) -> Result<QuantizeSummary, InferenceError> {
    if output.exists() {
        let source = std::io::Error::new(std::io::ErrorKind::AlreadyExists, "it exists already; choose another name");
        return Err(ModelError::Unwritable { path: output.to_owned(), source }.into());
    }
    let mut checkpoint = open(input)?;
    let vocabulary = match checkpoint.container() {
        Container::Gguf(_) => None,
        Container::Safetensors(_) => {
            TokenizerFiles::sentence_pieces(checkpoint.path().parent().unwrap_or(Path::new(".")))?
        }
    };
    Ok(hopgraph_model::quantize(&mut checkpoint, vocabulary, output, quantization)?)
}

fn open(input: &Path) -> Result<Checkpoint, InferenceError> {
    if input.is_file() {
        return Ok(Checkpoint::open(input)?);
    }
    match ModelFolder::read(input) {
        Ok(folder) if !folder.members.is_empty() => {
            let problem = "the model joins others; quantize each of its members by itself".to_owned();
            Err(InferenceError::Settings { path: folder.settings, problem })
        }
        Ok(folder) if folder.remote.is_some() => {
            let problem = "the model is behind a server, so there are no weights here to quantize".to_owned();
            Err(InferenceError::Settings { path: folder.settings, problem })
        }
        Ok(folder) => folder.open(),
        // Prompt and answers are of no matter here.
        Err(error @ InferenceError::NoSettings { .. }) => match crate::suggestion::find_weights(input) {
            Some(weights) => Ok(Checkpoint::open(&weights)?),
            None => Err(error),
        },
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests;
