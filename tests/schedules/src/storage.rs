//! A store that is a handful of sets, written and read at one blow each, with snapshots that know their number.

#[path = "../../../engine/src/storage/group_sync.rs"]
pub(crate) mod group_sync;
#[path = "../../../engine/src/storage/versioned.rs"]
pub(crate) mod versioned;

/// Single questions to the store.
pub(crate) mod lookup {
    use super::snapshot::StoreSnapshot;
    use crate::{Edge, StorageError};

    pub(crate) fn has_edge(store: &StoreSnapshot, edge: Edge) -> Result<bool, StorageError> {
        Ok(store.data.edges.contains_key(&edge))
    }
}

pub(crate) mod counter {
    use super::snapshot::StoreSnapshot;
    use crate::StorageError;

    pub(crate) const NEXT_NODE: &str = "next.node";

    pub(crate) fn counter(_: &StoreSnapshot, _: &str) -> Result<u64, StorageError> {
        Ok(0)
    }
}

pub(crate) mod snapshot {
    use std::collections::BTreeMap;

    use crate::sync::Arc;
    use crate::{Edge, NodeSet};

    /// What is in the store at one moment.
    #[derive(Clone, Debug, Default)]
    pub(crate) struct Data {
        /// Each with what its evidence weighs.
        pub(crate) edges: BTreeMap<Edge, u8>,
        pub(crate) nodes: NodeSet,
        /// The edge generation.
        pub(crate) generation: u64,
        /// Some of a write in parts is there, and some is not.
        pub(crate) in_parts: bool,
        pub(crate) sequence: u64,
    }

    #[derive(Debug)]
    pub(crate) struct StoreSnapshot {
        pub(crate) data: Arc<Data>,
        pub(crate) sequence: u64,
    }
}

pub(crate) mod store {
    use super::snapshot::{Data, StoreSnapshot};
    use crate::sync::Arc;
    use crate::sync::atomic::{AtomicU64, Ordering};

    #[derive(Debug, Default)]
    pub(crate) struct Store {
        /// Not a lock of the checker, so that the lock by itself makes no further orders of threads.
        data: std::sync::Mutex<Arc<Data>>,
        visits: AtomicU64,
    }

    impl Store {
        pub(crate) fn write(&self, edit: impl FnOnce(&mut Data)) {
            self.let_others_run();
            let mut data = self.data.lock().unwrap();
            let new = Arc::make_mut(&mut data);
            edit(new);
            new.sequence += 1;
        }

        pub(crate) fn now(&self) -> Arc<Data> {
            Arc::clone(&self.data.lock().unwrap())
        }

        pub(crate) fn snapshot(&self) -> StoreSnapshot {
            self.let_others_run();
            let data = self.now();
            StoreSnapshot { sequence: data.sequence, data }
        }

        fn let_others_run(&self) {
            self.visits.fetch_add(1, Ordering::Relaxed);
        }
    }
}
