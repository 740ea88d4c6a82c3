//! What all questions share: the graph, the limits of a request, and what is remembered of a state of the graph.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use hopgraph::engine::{Budget, Change, Snapshot, StorageError};
use hopgraph::query::{Parameters, Row, Verifier};
use hopgraph::{Graph, QueryOptions};
use serde_json::Value as Json;

use super::Failure;

/// How long after a look for a newer state of the graph the next one is due.
const FOLLOW_EVERY: Duration = Duration::from_millis(100);

/// What one request may use.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How long it may run.
    pub time: Duration,
    /// Most bytes that it may hold.
    pub memory_bytes: u64,
}

impl Default for Limits {
    /// 30 seconds, 512 MiB.
    fn default() -> Self {
        Self { time: Duration::from_secs(30), memory_bytes: 512 << 20 }
    }
}

/// A graph that answers questions.
#[derive(Debug)]
pub struct Service {
    graph: Graph,
    limits: Limits,
    verifier: Option<Arc<dyn Verifier>>,
    /// Grows when the graph has changed.
    state: AtomicU64,
    looked: Mutex<Option<Instant>>,
    /// Answers that take time in the size of the graph, with the state that they are of.
    remembered: Mutex<HashMap<String, (u64, Json)>>,
}

impl Service {
    /// A service over this graph; what can be written through it is what the graph was opened for. `verifier` reads
    /// sentences for VERIFY.
    pub fn new(graph: Graph, limits: Limits, verifier: Option<Arc<dyn Verifier>>) -> Self {
        let (state, looked, remembered) = Default::default();
        Self { graph, limits, verifier, state, looked, remembered }
    }

    /// A request that ends by itself only.
    pub(crate) fn request(&self, stop: Stop) -> Request<'_> {
        Request { service: self, stop, started: Instant::now() }
    }

    pub(crate) fn graph(&self) -> &Graph {
        &self.graph
    }

    pub(crate) fn has_model(&self) -> bool {
        self.verifier.is_some()
    }

    /// Moves on to what another process has written. Looks at most ten times a second, and one thread at a time.
    pub(crate) fn follow(&self) -> Result<(), StorageError> {
        if self.graph.is_writable() {
            return Ok(());
        }
        let Ok(mut looked) = self.looked.try_lock() else { return Ok(()) };
        if looked.is_some_and(|looked| looked.elapsed() < FOLLOW_EVERY) {
            return Ok(());
        }
        let moved = match self.graph.catch_up() {
            // The state before the retraction is a state of the graph, and goes on being shown.
            Err(StorageError::RetractionUnderWay { .. }) => false,
            other => other?,
        };
        *looked = Some(Instant::now());
        if moved {
            self.note_change();
        }
        Ok(())
    }

    /// From here on nothing that is remembered holds.
    pub(crate) fn note_change(&self) {
        self.state.fetch_add(1, Ordering::Release);
    }

    /// A number that is the same as long as nothing was written.
    pub(crate) fn state(&self) -> u64 {
        self.state.load(Ordering::Acquire)
    }
}

/// Tells a request from outside to stop.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stop(Arc<AtomicBool>);

impl Stop {
    pub(crate) fn now(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A request that is being answered.
#[derive(Clone, Debug)]
pub(crate) struct Request<'s> {
    pub(crate) service: &'s Service,
    stop: Stop,
    started: Instant,
}

impl Request<'_> {
    /// The graph as it is now.
    pub(crate) fn snapshot(&self) -> Result<Snapshot, StorageError> {
        self.service.graph.engine().read_within(&self.budget())
    }

    /// Edits of the graph; waits for whoever writes.
    pub(crate) fn change(&self) -> Result<Change, StorageError> {
        self.service.graph.engine().write_within(&self.budget())
    }

    fn time_left(&self) -> Duration {
        self.service.limits.time.saturating_sub(self.started.elapsed())
    }

    /// The limits as the engine takes them.
    pub(crate) fn budget(&self) -> Budget {
        Budget::unlimited()
            .with_cancel_flag(Arc::clone(&self.stop.0))
            .with_time_limit(self.time_left())
            .with_memory_limit(self.service.limits.memory_bytes)
    }

    /// The limits as the language takes them.
    pub(crate) fn options(&self) -> QueryOptions {
        QueryOptions {
            memory_limit_bytes: Some(self.service.limits.memory_bytes),
            time_limit: Some(self.time_left()),
            cancel: Some(Arc::clone(&self.stop.0)),
            verifier: self.service.verifier.clone(),
            // Whoever may ask a server may not read its files.
            csv_files: None,
        }
    }

    /// All rows of a query that was made here.
    pub(crate) fn rows(&self, text: &str, parameters: &Parameters) -> Result<Vec<Row>, Failure> {
        let rows = self.service.graph.query_with(text, parameters, &self.options())?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// An answer that is worked out once for each state of the graph.
    pub(crate) fn remember(
        &self,
        name: &str,
        work_out: impl FnOnce() -> Result<Json, Failure>,
    ) -> Result<Json, Failure> {
        let state = self.service.state();
        let known = self.service.remembered.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned();
        if let Some((of, answer)) = known
            && of == state
        {
            return Ok(answer);
        }
        let answer = work_out()?;
        let mut remembered = self.service.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        remembered.retain(|_, (of, _)| *of == state);
        remembered.insert(name.to_owned(), (state, answer.clone()));
        Ok(answer)
    }
}
