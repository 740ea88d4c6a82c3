//! What can be wrong with a query, and where in its text.

use hopgraph_engine::{Interruption, StorageError};

use crate::executor::verification::VerifierError;
use crate::syntax::ast::Span;
use crate::syntax::excerpt::excerpt;

/// A query that could not be answered: what is wrong, where, and what would help.
///
/// `Display` gives the message alone; [`QueryError::report`] adds the line of the query with a caret under the place.
#[derive(Debug, thiserror::Error)]
#[error("{kind}")]
pub struct QueryError {
    /// What is wrong.
    pub kind: QueryErrorKind,
    /// Where, if it has a place in the text.
    pub span: Option<Span>,
    /// What would help, such as the nearest known name.
    pub help: Option<String>,
}

/// The sorts of error.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum QueryErrorKind {
    /// The text is not in the language.
    #[error("expected {expected}, found {found}")]
    Syntax {
        /// What could have stood here, in words.
        expected: String,
        /// What stands here.
        found: String,
    },
    /// The text is longer or nested deeper than the limit.
    #[error("the query is too {what}: the limit is {limit}")]
    TooLarge {
        /// `long` or `deeply nested`.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// A name stands for nothing, or clauses do not fit together.
    #[error("{0}")]
    Meaning(String),
    /// A value has the wrong type or no answer, such as a division by zero.
    #[error("{0}")]
    Value(String),
    /// A statement does not fit the transaction that it was to be part of.
    #[error("{0}")]
    Transaction(&'static str),
    /// An answer was asked for a column that it does not have, or for a value of another type than it holds.
    #[error("{0}")]
    Column(String),
    /// It was stopped: cancelled, out of time, out of memory.
    #[error(transparent)]
    Interrupted(#[from] Interruption),
    /// The graph could not be read or written.
    #[error(transparent)]
    Storage(Box<StorageError>),
    /// The model that VERIFY reads with failed.
    #[error(transparent)]
    Verifier(VerifierError),
}

impl QueryError {
    /// The message, then the line of the query with a caret under the place, then the help: several lines of plain
    /// text, as the shell shows them.
    ///
    /// ```
    /// let text = "MATCH (g:gene)\nRETRUN g.name";
    /// let error = hopgraph_query::parse::parse(text).unwrap_err();
    /// let report = error.report(text);
    /// assert!(report.ends_with("line 2: RETRUN g.name\n        ^^^^^^\nhelp: did you mean RETURN?"), "{report}");
    /// ```
    pub fn report(&self, text: &str) -> String {
        let place = self.span.map(|span| format!("\n{}", excerpt(text, span))).unwrap_or_default();
        let help = self.help.as_ref().map(|help| format!("\nhelp: {help}")).unwrap_or_default();
        format!("{self}{place}{help}")
    }
}

impl From<StorageError> for QueryError {
    fn from(error: StorageError) -> Self {
        let kind = match error {
            StorageError::Interrupted(interruption) => QueryErrorKind::Interrupted(interruption),
            other => QueryErrorKind::Storage(Box::new(other)),
        };
        Self { kind, span: None, help: None }
    }
}

impl From<Interruption> for QueryError {
    fn from(interruption: Interruption) -> Self {
        Self { kind: QueryErrorKind::Interrupted(interruption), span: None, help: None }
    }
}
