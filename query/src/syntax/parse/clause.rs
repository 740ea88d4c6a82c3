//! Clauses, from MATCH to DELETE.

use nom::Parser;
use nom::branch::alt;
use nom::combinator::{cut, map, opt, value};
use nom::multi::{many0, many1, separated_list0, separated_list1};
use nom::sequence::{pair, preceded};

use super::call::call;
use super::expression::{element_of_list, expression, target};
use super::input::{Expected, Parsed, Stop, Tokens, clause_word, keyword, must, nested, spanned, symbol, variable};
use super::pattern::{path, path_mode, patterns};
use super::statement::query_in_braces;
use crate::error::{QueryError, QueryErrorKind};
use crate::syntax::ast::{
    Clause, Expression, ExpressionKind, Imports, LabelExpression, Match, Name, OrderItem, PathPattern, Projection,
    ProjectionItem, RemoveItem, SetItem, Spanned,
};

/// Any clause but RETURN, which must be the last.
pub(super) fn clause(input: Tokens<'_>) -> Parsed<'_, Spanned<Clause>> {
    let reading = alt((match_clause, unwind, with, subquery_call, call, load_csv));
    let writing = alt((create, merge, set, remove, delete, foreach));
    spanned(alt((reading, writing))).parse(input)
}

/// `[OPTIONAL] MATCH [mode] path, ... [WHERE condition]`
fn match_clause(input: Tokens<'_>) -> Parsed<'_, Clause> {
    let optional = map(pair(clause_word("OPTIONAL"), cut(keyword("MATCH"))), |_| true);
    let opening = alt((optional, value(false, clause_word("MATCH"))));
    let parts = cut((opt(path_mode), patterns, condition));
    map(pair(opening, parts), |(optional, (path_mode, patterns, condition))| {
        Clause::Match(Match { optional, path_mode, patterns, condition })
    })
    .parse(input)
}

/// `[WHERE condition]`
pub(super) fn condition(input: Tokens<'_>) -> Parsed<'_, Option<Expression>> {
    opt(preceded(clause_word("WHERE"), cut(expression))).parse(input)
}

/// `UNWIND list AS variable`
fn unwind(input: Tokens<'_>) -> Parsed<'_, Clause> {
    let parts = pair(expression, preceded(keyword("AS"), variable));
    map(preceded(clause_word("UNWIND"), cut(parts)), |(list, variable)| Clause::Unwind { list, variable }).parse(input)
}

/// `WITH items ... [WHERE condition]`
fn with(input: Tokens<'_>) -> Parsed<'_, Clause> {
    let parts = pair(projection, condition);
    map(preceded(clause_word("WITH"), cut(parts)), |(projection, condition)| Clause::With { projection, condition })
        .parse(input)
}

/// `CALL { query }`, `CALL (*) { query }`, `CALL (variable, ...) { query }`
fn subquery_call(input: Tokens<'_>) -> Parsed<'_, Clause> {
    let (rest, _) = clause_word("CALL")(input)?;
    if rest.symbol_ahead(0, "{") {
        let (rest, query) = must(query_in_braces(rest.skip(1), true))?;
        return Ok((rest, Clause::Subquery { imports: None, query }));
    }
    let braces =
        rest.symbol_ahead(0, "(") && rest.partner_ahead().is_some_and(|closing| rest.symbol_ahead(closing + 1, "{"));
    if !braces {
        return Err(nom::Err::Error(super::input::Refused));
    }
    let (rest, imports) = must(imports(rest.skip(1)))?;
    let (rest, query) = must(query_in_braces(rest.skip(1), true))?;
    Ok((rest, Clause::Subquery { imports: Some(imports), query }))
}

/// `*)`, `variable, ...)`, `)`
fn imports(input: Tokens<'_>) -> Parsed<'_, Imports> {
    if input.symbol_ahead(0, "*") {
        return map(symbol(")"), |_| Imports::All).parse(input.skip(1));
    }
    let names = separated_list0(symbol(","), variable);
    map(pair(names, symbol(")")), |(names, _)| Imports::Some(names)).parse(input)
}

/// `FOREACH (variable IN list | clause ...)`
fn foreach(input: Tokens<'_>) -> Parsed<'_, Clause> {
    let (rest, _) = clause_word("FOREACH")(input)?;
    nested(foreach_in_brackets)(rest)
}

fn foreach_in_brackets(input: Tokens<'_>) -> Parsed<'_, Clause> {
    let (rest, _) = must(symbol("(")(input))?;
    let (rest, (variable, list)) = element_of_list(rest)?;
    let (rest, _) = must(symbol("|")(rest))?;
    let writing = alt((create, merge, set, remove, delete, foreach));
    let (rest, updates) = cut(many1(spanned(writing))).parse(rest)?;
    let (rest, _) = must(symbol(")")(rest))?;
    Ok((rest, Clause::Foreach { variable, list, updates }))
}

/// `LOAD CSV [WITH HEADERS] FROM file AS variable [FIELDTERMINATOR separator]`
fn load_csv(input: Tokens<'_>) -> Parsed<'_, Clause> {
    if !input.keyword_ahead(1, "CSV") {
        return input.refuse(Expected::Clause("LOAD"));
    }
    let headers = opt(pair(keyword("WITH"), cut(keyword("HEADERS"))));
    let file = preceded(keyword("FROM"), expression);
    let name = preceded(keyword("AS"), variable);
    let separator = opt(preceded(keyword("FIELDTERMINATOR"), cut(expression)));
    let opening = pair(clause_word("LOAD"), keyword("CSV"));
    map(preceded(opening, cut((headers, file, name, separator))), |(headers, file, variable, separator)| {
        Clause::LoadCsv { headers: headers.is_some(), file, variable, separator }
    })
    .parse(input)
}

/// `RETURN items ...`
pub(super) fn return_clause(input: Tokens<'_>) -> Parsed<'_, Clause> {
    map(preceded(clause_word("RETURN"), cut(projection)), Clause::Return).parse(input)
}

/// `[DISTINCT] items [ORDER BY ...] [SKIP ...] [LIMIT ...]`
fn projection(input: Tokens<'_>) -> Parsed<'_, Projection> {
    let (rest, (distinct, (star, items))) = pair(opt(keyword("DISTINCT")), projection_items).parse(input)?;
    let (rest, page) = page(rest)?;
    Ok((rest, Projection { distinct: distinct.is_some(), star, items, ..page }))
}

/// `[ORDER BY ...] [SKIP ...] [LIMIT ...]`: a projection of nothing yet.
pub(super) fn page(input: Tokens<'_>) -> Parsed<'_, Projection> {
    let order_by = pair(clause_word("ORDER"), cut(keyword("BY")));
    let order = opt(preceded(order_by, cut(separated_list1(symbol(","), order_item))));
    let skip = opt(preceded(clause_word("SKIP"), cut(expression)));
    let limit = opt(preceded(clause_word("LIMIT"), cut(expression)));
    map((order, skip, limit), |(order, skip, limit)| Projection {
        distinct: false,
        star: false,
        items: Vec::new(),
        order: order.unwrap_or_default(),
        skip,
        limit,
    })
    .parse(input)
}

/// `*`, `*, item, ...`, `item, ...`
fn projection_items(input: Tokens<'_>) -> Parsed<'_, (bool, Vec<ProjectionItem>)> {
    if !input.symbol_ahead(0, "*") {
        return map(separated_list1(symbol(","), projection_item), |items| (false, items)).parse(input);
    }
    map(many0(preceded(symbol(","), cut(projection_item))), |items| (true, items)).parse(input.skip(1))
}

/// `expression [AS alias]`
fn projection_item(input: Tokens<'_>) -> Parsed<'_, ProjectionItem> {
    let alias = opt(preceded(keyword("AS"), cut(variable)));
    map(pair(expression, alias), |(expression, alias)| ProjectionItem { expression, alias }).parse(input)
}

/// `expression [ASC | DESC]`
fn order_item(input: Tokens<'_>) -> Parsed<'_, OrderItem> {
    let descending = value(true, alt((keyword("DESC"), keyword("DESCENDING"))));
    let ascending = value(false, alt((keyword("ASC"), keyword("ASCENDING"))));
    map(pair(expression, opt(alt((descending, ascending)))), |(expression, descending)| OrderItem {
        expression,
        descending: descending.unwrap_or(false),
    })
    .parse(input)
}

/// `CREATE path, ...`
fn create(input: Tokens<'_>) -> Parsed<'_, Clause> {
    let (rest, paths) = preceded(clause_word("CREATE"), cut(patterns)).parse(input)?;
    paths.iter().try_for_each(|path| refuse_bare_words(input, path))?;
    Ok((rest, Clause::Create(paths)))
}

/// `MERGE path [ON CREATE SET ...] [ON MATCH SET ...]`
fn merge(input: Tokens<'_>) -> Parsed<'_, Clause> {
    let (rest, (pattern, actions)) =
        preceded(clause_word("MERGE"), cut(pair(path, many0(merge_action)))).parse(input)?;
    refuse_bare_words(input, &pattern)?;
    let (mut on_create, mut on_match) = (Vec::new(), Vec::new());
    for (made, items) in actions {
        if made { on_create.extend(items) } else { on_match.extend(items) }
    }
    Ok((rest, Clause::Merge { pattern, on_create, on_match }))
}

/// `ON CREATE SET ...` (true), `ON MATCH SET ...` (false)
fn merge_action(input: Tokens<'_>) -> Parsed<'_, (bool, Vec<SetItem>)> {
    let event = alt((value(true, keyword("CREATE")), value(false, keyword("MATCH"))));
    let items = preceded(keyword("SET"), separated_list1(symbol(","), set_item));
    preceded(keyword("ON"), cut(pair(event, items))).parse(input)
}

/// A bare word asks for any node of a label, so nothing can be made from it.
fn refuse_bare_words(input: Tokens<'_>, path: &PathPattern) -> Result<(), Stop> {
    let mut nodes = std::iter::once(&path.start).chain(path.steps.iter().map(|(_, node)| node));
    let Some(bare) = nodes.find(|node| node.bare) else { return Ok(()) };
    let word = &input.context.text[bare.span.start..bare.span.end];
    let kind = QueryErrorKind::Syntax {
        expected: "a node pattern in brackets, such as (g:gene {name: 'TP53'})".to_owned(),
        found: format!("`{word}`"),
    };
    let help = "a bare word asks for every node of a label; it stands in MATCH only".to_owned();
    input.fail(QueryError { kind, span: Some(bare.span), help: Some(help) }).map(|(_, ())| ())
}

/// `SET item, ...`
fn set(input: Tokens<'_>) -> Parsed<'_, Clause> {
    map(preceded(clause_word("SET"), cut(separated_list1(symbol(","), set_item))), Clause::Set).parse(input)
}

/// `a.key = value`, `a = map`, `a += map`, `a:Label`
fn set_item(input: Tokens<'_>) -> Parsed<'_, SetItem> {
    let (rest, target) = target(input)?;
    let assigned = |rest| cut(preceded(symbol("="), expression)).parse(rest);
    match target.node {
        ExpressionKind::Index(target, key) => {
            map(assigned, |value| SetItem::Computed { target: target.clone(), key: key.clone(), value }).parse(rest)
        }
        ExpressionKind::Property(target, key) => {
            map(assigned, |value| SetItem::Property { target: target.clone(), key: key.clone(), value }).parse(rest)
        }
        ExpressionKind::Variable(name) => {
            let variable = Name { node: name, span: target.span };
            let adds = alt((value(true, symbol("+=")), value(false, symbol("="))));
            map(cut(pair(adds, expression)), |(adds, value)| {
                let variable = variable.clone();
                if adds { SetItem::Merge { variable, value } } else { SetItem::Replace { variable, value } }
            })
            .parse(rest)
        }
        ExpressionKind::HasLabels(of, groups) => match labelled(*of, groups) {
            Some((variable, labels)) => Ok((rest, SetItem::Labels { variable, labels })),
            None => not_a_target(input, rest, "a property or labels to set, such as g.name = 'TP53' or g:gene"),
        },
        _ => not_a_target(input, rest, "a property or labels to set, such as g.name = 'TP53' or g:gene"),
    }
}

/// What was read can neither be set nor removed.
fn not_a_target<'a, T>(input: Tokens<'a>, rest: Tokens<'a>, expected: &str) -> Parsed<'a, T> {
    let span = input.span_to(rest);
    let found = format!("`{}`", &input.context.text[span.start..span.end]);
    let kind = QueryErrorKind::Syntax { expected: expected.to_owned(), found };
    input.fail(QueryError { kind, span: Some(span), help: None })
}

/// The variable and the labels of `a:A:B`; a choice of labels (`a:A|B`) can neither be set nor removed.
fn labelled(of: Spanned<ExpressionKind>, groups: Vec<LabelExpression>) -> Option<(Name, Vec<Name>)> {
    let ExpressionKind::Variable(variable) = of.node else { return None };
    let labels =
        groups.into_iter().map(|group| if let LabelExpression::Name(name) = group { Some(name) } else { None });
    Some((Name { node: variable, span: of.span }, labels.collect::<Option<_>>()?))
}

/// `REMOVE item, ...`
fn remove(input: Tokens<'_>) -> Parsed<'_, Clause> {
    map(preceded(clause_word("REMOVE"), cut(separated_list1(symbol(","), remove_item))), Clause::Remove).parse(input)
}

/// `a.key`, `a:Label`
fn remove_item(input: Tokens<'_>) -> Parsed<'_, RemoveItem> {
    let (rest, target) = target(input)?;
    let item = match target.node {
        ExpressionKind::Property(target, key) => Some(RemoveItem::Property { target, key }),
        ExpressionKind::Index(target, key) => Some(RemoveItem::Computed { target, key }),
        ExpressionKind::HasLabels(of, groups) => {
            labelled(*of, groups).map(|(variable, labels)| RemoveItem::Labels { variable, labels })
        }
        _ => None,
    };
    match item {
        Some(item) => Ok((rest, item)),
        None => not_a_target(input, rest, "a property or labels to remove, such as g.name or g:gene"),
    }
}

/// `[DETACH] DELETE expression, ...`
fn delete(input: Tokens<'_>) -> Parsed<'_, Clause> {
    let detached = map(pair(clause_word("DETACH"), cut(keyword("DELETE"))), |_| true);
    let opening = alt((detached, value(false, clause_word("DELETE"))));
    let targets = cut(separated_list1(symbol(","), expression));
    map(pair(opening, targets), |(detach, targets)| Clause::Delete { detach, targets }).parse(input)
}
