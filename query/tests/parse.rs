//! The language as text: what parses to what, what each error says, what happens past each limit.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fmt::Write as _;
use std::path::PathBuf;

use hopgraph_query::ast::{Clause, ExpressionKind, Literal, Span, Statement};
use hopgraph_query::completion::completion_at;
use hopgraph_query::highlight::tokens;
use hopgraph_query::limits::{NESTING_MAX, QUERY_BYTES_MAX};
use hopgraph_query::parse::{is_complete, parse};
use hopgraph_query::{KEYWORDS, QueryErrorKind};
use proptest::prelude::*;

/// Compares what a query gives with what a file says, case by case. Each case of the file is `=== query`, the query,
/// `=== name`, what is expected. With UPDATE_EXPECT=1 the file is written anew; then read what has changed.
fn check_file(file: &str, name: &str, observe: impl Fn(&str) -> String) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/parse").join(file);
    let text = std::fs::read_to_string(&path).unwrap();
    let separator = format!("\n=== {name}\n");
    let mut observed = String::new();
    let mut failures = Vec::new();
    for case in text.split("=== query\n").skip(1) {
        let (query, expected) = case.split_once(&separator).unwrap();
        let found = observe(query);
        if found.trim_end() != expected.trim_end() {
            failures.push(format!("{query}\n--- expected\n{}\n--- found\n{found}\n", expected.trim_end()));
        }
        writeln!(observed, "=== query\n{query}{separator}{}\n", found.trim_end()).unwrap();
    }
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, observed).unwrap();
        return;
    }
    assert!(failures.is_empty(), "{} cases of {file} differ:\n\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn queries_parse_to_the_trees_of_the_file() {
    check_file("trees.txt", "tree", |query| match parse(query) {
        Ok(statement) => statement.to_string(),
        Err(error) => panic!("{}", error.report(query)),
    });
}

#[test]
fn errors_read_as_in_the_file() {
    check_file("errors.txt", "report", |query| match parse(query) {
        Ok(statement) => panic!("no error in {query}: {statement}"),
        Err(error) => error.report(query),
    });
}

/// The tree of a query, printed, parses to the same tree.
fn assert_prints_itself(query: &str) {
    let printed = parse(query).unwrap().to_string();
    let again = parse(&printed).unwrap_or_else(|error| panic!("{query}\nprints as\n{}", error.report(&printed)));
    assert_eq!(again.to_string(), printed, "{query}");
}

#[test]
fn what_is_printed_parses_to_the_same_tree() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/parse/trees.txt");
    let text = std::fs::read_to_string(path).unwrap();
    let queries = text.split("=== query\n").skip(1).map(|case| case.split_once("\n=== tree\n").unwrap().0);
    queries.for_each(assert_prints_itself);
}

#[test]
fn what_is_printed_nests_no_deeper_than_what_was_written() {
    let repeated = |text: &str| text.repeat(NESTING_MAX - 4);
    // A list with a sum in it is two levels.
    let lists = format!("RETURN {}1{}", "[".repeat(NESTING_MAX / 2 - 4), " + 1]".repeat(NESTING_MAX / 2 - 4));
    let signs = format!("RETURN {}a AS x", repeated("-"));
    let denials = format!("WITH 1 AS a WHERE {}a RETURN a", repeated("NOT "));
    let sums = format!("RETURN 1{} AS x", repeated(" + 1"));
    [lists, signs, denials, sums].iter().for_each(|query| assert_prints_itself(query));
    for kept in [
        "RETURN [(x IN y)]",
        "RETURN [(x IN y IS NULL)]",
        "RETURN [(x IN y CONTAINS z)]",
        "RETURN [a, x + y]",
        "RETURN [x IN (a:b|c) | x]",
        "RETURN [x IN a:b | x]",
        "RETURN [x IN (a:b|c IS NULL) WHERE (NOT a:b|c) | x]",
        "RETURN [x IN (a + a:b|c[0]) | [y IN x WHERE (a:b|c.k) | y]]",
        "RETURN all(x IN (a:b|c) WHERE a:b|c)",
        "RETURN reduce(n = a:b|c, x IN (-a:b|c) | n)",
        "RETURN (EXISTS { (a)--(b) } % a) - [a.b, 1]",
        "RETURN EXISTS { (exists {a: 1})--(b) }",
        "RETURN ({k: 1} * a) - [a.b]",
        "RETURN (a:gene|b:c IS NULL) - [x]",
    ] {
        assert_eq!(parse(kept).unwrap().to_string(), kept);
    }
}

/// The blocks of a document that are marked so, without the mark.
fn blocks<'d>(document: &'d str, mark: &str) -> Vec<&'d str> {
    let opening = format!("\n```{mark}\n");
    document.split(&opening).skip(1).map(|block| block.split_once("\n```").unwrap().0).collect()
}

#[test]
fn every_example_of_the_guide_parses() {
    let guide = include_str!("../LANGUAGE.md");
    let queries = blocks(guide, "cypher");
    assert!(queries.len() > 40, "{}", queries.len());
    for query in queries {
        parse(query).unwrap_or_else(|error| panic!("{}", error.report(query)));
        assert_prints_itself(query);
    }
    for query in blocks(guide, "cypher error") {
        let error = parse(query).unwrap_err();
        assert!(error.help.is_some(), "{}", error.report(query));
    }
}

#[test]
fn the_guide_shows_errors_and_limits_as_they_are() {
    let guide = include_str!("../LANGUAGE.md");
    let query = blocks(guide, "cypher error")[0];
    let shown: String = parse(query).unwrap_err().report(query).lines().map(|line| format!("    {line}\n")).collect();
    assert!(guide.contains(&shown), "{shown}");
    assert!(guide.contains(&format!("| {NESTING_MAX}; chains of")));
    assert_eq!(QUERY_BYTES_MAX, 1_048_576);
    let reserved = KEYWORDS.iter().filter(|word| parse(&format!("RETURN 1 AS {word}")).is_err());
    let listed = guide.lines().filter(|line| line.starts_with("    AND") || line.starts_with("    REMOVE"));
    let listed: Vec<_> = listed.flat_map(str::split_whitespace).collect();
    assert_eq!(listed, reserved.copied().collect::<Vec<_>>());
}

/// The only expression of `RETURN expression`.
fn returned(statement: &Statement) -> &ExpressionKind {
    match &statement.parts[0].clauses[0].node {
        Clause::Return(projection) => &projection.items[0].expression.node,
        other => panic!("not RETURN: {other}"),
    }
}

#[test]
fn literals_have_their_values() {
    let cases = [
        ("-9223372036854775808", Literal::Integer(i64::MIN)),
        ("9223372036854775807", Literal::Integer(i64::MAX)),
        ("0x1F", Literal::Integer(31)),
        ("0o17", Literal::Integer(15)),
        ("-0x10", Literal::Integer(-16)),
        ("1.5e-3", Literal::Float(0.0015)),
        (".5", Literal::Float(0.5)),
        ("'a\\n\\t\\\\\\'\\\"'", Literal::Text("a\n\t\\'\"".to_owned())),
        ("'\\u00e9\\ud83d\\ude00\\U0001F600'", Literal::Text("é\u{1f600}\u{1f600}".to_owned())),
        ("\"it's\"", Literal::Text("it's".to_owned())),
        ("TRUE", Literal::Boolean(true)),
    ];
    for (written, value) in cases {
        let statement = parse(&format!("RETURN {written}")).unwrap();
        assert_eq!(returned(&statement), &ExpressionKind::Literal(value), "{written}");
    }
}

#[test]
fn spans_cover_what_was_written() {
    let query = "MATCH (g:gene)-[r:x*2..4]->(d) WHERE (g.a + 1) > 2 RETURN (g.name), f( g ) AS x";
    let statement = parse(query).unwrap();
    let clauses = &statement.parts[0].clauses;
    let written = |span: Span| &query[span.start..span.end];
    assert_eq!(written(clauses[0].span), "MATCH (g:gene)-[r:x*2..4]->(d) WHERE (g.a + 1) > 2");
    let (Clause::Match(found), Clause::Return(projection)) = (&clauses[0].node, &clauses[1].node) else {
        panic!("{statement}")
    };
    let path = &found.patterns[0];
    assert_eq!(written(path.span), "(g:gene)-[r:x*2..4]->(d)");
    assert_eq!(written(path.start.span), "(g:gene)");
    assert_eq!(written(path.start.labels[0].names()[0].span), "gene");
    assert_eq!(written(path.steps[0].0.span), "-[r:x*2..4]->");
    assert_eq!(written(path.steps[0].0.length.unwrap().span), "*2..4");
    let ExpressionKind::Binary(_, left, _) = &found.condition.as_ref().unwrap().node else { panic!("{statement}") };
    assert_eq!(written(left.span), "(g.a + 1)");
    let columns: Vec<_> = projection.items.iter().map(|item| written(item.expression.span)).collect();
    assert_eq!(columns, ["(g.name)", "f( g )"]);
}

#[test]
fn a_text_longer_than_the_limit_is_refused() {
    let at_limit = format!("RETURN 1 //{}", "x".repeat(QUERY_BYTES_MAX - 11));
    assert!(parse(&at_limit).is_ok());
    let error = parse(&format!("{at_limit}x")).unwrap_err();
    assert!(matches!(error.kind, QueryErrorKind::TooLarge { what: "long", limit: QUERY_BYTES_MAX }), "{error}");
    assert!(error.report(&at_limit).contains("UNWIND $rows"), "{}", error.report(&at_limit));
}

/// A query with something nested in it so deep.
type Nested = fn(usize) -> String;

/// Each sort of nesting. Each level adds one to the depth.
fn nestings() -> Vec<(&'static str, Nested)> {
    vec![
        ("brackets", |depth| format!("RETURN {}1{}", "(".repeat(depth), ")".repeat(depth))),
        ("open brackets", |depth| format!("RETURN {}", "(".repeat(depth))),
        ("lists", |depth| format!("RETURN {}{}", "[".repeat(depth), "]".repeat(depth))),
        ("maps", |depth| format!("RETURN {}1{}", "{a: ".repeat(depth), "}".repeat(depth))),
        ("NOT", |depth| format!("RETURN {} a", "NOT ".repeat(depth))),
        ("minus", |depth| format!("RETURN {} a", "- ".repeat(depth))),
        ("sums", |depth| format!("RETURN 1{}", " + 1".repeat(depth))),
        ("powers", |depth| format!("RETURN 1{}", " ^ 1".repeat(depth))),
        ("properties", |depth| format!("RETURN a{}", ".b".repeat(depth))),
        ("indexes", |depth| format!("RETURN a{}", "[0]".repeat(depth))),
        ("IS NULL", |depth| format!("RETURN a{}", " IS NULL".repeat(depth))),
        ("calls", |depth| format!("RETURN {}1{}", "f(".repeat(depth), ")".repeat(depth))),
        ("CASE", |depth| format!("RETURN {}1{}", "CASE WHEN true THEN ".repeat(depth), " END".repeat(depth))),
        ("comprehensions", |depth| format!("RETURN {}xs{}", "[x IN ".repeat(depth), "]".repeat(depth))),
        ("EXISTS", |depth| format!("RETURN {}true{}", "EXISTS { (a) WHERE ".repeat(depth), " }".repeat(depth))),
        ("node maps", |depth| format!("RETURN {}1{}", "({a: ".repeat(depth), "})".repeat(depth))),
        ("paths", |depth| format!("RETURN {}1{}", "(a)-[{k: ".repeat(depth), "}]-()".repeat(depth))),
        ("half paths", |depth| format!("RETURN {}1{}", "(a)-[{k: ".repeat(depth), "}]".repeat(depth))),
        ("mixed", |depth| format!("RETURN {}1{}", "1 + 1 + (NOT -[{a: ".repeat(depth), "}])".repeat(depth))),
    ]
}

#[test]
fn nesting_past_the_limit_is_refused_on_a_small_stack() {
    // A quarter of the stack that a thread usually has.
    let on_small_stack = std::thread::Builder::new().stack_size(512 << 10).spawn(|| {
        for (name, nested) in nestings() {
            for depth in [NESTING_MAX + 1, 10_000, 100_000] {
                let query = nested(depth);
                let Err(error) = parse(&query) else { panic!("{depth} {name} were taken") };
                let refused = matches!(error.kind, QueryErrorKind::TooLarge { .. });
                assert!(refused, "{depth} {name}: {error}");
            }
        }
    });
    on_small_stack.unwrap().join().unwrap();
}

#[test]
fn nesting_well_within_the_limit_is_taken() {
    for (name, nested) in nestings() {
        let whole = !name.contains("open") && !name.contains("half");
        let query = nested(NESTING_MAX / 8);
        assert_eq!(parse(&query).is_ok(), whole, "{name}: {query}");
    }
}

#[test]
fn long_chains_of_logic_are_flat() {
    for word in ["AND", "OR", "XOR"] {
        let terms: Vec<_> = (0..20_000).map(|number| format!("a.x = {number}")).collect();
        let query = format!("RETURN {}", terms.join(&format!(" {word} ")));
        let statement = parse(&query).unwrap();
        let mut height = 0;
        let mut at = returned(&statement);
        while let ExpressionKind::Binary(_, left, _) = at {
            height += 1;
            at = &left.node;
        }
        assert!(height < 20, "{word}: {height}");
    }
    assert!(parse(&format!("RETURN {}", vec!["1"; 50_000].join(" < "))).is_ok());
}

#[test]
fn hard_texts_take_no_longer_than_easy_ones() {
    // Each of these would double the work with each level, if anything were parsed twice.
    for piece in ["(a {k: ", "({k: ", "(a)-[{k: ", "[x IN [", "exists((a {k: ", "CASE a WHEN ", "a < (b < ", "{a: ("] {
        let query = format!("RETURN {}", piece.repeat(60));
        assert!(parse(&query).is_err(), "{query}");
    }
}

#[test]
fn repeated_bare_words_are_numbered_and_the_first_keeps_its_name() {
    let variables = |query: &str| {
        let statement = parse(query).unwrap();
        let Clause::Match(found) = &statement.parts[0].clauses[0].node else { panic!("{query}") };
        let nodes = found.patterns.iter().flat_map(|path| {
            std::iter::once(&path.start).chain(path.steps.iter().map(|(_, node)| node)).collect::<Vec<_>>()
        });
        nodes.map(|node| node.variable.as_ref().unwrap().node.clone()).collect::<Vec<_>>().join(" ")
    };
    let cases = [
        ("MATCH gene -- disease", "gene disease"),
        ("MATCH gene -- disease -- gene -- disease -- gene", "gene disease gene2 disease2 gene3"),
        ("MATCH gene -- gene, gene -- gene", "gene gene2 gene gene2"),
        ("MATCH (gene2) -- gene -- gene", "gene2 gene gene3"),
        ("MATCH (gene) -- gene -- (gene)", "gene gene2 gene"),
    ];
    for (query, expected) in cases {
        assert_eq!(variables(query), expected, "{query}");
    }
    // As many as fit into a query: each takes no longer for those before it.
    let long = format!("MATCH a{}", "--a".repeat((QUERY_BYTES_MAX - 7) / 3));
    assert!(variables(&long).ends_with("a349524"), "{}", &variables(&long)[..40]);
}

#[test]
fn complete_queries_are_told_from_those_that_go_on() {
    let complete = [
        "",
        "  // note",
        "MATCH gene -- disease",
        "MATCH (g) RETURN g",
        "RETURN 1;",
        "MATCH (g:gene)) RETURN g",
        "SELECT 1",
        "RETURN 'a\\qb'",
        "RETURN 1 UNION RETURN 2",
    ];
    let open = [
        "MATCH",
        "MATCH (g:gene)",
        "MATCH (g:gene",
        "MATCH (g)\nRETURN",
        "RETURN 'open",
        "RETURN [1,",
        "/* open",
        "RETURN `open",
        "MATCH (g) RETURN g ORDER",
        "RETURN 1 +",
        "RETURN 1 UNION",
        "EXPLAIN",
        "MATCH (g {name: 'x'",
    ];
    for text in complete {
        assert!(is_complete(text), "{text}");
    }
    for text in open {
        assert!(!is_complete(text), "{text}");
    }
}

#[test]
fn every_keyword_may_be_a_label_a_type_and_a_key() {
    for word in KEYWORDS {
        assert_prints_itself(&format!("MATCH (a:{word} {{{word}: 1}})-[:{word}]-(`{word}`) RETURN a.{word}"));
    }
}

/// Pieces of queries, to be put together at random.
const PIECES: &[&str] = &[
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "(a)",
    "(a:b)",
    "--",
    "-[",
    "]-",
    "->",
    "<-",
    "-",
    "<",
    ">",
    "=",
    "<>",
    "<=",
    "+",
    "*",
    "*2..4",
    "..",
    ".",
    ",",
    ":",
    "|",
    ";",
    "^",
    "'text'",
    "\"t\"",
    "'open",
    "12",
    "1.5",
    "0x1",
    "$p",
    "a",
    "b.c",
    "gene",
    "`q`",
    "count(",
    "count(*)",
    "f(",
    "&",
    "!",
    "%",
    "=~",
    "||",
    "{1,3}",
    "'\\u00e9'",
    "//",
    "/*",
    "*/",
    "\n",
    "BY",
    "_",
    "\\",
    "é",
    "漢",
];

fn random_query() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        3 => proptest::sample::select(PIECES).prop_map(str::to_owned),
        2 => proptest::sample::select(KEYWORDS).prop_map(str::to_owned),
    ];
    let spaced = (piece, any::<bool>()).prop_map(|(piece, space)| if space { format!("{piece} ") } else { piece });
    proptest::collection::vec(spaced, 0..40).prop_map(|pieces| pieces.concat())
}

/// An expression as text, grown at random from parts that are expressions.
fn random_expression() -> impl Strategy<Value = String> {
    let leaf = proptest::sample::select(vec![
        "1",
        "-2",
        "1.5",
        "'x'",
        "a",
        "a.b",
        "$p",
        "null",
        "true",
        "count(*)",
        "(a)--(b)",
        "[]",
        "a:gene|b:c",
    ]);
    leaf.prop_map(str::to_owned).prop_recursive(5, 40, 3, |inner| {
        let infix = proptest::sample::select(vec![
            "+",
            "-",
            "*",
            "/",
            "%",
            "^",
            "=",
            "<>",
            "<",
            ">=",
            "AND",
            "OR",
            "XOR",
            "IN",
            "STARTS WITH",
            "CONTAINS",
        ]);
        let wrapped = proptest::sample::select(vec![
            "(#)",
            "NOT #",
            "-#",
            "(#) IS NULL",
            "[#, 1]",
            "{k: #}",
            "f(#)",
            "(#)[0]",
            "(#)[..1]",
            "(#).k",
            "[x IN # | x]",
            "all(x IN # WHERE x)",
            "CASE # WHEN 1 THEN 2 END",
            "EXISTS { (a {k: #})-[:t]->() WHERE # }",
        ]);
        prop_oneof![
            (inner.clone(), infix, inner.clone()).prop_map(|(left, infix, right)| format!("{left} {infix} {right}")),
            (wrapped, inner).prop_map(|(frame, inside)| frame.replace('#', &inside)),
        ]
    })
}

/// Everything that a text can be given to holds, whatever the text.
fn assert_no_panic(text: &str, cursor: usize) {
    let parsed = parse(text);
    if let Err(error) = &parsed {
        let span = error.span.unwrap();
        assert!(span.start <= span.end && span.end <= text.len(), "{span:?} in {text:?}");
        assert!(text.is_char_boundary(span.start) && text.is_char_boundary(span.end), "{span:?} in {text:?}");
        assert!(error.report(text).contains("line "));
    }
    is_complete(text);
    completion_at(text, cursor);
    let tokens = tokens(text);
    assert!(tokens.windows(2).all(|pair| pair[0].span.end <= pair[1].span.start), "{text:?}");
    if let Ok(statement) = parsed {
        let printed = statement.to_string();
        assert_eq!(parse(&printed).unwrap().to_string(), printed, "{text:?}");
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), cursor in 0_usize..220) {
        assert_no_panic(&String::from_utf8_lossy(&bytes), cursor);
    }

    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,80}", cursor in 0_usize..100) {
        assert_no_panic(&text, cursor);
    }

    #[test]
    fn no_sequence_of_pieces_makes_it_panic(text in random_query(), cursor in 0_usize..300) {
        assert_no_panic(&text, cursor);
    }

    #[test]
    fn any_expression_prints_itself(expression in random_expression()) {
        let query = format!("RETURN {expression}");
        // Chains of comparisons within chains, and sums of bare signs, are not in the language.
        if parse(&query).is_ok() {
            assert_prints_itself(&query);
        }
    }
}
