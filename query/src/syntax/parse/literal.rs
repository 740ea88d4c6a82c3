//! Numbers, texts and parameters: what the letters of a literal stand for.

use super::input::{Expected, Parsed, Thing, Tokens};
use super::lexeme::{LexemeKind, unquote_name};
use crate::error::{QueryError, QueryErrorKind};
use crate::syntax::ast::{Literal, Span};

/// An integer or a float, with the minus that stands before it or without.
pub(super) fn number(input: Tokens<'_>, negative: bool) -> Parsed<'_, Literal> {
    let written = input.text_ahead(0);
    if input.ahead(0).is_some_and(|lexeme| lexeme.kind == LexemeKind::Float) {
        return match written.parse::<f64>() {
            Ok(float) if float.is_finite() => {
                Ok((input.skip(1), Literal::Float(if negative { -float } else { float })))
            }
            _ => out_of_range(input, "a number below 1.8e308", None),
        };
    }
    match integer(written, negative) {
        Some(integer) => Ok((input.skip(1), Literal::Integer(integer))),
        None => out_of_range(
            input,
            "an integer from -9223372036854775808 to 9223372036854775807",
            Some("with a decimal point it is a float, which holds about 15 digits"),
        ),
    }
}

fn integer(written: &str, negative: bool) -> Option<i64> {
    let lower = written.to_ascii_lowercase();
    let magnitude = match (lower.strip_prefix("0x"), lower.strip_prefix("0o")) {
        (Some(digits), _) => i128::from_str_radix(digits, 16),
        (_, Some(digits)) => i128::from_str_radix(digits, 8),
        _ => lower.parse(),
    };
    let magnitude = magnitude.ok()?;
    i64::try_from(if negative { -magnitude } else { magnitude }).ok()
}

fn out_of_range<'a, T>(input: Tokens<'a>, expected: &str, help: Option<&str>) -> Parsed<'a, T> {
    let kind = QueryErrorKind::Syntax { expected: expected.to_owned(), found: format!("`{}`", input.text_ahead(0)) };
    input.fail(QueryError { kind, span: Some(input.span()), help: help.map(str::to_owned) })
}

/// A text, its escapes resolved.
pub(super) fn text(input: Tokens<'_>) -> Parsed<'_, Literal> {
    let quoted = input.text_ahead(0);
    let inside = &quoted[1..quoted.len() - 1];
    match unescaped(inside) {
        Ok(text) => Ok((input.skip(1), Literal::Text(text))),
        Err(BadEscape { start, end }) => {
            let first = input.span().start + 1;
            let kind = QueryErrorKind::Syntax {
                expected: "an escape such as \\n, \\t, \\', \\\", \\\\ or \\u00e9".to_owned(),
                found: format!("`{}`", &inside[start..end]),
            };
            let span = Span { start: first + start, end: first + end };
            let help = "a backslash itself is written \\\\".to_owned();
            input.fail(QueryError { kind, span: Some(span), help: Some(help) })
        }
    }
}

/// Where an escape that means nothing stands within a text.
struct BadEscape {
    start: usize,
    end: usize,
}

fn unescaped(inside: &str) -> Result<String, BadEscape> {
    let mut text = String::with_capacity(inside.len());
    let mut left = inside;
    while let Some(slash) = left.find('\\') {
        text.push_str(&left[..slash]);
        let escape = &left[slash + 1..];
        let start = inside.len() - escape.len() - 1;
        let width = escape.chars().next().map_or(0, char::len_utf8);
        let (letter, length) = resolved(escape).ok_or(BadEscape { start, end: start + 1 + width })?;
        text.push(letter);
        left = &escape[length..];
    }
    text.push_str(left);
    Ok(text)
}

/// The letter that an escape stands for, and how many bytes it has behind the backslash.
fn resolved(escape: &str) -> Option<(char, usize)> {
    let letter = match escape.chars().next()? {
        'n' => '\n',
        't' => '\t',
        'r' => '\r',
        'b' => '\u{8}',
        'f' => '\u{c}',
        same @ ('\\' | '\'' | '"' | '`') => same,
        'u' => return code_point(escape, 4),
        'U' => return code_point(escape, 8),
        _ => return None,
    };
    Some((letter, 1))
}

/// `uXXXX` or `UXXXXXXXX`. Two `\uXXXX` in a row may be the two halves of one letter, as JSON writes them.
fn code_point(escape: &str, digits: usize) -> Option<(char, usize)> {
    let code = hexadecimal(escape.get(1..=digits)?)?;
    if let Some(letter) = char::from_u32(code) {
        return Some((letter, 1 + digits));
    }
    let low = hexadecimal(escape.get(1 + digits..)?.strip_prefix("\\u")?.get(..4)?)?;
    let pair = (0xd800..0xdc00).contains(&code) && (0xdc00..0xe000).contains(&low);
    let letter = char::from_u32(0x10000 + ((code.wrapping_sub(0xd800)) << 10) + low.wrapping_sub(0xdc00));
    letter.filter(|_| pair).map(|letter| (letter, 11))
}

fn hexadecimal(digits: &str) -> Option<u32> {
    digits.bytes().all(|digit| digit.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, 16).ok())?
}

/// The name of a parameter, without the dollar sign.
pub(super) fn parameter(input: Tokens<'_>) -> Parsed<'_, String> {
    match input.text_ahead(0).strip_prefix('$') {
        Some(name) => Ok((input.skip(1), unquote_name(name))),
        None => input.refuse(Expected::Thing(Thing::Parameter)),
    }
}
