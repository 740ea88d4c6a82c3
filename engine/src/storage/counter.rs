//! The counters of a graph: the ids that are free, and what else is known by one number.

use std::path::Path;

use super::failure::damaged;
use super::family::Family;
use super::snapshot::StoreSnapshot;
use crate::{RunId, StorageError};

/// The counters of the `default` family.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counters {
    pub(crate) nodes: u64,
    pub(crate) documents: u64,
    pub(crate) sentences: u64,
    pub(crate) runs: u64,
    pub(crate) edge_generation: u64,
}

/// Name on disk of the run whose retraction has begun and is not finished.
pub(crate) const RETRACTING: &str = "retracting";

/// Name of the counter that grows with every commit that changes an edge.
pub(crate) const EDGE_GENERATION: &str = "generation.edges";

/// Name of the counter that is above every node.
pub(crate) const NEXT_NODE: &str = "next.node";

impl Counters {
    /// The counters as they are stored; 0 for those that were never written.
    pub(crate) fn read(store: &StoreSnapshot) -> Result<Self, StorageError> {
        let mut counters = Self::default();
        for (name, value) in counters.named() {
            *value = counter(store, name)?;
        }
        Ok(counters)
    }

    /// Each counter with its name on disk.
    pub(crate) fn named(&mut self) -> [(&'static str, &mut u64); 5] {
        [
            (NEXT_NODE, &mut self.nodes),
            ("next.document", &mut self.documents),
            ("next.sentence", &mut self.sentences),
            ("next.run", &mut self.runs),
            (EDGE_GENERATION, &mut self.edge_generation),
        ]
    }
}

/// A counter; 0 if it was never written.
pub(crate) fn counter(store: &StoreSnapshot, name: &str) -> Result<u64, StorageError> {
    let Some(value) = store.get(Family::Counters, name)? else { return Ok(0) };
    let bytes = value.as_ref().try_into();
    let bytes = bytes.map_err(|_| damaged(Family::Counters, name.as_bytes(), "a counter should be eight bytes"))?;
    Ok(u64::from_le_bytes(bytes))
}

/// Fails while a retraction is under way: what the store holds then is no state of the graph.
pub(crate) fn check_no_retraction(store: &StoreSnapshot, path: &Path) -> Result<(), StorageError> {
    match store.get(Family::Counters, RETRACTING)? {
        None => Ok(()),
        Some(_) => Err(StorageError::RetractionUnderWay { path: path.to_owned() }),
    }
}

/// The run whose retraction has begun and is not finished, if there is one.
pub(crate) fn retracting(store: &StoreSnapshot) -> Result<Option<RunId>, StorageError> {
    if store.get(Family::Counters, RETRACTING)?.is_none() {
        return Ok(None);
    }
    let run = u32::try_from(counter(store, RETRACTING)?);
    run.map(|run| Some(RunId::new(run))).map_err(|_| damaged(Family::Counters, RETRACTING.as_bytes(), "not a run"))
}
