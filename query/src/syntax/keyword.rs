//! The words of the language.

/// Every keyword, for completion and highlighting. Keywords ignore case, and all but the reserved ones may be names.
pub const KEYWORDS: &[&str] = &[
    "ACYCLIC",
    "ALL",
    "ALLSHORTESTPATHS",
    "AND",
    "ANY",
    "AS",
    "ASC",
    "ASCENDING",
    "BY",
    "CALL",
    "CASE",
    "CHEAPEST",
    "CONTAINS",
    "COST",
    "CREATE",
    "CSV",
    "DELETE",
    "DESC",
    "DESCENDING",
    "DETACH",
    "DISTINCT",
    "DOCUMENT",
    "ELSE",
    "END",
    "ENDS",
    "EXISTS",
    "EXPLAIN",
    "FALSE",
    "FIELDTERMINATOR",
    "FOREACH",
    "FROM",
    "HEADERS",
    "IN",
    "INSERT",
    "IS",
    "LIMIT",
    "LOAD",
    "MATCH",
    "MERGE",
    "NONE",
    "NOT",
    "NULL",
    "ON",
    "OPTIONAL",
    "OR",
    "ORDER",
    "PROFILE",
    "REMOVE",
    "RETRACT",
    "RETURN",
    "RUN",
    "SET",
    "SHORTEST",
    "SHORTESTPATH",
    "SIMPLE",
    "SINGLE",
    "SKIP",
    "STARTS",
    "THEN",
    "TRAIL",
    "TRUE",
    "UNION",
    "UNWIND",
    "VERIFY",
    "WALK",
    "WHEN",
    "WHERE",
    "WITH",
    "XOR",
    "YIELD",
];

/// Words that begin a clause or a part of one.
pub(crate) const CLAUSES: &[&str] = &[
    "MATCH", "OPTIONAL", "WHERE", "WITH", "RETURN", "UNWIND", "UNION", "CALL", "CREATE", "MERGE", "SET", "REMOVE",
    "DELETE", "DETACH", "ORDER", "SKIP", "LIMIT", "RETRACT", "VERIFY", "FOREACH",
];

/// Words that cannot name a variable or stand as a bare word, unless in back-quotes, beside those of [`CLAUSES`].
const RESERVED: &[&str] = &[
    "AND", "OR", "XOR", "NOT", "IN", "IS", "AS", "CASE", "WHEN", "THEN", "ELSE", "END", "TRUE", "FALSE", "NULL",
    "DISTINCT",
];

/// Whether a word needs back-quotes to be the name of a variable.
pub(crate) fn is_reserved(word: &str) -> bool {
    contains(CLAUSES, word) || contains(RESERVED, word)
}

/// Whether a list has this word, ignoring case.
pub(crate) fn contains(words: &[&str], word: &str) -> bool {
    words.iter().any(|known| known.eq_ignore_ascii_case(word))
}
