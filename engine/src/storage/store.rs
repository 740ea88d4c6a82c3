//! The store: families of sorted keys with atomic batches and snapshots. The only file that names rocksdb.

use std::path::{Path, PathBuf};

use rocksdb::{
    BlockBasedOptions, Cache, ColumnFamily, ColumnFamilyDescriptor, DB, DBCompressionType, DBPinnableSlice,
    DBRawIterator, ErrorKind, FlushOptions, MergeOperands, Options, ReadOptions, WriteBatch, WriteOptions,
};

use super::family::{Content, Family};
use super::{directory, set};
use crate::StorageError;

/// Memory for blocks of data read from disk, shared by all families.
const BLOCK_CACHE_BYTES: usize = 256 << 20;

/// Memory for writes of one family before they go to disk.
const WRITE_BUFFER_BYTES: usize = 32 << 20;

/// Bits of Bloom filter for each key: about one needless read in a hundred.
const BLOOM_BITS: f64 = 10.0;

/// A RocksDB database with the families of a graph.
pub(crate) struct Store {
    database: DB,
    path: PathBuf,
}

impl Store {
    /// Opens the database, making it if it is not there.
    pub(crate) fn open(graph_directory: &Path) -> Result<Self, StorageError> {
        let path = directory::store(graph_directory);
        let cache = Cache::new_lru_cache(BLOCK_CACHE_BYTES);
        let families =
            Family::ALL.map(|family| ColumnFamilyDescriptor::new(family.name(), family_options(family, &cache)));
        match DB::open_cf_descriptors(&database_options(), &path, families) {
            Ok(database) => Ok(Self { database, path: graph_directory.to_owned() }),
            Err(error) if is_lock_error(&error) => Err(StorageError::Locked {
                path: graph_directory.to_owned(),
                process: directory::writer(graph_directory),
            }),
            Err(error) if error.kind() == ErrorKind::Corruption => Err(StorageError::Damaged {
                place: format!("database {}", path.display()),
                reason: error.into_string(),
            }),
            Err(error) => Err(failed("opening the database")(error)),
        }
    }

    fn handle(&self, family: Family) -> &ColumnFamily {
        self.database.cf_handle(family.name()).expect("every family was opened")
    }

    /// An empty batch.
    pub(crate) fn batch(&self) -> Batch<'_> {
        Batch { store: self, writes: WriteBatch::default() }
    }

    /// Writes a batch, all of it or nothing. With `sync` it is on the disk on return.
    pub(crate) fn write(&self, batch: Batch<'_>, sync: bool) -> Result<(), StorageError> {
        let mut options = WriteOptions::default();
        options.set_sync(sync);
        self.database.write_opt(batch.writes, &options).map_err(failed("writing"))
    }

    /// Brings everything written so far to the disk, as sorted files, so that the next open has no log to replay.
    pub(crate) fn flush(&self) -> Result<(), StorageError> {
        let handles: Vec<&ColumnFamily> = Family::ALL.map(|family| self.handle(family)).to_vec();
        self.database.flush_cfs_opt(&handles, &FlushOptions::default()).map_err(failed("flushing"))?;
        self.database.flush_wal(true).map_err(failed("syncing the write-ahead log"))
    }

    /// The store as it is now.
    pub(crate) fn snapshot(&self) -> StoreSnapshot<'_> {
        StoreSnapshot { store: self, snapshot: self.database.snapshot() }
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

fn database_options() -> Options {
    let mut options = Options::default();
    options.create_if_missing(true);
    options.create_missing_column_families(true);
    options.set_max_background_jobs(2);
    options.set_keep_log_file_num(2);
    options
}

fn family_options(family: Family, cache: &Cache) -> Options {
    let mut blocks = BlockBasedOptions::default();
    blocks.set_block_cache(cache);
    blocks.set_bloom_filter(BLOOM_BITS, false);
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

fn failed(action: &'static str) -> impl Fn(rocksdb::Error) -> StorageError {
    move |error| match error.kind() {
        ErrorKind::Corruption => {
            StorageError::Damaged { place: format!("the database, while {action}"), reason: error.into_string() }
        }
        _ => StorageError::Failed { action, cause: error.into_string() },
    }
}

/// Writes that become true together.
pub(crate) struct Batch<'s> {
    store: &'s Store,
    writes: WriteBatch,
}

impl Batch<'_> {
    /// Replaces a value.
    pub(crate) fn put(&mut self, family: Family, key: impl AsRef<[u8]>, value: impl AsRef<[u8]>) {
        self.writes.put_cf(self.store.handle(family), key, value);
    }

    /// Folds an operand into a value.
    pub(crate) fn merge(&mut self, family: Family, key: impl AsRef<[u8]>, operand: impl AsRef<[u8]>) {
        self.writes.merge_cf(self.store.handle(family), key, operand);
    }

    /// Removes a value.
    pub(crate) fn delete(&mut self, family: Family, key: impl AsRef<[u8]>) {
        self.writes.delete_cf(self.store.handle(family), key);
    }
}

impl std::fmt::Debug for Batch<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Batch").field("writes", &self.writes.len()).finish_non_exhaustive()
    }
}

/// The store at one moment.
pub(crate) struct StoreSnapshot<'s> {
    store: &'s Store,
    snapshot: rocksdb::Snapshot<'s>,
}

impl<'s> StoreSnapshot<'s> {
    /// The value of a key, without copying it.
    pub(crate) fn get(
        &self,
        family: Family,
        key: impl AsRef<[u8]>,
    ) -> Result<Option<DBPinnableSlice<'_>>, StorageError> {
        let handle = self.store.handle(family);
        self.snapshot.get_pinned_cf_opt(handle, key.as_ref(), ReadOptions::default()).map_err(|error| {
            match error.kind() {
                ErrorKind::Corruption => {
                    StorageError::Damaged { place: place(family, key.as_ref()), reason: error.into_string() }
                }
                _ => failed("reading")(error),
            }
        })
    }

    /// The entries whose key begins with these bytes, in order of key.
    pub(crate) fn prefix(&self, family: Family, prefix: impl AsRef<[u8]>) -> Entries<'_> {
        let prefix = prefix.as_ref();
        let mut options = ReadOptions::default();
        if let Some(end) = prefix_end(prefix) {
            options.set_iterate_upper_bound(end);
        }
        let mut cursor = self.snapshot.raw_iterator_cf_opt(self.store.handle(family), options);
        cursor.seek(prefix);
        Entries { family, cursor }
    }

    /// All entries of a family.
    pub(crate) fn all(&self, family: Family) -> Entries<'_> {
        self.prefix(family, [])
    }
}

impl std::fmt::Debug for StoreSnapshot<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("StoreSnapshot").field("store", self.store).finish_non_exhaustive()
    }
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
