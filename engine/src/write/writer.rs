//! The one writer of a graph: whoever writes waits for it, holds it, and gives it back.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use crate::storage::counter::Counters;
use crate::{Budget, StorageError};

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

/// How long somebody who waits for the writer sleeps before asking whether to wait any longer.
const PAUSE: Duration = Duration::from_millis(10);

/// How long a thread waits for a writer that it has taken itself: for ever, if nobody else gives it back. A handle may
/// have gone to another thread, so there is some time for that.
const OWN_WAIT: Duration = Duration::from_secs(1);

/// Where the writer is while nobody has it.
#[derive(Debug)]
pub(crate) struct WriterLock {
    place: Mutex<Place>,
    /// It was given back.
    returned: Condvar,
}

#[derive(Debug)]
struct Place {
    /// `None` while somebody has it.
    writer: Option<Writer>,
    /// Who took it.
    holder: Option<ThreadId>,
}

impl WriterLock {
    pub(crate) fn new(writer: Writer) -> Self {
        Self { place: Mutex::new(Place { writer: Some(writer), holder: None }), returned: Condvar::new() }
    }

    /// Takes the writer; waits for whoever has it, as long as the budget lets it. It has to be given back.
    ///
    /// # Errors
    /// [`StorageError::Interrupted`]; [`StorageError::WriteOpenInThread`] if this thread waits for itself.
    pub(crate) fn take(&self, budget: &Budget) -> Result<Writer, StorageError> {
        let (this, started) = (thread::current().id(), Instant::now());
        let mut place = self.place();
        loop {
            if let Some(writer) = place.writer.take() {
                place.holder = Some(this);
                return Ok(writer);
            }
            budget.check()?;
            let waits_for_itself = place.holder == Some(this);
            if waits_for_itself && started.elapsed() >= OWN_WAIT {
                return Err(StorageError::WriteOpenInThread);
            }
            place = if budget.is_unlimited() && !waits_for_itself {
                self.returned.wait(place).unwrap_or_else(PoisonError::into_inner)
            } else {
                let pause = budget.time_left().map_or(PAUSE, |left| left.min(PAUSE));
                self.returned.wait_timeout(place, pause).unwrap_or_else(PoisonError::into_inner).0
            };
        }
    }

    /// Gives the writer back.
    pub(crate) fn put(&self, writer: Writer) {
        let mut place = self.place();
        *place = Place { writer: Some(writer), holder: None };
        drop(place);
        self.returned.notify_one();
    }

    fn place(&self) -> MutexGuard<'_, Place> {
        self.place.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
