//! What helps at a failure: slips of the finger, and habits from SQL and from other dialects.

use super::error::Failure;
use super::input::{Expected, Thing};
use super::lexeme::LexemeKind;
use crate::syntax::keyword;
use crate::syntax::suggest::nearest;

/// What would help, the surest first.
pub(super) fn advice(failure: &Failure<'_>) -> Option<String> {
    habit(failure)
        .or_else(|| relationship(failure))
        .or_else(|| pattern(failure))
        .or_else(|| placement(failure))
        .or_else(|| literal(failure))
        .map(str::to_owned)
        .or_else(|| misspelt_keyword(failure))
        .or_else(|| keyword_as_name(failure))
}

/// Words and symbols of other languages.
const HABITS: &[(&str, &str)] = &[
    ("SELECT", "a query begins with what to look for: MATCH (g:gene) RETURN g.name"),
    ("FROM", "what to look for stands in MATCH: MATCH (g:gene) RETURN g.name"),
    ("JOIN", "things are joined by a pattern: MATCH (g:gene)--(d:disease)"),
    ("GROUP", "rows are grouped by the items that are no aggregates: RETURN d.name, count(*)"),
    ("HAVING", "groups are filtered with WITH: WITH d, count(*) AS genes WHERE genes > 1 RETURN d.name"),
    ("LIKE", "use CONTAINS, STARTS WITH or ENDS WITH"),
    ("ILIKE", "use CONTAINS, STARTS WITH or ENDS WITH on toLower(...)"),
    ("BETWEEN", "a range is written 1 <= x <= 5"),
    ("OFFSET", "use SKIP"),
    ("TOP", "use LIMIT at the end"),
    ("INSERT", "use CREATE, or MERGE for what may be there already"),
    ("UPDATE", "use MATCH ... SET"),
    ("DROP", "use MATCH ... DETACH DELETE"),
    ("!=", "`not equal` is written <>"),
    ("!", "write NOT"),
    ("==", "`equal` is written ="),
    ("=>", "`greater or equal` is written >="),
    ("&&", "write AND"),
    ("#", "a comment begins with //"),
    ("$", "a parameter is written $name"),
    ("\u{2013}", "this is a long dash; write -"),
    ("\u{2014}", "this is a long dash; write -"),
    ("\u{2212}", "this is a mathematical minus sign; write -"),
    ("\u{2192}", "write ->"),
    ("\u{2190}", "write <-"),
    ("\u{2018}", "these are printer's quotes; write '"),
    ("\u{2019}", "these are printer's quotes; write '"),
    ("\u{201c}", "these are printer's quotes; write \""),
    ("\u{201d}", "these are printer's quotes; write \""),
];

fn habit(failure: &Failure<'_>) -> Option<&'static str> {
    let found = failure.letters(0);
    let known = HABITS.iter().find(|(habit, _)| habit.eq_ignore_ascii_case(found));
    known.map(|(_, help)| *help)
}

/// Relationships that are begun and not ended, or written as in another language.
fn relationship(failure: &Failure<'_>) -> Option<&'static str> {
    let (before, found) = (failure.letters(-1), failure.letters(0));
    let dash = failure.expects(Expected::Symbol("-"));
    match (before, found) {
        ("-", ">") if dash => Some("an arrow is written --> or -[:associated]->"),
        ("-", _) if dash => Some("a relationship is written --, --> or -[:associated]-"),
        ("]", _) if dash => Some("a relationship ends with - or ->, as in -[r]-> (d)"),
        ("*", _) if failure.kind(0) == Some(LexemeKind::Float) => Some("a range of hops has two dots: *2..4"),
        (_, "-") if failure.kind(-1) == Some(LexemeKind::Integer) && failure.letters(-2) == "*" => {
            Some("a range of hops has two dots: *2..4")
        }
        _ => None,
    }
}

/// Nodes, lists and paths that are not written as here.
fn pattern(failure: &Failure<'_>) -> Option<&'static str> {
    let found = failure.letters(0);
    let word_before = failure.kind(-1) == Some(LexemeKind::Word);
    if found == ":" && word_before && failure.expects(Expected::Thing(Thing::Relationship)) {
        return Some("a name with a label stands in brackets: (g:gene)");
    }
    if failure.letters(-1).eq_ignore_ascii_case("SHORTEST") {
        return Some("write ANY SHORTEST, ALL SHORTEST, or a number of paths as in SHORTEST 3");
    }
    None
}

/// Clauses in the wrong place.
fn placement(failure: &Failure<'_>) -> Option<&'static str> {
    let found = failure.letters(0);
    if failure.letters(-1) == ";" {
        return Some("one query at a time");
    }
    let not_before = ["IN", "CONTAINS", "STARTS", "ENDS"];
    if found.eq_ignore_ascii_case("NOT") && keyword::contains(&not_before, failure.letters(1)) {
        return Some("NOT stands in front: NOT x IN list");
    }
    if !failure.expects(Expected::Thing(Thing::End)) {
        return None;
    }
    if found.eq_ignore_ascii_case("WHERE") {
        return Some("WHERE stands before RETURN, and what is computed is filtered with WITH ... WHERE ... RETURN");
    }
    keyword::contains(keyword::CLAUSES, found).then_some(
        "nothing comes after RETURN, ORDER BY, SKIP and LIMIT, in this order; WITH hands rows on to further clauses",
    )
}

/// Texts and keys that are quoted in another way.
fn literal(failure: &Failure<'_>) -> Option<&'static str> {
    let text = failure.kind(0) == Some(LexemeKind::Text);
    if text && failure.expects(Expected::Thing(Thing::PropertyKey)) {
        return Some("a key is written without quotes, or in back-quotes: {name: 'TP53'}");
    }
    let joined = failure.kind(-1) == Some(LexemeKind::Text) && failure.is_joined();
    (joined && (text || failure.kind(0) == Some(LexemeKind::Word))).then_some("a quote within a text is written \\'")
}

/// A word that is nearly one of the keywords that could stand here, or that could have stood before.
fn misspelt_keyword(failure: &Failure<'_>) -> Option<String> {
    let candidates = failure.expected.iter().filter_map(|expected| match *expected {
        Expected::Keyword(word) | Expected::Clause(word) | Expected::Operator(word) => Some(word),
        Expected::Symbol(_) | Expected::Thing(_) => None,
    });
    let words = candidates.filter(|candidate| candidate.len() > 1 && candidate.is_ascii());
    let here = failure.word(0).and_then(|word| nearest(word, words));
    let modes = ["WALK", "TRAIL", "ACYCLIC", "SIMPLE", "shortestPath", "allShortestPaths"];
    let projects = keyword::contains(&["RETURN", "WITH"], failure.letters(-2));
    let distinct = failure.word(-1).filter(|_| projects && failure.word(0).is_some());
    let distinct = distinct.and_then(|word| nearest(word, ["DISTINCT"]));
    let begins_node = failure.letters(0) == "(" || failure.word(0).is_some();
    let before = failure.word(-1).filter(|_| begins_node).and_then(|word| nearest(word, modes));
    distinct.or(here).or(before).map(|meant| format!("did you mean {meant}?"))
}

/// A keyword where a name belongs.
fn keyword_as_name(failure: &Failure<'_>) -> Option<String> {
    let word = failure.word(0).filter(|word| keyword::is_reserved(word))?;
    let behind = [":", ")", "=", ",", "-", ".", "{", "]", "}"].contains(&failure.letters(1));
    let alias = failure.letters(-1).eq_ignore_ascii_case("AS");
    (behind || alias)
        .then(|| format!("{} is a keyword; in back-quotes it can be a name: `{word}`", word.to_uppercase()))
}
