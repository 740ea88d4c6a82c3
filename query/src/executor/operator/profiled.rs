//! An operator with its work counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use super::{Input, Operator};
use crate::executor::compute::{Context, Row};
use crate::fault::Result;
use crate::planner::Measured;

/// What an operator did, its inputs included (but for the rows).
#[derive(Debug, Default)]
pub(crate) struct Work {
    pub(crate) rows: AtomicU64,
    pub(crate) neighbors: AtomicU64,
    pub(crate) nanoseconds: AtomicU64,
}

impl Work {
    /// What has been counted so far.
    pub(crate) fn measured(&self) -> Measured {
        let [rows, neighbors, nanoseconds] =
            [&self.rows, &self.neighbors, &self.nanoseconds].map(|count| count.load(Ordering::Relaxed));
        Measured { rows, neighbors, nanoseconds }
    }
}

/// Counts the work of the operator inside.
pub(crate) struct Profiled {
    operator: Input,
    work: Arc<Work>,
}

impl Profiled {
    pub(crate) fn new(operator: Input, work: Arc<Work>) -> Self {
        Self { operator, work }
    }

    fn count<T>(&mut self, context: &Context<'_>, run: impl FnOnce(&mut dyn Operator) -> Result<T>) -> Result<T> {
        let (start, touched) = (Instant::now(), context.budget().neighbors_touched());
        let result = run(&mut *self.operator);
        let nanoseconds = u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.work.nanoseconds.fetch_add(nanoseconds, Ordering::Relaxed);
        self.work.neighbors.fetch_add(context.budget().neighbors_touched() - touched, Ordering::Relaxed);
        result
    }
}

impl Operator for Profiled {
    fn open(&mut self, context: &Context<'_>, row: &mut Row) -> Result<()> {
        self.count(context, |operator| operator.open(context, row))
    }

    fn next(&mut self, context: &Context<'_>, row: &mut Row) -> Result<bool> {
        let found = self.count(context, |operator| operator.next(context, row))?;
        self.work.rows.fetch_add(found.into(), Ordering::Relaxed);
        Ok(found)
    }
}
