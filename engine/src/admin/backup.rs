//! Backups: a folder of them, each sharing with the others the files that did not change.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::storage::backup::{BackupStore, copy_moment};
use crate::storage::{directory, store::Store};
use crate::{Access, Backup, Budget, CheckReport, Graph, GraphOptions, StorageError};

/// What the file `BACKUPS` says, which tells such a folder from any other.
const TITLE: &str = "hopgraph backups\nformat 1\n";

/// A folder of backups. While it is open, no other process can open it.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let (here, there) = (folder.path().join("a.hopgraph"), folder.path().join("b.hopgraph"));
/// use hopgraph_engine::{Backups, Graph};
/// let graph = Graph::open(&here)?;
/// let backups = Backups::create(folder.path().join("backups"))?;
/// let backup = backups.add(&graph)?;
/// assert_eq!(backups.list(), [backup]);
/// assert!(backups.verify(backup.id)?.is_sound());
/// backups.restore(backup.id, &there)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Backups {
    path: PathBuf,
    store: Mutex<BackupStore>,
    /// Locked for as long as it is open.
    _lock: File,
}

impl Backups {
    /// Opens a folder of backups; a missing or empty folder becomes one.
    pub fn create(path: impl AsRef<Path>) -> Result<Self, StorageError> {
        let path = path.as_ref();
        if directory::is_missing_or_empty(path)? {
            fs::create_dir_all(path.join("formats")).map_err(file_error(path))?;
            fs::write(title_file(path), TITLE).map_err(file_error(path))?;
            directory::sync(path)?;
        }
        Self::open(path)
    }

    /// Opens a folder of backups that must be there.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StorageError> {
        let path = path.as_ref();
        if fs::read_to_string(title_file(path)).is_ok_and(|title| title == TITLE) {
            let lock = File::create(path.join("LOCK")).map_err(file_error(path))?;
            match lock.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    return Err(StorageError::Locked { path: path.to_owned(), process: None });
                }
                Err(TryLockError::Error(source)) => return Err(file_error(path)(source)),
            }
            return Ok(Self { path: path.to_owned(), store: Mutex::new(BackupStore::open(path)?), _lock: lock });
        }
        Err(StorageError::NotBackups { path: path.to_owned() })
    }

    /// All backups, the oldest first.
    pub fn list(&self) -> Vec<Backup> {
        self.store().list()
    }

    /// Takes a backup of a graph that this process has open for writing. Reading and writing may go on meanwhile: what was
    /// committed before the call is in it, and what is committed during the call is in it whole or not at all.
    pub fn add(&self, graph: &Graph) -> Result<Backup, StorageError> {
        let core = graph.core();
        let _whole = core.shared.hold_still(&Budget::unlimited())?;
        self.add_store(&core.store, graph.path())
    }

    /// Takes a backup of the graph in a directory, whether or not another process has it open and writes it.
    pub fn add_from(&self, graph_directory: impl AsRef<Path>) -> Result<Backup, StorageError> {
        let graph_directory = graph_directory.as_ref();
        directory::prepare(graph_directory, true)?;
        // Beside the graph, so that files can be linked.
        let folder = directory::beside(graph_directory, ".hopgraph-backup-")?;
        let copy = folder.path().join("graph");
        copy_moment(graph_directory, &copy)?;
        self.add_store(&Store::open(&copy)?, &copy)
    }

    fn add_store(&self, graph: &Store, graph_directory: &Path) -> Result<Backup, StorageError> {
        let mut store = self.store();
        // The format goes first: one that no backup belongs to does no harm.
        let next = store.list().last().map_or(1, |last| last.id + 1);
        let format = self.format_file(next);
        fs::copy(graph_directory.join("FORMAT"), &format).map_err(file_error(&format))?;
        File::open(&format).and_then(|file| file.sync_all()).map_err(file_error(&format))?;
        directory::sync(&self.path.join("formats"))?;
        store.add(graph)?;
        let added = store.list().last().copied();
        added.filter(|added| added.id == next).ok_or_else(|| StorageError::Failed {
            action: "taking a backup",
            cause: "it is not among the backups of the folder".to_owned(),
        })
    }

    /// Makes a graph of a backup, in a directory that is missing or empty. It is there whole or not at all.
    pub fn restore(&self, id: u32, graph_directory: impl AsRef<Path>) -> Result<Backup, StorageError> {
        let target = graph_directory.as_ref();
        if !directory::is_missing_or_empty(target)? {
            return Err(StorageError::NotEmpty { path: target.to_owned() });
        }
        let draft = directory::beside(target, ".hopgraph-restore-")?;
        // Not the temporary folder itself, which nobody else may read.
        let graph = draft.path().join("graph");
        let backup = self.restore_into(id, &graph)?;
        directory::move_into_place(&graph, target)?;
        Ok(backup)
    }

    /// Restores a backup into a temporary folder beside the backups, comparing every file with its checksum, and verifies
    /// every invariant of the graph that comes out.
    pub fn verify(&self, id: u32) -> Result<CheckReport, StorageError> {
        let folder = directory::beside(&self.path, ".hopgraph-verify-")?;
        let graph = folder.path().join("graph");
        self.restore_into(id, &graph)?;
        let options = GraphOptions { access: Access::ReadOnly, ..GraphOptions::default() };
        Graph::open_with(&graph, &options)?.check()
    }

    /// Deletes all backups but the newest `count`.
    pub fn keep(&self, count: usize) -> Result<(), StorageError> {
        let mut store = self.store();
        let before = store.list();
        store.keep(count)?;
        let after = store.list();
        for gone in before.iter().filter(|backup| !after.contains(backup)) {
            let format = self.format_file(gone.id);
            fs::remove_file(&format).map_err(file_error(&format))?;
        }
        Ok(())
    }

    fn restore_into(&self, id: u32, directory: &Path) -> Result<Backup, StorageError> {
        let mut store = self.store();
        let known = store.list();
        let backup = known.iter().find(|backup| backup.id == id).copied();
        let backup = backup.ok_or_else(|| StorageError::NoSuchBackup {
            path: self.path.clone(),
            id,
            newest: known.last().map(|newest| newest.id),
        })?;
        fs::create_dir_all(directory).map_err(file_error(directory))?;
        store.restore(id, directory)?;
        let format = directory.join("FORMAT");
        fs::copy(self.format_file(id), &format).map_err(file_error(&self.format_file(id)))?;
        File::open(&format).and_then(|file| file.sync_all()).map_err(file_error(&format))?;
        Ok(backup)
    }

    fn format_file(&self, id: u32) -> PathBuf {
        self.path.join("formats").join(id.to_string())
    }

    fn store(&self) -> MutexGuard<'_, BackupStore> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn title_file(path: &Path) -> PathBuf {
    path.join("BACKUPS")
}

fn file_error(path: &Path) -> impl FnOnce(std::io::Error) -> StorageError {
    let path = path.to_owned();
    move |source| StorageError::File { path, source }
}
