//! Limits and the cancel flag: a query that passes them stops with an error that says so, and all else goes on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use hopgraph_engine::{Graph, Interruption, View};
use hopgraph_query::limits::{CLAUSES_MAX, HOPS_MAX, RANGE_LENGTH_MAX, RELATIONSHIPS_MAX, WALK_HOPS_MAX};
use hopgraph_query::{Parameters, QueryErrorKind, QueryOptions, Row, Value, query};

/// A graph in which there are far too many paths to list: every node of one layer leads to every node of the next.
fn layers() -> Graph {
    let graph = Graph::temporary().unwrap();
    run(&graph, "UNWIND range(1, 10) AS layer UNWIND range(1, 30) AS i CREATE (:n {layer: layer, i: i})").unwrap();
    run(&graph, "MATCH (a:n), (b:n) WHERE b.layer = a.layer + 1 CREATE (a)-[:next]->(b)").unwrap();
    graph
}

/// Why a query stopped.
fn stopped(graph: &Graph, text: &str, options: &QueryOptions) -> QueryErrorKind {
    run_with(graph, text, options).map(|rows| rows.len()).expect_err(text)
}

fn run_with(graph: &Graph, text: &str, options: &QueryOptions) -> Result<Vec<Vec<Value>>, QueryErrorKind> {
    let rows = query(graph, text, &Parameters::new(), options).map_err(|error| error.kind)?;
    rows.map(|row| row.map(Row::into_values).map_err(|error| error.kind)).collect()
}

fn run(graph: &Graph, text: &str) -> Result<Vec<Vec<Value>>, QueryErrorKind> {
    run_with(graph, text, &QueryOptions::default())
}

const ENDLESS: &str = "MATCH (a:n)-[r*5..9]->(b:n) RETURN count(r)";

#[test]
fn a_time_limit_stops_every_kind_of_work() {
    let graph = layers();
    let options = QueryOptions { time_limit: Some(Duration::from_millis(100)), ..QueryOptions::default() };
    let endless = [
        ENDLESS,
        "MATCH (a), (b), (c), (d) RETURN count(*)",
        "UNWIND range(1, 10000000) AS x UNWIND range(1, 10000000) AS y RETURN count(*)",
        "RETURN size([x IN range(1, 1000000) WHERE any(y IN range(1, 1000) WHERE y = x + 2000)])",
        "MATCH (a:n)-->(b)-->(c)-->(d)-->(e)-->(f)-->(g) RETURN count(*)",
        "MATCH (a), (b), (c) SET a.x = 1",
    ];
    for text in endless {
        let start = Instant::now();
        let error = stopped(&graph, text, &options);
        assert!(
            matches!(error, QueryErrorKind::Interrupted(Interruption::TimedOut { limit_ms: 100 })),
            "{text}: {error}"
        );
        assert!(start.elapsed() < Duration::from_secs(20), "{text} took {:?}", start.elapsed());
    }
    assert_eq!(run(&graph, "MATCH (a:n) WHERE a.x IS NOT NULL RETURN count(*)").unwrap(), [[Value::Integer(0)]]);
}

#[test]
fn a_memory_limit_stops_what_holds_rows() {
    let graph = layers();
    let options = QueryOptions { memory_limit_bytes: Some(4 << 20), ..QueryOptions::default() };
    let hungry = [
        "MATCH (a:n), (b:n) RETURN a.i, b.i ORDER BY a.i",
        "MATCH (a:n), (b:n) RETURN DISTINCT [id(a), id(b)]",
        "MATCH (a:n), (b:n) RETURN collect([a.i, b.i])",
        "MATCH (a:n), (b:n) RETURN [id(a), id(b)], count(*)",
        "MATCH (a:n), (b:n) RETURN count(DISTINCT [id(a), id(b)])",
        "UNWIND range(1, 1000000) AS x RETURN x",
        "MATCH (a:n), (b:n) CREATE (c:copy) RETURN c",
    ];
    for text in hungry {
        let error = stopped(&graph, text, &options);
        assert!(matches!(error, QueryErrorKind::Interrupted(Interruption::OutOfMemory { .. })), "{text}: {error}");
    }
    // What streams needs no memory, however many rows there are, and a limit on sorted rows bounds what is held.
    let modest = [
        "MATCH (a:n), (b:n) RETURN count(*)",
        "MATCH (a:n), (b:n) RETURN a.i, b.i ORDER BY a.i DESC, b.i LIMIT 3",
        "MATCH (a:n {layer: 1})-[*1..9]->(b:n {layer: 10}) RETURN DISTINCT a, b",
    ];
    for text in modest {
        run_with(&graph, text, &options).unwrap_or_else(|error| panic!("{text}: {error}"));
    }
    // Nothing is left of the query that wrote: not even its label.
    assert_eq!(run(&graph, "MATCH (c:copy) RETURN c").unwrap(), Vec::<Vec<Value>>::new());
    assert!(graph.snapshot().unwrap().catalog().label("copy").is_none());
}

#[test]
fn the_cancel_flag_stops_a_query_from_another_thread() {
    let graph = layers();
    let flag = Arc::new(AtomicBool::new(false));
    let options = QueryOptions { cancel: Some(Arc::clone(&flag)), ..QueryOptions::default() };
    let error = std::thread::scope(|scope| {
        let worker = scope.spawn(|| stopped(&graph, ENDLESS, &options));
        std::thread::sleep(Duration::from_millis(50));
        flag.store(true, Ordering::Relaxed);
        worker.join().unwrap()
    });
    assert!(matches!(error, QueryErrorKind::Interrupted(Interruption::Cancelled)), "{error}");
    assert_eq!(run(&graph, "MATCH (a:n) RETURN count(*)").unwrap(), [[Value::Integer(300)]]);
}

#[test]
fn after_an_error_there_are_no_more_rows() {
    let graph = Graph::temporary().unwrap();
    let text = "UNWIND [1, 0, 1] AS x RETURN 1 / x";
    let rows: Vec<_> = query(&graph, text, &Parameters::new(), &QueryOptions::default()).unwrap().collect();
    assert_eq!(rows.len(), 2);
    assert_eq!(*rows[0].as_ref().unwrap(), [Value::Integer(1)]);
    assert!(rows[1].is_err());
}

#[test]
fn a_query_of_any_shape_within_the_limits_does_not_exhaust_the_stack() {
    let graph = Graph::temporary().unwrap();
    run(&graph, "CREATE (:n)-[:t]->(:n)").unwrap();
    let conditions = vec!["n.x = 1"; 20_000].join(" OR ");
    let clauses = "WITH x + 1 AS x ORDER BY x LIMIT 5 ".repeat(198);
    let hops = "--()".repeat(200);
    let union = vec!["RETURN 1 AS x"; 2_000].join(" UNION ALL ");
    let texts = [
        format!("MATCH (n) WHERE {conditions} RETURN n"),
        format!("WITH 1 AS x {clauses} RETURN x"),
        format!("MATCH (n){hops} RETURN count(*)"),
        union,
        format!("RETURN {}1{}", "[".repeat(60), "]".repeat(60)),
    ];
    for text in &texts {
        run(&graph, text).unwrap_or_else(|error| panic!("{}...: {error}", &text[..60]));
    }
    for (text, most) in [
        (format!("WITH 1 AS x {} RETURN x", "WITH x ".repeat(CLAUSES_MAX - 1)), CLAUSES_MAX),
        (format!("MATCH (n){} RETURN n", "--()".repeat(RELATIONSHIPS_MAX + 1)), RELATIONSHIPS_MAX),
    ] {
        let error = run(&graph, &text).unwrap_err();
        assert!(matches!(error, QueryErrorKind::TooLarge { limit, .. } if limit == most), "{error}");
    }
}

#[test]
fn more_hops_than_can_be_counted_are_refused_and_walks_without_a_limit_get_one() {
    let graph = Graph::temporary().unwrap();
    run(&graph, "CREATE (a:n {i: 0})-[:t]->(a)").unwrap();
    let most = format!("MATCH TRAIL (a:n)-[*1..{HOPS_MAX}]->(b) RETURN count(*)");
    assert_eq!(run(&graph, &most).unwrap(), [[Value::Integer(1)]]);
    let error = run(&graph, &most.replace("..", "..1")).unwrap_err();
    assert!(error.to_string().contains(&HOPS_MAX.to_string()), "{error}");
    let walk = run(&graph, "MATCH p = WALK (a:n)-[*]->(b) RETURN max(length(p))").unwrap();
    assert_eq!(walk, [[Value::Integer(i64::from(WALK_HOPS_MAX))]]);
}

#[test]
fn a_range_of_too_many_numbers_is_refused() {
    let graph = Graph::temporary().unwrap();
    let most = format!("RETURN size(range(1, {RANGE_LENGTH_MAX}))");
    assert_eq!(run(&graph, &most).unwrap(), [[Value::Integer(RANGE_LENGTH_MAX as i64)]]);
    let error = run(&graph, &most.replace("range(1", "range(0")).unwrap_err();
    assert!(error.to_string().contains("the most is"), "{error}");
}
