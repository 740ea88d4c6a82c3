//! A graph while it is open: its store, what readers share in memory, and the one writer.

use std::sync::{Arc, Mutex, MutexGuard};

use crate::read::shared::{Shared, Written};
use crate::storage::batch::Batch;
use crate::storage::counter::Counters;
use crate::storage::group_sync::Ticket;
use crate::storage::staging::Staging;
use crate::storage::store::Store;
use crate::{Catalog, StorageError};

/// The store of a graph, the memory beside it, and the state of its one writer.
#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) store: Store,
    pub(crate) shared: Shared,
    pub(crate) writer: Mutex<Writer>,
}

/// What the one writer must know: the next ids, and whether an earlier write failed.
#[derive(Debug)]
pub(crate) struct Writer {
    pub(crate) counters: Counters,
    pub(crate) refused: Option<String>,
    /// How many writes go well before one fails.
    #[cfg(test)]
    pub(crate) fail_after: Option<usize>,
}

impl Writer {
    pub(crate) fn new(counters: Counters) -> Self {
        Self {
            counters,
            refused: None,
            #[cfg(test)]
            fail_after: None,
        }
    }
}

impl Core {
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
        writer: &mut MutexGuard<'_, Writer>,
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
        writer: &mut MutexGuard<'_, Writer>,
        staging: Staging,
        catalog: &Arc<Catalog>,
    ) -> Result<(), StorageError> {
        let result = self.shared.show_in_parts(catalog, || {
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
    fn fail_if_asked(_: &mut MutexGuard<'_, Writer>) -> Result<(), StorageError> {
        Ok(())
    }

    #[cfg(test)]
    fn fail_if_asked(writer: &mut MutexGuard<'_, Writer>) -> Result<(), StorageError> {
        let fails = writer.fail_after == Some(0);
        writer.fail_after = writer.fail_after.and_then(|left| left.checked_sub(1));
        if fails {
            return Err(StorageError::Failed { action: "writing", cause: "no space left on device".to_owned() });
        }
        Ok(())
    }
}
