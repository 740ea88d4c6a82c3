//! What readers and the writer of one graph share in memory, and in which order they touch it and the store.

use std::time::Duration;

use crate::read::kept::Kept;
use crate::read::node_sets::NodeSets;
use crate::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock};
use crate::walk::topology::TopologyCache;
use crate::{Budget, Catalog, Edge, Interruption, StorageError};

/// The memory of a graph beside its store.
#[derive(Debug)]
pub(crate) struct Shared {
    catalog: RwLock<Arc<Catalog>>,
    /// Closed while a bulk load or a large retraction shows in parts only, so that no snapshot sees half of it.
    gate: Mutex<Gate>,
    /// The gate was opened, or somebody went out by it.
    moved: Condvar,
    pub(crate) topologies: TopologyCache,
    pub(crate) node_sets: NodeSets,
    pub(crate) kept: Kept,
}

/// Who may look at the store.
#[derive(Debug, Default)]
struct Gate {
    /// Whether what is written shows in parts, so that nobody may look.
    closed: bool,
    /// How many look, and need it to hold still.
    inside: usize,
}

/// How long somebody who waits at the gate sleeps before asking whether to wait any longer.
const PAUSE: Duration = Duration::from_millis(10);

/// While it lives, nothing shows in parts.
#[derive(Debug)]
pub(crate) struct Still<'s>(&'s Shared);

/// While it lives, nobody takes a snapshot.
#[derive(Debug)]
pub(crate) struct Hidden(Arc<Shared>);

impl Drop for Still<'_> {
    fn drop(&mut self) {
        self.0.gate().inside -= 1;
        self.0.moved.notify_all();
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        self.0.gate().closed = false;
        self.0.moved.notify_all();
    }
}

/// The edges, in canonical form, that the commit of an edge generation writes.
pub(crate) type Written = (u64, Vec<Edge>);

impl Shared {
    pub(crate) fn new(catalog: Catalog) -> Self {
        Self {
            catalog: RwLock::new(Arc::new(catalog)),
            gate: Mutex::default(),
            moved: Condvar::new(),
            topologies: TopologyCache::default(),
            node_sets: NodeSets::default(),
            kept: Kept::default(),
        }
    }

    pub(crate) fn catalog(&self) -> Arc<Catalog> {
        Arc::clone(&self.catalog.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Makes this the catalog from now on.
    pub(crate) fn set_catalog(&self, catalog: Arc<Catalog>) {
        *self.catalog.write().unwrap_or_else(PoisonError::into_inner) = catalog;
    }

    fn gate(&self) -> MutexGuard<'_, Gate> {
        self.gate.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Holds back whatever would show in parts; waits for what shows in parts now, as long as the budget lets it.
    pub(crate) fn hold_still(&self, budget: &Budget) -> Result<Still<'_>, Interruption> {
        let mut gate = self.gate();
        while gate.closed {
            budget.check()?;
            gate = if budget.is_unlimited() {
                self.moved.wait(gate).unwrap_or_else(PoisonError::into_inner)
            } else {
                self.moved.wait_timeout(gate, PAUSE).unwrap_or_else(PoisonError::into_inner).0
            };
        }
        gate.inside += 1;
        Ok(Still(self))
    }

    /// Keeps snapshots from being taken until the guard is dropped. One at a time may: the writer.
    pub(crate) fn hide(shared: &Arc<Self>) -> Hidden {
        let mut gate = shared.gate();
        gate.closed = true;
        while gate.inside > 0 {
            gate = shared.moved.wait(gate).unwrap_or_else(PoisonError::into_inner);
        }
        drop(gate);
        Hidden(Arc::clone(shared))
    }

    /// A moment of the store, as `take` takes it, with a catalog that knows all its names.
    pub(crate) fn moment<S>(
        &self,
        budget: &Budget,
        take: impl FnOnce() -> Result<S, StorageError>,
    ) -> Result<(S, Arc<Catalog>), StorageError> {
        let _whole = self.hold_still(budget)?;
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
    pub(crate) fn show_in_parts<R>(shared: &Arc<Self>, catalog: &Arc<Catalog>, write: impl FnOnce() -> R) -> R {
        let _hidden = Self::hide(shared);
        shared.show(catalog, None, write)
    }
}
