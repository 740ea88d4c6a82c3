//! From the format of an earlier version to this one: one step for each version. A step that was cut off is taken again.

use crate::StorageError;
use crate::storage::batch::Batch;
use crate::storage::failure::damaged;
use crate::storage::family::Family;
use crate::storage::key::{self, Fields};
use crate::storage::record::{self, DocumentOfFormat1};
use crate::storage::store::Store;
use crate::{Document, RunId, SentenceId};

/// Writes of a step that go to disk together.
const BATCH_WRITES: usize = 10_000;

/// Brings a store from this version to the next ones.
pub(crate) fn migrate(store: &Store, version: u32) -> Result<(), StorageError> {
    if version < 2 {
        add_version_to_documents(store)?;
        index_readings(store)?;
        store.flush()?;
    }
    Ok(())
}

/// Format 2 gave documents a version. A record of format 1 is too short for one of format 2, so each is told apart.
fn add_version_to_documents(store: &Store) -> Result<(), StorageError> {
    rewrite(store, Family::Documents, |batch, key, value| {
        if record::decode::<Document>(value).is_ok() {
            return Ok(());
        }
        let DocumentOfFormat1(document) =
            record::decode(value).map_err(|reason| damaged(Family::Documents, key, reason))?;
        batch.put(Family::Documents, key, record::encode(&document));
        Ok(())
    })
}

/// Format 2 finds evidence by its sentence.
fn index_readings(store: &Store) -> Result<(), StorageError> {
    rewrite(store, Family::Evidence, |batch, key, _| {
        let mut fields = Fields(key);
        let (edge, sentence, run) = (fields.edge(), fields.u32(), fields.u32());
        let (Some(edge), Some(sentence), Some(run)) = (edge, sentence, run) else {
            return Err(damaged(Family::Evidence, key, "the key is malformed"));
        };
        batch.put(Family::Readings, key::reading(SentenceId::new(sentence), RunId::new(run), edge), []);
        Ok(())
    })
}

/// Visits every entry of a family; what is to be written is written in pieces.
fn rewrite(
    store: &Store,
    family: Family,
    mut visit: impl FnMut(&mut Batch<'_>, &[u8], &[u8]) -> Result<(), StorageError>,
) -> Result<(), StorageError> {
    let snapshot = store.snapshot();
    let mut batch = store.batch();
    let mut entries = snapshot.all(family);
    while let Some((key, value)) = entries.entry()? {
        visit(&mut batch, key, value)?;
        if batch.len() >= BATCH_WRITES {
            store.write(std::mem::replace(&mut batch, store.batch()), false)?;
        }
        entries.advance();
    }
    store.write(batch, false)
}
