//! Safetensors: tensors of one or several files, beside the `config.json` that says what model they make.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use safetensors::Dtype;
use safetensors::tensor::Metadata;
use serde::Deserialize;

use super::hugging_face::HuggingFaceConfig;
use super::names::{Name, Naming};
use super::tensor::{Format, RawTensor};
use crate::ModelError;
use crate::limits::HEADER_BYTES_MAX;

/// The open files of one model.
pub struct Safetensors {
    /// What `config.json` says.
    config: HuggingFaceConfig,
    naming: Naming,
    shards: Vec<SafetensorsFile>,
    /// By their names in GGUF; in their own where they have no such.
    tensors: BTreeMap<String, Place>,
}

/// Where a tensor lies.
struct Place {
    shard: usize,
    entry: Entry,
}

/// One open file.
pub struct SafetensorsFile {
    /// The file.
    pub path: PathBuf,
    file: BufReader<File>,
}

/// A tensor of a file, under its own name.
#[derive(Clone)]
pub struct Entry {
    /// What the file calls it.
    pub name: String,
    format: Dtype,
    shape: Vec<usize>,
    /// From the start of the file.
    start: u64,
    length: usize,
}

impl SafetensorsFile {
    /// Opens a file, and lists its tensors, all of which lie within it.
    pub fn open(path: &Path) -> Result<(Self, Vec<Entry>), ModelError> {
        let file = File::open(path).map_err(|source| ModelError::unreadable(path, source))?;
        let length = file.metadata().map_err(|source| ModelError::unreadable(path, source))?.len();
        let mut file = BufReader::with_capacity(1 << 20, file);
        let (metadata, data) = header(&mut file, length)
            .map_err(|problem| ModelError::NotSafetensors { path: path.to_owned(), problem })?;
        let entries = metadata.offset_keys().into_iter().map(|name| {
            let info = metadata.info(&name).expect("the name comes from this header");
            let (from, to) = info.data_offsets;
            let end = data.saturating_add(to as u64);
            if end > length {
                return Err(ModelError::Truncated { path: path.to_owned(), tensor: name, end, length });
            }
            let start = data.saturating_add(from as u64);
            Ok(Entry { name, format: info.dtype, shape: info.shape.clone(), start, length: to - from })
        });
        let entries = entries.collect::<Result<_, _>>()?;
        Ok((Self { path: path.to_owned(), file }, entries))
    }

    /// Reads a tensor of this file.
    pub fn tensor(&mut self, entry: &Entry) -> Result<RawTensor, ModelError> {
        let format = format(entry.format).ok_or_else(|| unknown_format(&self.path, &entry.name, entry.format))?;
        let mut bytes = vec![0; entry.length];
        self.file
            .seek(SeekFrom::Start(entry.start))
            .and_then(|_| self.file.read_exact(&mut bytes))
            .map_err(|source| ModelError::unreadable(&self.path, source))?;
        Ok(RawTensor { format, shape: entry.shape.clone(), bytes })
    }
}

/// `model.safetensors.index.json`.
#[derive(Deserialize)]
struct Index {
    weight_map: BTreeMap<String, PathBuf>,
}

impl Safetensors {
    /// Opens a model of one file.
    pub fn open(path: &Path) -> Result<Self, ModelError> {
        let mut files = Self::beside(path)?;
        files.add(path)?;
        Ok(files)
    }

    /// Opens the files that an index names.
    pub fn open_index(path: &Path) -> Result<Self, ModelError> {
        let bytes = std::fs::read(path).map_err(|source| ModelError::unreadable(path, source))?;
        let index: Index = serde_json::from_slice(&bytes).map_err(|error| {
            let problem = format!("it begins as JSON, but is no index of safetensors files: {error}");
            ModelError::NotSafetensors { path: path.to_owned(), problem }
        })?;
        let folder = path.parent().unwrap_or(Path::new("."));
        let mut files = Self::beside(path)?;
        for shard in index.weight_map.values().collect::<BTreeSet<_>>() {
            files.add(&folder.join(shard))?;
        }
        for (name, shard) in &index.weight_map {
            if !files.tensors.values().any(|place| place.entry.name == *name)
                && files.naming.read(name) != Name::Ignored
            {
                return Err(ModelError::TensorMissing { path: folder.join(shard), tensor: name.clone() });
            }
        }
        Ok(files)
    }

    fn beside(path: &Path) -> Result<Self, ModelError> {
        let config = HuggingFaceConfig::read(path.parent().unwrap_or(Path::new(".")))?;
        let naming = config.naming()?;
        Ok(Self { config, naming, shards: Vec::new(), tensors: BTreeMap::new() })
    }

    fn add(&mut self, path: &Path) -> Result<(), ModelError> {
        let (file, entries) = SafetensorsFile::open(path)?;
        for entry in entries {
            let own = match self.naming.read(&entry.name) {
                Name::Tensor(own) => own,
                Name::Ignored => continue,
                Name::Unknown => entry.name.clone(),
            };
            if format(entry.format).is_none() {
                return Err(unknown_format(path, &entry.name, entry.format));
            }
            self.tensors.insert(own, Place { shard: self.shards.len(), entry });
        }
        self.shards.push(file);
        Ok(())
    }

    /// What `config.json` says.
    pub fn config(&self) -> &HuggingFaceConfig {
        &self.config
    }

    /// All files, in the order of their names.
    pub fn paths(&self) -> Vec<&Path> {
        self.shards.iter().map(|shard| shard.path.as_path()).collect()
    }

    /// The names of all tensors, sorted.
    pub fn tensor_names(&self) -> Vec<&str> {
        self.tensors.keys().map(String::as_str).collect()
    }

    /// What the file calls a tensor, or would call it if it were there.
    pub fn name_in_file(&self, name: &str) -> String {
        self.tensors.get(name).map_or_else(|| self.naming.write(name), |place| place.entry.name.clone())
    }

    /// The shape of a tensor, rows first. None if it is not there.
    pub fn shape(&self, name: &str) -> Option<&[usize]> {
        self.tensors.get(name).map(|place| place.entry.shape.as_slice())
    }

    /// How the numbers of a tensor are kept. None if it is not there.
    pub fn format(&self, name: &str) -> Option<Format> {
        self.tensors.get(name).and_then(|place| format(place.entry.format))
    }

    /// Reads a tensor, which must be there.
    pub fn tensor(&mut self, name: &str) -> Result<RawTensor, ModelError> {
        let Some(place) = self.tensors.get(name) else {
            let path = self.shards.first().map(|shard| shard.path.clone()).unwrap_or_default();
            return Err(ModelError::TensorMissing { path, tensor: self.naming.write(name) });
        };
        self.shards[place.shard].tensor(&place.entry)
    }
}

/// Reads what a file holds, and where its data begin.
fn header(file: &mut impl Read, file_length: u64) -> Result<(Metadata, u64), String> {
    let mut length = [0; 8];
    file.read_exact(&mut length).map_err(|error| error.to_string())?;
    let length = u64::from_le_bytes(length);
    if length > HEADER_BYTES_MAX {
        return Err(format!("its header claims {length} bytes, more than the format allows"));
    }
    if length > file_length.saturating_sub(8) {
        return Err(format!("its header claims {length} bytes, the file has {file_length}"));
    }
    let mut json = vec![0; usize::try_from(length).map_err(|error| error.to_string())?];
    file.read_exact(&mut json).map_err(|error| error.to_string())?;
    let metadata = serde_json::from_slice(&json).map_err(|error| error.to_string())?;
    Ok((metadata, length + 8))
}

fn format(format: Dtype) -> Option<Format> {
    match format {
        Dtype::F32 => Some(Format::F32),
        Dtype::F16 => Some(Format::F16),
        Dtype::BF16 => Some(Format::BF16),
        _ => None,
    }
}

fn unknown_format(path: &Path, name: &str, format: Dtype) -> ModelError {
    let problem = format!(
        "tensor `{name}` holds numbers of type {format:?}, but only F32, F16 and BF16 are read from safetensors; for a \
         model that bitsandbytes, GPTQ or AWQ has quantized, take its 16-bit weights, or a GGUF of them"
    );
    ModelError::NotSafetensors { path: path.to_owned(), problem }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_that_is_too_long_is_not_read() {
        let claimed = |length: u64| header(&mut &length.to_le_bytes()[..], u64::MAX).unwrap_err();
        let error = claimed(HEADER_BYTES_MAX + 1);
        assert!(error.contains("more than the format allows"), "{error}");
        assert!(!claimed(HEADER_BYTES_MAX).contains("allows"), "only the end of the file stops this one");
        let error = header(&mut &9_u64.to_le_bytes()[..], 16).unwrap_err();
        assert!(error.contains("the file has 16"), "{error}");
    }
}
