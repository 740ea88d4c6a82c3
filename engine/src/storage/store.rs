//! The store: families of sorted keys with atomic batches and snapshots.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rocksdb::{
    Cache, ColumnFamily, ColumnFamilyDescriptor, DB, ErrorKind, FlushOptions, IngestExternalFileOptions, WriteOptions,
};

use super::batch::Batch;
use super::failure::{failed, open_error};
use super::family::Family;
use super::follower::Follower;
use super::group_sync::{GroupSync, Ticket};
use super::options::{database_options, family_descriptors, family_options, handle, new_cache};
use super::snapshot::{Pin, StoreSnapshot, pin};
use super::{directory, log, staging};
use crate::StorageError;

/// What fails if a sync does.
const SYNCING: &str = "syncing the write-ahead log";

/// A RocksDB database with the families of a graph.
pub(crate) struct Store {
    mode: Mode,
    path: PathBuf,
}

/// Whether this process writes the store, or follows another one that may.
enum Mode {
    Writing(Writing),
    Following(Follower),
}

/// A database that this process writes.
struct Writing {
    /// Commits on their way to the disk; `None`: nobody waits for that.
    commits: Option<GroupSync<Arc<Pin>, rocksdb::Error>>,
    database: Arc<DB>,
}

impl Store {
    /// Opens the database for writing, making it if it is not there.
    pub(crate) fn open(graph_directory: &Path) -> Result<Self, StorageError> {
        log::verify(&directory::store(graph_directory))?;
        Self::open_families(graph_directory, &family_descriptors)
    }

    /// Opens the database for writing although its write-ahead log may be damaged: what stands in it up to the damage is
    /// taken. Files are not merged in the background: to meet a damaged one there would end all writing.
    pub(crate) fn open_unverified(graph_directory: &Path) -> Result<Self, StorageError> {
        Self::open_families(graph_directory, &|cache| {
            let unmerged = Family::ALL.map(|family| {
                let mut options = family_options(family, cache);
                options.set_disable_auto_compactions(true);
                ColumnFamilyDescriptor::new(family.name(), options)
            });
            unmerged.into()
        })
    }

    fn open_families(
        graph_directory: &Path,
        families: &dyn Fn(&Cache) -> Vec<ColumnFamilyDescriptor>,
    ) -> Result<Self, StorageError> {
        let path = directory::store(graph_directory);
        if !path.exists() {
            // RocksDB syncs the names in its folder, but not the name of the folder.
            std::fs::create_dir(&path).map_err(|source| StorageError::File { path: path.clone(), source })?;
            directory::sync(graph_directory)?;
        }
        let torn = log::torn_manifest(&path)?;
        let open = || DB::open_cf_descriptors(&database_options(), &path, families(&new_cache()));
        let opened = match (open(), torn) {
            // Where sectors at the end of a manifest read as zeros after a loss of power, RocksDB takes the tear for
            // damage. It has looked only after it had its lock, so no other process was writing the manifest; and one
            // that has opened the graph since has begun a new one.
            (Err(error), Some(torn)) if error.kind() == ErrorKind::Corruption => {
                torn.cut()?;
                open()
            }
            (opened, _) => opened,
        };
        let database = opened.map_err(|error| open_error(graph_directory, error))?;
        let writing = Writing { commits: None, database: Arc::new(database) };
        let store = Self { mode: Mode::Writing(writing), path: graph_directory.to_owned() };
        staging::recover(graph_directory, &|family, files| store.take_in(family, files))?;
        Ok(store)
    }

    /// Opens the database for reading only, whether or not another process writes it.
    pub(crate) fn follow(graph_directory: &Path) -> Result<Self, StorageError> {
        log::verify(&directory::store(graph_directory))?;
        let follower = Follower::open(graph_directory)?;
        Ok(Self { mode: Mode::Following(follower), path: graph_directory.to_owned() })
    }

    /// Whether it can be written.
    pub(crate) fn is_writable(&self) -> bool {
        matches!(self.mode, Mode::Writing(_))
    }

    /// What only the process that writes may do.
    pub(super) fn writable(&self) -> Result<&DB, StorageError> {
        match &self.mode {
            Mode::Writing(writing) => Ok(&writing.database),
            Mode::Following(_) => Err(StorageError::ReadOnly { path: self.path.clone() }),
        }
    }

    /// Moves a store that is followed to the newest state, after `prepare` has seen it; false if there is nothing new.
    pub(crate) fn catch_up(
        &self,
        prepare: impl FnOnce(&StoreSnapshot) -> Result<(), StorageError>,
    ) -> Result<bool, StorageError> {
        match &self.mode {
            Mode::Writing(_) => Ok(false),
            Mode::Following(follower) => follower.catch_up(prepare),
        }
    }

    /// An empty batch.
    pub(crate) fn batch(&self) -> Batch<'_> {
        let database = self.writable().expect("a graph that is followed hands out no change");
        Batch::new(database)
    }

    /// Writes a batch, all of it or nothing. With `sync` it is on the disk on return.
    pub(crate) fn write(&self, batch: Batch<'_>, sync: bool) -> Result<(), StorageError> {
        let mut options = WriteOptions::default();
        options.set_sync(sync);
        self.writable()?.write_opt(batch.writes, &options).map_err(failed("writing"))
    }

    /// From here on, commits wait for the disk, and what is shown is on it.
    pub(crate) fn sync_commits(&mut self) {
        if let Mode::Writing(writing) = &mut self.mode {
            writing.commits = Some(GroupSync::new(pin(&writing.database)));
        }
    }

    /// Writes the batch of a commit, all of it or nothing. It is done once [`Store::wait_for_disk`] says so; meanwhile the
    /// next one may be written, but no two at the same time.
    pub(crate) fn commit(&self, batch: Batch<'_>) -> Result<Ticket, StorageError> {
        self.write(batch, false)?;
        Ok(self.note_written())
    }

    /// The place of all that was written until now among the commits.
    pub(crate) fn note_written(&self) -> Ticket {
        match &self.mode {
            Mode::Writing(Writing { commits: Some(commits), database }) => commits.note_written(pin(database)),
            _ => Ticket::default(),
        }
    }

    /// Whether commits wait for the disk.
    pub(crate) fn commits_wait(&self) -> bool {
        matches!(&self.mode, Mode::Writing(Writing { commits: Some(_), .. }))
    }

    /// Waits until a commit is on the disk, if commits do. All that wait at the same time share a sync.
    pub(crate) fn wait_for_disk(&self, commit: Ticket) -> Result<(), StorageError> {
        let Mode::Writing(Writing { commits: Some(commits), database }) = &self.mode else { return Ok(()) };
        commits.wait(commit, || database.flush_wal(true)).map_err(failed(SYNCING))
    }

    /// Why a commit did not come to the disk, if one did not.
    pub(crate) fn sync_failure(&self) -> Option<StorageError> {
        let Mode::Writing(Writing { commits: Some(commits), .. }) = &self.mode else { return None };
        commits.failure().map(failed(SYNCING))
    }

    /// Brings everything written so far to the disk.
    pub(crate) fn sync(&self) -> Result<(), StorageError> {
        self.writable()?.flush_wal(true).map_err(failed(SYNCING))
    }

    /// Brings everything written so far to the disk, as sorted files, so that the next open has no log to replay.
    pub(crate) fn flush(&self) -> Result<(), StorageError> {
        let database = self.writable()?;
        let handles: Vec<&ColumnFamily> = Family::ALL.map(|family| handle(database, family)).to_vec();
        database.flush_cfs_opt(&handles, &FlushOptions::default()).map_err(failed("flushing"))?;
        self.sync()
    }

    /// Takes in sorted files of one family, all of them or none; they are gone from where they were on return. Taking in
    /// a file a second time changes nothing, as long as nothing else was written in between.
    pub(crate) fn take_in(&self, family: Family, files: Vec<PathBuf>) -> Result<(), StorageError> {
        let mut options = IngestExternalFileOptions::default();
        options.set_move_files(true);
        let database = self.writable()?;
        database
            .ingest_external_file_cf_opts(handle(database, family), &options, files)
            .map_err(failed("taking in sorted files"))
    }

    /// Empties a family, of which not even the blocks need be readable.
    pub(crate) fn reset(&mut self, family: Family) -> Result<(), StorageError> {
        let path = &self.path;
        let Mode::Writing(writing) = &mut self.mode else {
            return Err(StorageError::ReadOnly { path: path.clone() });
        };
        let database =
            Arc::get_mut(&mut writing.database).expect("nobody keeps a snapshot of a store that is repaired");
        database.drop_cf(family.name()).map_err(failed("emptying a column family"))?;
        let options = family_options(family, &new_cache());
        database.create_cf(family.name(), &options).map_err(failed("emptying a column family"))
    }

    /// The store as it is now, with what is still on its way to the disk.
    pub(crate) fn snapshot(&self) -> StoreSnapshot {
        match &self.mode {
            Mode::Writing(writing) => StoreSnapshot::pinned(pin(&writing.database)),
            Mode::Following(follower) => StoreSnapshot::of_instance(follower.current()),
        }
    }

    /// The number of the last write, with what is still on its way to the disk.
    pub(crate) fn sequence(&self) -> u64 {
        match &self.mode {
            Mode::Writing(writing) => writing.database.latest_sequence_number(),
            Mode::Following(follower) => follower.current().database.latest_sequence_number(),
        }
    }

    /// The store as readers see it: what is on the disk, if commits wait for that.
    pub(crate) fn shown(&self) -> StoreSnapshot {
        match &self.mode {
            Mode::Writing(Writing { commits: Some(commits), .. }) => StoreSnapshot::pinned(commits.synced()),
            _ => self.snapshot(),
        }
    }

    /// The directory of the graph.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Store").field("path", &self.path).finish_non_exhaustive()
    }
}
