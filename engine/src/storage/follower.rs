//! A store that another process writes, followed from this one.
//!
//! RocksDB calls this a secondary instance. It reads the files of the other process and never writes any of them. It can be
//! told to catch up, but must not be: what it has read from a write-ahead log stays before the file into which the other
//! process has flushed it meanwhile, together with what came after, and an old value then hides a newer one. So an instance
//! never moves, and is a snapshot by itself; catching up is opening another one beside it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rocksdb::{Cache, DB, ErrorKind};

use super::directory;
use super::failure::open_error;
use super::options::{database_options, family_descriptors, new_cache};
use super::snapshot::{Instance, StoreSnapshot};
use super::versioned::Versioned;
use crate::StorageError;

/// How often a follower tries again to see a moment at which the other process changes none of its files.
const ATTEMPTS_MAX: u32 = 250;

/// How long it waits before it tries again.
pub(super) const PAUSE: Duration = Duration::from_millis(20);

/// A store followed from another process.
pub(crate) struct Follower {
    path: PathBuf,
    cache: Cache,
    versions: Versioned<Followed>,
}

/// A version of the store that is followed.
struct Followed {
    instance: Arc<Instance>,
    /// The files as they were before it was opened.
    files: Option<Files>,
}

impl Follower {
    /// Begins to follow the store of this graph.
    pub(crate) fn open(graph_directory: &Path) -> Result<Self, StorageError> {
        let path = directory::store(graph_directory);
        if !path.join("CURRENT").exists() {
            return Err(StorageError::Missing { path: graph_directory.to_owned() });
        }
        let cache = new_cache();
        let followed = open_instance(graph_directory, &cache)?;
        Ok(Self { path: graph_directory.to_owned(), cache, versions: Versioned::new(followed) })
    }

    /// The moment that is shown now.
    pub(crate) fn current(&self) -> Arc<Instance> {
        Arc::clone(&self.versions.current().instance)
    }

    /// Moves on to what the other process has written by now, after `prepare` has seen it; false if that is nothing new.
    /// Snapshots taken before do not move. If it fails, what was shown is still shown.
    pub(crate) fn catch_up(
        &self,
        prepare: impl FnOnce(&StoreSnapshot) -> Result<(), StorageError>,
    ) -> Result<bool, StorageError> {
        let open = |old: &Followed| {
            let same = old.files.is_some() && old.files == files(&self.path);
            (!same).then(|| open_instance(&self.path, &self.cache)).transpose()
        };
        let moved =
            self.versions.move_on(open, |new| prepare(&StoreSnapshot::of_instance(Arc::clone(&new.instance))))?;
        let sequence = |followed: &Followed| followed.instance.database.latest_sequence_number();
        Ok(moved.is_some_and(|[old, new]| sequence(&new) != sequence(&old)))
    }
}

impl std::fmt::Debug for Follower {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Follower").field("path", &self.path).finish_non_exhaustive()
    }
}

fn open_instance(graph_directory: &Path, cache: &Cache) -> Result<Followed, StorageError> {
    let path = directory::store(graph_directory);
    let scratch = tempfile::tempdir().map_err(|source| StorageError::File { path: std::env::temp_dir(), source })?;
    let (database, files) = settle(graph_directory, || {
        let (families, files) = (family_descriptors(cache), files(graph_directory));
        let options = database_options();
        let database = DB::open_cf_descriptors_as_secondary(&options, path.as_path(), scratch.path(), families)?;
        Ok((database, files))
    })?;
    Ok(Followed { instance: Arc::new(Instance { database, _scratch: scratch }), files })
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

/// The manifest and the write-ahead logs with their lengths: nothing is written without one of them changing.
#[derive(Debug, PartialEq, Eq)]
struct Files {
    manifest: Manifest,
    logs: Vec<(OsString, u64)>,
}

/// The files as they are now; `None` if they do not hold still.
fn files(graph_directory: &Path) -> Option<Files> {
    let manifest = still_manifest(graph_directory)?;
    let mut logs = Vec::new();
    for entry in std::fs::read_dir(directory::store(graph_directory)).ok()? {
        let entry = entry.ok()?;
        if entry.path().extension().is_some_and(|extension| extension == "log") {
            logs.push((entry.file_name(), entry.metadata().ok()?.len()));
        }
    }
    logs.sort();
    Some(Files { manifest, logs })
}
