//! Lists and maps made of others: comprehensions of lists and patterns, reduce, map projections.

use super::expression::{element_of_list, expression, expression_before_bar, optional_part, some};
use super::input::{Parsed, Thing, Tokens, any_name, keyword, must, symbol, variable};
use super::pattern::comprehended_path;
use crate::syntax::ast::{Expression, ExpressionKind, MapItem};

/// `[x IN list WHERE condition | result]`
pub(super) fn list_comprehension(input: Tokens<'_>) -> Parsed<'_, ExpressionKind> {
    let (rest, (variable, list)) = element_of_list(input.skip(1))?;
    let (rest, condition) = condition_before_bar(rest)?;
    let (rest, result) = optional_part(rest, symbol("|"))?;
    let (rest, _) = must(symbol("]")(rest))?;
    Ok((rest, ExpressionKind::ListComprehension { variable, list, condition, result }))
}

/// `WHERE condition`, or nothing, where `|` may follow.
fn condition_before_bar(input: Tokens<'_>) -> Parsed<'_, Option<Expression>> {
    match keyword("WHERE")(input) {
        Ok((rest, _)) => must(some(expression_before_bar(rest))),
        Err(_) => Ok((input, None)),
    }
}

/// `[p = (a)--(b) WHERE condition | result]`
pub(super) fn pattern_comprehension(input: Tokens<'_>) -> Parsed<'_, ExpressionKind> {
    let (rest, pattern) = must(comprehended_path(input.skip(1)))?;
    let (rest, condition) = condition_before_bar(rest)?;
    let (rest, _) = must(symbol("|")(rest))?;
    let (rest, result) = must(expression(rest))?;
    let (rest, _) = must(symbol("]")(rest))?;
    Ok((rest, ExpressionKind::PatternComprehension { pattern: Box::new(pattern), condition, result }))
}

/// `.key, .*, key: value, variable }`, behind the opening brace.
pub(super) fn map_projection(input: Tokens<'_>) -> Parsed<'_, Vec<MapItem>> {
    let (mut rest, mut items) = (input, Vec::new());
    if let Ok((rest, _)) = symbol("}")(rest) {
        return Ok((rest, items));
    }
    loop {
        let (after, item) = must(map_item(rest))?;
        items.push(item);
        match symbol(",")(after) {
            Ok((after, _)) => rest = after,
            Err(_) => return must(symbol("}")(after)).map(|(after, _)| (after, items)),
        }
    }
}

fn map_item(input: Tokens<'_>) -> Parsed<'_, MapItem> {
    if input.symbol_ahead(0, ".") {
        if input.symbol_ahead(1, "*") {
            return Ok((input.skip(2), MapItem::All(input.span())));
        }
        return must(any_name(Thing::PropertyKey)(input.skip(1))).map(|(rest, key)| (rest, MapItem::Property(key)));
    }
    if !input.symbol_ahead(1, ":") {
        return variable(input).map(|(rest, name)| (rest, MapItem::Variable(name)));
    }
    let (rest, key) = must(any_name(Thing::PropertyKey)(input))?;
    let (rest, value) = must(expression(rest.skip(1)))?;
    Ok((rest, MapItem::Entry(key, value)))
}

/// `reduce(accumulator = start, variable IN list | step)`
pub(super) fn reduce(input: Tokens<'_>) -> Parsed<'_, ExpressionKind> {
    let (rest, accumulator) = must(variable(input.skip(2)))?;
    let (rest, _) = must(symbol("=")(rest))?;
    let (rest, start) = must(expression(rest))?;
    let (rest, _) = must(symbol(",")(rest))?;
    let (rest, name) = must(variable(rest))?;
    let (rest, _) = must(keyword("IN")(rest))?;
    let (rest, list) = must(expression_before_bar(rest))?;
    let (rest, _) = must(symbol("|")(rest))?;
    let (rest, step) = must(expression(rest))?;
    let (rest, _) = must(symbol(")")(rest))?;
    Ok((rest, ExpressionKind::Reduce { accumulator, start, variable: name, list, step }))
}
