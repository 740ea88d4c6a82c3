//! What readers and the writer of one graph share in memory, and in which order they touch it and the store.

use crate::read::node_sets::NodeSets;
use crate::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use crate::walk::topology::TopologyCache;
use crate::{Catalog, Edge, StorageError};

/// The memory of a graph beside its store.
#[derive(Debug)]
pub(crate) struct Shared {
    catalog: RwLock<Arc<Catalog>>,
    /// Held for writing while a bulk load or a large retraction shows in parts only, so that no snapshot sees half of it.
    in_parts: RwLock<()>,
    pub(crate) topologies: TopologyCache,
    pub(crate) node_sets: NodeSets,
}

/// The edges, in canonical form, that the commit of an edge generation writes.
pub(crate) type Written = (u64, Vec<Edge>);

impl Shared {
    pub(crate) fn new(catalog: Catalog) -> Self {
        Self {
            catalog: RwLock::new(Arc::new(catalog)),
            in_parts: RwLock::default(),
            topologies: TopologyCache::default(),
            node_sets: NodeSets::default(),
        }
    }

    pub(crate) fn catalog(&self) -> Arc<Catalog> {
        Arc::clone(&self.catalog.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Makes this the catalog from now on.
    pub(crate) fn set_catalog(&self, catalog: Arc<Catalog>) {
        *self.catalog.write().unwrap_or_else(PoisonError::into_inner) = catalog;
    }

    /// Holds back whatever would show in parts.
    pub(crate) fn hold_still(&self) -> RwLockReadGuard<'_, ()> {
        self.in_parts.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps snapshots from being taken until the guard is dropped.
    pub(crate) fn hide(&self) -> RwLockWriteGuard<'_, ()> {
        self.in_parts.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// A moment of the store, as `take` takes it, with a catalog that knows all its names.
    pub(crate) fn moment<S>(
        &self,
        take: impl FnOnce() -> Result<S, StorageError>,
    ) -> Result<(S, Arc<Catalog>), StorageError> {
        let _whole = self.hold_still();
        // The store first: a catalog that is newer than the store only knows more names.
        let store = take()?;
        Ok((store, self.catalog()))
    }

    /// Lets a commit show by `write`. What it wrote is noted first, so that nobody who sees the commit finds it missing;
    /// then the catalog, so that no snapshot meets an edge whose type it does not know.
    pub(crate) fn show<R>(&self, catalog: &Arc<Catalog>, written: Option<Written>, write: impl FnOnce() -> R) -> R {
        if let Some((generation, edges)) = written {
            self.topologies.note_commit(generation, edges);
        }
        self.set_catalog(Arc::clone(catalog));
        write()
    }

    /// Lets a commit show by `write`, which does it in parts.
    pub(crate) fn show_in_parts<R>(&self, catalog: &Arc<Catalog>, write: impl FnOnce() -> R) -> R {
        let _hidden = self.hide();
        self.show(catalog, None, write)
    }
}
