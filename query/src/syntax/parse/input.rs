//! What the productions read: lexemes as an input of nom, the memory of the furthest failure, and the smallest
//! parsers.

use std::cell::{Cell, RefCell};
use std::ops::Range;

use nom::error::{ErrorKind, ParseError};
use nom::{IResult, Input, Needed, Parser};

use super::lexeme::{Lexeme, LexemeKind, lexemes, unquote_name};
use crate::error::{QueryError, QueryErrorKind};
use crate::limits::NESTING_MAX;
use crate::syntax::ast::{Name, Span, Spanned};
use crate::syntax::keyword;

/// What a production gives.
pub(super) type Parsed<'a, T> = IResult<Tokens<'a>, T, Refused>;

/// Why a production gives nothing.
pub(super) type Stop = nom::Err<Refused>;

/// A production did not fit. Where, and what would have fitted, is in the [`Context`]: the alternative that came
/// furthest is rarely the one that nom reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Refused;

impl ParseError<Tokens<'_>> for Refused {
    fn from_error_kind(_: Tokens<'_>, _: ErrorKind) -> Self {
        Self
    }

    fn append(_: Tokens<'_>, _: ErrorKind, other: Self) -> Self {
        other
    }
}

/// Something that could have stood where the furthest failure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    /// A symbol.
    Symbol(&'static str),
    /// A keyword within a clause.
    Keyword(&'static str),
    /// The keyword that begins a clause.
    Clause(&'static str),
    /// An operator, be it a word or a symbol.
    Operator(&'static str),
    /// Anything else.
    Thing(Thing),
}

/// What is expected where no single word or symbol is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Thing {
    NodePattern,
    BareWord,
    Relationship,
    Hops,
    Label,
    RelationType,
    PropertyKey,
    Variable,
    Expression,
    Function,
    Parameter,
    Procedure,
    Column,
    End,
}

impl Thing {
    /// As an error calls it.
    pub(super) fn in_words(self) -> &'static str {
        match self {
            Self::NodePattern => "a node pattern such as (g:gene)",
            Self::BareWord => "a word such as gene",
            Self::Relationship => "a relationship such as --",
            Self::Hops => "a number of hops",
            Self::Label => "a label",
            Self::RelationType => "a relation type",
            Self::PropertyKey => "a property key",
            Self::Variable => "a variable",
            Self::Expression => "an expression",
            Self::Function => "a function",
            Self::Parameter => "a parameter",
            Self::Procedure => "the name of a procedure",
            Self::Column => "a column of the procedure",
            Self::End => "the end of the query",
        }
    }
}

/// The text and what is remembered while it is parsed.
pub(super) struct Context<'a> {
    /// The query.
    pub(super) text: &'a str,
    /// Its lexemes without comments.
    pub(super) lexemes: Vec<Lexeme>,
    /// For each bracket the index of its partner, if it has one.
    partners: Vec<Option<usize>>,
    /// The furthest lexeme at which a production did not fit.
    pub(super) furthest: Cell<usize>,
    /// In a second pass, made only for the sake of the message: what is expected at that lexeme.
    pub(super) expected: RefCell<Option<Vec<Expected>>>,
    /// An error that no alternative can heal.
    pub(super) fatal: RefCell<Option<QueryError>>,
    /// The height of the tallest expression since it was last set to zero.
    pub(super) tallest: Cell<usize>,
    /// Chained comparisons so far.
    pub(super) chains: Cell<usize>,
}

impl<'a> Context<'a> {
    /// Reads the lexemes of a text.
    pub(super) fn new(text: &'a str) -> Self {
        let mut lexemes = lexemes(text);
        lexemes.retain(|lexeme| lexeme.kind != LexemeKind::Comment);
        let partners = partners(&lexemes);
        Self {
            text,
            lexemes,
            partners,
            furthest: Cell::new(0),
            expected: RefCell::new(None),
            fatal: RefCell::new(None),
            tallest: Cell::new(0),
            chains: Cell::new(0),
        }
    }

    /// All lexemes as an input.
    pub(super) fn tokens(&'a self) -> Tokens<'a> {
        Tokens { context: self, position: 0, end: self.lexemes.len(), depth: 0, bar_ends: false }
    }

    /// The place just behind the last lexeme: that of the end of the query.
    pub(super) fn end(&self) -> Span {
        let end = self.lexemes.last().map_or(0, |lexeme| lexeme.span.end);
        Span { start: end, end }
    }

    /// The brackets that are never closed, outermost first.
    pub(super) fn unclosed(&self) -> impl DoubleEndedIterator<Item = (usize, &Lexeme)> {
        let opens = |lexeme: &Lexeme| ["(", "[", "{"].iter().any(|bracket| lexeme.is(bracket));
        self.lexemes.iter().enumerate().filter(move |(index, lexeme)| opens(lexeme) && self.partners[*index].is_none())
    }
}

/// For each bracket the index of its partner. A closing bracket that does not fit the innermost open one closes one
/// further out, if that fits; those between stay open.
fn partners(lexemes: &[Lexeme]) -> Vec<Option<usize>> {
    let mut partners = vec![None; lexemes.len()];
    let mut open: [Vec<usize>; 3] = Default::default();
    for (index, lexeme) in lexemes.iter().enumerate() {
        let LexemeKind::Symbol(symbol) = lexeme.kind else { continue };
        if let Some(kind) = ["(", "[", "{"].iter().position(|bracket| *bracket == symbol) {
            open[kind].push(index);
        } else if let Some(kind) = [")", "]", "}"].iter().position(|bracket| *bracket == symbol)
            && let Some(opening) = open[kind].pop()
        {
            partners[opening] = Some(index);
            partners[index] = Some(opening);
            open.iter_mut().for_each(|stack| stack.truncate(stack.partition_point(|&other| other < opening)));
        }
    }
    partners
}

/// A stretch of the lexemes: the input of every production. Copied freely.
#[derive(Clone, Copy)]
pub(super) struct Tokens<'a> {
    /// The text and what is remembered.
    pub(super) context: &'a Context<'a>,
    /// The index of the next lexeme.
    pub(super) position: usize,
    end: usize,
    depth: usize,
    /// Whether `|` ends what is read here: the condition of a comprehension, whose labels may not be a choice.
    pub(super) bar_ends: bool,
}

impl<'a> Tokens<'a> {
    /// The lexeme this far ahead.
    pub(super) fn ahead(self, count: usize) -> Option<&'a Lexeme> {
        self.context.lexemes[..self.end].get(self.position + count)
    }

    /// Its letters; empty past the end.
    pub(super) fn text_ahead(self, count: usize) -> &'a str {
        self.ahead(count).map_or("", |lexeme| lexeme.text(self.context.text))
    }

    /// Whether the lexeme this far ahead is this symbol.
    pub(super) fn symbol_ahead(self, count: usize, symbol: &str) -> bool {
        self.ahead(count).is_some_and(|lexeme| lexeme.is(symbol))
    }

    /// Whether the lexeme this far ahead is this word.
    pub(super) fn keyword_ahead(self, count: usize, word: &str) -> bool {
        self.ahead(count).is_some_and(|lexeme| lexeme.kind == LexemeKind::Word)
            && self.text_ahead(count).eq_ignore_ascii_case(word)
    }

    /// Whether the lexeme this far ahead can be the name of a variable.
    pub(super) fn variable_ahead(self, count: usize) -> bool {
        self.ahead(count).is_some_and(|lexeme| match lexeme.kind {
            LexemeKind::Word => !keyword::is_reserved(self.text_ahead(count)),
            kind => kind == LexemeKind::QuotedName,
        })
    }

    /// How far ahead the partner of the bracket here is.
    pub(super) fn partner_ahead(self) -> Option<usize> {
        let partner = self.context.partners.get(self.position).copied().flatten()?;
        partner.checked_sub(self.position)
    }

    /// Which of these symbols or words comes first between the brackets here, inner brackets left out.
    pub(super) fn first_within(self, candidates: &[&'static str]) -> Option<&'static str> {
        let closing = self.partner_ahead()?;
        let mut at = 1;
        while at < closing {
            let found = candidates.iter().find(|known| self.symbol_ahead(at, known) || self.keyword_ahead(at, known));
            if let Some(found) = found {
                return Some(found);
            }
            at += 1 + self.skip(at).partner_ahead().filter(|inner| *inner > 0).unwrap_or(0);
        }
        None
    }

    /// The place of the next lexeme, or of the end.
    pub(super) fn span(self) -> Span {
        self.ahead(0).map_or_else(|| self.context.end(), |lexeme| lexeme.span)
    }

    /// From the first lexeme here to the last one that was consumed before `rest`.
    pub(super) fn span_to(self, rest: Tokens<'a>) -> Span {
        let start = self.span().start;
        let end = self.context.lexemes[self.position..rest.position].last().map_or(start, |lexeme| lexeme.span.end);
        Span { start, end }
    }

    /// Past this many lexemes.
    pub(super) fn skip(self, count: usize) -> Self {
        Self { position: self.position + count, ..self }
    }

    /// Refuses: this could have stood here.
    pub(super) fn refuse<T>(self, expected: Expected) -> Parsed<'a, T> {
        let context = self.context;
        match context.expected.borrow_mut().as_mut() {
            Some(list) if context.furthest.get() == self.position => list.push(expected),
            Some(_) => {}
            None => context.furthest.set(context.furthest.get().max(self.position)),
        }
        Err(nom::Err::Error(Refused))
    }

    /// Ends the parse with this error.
    pub(super) fn fail<T>(self, error: QueryError) -> Parsed<'a, T> {
        self.context.fatal.replace(Some(error));
        Err(nom::Err::Failure(Refused))
    }

    /// Ends the parse if something nests deeper than the limit.
    pub(super) fn check_nesting(self, depth: usize, span: Span) -> Result<(), Stop> {
        if depth <= NESTING_MAX {
            return Ok(());
        }
        let kind = QueryErrorKind::TooLarge { what: "deeply nested", limit: NESTING_MAX };
        let help = "split it over several clauses with WITH, or hand a list over as a parameter".to_owned();
        self.fail(QueryError { kind, span: Some(span), help: Some(help) }).map(|(_, ())| ())
    }
}

/// Nothing else can stand here: a refusal ends the parse. It is what `cut` of nom is, without a frame on the stack.
pub(super) fn must<T>(parsed: Parsed<'_, T>) -> Parsed<'_, T> {
    parsed.map_err(|stop| match stop {
        nom::Err::Error(refused) => nom::Err::Failure(refused),
        other => other,
    })
}

/// Runs a production one level deeper, and ends the parse below the deepest level.
pub(super) fn nested<'a, T>(
    mut production: impl FnMut(Tokens<'a>) -> Parsed<'a, T>,
) -> impl FnMut(Tokens<'a>) -> Parsed<'a, T> {
    move |input| {
        input.check_nesting(input.depth + 1, input.span())?;
        let (rest, output) = production(Tokens { depth: input.depth + 1, ..input })?;
        Ok((Tokens { depth: input.depth, ..rest }, output))
    }
}

/// Runs a production in which `|` ends what is read, or does not.
pub(super) fn with_bar<'a, T>(
    bar_ends: bool,
    mut production: impl FnMut(Tokens<'a>) -> Parsed<'a, T>,
) -> impl FnMut(Tokens<'a>) -> Parsed<'a, T> {
    move |input| {
        let (rest, output) = production(Tokens { bar_ends, ..input })?;
        Ok((Tokens { bar_ends: input.bar_ends, ..rest }, output))
    }
}

/// Adds the place of what a production consumed.
pub(super) fn spanned<'a, T>(
    mut production: impl Parser<Tokens<'a>, Output = T, Error = Refused>,
) -> impl FnMut(Tokens<'a>) -> Parsed<'a, Spanned<T>> {
    move |input| {
        let (rest, node) = production.parse(input)?;
        Ok((rest, Spanned { node, span: input.span_to(rest) }))
    }
}

/// A symbol within a clause.
pub(super) fn symbol<'a>(symbol: &'static str) -> impl Fn(Tokens<'a>) -> Parsed<'a, Span> {
    move |input| {
        if input.symbol_ahead(0, symbol) {
            return Ok((input.skip(1), input.span()));
        }
        input.refuse(Expected::Symbol(symbol))
    }
}

/// A keyword within a clause.
pub(super) fn keyword<'a>(word: &'static str) -> impl Fn(Tokens<'a>) -> Parsed<'a, Span> {
    word_as(word, Expected::Keyword(word))
}

/// The keyword that begins a clause.
pub(super) fn clause_word<'a>(word: &'static str) -> impl Fn(Tokens<'a>) -> Parsed<'a, Span> {
    word_as(word, Expected::Clause(word))
}

fn word_as<'a>(word: &'static str, expected: Expected) -> impl Fn(Tokens<'a>) -> Parsed<'a, Span> {
    move |input| {
        if input.keyword_ahead(0, word) {
            return Ok((input.skip(1), input.span()));
        }
        input.refuse(expected)
    }
}

/// An operator, written as a symbol or as a word.
pub(super) fn operator<'a>(operator: &'static str) -> impl Fn(Tokens<'a>) -> Parsed<'a, Span> {
    move |input| {
        if input.symbol_ahead(0, operator) || input.keyword_ahead(0, operator) {
            return Ok((input.skip(1), input.span()));
        }
        input.refuse(Expected::Operator(operator))
    }
}

/// The name of a variable: any word that is not reserved, or anything in back-quotes.
pub(super) fn variable(input: Tokens<'_>) -> Parsed<'_, Name> {
    if input.variable_ahead(0) {
        return any_name(Thing::Variable)(input);
    }
    input.refuse(Expected::Thing(Thing::Variable))
}

/// Any word, keywords included, or anything in back-quotes: what may stand where only a name can.
pub(super) fn any_name<'a>(what: Thing) -> impl Fn(Tokens<'a>) -> Parsed<'a, Name> {
    move |input| {
        let text = input.text_ahead(0);
        let node = match input.ahead(0).map(|lexeme| lexeme.kind) {
            Some(LexemeKind::Word) => text.to_owned(),
            Some(LexemeKind::QuotedName) => unquote_name(text),
            _ => return input.refuse(Expected::Thing(what)),
        };
        Ok((input.skip(1), Spanned { node, span: input.span() }))
    }
}

impl<'a> Input for Tokens<'a> {
    type Item = Lexeme;
    type Iter = std::iter::Copied<std::slice::Iter<'a, Lexeme>>;
    type IterIndices = std::iter::Enumerate<Self::Iter>;

    fn input_len(&self) -> usize {
        self.end - self.position
    }

    fn take(&self, index: usize) -> Self {
        Self { end: self.position + index, ..*self }
    }

    fn take_from(&self, index: usize) -> Self {
        self.skip(index)
    }

    fn take_split(&self, index: usize) -> (Self, Self) {
        (self.take_from(index), self.take(index))
    }

    fn position<P: Fn(Self::Item) -> bool>(&self, predicate: P) -> Option<usize> {
        self.iter_elements().position(predicate)
    }

    fn iter_elements(&self) -> Self::Iter {
        self.context.lexemes[self.range()].iter().copied()
    }

    fn iter_indices(&self) -> Self::IterIndices {
        self.iter_elements().enumerate()
    }

    fn slice_index(&self, count: usize) -> Result<usize, Needed> {
        if count <= self.input_len() { Ok(count) } else { Err(Needed::new(count - self.input_len())) }
    }
}

impl Tokens<'_> {
    fn range(&self) -> Range<usize> {
        self.position..self.end
    }
}
