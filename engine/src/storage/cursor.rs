//! Cursors over the entries of a column family, in order of their keys.

use rocksdb::{DBRawIterator, ErrorKind};

use super::failure::failed;
use super::family::Family;
use crate::StorageError;

/// The least key above all keys with this prefix; `None` if there is none.
pub(super) fn prefix_end(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|&byte| byte != u8::MAX)?;
    let mut end = prefix[..=last].to_vec();
    end[last] += 1;
    Some(end)
}

/// A key and its value.
pub(crate) type Entry<'e> = (&'e [u8], &'e [u8]);

/// A cursor over entries: lends key and value of one at a time.
pub(crate) struct Entries<'s> {
    pub(super) family: Family,
    pub(super) cursor: DBRawIterator<'s>,
}

impl Entries<'_> {
    /// The entry under the cursor; `None` at the end.
    pub(crate) fn entry(&self) -> Result<Option<Entry<'_>>, StorageError> {
        match self.cursor.item() {
            Some(entry) => Ok(Some(entry)),
            None => self.cursor.status().map(|()| None).map_err(|error| match error.kind() {
                ErrorKind::Corruption => StorageError::Damaged {
                    place: format!("column family {}", self.family.name()),
                    reason: error.into_string(),
                },
                _ => failed("reading")(error),
            }),
        }
    }

    /// Moves on to the first entry whose key is this or comes after it, unless it stands there or farther.
    pub(crate) fn seek(&mut self, key: &[u8]) {
        if self.cursor.key().is_some_and(|at| at < key) {
            self.cursor.seek(key);
        }
    }

    /// Moves on to the next entry.
    pub(crate) fn advance(&mut self) {
        self.cursor.next();
    }

    /// Calls `visit` with every entry from here on.
    pub(crate) fn for_each(
        mut self,
        mut visit: impl FnMut(&[u8], &[u8]) -> Result<(), StorageError>,
    ) -> Result<(), StorageError> {
        while let Some((key, value)) = self.entry()? {
            visit(key, value)?;
            self.advance();
        }
        Ok(())
    }
}
