//! Why a question got no answer, for people and for programs.

use hopgraph::engine::{Interruption, StorageError};
use hopgraph::query::{QueryError, QueryErrorKind};
use serde_json::{Value as Json, json};

use super::text::utf16_range;

/// Why a question got no answer.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) kind: FailureKind,
    pub(crate) message: String,
    pub(crate) help: Option<String>,
    /// Where in the text of the query, in UTF-16 units as browsers count.
    pub(crate) place: Option<[usize; 2]>,
}

/// What sort of failure it is; its name is part of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FailureKind {
    /// The question does not make sense: a query with an error, a field that is missing.
    Question,
    /// What it names is not there.
    Missing,
    /// It was to write, and the graph is open for reading only.
    ReadOnly,
    /// It ran out of time or memory.
    Limit,
    /// It was stopped.
    Stopped,
    /// The graph or the model failed.
    Internal,
}

impl FailureKind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Question => "question",
            Self::Missing => "missing",
            Self::ReadOnly => "read_only",
            Self::Limit => "limit",
            Self::Stopped => "stopped",
            Self::Internal => "internal",
        }
    }
}

impl Failure {
    pub(crate) fn question(message: impl Into<String>) -> Self {
        Self { kind: FailureKind::Question, message: message.into(), help: None, place: None }
    }

    pub(crate) fn missing(message: impl Into<String>) -> Self {
        Self { kind: FailureKind::Missing, ..Self::question(message) }
    }

    /// A query of the user that failed; its place is shown in the editor.
    pub(crate) fn of_query(error: &QueryError, text: &str) -> Self {
        let place = error.span.map(|span| utf16_range(text, span.start, span.end));
        Self { kind: kind_of(&error.kind), message: error.to_string(), help: error.help.clone(), place }
    }

    pub(crate) fn json(&self) -> Json {
        json!({
            "kind": self.kind.name(),
            "message": self.message,
            "help": self.help,
            "place": self.place.map(|[from, to]| json!({ "from": from, "to": to })),
        })
    }
}

fn kind_of(kind: &QueryErrorKind) -> FailureKind {
    match kind {
        QueryErrorKind::Interrupted(interruption) => kind_of_interruption(interruption),
        QueryErrorKind::Storage(error) => kind_of_storage(error),
        QueryErrorKind::Verifier(_) => FailureKind::Internal,
        _ => FailureKind::Question,
    }
}

fn kind_of_interruption(interruption: &Interruption) -> FailureKind {
    match interruption {
        Interruption::Cancelled => FailureKind::Stopped,
        Interruption::TimedOut { .. } | Interruption::OutOfMemory { .. } => FailureKind::Limit,
        _ => FailureKind::Question,
    }
}

fn kind_of_storage(error: &StorageError) -> FailureKind {
    match error {
        StorageError::ReadOnly { .. } => FailureKind::ReadOnly,
        StorageError::Interrupted(interruption) => kind_of_interruption(interruption),
        StorageError::UnknownNode(_)
        | StorageError::UnknownSentence(_)
        | StorageError::UnknownDocument(_)
        | StorageError::UnknownRun(_)
        | StorageError::NoSuchDocument { .. }
        | StorageError::NoSuchRun { .. } => FailureKind::Missing,
        StorageError::AmbiguousRun { .. }
        | StorageError::InvalidName { .. }
        | StorageError::IdentifierTaken { .. }
        | StorageError::RelationTypeConflict { .. }
        | StorageError::NotAProbability(_)
        | StorageError::RecordTooLarge { .. } => FailureKind::Question,
        _ => FailureKind::Internal,
    }
}

impl From<StorageError> for Failure {
    fn from(error: StorageError) -> Self {
        Self { kind: kind_of_storage(&error), ..Self::question(error.to_string()) }
    }
}

impl From<Interruption> for Failure {
    fn from(interruption: Interruption) -> Self {
        StorageError::from(interruption).into()
    }
}

/// A query that was made here; the user never saw its text, so that its place means nothing.
impl From<QueryError> for Failure {
    fn from(error: QueryError) -> Self {
        Self { kind: kind_of(&error.kind), help: error.help.clone(), ..Self::question(error.to_string()) }
    }
}
