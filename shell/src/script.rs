//! A text of several statements, taken apart at the semicolons.

use hopgraph::query::ast;
use hopgraph::query::highlight::{TokenKind, tokens};

/// One statement of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Statement<'t> {
    /// The statement, without the semicolon.
    pub(crate) text: &'t str,
    /// The line on which it begins, counted from 1.
    pub(crate) line: usize,
}

/// The statements of a text in order. Semicolons in strings and comments do not count; a statement of white space and
/// comments alone is none.
pub(crate) fn statements(text: &str) -> Vec<Statement<'_>> {
    let mut statements = Vec::new();
    let mut begin: Option<usize> = None;
    let mut end = 0;
    for token in tokens(text) {
        let is_separator = text.get(token.span.start..token.span.end) == Some(";");
        match (token.kind, begin) {
            (TokenKind::Comment, None) => {}
            (_, None) if is_separator => {}
            (_, Some(start)) if is_separator => {
                statements.push(statement(text, start, end));
                begin = None;
            }
            (_, start) => {
                begin = start.or(Some(token.span.start));
                end = token.span.end;
            }
        }
    }
    statements.extend(begin.map(|start| statement(text, start, end)));
    statements
}

fn statement(text: &str, start: usize, end: usize) -> Statement<'_> {
    let before = text.get(..start).unwrap_or_default();
    Statement { text: text.get(start..end).unwrap_or_default(), line: 1 + before.matches('\n').count() }
}

/// A statement of the shell that begins or ends a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Boundary {
    /// What follows becomes true together.
    Begin,
    /// It becomes true now.
    Commit,
    /// It leaves no trace.
    Rollback,
}

/// Whether a statement is `BEGIN`, `COMMIT` or `ROLLBACK`, in any case and with or without `TRANSACTION`.
pub(crate) fn boundary(statement: &str) -> Option<Boundary> {
    let plain = tokens(statement).into_iter().filter(|token| token.kind != TokenKind::Comment);
    let words: Vec<String> =
        plain.filter_map(|token| statement.get(token.span.start..token.span.end)).map(str::to_uppercase).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).filter(|word| *word != ";").collect();
    match words[..] {
        ["BEGIN"] | ["BEGIN", "TRANSACTION"] => Some(Boundary::Begin),
        ["COMMIT"] | ["COMMIT", "TRANSACTION"] => Some(Boundary::Commit),
        ["ROLLBACK"] | ["ROLLBACK", "TRANSACTION"] => Some(Boundary::Rollback),
        _ => None,
    }
}

/// The clauses of a statement, those within others included.
fn clauses(statement: &ast::Statement) -> impl Iterator<Item = &ast::Clause> {
    statement.parts.iter().flat_map(|part| &part.clauses).flat_map(|clause| clause.node.all())
}

/// Whether a statement makes something, so that it makes sense on a graph that is not there yet.
pub(crate) fn creates(statement: &ast::Statement) -> bool {
    let makes = |clause: &ast::Clause| matches!(clause, ast::Clause::Create(_) | ast::Clause::Merge { .. });
    statement.mode != ast::Mode::Explain && clauses(statement).any(makes)
}

/// Whether a statement changes the graph in any way.
pub(crate) fn writes(statement: &ast::Statement) -> bool {
    let changes = |clause: &ast::Clause| {
        matches!(clause, ast::Clause::Set(_) | ast::Clause::Remove(_) | ast::Clause::Delete { .. })
    };
    creates(statement) || (statement.mode != ast::Mode::Explain && clauses(statement).any(changes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_end_at_semicolons_outside_of_strings_and_comments() {
        let cases: [(&str, &[(&str, usize)]); 7] = [
            ("MATCH (n) RETURN n", &[("MATCH (n) RETURN n", 1)]),
            ("RETURN 1;\nRETURN 2;", &[("RETURN 1", 1), ("RETURN 2", 2)]),
            ("RETURN ';' AS a; RETURN `;`", &[("RETURN ';' AS a", 1), ("RETURN `;`", 1)]),
            ("// one; two\nRETURN 1 /* ; */ ;", &[("RETURN 1 /* ; */", 2)]),
            (";;  ; ", &[]),
            ("// nothing\n", &[]),
            ("", &[]),
        ];
        for (text, expected) in cases {
            let found: Vec<_> = statements(text).iter().map(|statement| (statement.text, statement.line)).collect();
            assert_eq!(found, expected, "{text:?}");
        }
    }

    #[test]
    fn transactions_begin_and_end_with_a_word() {
        let cases = [
            ("BEGIN", Some(Boundary::Begin)),
            ("begin transaction", Some(Boundary::Begin)),
            ("/* all of it */ Commit;", Some(Boundary::Commit)),
            ("ROLLBACK", Some(Boundary::Rollback)),
            ("MATCH (commit) RETURN commit", None),
            ("BEGIN; COMMIT", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(boundary(text), expected, "{text:?}");
        }
    }

    #[test]
    fn only_create_and_merge_make_things() {
        let creates = |text: &str| creates(&hopgraph::query::parse::parse(text).unwrap());
        for text in ["CREATE (n:gene)", "match (a) merge (a)-[:x]->(b:gene)"] {
            assert!(creates(text), "{text}");
        }
        for text in ["MATCH (n) RETURN n.create", "MATCH (n) SET n.a = 'CREATE'", "EXPLAIN CREATE (n:gene)"] {
            assert!(!creates(text), "{text}");
        }
    }

    #[test]
    fn what_changes_something_is_told_from_what_reads() {
        let writes = |text: &str| writes(&hopgraph::query::parse::parse(text).unwrap());
        for text in ["CREATE (n:gene)", "MATCH (n) SET n.a = 1", "MATCH (n) REMOVE n.a", "MATCH (n) DETACH DELETE n"] {
            assert!(writes(text), "{text}");
        }
        for text in ["MATCH (n) RETURN n", "MATCH gene -[*2]- disease", "EXPLAIN MATCH (n) DELETE n"] {
            assert!(!writes(text), "{text}");
        }
    }
}
