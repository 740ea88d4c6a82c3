//! One sync for many commits. Whoever waits first syncs for all that were written by then; the others wait for that, and
//! one of those who came too late syncs next.
//!
//! What is synced, and how, is the caller's business: a moment of what was written goes in with each commit, and the last
//! one that is on the disk comes out.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// The place of a commit in the order in which commits were written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ticket(u64);

/// Commits on their way to the disk.
#[derive(Debug)]
pub(crate) struct GroupSync<M, E> {
    state: Mutex<State<M, E>>,
    /// A sync has ended, well or not.
    ended: Condvar,
}

#[derive(Debug)]
struct State<M, E> {
    /// The last commit that was written.
    written: Commit<M>,
    /// The last commit that is on the disk.
    synced: Commit<M>,
    /// Whether somebody syncs now.
    syncing: bool,
    /// Why a sync failed. What is on the disk since then is not known, so there is no further one.
    failure: Option<E>,
}

#[derive(Clone, Debug)]
struct Commit<M> {
    ticket: Ticket,
    /// What holds once it is on the disk.
    moment: M,
}

impl<M: Clone, E: Clone> GroupSync<M, E> {
    /// Begins at a moment that is on the disk.
    pub(crate) fn new(moment: M) -> Self {
        let first = Commit { ticket: Ticket::default(), moment };
        let state = State { written: first.clone(), synced: first, syncing: false, failure: None };
        Self { state: Mutex::new(state), ended: Condvar::new() }
    }

    /// Notes that a commit was written, after which this moment holds. Called in the order of the writes.
    pub(crate) fn note_written(&self, moment: M) -> Ticket {
        let mut state = self.lock();
        let ticket = Ticket(state.written.ticket.0 + 1);
        let old = std::mem::replace(&mut state.written, Commit { ticket, moment });
        // To let go of a moment may take a while, for which nobody should wait.
        drop(state);
        drop(old);
        ticket
    }

    /// Waits until a commit is on the disk, for which `sync` is called if nobody does so for this caller. Everything for
    /// which [`GroupSync::note_written`] has returned before `sync` is called is on the disk when that succeeds.
    ///
    /// # Errors
    /// What a sync said that failed, to everybody whose commit was not on the disk before.
    pub(crate) fn wait(&self, ticket: Ticket, sync: impl FnOnce() -> Result<(), E>) -> Result<(), E> {
        let mut state = self.lock();
        loop {
            if ticket <= state.synced.ticket {
                return Ok(());
            }
            if let Some(failure) = &state.failure {
                return Err(failure.clone());
            }
            if !state.syncing {
                break;
            }
            state = self.ended.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.syncing = true;
        let mut covered = state.written.clone();
        drop(state);
        let result = sync();
        let mut state = self.lock();
        state.syncing = false;
        match &result {
            Ok(()) => std::mem::swap(&mut state.synced, &mut covered),
            Err(failure) => state.failure = Some(failure.clone()),
        }
        drop(state);
        self.ended.notify_all();
        result
    }

    /// The last moment that is on the disk.
    pub(crate) fn synced(&self) -> M {
        self.lock().synced.moment.clone()
    }

    /// Why a sync failed, if one did.
    pub(crate) fn failure(&self) -> Option<E> {
        self.lock().failure.clone()
    }

    fn lock(&self) -> MutexGuard<'_, State<M, E>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;

    use super::*;

    const OTHERS: u32 = 8;

    type Told = Result<(), &'static str>;

    /// One thread commits; while it syncs, others write theirs, so that they must share the next sync. Gives what these were
    /// told, and how often that was synced.
    fn commit_together(group: &GroupSync<u32, &'static str>, second: Told) -> (Vec<Told>, u32) {
        let (written, syncs) = (Mutex::new(1), AtomicU32::new(0));
        let commit = || {
            let mut count = written.lock().unwrap();
            *count += 1;
            let ticket = group.note_written(*count);
            drop(count);
            group.wait(ticket, || {
                syncs.fetch_add(1, Ordering::Relaxed);
                second
            })
        };
        let first = group.note_written(1);
        let told = std::thread::scope(|scope| {
            let mut others = Vec::new();
            let sync = || {
                others.extend((0..OTHERS).map(|_| scope.spawn(commit)));
                while *written.lock().unwrap() <= OTHERS {
                    std::thread::sleep(Duration::from_millis(1));
                }
                Ok(())
            };
            group.wait(first, sync).unwrap();
            others.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        (told, syncs.into_inner())
    }

    #[test]
    fn commits_that_wait_at_the_same_time_share_a_sync() {
        let group = GroupSync::new(0);
        let (told, syncs) = commit_together(&group, Ok(()));
        assert_eq!((told, syncs), (vec![Ok(()); OTHERS as usize], 1));
        assert_eq!(group.synced(), OTHERS + 1);
    }

    #[test]
    fn a_failed_sync_is_told_to_all_who_wait_and_to_whoever_comes_later() {
        let group = GroupSync::new(0);
        let gone = Err("the disk is gone");
        assert_eq!(commit_together(&group, gone), (vec![gone; OTHERS as usize], 1));
        assert_eq!(group.failure(), gone.err());
        assert_eq!(group.synced(), 1, "what is shown is what is known to be on the disk");
        let later = group.note_written(OTHERS + 2);
        assert_eq!(group.wait(later, || panic!("nothing is synced after a failure")), gone);
    }

    #[test]
    fn a_moment_is_shown_once_it_is_on_the_disk() {
        let group = GroupSync::<_, &str>::new(0);
        let (first, second) = (group.note_written(1), group.note_written(2));
        assert_eq!(group.synced(), 0);
        let sync = || {
            assert_eq!(group.synced(), 0);
            Ok(())
        };
        group.wait(first, sync).unwrap();
        assert_eq!(group.synced(), 2, "the sync covers what was written before it began");
        group.wait(second, || panic!("it is on the disk already")).unwrap();
    }
}
