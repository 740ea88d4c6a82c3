//! GGUF files: metadata, vocabulary and tensors in one.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use candle_core::quantized::gguf_file::{Content, Value};

use super::tensor::{Format, RawTensor, size_in_bytes};
use crate::ModelError;
use crate::tokenizer::{BytePairs, Frame, Piece, PieceKind, Tokenizer, Vocabulary, WordPieces};

/// An open GGUF file.
pub struct Gguf {
    path: PathBuf,
    file: BufReader<File>,
    content: Content,
}

impl Gguf {
    /// Opens the file, reads its header and checks that all tensors lie within it.
    pub fn open(path: &Path) -> Result<Self, ModelError> {
        let file = File::open(path).map_err(|source| ModelError::unreadable(path, source))?;
        let length = file.metadata().map_err(|source| ModelError::unreadable(path, source))?.len();
        let mut file = BufReader::with_capacity(1 << 20, file);
        let content = Content::read(&mut file)
            .map_err(|error| ModelError::NotGguf { path: path.to_owned(), problem: first_line(&error) })?;
        let weights = Self { path: path.to_owned(), file, content };
        if weights.count("split.count")?.is_some_and(|parts| parts > 1) {
            let problem = "says that the model is in several files; join them with `llama-gguf-split --merge`";
            return Err(weights.metadata_problem("split.count", problem));
        }
        weights.check_whole(length)?;
        Ok(weights)
    }

    fn check_whole(&self, length: u64) -> Result<(), ModelError> {
        let mut tensors: Vec<_> = self.content.tensor_infos.iter().collect();
        tensors.sort_by_key(|(_, info)| info.offset);
        for (name, info) in tensors {
            let start = self.content.tensor_data_offset.saturating_add(info.offset);
            let end = start.saturating_add(size_in_bytes(info.ggml_dtype, info.shape.dims()));
            if end > length {
                return Err(ModelError::Truncated { path: self.path.clone(), tensor: name.clone(), end, length });
            }
        }
        Ok(())
    }

    /// The names of all tensors, sorted.
    pub fn tensor_names(&self) -> Vec<&str> {
        let mut names: Vec<_> = self.content.tensor_infos.keys().map(String::as_str).collect();
        names.sort_unstable();
        names
    }

    /// The shape of a tensor, rows first.
    pub fn shape(&self, name: &str) -> Option<&[usize]> {
        self.content.tensor_infos.get(name).map(|info| info.shape.dims())
    }

    /// How the numbers of a tensor are kept.
    pub fn format(&self, name: &str) -> Option<Format> {
        self.content.tensor_infos.get(name).map(|info| info.ggml_dtype)
    }

    /// Reads a tensor, which must be there.
    pub fn tensor(&mut self, name: &str) -> Result<RawTensor, ModelError> {
        let Some(info) = self.content.tensor_infos.get(name) else {
            return Err(ModelError::TensorMissing { path: self.path.clone(), tensor: name.to_owned() });
        };
        let (format, shape) = (info.ggml_dtype, info.shape.dims().to_vec());
        let start = self.content.tensor_data_offset.saturating_add(info.offset);
        // Within the length of the file, which was checked.
        let mut bytes = vec![0; usize::try_from(size_in_bytes(format, &shape)).unwrap_or(usize::MAX)];
        self.file
            .seek(SeekFrom::Start(start))
            .and_then(|_| self.file.read_exact(&mut bytes))
            .map_err(|source| ModelError::unreadable(&self.path, source))?;
        Ok(RawTensor { format, shape, bytes })
    }

    /// All of the metadata.
    pub fn metadata(&self) -> &HashMap<String, Value> {
        &self.content.metadata
    }

    /// A word of the metadata.
    pub fn text(&self, key: &str) -> Option<&str> {
        match self.content.metadata.get(key) {
            Some(Value::String(text)) => Some(text),
            _ => None,
        }
    }

    /// A switch of the metadata.
    pub fn switch(&self, key: &str) -> Option<bool> {
        self.content.metadata.get(key).and_then(|value| value.to_bool().ok())
    }

    /// A count of the metadata, of whatever integer type. None if it is not there.
    pub fn count(&self, key: &str) -> Result<Option<usize>, ModelError> {
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

    /// A number of the metadata. None if it is not there.
    pub fn number(&self, key: &str) -> Result<Option<f32>, ModelError> {
        match self.content.metadata.get(key) {
            None => Ok(None),
            Some(Value::F32(number)) => Ok(Some(*number)),
            #[expect(clippy::cast_possible_truncation, reason = "GGUF keeps such settings as f32; f64 is a rarity")]
            Some(Value::F64(number)) => Ok(Some(*number as f32)),
            Some(_) => Err(self.metadata_problem(key, "is not a number")),
        }
    }

    /// The error that says what is wrong with an entry of the metadata.
    pub fn metadata_problem(&self, key: &str, problem: &str) -> ModelError {
        ModelError::Metadata { path: self.path.clone(), key: key.to_owned(), problem: problem.to_owned() }
    }

    /// The token that begins every text, if the model wants one.
    pub fn beginning(&self) -> Result<Option<u32>, ModelError> {
        let key = "tokenizer.ggml.bos_token_id";
        if self.switch("tokenizer.ggml.add_bos_token") == Some(false) {
            return Ok(None);
        }
        let Some(number) = self.count(key)? else { return Ok(None) };
        u32::try_from(number).map(Some).map_err(|_| self.metadata_problem(key, "is no token"))
    }

    /// The tokenizer that the file carries.
    pub fn tokenizer(&self) -> Result<Tokenizer, ModelError> {
        let frame = Frame::beginning(self.beginning()?);
        match self.text("tokenizer.ggml.model").unwrap_or("none") {
            "llama" => Tokenizer::from_vocabulary(&self.vocabulary()?, frame, &self.path),
            "bert" => Tokenizer::from_word_pieces(&WordPieces::from_gguf(self.tokens()?), &self.path),
            "gpt2" => Tokenizer::from_byte_pairs(&self.byte_pairs()?, frame, &self.path),
            other => {
                let problem = format!(
                    "is `{other}`, but `llama`, `gpt2` and `bert` are read from GGUF; put the model's tokenizer.json \
                     beside it and name it in model.toml"
                );
                Err(self.metadata_problem("tokenizer.ggml.model", &problem))
            }
        }
    }

    fn tokens(&self) -> Result<Vec<String>, ModelError> {
        self.array("tokenizer.ggml.tokens", |value| value.to_string().ok().cloned())
    }

    fn byte_pairs(&self) -> Result<BytePairs, ModelError> {
        let merges = self.array("tokenizer.ggml.merges", |value| value.to_string().ok().cloned())?;
        let words = self.text("tokenizer.ggml.pre").unwrap_or("gpt-2").to_owned();
        Ok(BytePairs { tokens: self.tokens()?, merges, words })
    }

    /// The SentencePiece vocabulary that the file carries.
    fn vocabulary(&self) -> Result<Vocabulary, ModelError> {
        let texts = self.tokens()?;
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

    fn array<T>(&self, key: &str, read: impl Fn(&Value) -> Option<T>) -> Result<Vec<T>, ModelError> {
        let Some(Value::Array(values)) = self.content.metadata.get(key) else {
            return Err(self.metadata_problem(key, "is missing or no list"));
        };
        let entries: Option<Vec<T>> = values.iter().map(read).collect();
        entries.ok_or_else(|| self.metadata_problem(key, "has an entry of the wrong type"))
    }
}

fn piece_kind(value: &Value) -> Option<PieceKind> {
    let number = match value {
        Value::I32(number) => u64::try_from(*number).ok()?,
        other => other.to_u64().ok()?,
    };
    PieceKind::from_number(number)
}

/// candle's errors carry a backtrace in the lines below the first.
fn first_line(error: &candle_core::Error) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}
