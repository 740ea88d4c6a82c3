//! From the furthest failure to an error in plain words, with the help that a habit from elsewhere or a slip of the
//! finger calls for.

use super::advice::advice;
use super::input::{Context, Expected};
use super::lexeme::{Lexeme, LexemeKind, Unclosed};
use super::statement::statement;
use crate::error::{QueryError, QueryErrorKind};
use crate::syntax::ast::Span;

/// The error of a parse that failed. Parses once more to learn what was expected where it failed: a parse that
/// succeeds, and nearly all do, need not remember that.
pub(super) fn explain(context: &Context<'_>) -> QueryError {
    if let Some(error) = context.fatal.take() {
        return error;
    }
    let failure = Failure { context, position: context.furthest.get(), expected: expected_at_furthest(context) };
    failure.broken_lexeme().or_else(|| failure.unclosed_bracket()).unwrap_or_else(|| failure.plain())
}

/// Parses once more, remembering what was expected where the parse before came furthest.
fn expected_at_furthest(context: &Context<'_>) -> Vec<Expected> {
    context.expected.replace(Some(Vec::new()));
    // It ends as before: a parse depends on nothing but the text.
    let _ = statement(context.tokens());
    context.expected.take().unwrap_or_default()
}

/// What could stand behind the last lexeme; nothing, if the parse does not come that far.
pub(super) fn expected_at_end(context: &Context<'_>) -> Vec<Expected> {
    // Whether the text is a whole query does not matter: even then more could follow.
    let _ = statement(context.tokens());
    if context.fatal.borrow().is_some() || context.furthest.get() < context.lexemes.len() {
        return Vec::new();
    }
    expected_at_furthest(context)
}

/// Whether a text fails only because it ends too early.
pub(super) fn is_open_ended(context: &Context<'_>) -> bool {
    let unclosed = context.lexemes.iter().any(|lexeme| matches!(lexeme.kind, LexemeKind::Unclosed(_)));
    unclosed || context.furthest.get() >= context.lexemes.len()
}

/// Where the parse came to its end, and what could have stood there.
pub(super) struct Failure<'a> {
    context: &'a Context<'a>,
    position: usize,
    /// What could have stood there.
    pub(super) expected: Vec<Expected>,
}

impl Failure<'_> {
    /// The lexeme this far from the failure.
    fn lexeme(&self, offset: isize) -> Option<&Lexeme> {
        self.position.checked_add_signed(offset).and_then(|position| self.context.lexemes.get(position))
    }

    /// What the lexeme this far from the failure is.
    pub(super) fn kind(&self, offset: isize) -> Option<LexemeKind> {
        self.lexeme(offset).map(|lexeme| lexeme.kind)
    }

    /// The letters of the lexeme this far from the failure; empty outside the text.
    pub(super) fn letters(&self, offset: isize) -> &str {
        self.lexeme(offset).map_or("", |lexeme| lexeme.text(self.context.text))
    }

    /// The same, if the lexeme is a word.
    pub(super) fn word(&self, offset: isize) -> Option<&str> {
        (self.kind(offset) == Some(LexemeKind::Word)).then(|| self.letters(offset))
    }

    /// Whether this could have stood here.
    pub(super) fn expects(&self, expected: Expected) -> bool {
        self.expected.contains(&expected)
    }

    /// Whether nothing lies between the lexeme here and the one before.
    pub(super) fn is_joined(&self) -> bool {
        self.lexeme(-1).is_some_and(|before| before.span.end == self.span().start)
    }

    fn span(&self) -> Span {
        self.lexeme(0).map_or_else(|| self.context.end(), |lexeme| lexeme.span)
    }

    fn found(&self) -> String {
        match self.kind(0) {
            None => "the end of the query".to_owned(),
            Some(LexemeKind::Text) => format!("the text {}", shortened(self.letters(0))),
            Some(_) => format!("`{}`", shortened(self.letters(0))),
        }
    }

    fn error(&self, expected: String, found: String, span: Span, help: Option<String>) -> QueryError {
        QueryError { kind: QueryErrorKind::Syntax { expected, found }, span: Some(span), help }
    }

    /// A text, name or comment without an end, a number with letters behind it.
    fn broken_lexeme(&self) -> Option<QueryError> {
        let lexeme = self.lexeme(0)?;
        let end = "the end of the query".to_owned();
        let (expected, found) = match lexeme.kind {
            LexemeKind::Unclosed(Unclosed::Text) => {
                (format!("a closing {} for the text that begins here", &self.letters(0)[..1]), end)
            }
            LexemeKind::Unclosed(Unclosed::Name) => ("a closing ` for the name that begins here".to_owned(), end),
            LexemeKind::Unclosed(Unclosed::Comment) => {
                ("a closing */ for the comment that begins here".to_owned(), end)
            }
            LexemeKind::BrokenNumber => ("a number".to_owned(), self.found()),
            _ => return None,
        };
        if lexeme.kind == LexemeKind::BrokenNumber {
            let help = "a name that begins with a digit is written in back-quotes".to_owned();
            return Some(self.error(expected, found, lexeme.span, Some(help)));
        }
        let width = if self.letters(0).starts_with("/*") { 2 } else { 1 };
        let span = Span { start: lexeme.span.start, end: lexeme.span.start + width };
        Some(self.error(expected, found, span, None))
    }

    /// A bracket that is never closed, told where it opens: where its end is missed may be far behind.
    fn unclosed_bracket(&self) -> Option<QueryError> {
        let closes = |opening: &Lexeme| match opening.kind {
            LexemeKind::Symbol("(") => ")",
            LexemeKind::Symbol("[") => "]",
            _ => "}",
        };
        let (_, opening) = self.context.unclosed().rfind(|(index, _)| *index < self.position)?;
        let closing = closes(opening);
        self.expected.contains(&Expected::Symbol(closing)).then(|| {
            let expected = format!("`{closing}` to close this `{}`", opening.text(self.context.text));
            self.error(expected, self.found(), opening.span, advice(self))
        })
    }

    fn plain(&self) -> QueryError {
        self.error(self.expected_in_words(), self.found(), self.span(), advice(self))
    }

    /// What was expected, the most telling first: things, then symbols and keywords, then all operators and all
    /// clauses as one each.
    fn expected_in_words(&self) -> String {
        let mut words: Vec<String> = Vec::new();
        let mut clauses = Vec::new();
        let mut operators = false;
        for expected in &self.expected {
            let word = match *expected {
                Expected::Thing(thing) => thing.in_words().to_owned(),
                // A semicolon is one way to end; to name both says nothing more.
                Expected::Symbol(";") => continue,
                Expected::Symbol(symbol) => format!("`{symbol}`"),
                Expected::Keyword(keyword) => keyword.to_owned(),
                Expected::Operator(_) => {
                    operators = true;
                    continue;
                }
                Expected::Clause(clause) => {
                    clauses.push(clause);
                    continue;
                }
            };
            if !words.contains(&word) {
                words.push(word);
            }
        }
        words.extend(operators.then(|| "an operator".to_owned()));
        match clauses.as_slice() {
            [] => {}
            [only] => words.push((*only).to_owned()),
            [first, ..] => {
                let telling = if self.position == 0 { "MATCH" } else { "RETURN" };
                let example = if clauses.contains(&telling) { telling } else { first };
                words.push(format!("a clause such as {example}"));
            }
        }
        joined(&words)
    }
}

/// `a`, `a or b`, `a, b or c`
fn joined(words: &[String]) -> String {
    match words {
        [] => "something else".to_owned(),
        [only] => only.clone(),
        [most @ .., last] => format!("{} or {last}", most.join(", ")),
    }
}

/// The first letters of something long.
fn shortened(letters: &str) -> String {
    const LETTERS_MAX: usize = 40;
    match letters.char_indices().nth(LETTERS_MAX) {
        Some((end, _)) => format!("{}...", &letters[..end]),
        None => letters.to_owned(),
    }
}
