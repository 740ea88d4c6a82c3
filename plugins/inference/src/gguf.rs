//! Weights files: opens a GGUF, checks that it is whole, and hands out its metadata, tensors and vocabulary.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use candle_core::Device;
use candle_core::quantized::gguf_file::{Content, TensorInfo, Value};
use candle_core::quantized::{GgmlDType, QTensor};
use sha2::{Digest, Sha256};

use crate::InferenceError;
use crate::tokenizer::{Piece, PieceKind, Vocabulary};

/// An open weights file.
pub(crate) struct WeightsFile {
    path: PathBuf,
    file: BufReader<File>,
    content: Content,
}

impl WeightsFile {
    /// Opens the file, reads its header and checks that all tensors lie within it.
    pub(crate) fn open(path: &Path) -> Result<Self, InferenceError> {
        let file = File::open(path).map_err(|source| unreadable(path, source))?;
        let length = file.metadata().map_err(|source| unreadable(path, source))?.len();
        let mut file = BufReader::with_capacity(1 << 20, file);
        let content = Content::read(&mut file)
            .map_err(|error| InferenceError::NotGguf { path: path.to_owned(), problem: first_line(&error) })?;
        let weights = Self { path: path.to_owned(), file, content };
        weights.check_whole(length)?;
        Ok(weights)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    fn check_whole(&self, length: u64) -> Result<(), InferenceError> {
        let mut tensors: Vec<_> = self.content.tensor_infos.iter().collect();
        tensors.sort_by_key(|(_, info)| info.offset);
        for (name, info) in tensors {
            let start = self.content.tensor_data_offset.saturating_add(info.offset);
            let end = start.saturating_add(size_in_bytes(info));
            if end > length {
                return Err(InferenceError::Truncated { path: self.path.clone(), tensor: name.clone(), end, length });
            }
        }
        Ok(())
    }

    /// The names of all tensors, sorted.
    pub(crate) fn tensor_names(&self) -> Vec<&str> {
        let mut names: Vec<_> = self.content.tensor_infos.keys().map(String::as_str).collect();
        names.sort_unstable();
        names
    }

    /// The shape of a tensor, rows first.
    pub(crate) fn shape(&self, name: &str) -> Option<&[usize]> {
        self.content.tensor_infos.get(name).map(|info| info.shape.dims())
    }

    /// Reads a tensor, which must have this shape.
    pub(crate) fn tensor(&mut self, name: &str, shape: &[usize], device: &Device) -> Result<QTensor, InferenceError> {
        let Some(found) = self.shape(name) else {
            return Err(InferenceError::TensorMissing { path: self.path.clone(), tensor: name.to_owned() });
        };
        if found != shape {
            let (found, expected) = (found.to_vec(), shape.to_vec());
            return Err(InferenceError::TensorShape {
                path: self.path.clone(),
                tensor: name.to_owned(),
                found,
                expected,
            });
        }
        self.content
            .tensor(&mut self.file, name, device)
            .map_err(|error| InferenceError::NotGguf { path: self.path.clone(), problem: first_line(&error) })
    }

    /// The name of the number format that holds most of the weights, as llama.cpp writes it.
    pub(crate) fn quantization(&self) -> String {
        let mut weights: HashMap<GgmlDType, usize> = HashMap::new();
        for info in self.content.tensor_infos.values() {
            *weights.entry(info.ggml_dtype).or_default() += info.shape.elem_count();
        }
        let most = weights.into_iter().max_by_key(|&(format, count)| (count, format_name(format)));
        most.map_or_else(String::new, |(format, _)| format_name(format))
    }

    /// A word of the metadata.
    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        match self.content.metadata.get(key) {
            Some(Value::String(text)) => Some(text),
            _ => None,
        }
    }

    /// A switch of the metadata.
    pub(crate) fn switch(&self, key: &str) -> Option<bool> {
        self.content.metadata.get(key).and_then(|value| value.to_bool().ok())
    }

    /// A count of the metadata, of whatever integer type. None if it is not there.
    pub(crate) fn count(&self, key: &str) -> Result<Option<usize>, InferenceError> {
        let Some(value) = self.content.metadata.get(key) else { return Ok(None) };
        let count = match value {
            Value::I8(number) => u64::try_from(*number).ok(),
            Value::I16(number) => u64::try_from(*number).ok(),
            Value::I32(number) => u64::try_from(*number).ok(),
            Value::I64(number) => u64::try_from(*number).ok(),
            other => other.to_u64().ok(),
        };
        let count = count.and_then(|count| usize::try_from(count).ok());
        count.map(Some).ok_or_else(|| self.metadata_problem(key, "is not a count"))
    }

    /// A count that the model cannot do without.
    pub(crate) fn required_count(&self, key: &str) -> Result<usize, InferenceError> {
        self.count(key)?.ok_or_else(|| self.metadata_problem(key, "is missing"))
    }

    /// A number of the metadata. None if it is not there.
    pub(crate) fn number(&self, key: &str) -> Result<Option<f32>, InferenceError> {
        match self.content.metadata.get(key) {
            None => Ok(None),
            Some(Value::F32(number)) => Ok(Some(*number)),
            #[expect(clippy::cast_possible_truncation, reason = "GGUF keeps such settings as f32; f64 is a rarity")]
            Some(Value::F64(number)) => Ok(Some(*number as f32)),
            Some(_) => Err(self.metadata_problem(key, "is not a number")),
        }
    }

    /// The error that says what is wrong with an entry of the metadata.
    pub(crate) fn metadata_problem(&self, key: &str, problem: &str) -> InferenceError {
        InferenceError::Metadata { path: self.path.clone(), key: key.to_owned(), problem: problem.to_owned() }
    }

    /// The token that begins every text, if the model wants one.
    pub(crate) fn beginning(&self) -> Result<Option<u32>, InferenceError> {
        let key = "tokenizer.ggml.bos_token_id";
        if self.switch("tokenizer.ggml.add_bos_token") == Some(false) {
            return Ok(None);
        }
        let Some(number) = self.count(key)? else { return Ok(None) };
        u32::try_from(number).map(Some).map_err(|_| self.metadata_problem(key, "is no token"))
    }

    /// The SentencePiece vocabulary that the file carries.
    pub(crate) fn vocabulary(&self) -> Result<Vocabulary, InferenceError> {
        let model = self.text("tokenizer.ggml.model").unwrap_or("none");
        if model != "llama" {
            let problem =
                format!("is `{model}`, but only `llama` is read from GGUF; put the model's tokenizer.json beside it");
            return Err(self.metadata_problem("tokenizer.ggml.model", &problem));
        }
        let texts = self.array("tokenizer.ggml.tokens", |value| value.to_string().ok().cloned())?;
        let scores = self.array("tokenizer.ggml.scores", |value| value.to_f32().ok())?;
        let kinds = self.array("tokenizer.ggml.token_type", piece_kind)?;
        for (key, length) in [("tokenizer.ggml.scores", scores.len()), ("tokenizer.ggml.token_type", kinds.len())] {
            if length != texts.len() {
                let problem = format!("has {length} entries for {} tokens", texts.len());
                return Err(self.metadata_problem(key, &problem));
            }
        }
        let pieces = texts.into_iter().zip(scores).zip(kinds);
        let pieces = pieces.map(|((text, score), kind)| Piece { text, score, kind }).collect();
        Ok(Vocabulary { pieces, space_prefix: self.switch("tokenizer.ggml.add_space_prefix").unwrap_or(true) })
    }

    fn array<T>(&self, key: &str, read: impl Fn(&Value) -> Option<T>) -> Result<Vec<T>, InferenceError> {
        let Some(Value::Array(values)) = self.content.metadata.get(key) else {
            return Err(self.metadata_problem(key, "is missing or no list"));
        };
        let entries: Option<Vec<T>> = values.iter().map(read).collect();
        entries.ok_or_else(|| self.metadata_problem(key, "has an entry of the wrong type"))
    }
}

/// SHA-256 of a file, in hexadecimal; read in pieces, since weights may be larger than memory.
pub(crate) fn sha256(path: &Path) -> Result<String, InferenceError> {
    let mut file = File::open(path).map_err(|source| unreadable(path, source))?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        let length = file.read(&mut buffer).map_err(|source| unreadable(path, source))?;
        if length == 0 {
            break;
        }
        hasher.update(&buffer[..length]);
    }
    Ok(hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

fn unreadable(path: &Path, source: std::io::Error) -> InferenceError {
    let advice = "put the weights beside model.toml, or correct the name after `weights =`";
    InferenceError::Unreadable { path: path.to_owned(), source, advice }
}

fn piece_kind(value: &Value) -> Option<PieceKind> {
    let number = match value {
        Value::I32(number) => u32::try_from(*number).ok()?,
        other => other.to_u32().ok()?,
    };
    // The numbers are llama.cpp's `llama_token_type`.
    match number {
        1 => Some(PieceKind::Normal),
        2 => Some(PieceKind::Unknown),
        3 => Some(PieceKind::Control),
        4 => Some(PieceKind::UserDefined),
        5 => Some(PieceKind::Unused),
        6 => Some(PieceKind::Byte),
        _ => None,
    }
}

fn size_in_bytes(info: &TensorInfo) -> u64 {
    let elements = info.shape.dims().iter().fold(1u64, |product, &size| product.saturating_mul(size as u64));
    let blocks = elements.div_ceil(info.ggml_dtype.block_size() as u64);
    blocks.saturating_mul(info.ggml_dtype.type_size() as u64)
}

/// `Q4K` in candle is `Q4_K` everywhere else.
fn format_name(format: GgmlDType) -> String {
    let name = format!("{format:?}");
    match name.strip_suffix('K') {
        Some(short) if name.starts_with('Q') => format!("{short}_K"),
        _ => name,
    }
}

/// candle's errors carry a backtrace in the lines below the first.
fn first_line(error: &candle_core::Error) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}
