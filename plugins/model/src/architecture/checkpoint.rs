//! The weights of a model with the adapter that changes them: what is read as if it were one file.

use std::collections::BTreeMap;
use std::path::Path;

use super::adapter::Adapter;
use super::rotary::RotaryHeads;
use crate::ModelError;
use crate::weights::{Container, Format, Naming, RawTensor, Weights};

/// Open weights, and perhaps an adapter.
pub struct Checkpoint {
    weights: Weights,
    adapter: Option<Adapter>,
    /// Tensors in memory that stand in place of those of the files.
    replaced: BTreeMap<String, RawTensor>,
}

impl Checkpoint {
    /// Opens a weights file, as [`Weights::open`] does.
    ///
    /// # Errors
    /// If the file cannot be read, or is damaged.
    pub fn open(path: &Path) -> Result<Self, ModelError> {
        Ok(Self { weights: Weights::open(path)?, adapter: None, replaced: BTreeMap::new() })
    }

    /// Has an adapter change the tensors that are read from now on.
    ///
    /// # Errors
    /// If the adapter cannot be read, or changes what is not known of such a model.
    pub fn adapt(&mut self, path: &Path) -> Result<(), ModelError> {
        let naming = match self.weights.container() {
            Container::Gguf(_) => Naming::Decoder,
            Container::Safetensors(files) => files.config().naming()?,
        };
        self.adapter = Some(Adapter::read(path, naming)?);
        Ok(())
    }

    /// Whether an adapter changes the weights.
    pub fn has_adapter(&self) -> bool {
        self.adapter.is_some()
    }

    /// Checks that the adapter, if there is one, fits a model of these tensors, whose heads turn so.
    pub(super) fn fit_adapter(
        &mut self,
        shapes: &BTreeMap<String, Vec<usize>>,
        heads: Option<RotaryHeads>,
    ) -> Result<(), ModelError> {
        self.adapter.as_mut().map_or(Ok(()), |adapter| adapter.fit(shapes, heads))
    }

    /// The weights without the adapter.
    pub fn weights(&self) -> &Weights {
        &self.weights
    }

    /// The file that was opened.
    pub fn path(&self) -> &Path {
        self.weights.path()
    }

    /// The format of the weights.
    pub fn container(&self) -> &Container {
        self.weights.container()
    }

    /// The names of all tensors of the weights, sorted; in the file's own words where they have no other.
    pub fn tensor_names(&self) -> Vec<&str> {
        self.weights.tensor_names()
    }

    /// What the file calls a tensor, or would call it if it were there.
    pub fn name_in_file(&self, name: &str) -> String {
        self.weights.name_in_file(name)
    }

    fn replacement(&self, name: &str) -> Option<&RawTensor> {
        self.replaced.get(name).or_else(|| self.adapter.as_ref()?.replacement(name))
    }

    /// Puts a tensor in the place of the one that the files have, if they have one; the files stay as they are. The
    /// adapter does not change it.
    pub fn replace(&mut self, name: impl Into<String>, tensor: RawTensor) {
        self.replaced.insert(name.into(), tensor);
    }

    /// The shape of a tensor, rows first. None if it is not there.
    pub fn shape(&self, name: &str) -> Option<&[usize]> {
        match self.replacement(name) {
            Some(replacement) => Some(&replacement.shape),
            None => self.weights.shape(name),
        }
    }

    /// How the numbers of a tensor are kept in the weights. None if it is not there.
    pub fn format(&self, name: &str) -> Option<Format> {
        self.weights.format(name)
    }

    /// Whether a tensor holds numbers that are not quantized.
    pub fn is_plain(&self, name: &str) -> bool {
        self.weights.is_plain(name)
    }

    /// The bytes that a tensor takes in its file.
    pub fn size_in_bytes(&self, name: &str) -> u64 {
        self.weights.size_in_bytes(name)
    }

    /// How many numbers a tensor has; none if it is not there.
    pub fn elements(&self, name: &str) -> u64 {
        self.weights.elements(name)
    }

    /// Says whether a tensor is there with this shape.
    ///
    /// # Errors
    /// [`ModelError::TensorMissing`] or [`ModelError::TensorShape`].
    pub fn check(&self, name: &str, shape: &[usize]) -> Result<(), ModelError> {
        self.weights.check_shape(name, self.shape(name), shape)
    }

    /// Reads a tensor, which must have this shape, with what the adapter changes in it.
    ///
    /// # Errors
    /// As [`Checkpoint::check`], and if the file cannot be read.
    pub fn tensor(&mut self, name: &str, shape: &[usize]) -> Result<RawTensor, ModelError> {
        self.check(name, shape)?;
        if let Some(replacement) = self.replacement(name) {
            return Ok(replacement.clone());
        }
        let tensor = self.weights.tensor(name, shape)?;
        match &self.adapter {
            Some(adapter) => adapter.apply(name, tensor),
            None => Ok(tensor),
        }
    }

    /// SHA-256 of the weights, as [`Weights::sha256`]; with an adapter its hash follows after a `+`.
    ///
    /// # Errors
    /// If a file cannot be read.
    pub fn sha256(&self) -> Result<String, ModelError> {
        let own = self.weights.sha256()?;
        match &self.adapter {
            Some(adapter) => Ok(format!("{own}+{}", adapter.sha256()?)),
            None => Ok(own),
        }
    }
}
