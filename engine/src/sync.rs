//! The locks around what threads share. Files whose order of locking matters take them from here, so that
//! `tests/schedules/` can build the same files upon the locks of a checker, which tries one order of threads after the other.

pub(crate) use std::sync::atomic;
pub(crate) use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock};
