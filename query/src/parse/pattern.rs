//! Patterns: nodes, relationships, paths, and the bare words of the terse form.

use nom::Parser;
use nom::branch::alt;
use nom::combinator::{cut, map, opt};
use nom::multi::{many0, separated_list1};
use nom::sequence::{delimited, pair, preceded};

use super::expression::{expression, map_entries};
use super::input::{Expected, Parsed, Thing, Tokens, any_name, keyword, spanned, symbol, variable};
use super::lexeme::LexemeKind;
use crate::ast::{
    Arrow, Expression, Length, Name, NodePattern, PathModeName, PathPattern, RelationshipPattern, Shortest, Span,
    Spanned,
};
use crate::error::{QueryError, QueryErrorKind};
use crate::limits::HOPS_MAX;

/// `path, path, ...`
pub(super) fn patterns(input: Tokens<'_>) -> Parsed<'_, Vec<PathPattern>> {
    separated_list1(symbol(","), cut(path)).parse(input)
}

/// `[name =] [ANY SHORTEST | ALL SHORTEST] [mode] nodes and relationships`, or
/// `[name =] shortestPath(nodes and relationships)`. The prefixes may stand before the name as well.
pub(super) fn path(input: Tokens<'_>) -> Parsed<'_, PathPattern> {
    let (rest, (before, mode_before)) = pair(opt(shortest_prefix), opt(path_mode)).parse(input)?;
    let (rest, variable) = opt(path_variable).parse(rest)?;
    let (rest, (behind, mode_behind)) = pair(opt(shortest_prefix), opt(path_mode)).parse(rest)?;
    let (rest, (wrapped, mut chain)) =
        alt((map(shortest_call, |(which, chain)| (Some(which), chain)), map(chain, |chain| (None, chain))))
            .parse(rest)?;
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

/// `ANY SHORTEST`, `ALL SHORTEST`
fn shortest_prefix(input: Tokens<'_>) -> Parsed<'_, Shortest> {
    let which = if input.keyword_ahead(0, "ANY") { Shortest::Any } else { Shortest::All };
    if input.keyword_ahead(1, "SHORTEST") && (input.keyword_ahead(0, "ANY") || input.keyword_ahead(0, "ALL")) {
        return Ok((input.skip(2), which));
    }
    input.refuse(Expected::Thing(Thing::NodePattern))
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

/// `shortestPath(...)`, `allShortestPaths(...)`
fn shortest_call(input: Tokens<'_>) -> Parsed<'_, (Shortest, PathPattern)> {
    let which = match input.text_ahead(0).to_ascii_lowercase().as_str() {
        "shortestpath" => Shortest::Any,
        "allshortestpaths" => Shortest::All,
        _ => return input.refuse(Expected::Thing(Thing::NodePattern)),
    };
    let inside = delimited(symbol("("), cut(chain), cut(symbol(")")));
    map(preceded(any_name(Thing::NodePattern), inside), |chain| (which, chain)).parse(input)
}

/// Nodes with relationships between them.
fn chain(input: Tokens<'_>) -> Parsed<'_, PathPattern> {
    let (rest, (start, steps)) = pair(node, many0(pair(relationship, cut(node)))).parse(input)?;
    let mut path =
        PathPattern { variable: None, shortest: None, path_mode: None, start, steps, span: input.span_to(rest) };
    number_repeated_words(&mut path);
    Ok((rest, path))
}

/// The second `gene` of `gene -- disease -- gene` is another node, so it cannot have the same variable: it is called
/// `gene2`, a third one `gene3`.
fn number_repeated_words(path: &mut PathPattern) {
    let mut taken: Vec<String> = Vec::new();
    for node in std::iter::once(&mut path.start).chain(path.steps.iter_mut().map(|(_, node)| node)) {
        let Some(variable) = &mut node.variable else { continue };
        if node.bare && taken.contains(&variable.node) {
            let numbered = (2..).map(|number| format!("{}{number}", variable.node));
            variable.node = numbered.into_iter().find(|name| !taken.contains(name)).unwrap_or_default();
        }
        taken.push(variable.node.clone());
    }
}

/// A node pattern in brackets, or a bare word.
fn node(input: Tokens<'_>) -> Parsed<'_, NodePattern> {
    let (rest, mut node) = alt((bracketed_node, bare_node)).parse(input)?;
    node.span = input.span_to(rest);
    Ok((rest, node))
}

/// `(variable:Label {key: value})`
fn bracketed_node(input: Tokens<'_>) -> Parsed<'_, NodePattern> {
    if !input.symbol_ahead(0, "(") {
        return input.refuse(Expected::Thing(Thing::NodePattern));
    }
    let parts = (opt(variable), opt(labels), opt(properties));
    map(delimited(symbol("("), parts, cut(symbol(")"))), |(variable, labels, properties)| NodePattern {
        variable,
        labels: labels.unwrap_or_default(),
        properties: properties.unwrap_or_default(),
        bare: false,
        span: Span::default(),
    })
    .parse(input)
}

/// `gene`, `gene {name: 'TP53'}`
fn bare_node(input: Tokens<'_>) -> Parsed<'_, NodePattern> {
    if !input.variable_ahead(0) {
        return input.refuse(Expected::Thing(Thing::BareWord));
    }
    map(pair(variable, opt(properties)), |(word, properties)| NodePattern {
        labels: vec![vec![word.clone()]],
        variable: Some(word),
        properties: properties.unwrap_or_default(),
        bare: true,
        span: Span::default(),
    })
    .parse(input)
}

/// `:A|B:C`, `:A&B`: a node must have one label of each group.
pub(super) fn labels(input: Tokens<'_>) -> Parsed<'_, Vec<Vec<Name>>> {
    let group = |input| separated_list1(symbol("|"), any_name(Thing::Label)).parse(input);
    let further = preceded(alt((symbol(":"), symbol("&"))), cut(group));
    let (rest, (first, mut groups)) = pair(preceded(symbol(":"), cut(group)), many0(further)).parse(input)?;
    groups.insert(0, first);
    Ok((rest, groups))
}

/// `{key: value, ...}`
fn properties(input: Tokens<'_>) -> Parsed<'_, Vec<(Name, Expression)>> {
    map_entries(input)
}

/// `-[...]->`, `<-[...]-`, `-[...]-`, `-->`, `<--`, `--`
fn relationship(input: Tokens<'_>) -> Parsed<'_, RelationshipPattern> {
    let left = input.symbol_ahead(0, "<");
    let dash = usize::from(left);
    if !input.symbol_ahead(dash, "-") {
        return input.refuse(Expected::Thing(Thing::Relationship));
    }
    let (rest, (mut relationship, _, right)) =
        cut((map(opt(relationship_detail), Option::unwrap_or_default), symbol("-"), opt(symbol(">"))))
            .parse(input.skip(dash + 1))?;
    relationship.arrow = match (left, right) {
        (true, None) => Arrow::Left,
        (false, Some(_)) => Arrow::Right,
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
            arrow: Arrow::Either,
            length: None,
            properties: Vec::new(),
            span: Span::default(),
        }
    }
}

/// `[variable:type1|type2*2..4 {key: value}]`
fn relationship_detail(input: Tokens<'_>) -> Parsed<'_, RelationshipPattern> {
    let parts = (opt(variable), opt(types), opt(length), opt(properties));
    map(delimited(symbol("["), parts, cut(symbol("]"))), |(variable, types, length, properties)| RelationshipPattern {
        variable,
        types: types.unwrap_or_default(),
        length,
        properties: properties.unwrap_or_default(),
        ..RelationshipPattern::default()
    })
    .parse(input)
}

/// `:type1|type2`, or as older queries have it `:type1|:type2`
fn types(input: Tokens<'_>) -> Parsed<'_, Vec<Name>> {
    let separator = pair(symbol("|"), opt(symbol(":")));
    preceded(symbol(":"), cut(separated_list1(separator, any_name(Thing::RelationType)))).parse(input)
}

/// `*`, `*2`, `*2..`, `*..4`, `*2..4`
fn length(input: Tokens<'_>) -> Parsed<'_, Length> {
    let range = pair(opt(hops), opt(preceded(symbol(".."), opt(hops))));
    let (rest, (least, most)) = preceded(symbol("*"), range).parse(input)?;
    let most = most.unwrap_or(least);
    Ok((rest, Length { least, most, span: input.span_to(rest) }))
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

/// Whether the bracket here begins as that of a node pattern does.
fn node_ahead(input: Tokens<'_>) -> bool {
    let named = usize::from(input.variable_ahead(1));
    input.symbol_ahead(0, "(") && [")", ":", "{"].iter().any(|symbol| input.symbol_ahead(1 + named, symbol))
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
    spanned(chain).parse(input).map(|(rest, path)| (rest, PathPattern { span: path.span, ..path.node }))
}

/// `[MATCH] path, path, ... [WHERE condition] }`, behind the opening brace of EXISTS.
pub(super) fn subquery(input: Tokens<'_>) -> Parsed<'_, (Vec<PathPattern>, Option<Expression>)> {
    let condition = opt(preceded(keyword("WHERE"), cut(expression)));
    delimited(opt(keyword("MATCH")), pair(patterns, condition), symbol("}")).parse(input)
}
