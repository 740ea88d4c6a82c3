//! Weights of models: GGUF or safetensors, under one set of tensor names, each tensor as its file keeps it.
//!
//! The names are those of GGUF (`blk.0.attn_q.weight`), whatever the file calls its tensors; [`names`] has the table.

mod adapter;
mod gguf;
mod names;
mod quantize;
mod safetensors;
mod tensor;

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

pub(crate) use adapter::Adapter;
pub(crate) use candle_core::quantized::GgmlDType as Format;
pub(crate) use gguf::Gguf;
pub(crate) use names::Naming;
pub(crate) use quantize::quantize;
pub use quantize::{PureFormat, Quantization, QuantizeSummary};
pub(crate) use safetensors::Safetensors;
pub(crate) use tensor::{RawTensor, compute, format_name};

use crate::InferenceError;
use crate::architecture::Architecture;

/// Open weights, in whichever format.
pub(crate) struct Weights {
    path: PathBuf,
    container: Container,
    adapter: Option<Adapter>,
}

/// The formats of weights.
pub(crate) enum Container {
    /// One file with metadata, vocabulary and tensors.
    Gguf(Gguf),
    /// Tensors alone; the rest stands in `config.json` and the tokenizer's files beside them.
    Safetensors(Safetensors),
}

impl Weights {
    /// Opens a GGUF file, a safetensors file, or the index of several safetensors files, whichever its first bytes say,
    /// and checks that all tensors lie within it.
    pub(crate) fn open(path: &Path) -> Result<Self, InferenceError> {
        let mut start = Vec::new();
        File::open(path)
            .and_then(|file| file.take(9).read_to_end(&mut start))
            .map_err(|source| unreadable(path, source))?;
        let container = match start.as_slice() {
            [b'G', b'G', b'U', b'F', ..] => Container::Gguf(Gguf::open(path)?),
            [b'{', ..] => Container::Safetensors(Safetensors::open_index(path)?),
            // Eight bytes say how long the JSON is that follows.
            [_, _, _, _, _, _, _, _, b'{'] => Container::Safetensors(Safetensors::open(path)?),
            _ => Container::Gguf(Gguf::open(path)?),
        };
        Ok(Self { path: path.to_owned(), container, adapter: None })
    }

    /// The file that was opened.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn container(&self) -> &Container {
        &self.container
    }

    /// Has an adapter change the tensors that are read from now on.
    pub(crate) fn adapt(&mut self, path: &Path) -> Result<(), InferenceError> {
        let naming = match &self.container {
            Container::Gguf(_) => Naming::Decoder,
            Container::Safetensors(files) => files.config().naming()?,
        };
        self.adapter = Some(Adapter::read(path, naming)?);
        Ok(())
    }

    /// Checks that the adapter, if there is one, fits the model.
    pub(crate) fn fit_adapter(&mut self, architecture: &Architecture) -> Result<(), InferenceError> {
        self.adapter.as_mut().map_or(Ok(()), |adapter| adapter.fit(architecture))
    }

    fn replacement(&self, name: &str) -> Option<&RawTensor> {
        self.adapter.as_ref()?.replacement(name)
    }

    /// The names of all tensors, sorted; in the file's own words where they have no other.
    pub(crate) fn tensor_names(&self) -> Vec<&str> {
        match &self.container {
            Container::Gguf(file) => file.tensor_names(),
            Container::Safetensors(files) => files.tensor_names(),
        }
    }

    /// The shape of a tensor, rows first. None if it is not there.
    pub(crate) fn shape(&self, name: &str) -> Option<&[usize]> {
        if let Some(replacement) = self.replacement(name) {
            return Some(&replacement.shape);
        }
        match &self.container {
            Container::Gguf(file) => file.shape(name),
            Container::Safetensors(files) => files.shape(name),
        }
    }

    /// How the numbers of a tensor are kept. None if it is not there.
    pub(crate) fn format(&self, name: &str) -> Option<Format> {
        match &self.container {
            Container::Gguf(file) => file.format(name),
            Container::Safetensors(files) => files.format(name),
        }
    }

    /// How many numbers a tensor has; none if it is not there.
    pub(crate) fn elements(&self, name: &str) -> u64 {
        self.shape(name)
            .map_or(0, |shape| shape.iter().fold(1u64, |product, &size| product.saturating_mul(size as u64)))
    }

    /// The bytes that a tensor takes in its file.
    pub(crate) fn size_in_bytes(&self, name: &str) -> u64 {
        let format = self.format(name).unwrap_or(Format::F32);
        self.shape(name).map_or(0, |shape| tensor::size_in_bytes(format, shape))
    }

    /// Whether a tensor holds numbers that are not quantized.
    pub(crate) fn is_plain(&self, name: &str) -> bool {
        self.format(name).is_some_and(is_plain)
    }

    /// What the file calls a tensor, or would call it if it were there.
    pub(crate) fn name_in_file(&self, name: &str) -> String {
        match &self.container {
            Container::Gguf(_) => name.to_owned(),
            Container::Safetensors(files) => files.name_in_file(name),
        }
    }

    /// Says whether a tensor is there with this shape.
    pub(crate) fn check(&self, name: &str, shape: &[usize]) -> Result<(), InferenceError> {
        let tensor = || self.name_in_file(name);
        match self.shape(name) {
            None => Err(InferenceError::TensorMissing { path: self.path.clone(), tensor: tensor() }),
            Some(found) if found != shape => Err(InferenceError::TensorShape {
                path: self.path.clone(),
                tensor: tensor(),
                found: found.to_vec(),
                expected: shape.to_vec(),
            }),
            Some(_) => Ok(()),
        }
    }

    /// Reads a tensor, which must have this shape.
    pub(crate) fn tensor(&mut self, name: &str, shape: &[usize]) -> Result<RawTensor, InferenceError> {
        self.check(name, shape)?;
        if let Some(replacement) = self.replacement(name) {
            return Ok(replacement.clone());
        }
        let tensor = match &mut self.container {
            Container::Gguf(file) => file.tensor(name),
            Container::Safetensors(files) => files.tensor(name),
        }?;
        match &self.adapter {
            Some(adapter) => adapter.apply(name, tensor),
            None => Ok(tensor),
        }
    }

    /// The name of the number format that holds most of the weights, as llama.cpp writes it.
    pub(crate) fn quantization(&self) -> String {
        let mut weights: std::collections::HashMap<Format, u64> = std::collections::HashMap::new();
        for name in self.tensor_names() {
            if let Some(format) = self.format(name) {
                *weights.entry(format).or_default() += self.elements(name);
            }
        }
        let most = weights.into_iter().max_by_key(|&(format, count)| (count, format_name(format)));
        most.map_or_else(String::new, |(format, _)| format_name(format))
    }

    /// SHA-256 of the weights, in hexadecimal: of the file, or, where there are several, of their hashes in the order of
    /// their names, a line each. With an adapter its hash follows after a `+`.
    pub(crate) fn sha256(&self) -> Result<String, InferenceError> {
        let own = self.own_sha256()?;
        match &self.adapter {
            Some(adapter) => Ok(format!("{own}+{}", adapter.sha256()?)),
            None => Ok(own),
        }
    }

    fn own_sha256(&self) -> Result<String, InferenceError> {
        let files = match &self.container {
            Container::Gguf(_) => return sha256(&self.path),
            Container::Safetensors(files) => files.paths(),
        };
        if let [file] = files.as_slice() {
            return sha256(file);
        }
        let hashes = files.iter().map(|file| sha256(file)).collect::<Result<Vec<_>, _>>()?;
        Ok(hexadecimal(Sha256::digest(hashes.join("\n"))))
    }
}

/// Whether numbers are kept one by one, and not in blocks of a common scale.
pub(crate) fn is_plain(format: Format) -> bool {
    matches!(format, Format::F32 | Format::F16 | Format::BF16)
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
    Ok(hexadecimal(hasher.finalize()))
}

fn hexadecimal(bytes: impl AsRef<[u8]>) -> String {
    bytes.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unreadable(path: &Path, source: std::io::Error) -> InferenceError {
    let advice = "put the weights beside model.toml, or correct the name after `weights =`";
    InferenceError::Unreadable { path: path.to_owned(), source, advice }
}
