//! Open weights, in whichever format, under one set of tensor names.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::gguf::Gguf;
use super::safetensors::Safetensors;
use super::tensor::{Format, RawTensor, format_name, is_plain, size_in_bytes};
use crate::ModelError;
use crate::hash::{hash_of_hashes, sha256};

/// Open weights, in whichever format.
pub struct Weights {
    path: PathBuf,
    container: Container,
}

/// The formats of weights.
pub enum Container {
    /// One file with metadata, vocabulary and tensors.
    Gguf(Gguf),
    /// Tensors alone; the rest stands in `config.json` and the tokenizer's files beside them.
    Safetensors(Safetensors),
}

impl Weights {
    /// Opens a GGUF file, a safetensors file, or the index of several safetensors files, whichever its first bytes say,
    /// and checks that all tensors lie within it.
    pub fn open(path: &Path) -> Result<Self, ModelError> {
        let mut start = Vec::new();
        File::open(path)
            .and_then(|file| file.take(9).read_to_end(&mut start))
            .map_err(|source| ModelError::unreadable(path, source))?;
        let container = match start.as_slice() {
            [b'G', b'G', b'U', b'F', ..] => Container::Gguf(Gguf::open(path)?),
            [b'{', ..] => Container::Safetensors(Safetensors::open_index(path)?),
            // Eight bytes say how long the JSON is that follows.
            [_, _, _, _, _, _, _, _, b'{'] => Container::Safetensors(Safetensors::open(path)?),
            _ => Container::Gguf(Gguf::open(path)?),
        };
        Ok(Self { path: path.to_owned(), container })
    }

    /// The file that was opened.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The format, and what it holds.
    pub fn container(&self) -> &Container {
        &self.container
    }

    /// The names of all tensors, sorted; in the file's own words where they have no other.
    pub fn tensor_names(&self) -> Vec<&str> {
        match &self.container {
            Container::Gguf(file) => file.tensor_names(),
            Container::Safetensors(files) => files.tensor_names(),
        }
    }

    /// The shape of a tensor, rows first. None if it is not there.
    pub fn shape(&self, name: &str) -> Option<&[usize]> {
        match &self.container {
            Container::Gguf(file) => file.shape(name),
            Container::Safetensors(files) => files.shape(name),
        }
    }

    /// How the numbers of a tensor are kept. None if it is not there.
    pub fn format(&self, name: &str) -> Option<Format> {
        match &self.container {
            Container::Gguf(file) => file.format(name),
            Container::Safetensors(files) => files.format(name),
        }
    }

    /// How many numbers a tensor has; none if it is not there.
    pub fn elements(&self, name: &str) -> u64 {
        self.shape(name)
            .map_or(0, |shape| shape.iter().fold(1u64, |product, &size| product.saturating_mul(size as u64)))
    }

    /// The bytes that a tensor takes in its file.
    pub fn size_in_bytes(&self, name: &str) -> u64 {
        let format = self.format(name).unwrap_or(Format::F32);
        self.shape(name).map_or(0, |shape| size_in_bytes(format, shape))
    }

    /// Whether a tensor holds numbers that are not quantized.
    pub fn is_plain(&self, name: &str) -> bool {
        self.format(name).is_some_and(is_plain)
    }

    /// What the file calls a tensor, or would call it if it were there.
    pub fn name_in_file(&self, name: &str) -> String {
        match &self.container {
            Container::Gguf(_) => name.to_owned(),
            Container::Safetensors(files) => files.name_in_file(name),
        }
    }

    /// Says whether a tensor is there with this shape.
    ///
    /// # Errors
    /// [`ModelError::TensorMissing`] or [`ModelError::TensorShape`].
    pub fn check(&self, name: &str, shape: &[usize]) -> Result<(), ModelError> {
        self.check_shape(name, self.shape(name), shape)
    }

    /// The same of a tensor that was found with a shape, here or elsewhere.
    pub(crate) fn check_shape(
        &self,
        name: &str,
        found: Option<&[usize]>,
        expected: &[usize],
    ) -> Result<(), ModelError> {
        let tensor = || self.name_in_file(name);
        match found {
            None => Err(ModelError::TensorMissing { path: self.path.clone(), tensor: tensor() }),
            Some(found) if found != expected => Err(ModelError::TensorShape {
                path: self.path.clone(),
                tensor: tensor(),
                found: found.to_vec(),
                expected: expected.to_vec(),
            }),
            Some(_) => Ok(()),
        }
    }

    /// Reads a tensor, which must have this shape.
    pub fn tensor(&mut self, name: &str, shape: &[usize]) -> Result<RawTensor, ModelError> {
        self.check(name, shape)?;
        match &mut self.container {
            Container::Gguf(file) => file.tensor(name),
            Container::Safetensors(files) => files.tensor(name),
        }
    }

    /// The name of the number format that holds most of the weights, as llama.cpp writes it.
    pub fn quantization(&self) -> String {
        let mut weights: HashMap<Format, u64> = HashMap::new();
        for name in self.tensor_names() {
            if let Some(format) = self.format(name) {
                *weights.entry(format).or_default() += self.elements(name);
            }
        }
        let most = weights.into_iter().max_by_key(|&(format, count)| (count, format_name(format)));
        most.map_or_else(String::new, |(format, _)| format_name(format))
    }

    /// SHA-256 of the weights, in hexadecimal: of the file, or, where there are several, of their hashes in the order of
    /// their names, a line each. Reads the files whole.
    ///
    /// # Errors
    /// If a file cannot be read.
    pub fn sha256(&self) -> Result<String, ModelError> {
        match &self.container {
            Container::Gguf(_) => sha256(&self.path),
            Container::Safetensors(files) => hash_of_hashes(&files.paths()),
        }
    }
}
