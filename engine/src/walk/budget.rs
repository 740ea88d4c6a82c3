//! What a piece of work may use (time, memory), how it is told to stop, and what it has done so far.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::Interruption;

/// Most bytes that a [`Charge`] takes from its budget ahead of what is asked for, so that small pieces do not each touch a
/// counter that all threads share.
const AHEAD_BYTES_MAX: u64 = 64 << 10;

/// The limits of one piece of work and the counters of what it did. A clone has the same limits and shares the counters,
/// so all threads and parts of a piece of work can have their own.
#[derive(Clone, Debug, Default)]
pub struct Budget {
    cancel: Option<Arc<AtomicBool>>,
    deadline: Option<(Instant, Duration)>,
    memory_limit_bytes: Option<u64>,
    counters: Arc<Counters>,
}

#[derive(Debug, Default)]
struct Counters {
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

    /// Takes this many bytes, or fails if they would pass the limit. Give them back with [`Budget::release`], or let a
    /// [`Charge`] see to that.
    pub fn reserve(&self, bytes: u64) -> Result<(), Interruption> {
        let total = self.counters.memory_bytes.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes);
        if let Some(limit_bytes) = self.memory_limit_bytes.filter(|&limit| total > limit) {
            self.release(bytes);
            return Err(Interruption::OutOfMemory { limit_bytes });
        }
        self.counters.memory_peak_bytes.fetch_max(total, Ordering::Relaxed);
        Ok(())
    }

    /// Gives back bytes that were taken with [`Budget::reserve`].
    pub fn release(&self, bytes: u64) {
        self.counters.memory_bytes.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Takes this many bytes until what is returned is dropped.
    pub fn charge(&self, bytes: u64) -> Result<Charge, Interruption> {
        let mut charge = Charge::new(self);
        charge.grow(bytes)?;
        Ok(charge)
    }

    /// How many bytes may still be taken; `None` without a limit.
    pub fn memory_left(&self) -> Option<u64> {
        self.memory_limit_bytes.map(|limit| limit.saturating_sub(self.memory_bytes()))
    }

    /// How many bytes are held now.
    pub fn memory_bytes(&self) -> u64 {
        self.counters.memory_bytes.load(Ordering::Relaxed)
    }

    /// The most bytes held at once so far.
    pub fn memory_peak_bytes(&self) -> u64 {
        self.counters.memory_peak_bytes.load(Ordering::Relaxed)
    }

    /// Counts neighbours looked at, so that a profile and a test can tell how much work was done.
    pub fn count_neighbors(&self, count: u64) {
        self.counters.neighbors_touched.fetch_add(count, Ordering::Relaxed);
    }

    /// Neighbours looked at so far.
    pub fn neighbors_touched(&self) -> u64 {
        self.counters.neighbors_touched.load(Ordering::Relaxed)
    }
}

/// Bytes that something in memory takes, held from a [`Budget`] until the charge is dropped. Charge first, allocate then:
/// what would pass the limit is an error and no allocation that fails.
///
/// ```
/// use hopgraph_engine::Budget;
///
/// let budget = Budget::unlimited().with_memory_limit(1_000);
/// let mut charge = budget.charge(400)?;
/// let mut list: Vec<u64> = Vec::new();
/// charge.make_room(&mut list, 50)?;
/// assert!(charge.grow(300).is_err(), "400 and 50 times 8 are taken");
/// drop((list, charge));
/// assert_eq!(budget.memory_bytes(), 0);
/// # Ok::<(), hopgraph_engine::Interruption>(())
/// ```
#[derive(Debug)]
pub struct Charge {
    budget: Budget,
    used: u64,
    /// Taken from the budget: what is used, and a little ahead of it.
    taken: u64,
}

impl Charge {
    /// Nothing yet.
    pub fn new(budget: &Budget) -> Self {
        Self { budget: budget.clone(), used: 0, taken: 0 }
    }

    /// Takes more bytes, or fails if they would pass the limit.
    pub fn grow(&mut self, bytes: u64) -> Result<(), Interruption> {
        let used = self.used.saturating_add(bytes);
        if used > self.taken {
            let (missing, ahead) = (used - self.taken, (used / 8).min(AHEAD_BYTES_MAX));
            let generous = missing.saturating_add(ahead);
            if self.budget.memory_left().is_none_or(|left| generous <= left) && self.budget.reserve(generous).is_ok() {
                self.taken = used.saturating_add(ahead);
            } else {
                self.budget.reserve(missing)?;
                self.taken = used;
            }
        }
        self.used = used;
        Ok(())
    }

    /// Gives back part of it; at most what is used.
    pub fn shrink(&mut self, bytes: u64) {
        self.used -= bytes.min(self.used);
        if self.taken - self.used > 2 * AHEAD_BYTES_MAX {
            self.budget.release(self.taken - self.used);
            self.taken = self.used;
        }
    }

    /// Takes or gives back bytes so that this many are used.
    pub fn resize(&mut self, bytes: u64) -> Result<(), Interruption> {
        if bytes > self.used {
            return self.grow(bytes - self.used);
        }
        self.shrink(self.used - bytes);
        Ok(())
    }

    /// Makes room for further items in a list, and takes the bytes of its new capacity before that is allocated. The list
    /// must have no capacity that this charge does not know of.
    pub fn make_room<T>(&mut self, list: &mut Vec<T>, more: usize) -> Result<(), Interruption> {
        let (needed, before) = (list.len().saturating_add(more), list.capacity());
        if needed > before {
            let capacity = needed.max(before.saturating_mul(2)).max(4);
            let bytes = |items: usize| (items as u64).saturating_mul(size_of::<T>() as u64);
            // Old and new list stand beside each other while one is copied into the other.
            self.grow(bytes(capacity))?;
            list.reserve_exact(capacity - list.len());
            self.shrink(bytes(before));
        }
        Ok(())
    }

    /// Adds an item to a list; see [`Charge::make_room`].
    pub fn push<T>(&mut self, list: &mut Vec<T>, item: T) -> Result<(), Interruption> {
        if list.len() == list.capacity() {
            self.make_room(list, 1)?;
        }
        list.push(item);
        Ok(())
    }

    /// Bytes used, without those taken ahead.
    pub fn bytes(&self) -> u64 {
        self.used
    }

    /// The budget that it is held from.
    pub fn budget(&self) -> &Budget {
        &self.budget
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.budget.release(self.taken);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_charge_uses_a_limit_to_its_last_byte_and_gives_all_back() {
        let budget = Budget::unlimited().with_memory_limit(1_000);
        let mut charge = Charge::new(&budget);
        for _ in 0..100 {
            charge.grow(10).unwrap();
        }
        assert!(matches!(charge.grow(1), Err(Interruption::OutOfMemory { limit_bytes: 1_000 })));
        assert_eq!(charge.bytes(), 1_000, "what failed takes nothing");
        drop(charge);
        assert_eq!((budget.memory_bytes(), budget.memory_peak_bytes()), (0, 1_000));
    }

    #[test]
    fn what_one_takes_ahead_is_small_and_given_back_on_shrinking() {
        let budget = Budget::unlimited();
        let mut charge = Charge::new(&budget);
        charge.grow(10 << 20).unwrap();
        assert!(budget.memory_bytes() - (10 << 20) <= AHEAD_BYTES_MAX);
        charge.resize(5).unwrap();
        assert_eq!((charge.bytes(), budget.memory_bytes()), (5, 5));
    }

    #[test]
    fn room_in_a_list_is_charged_before_it_is_taken() {
        let budget = Budget::unlimited().with_memory_limit(1 << 20);
        let (mut charge, mut list) = (Charge::new(&budget), Vec::new());
        let refused = (0_u64..).find(|&item| charge.push(&mut list, item).is_err()).unwrap();
        assert!(list.capacity() * 8 <= 1 << 20, "{refused} items fit");
        assert!(refused >= 1 << 15, "a list may grow to a half of the limit at least: {refused}");
        drop(charge);
        assert_eq!(budget.memory_bytes(), 0);
    }

    #[test]
    fn clones_share_what_is_taken() {
        let budget = Budget::unlimited().with_memory_limit(100);
        let held = budget.clone().charge(60).unwrap();
        assert!(budget.charge(60).is_err());
        drop(held);
        assert!(budget.charge(60).is_ok());
    }
}
