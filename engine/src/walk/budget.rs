//! What a piece of work may use (time, memory), how it is told to stop, and what it has done so far.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::Interruption;

/// The limits of one piece of work and the counters of what it did. Shared by all threads that take part.
#[derive(Debug, Default)]
pub struct Budget {
    cancel: Option<Arc<AtomicBool>>,
    deadline: Option<(Instant, Duration)>,
    memory_limit_bytes: Option<u64>,
    memory_bytes: AtomicU64,
    memory_peak_bytes: AtomicU64,
    neighbors_touched: AtomicU64,
}

impl Budget {
    /// Without any limit.
    pub fn unlimited() -> Self {
        Self::default()
    }

    /// Stops with [`Interruption::Cancelled`] soon after the flag becomes true.
    #[must_use]
    pub fn with_cancel_flag(mut self, flag: Arc<AtomicBool>) -> Self {
        self.cancel = Some(flag);
        self
    }

    /// Stops with [`Interruption::TimedOut`] once this much time has passed from now.
    #[must_use]
    pub fn with_time_limit(mut self, limit: Duration) -> Self {
        self.deadline = Some((Instant::now() + limit, limit));
        self
    }

    /// Stops with [`Interruption::OutOfMemory`] before more than this many bytes are held at once.
    #[must_use]
    pub fn with_memory_limit(mut self, bytes: u64) -> Self {
        self.memory_limit_bytes = Some(bytes);
        self
    }

    /// Whether the work may go on. Cheap enough to be called every few thousand steps.
    pub fn check(&self) -> Result<(), Interruption> {
        if self.cancel.as_ref().is_some_and(|flag| flag.load(Ordering::Relaxed)) {
            return Err(Interruption::Cancelled);
        }
        match self.deadline {
            Some((deadline, limit)) if Instant::now() >= deadline => {
                Err(Interruption::TimedOut { limit_ms: u64::try_from(limit.as_millis()).unwrap_or(u64::MAX) })
            }
            _ => Ok(()),
        }
    }

    /// Whether there is neither a time limit nor a flag to stop.
    pub(crate) fn is_unlimited(&self) -> bool {
        self.cancel.is_none() && self.deadline.is_none()
    }

    /// How long the work may still go on; `None` without a limit.
    pub fn time_left(&self) -> Option<Duration> {
        self.deadline.map(|(deadline, _)| deadline.saturating_duration_since(Instant::now()))
    }

    /// Takes this many bytes, or fails if they would pass the limit. Give them back with [`Budget::release`].
    pub fn reserve(&self, bytes: u64) -> Result<(), Interruption> {
        let total = self.memory_bytes.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes);
        if let Some(limit_bytes) = self.memory_limit_bytes.filter(|&limit| total > limit) {
            self.release(bytes);
            return Err(Interruption::OutOfMemory { limit_bytes });
        }
        self.memory_peak_bytes.fetch_max(total, Ordering::Relaxed);
        Ok(())
    }

    /// Gives back bytes that were taken with [`Budget::reserve`].
    pub fn release(&self, bytes: u64) {
        self.memory_bytes.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// How many bytes may still be taken; `None` without a limit.
    pub fn memory_left(&self) -> Option<u64> {
        self.memory_limit_bytes.map(|limit| limit.saturating_sub(self.memory_bytes.load(Ordering::Relaxed)))
    }

    /// How many bytes are held now.
    pub fn memory_bytes(&self) -> u64 {
        self.memory_bytes.load(Ordering::Relaxed)
    }

    /// The most bytes held at once so far.
    pub fn memory_peak_bytes(&self) -> u64 {
        self.memory_peak_bytes.load(Ordering::Relaxed)
    }

    /// Counts neighbours looked at, so that a profile and a test can tell how much work was done.
    pub fn count_neighbors(&self, count: u64) {
        self.neighbors_touched.fetch_add(count, Ordering::Relaxed);
    }

    /// Neighbours looked at so far.
    pub fn neighbors_touched(&self) -> u64 {
        self.neighbors_touched.load(Ordering::Relaxed)
    }
}
