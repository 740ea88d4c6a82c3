//! A value in versions: whoever looked at one keeps it while the next is shown.

use crate::sync::{Arc, Mutex, PoisonError, RwLock};

/// The version that is shown now, and the lock of whoever replaces it.
#[derive(Debug)]
pub(crate) struct Versioned<I> {
    current: RwLock<Arc<I>>,
    /// Held by whoever moves it on, so that it never moves back.
    one_at_a_time: Mutex<()>,
}

impl<I> Versioned<I> {
    pub(crate) fn new(first: I) -> Self {
        Self { current: RwLock::new(Arc::new(first)), one_at_a_time: Mutex::default() }
    }

    /// What is shown now.
    pub(crate) fn current(&self) -> Arc<I> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Shows what `open` makes of what is shown now, if anything, once `prepare` has seen it. Gives what was shown before
    /// and what is shown now. If either fails, what was shown is still shown.
    pub(crate) fn move_on<E>(
        &self,
        open: impl FnOnce(&I) -> Result<Option<I>, E>,
        prepare: impl FnOnce(&Arc<I>) -> Result<(), E>,
    ) -> Result<Option<[Arc<I>; 2]>, E> {
        let _one_at_a_time = self.one_at_a_time.lock().unwrap_or_else(PoisonError::into_inner);
        let old = self.current();
        let Some(new) = open(&old)?.map(Arc::new) else { return Ok(None) };
        prepare(&new)?;
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&new);
        Ok(Some([old, new]))
    }
}
