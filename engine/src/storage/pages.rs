//! Sets as they stand in the store: page by page, the number of a page at the end of its key, its members as offsets.

use super::failure::damaged;
use super::family::Family;
use super::key::{self, Fields};
use super::set;
use super::snapshot::StoreSnapshot;
use crate::StorageError;

/// The page number at the end of the key of a set.
pub(crate) fn page_of_key(family: Family, key: &[u8]) -> Result<u16, StorageError> {
    let page = key.len().checked_sub(2).and_then(|start| Fields(&key[start..]).u16());
    page.filter(|&page| u32::from(page) >> (32 - key::PAGE_BITS) == 0)
        .ok_or_else(|| damaged(family, key, "the key should end in a page number"))
}

/// Calls `visit` with the members of a page, in order.
pub(crate) fn for_each_member(
    family: Family,
    key: &[u8],
    value: &[u8],
    mut visit: impl FnMut(u32),
) -> Result<(), StorageError> {
    let start = key::page_start(page_of_key(family, key)?);
    set::for_each_member(value, |member| visit(start + member)).map_err(|error| damaged(family, key, error))
}

/// Whether the set under a key, given without a page number, holds this member.
pub(crate) fn contains(
    store: &StoreSnapshot,
    family: Family,
    key: impl AsRef<[u8]>,
    member: u32,
) -> Result<bool, StorageError> {
    let page = key::page_of(member);
    let key = [key.as_ref(), &page.to_be_bytes()].concat();
    store.page_contains(family, &key, member - key::page_start(page))
}
