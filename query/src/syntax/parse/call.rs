//! CALL of a procedure.

use nom::Parser;
use nom::combinator::{cut, map, opt};
use nom::multi::{many0, separated_list0, separated_list1};
use nom::sequence::{delimited, pair, preceded};

use super::clause::condition;
use super::expression::expression;
use super::input::{Parsed, Thing, Tokens, any_name, clause_word, keyword, spanned, symbol, variable};
use crate::syntax::ast::{Call, Clause, Expression, Name, YieldItem};

/// `CALL name.name(argument, ...) [YIELD column [AS variable], ... [WHERE condition]]`
pub(super) fn call(input: Tokens<'_>) -> Parsed<'_, Clause> {
    let parts = (procedure_name, opt(arguments), opt(yields));
    map(preceded(clause_word("CALL"), cut(parts)), |(procedure, arguments, yields)| {
        let (yields, condition) = yields.map_or((None, None), |(items, condition)| (Some(items), condition));
        Clause::Call(Call { procedure, arguments: arguments.unwrap_or_default(), yields, condition })
    })
    .parse(input)
}

/// `name.name`: one name with dots in it.
fn procedure_name(input: Tokens<'_>) -> Parsed<'_, Name> {
    let part = any_name(Thing::Procedure);
    let further = many0(preceded(symbol("."), cut(any_name(Thing::Procedure))));
    map(spanned(pair(part, further)), |found| {
        let (first, further) = found.node;
        let names = std::iter::once(first).chain(further).map(|name| name.node);
        Name { node: names.collect::<Vec<_>>().join("."), span: found.span }
    })
    .parse(input)
}

/// `(argument, ...)`
fn arguments(input: Tokens<'_>) -> Parsed<'_, Vec<Expression>> {
    delimited(symbol("("), cut(separated_list0(symbol(","), expression)), cut(symbol(")"))).parse(input)
}

/// `YIELD * | column [AS variable], ... [WHERE condition]`
fn yields(input: Tokens<'_>) -> Parsed<'_, (Vec<YieldItem>, Option<Expression>)> {
    preceded(keyword("YIELD"), cut(pair(yield_items, condition))).parse(input)
}

/// No item stands for all of them.
fn yield_items(input: Tokens<'_>) -> Parsed<'_, Vec<YieldItem>> {
    if input.symbol_ahead(0, "*") {
        return Ok((input.skip(1), Vec::new()));
    }
    let alias = opt(preceded(keyword("AS"), cut(variable)));
    let item = map(pair(any_name(Thing::Column), alias), |(column, alias)| YieldItem { column, alias });
    separated_list1(symbol(","), item).parse(input)
}
