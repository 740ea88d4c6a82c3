//! Writes that become true together.

use rocksdb::{DB, WriteBatch};

use super::failure::check_size;
use super::family::Family;
use super::options::handle;
use crate::StorageError;

/// Writes that become true together.
pub(crate) struct Batch<'s> {
    database: &'s DB,
    pub(super) writes: WriteBatch,
    /// Why the batch cannot be written.
    refused: Option<StorageError>,
}

impl<'s> Batch<'s> {
    /// A batch without any writes, for this database.
    pub(super) fn new(database: &'s DB) -> Self {
        Self { database, writes: WriteBatch::default(), refused: None }
    }

    /// Replaces a value.
    pub(crate) fn put(&mut self, family: Family, key: impl AsRef<[u8]>, value: impl AsRef<[u8]>) {
        if let Err(error) = check_size(family, value.as_ref()) {
            self.refused.get_or_insert(error);
            return;
        }
        self.writes.put_cf(handle(self.database, family), key, value);
    }

    /// Folds an operand into a value.
    pub(crate) fn merge(&mut self, family: Family, key: impl AsRef<[u8]>, operand: impl AsRef<[u8]>) {
        self.writes.merge_cf(handle(self.database, family), key, operand);
    }

    /// Fails if something in it is too large: nothing of it may be written then.
    pub(crate) fn check(&mut self) -> Result<(), StorageError> {
        self.refused.take().map_or(Ok(()), Err)
    }

    /// How many writes there are.
    pub(crate) fn len(&self) -> usize {
        self.writes.len()
    }

    /// Removes a value.
    pub(crate) fn delete(&mut self, family: Family, key: impl AsRef<[u8]>) {
        self.writes.delete_cf(handle(self.database, family), key);
    }
}

impl std::fmt::Debug for Batch<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Batch").field("writes", &self.writes.len()).finish_non_exhaustive()
    }
}
