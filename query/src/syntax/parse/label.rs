//! What labels and types must fulfil: `:A|B`, `:A&!B`, `:(A|B)&C`, `:%`, and several of them as in `:A:B`.

use super::input::{Expected, Parsed, Thing, Tokens, any_name, must, nested, symbol};
use super::lexeme::LexemeKind;
use crate::syntax::ast::LabelExpression;

/// What `|` means behind a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bar {
    /// Another label to choose from.
    Chooses,
    /// The end of the labels.
    Ends,
}

/// `:A`, `:A:B`, each with a whole expression behind its colon.
pub(super) fn labels(input: Tokens<'_>, bar: Bar) -> Parsed<'_, Vec<LabelExpression>> {
    let (mut rest, _) = symbol(":")(input)?;
    let mut all = Vec::new();
    loop {
        let (after, one) = must(choice(rest, bar, Thing::Label))?;
        all.push(one);
        match symbol(":")(after) {
            Ok((after, _)) => rest = after,
            Err(_) => return Ok((after, all)),
        }
    }
}

/// The same for the type of a relationship, behind the colon. Older queries repeat the colon: `:A|:B`.
pub(super) fn type_expression(input: Tokens<'_>) -> Parsed<'_, LabelExpression> {
    choice(input, Bar::Chooses, Thing::RelationType)
}

/// `A|B`
fn choice(input: Tokens<'_>, bar: Bar, thing: Thing) -> Parsed<'_, LabelExpression> {
    let (mut rest, first) = conjunction(input, thing)?;
    let mut parts = vec![first];
    while bar == Bar::Chooses
        && let Ok((after, _)) = symbol("|")(rest)
    {
        let after = if after.symbol_ahead(0, ":") { after.skip(1) } else { after };
        let (after, part) = must(conjunction(after, thing))?;
        parts.push(part);
        rest = after;
    }
    Ok((rest, joined(parts, LabelExpression::Or)))
}

/// `A&B`
fn conjunction(input: Tokens<'_>, thing: Thing) -> Parsed<'_, LabelExpression> {
    let (mut rest, first) = negation(input, thing)?;
    let mut parts = vec![first];
    while let Ok((after, _)) = symbol("&")(rest) {
        let (after, part) = must(negation(after, thing))?;
        parts.push(part);
        rest = after;
    }
    Ok((rest, joined(parts, LabelExpression::And)))
}

fn joined(mut parts: Vec<LabelExpression>, join: fn(Vec<LabelExpression>) -> LabelExpression) -> LabelExpression {
    if parts.len() > 1 { join(parts) } else { parts.remove(0) }
}

/// `!A`, `(A|B)`, `%`, `A`
fn negation(input: Tokens<'_>, thing: Thing) -> Parsed<'_, LabelExpression> {
    if input.symbol_ahead(0, "!") {
        let (rest, inner) = must(nested(|input| negation(input, thing))(input.skip(1)))?;
        return Ok((rest, LabelExpression::Not(Box::new(inner))));
    }
    if input.symbol_ahead(0, "(") {
        let (rest, inner) = must(nested(|input| choice(input, Bar::Chooses, thing))(input.skip(1)))?;
        let (rest, _) = must(symbol(")")(rest))?;
        return Ok((rest, inner));
    }
    if input.symbol_ahead(0, "%") {
        return Ok((input.skip(1), LabelExpression::Any(input.span())));
    }
    if !input.ahead(0).is_some_and(|lexeme| matches!(lexeme.kind, LexemeKind::Word | LexemeKind::QuotedName)) {
        return input.refuse(Expected::Thing(thing));
    }
    any_name(thing)(input).map(|(rest, name)| (rest, LabelExpression::Name(name)))
}
