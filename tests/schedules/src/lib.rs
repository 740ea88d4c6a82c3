//! What the threads of hopgraph share, under a checker that decides who runs next.
//!
//! The files of the engine whose order of locking matters take their locks from `crate::sync`. Here the same files are
//! built upon the locks of the checker, shuttle, and upon a store that is a handful of sets: so thousands of orders of
//! threads are tried in a second. One that fails is printed, and `shuttle::replay(test, "91...")` runs it again.
//! `HOPGRAPH_SEED` chooses the random orders, `HOPGRAPH_SCHEDULES` how many.
//!
//! To bring another file under the checker: let it take its locks from `crate::sync`; keep its unit tests in a file that
//! it does not name, since the locks of the checker work under the checker only; and name it here.

#![cfg(test)]

mod graph;
mod group_sync_tests;
mod orders;
#[allow(dead_code, reason = "the files of the engine hold more than is tried here")]
mod read;
mod storage;
mod tests;
#[allow(dead_code, reason = "the files of the engine hold more than is tried here")]
mod walk {
    pub(crate) mod topology;
}

use graph::{Budget, Catalog, Edge, Interruption, LabelId, NodeSet, StorageError};

/// The locks that the files of the engine take.
mod sync {
    pub(crate) use shuttle::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock, atomic};
}
