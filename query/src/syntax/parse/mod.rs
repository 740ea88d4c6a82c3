//! Text to syntax tree. Knows letters and words; of graphs, labels and types that exist it knows nothing.

mod advice;
mod call;
mod clause;
mod comprehension;
mod error;
mod expression;
mod input;
mod label;
pub(crate) mod lexeme;
mod literal;
mod pattern;
mod statement;
mod subquery;
mod trust;

use input::{Context, Expected, Thing};

use crate::error::{QueryError, QueryErrorKind};
use crate::limits::QUERY_BYTES_MAX;
use crate::syntax::ast::{Span, Statement};
use crate::syntax::completion::CompletionKind;

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

/// What the parser would take behind a text.
pub(crate) struct Wanted {
    /// The sorts of thing.
    pub(crate) kinds: Vec<CompletionKind>,
    /// The keywords among them.
    pub(crate) keywords: Vec<&'static str>,
}

/// What may stand before a path.
const PATH_WORDS: &[&str] =
    &["WALK", "TRAIL", "ACYCLIC", "SIMPLE", "ANY SHORTEST", "ALL SHORTEST", "SHORTEST", "ANY CHEAPEST", "CHEAPEST"];

/// What may follow a text. Nothing may, if it is wrong before its end.
pub(crate) fn wanted_at_end(text: &str) -> Wanted {
    let context = Context::new(text);
    let expected = if check_length(text).is_ok() { error::expected_at_end(&context) } else { Vec::new() };
    let mut wanted = Wanted { kinds: Vec::new(), keywords: Vec::new() };
    let begins_path =
        context.lexemes.last().is_some_and(|last| last.is("=") || last.text(text).eq_ignore_ascii_case("MATCH"));
    let unsaid = [
        (Thing::NodePattern, begins_path, PATH_WORDS),
        (Thing::Expression, true, &["NOT", "CASE", "EXISTS", "TRUE", "FALSE", "NULL"]),
    ];
    for (thing, here, words) in unsaid {
        if here && expected.contains(&Expected::Thing(thing)) {
            wanted.kinds = vec![CompletionKind::Keyword];
            wanted.keywords.extend(words);
        }
    }
    for expected in expected {
        let kinds: &[CompletionKind] = match expected {
            Expected::Keyword(word) | Expected::Clause(word) => {
                wanted.keywords.push(word);
                &[CompletionKind::Keyword]
            }
            Expected::Operator(word) if word.starts_with(|letter: char| letter.is_ascii_alphabetic()) => {
                wanted.keywords.push(word);
                &[CompletionKind::Keyword]
            }
            Expected::Operator(_) | Expected::Symbol(_) => &[],
            Expected::Thing(thing) => kinds_of(thing),
        };
        wanted.kinds.extend(kinds.iter().filter(|kind| !wanted.kinds.contains(kind)).collect::<Vec<_>>());
    }
    wanted
}

fn kinds_of(thing: Thing) -> &'static [CompletionKind] {
    match thing {
        Thing::BareWord | Thing::Label => &[CompletionKind::Label],
        Thing::RelationType => &[CompletionKind::RelationType],
        Thing::PropertyKey => &[CompletionKind::PropertyKey],
        Thing::Variable => &[CompletionKind::Variable],
        Thing::Expression => &[CompletionKind::Variable, CompletionKind::Function],
        Thing::Function => &[CompletionKind::Function],
        Thing::Parameter => &[CompletionKind::Parameter],
        Thing::Procedure => &[CompletionKind::Procedure],
        Thing::Column => &[CompletionKind::Column],
        Thing::NodePattern | Thing::Relationship | Thing::Hops | Thing::End => &[],
    }
}
