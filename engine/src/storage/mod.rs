//! Bytes on disk: column families, keys, sets and records, as `engine/FORMAT.md` draws them. Knows no query and no walk.

pub(crate) mod backup;
pub(crate) mod batch;
pub(crate) mod counter;
pub(crate) mod cursor;
pub(crate) mod directory;
pub(crate) mod failure;
pub(crate) mod family;
pub(crate) mod follower;
pub(crate) mod group_sync;
#[cfg(test)]
mod group_sync_tests;
pub(crate) mod key;
pub(crate) mod log;
pub(crate) mod lookup;
pub(crate) mod migrate;
pub(crate) mod options;
mod page_cache;
pub(crate) mod pages;
pub(crate) mod record;
pub(crate) mod set;
pub(crate) mod snapshot;
pub(crate) mod sorted_file;
pub(crate) mod staging;
pub(crate) mod store;
pub(crate) mod versioned;
