//! How RocksDB is set up: for the whole database, and for each column family.

use rocksdb::{
    BlockBasedOptions, Cache, ColumnFamily, ColumnFamilyDescriptor, DB, DBCompressionType, DBRecoveryMode,
    MergeOperands, Options,
};

use super::family::{Content, Family};
use super::set;

/// Memory for blocks of data read from disk, shared by all families.
const BLOCK_CACHE_BYTES: usize = 256 << 20;

/// Memory for values that were asked for by their whole key, shared by all families. Another look at one of these takes a
/// fraction of the time that it takes to find the block that it is in and search that.
const ROW_CACHE_BYTES: usize = 64 << 20;

/// Memory for writes of one family before they go to disk.
const WRITE_BUFFER_BYTES: usize = 32 << 20;

/// Size of a block of sets before it is compressed; 4 KiB elsewhere.
const SET_BLOCK_BYTES: usize = 16 << 10;

/// Bits of Bloom filter for each key: about one needless read in a hundred.
const BLOOM_BITS: f64 = 10.0;

/// The handle of a family.
pub(super) fn handle(database: &DB, family: Family) -> &ColumnFamily {
    database.cf_handle(family.name()).expect("every family was opened")
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
        Content::Plain if family.has_bloom_filter() => blocks.set_bloom_filter(BLOOM_BITS, false),
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
