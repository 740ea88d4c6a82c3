//! What a topology is read from.

use crate::Catalog;
use crate::storage::snapshot::StoreSnapshot;

/// One moment of the store, as a topology is read from it.
#[derive(Clone, Copy)]
pub(crate) struct Moment<'m> {
    pub(crate) store: &'m StoreSnapshot,
    pub(crate) catalog: &'m Catalog,
    /// The edge generation of this moment.
    pub(crate) generation: u64,
}
