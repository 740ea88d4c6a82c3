//! Quantizing a model: what is read, and that nothing is overwritten.

use std::path::Path;

use crate::tokenizer::TokenizerFiles;
use crate::weights::{self, Container, Quantization, QuantizeSummary, Weights};
use crate::{InferenceError, ModelFolder};

/// Writes the weights of a decoder as a quantized GGUF file.
///
/// `input` is a weights file (GGUF, safetensors, or the index of several), or a model folder; the adapter that a folder's
/// `model.toml` names is added first. The vocabulary comes along from GGUF or from a `tokenizer.model`.
///
/// # Errors
/// As [`crate::LanguageModel::load`] where the input cannot be read; [`InferenceError::NotQuantizable`] for an encoder;
/// [`InferenceError::Unwritable`] if the output exists already or cannot be written.
pub fn quantize(input: &Path, output: &Path, quantization: Quantization) -> Result<QuantizeSummary, InferenceError> {
    if output.exists() {
        let source = std::io::Error::new(std::io::ErrorKind::AlreadyExists, "it exists already; choose another name");
        return Err(InferenceError::Unwritable { path: output.to_owned(), source });
    }
    let mut weights = open(input)?;
    let vocabulary = match weights.container() {
        Container::Gguf(_) => None,
        Container::Safetensors(_) => {
            TokenizerFiles::sentence_pieces(weights.path().parent().unwrap_or(Path::new(".")))?
        }
    };
    weights::quantize(&mut weights, vocabulary, output, quantization)
}

fn open(input: &Path) -> Result<Weights, InferenceError> {
    if input.is_file() {
        return Weights::open(input);
    }
    match ModelFolder::read(input) {
        Ok(folder) if folder.remote.is_some() => {
            let problem = "the model is behind a server, so there are no weights here to quantize".to_owned();
            Err(InferenceError::Settings { path: folder.settings, problem })
        }
        Ok(folder) => {
            let mut weights = Weights::open(&folder.weights)?;
            if let Some(adapter) = &folder.adapter {
                weights.adapt(adapter)?;
            }
            Ok(weights)
        }
        // Prompt and answers are of no matter here.
        Err(error @ InferenceError::NoSettings { .. }) => match crate::suggestion::find_weights(input) {
            Some(weights) => Weights::open(&weights),
            None => Err(error),
        },
        Err(error) => Err(error),
    }
}
