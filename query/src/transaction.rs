//! Transactions: several queries on one moment of the graph, or several writes that become true together.

use std::ops::{Deref, DerefMut};

use hopgraph_engine::{Change, Snapshot};

use crate::execute::Prepared;
use crate::fault::{Result, transaction};
use crate::{Parameters, QueryOptions, Rows};

/// One moment of the graph: every query sees the same, whatever is committed meanwhile. Node by node it is read as a
/// [`Snapshot`].
///
/// A handle: a clone is the same moment, and it can be kept beside its rows for as long as need be.
#[derive(Clone, Debug)]
pub struct ReadTransaction {
    snapshot: Snapshot,
}

impl ReadTransaction {
    /// Queries on this moment.
    pub fn new(snapshot: Snapshot) -> Self {
        Self { snapshot }
    }

    /// Runs a query within the default limits.
    ///
    /// # Errors
    /// For a query that would write too.
    pub fn query(&self, text: &str, parameters: &Parameters) -> Result<Rows> {
        self.query_with(text, parameters, &QueryOptions::default())
    }

    /// Runs a query within these limits.
    ///
    /// # Errors
    /// For a query that would write too.
    pub fn query_with(&self, text: &str, parameters: &Parameters, options: &QueryOptions) -> Result<Rows> {
        self.run(&self.prepare(text)?, parameters, options)
    }

    /// Parses and plans a query once, to be run many times.
    pub fn prepare(&self, text: &str) -> Result<Prepared> {
        Prepared::at(&self.snapshot, text)
    }

    /// Runs a query that was prepared for this graph.
    ///
    /// # Errors
    /// For a query that would write too.
    pub fn run(&self, prepared: &Prepared, parameters: &Parameters, options: &QueryOptions) -> Result<Rows> {
        prepared.run_at(&self.snapshot, parameters, options)
    }
}

impl Deref for ReadTransaction {
    type Target = Snapshot;

    fn deref(&self) -> &Snapshot {
        &self.snapshot
    }
}

/// Several statements that become true together, or not at all: nothing shows to others before
/// [`WriteTransaction::commit`], and dropped, it leaves no trace. Each statement sees what those before it wrote. Node by
/// node it is read and edited as a [`Change`].
///
/// One at a time is open: the next one waits for it to end.
#[derive(Debug)]
pub struct WriteTransaction {
    /// There but while a statement runs.
    change: Option<Change>,
    /// Whether a statement failed that may have written some of what it was to write.
    failed: bool,
}

impl WriteTransaction {
    /// Statements that edit this change.
    pub fn new(change: Change) -> Self {
        Self { change: Some(change), failed: false }
    }

    /// Runs a statement within the default limits. It has run to its end when this returns.
    ///
    /// # Errors
    /// After an error of a statement that writes, the transaction takes no further one, and cannot be committed.
    pub fn query(&mut self, text: &str, parameters: &Parameters) -> Result<Rows> {
        self.query_with(text, parameters, &QueryOptions::default())
    }

    /// Runs a statement within these limits. It has run to its end when this returns.
    ///
    /// # Errors
    /// As [`WriteTransaction::query`].
    pub fn query_with(&mut self, text: &str, parameters: &Parameters, options: &QueryOptions) -> Result<Rows> {
        self.run(&self.prepare(text)?, parameters, options)
    }

    /// Parses and plans a statement once, to be run many times in this transaction.
    ///
    /// # Errors
    /// As [`WriteTransaction::query`].
    pub fn prepare(&self, text: &str) -> Result<Prepared> {
        self.check()?;
        Prepared::in_change(self, text)
    }

    /// Runs a statement that was prepared for this graph, or in this transaction.
    ///
    /// # Errors
    /// As [`WriteTransaction::query`].
    pub fn run(&mut self, prepared: &Prepared, parameters: &Parameters, options: &QueryOptions) -> Result<Rows> {
        self.check()?;
        let change = self.change.take().expect("no other statement runs");
        let (change, rows) = prepared.run_in(change, parameters, options);
        self.change = Some(change);
        self.failed = rows.is_err() && prepared.writes();
        rows
    }

    /// Makes all of it true at once.
    ///
    /// # Errors
    /// If a statement failed, or the graph cannot be written; then none of it is true.
    pub fn commit(mut self) -> Result<()> {
        self.check()?;
        let change = self.change.take().expect("no statement runs");
        Ok(change.commit()?)
    }

    /// Leaves no trace, as dropping it does.
    pub fn rollback(self) {
        drop(self);
    }

    /// Whether a statement failed, so that nothing is left but to roll back.
    pub fn has_failed(&self) -> bool {
        self.failed
    }

    fn check(&self) -> Result<()> {
        if !self.failed {
            return Ok(());
        }
        Err(transaction(
            "a statement of this transaction failed, so that nothing of it can be kept; roll back, and begin anew",
        ))
    }
}

impl Deref for WriteTransaction {
    type Target = Change;

    fn deref(&self) -> &Change {
        self.change.as_ref().expect("no statement runs")
    }
}

impl DerefMut for WriteTransaction {
    fn deref_mut(&mut self) -> &mut Change {
        self.change.as_mut().expect("no statement runs")
    }
}
