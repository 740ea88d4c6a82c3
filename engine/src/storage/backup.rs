//! Backups of a store by RocksDB's own engine: each holds only those files that the ones before it do not.

use std::fs;
use std::io::{ErrorKind, Read};
use std::path::Path;

use rocksdb::Env;
use rocksdb::backup::{BackupEngine, BackupEngineOptions, RestoreOptions};

use super::failure::failed;
use super::follower::{self, PAUSE};
use super::store::Store;
use super::{directory, log};
use crate::StorageError;

/// How often copying begins anew because the process that writes had changed its set of files.
const ATTEMPTS_MAX: u32 = 250;

/// One backup of a graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backup {
    /// Its number: the first is 1, and none is used twice.
    pub id: u32,
    /// When it was taken, in seconds since 1970 (UTC).
    pub taken: i64,
    /// The size of its files, those it shares with other backups included.
    pub bytes: u64,
    /// How many files it has.
    pub files: u32,
}

impl Backup {
    /// When it was taken, RFC 3339 in UTC.
    pub fn taken_utc(&self) -> String {
        jiff::Timestamp::from_second(self.taken).unwrap_or_default().to_string()
    }
}

/// The backups in a folder.
pub(crate) struct BackupStore(BackupEngine);

impl BackupStore {
    /// Opens the folder, making it if it is not there. One process at a time may.
    pub(crate) fn open(folder: &Path) -> Result<Self, StorageError> {
        let options = BackupEngineOptions::new(folder).map_err(failed("opening the backups"))?;
        let environment = Env::new().map_err(failed("opening the backups"))?;
        BackupEngine::open(&options, &environment).map(Self).map_err(failed("opening the backups"))
    }

    /// All backups, the oldest first.
    pub(crate) fn list(&self) -> Vec<Backup> {
        let backups = self.0.get_backup_info().into_iter().map(|info| Backup {
            id: info.backup_id,
            taken: info.timestamp,
            bytes: info.size,
            files: info.num_files,
        });
        backups.collect()
    }

    /// Adds a backup of a store that this process writes. Writing may go on meanwhile.
    pub(crate) fn add(&mut self, store: &Store) -> Result<(), StorageError> {
        let (database, flush) = (store.writable()?, false);
        self.0.create_new_backup_flush(database, flush).map_err(failed("taking a backup"))
    }

    /// Deletes all but the newest ones.
    pub(crate) fn keep(&mut self, count: usize) -> Result<(), StorageError> {
        self.0.purge_old_backups(count).map_err(failed("deleting old backups"))
    }

    /// Puts a backup into a graph directory that is being made. Every file is compared with its checksum.
    pub(crate) fn restore(&mut self, id: u32, graph_directory: &Path) -> Result<(), StorageError> {
        let path = directory::store(graph_directory);
        let restored = self.0.restore_from_backup(&path, &path, &RestoreOptions::default(), id);
        restored.map_err(|error| match error.kind() {
            rocksdb::ErrorKind::Corruption => {
                StorageError::Damaged { place: format!("backup {id}"), reason: error.into_string() }
            }
            _ => failed("restoring a backup")(error),
        })
    }
}

impl std::fmt::Debug for BackupStore {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("BackupStore").finish_non_exhaustive()
    }
}

/// Copies one moment of a graph that another process writes into a new directory, as a loss of power would leave it. Sorted
/// files never change, so they are linked where the file system can.
pub(crate) fn copy_moment(graph_directory: &Path, copy: &Path) -> Result<(), StorageError> {
    log::verify(&directory::store(graph_directory))?;
    let mut last = None;
    for _ in 0..ATTEMPTS_MAX {
        if let Some(before) = follower::still_manifest(graph_directory) {
            last = copy_files(graph_directory, copy, &before).err();
            // Whatever deletes a file, or makes one that must not be missed, writes to the manifest first.
            if last.is_none() && follower::still_manifest(graph_directory) == Some(before) {
                let format = fs::copy(graph_directory.join("FORMAT"), copy.join("FORMAT"));
                return format.map(drop).map_err(|source| StorageError::File { path: copy.join("FORMAT"), source });
            }
        }
        std::thread::sleep(PAUSE);
    }
    Err(match last {
        Some(source) => StorageError::File { path: graph_directory.to_owned(), source },
        None => follower::never_still(graph_directory),
    })
}

fn copy_files(graph_directory: &Path, copy: &Path, manifest: &follower::Manifest) -> std::io::Result<()> {
    let (from, to) = (directory::store(graph_directory), directory::store(copy));
    match fs::remove_dir_all(&to) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => fs::create_dir_all(&to)?,
    }
    let mut names: Vec<_> =
        fs::read_dir(&from)?.map(|entry| entry.map(|entry| entry.file_name())).collect::<Result<_, _>>()?;
    // Write-ahead logs in the order of their numbers: if there is a later one, the earlier one is complete.
    names.sort();
    for name in names {
        let (source, target) = (from.join(&name), to.join(&name));
        let name = name.to_string_lossy();
        let is_sorted_file = name.ends_with(".sst");
        let is_linked = is_sorted_file && fs::hard_link(&source, &target).is_ok();
        if !is_linked && (is_sorted_file || name.ends_with(".log")) {
            fs::copy(&source, &target)?;
        }
    }
    let name = manifest.name.trim_end();
    let mut beginning = fs::File::open(from.join(name))?.take(manifest.length);
    std::io::copy(&mut beginning, &mut fs::File::create(to.join(name))?)?;
    fs::write(to.join("CURRENT"), &manifest.name)
}
