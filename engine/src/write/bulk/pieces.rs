//! Pieces of work that make sorted files, several at the same time.

use rayon::prelude::*;

use crate::StorageError;
use crate::storage::family::Family;
use crate::storage::sorted_file::SortedFile;
use crate::storage::staging::Staging;

/// Entries that one sorted file holds, about, where there are that many: large enough that files are few, small enough
/// that all cores have some to make.
pub(super) const FILE_ENTRIES: usize = 1 << 18;

/// What one sorted file is made of.
pub(super) trait Piece: Send + Sync {
    /// Writes it.
    fn write(&self, file: &mut SortedFile<'_>) -> Result<(), StorageError>;
}

/// How many pieces are written at the same time.
pub(super) fn width() -> usize {
    2 * rayon::current_num_threads()
}

/// Collects pieces and writes a few for each core at a time, so that no more than these are in memory.
pub(super) struct PieceWriter<'s, P> {
    staging: &'s Staging,
    family: Family,
    pieces: Vec<P>,
    width: usize,
}

impl<'s, P: Piece> PieceWriter<'s, P> {
    pub(super) fn new(staging: &'s Staging, family: Family) -> Self {
        Self { staging, family, pieces: Vec::new(), width: width() }
    }

    /// Takes a piece; its keys lie above those of the pieces before it.
    pub(super) fn push(&mut self, piece: P) -> Result<(), StorageError> {
        self.pieces.push(piece);
        if self.pieces.len() >= self.width { self.write() } else { Ok(()) }
    }

    /// Writes what is left.
    pub(super) fn finish(mut self) -> Result<(), StorageError> {
        self.write()
    }

    fn write(&mut self) -> Result<(), StorageError> {
        let pieces = std::mem::take(&mut self.pieces);
        pieces.into_par_iter().try_for_each(|piece| self.staging.write(self.family, |file| piece.write(file)))
    }
}

/// Keys with their values, one after the other.
#[derive(Default)]
pub(super) struct Entries {
    bytes: Vec<u8>,
    /// Where the key and the value of each end.
    ends: Vec<(usize, usize)>,
}

impl Entries {
    pub(super) fn push(&mut self, key: &[u8], value: &[u8]) {
        self.bytes.extend_from_slice(key);
        let key_end = self.bytes.len();
        self.bytes.extend_from_slice(value);
        self.ends.push((key_end, self.bytes.len()));
    }

    /// Replaces the value of the last key if it is this one; false if it is another.
    pub(super) fn replace_last(&mut self, key: &[u8], value: &[u8]) -> bool {
        let start = self.ends.len().checked_sub(2).map_or(0, |before| self.ends[before].1);
        let Some(last) = self.ends.last_mut().filter(|last| self.bytes[start..last.0] == *key) else { return false };
        self.bytes.truncate(last.0);
        self.bytes.extend_from_slice(value);
        last.1 = self.bytes.len();
        true
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }
}

impl Piece for Entries {
    fn write(&self, file: &mut SortedFile<'_>) -> Result<(), StorageError> {
        let mut start = 0;
        for &(key_end, end) in &self.ends {
            file.put(&self.bytes[start..key_end], &self.bytes[key_end..end])?;
            start = end;
        }
        Ok(())
    }
}
