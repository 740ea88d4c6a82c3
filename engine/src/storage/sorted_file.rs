//! Sorted files that are made outside of the store, and that the store takes in whole.

use std::path::Path;

use rocksdb::{Cache, SstFileWriter};

use super::failure::{check_size, failed};
use super::family::Family;
use super::options::family_options;
use crate::StorageError;

/// A sorted file being written: keys have to come in order, each once.
pub(crate) struct SortedFile<'o>(SstFileWriter<'o>, Family);

impl SortedFile<'_> {
    /// Writes a file of this family and brings it to the disk.
    pub(crate) fn write(
        path: &Path,
        family: Family,
        fill: impl FnOnce(&mut SortedFile<'_>) -> Result<(), StorageError>,
    ) -> Result<(), StorageError> {
        let options = family_options(family, &Cache::new_lru_cache(0));
        let mut file = SortedFile(SstFileWriter::create(&options), family);
        file.0.open(path).map_err(failed("making a sorted file"))?;
        fill(&mut file)?;
        file.0.finish().map_err(failed("finishing a sorted file"))
    }

    /// The value of the next key.
    pub(crate) fn put(&mut self, key: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Result<(), StorageError> {
        check_size(self.1, value.as_ref())?;
        self.0.put(key, value).map_err(failed("writing a sorted file"))
    }

    /// An operand to be folded into the value of the next key.
    pub(crate) fn merge(&mut self, key: impl AsRef<[u8]>, operand: impl AsRef<[u8]>) -> Result<(), StorageError> {
        self.0.merge(key, operand).map_err(failed("writing a sorted file"))
    }
}
