//! The graph: opened once, read through snapshots, written through changes.

use std::path::{Path, PathBuf};

use crate::{BulkLoad, Change, CheckReport, Run, Snapshot, StorageError};

/// When a commit counts as done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// Once it is on the disk: it survives a loss of power.
    #[default]
    Synced,
    /// Once the operating system has it: it survives a crash of the process, not of the machine.
    Buffered,
}

/// How to open a graph.
#[derive(Clone, Debug, Default)]
pub struct GraphOptions {
    /// When a commit counts as done.
    pub durability: Durability,
    /// Fail with [`StorageError::Missing`] instead of making a new graph.
    pub must_exist: bool,
}

/// A graph in a directory. Shared by reference between threads: any number of [`Snapshot`]s, one [`Change`] at a time.
#[derive(Debug)]
pub struct Graph {}

impl Graph {
    /// Opens the graph in this directory; a missing or empty directory becomes a new graph.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StorageError> {
        todo!()
    }
    /// Opens with these options.
    pub fn open_with(path: impl AsRef<Path>, options: &GraphOptions) -> Result<Self, StorageError> {
        todo!()
    }
    /// A graph that is deleted when it is dropped.
    pub fn temporary() -> Result<Self, StorageError> {
        todo!()
    }
    /// Where it is.
    pub fn path(&self) -> &Path {
        todo!()
    }
    /// The graph as it is now, for reading. Later commits do not show in it.
    pub fn snapshot(&self) -> Result<Snapshot<'_>, StorageError> {
        todo!()
    }
    /// A batch of edits; waits for the change that is open, if one is.
    pub fn change(&self) -> Result<Change<'_>, StorageError> {
        todo!()
    }
    /// Begins a load of many plain facts under this run; waits for the change that is open, if one is.
    pub fn bulk_load(&self, run: &Run) -> Result<BulkLoad<'_>, StorageError> {
        todo!()
    }
    /// Verifies every invariant of the store.
    pub fn check(&self) -> Result<CheckReport, StorageError> {
        todo!()
    }
}
