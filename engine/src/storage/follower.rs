//! A store that another process writes, followed from this one.
//!
//! RocksDB calls this a secondary instance. It reads the files of the other process and never writes any of them. What it
//! shows does not move until it is told to catch up, so between two times of catching up it is a snapshot by itself.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use rocksdb::{Cache, DB, ErrorKind};

use super::directory;
use super::store::{StoreSnapshot, database_options, family_descriptors, new_cache, open_error};
use crate::StorageError;

/// How often a follower tries again to see a moment at which the other process changes none of its files.
const ATTEMPTS_MAX: u32 = 250;

/// How long it waits before it tries again.
pub(super) const PAUSE: Duration = Duration::from_millis(20);

/// A store followed from another process.
pub(crate) struct Follower {
    path: PathBuf,
    cache: Cache,
    current: RwLock<Arc<Instance>>,
    /// Whether the last attempt to catch up came to an end. If not, families may be seen at two moments.
    settled: AtomicBool,
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
        Ok(Self {
            path: graph_directory.to_owned(),
            cache,
            current: RwLock::new(Arc::new(instance)),
            settled: AtomicBool::new(true),
        })
    }

    /// The moment that is shown now.
    pub(crate) fn current(&self) -> Arc<Instance> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Fails if the last attempt to catch up did, until one succeeds.
    pub(crate) fn verify_settled(&self) -> Result<(), StorageError> {
        // Whoever catches up holds the lock for writing.
        let _not_now = self.current.read().unwrap_or_else(PoisonError::into_inner);
        if self.settled.load(Ordering::Relaxed) { Ok(()) } else { Err(never_still(&self.path)) }
    }

    /// Moves on to what the other process has written by now, after `prepare` has seen it; false if that is nothing new.
    /// Snapshots taken before do not move: as long as there is one, a second instance is opened beside the first.
    pub(crate) fn catch_up(
        &self,
        prepare: impl FnOnce(&StoreSnapshot<'_>) -> Result<(), StorageError>,
    ) -> Result<bool, StorageError> {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        let before = current.database.latest_sequence_number();
        self.settled.store(false, Ordering::Relaxed);
        let moved_in_place = match Arc::get_mut(&mut current) {
            Some(instance) => settle(&self.path, || instance.database.try_catch_up_with_primary()).is_ok(),
            None => false,
        };
        if !moved_in_place {
            *current = Arc::new(open_instance(&self.path, &self.cache)?);
        }
        prepare(&StoreSnapshot::of_instance(Arc::clone(&current)))?;
        self.settled.store(true, Ordering::Relaxed);
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
    let database = settle(graph_directory, || {
        let families = family_descriptors(cache);
        DB::open_cf_descriptors_as_secondary(&database_options(), path.as_path(), scratch.path(), families)
    })?;
    settle(graph_directory, || database.try_catch_up_with_primary())?;
    Ok(Instance { database, _scratch: scratch })
}

/// Does something that reads the files of the other process until they did not change under it. RocksDB reads the manifest,
/// then the write-ahead logs; if a family is flushed in between and its log deleted, the families would be seen at two
/// different moments. Whatever deletes a log writes to the manifest first. A bulk load is taken in one family at a time,
/// for which there is a note.
fn settle<T>(graph_directory: &Path, mut read: impl FnMut() -> Result<T, rocksdb::Error>) -> Result<T, StorageError> {
    let mut last = None;
    for _ in 0..ATTEMPTS_MAX {
        let before = still_manifest(graph_directory);
        let result = read();
        let quiet = before.is_some() && before == still_manifest(graph_directory);
        match result {
            Ok(read) if quiet => return Ok(read),
            Ok(_) => last = None,
            Err(error) if quiet && error.kind() == ErrorKind::Corruption => {
                return Err(open_error(graph_directory, error));
            }
            Err(error) => last = Some(error),
        }
        std::thread::sleep(PAUSE);
    }
    Err(last.map_or_else(|| never_still(graph_directory), |error| open_error(graph_directory, error)))
}

/// Why a graph could not be read beside the process that writes it.
pub(super) fn never_still(graph_directory: &Path) -> StorageError {
    let cause = if directory::load_note(graph_directory).exists() {
        "a bulk load is being taken in; if no process writes the graph, it was cut off: open the graph for writing, which \
         finishes it"
    } else {
        "its files changed each time before all were read; try again when less is written"
    };
    StorageError::Failed { action: "reading a graph that another process writes", cause: cause.to_owned() }
}

/// The manifest as it is now; `None` if there is none to be seen, or a bulk load is being taken in.
pub(super) fn still_manifest(graph_directory: &Path) -> Option<Manifest> {
    if directory::load_note(graph_directory).exists() {
        return None;
    }
    let store = directory::store(graph_directory);
    let name = std::fs::read_to_string(store.join("CURRENT")).ok()?;
    let length = std::fs::metadata(store.join(name.trim_end())).ok()?.len();
    Some(Manifest { name, length })
}

/// The manifest in use: the list of all files that make up the store, to which every change of them is appended.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Manifest {
    /// The content of the file `CURRENT`, which names it.
    pub(super) name: String,
    /// In bytes.
    pub(super) length: u64,
}
