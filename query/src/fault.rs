//! Short ways to say what is wrong with a query.

use crate::syntax::ast::Span;
use crate::{QueryError, QueryErrorKind};

/// What every step from syntax tree to rows may end in.
pub(crate) type Result<T, E = QueryError> = std::result::Result<T, E>;

/// A name stands for nothing, or clauses do not fit together.
pub(crate) fn meaning(span: Span, message: impl Into<String>) -> QueryError {
    QueryError { kind: QueryErrorKind::Meaning(message.into()), span: Some(span), help: None }
}

/// As [`meaning`], with a word on what would help.
pub(crate) fn meaning_with_help(span: Span, message: impl Into<String>, help: Option<String>) -> QueryError {
    QueryError { help, ..meaning(span, message) }
}

/// A statement does not fit the transaction that it was to be part of.
pub(crate) fn transaction(message: &'static str) -> QueryError {
    QueryError { kind: QueryErrorKind::Transaction(message), span: None, help: None }
}

/// The query passes a limit of the language.
pub(crate) fn too_large(what: &'static str, limit: usize, span: Span) -> QueryError {
    QueryError { kind: QueryErrorKind::TooLarge { what, limit }, span: Some(span), help: None }
}

/// A value has the wrong type or no answer.
pub(crate) fn value(span: Span, message: impl Into<String>) -> QueryError {
    QueryError { kind: QueryErrorKind::Value(message.into()), span: Some(span), help: None }
}

/// What a function or an operator on values may end in: it does not know its place in the text.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The values do not fit; in words.
    Value(String),
    /// Anything else.
    Query(QueryError),
}

impl Failure {
    /// The failure with its place in the text.
    pub(crate) fn at(self, span: Span) -> QueryError {
        match self {
            Self::Value(message) => value(span, message),
            Self::Query(error) => error,
        }
    }
}

impl From<String> for Failure {
    fn from(message: String) -> Self {
        Self::Value(message)
    }
}

impl From<QueryError> for Failure {
    fn from(error: QueryError) -> Self {
        Self::Query(error)
    }
}
