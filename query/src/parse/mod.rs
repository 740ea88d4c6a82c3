//! Text to syntax tree. Knows letters and words; of graphs, labels and types that exist it knows nothing.

mod clause;
mod error;
mod expression;
mod input;
pub(crate) mod lexeme;
mod literal;
mod pattern;
mod statement;

use input::Context;

use crate::ast::{Span, Statement};
use crate::error::{QueryError, QueryErrorKind};
use crate::limits::QUERY_BYTES_MAX;

/// Parses a query. The error of a text that is not in the language points at the furthest letter up to which it could
/// have been.
pub fn parse(text: &str) -> Result<Statement, QueryError> {
    check_length(text)?;
    let context = Context::new(text);
    match statement::statement(context.tokens()) {
        Ok((_, statement)) => Ok(statement),
        Err(_) => Err(error::explain(&context)),
    }
}

/// Whether a query is all there, or goes on in the next line: a shell asks this at the end of each line. A text that
/// is wrong before its end is complete, for more text cannot mend it.
pub fn is_complete(text: &str) -> bool {
    if check_length(text).is_err() {
        return true;
    }
    let context = Context::new(text);
    context.lexemes.is_empty()
        || statement::statement(context.tokens()).is_ok()
        || (context.fatal.borrow().is_some() || !error::is_open_ended(&context))
}

fn check_length(text: &str) -> Result<(), QueryError> {
    if text.len() <= QUERY_BYTES_MAX {
        return Ok(());
    }
    let kind = QueryErrorKind::TooLarge { what: "long", limit: QUERY_BYTES_MAX };
    let help = "hand large amounts of data over as a parameter: UNWIND $rows AS row".to_owned();
    Err(QueryError { kind, span: Some(Span { start: QUERY_BYTES_MAX, end: text.len() }), help: Some(help) })
}
