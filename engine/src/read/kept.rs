//! What readers have computed from a whole state of the graph, such as a column of all names, and want to find again.

use std::any::Any;
use std::collections::HashMap;
use std::sync::Arc;

use crate::sync::{Mutex, MutexGuard, PoisonError};

/// Most bytes that are kept; beyond, what was asked for least recently goes.
const BYTES_KEPT: u64 = 512 << 20;

/// Values of the newest moment that was asked about.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The number of the last write that the values know of.
    sequence: u64,
    values: HashMap<String, Value>,
    bytes: u64,
    /// Grows with every question, so that each value knows when it was asked for.
    clock: u64,
}

#[derive(Debug)]
struct Value {
    value: Arc<dyn Any + Send + Sync>,
    bytes: u64,
    asked: u64,
}

impl Kept {
    /// The value of this name at the moment of this write, if it is there.
    pub(crate) fn get(&self, name: &str, sequence: u64) -> Option<Arc<dyn Any + Send + Sync>> {
        self.lock().get(name, sequence)
    }

    /// Keeps a value of the moment of this write, if no newer moment has been asked about.
    pub(crate) fn put(&self, name: &str, sequence: u64, value: Arc<dyn Any + Send + Sync>, bytes: u64) {
        self.lock().put(name, sequence, value, bytes);
    }

    /// Takes the values from the moment before a commit to the one after it, if it wrote nothing that they tell of.
    pub(crate) fn follow(&self, before: u64, after: u64, is_touched: bool) {
        let mut state = self.lock();
        if before == state.sequence && !is_touched {
            state.sequence = after;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn get(&mut self, name: &str, sequence: u64) -> Option<Arc<dyn Any + Send + Sync>> {
        self.clock += 1;
        let found = self.values.get_mut(name).filter(|_| sequence == self.sequence)?;
        found.asked = self.clock;
        Some(Arc::clone(&found.value))
    }

    fn put(&mut self, name: &str, sequence: u64, value: Arc<dyn Any + Send + Sync>, bytes: u64) {
        if sequence > self.sequence {
            *self = Self { sequence, clock: self.clock, ..Self::default() };
        }
        if sequence < self.sequence || bytes > BYTES_KEPT {
            return;
        }
        self.clock += 1;
        let before = self.values.insert(name.to_owned(), Value { value, bytes, asked: self.clock });
        self.bytes = self.bytes + bytes - before.map_or(0, |before| before.bytes);
        while self.bytes > BYTES_KEPT {
            let oldest = self.values.iter().min_by_key(|(_, value)| value.asked).map(|(name, _)| name.clone());
            let Some(gone) = oldest.and_then(|oldest| self.values.remove(&oldest)) else { return };
            self.bytes -= gone.bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_asked_for_least_recently_goes_first() {
        let mut state = State::default();
        let third = BYTES_KEPT / 3;
        for name in ["a", "b", "c"] {
            state.put(name, 1, Arc::new(name.to_owned()), third);
        }
        assert!(state.get("a", 1).is_some());
        state.put("d", 1, Arc::new(()), third);
        let there = ["a", "b", "c", "d"].map(|name| state.get(name, 1).is_some());
        assert_eq!((there, state.bytes), ([true, false, true, true], third * 3));
        assert!(state.get("a", 2).is_none(), "it is of another moment");
        state.put("e", 2, Arc::new(()), 1);
        assert!(state.get("a", 2).is_none() && state.bytes == 1, "the others are of an older moment");
    }
}
