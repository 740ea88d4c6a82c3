//! A store that another process writes, followed from this one.
//!
//! RocksDB calls this a secondary instance. It reads the files of the other process and never writes any of them. What it
//! shows does not move until it is told to catch up, so between two times of catching up it is a snapshot by itself.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use rocksdb::{Cache, DB};

use super::directory;
use super::store::{StoreSnapshot, database_options, family_descriptors, new_cache, open_error};
use crate::StorageError;

/// How often a follower tries again to see a moment at which the other process changes none of its files.
const ATTEMPTS_MAX: u32 = 50;

/// How long it waits before it tries again.
pub(super) const PAUSE: Duration = Duration::from_millis(20);

/// A store followed from another process.
pub(crate) struct Follower {
    path: PathBuf,
    cache: Cache,
    current: RwLock<Arc<Instance>>,
}

/// A secondary instance, which holds still.
pub(crate) struct Instance {
    pub(super) database: DB,
    /// Where RocksDB writes what it has to say; deleted after the database is closed, as fields are dropped in order.
    _scratch: tempfile::TempDir,
}

impl Follower {
    /// Begins to follow the store of this graph.
    pub(crate) fn open(graph_directory: &Path) -> Result<Self, StorageError> {
        let path = directory::store(graph_directory);
        if !path.join("CURRENT").exists() {
            return Err(StorageError::Missing { path: graph_directory.to_owned() });
        }
        let cache = new_cache();
        let instance = open_instance(graph_directory, &cache)?;
        Ok(Self { path: graph_directory.to_owned(), cache, current: RwLock::new(Arc::new(instance)) })
    }

    /// The moment that is shown now.
    pub(crate) fn current(&self) -> Arc<Instance> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Moves on to what the other process has written by now, after `prepare` has seen it; false if that is nothing new.
    /// Snapshots taken before do not move: as long as there is one, a second instance is opened beside the first.
    pub(crate) fn catch_up(
        &self,
        prepare: impl FnOnce(&StoreSnapshot<'_>) -> Result<(), StorageError>,
    ) -> Result<bool, StorageError> {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        let before = current.database.latest_sequence_number();
        let moved_in_place = match Arc::get_mut(&mut current) {
            Some(instance) => settle(&self.path, || instance.database.try_catch_up_with_primary()).is_ok(),
            None => false,
        };
        if !moved_in_place {
            *current = Arc::new(open_instance(&self.path, &self.cache)?);
        }
        prepare(&StoreSnapshot::of_instance(Arc::clone(&current)))?;
        Ok(current.database.latest_sequence_number() != before)
    }
}

impl std::fmt::Debug for Follower {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Follower").field("path", &self.path).finish_non_exhaustive()
    }
}

fn open_instance(graph_directory: &Path, cache: &Cache) -> Result<Instance, StorageError> {
    let path = directory::store(graph_directory);
    let scratch = tempfile::tempdir().map_err(|source| StorageError::File { path: std::env::temp_dir(), source })?;
    let opened = settle(graph_directory, || {
        let families = family_descriptors(cache);
        DB::open_cf_descriptors_as_secondary(&database_options(), path.as_path(), scratch.path(), families)
    });
    let database = opened.map_err(|error| open_error(graph_directory, error))?;
    settle(graph_directory, || database.try_catch_up_with_primary())
        .map_err(|error| open_error(graph_directory, error))?;
    Ok(Instance { database, _scratch: scratch })
}

/// Does something that reads the files of the other process until they did not change under it. RocksDB reads the manifest,
/// then the write-ahead logs; if a family is flushed in between and its log deleted, the families would be seen at two
/// different moments. Whatever deletes a log writes to the manifest first.
fn settle<T>(graph_directory: &Path, mut read: impl FnMut() -> Result<T, rocksdb::Error>) -> Result<T, rocksdb::Error> {
    let mut attempt = 0;
    loop {
        let before = manifest(graph_directory);
        let result = read();
        attempt += 1;
        let quiet = before.is_some() && before == manifest(graph_directory);
        if (result.is_ok() && quiet) || attempt == ATTEMPTS_MAX {
            return result;
        }
        if quiet && result.as_ref().is_err_and(|error| error.kind() == rocksdb::ErrorKind::Corruption) {
            return result;
        }
        std::thread::sleep(PAUSE);
    }
}

/// The manifest in use: the list of all files that make up the store, to which every change of them is appended.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Manifest {
    /// The content of the file `CURRENT`, which names it.
    pub(super) name: String,
    /// In bytes.
    pub(super) length: u64,
}

/// The manifest as it is now; `None` if there is none to be seen.
pub(super) fn manifest(graph_directory: &Path) -> Option<Manifest> {
    let store = directory::store(graph_directory);
    let name = std::fs::read_to_string(store.join("CURRENT")).ok()?;
    let length = std::fs::metadata(store.join(name.trim_end())).ok()?.len();
    Some(Manifest { name, length })
}
