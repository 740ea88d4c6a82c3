//! The whole query: EXPLAIN or PROFILE, clauses, UNION, a semicolon.

use nom::Parser;
use nom::branch::alt;
use nom::combinator::{cut, map, opt, value};
use nom::multi::many0;
use nom::sequence::pair;

use super::clause::{clause, page, return_clause};
use super::input::{Expected, Parsed, Thing, Tokens, clause_word, keyword, must, nested, spanned, symbol};
use super::trust::{retraction, verification};
use crate::error::{QueryError, QueryErrorKind};
use crate::syntax::ast::{Clause, Mode, Projection, Query, SingleQuery, Span, Spanned, Statement};

/// `[EXPLAIN | PROFILE] query [UNION [ALL] query ...] [VERIFY ...] [;]`, or `RETRACT ... [;]`
pub(super) fn statement(input: Tokens<'_>) -> Parsed<'_, Statement> {
    let (rest, mode) = mode(input)?;
    if mode == Mode::Run && rest.keyword_ahead(0, "RETRACT") {
        let (rest, retraction) = map(retraction, Some).parse(rest)?;
        let (rest, _) = pair(many0(symbol(";")), end).parse(rest)?;
        return Ok((rest, Statement { mode, retraction, parts: Vec::new(), union_all: false, verification: None }));
    }
    let (rest, (parts, union_all)) = united(rest, false)?;
    let (rest, verification) = opt(verification).parse(rest)?;
    let (rest, _) = pair(many0(symbol(";")), end).parse(rest)?;
    Ok((rest, Statement { mode, retraction: None, parts, union_all, verification }))
}

/// `query [UNION [ALL] query ...]`: the parts, and whether UNION ALL joins them.
fn united<'a>(input: Tokens<'a>, may_end_open: bool) -> Parsed<'a, (Vec<SingleQuery>, bool)> {
    let part = |input: Tokens<'a>| single_query(input, may_end_open);
    let (rest, first) = part(input)?;
    let (rest, further) = many0(pair(union, cut(part))).parse(rest)?;
    let union_all = further.first().is_some_and(|((_, all), _)| *all);
    if let Some(((span, _), _)) = further.iter().find(|((_, all), _)| *all != union_all) {
        return mixed_unions(input, *span);
    }
    Ok((rest, (std::iter::once(first).chain(further.into_iter().map(|(_, query)| query)).collect(), union_all)))
}

/// A query within a query, behind the opening brace. It may end without RETURN where nobody asks for its columns.
pub(super) fn query_in_braces(input: Tokens<'_>, may_end_open: bool) -> Parsed<'_, Query> {
    let (rest, (parts, union_all)) = must(nested(|input| united(input, may_end_open))(input))?;
    let span = input.span_to(rest);
    let (rest, _) = must(symbol("}")(rest))?;
    Ok((rest, Query { parts, union_all, span }))
}

/// `[EXPLAIN | PROFILE]`
fn mode(input: Tokens<'_>) -> Parsed<'_, Mode> {
    let explain = value(Mode::Explain, clause_word("EXPLAIN"));
    let profile = value(Mode::Profile, clause_word("PROFILE"));
    map(opt(alt((explain, profile))), Option::unwrap_or_default).parse(input)
}

/// `UNION [ALL | DISTINCT]`: its place, and whether it is UNION ALL.
fn union(input: Tokens<'_>) -> Parsed<'_, (Span, bool)> {
    let kind = alt((value(true, keyword("ALL")), value(false, keyword("DISTINCT"))));
    let (rest, (_, all)) = pair(clause_word("UNION"), opt(kind)).parse(input)?;
    Ok((rest, (input.span_to(rest), all.unwrap_or(false))))
}

fn mixed_unions<T>(input: Tokens<'_>, span: Span) -> Parsed<'_, T> {
    let found = &input.context.text[span.start..span.end];
    let kind = QueryErrorKind::Syntax {
        expected: "the same kind of UNION as before".to_owned(),
        found: format!("`{}`", found.to_ascii_uppercase()),
    };
    let help = "UNION drops equal rows and UNION ALL keeps them: a query can have one of the two".to_owned();
    input.fail(QueryError { kind, span: Some(span), help: Some(help) })
}

/// Clauses up to RETURN, or to the end of a query that writes, or that asks in the terse form.
fn single_query(input: Tokens<'_>, may_end_open: bool) -> Parsed<'_, SingleQuery> {
    let (rest, (mut clauses, returned)) = pair(many0(clause), opt(spanned(return_clause))).parse(input)?;
    let last = clauses.last().map(|clause| &clause.node);
    let finished = match last {
        _ if returned.is_some() => true,
        Some(_) if may_end_open => true,
        Some(Clause::Match(_)) if is_terse(&clauses) => return terse_end(rest, clauses),
        // A procedure that is called alone says what it gives.
        Some(Clause::Call(_)) => clauses.len() == 1,
        None | Some(Clause::Match(_) | Clause::With { .. } | Clause::Unwind { .. } | Clause::LoadCsv { .. }) => false,
        Some(_) => true,
    };
    if !finished {
        return rest.refuse(Expected::Clause("RETURN"));
    }
    clauses.extend(returned);
    Ok((rest, SingleQuery { clauses }))
}

/// Whether bare words say what to return: they must stand behind the last WITH, for it hides what was before.
fn is_terse(clauses: &[Spanned<Clause>]) -> bool {
    let shown = clauses.iter().rev().take_while(|clause| !matches!(clause.node, Clause::With { .. }));
    shown.filter_map(|clause| if let Clause::Match(found) = &clause.node { Some(found) } else { None }).any(|found| {
        let nodes = found
            .patterns
            .iter()
            .flat_map(|path| std::iter::once(&path.start).chain(path.steps.iter().map(|(_, node)| node)));
        nodes.into_iter().any(|node| node.bare)
    })
}

/// What may follow a query in the terse form: ORDER BY, SKIP and LIMIT, as a RETURN whose items are left out.
fn terse_end(input: Tokens<'_>, mut clauses: Vec<Spanned<Clause>>) -> Parsed<'_, SingleQuery> {
    let (rest, page) = page(input)?;
    if rest.position > input.position {
        let node = Clause::Return(Projection { distinct: true, ..page });
        clauses.push(Spanned { node, span: input.span_to(rest) });
    }
    Ok((rest, SingleQuery { clauses }))
}

/// Nothing more.
fn end(input: Tokens<'_>) -> Parsed<'_, ()> {
    if input.ahead(0).is_none() {
        return Ok((input, ()));
    }
    input.refuse(Expected::Thing(Thing::End))
}
