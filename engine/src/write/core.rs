//! A graph while it is open: its store, what readers share in memory, and the one writer.

use std::ops::{Deref, DerefMut};
use std::path::Path;
use std::sync::Arc;

use tempfile::TempDir;

use super::writer::{Writer, WriterLock};
use crate::read::shared::{Shared, Written};
use crate::storage::batch::Batch;
use crate::storage::counter::Counters;
use crate::storage::directory;
use crate::storage::group_sync::Ticket;
use crate::storage::snapshot::StoreSnapshot;
use crate::storage::staging::Staging;
use crate::storage::store::Store;
use crate::{Budget, Catalog, Snapshot, StorageError};

/// The store of a graph, the memory beside it, and its one writer. All handles of a graph share it.
#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) store: Store,
    pub(crate) shared: Arc<Shared>,
    writer: WriterLock,
    /// The folder of a graph that goes away with its last handle, which is after the store: fields are dropped in order.
    folder: Option<Arc<TempDir>>,
}

/// The writer of a graph, until this is dropped.
#[derive(Debug)]
pub(crate) struct Lease {
    pub(crate) core: Arc<Core>,
    /// There until it is dropped.
    writer: Option<Writer>,
}

impl Deref for Lease {
    type Target = Writer;

    fn deref(&self) -> &Writer {
        self.writer.as_ref().expect("a lease has the writer until it is dropped")
    }
}

impl DerefMut for Lease {
    fn deref_mut(&mut self) -> &mut Writer {
        self.writer.as_mut().expect("a lease has the writer until it is dropped")
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(writer) = self.writer.take() {
            self.core.writer.put(writer);
        }
    }
}

impl Drop for Core {
    fn drop(&mut self) {
        if self.store.is_writable() {
            directory::forget_writer(self.store.path());
        }
    }
}

impl Core {
    pub(crate) fn new(store: Store, catalog: Catalog, counters: Counters, folder: Option<TempDir>) -> Self {
        let (shared, writer) = (Arc::new(Shared::new(catalog)), WriterLock::new(Writer::new(counters)));
        Self { store, shared, writer, folder: folder.map(Arc::new) }
    }

    /// Takes the writer, whether or not writes are refused; waits for whoever has it, as long as the budget lets it.
    pub(crate) fn lease(core: &Arc<Self>, budget: &Budget) -> Result<Lease, StorageError> {
        let writer = core.writer.take(budget)?;
        Ok(Lease { core: Arc::clone(core), writer: Some(writer) })
    }

    /// A moment of the store as a snapshot.
    pub(crate) fn snapshot(&self, store: StoreSnapshot, catalog: Arc<Catalog>) -> Result<Snapshot, StorageError> {
        Snapshot::new(store, catalog, &self.shared, self.folder.as_ref())
    }

    /// The directory of the graph.
    pub(crate) fn path(&self) -> &Path {
        self.store.path()
    }

    /// Fails if writes are refused because an earlier one failed.
    pub(crate) fn check_taken(&self, writer: &Writer) -> Result<(), StorageError> {
        let unsynced = || self.store.sync_failure().map(|error| error.to_string());
        match writer.refused.clone().or_else(unsynced) {
            Some(cause) => Err(StorageError::WritesRefused { cause }),
            None => Ok(()),
        }
    }

    /// Writes a batch under the writer's lock, to be waited for; `written` are its edges, where they are known. After a
    /// failure the state on disk is uncertain, so all further writes are refused.
    pub(crate) fn write(
        &self,
        writer: &mut Writer,
        batch: Batch<'_>,
        catalog: &Arc<Catalog>,
        written: Option<Written>,
    ) -> Result<Ticket, StorageError> {
        self.check_taken(writer)?;
        let write = || Self::fail_if_asked(writer).and_then(|()| self.store.commit(batch));
        let result = self.shared.show(catalog, written, write);
        if let Err(error) = &result {
            writer.refused = Some(error.to_string());
        }
        result
    }

    /// Takes in what a bulk load has made ready, under the writer's lock. If it fails, the next open finishes it.
    pub(crate) fn publish(
        &self,
        writer: &mut Writer,
        staging: Staging,
        catalog: &Arc<Catalog>,
    ) -> Result<(), StorageError> {
        let result = Shared::show_in_parts(&self.shared, catalog, || {
            // The load stands on the commits before it, which may be on their way to the disk; it must not come there first.
            let sealed = self.store.sync().and_then(|()| staging.seal()).and_then(|()| Self::fail_if_asked(writer));
            let published = sealed.and_then(|()| staging.publish(&|family, files| self.store.take_in(family, files)));
            published.and_then(|()| self.store.wait_for_disk(self.store.note_written()))
        });
        if let Err(error) = &result {
            writer.refused = Some(error.to_string());
        }
        result
    }

    #[cfg(not(test))]
    fn fail_if_asked(_: &mut Writer) -> Result<(), StorageError> {
        Ok(())
    }

    #[cfg(test)]
    fn fail_if_asked(writer: &mut Writer) -> Result<(), StorageError> {
        let fails = writer.fail_after == Some(0);
        writer.fail_after = writer.fail_after.and_then(|left| left.checked_sub(1));
        if fails {
            return Err(StorageError::Failed { action: "writing", cause: "no space left on device".to_owned() });
        }
        Ok(())
    }
}
