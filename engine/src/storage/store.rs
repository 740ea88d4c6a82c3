//! The store: families of sorted keys with atomic batches and snapshots.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rocksdb::{
    BlockBasedOptions, Cache, ColumnFamily, ColumnFamilyDescriptor, DB, DBCompressionType, DBPinnableSlice,
    DBRawIterator, DBRecoveryMode, ErrorKind, FlushOptions, MergeOperands, Options, ReadOptions, WriteBatch,
    WriteOptions,
};

use super::family::{Content, Family};
use super::follower::{Follower, Instance};
use super::group_sync::{GroupSync, Ticket};
use super::staging::Staging;
use super::{directory, log, set};
use crate::StorageError;
use crate::limits::RECORD_BYTES_MAX;

/// Memory for blocks of data read from disk, shared by all families.
const BLOCK_CACHE_BYTES: usize = 256 << 20;

/// Memory for values that were asked for by their whole key, shared by all families. Another look at one of these takes a
/// fraction of the time that it takes to find the block that it is in and search that.
const ROW_CACHE_BYTES: usize = 64 << 20;

/// Memory for writes of one family before they go to disk.
const WRITE_BUFFER_BYTES: usize = 32 << 20;

/// Size of a block of sets before it is compressed; 4 KiB elsewhere.
const SET_BLOCK_BYTES: usize = 16 << 10;

/// What fails if a sync does.
const SYNCING: &str = "syncing the write-ahead log";

/// Bits of Bloom filter for each key: about one needless read in a hundred.
const BLOOM_BITS: f64 = 10.0;

/// A RocksDB database with the families of a graph.
pub(crate) struct Store {
    access: Access,
    path: PathBuf,
}

/// Whether this process writes the store, or follows another one that may.
enum Access {
    Writing(Writing),
    Following(Follower),
}

/// A database that this process writes.
struct Writing {
    /// Commits on their way to the disk; `None`: nobody waits for that.
    commits: Option<GroupSync<Arc<Pin>, rocksdb::Error>>,
    database: Arc<DB>,
}

self_cell::self_cell!(
    /// A snapshot of RocksDB, kept together with the database that it is of.
    struct Pin {
        owner: Arc<DB>,
        #[covariant]
        dependent: RocksSnapshot,
    }
);

type RocksSnapshot<'d> = rocksdb::Snapshot<'d>;

/// The database as it is now.
fn pin(database: &Arc<DB>) -> Arc<Pin> {
    Arc::new(Pin::new(Arc::clone(database), |database| database.snapshot()))
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
        let store = Self { access: Access::Writing(writing), path: graph_directory.to_owned() };
        Staging::recover(graph_directory, &store)?;
        Ok(store)
    }

    /// Opens the database for reading only, whether or not another process writes it.
    pub(crate) fn follow(graph_directory: &Path) -> Result<Self, StorageError> {
        log::verify(&directory::store(graph_directory))?;
        let follower = Follower::open(graph_directory)?;
        Ok(Self { access: Access::Following(follower), path: graph_directory.to_owned() })
    }

    /// Whether it can be written.
    pub(crate) fn is_writable(&self) -> bool {
        matches!(self.access, Access::Writing(_))
    }

    /// What only the process that writes may do.
    pub(super) fn writable(&self) -> Result<&DB, StorageError> {
        match &self.access {
            Access::Writing(writing) => Ok(&writing.database),
            Access::Following(_) => Err(StorageError::ReadOnly { path: self.path.clone() }),
        }
    }

    /// Moves a store that is followed to the newest state, after `prepare` has seen it; false if there is nothing new.
    pub(crate) fn catch_up(
        &self,
        prepare: impl FnOnce(&StoreSnapshot<'_>) -> Result<(), StorageError>,
    ) -> Result<bool, StorageError> {
        match &self.access {
            Access::Writing(_) => Ok(false),
            Access::Following(follower) => follower.catch_up(prepare),
        }
    }

    /// An empty batch.
    pub(crate) fn batch(&self) -> Batch<'_> {
        let database = self.writable().expect("a graph that is followed hands out no change");
        Batch { database, writes: WriteBatch::default(), refused: None }
    }

    /// Writes a batch, all of it or nothing. With `sync` it is on the disk on return.
    pub(crate) fn write(&self, batch: Batch<'_>, sync: bool) -> Result<(), StorageError> {
        let mut options = WriteOptions::default();
        options.set_sync(sync);
        self.writable()?.write_opt(batch.writes, &options).map_err(failed("writing"))
    }

    /// From here on, commits wait for the disk, and what is shown is on it.
    pub(crate) fn sync_commits(&mut self) {
        if let Access::Writing(writing) = &mut self.access {
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
        match &self.access {
            Access::Writing(Writing { commits: Some(commits), database }) => commits.note_written(pin(database)),
            _ => Ticket::default(),
        }
    }

    /// Waits until a commit is on the disk, if commits do. All that wait at the same time share a sync.
    pub(crate) fn wait_for_disk(&self, commit: Ticket) -> Result<(), StorageError> {
        let Access::Writing(Writing { commits: Some(commits), database }) = &self.access else { return Ok(()) };
        commits.wait(commit, || database.flush_wal(true)).map_err(failed(SYNCING))
    }

    /// Why a commit did not come to the disk, if one did not.
    pub(crate) fn sync_failure(&self) -> Option<StorageError> {
        let Access::Writing(Writing { commits: Some(commits), .. }) = &self.access else { return None };
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

    /// Empties a family, of which not even the blocks need be readable.
    pub(crate) fn reset(&mut self, family: Family) -> Result<(), StorageError> {
        let path = &self.path;
        let Access::Writing(writing) = &mut self.access else {
            return Err(StorageError::ReadOnly { path: path.clone() });
        };
        let database =
            Arc::get_mut(&mut writing.database).expect("nobody keeps a snapshot of a store that is repaired");
        database.drop_cf(family.name()).map_err(failed("emptying a column family"))?;
        let options = family_options(family, &new_cache());
        database.create_cf(family.name(), &options).map_err(failed("emptying a column family"))
    }

    /// The store as it is now, with what is still on its way to the disk.
    pub(crate) fn snapshot(&self) -> StoreSnapshot<'_> {
        match &self.access {
            Access::Writing(writing) => StoreSnapshot::pinned(&writing.database, pin(&writing.database)),
            Access::Following(follower) => StoreSnapshot::of_instance(follower.current()),
        }
    }

    /// The number of the last write, with what is still on its way to the disk.
    pub(crate) fn sequence(&self) -> u64 {
        match &self.access {
            Access::Writing(writing) => writing.database.latest_sequence_number(),
            Access::Following(follower) => follower.current().database.latest_sequence_number(),
        }
    }

    /// The store as readers see it: what is on the disk, if commits wait for that.
    pub(crate) fn shown(&self) -> StoreSnapshot<'_> {
        match &self.access {
            Access::Writing(Writing { commits: Some(commits), database }) => {
                StoreSnapshot::pinned(database, commits.synced())
            }
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

/// The handle of a family.
pub(super) fn handle(database: &DB, family: Family) -> &ColumnFamily {
    database.cf_handle(family.name()).expect("every family was opened")
}

/// Why the database does not open.
pub(super) fn open_error(graph_directory: &Path, error: rocksdb::Error) -> StorageError {
    if is_lock_error(&error) {
        let process = directory::writer(graph_directory);
        return StorageError::Locked { path: graph_directory.to_owned(), process };
    }
    if error.kind() == ErrorKind::Corruption {
        let place = format!("database {}", directory::store(graph_directory).display());
        return StorageError::Damaged { place, reason: error.into_string() };
    }
    failed("opening the database")(error)
}

/// Memory for blocks read from disk.
pub(super) fn new_cache() -> Cache {
    Cache::new_lru_cache(BLOCK_CACHE_BYTES)
}

/// Every family with its options.
pub(super) fn family_descriptors(cache: &Cache) -> Vec<ColumnFamilyDescriptor> {
    Family::ALL.map(|family| ColumnFamilyDescriptor::new(family.name(), family_options(family, cache))).into()
}

pub(super) fn database_options() -> Options {
    let mut options = Options::default();
    options.create_if_missing(true);
    options.create_missing_column_families(true);
    // Trust nothing that does not match its checksum. This is the default of RocksDB; a promise should not hang on it.
    options.set_paranoid_checks(true);
    // What was written and not synced may be torn anywhere, so what stands before the tear is taken. That nothing but a
    // tear is dropped so is seen to beforehand, by `log::verify`.
    options.set_wal_recovery_mode(DBRecoveryMode::PointInTime);
    options.set_max_background_jobs(2);
    // RocksDB starts as many threads for each family as it may, however few files there are to open.
    options.set_max_file_opening_threads(1);
    options.set_keep_log_file_num(2);
    options.set_row_cache(&Cache::new_lru_cache(ROW_CACHE_BYTES));
    options
}

pub(super) fn family_options(family: Family, cache: &Cache) -> Options {
    let mut blocks = BlockBasedOptions::default();
    blocks.set_block_cache(cache);
    match family.content() {
        // Sets are read by the beginning of their key, which no filter answers; and most of them are tiny, so that
        // filters would take as much room as what they keep out, and large blocks pack better.
        Content::Sets => blocks.set_block_size(SET_BLOCK_BYTES),
        Content::Plain if family.is_asked_in_vain() => blocks.set_bloom_filter(BLOOM_BITS, false),
        Content::Plain => {}
    }
    blocks.set_format_version(5);
    let mut options = Options::default();
    options.set_block_based_table_factory(&blocks);
    options.set_write_buffer_size(WRITE_BUFFER_BYTES);
    options.set_compression_type(DBCompressionType::Lz4);
    options.set_bottommost_compression_type(DBCompressionType::Zstd);
    if family.content() == Content::Sets {
        options.set_merge_operator("hopgraph.set", merge_full, merge_partial);
    }
    options
}

fn merge_full(_key: &[u8], base: Option<&[u8]>, operands: &MergeOperands) -> Option<Vec<u8>> {
    set::merge_full(base, operands.iter())
}

fn merge_partial(_key: &[u8], _base: Option<&[u8]>, operands: &MergeOperands) -> Option<Vec<u8>> {
    set::merge_partial(operands.iter())
}

/// RocksDB has no kind of error for a lock, so its words must do; a test holds them in place.
fn is_lock_error(error: &rocksdb::Error) -> bool {
    let text: &str = error.as_ref();
    error.kind() == ErrorKind::IOError && (text.contains("While lock file") || text.contains("lock hold by"))
}

/// The error of an action that failed.
pub(super) fn failed(action: &'static str) -> impl Fn(rocksdb::Error) -> StorageError {
    move |error| match error.kind() {
        ErrorKind::Corruption => {
            StorageError::Damaged { place: format!("the database, while {action}"), reason: error.into_string() }
        }
        _ if AsRef::<str>::as_ref(&error).contains("No space left on device") => {
            StorageError::DiskFull { action, cause: error.into_string() }
        }
        _ => StorageError::Failed { action, cause: error.into_string() },
    }
}

/// Fails if a record is too large. RocksDB would leave out one that it cannot hold, without a word.
pub(super) fn check_size(family: Family, record: &[u8]) -> Result<(), StorageError> {
    if record.len() <= RECORD_BYTES_MAX {
        return Ok(());
    }
    Err(StorageError::RecordTooLarge { family: family.name(), bytes: record.len(), limit: RECORD_BYTES_MAX })
}

/// Writes that become true together.
pub(crate) struct Batch<'s> {
    database: &'s DB,
    writes: WriteBatch,
    /// Why the batch cannot be written.
    refused: Option<StorageError>,
}

impl Batch<'_> {
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

/// The store at one moment.
pub(crate) struct StoreSnapshot<'s> {
    /// How to read single keys of this moment.
    options: ReadOptions,
    moment: Moment<'s>,
}

/// What keeps a moment.
enum Moment<'s> {
    /// RocksDB, in a database that goes on.
    Pinned {
        /// Cursors that have done their work. Dropped before the snapshot that they read.
        cursors: Cursors<'s>,
        database: &'s DB,
        pin: Arc<Pin>,
    },
    /// The database itself, which is followed and does not move while somebody looks at it.
    Still(Arc<Instance>),
}

/// Cursors to be placed anew, each with its family: making one takes several times longer than placing it.
type Cursors<'s> = Mutex<Vec<(Family, DBRawIterator<'s>)>>;

/// How many cursors are kept: one for each thread that looks something up in the same snapshot.
const CURSORS_KEPT_MAX: usize = 16;

impl<'s> StoreSnapshot<'s> {
    fn pinned(database: &'s DB, pin: Arc<Pin>) -> Self {
        let mut options = ReadOptions::default();
        options.set_snapshot(pin.borrow_dependent());
        Self { options, moment: Moment::Pinned { cursors: Cursors::default(), database, pin } }
    }

    /// The moment that an instance shows.
    pub(super) fn of_instance(instance: Arc<Instance>) -> Self {
        Self { options: ReadOptions::default(), moment: Moment::Still(instance) }
    }

    fn database(&self) -> &DB {
        match &self.moment {
            Moment::Pinned { database, .. } => database,
            Moment::Still(instance) => &instance.database,
        }
    }

    /// How to read this moment.
    fn read_options(&self) -> ReadOptions {
        let mut options = ReadOptions::default();
        if let Moment::Pinned { pin, .. } = &self.moment {
            options.set_snapshot(pin.borrow_dependent());
        }
        options
    }

    /// The value of a key, without copying it.
    pub(crate) fn get(
        &self,
        family: Family,
        key: impl AsRef<[u8]>,
    ) -> Result<Option<DBPinnableSlice<'_>>, StorageError> {
        let database = self.database();
        database.get_pinned_cf_opt(handle(database, family), key.as_ref(), &self.options).map_err(|error| {
            match error.kind() {
                ErrorKind::Corruption => {
                    StorageError::Damaged { place: place(family, key.as_ref()), reason: error.into_string() }
                }
                _ => failed("reading")(error),
            }
        })
    }

    /// The number of the last write that it shows: two snapshots with the same number show the same.
    pub(crate) fn sequence(&self) -> u64 {
        match &self.moment {
            Moment::Pinned { pin, .. } => pin.borrow_dependent().sequence_number(),
            Moment::Still(instance) => instance.database.latest_sequence_number(),
        }
    }

    /// The entries whose key begins with these bytes, in order of key.
    pub(crate) fn prefix(&self, family: Family, prefix: impl AsRef<[u8]>) -> Entries<'_> {
        let prefix = prefix.as_ref();
        let mut options = self.read_options();
        if let Some(end) = prefix_end(prefix) {
            options.set_iterate_upper_bound(end);
        }
        let database = self.database();
        let mut cursor = database.raw_iterator_cf_opt(handle(database, family), options);
        cursor.seek(prefix);
        Entries { family, cursor }
    }

    /// Calls `visit` with the entries whose key begins with these bytes, in order of key. For look-ups of few entries,
    /// which come often: the cursor is kept for the next one.
    pub(crate) fn look_up(
        &self,
        family: Family,
        prefix: impl AsRef<[u8]>,
        mut visit: impl FnMut(&[u8], &[u8]) -> Result<(), StorageError>,
    ) -> Result<(), StorageError> {
        let prefix = prefix.as_ref();
        let Moment::Pinned { cursors, database, .. } = &self.moment else {
            return self.prefix(family, prefix).for_each(visit);
        };
        let kept = take_cursor(&mut cursors.lock().unwrap_or_else(PoisonError::into_inner), family);
        let made = || database.raw_iterator_cf_opt(handle(database, family), self.read_options());
        let mut entries = Entries { family, cursor: kept.unwrap_or_else(made) };
        entries.cursor.seek(prefix);
        while let Some((key, value)) = entries.entry()?.filter(|(key, _)| key.starts_with(prefix)) {
            visit(key, value)?;
            entries.advance();
        }
        let mut cursors = cursors.lock().unwrap_or_else(PoisonError::into_inner);
        if cursors.len() < CURSORS_KEPT_MAX {
            cursors.push((family, entries.cursor));
        }
        Ok(())
    }

    /// The entries from one key on, up to and without another, in order of key.
    pub(crate) fn range(&self, family: Family, first: impl AsRef<[u8]>, end: impl AsRef<[u8]>) -> Entries<'_> {
        let mut options = self.read_options();
        options.set_iterate_upper_bound(end.as_ref());
        let database = self.database();
        let mut cursor = database.raw_iterator_cf_opt(handle(database, family), options);
        cursor.seek(first);
        Entries { family, cursor }
    }

    /// The entries whose key begins with these bytes, from a key on.
    pub(crate) fn prefix_from(&self, family: Family, prefix: impl AsRef<[u8]>, from: &[u8]) -> Entries<'_> {
        let mut entries = self.prefix(family, prefix.as_ref());
        entries.cursor.seek(from);
        entries
    }

    /// All entries of a family.
    pub(crate) fn all(&self, family: Family) -> Entries<'_> {
        self.prefix(family, [])
    }
}

impl std::fmt::Debug for StoreSnapshot<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("StoreSnapshot").finish_non_exhaustive()
    }
}

fn take_cursor<'s>(cursors: &mut Vec<(Family, DBRawIterator<'s>)>, family: Family) -> Option<DBRawIterator<'s>> {
    let place = cursors.iter().position(|(of, _)| *of == family)?;
    Some(cursors.swap_remove(place).1)
}

/// The least key above all keys with this prefix; `None` if there is none.
fn prefix_end(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|&byte| byte != u8::MAX)?;
    let mut end = prefix[..=last].to_vec();
    end[last] += 1;
    Some(end)
}

/// A key and its value.
pub(crate) type Entry<'e> = (&'e [u8], &'e [u8]);

/// A cursor over entries: lends key and value of one at a time.
pub(crate) struct Entries<'s> {
    family: Family,
    cursor: DBRawIterator<'s>,
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

/// A place in the store, for error messages.
pub(crate) fn place(family: Family, key: &[u8]) -> String {
    use std::fmt::Write;
    let mut text = format!("column family {}, key ", family.name());
    for byte in key {
        write!(text, "{byte:02x}").expect("writing to a string does not fail");
    }
    text
}

/// The error for a value that does not decode.
pub(crate) fn damaged(family: Family, key: &[u8], reason: impl ToString) -> StorageError {
    StorageError::Damaged { place: place(family, key), reason: reason.to_string() }
}
