//! From the furthest failure to an error in plain words, with the help that a habit from elsewhere or a slip of the
//! finger calls for.

use super::input::{Context, Expected};
use super::lexeme::{Lexeme, LexemeKind, Unclosed};
use super::statement::statement;
use crate::ast::Span;
use crate::error::{QueryError, QueryErrorKind};
use crate::keyword::{self, CLAUSES};
use crate::suggest::nearest;

/// The error of a parse that failed. Parses once more to learn what was expected where it failed: a parse that
/// succeeds, and nearly all do, need not remember that.
pub(super) fn explain(context: &Context<'_>) -> QueryError {
    if let Some(error) = context.fatal.take() {
        return error;
    }
    context.expected.replace(Some(Vec::new()));
    // It fails as before: a parse depends on nothing but the text.
    let _ = statement(context.tokens());
    let expected = context.expected.take().unwrap_or_default();
    let failure = Failure { context, position: context.furthest.get(), expected };
    failure.broken_lexeme().or_else(|| failure.unclosed_bracket()).unwrap_or_else(|| failure.plain())
}

/// Whether a text fails only because it ends too early.
pub(super) fn is_open_ended(context: &Context<'_>) -> bool {
    let unclosed = context.lexemes.iter().any(|lexeme| matches!(lexeme.kind, LexemeKind::Unclosed(_)));
    unclosed || context.furthest.get() >= context.lexemes.len()
}

/// Where the parse came to its end, and what could have stood there.
struct Failure<'a> {
    context: &'a Context<'a>,
    position: usize,
    expected: Vec<Expected>,
}

impl Failure<'_> {
    fn lexeme(&self, position: usize) -> Option<&Lexeme> {
        self.context.lexemes.get(position)
    }

    /// The letters of the lexeme this far from the failure; empty outside the text.
    fn letters(&self, offset: isize) -> &str {
        let position = self.position.checked_add_signed(offset);
        position.and_then(|position| self.lexeme(position)).map_or("", |lexeme| lexeme.text(self.context.text))
    }

    fn span(&self) -> Span {
        self.lexeme(self.position).map_or_else(|| self.context.end(), |lexeme| lexeme.span)
    }

    fn found(&self) -> String {
        match self.lexeme(self.position).map(|lexeme| lexeme.kind) {
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
        let lexeme = self.lexeme(self.position)?;
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
        let (_, opening) = self.context.unclosed().filter(|(index, _)| *index < self.position).next_back()?;
        let closing = closes(opening);
        self.expected.contains(&Expected::Symbol(closing)).then(|| {
            let expected = format!("`{closing}` to close this `{}`", opening.text(self.context.text));
            self.error(expected, self.found(), opening.span, self.help())
        })
    }

    fn plain(&self) -> QueryError {
        self.error(self.expected_in_words(), self.found(), self.span(), self.help())
    }

    /// What was expected, the most telling first: things, then symbols and keywords, then all operators and all
    /// clauses as one each.
    fn expected_in_words(&self) -> String {
        let mut words: Vec<String> = Vec::new();
        let mut clauses = Vec::new();
        let mut operators = false;
        for expected in &self.expected {
            let word = match *expected {
                Expected::Thing(thing) => thing.to_owned(),
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
                let example = if clauses.contains(&"RETURN") { "RETURN" } else { first };
                words.push(format!("a clause such as {example}"));
            }
        }
        joined(&words)
    }

    /// What would help, the surest first.
    fn help(&self) -> Option<String> {
        None.or_else(|| self.misspelt_keyword())
    }

    /// A word that is nearly one of the keywords that could stand here.
    fn misspelt_keyword(&self) -> Option<String> {
        let found = self.lexeme(self.position).filter(|lexeme| lexeme.kind == LexemeKind::Word)?;
        let word = found.text(self.context.text);
        let candidates = self.expected.iter().filter_map(|expected| match *expected {
            Expected::Keyword(word) | Expected::Clause(word) | Expected::Operator(word) => Some(word),
            Expected::Symbol(_) | Expected::Thing(_) => None,
        });
        let meant = nearest(word, candidates.filter(|candidate| candidate.len() > 1))?;
        Some(format!("did you mean {meant}?"))
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
