//! Letters to lexemes: words, numbers, texts, symbols, comments. Any text has lexemes, broken pieces included, so that
//! the shell can colour what is still being typed; it is the parser that refuses.

use nom::branch::alt;
use nom::bytes::complete::{tag, tag_no_case, take_till, take_until, take_while, take_while1};
use nom::character::complete::{anychar, char, digit1, none_of, one_of, satisfy};
use nom::combinator::{opt, recognize, rest, value};
use nom::error::{Error, ErrorKind};
use nom::multi::many0_count;
use nom::sequence::{pair, preceded};
use nom::{IResult, Parser};

use crate::syntax::ast::Span;

/// What a lexeme is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LexemeKind {
    /// A name or a keyword.
    Word,
    /// A name in back-quotes.
    QuotedName,
    /// A text in quotes.
    Text,
    /// `12`, `0x1F`, `0o17`
    Integer,
    /// `1.5`, `.5`, `2e-3`
    Float,
    /// `$name`
    Parameter,
    /// Brackets, operators, separators.
    Symbol(&'static str),
    /// `// to the end of the line`, `/* to the mark */`
    Comment,
    /// A text, name or comment that runs on to the end of the query.
    Unclosed(Unclosed),
    /// A number with letters behind it, such as `12abc`.
    BrokenNumber,
    /// Letters that the language has no use for.
    Stray,
}

/// What has no end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unclosed {
    /// `'text`
    Text,
    /// A name in back-quotes.
    Name,
    /// `/* comment`
    Comment,
}

/// A lexeme and its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lexeme {
    /// What it is.
    pub(crate) kind: LexemeKind,
    /// Where it stands.
    pub(crate) span: Span,
}

impl Lexeme {
    /// Its letters, given the text that it was read from.
    pub(crate) fn text<'t>(&self, text: &'t str) -> &'t str {
        &text[self.span.start..self.span.end]
    }

    /// Whether it is this symbol.
    pub(crate) fn is(&self, symbol: &str) -> bool {
        matches!(self.kind, LexemeKind::Symbol(found) if found == symbol)
    }
}

/// Symbols, longer ones before their beginnings.
const SYMBOLS: [&str; 29] = [
    "<=", ">=", "<>", "..", "+=", "=~", "||", "!", "(", ")", "[", "]", "{", "}", ",", ";", ":", "|", "&", ".", "*",
    "+", "-", "/", "%", "^", "=", "<", ">",
];

/// What other languages write as one symbol, and what stands here as one piece in an error.
const FOREIGN: [&str; 5] = ["==", "!=", "&&", "::", "=>"];

/// All lexemes of a text in order. What lies between them is blank.
pub(crate) fn lexemes(text: &str) -> Vec<Lexeme> {
    let mut lexemes = Vec::new();
    let mut left = text.trim_start_matches(is_blank);
    while !left.is_empty() {
        let (after, kind) = lexeme(left).expect("the last alternative takes any letter");
        let span = Span { start: text.len() - left.len(), end: text.len() - after.len() };
        lexemes.push(Lexeme { kind, span });
        left = after.trim_start_matches(is_blank);
    }
    lexemes
}

/// White space, and the marks without width that come along when text is pasted.
fn is_blank(letter: char) -> bool {
    letter.is_whitespace() || matches!(letter, '\u{feff}' | '\u{200b}')
}

fn lexeme(input: &str) -> IResult<&str, LexemeKind> {
    alt((comment, text, quoted_name, parameter, number, word, foreign, symbol, value(LexemeKind::Stray, anychar)))
        .parse(input)
}

fn comment(input: &str) -> IResult<&str, LexemeKind> {
    let line = preceded(tag("//"), take_till(|letter| letter == '\n'));
    let block = preceded(tag("/*"), (take_until("*/"), tag("*/")));
    let unclosed = preceded(tag("/*"), rest);
    alt((
        value(LexemeKind::Comment, line),
        value(LexemeKind::Comment, block),
        value(LexemeKind::Unclosed(Unclosed::Comment), unclosed),
    ))
    .parse(input)
}

fn text(input: &str) -> IResult<&str, LexemeKind> {
    let (input, quote) = one_of("'\"")(input)?;
    let inside: &str = if quote == '\'' { "'\\" } else { "\"\\" };
    let escape = preceded(char('\\'), anychar);
    let (input, _) = many0_count(alt((none_of(inside), escape))).parse(input)?;
    closed(input, quote, LexemeKind::Text, Unclosed::Text)
}

fn quoted_name(input: &str) -> IResult<&str, LexemeKind> {
    let (input, _) = quoted_part(input)?;
    closed(input, '`', LexemeKind::QuotedName, Unclosed::Name)
}

/// From an opening back-quote up to the closing one. A doubled back-quote stands for one.
fn quoted_part(input: &str) -> IResult<&str, usize> {
    preceded(char('`'), many0_count(alt((value('`', tag("``")), none_of("`"))))).parse(input)
}

/// Takes the closing mark, or everything that is left: a lone backslash before the end, at most.
fn closed(input: &str, mark: char, kind: LexemeKind, unclosed: Unclosed) -> IResult<&str, LexemeKind> {
    alt((value(kind, char(mark)), value(LexemeKind::Unclosed(unclosed), rest))).parse(input)
}

fn parameter(input: &str) -> IResult<&str, LexemeKind> {
    let plain = value(LexemeKind::Parameter, take_while1(continues_word));
    let (input, _) = char('$')(input)?;
    let (input, kind) = alt((plain, quoted_name)).parse(input)?;
    Ok((input, if kind == LexemeKind::QuotedName { LexemeKind::Parameter } else { kind }))
}

fn number(input: &str) -> IResult<&str, LexemeKind> {
    let radix = |prefix, digits: fn(char) -> bool| recognize(pair(tag_no_case(prefix), take_while1(digits)));
    let exponent = || recognize((one_of("eE"), opt(one_of("+-")), digit1));
    let integer = alt((
        radix("0x", |letter| letter.is_ascii_hexdigit()),
        radix("0o", |letter| ('0'..='7').contains(&letter)),
        digit1,
    ));
    let float = alt((
        recognize((digit1, char('.'), digit1, opt(exponent()))),
        recognize((char('.'), digit1, opt(exponent()))),
        recognize((digit1, exponent())),
    ));
    let (input, kind) = alt((value(LexemeKind::Float, float), value(LexemeKind::Integer, integer))).parse(input)?;
    let (input, behind) = take_while(continues_word)(input)?;
    Ok((input, if behind.is_empty() { kind } else { LexemeKind::BrokenNumber }))
}

fn word(input: &str) -> IResult<&str, LexemeKind> {
    value(LexemeKind::Word, pair(satisfy(begins_word), take_while(continues_word))).parse(input)
}

fn begins_word(letter: char) -> bool {
    letter.is_alphabetic() || letter == '_'
}

/// Letters, digits and the marks that combine with the letter before them.
fn continues_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_' || ('\u{300}'..='\u{36f}').contains(&letter)
}

fn foreign(input: &str) -> IResult<&str, LexemeKind> {
    one_of_these(input, &FOREIGN).map(|(after, _)| (after, LexemeKind::Stray))
}

fn symbol(input: &str) -> IResult<&str, LexemeKind> {
    one_of_these(input, &SYMBOLS).map(|(after, symbol)| (after, LexemeKind::Symbol(symbol)))
}

/// The first of these that the input begins with.
fn one_of_these<'i>(input: &'i str, these: &[&'static str]) -> IResult<&'i str, &'static str> {
    these
        .iter()
        .find_map(|symbol| Some((input.strip_prefix(symbol)?, *symbol)))
        .ok_or_else(|| nom::Err::Error(Error::new(input, ErrorKind::Tag)))
}

/// Whether a text is a name that needs no back-quotes, keywords apart.
pub(crate) fn is_plain_name(text: &str) -> bool {
    matches!(word(text), Ok(("", _)))
}

/// The name between back-quotes.
pub(crate) fn unquote_name(quoted: &str) -> String {
    let inside = quoted.strip_prefix('`').and_then(|name| name.strip_suffix('`')).unwrap_or(quoted);
    inside.replace("``", "`")
}
