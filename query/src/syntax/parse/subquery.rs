//! Queries in expressions: `EXISTS { ... }`, `COUNT { ... }`, `COLLECT { ... }`.

use super::expression::exists;
use super::input::{Parsed, Tokens};
use super::pattern::patterns_in_braces;
use super::statement::query_in_braces;
use crate::syntax::ast::{
    Clause, Expression, ExpressionKind, Match, PathPattern, Query, SingleQuery, Span, Spanned, SubqueryKind,
};

/// Which query begins here: `EXISTS {`, `COUNT {`, `COLLECT {`.
pub(super) fn subquery_ahead(input: Tokens<'_>) -> Option<SubqueryKind> {
    let kinds = [("EXISTS", SubqueryKind::Exists), ("COUNT", SubqueryKind::Count), ("COLLECT", SubqueryKind::Collect)];
    let found = kinds.into_iter().find(|(word, _)| input.keyword_ahead(0, word));
    found.filter(|_| input.symbol_ahead(1, "{")).map(|(_, kind)| kind)
}

/// Behind the opening brace: paths with a condition, or a whole query.
pub(super) fn subquery(input: Tokens<'_>, kind: SubqueryKind) -> Parsed<'_, ExpressionKind> {
    let whole = ["MATCH", "OPTIONAL", "WITH", "UNWIND", "RETURN", "CALL"];
    if kind != SubqueryKind::Collect && !whole.iter().any(|word| input.keyword_ahead(0, word)) {
        let (rest, (patterns, condition)) = patterns_in_braces(input)?;
        return Ok((rest, with_patterns(kind, patterns, condition, input.span_to(rest))));
    }
    let (rest, query) = query_in_braces(input, kind != SubqueryKind::Collect)?;
    Ok((rest, plain_existence(kind, query)))
}

fn with_patterns(
    kind: SubqueryKind,
    patterns: Vec<PathPattern>,
    condition: Option<Expression>,
    span: Span,
) -> ExpressionKind {
    if kind == SubqueryKind::Exists {
        return exists(patterns, condition, true);
    }
    let clause = Clause::Match(Match { optional: false, path_mode: None, patterns, condition });
    let clauses = vec![Spanned { node: clause, span }];
    let query = Query { parts: vec![SingleQuery { clauses }], union_all: false, span };
    ExpressionKind::Subquery { kind, query: Box::new(query) }
}

/// A query of a single MATCH that is asked for its existence is no more than its patterns.
fn plain_existence(kind: SubqueryKind, mut query: Query) -> ExpressionKind {
    let plain = match &query.parts[..] {
        [SingleQuery { clauses }] if kind == SubqueryKind::Exists => match &clauses[..] {
            [only] => matches!(&only.node, Clause::Match(found) if !found.optional && found.path_mode.is_none()),
            _ => false,
        },
        _ => false,
    };
    let only = if plain { query.parts[0].clauses.pop() } else { None };
    match only.map(|clause| clause.node) {
        Some(Clause::Match(found)) => exists(found.patterns, found.condition, true),
        _ => ExpressionKind::Subquery { kind, query: Box::new(query) },
    }
}
