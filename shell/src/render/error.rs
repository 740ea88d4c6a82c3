//! Errors as a user sees them, and what they mean for the exit code.

use std::error::Error;
use std::fmt;
use std::io;

use hopgraph::engine::{Interruption, StorageError};
use hopgraph::query::QueryErrorKind;
use hopgraph::{LoadError, QueryError};

/// A query that failed, as it is shown: with the line of the query and a caret under the place.
#[derive(Debug)]
pub(crate) struct QueryFailure {
    report: String,
    /// What the error was.
    pub(crate) error: QueryError,
}

impl QueryFailure {
    /// The failure of the query with this text.
    pub(crate) fn new(error: QueryError, text: &str) -> Self {
        Self { report: error.report(text).trim_end().to_owned(), error }
    }
}

impl fmt::Display for QueryFailure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.report)
    }
}

impl Error for QueryFailure {}

/// An error and its causes on one line, each cause only if the text before does not tell it already.
pub(crate) fn report(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain() {
        let message = cause.to_string();
        if text.is_empty() {
            text = message;
        } else if !text.contains(&message) {
            text = format!("{text}: {message}");
        }
    }
    text
}

/// Whether the reader of our output has gone away, as `head` does once it has seen enough.
pub(crate) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .any(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

/// Whether the work was stopped by Ctrl-C.
pub(crate) fn is_interruption(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause.downcast_ref::<QueryFailure>().is_some_and(|failure| is_cancelled_query(&failure.error))
            || cause.downcast_ref::<QueryError>().is_some_and(is_cancelled_query)
            || cause.downcast_ref::<StorageError>().is_some_and(is_cancelled_work)
            || matches!(cause.downcast_ref(), Some(LoadError::Storage(error)) if is_cancelled_work(error))
    })
}

fn is_cancelled_query(error: &QueryError) -> bool {
    matches!(error.kind, QueryErrorKind::Interrupted(Interruption::Cancelled))
}

fn is_cancelled_work(error: &StorageError) -> bool {
    matches!(error, StorageError::Interrupted(Interruption::Cancelled))
}
