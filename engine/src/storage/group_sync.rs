//! One sync for many commits. Whoever waits first syncs for all that were written by then; the others wait for that, and
//! one of those who came too late syncs next.
//!
//! What is synced, and how, is the caller's business: a moment of what was written goes in with each commit, and the last
//! one that is on the disk comes out.

use crate::sync::{Condvar, Mutex, MutexGuard, PoisonError};

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
