//! RETRACT and VERIFY: taking back what was read, and reading again what was found.

use nom::Parser;
use nom::branch::alt;
use nom::combinator::{cut, map, opt, value};
use nom::sequence::{delimited, pair, preceded, separated_pair};

use super::expression::expression;
use super::input::{Parsed, Tokens, clause_word, keyword, symbol, variable};
use crate::syntax::ast::{Name, Retractable, Retraction, Verification};

/// `RETRACT DOCUMENT name`, `RETRACT RUN name`
pub(super) fn retraction(input: Tokens<'_>) -> Parsed<'_, Retraction> {
    let document = value(Retractable::Document, keyword("DOCUMENT"));
    let run = value(Retractable::Run, keyword("RUN"));
    let parts = pair(alt((document, run)), expression);
    map(preceded(clause_word("RETRACT"), cut(parts)), |(what, name)| Retraction { what, name }).parse(input)
}

/// `VERIFY (source)-(target) [INSERT]`
pub(super) fn verification(input: Tokens<'_>) -> Parsed<'_, Verification> {
    let parts = pair(separated_pair(end, symbol("-"), end), opt(keyword("INSERT")));
    map(preceded(clause_word("VERIFY"), cut(parts)), |((source, target), insert)| Verification {
        source,
        target,
        insert: insert.is_some(),
    })
    .parse(input)
}

/// `(name)`
fn end(input: Tokens<'_>) -> Parsed<'_, Name> {
    delimited(symbol("("), variable, symbol(")")).parse(input)
}
