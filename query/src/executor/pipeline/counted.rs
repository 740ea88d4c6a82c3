//! A stage with its work counted, for a profile.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use super::{Feed, Spec, Stage};
use crate::executor::column::{Chunk, Run};
use crate::executor::operator::Work;
use crate::fault::Result;

/// Counts the work of the stage inside, on every thread.
pub(super) struct Counted {
    pub(super) work: Arc<Work>,
}

impl Spec for Counted {
    fn start(self: Arc<Self>, input: Feed) -> Feed {
        Box::new(Counting { stage: input, work: Arc::clone(&self.work) })
    }
}

impl Counted {
    /// The stage with its work counted, if it is to be.
    pub(super) fn on(stage: Feed, work: Option<&Arc<Work>>) -> Feed {
        match work {
            Some(work) => Box::new(Counting { stage, work: Arc::clone(work) }),
            None => stage,
        }
    }
}

struct Counting {
    stage: Feed,
    work: Arc<Work>,
}

impl Stage for Counting {
    fn next(&mut self, run: &Run<'_, '_>) -> Result<Option<Chunk>> {
        let (start, touched) = (Instant::now(), run.touched());
        let result = self.stage.next(run);
        let nanoseconds = u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.work.nanoseconds.fetch_add(nanoseconds, Ordering::Relaxed);
        self.work.neighbors.fetch_add(run.touched() - touched, Ordering::Relaxed);
        if let Ok(Some(chunk)) = &result {
            self.work.rows.fetch_add(chunk.rows as u64, Ordering::Relaxed);
        }
        result
    }
}
