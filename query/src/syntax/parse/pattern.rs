//! Patterns: nodes, relationships, paths, and the bare words of the terse form.

use std::collections::{HashMap, HashSet};

use nom::Parser;
use nom::combinator::{map, opt};
use nom::sequence::{pair, preceded};

use super::expression::{expression, map_entries};
use super::input::{Expected, Parsed, Thing, Tokens, keyword, must, nested, symbol, variable};
use super::label::{Bar, labels, type_expression};
use super::lexeme::LexemeKind;
use crate::error::{QueryError, QueryErrorKind};
use crate::limits::HOPS_MAX;
use crate::syntax::ast::{
    Arrow, BinaryOperator, Expression, ExpressionKind, LabelExpression, Length, Name, NodePattern, PathModeName,
    PathPattern, RelationshipPattern, Shortest, Span, Spanned,
};

/// `path, path, ...`
pub(super) fn patterns(input: Tokens<'_>) -> Parsed<'_, Vec<PathPattern>> {
    let (mut rest, first) = path(input)?;
    let mut paths = vec![first];
    while let (after, Some(_)) = opt(symbol(",")).parse(rest)? {
        let (after, path) = must(path(after))?;
        paths.push(path);
        rest = after;
    }
    Ok((rest, paths))
}

/// `[name =] [which shortest] [mode] nodes and relationships`, or
/// `[name =] shortestPath(nodes and relationships)`. The prefixes may stand before the name as well.
pub(super) fn path(input: Tokens<'_>) -> Parsed<'_, PathPattern> {
    let (rest, (before, mode_before)) = pair(opt(shortest_prefix), opt(path_mode)).parse(input)?;
    let (rest, variable) = opt(path_variable).parse(rest)?;
    let (rest, (behind, mode_behind)) = pair(opt(shortest_prefix), opt(path_mode)).parse(rest)?;
    let wrapped = shortest_call_ahead(rest);
    let (rest, mut chain) = if wrapped.is_some() { within_call(rest)? } else { chain(rest)? };
    chain.variable = variable;
    chain.shortest = wrapped.or(behind).or(before);
    chain.path_mode = mode_behind.or(mode_before);
    chain.span = input.span_to(rest);
    Ok((rest, chain))
}

/// `name =`
fn path_variable(input: Tokens<'_>) -> Parsed<'_, Name> {
    if input.variable_ahead(0) && input.symbol_ahead(1, "=") {
        return map(pair(variable, symbol("=")), |(name, _)| name).parse(input);
    }
    input.refuse(Expected::Thing(Thing::NodePattern))
}

/// `ANY SHORTEST`, `ALL SHORTEST`, `SHORTEST k`, `ANY CHEAPEST`, `CHEAPEST k`
fn shortest_prefix(input: Tokens<'_>) -> Parsed<'_, Shortest> {
    let words = [
        ("ANY", "SHORTEST", Shortest::Any),
        ("ALL", "SHORTEST", Shortest::All),
        ("ANY", "CHEAPEST", Shortest::AnyCheapest),
    ];
    let found = words.iter().find(|(first, second, _)| input.keyword_ahead(0, first) && input.keyword_ahead(1, second));
    if let Some((.., which)) = found {
        return Ok((input.skip(2), *which));
    }
    let is_number = input.ahead(1).is_some_and(|lexeme| lexeme.kind == LexemeKind::Integer);
    let cheapest = input.keyword_ahead(0, "CHEAPEST");
    if !is_number || !(cheapest || input.keyword_ahead(0, "SHORTEST")) {
        return input.refuse(Expected::Thing(Thing::NodePattern));
    }
    let (rest, count) = path_count(input.skip(1))?;
    Ok((rest, if cheapest { Shortest::FirstCheapest(count) } else { Shortest::First(count) }))
}

/// A number of paths.
fn path_count(input: Tokens<'_>) -> Parsed<'_, u32> {
    match input.text_ahead(0).parse() {
        Ok(count) if count > 0 => Ok((input.skip(1), count)),
        _ => {
            let expected = format!("a number of paths from 1 to {}", u32::MAX);
            let kind = QueryErrorKind::Syntax { expected, found: format!("`{}`", input.text_ahead(0)) };
            input.fail(QueryError { kind, span: Some(input.span()), help: None })
        }
    }
}

/// `WALK`, `TRAIL`, `ACYCLIC`, `SIMPLE`: only before what can begin a path, else it is a bare word.
pub(super) fn path_mode(input: Tokens<'_>) -> Parsed<'_, Spanned<PathModeName>> {
    let modes = [
        ("WALK", PathModeName::Walk),
        ("TRAIL", PathModeName::Trail),
        ("ACYCLIC", PathModeName::Acyclic),
        ("SIMPLE", PathModeName::Simple),
    ];
    let found = modes.iter().find(|(word, _)| input.keyword_ahead(0, word));
    match found {
        Some(&(_, node)) if input.symbol_ahead(1, "(") || input.variable_ahead(1) => {
            Ok((input.skip(1), Spanned { node, span: input.span() }))
        }
        _ => input.refuse(Expected::Thing(Thing::NodePattern)),
    }
}

/// Which of `shortestPath(...)` and `allShortestPaths(...)` begins here.
fn shortest_call_ahead(input: Tokens<'_>) -> Option<Shortest> {
    match input.text_ahead(0).to_ascii_lowercase().as_str() {
        "shortestpath" if input.symbol_ahead(1, "(") => Some(Shortest::Any),
        "allshortestpaths" if input.symbol_ahead(1, "(") => Some(Shortest::All),
        _ => None,
    }
}

/// The path in the brackets of a call.
fn within_call(input: Tokens<'_>) -> Parsed<'_, PathPattern> {
    let (rest, chain) = must(chain(input.skip(2)))?;
    let (rest, _) = must(symbol(")")(rest))?;
    Ok((rest, chain))
}

/// Nodes with relationships between them. A path recurs into itself by its parts, so it is nested as expressions are.
fn chain(input: Tokens<'_>) -> Parsed<'_, PathPattern> {
    nested(plain_chain)(input)
}

fn plain_chain(input: Tokens<'_>) -> Parsed<'_, PathPattern> {
    let begins_with_part = repeated_part_ahead(input);
    let (mut rest, start) = if begins_with_part { (input, unwritten_node(input)) } else { node(input)? };
    let mut steps = Vec::new();
    loop {
        let (after, relationship) = if repeated_part_ahead(rest) {
            repeated_part(rest)?
        } else if relationship_begins(rest) {
            relationship(rest)?
        } else {
            break;
        };
        let part = relationship.ends.is_some();
        let open = part && (!after.symbol_ahead(0, "(") || repeated_part_ahead(after));
        let (after, node) = if open { (after, unwritten_node(after)) } else { must(node(after))? };
        steps.push((relationship, node));
        rest = after;
    }
    let mut path =
        PathPattern { variable: None, shortest: None, path_mode: None, start, steps, span: input.span_to(rest) };
    number_repeated_words(&mut path);
    Ok((rest, path))
}

/// The second `gene` of `gene -- disease -- gene` is another node, so it cannot have the same variable: it is called
/// `gene2`, a third one `gene3`.
fn number_repeated_words(path: &mut PathPattern) {
    let mut taken = HashSet::new();
    let mut numbers = HashMap::new();
    for node in std::iter::once(&mut path.start).chain(path.steps.iter_mut().map(|(_, node)| node)) {
        let Some(variable) = &mut node.variable else { continue };
        if node.bare && taken.contains(&variable.node) {
            let number = numbers.entry(variable.node.clone()).or_insert(1_usize);
            variable.node = loop {
                *number += 1;
                let numbered = format!("{}{number}", variable.node);
                if !taken.contains(&numbered) {
                    break numbered;
                }
            };
        }
        taken.insert(variable.node.clone());
    }
}

/// A node pattern in brackets, or a bare word.
fn node(input: Tokens<'_>) -> Parsed<'_, NodePattern> {
    if input.symbol_ahead(0, "(") {
        return bracketed_node(input);
    }
    if input.variable_ahead(0) {
        return bare_node(input);
    }
    let _: Parsed<'_, ()> = input.refuse(Expected::Thing(Thing::NodePattern));
    input.refuse(Expected::Thing(Thing::BareWord))
}

/// `(variable:Label {key: value} WHERE condition)`
fn bracketed_node(input: Tokens<'_>) -> Parsed<'_, NodePattern> {
    let (rest, variable) = opt(variable).parse(input.skip(1))?;
    let (rest, labels) = opt(|input| labels(input, Bar::Chooses)).parse(rest)?;
    let (rest, properties) = properties(rest)?;
    let (rest, condition) = bracketed("WHERE", rest)?;
    let (rest, _) = must(symbol(")")(rest))?;
    let labels = labels.unwrap_or_default();
    Ok((rest, NodePattern { variable, labels, properties, condition, bare: false, span: input.span_to(rest) }))
}

/// `WHERE expression`, `COST expression`, or nothing.
fn bracketed<'a>(word: &'static str, input: Tokens<'a>) -> Parsed<'a, Option<Expression>> {
    match keyword(word)(input) {
        Ok((rest, _)) => must(expression(rest)).map(|(rest, found)| (rest, Some(found))),
        Err(_) => Ok((input, None)),
    }
}

/// `gene`, `gene {name: 'TP53'}`. The braces are seldom there, so an error does not say that they could be.
fn bare_node(input: Tokens<'_>) -> Parsed<'_, NodePattern> {
    let (rest, word) = variable(input)?;
    let (rest, properties) = if rest.symbol_ahead(0, "{") { properties(rest)? } else { (rest, Vec::new()) };
    let labels = vec![LabelExpression::Name(word.clone())];
    let (variable, span) = (Some(word), input.span_to(rest));
    Ok((rest, NodePattern { variable, labels, properties, condition: None, bare: true, span }))
}

/// `{key: value, ...}`, or nothing.
fn properties(input: Tokens<'_>) -> Parsed<'_, Vec<(Name, Expression)>> {
    match symbol("{")(input) {
        Ok(_) => map_entries(input),
        Err(_) => Ok((input, Vec::new())),
    }
}

/// Whether a relationship begins here.
fn relationship_begins(input: Tokens<'_>) -> bool {
    let left = usize::from(input.symbol_ahead(0, "<"));
    input.symbol_ahead(left, "-") || input.refuse::<()>(Expected::Thing(Thing::Relationship)).is_ok()
}

/// `-[...]->`, `<-[...]-`, `-[...]-`, `-->`, `<--`, `--`
fn relationship(input: Tokens<'_>) -> Parsed<'_, RelationshipPattern> {
    let left = input.symbol_ahead(0, "<");
    let rest = input.skip(1 + usize::from(left));
    let detailed = symbol("[")(rest).is_ok();
    let (rest, mut relationship) =
        if detailed { relationship_detail(rest)? } else { (rest, RelationshipPattern::default()) };
    let (rest, _) = must(symbol("-")(rest))?;
    let (rest, right) = opt(symbol(">")).parse(rest)?;
    let (rest, repeated) = repetition(rest, relationship.length.is_none())?;
    relationship.length = relationship.length.or(repeated);
    relationship.arrow = match (left, right.is_some()) {
        (true, false) => Arrow::Left,
        (false, true) => Arrow::Right,
        _ => Arrow::Either,
    };
    relationship.span = input.span_to(rest);
    Ok((rest, relationship))
}

impl Default for RelationshipPattern {
    /// `--`
    fn default() -> Self {
        Self {
            variable: None,
            types: Vec::new(),
            type_expression: None,
            ends: None,
            arrow: Arrow::Either,
            length: None,
            properties: Vec::new(),
            condition: None,
            cost: None,
            span: Span::default(),
        }
    }
}

/// `[variable:type1|type2*2..4 {key: value} WHERE condition COST expression]`
fn relationship_detail(input: Tokens<'_>) -> Parsed<'_, RelationshipPattern> {
    let (rest, variable) = opt(variable).parse(input.skip(1))?;
    let (rest, (types, type_expression)) = types(rest)?;
    let (rest, length) = opt(length).parse(rest)?;
    let (rest, properties) = properties(rest)?;
    let (rest, condition) = bracketed("WHERE", rest)?;
    let (rest, cost) = bracketed("COST", rest)?;
    let (rest, _) = must(symbol("]")(rest))?;
    let written = RelationshipPattern {
        variable,
        types,
        type_expression,
        length,
        properties,
        condition,
        cost,
        ..Default::default()
    };
    Ok((rest, written))
}

/// `:type1|type2`, or as older queries have it `:type1|:type2`, or what a type must fulfil: `:!type1`.
fn types(input: Tokens<'_>) -> Parsed<'_, (Vec<Name>, Option<LabelExpression>)> {
    let Ok((rest, _)) = symbol(":")(input) else { return Ok((input, (Vec::new(), None))) };
    let (rest, expression) = must(type_expression(rest))?;
    match expression.alternatives() {
        Some(names) => Ok((rest, (names.into_iter().cloned().collect(), None))),
        None => Ok((rest, (Vec::new(), Some(expression)))),
    }
}

/// `*`, `*2`, `*2..`, `*..4`, `*2..4`
fn length(input: Tokens<'_>) -> Parsed<'_, Length> {
    let range = pair(opt(hops), opt(preceded(symbol(".."), opt(hops))));
    let (rest, (least, most)) = preceded(symbol("*"), range).parse(input)?;
    let most = most.unwrap_or(least);
    Ok((rest, Length { least, most, span: input.span_to(rest) }))
}

/// `{2,4}`, `{2,}`, `{,4}`, `{3}`, `+` or `*` behind a relationship or a part that is repeated.
fn repetition(input: Tokens<'_>, allowed: bool) -> Parsed<'_, Option<Length>> {
    let (rest, (least, most)) = if !allowed {
        return Ok((input, None));
    } else if input.symbol_ahead(0, "+") {
        (input.skip(1), (Some(1), None))
    } else if input.symbol_ahead(0, "*") {
        (input.skip(1), (Some(0), None))
    } else if input.symbol_ahead(0, "{") {
        let (rest, least) = opt(hops).parse(input.skip(1))?;
        let (rest, comma) = opt(symbol(",")).parse(rest)?;
        let (rest, most) = if comma.is_some() { opt(hops).parse(rest)? } else { (rest, least) };
        let (rest, _) = must(symbol("}")(rest))?;
        (rest, (Some(least.unwrap_or(0)), most))
    } else {
        return Ok((input, None));
    };
    Ok((rest, Some(Length { least, most, span: input.span_to(rest) })))
}

/// Whether a part that is repeated begins here: `((a)-[r]->(b)){2,4}`.
fn repeated_part_ahead(input: Tokens<'_>) -> bool {
    input.symbol_ahead(0, "(")
        && input.symbol_ahead(1, "(")
        && input
            .partner_ahead()
            .is_some_and(|closing| ["{", "+", "*"].iter().any(|sign| input.symbol_ahead(closing + 1, sign)))
}

/// `((a)-[r]->(b) WHERE condition){2,4}`: a relationship with the nodes around each of its hops.
fn repeated_part(input: Tokens<'_>) -> Parsed<'_, RelationshipPattern> {
    let (rest, inner) = must(chain(input.skip(1)))?;
    let (rest, condition) = bracketed("WHERE", rest)?;
    let (rest, _) = must(symbol(")")(rest))?;
    let (rest, length) = repetition(rest, true)?;
    let span = input.span_to(rest);
    let PathPattern { start, mut steps, .. } = inner;
    let (Some((mut relationship, end)), true) = (steps.pop(), steps.is_empty()) else {
        return unfit_part(input, span, "one relationship in the part that is repeated");
    };
    if relationship.length.is_some() || relationship.ends.is_some() {
        return unfit_part(input, span, "a single hop in the part that is repeated");
    }
    if [&start, &end].iter().any(|node| node.bare) {
        return unfit_part(input, span, "node patterns in brackets in the part that is repeated");
    }
    let conditions = [relationship.condition.take(), condition].into_iter().flatten();
    relationship.condition = conditions.reduce(|one, other| {
        let span = Span { start: one.span.start, end: other.span.end };
        Box::new(Spanned { node: ExpressionKind::Binary(BinaryOperator::And, one, other), span })
    });
    relationship.ends = Some(Box::new([start, end]));
    (relationship.length, relationship.span) = (length, span);
    Ok((rest, relationship))
}

fn unfit_part<'a, T>(input: Tokens<'a>, span: Span, expected: &str) -> Parsed<'a, T> {
    let found = format!("`{}`", &input.context.text[span.start..span.end]);
    let kind = QueryErrorKind::Syntax { expected: expected.to_owned(), found };
    let help = "longer parts are written out, once for each number of times, and joined by UNION".to_owned();
    input.fail(QueryError { kind, span: Some(span), help: Some(help) })
}

/// A node that may stand at the end of a part that is repeated, and need not be written.
fn unwritten_node(at: Tokens<'_>) -> NodePattern {
    let place = at.span().start;
    let span = Span { start: place, end: place };
    NodePattern { variable: None, labels: Vec::new(), properties: Vec::new(), condition: None, bare: false, span }
}

/// A number of hops.
fn hops(input: Tokens<'_>) -> Parsed<'_, u32> {
    if input.ahead(0).is_none_or(|lexeme| lexeme.kind != LexemeKind::Integer) {
        return input.refuse(Expected::Thing(Thing::Hops));
    }
    if let Ok(hops) = input.text_ahead(0).parse() {
        return Ok((input.skip(1), hops));
    }
    let kind = QueryErrorKind::Syntax {
        expected: format!("a number of hops up to {HOPS_MAX}"),
        found: format!("`{}`", input.text_ahead(0)),
    };
    let help = "leave the number out for any number of hops: `*2..`".to_owned();
    input.fail(QueryError { kind, span: Some(input.span()), help: Some(help) })
}

/// Whether what begins here, in an expression, is a path rather than something in brackets: `(g)--(d)` is a path,
/// `(g) - (d)` and `(g) < -1` are not. Looks no further than the first relationship and parses nothing twice.
pub(super) fn path_ahead(input: Tokens<'_>) -> bool {
    node_ahead(input) && input.partner_ahead().is_some_and(|closing| relationship_ahead(input.skip(closing + 1)))
}

/// Whether the bracket here holds what a node pattern does: a name, labels, a map, WHERE, each if it is there, and no more.
/// `(EXISTS { ...` begins a condition; `({k: 1} + a)` and `(a:b IS NULL)` are more than a node.
fn node_ahead(input: Tokens<'_>) -> bool {
    if !input.symbol_ahead(0, "(") || (input.keyword_ahead(1, "EXISTS") && input.symbol_ahead(2, "{")) {
        return false;
    }
    let mut at = 1 + usize::from(input.variable_ahead(1));
    let mut name_before = true;
    while let Some(width) = label_piece_ahead(input.skip(at), name_before) {
        name_before = !input.ahead(at).is_some_and(|lexeme| matches!(lexeme.kind, LexemeKind::Symbol(_)));
        at += width;
    }
    if input.symbol_ahead(at, "{") {
        match input.skip(at).partner_ahead() {
            Some(closing) => at += closing + 1,
            None => return true,
        }
    }
    input.symbol_ahead(at, ")") || input.keyword_ahead(at, "WHERE")
}

/// How many lexemes the next piece of the labels of a node has, if one is here: a sign, or a name behind a sign.
fn label_piece_ahead(input: Tokens<'_>, name_before: bool) -> Option<usize> {
    let lexeme = input.ahead(0)?;
    match lexeme.kind {
        LexemeKind::Symbol(":" | "|" | "&") => Some(1),
        LexemeKind::Symbol("!" | "%") if !name_before => Some(1),
        LexemeKind::Symbol("(") if !name_before => input.partner_ahead().map(|closing| closing + 1),
        LexemeKind::Word | LexemeKind::QuotedName if !name_before => Some(1),
        _ => None,
    }
}

/// `-[`, `<-[`, or two dashes without a space between them and a bracket behind: `(a)--(b)`, but not `(a) - -(b)`.
fn relationship_ahead(input: Tokens<'_>) -> bool {
    let input = input.skip(usize::from(input.symbol_ahead(0, "<")));
    if !input.symbol_ahead(0, "-") {
        return false;
    }
    let arrow = 2 + usize::from(input.symbol_ahead(2, ">"));
    let joined = input.ahead(1).is_some_and(|second| second.is("-") && second.span.start == input.span().end);
    input.symbol_ahead(1, "[") || (joined && input.symbol_ahead(arrow, "("))
}

/// `(a)--(b)` as a condition.
pub(super) fn path_predicate(input: Tokens<'_>) -> Parsed<'_, PathPattern> {
    chain(input)
}

/// `[p =] (a)--(b)` with a bracket or a name before it, in a pattern comprehension.
pub(super) fn comprehended_path(input: Tokens<'_>) -> Parsed<'_, PathPattern> {
    path(input)
}

/// `path, path, ... [WHERE condition] }`, behind the opening brace of EXISTS.
pub(super) fn patterns_in_braces(input: Tokens<'_>) -> Parsed<'_, (Vec<PathPattern>, Option<Expression>)> {
    let (rest, paths) = patterns(input)?;
    let (rest, where_word) = opt(keyword("WHERE")).parse(rest)?;
    let (rest, condition) = match where_word {
        Some(_) => must(expression(rest)).map(|(rest, condition)| (rest, Some(condition)))?,
        None => (rest, None),
    };
    let (rest, _) = must(symbol("}")(rest))?;
    Ok((rest, (paths, condition)))
}
