//! Transactions of the language on a graph on disk whose commits wait for the disk: who writes beside others reads what it
//! is about to change, and waits no longer than it is told to.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use hopgraph::engine::View;
use hopgraph::query::QueryErrorKind;
use hopgraph::{Graph, Parameters, QueryError, QueryOptions, StorageError, params};

/// A graph whose commits wait for the disk, and the folder that it goes away with.
fn synced() -> (tempfile::TempDir, Graph) {
    let folder = tempfile::tempdir().unwrap();
    let graph = Graph::open(folder.path().join("graph")).unwrap();
    (folder, graph)
}

fn run(graph: &Graph, text: &str, parameters: &Parameters) -> Result<(), QueryError> {
    graph.query(text, parameters)?.try_for_each(|row| row.map(drop))
}

/// The one number that a query answers with.
fn number(graph: &Graph, text: &str) -> i64 {
    graph.query(text, &params! {}).unwrap().next().unwrap().unwrap().get(0).unwrap()
}

/// Runs the same on so many threads, each with its number.
fn on_threads(count: i64, work: impl Fn(i64) + Sync) {
    thread::scope(|scope| {
        for number in 0..count {
            let work = &work;
            scope.spawn(move || work(number));
        }
    });
}

#[test]
fn merge_by_a_property_makes_one_node_for_each_key() {
    let (_folder, graph) = synced();
    run(&graph, "CREATE (:counter {key: -1})", &params! {}).unwrap();
    on_threads(2, |_| {
        for key in 0..100_i64 {
            run(&graph, "MERGE (:counter {key: $key})", &params! { key: key }).unwrap();
        }
    });
    assert_eq!(number(&graph, "MATCH (c:counter) RETURN count(c)"), 101);
    assert_eq!(number(&graph, "MATCH (c:counter) RETURN count(DISTINCT c.key)"), 101);
}

#[test]
fn numbers_given_by_counting_are_given_once() {
    let (_folder, graph) = synced();
    run(&graph, "CREATE (:seq {k: 0})", &params! {}).unwrap();
    on_threads(8, |_| {
        for _ in 0..20 {
            run(&graph, "MATCH (n:seq) WITH count(n) AS k CREATE (:seq {k: k})", &params! {}).unwrap();
        }
    });
    assert_eq!(number(&graph, "MATCH (n:seq) RETURN count(n)"), 161);
    assert_eq!(number(&graph, "MATCH (n:seq) RETURN count(DISTINCT n.k)"), 161);
}

#[test]
fn merge_by_an_identifier_never_fails_beside_others() {
    let (_folder, graph) = synced();
    run(&graph, "CREATE (:gene {identifier: 'X:0'})", &params! {}).unwrap();
    on_threads(4, |_| {
        for key in 0..50 {
            let identifier = format!("X:{key}");
            run(&graph, "MERGE (:gene {identifier: $identifier})", &params! { identifier: identifier }).unwrap();
        }
    });
    assert_eq!(number(&graph, "MATCH (g:gene) RETURN count(g)"), 50);
}

#[test]
fn a_write_beside_deletions_meets_no_node_that_is_gone() {
    let (_folder, graph) = synced();
    run(&graph, "CREATE (:tmp)", &params! {}).unwrap();
    on_threads(3, |thread| {
        for round in 0..60_i64 {
            let text = match thread {
                0 => "CREATE (:tmp), (:tmp), (:tmp)",
                1 => "MATCH (n:tmp) SET n.round = $round",
                _ => "MATCH (n:tmp) DETACH DELETE n",
            };
            run(&graph, text, &params! { round: round }).unwrap();
        }
    });
    assert!(graph.check().unwrap().is_sound());
}

#[test]
fn a_relationship_between_what_a_query_has_just_found_is_counted_exactly() {
    let (_folder, graph) = synced();
    run(&graph, "CREATE (:hub {identifier: 'H:0'})-[:holds]->(:part {k: 0})", &params! {}).unwrap();
    on_threads(4, |_| {
        for _ in 0..25 {
            let text = "MATCH (h:hub) OPTIONAL MATCH (h)-[r:holds]->() WITH h, count(r) AS k \
                        CREATE (h)-[:holds]->(:part {k: k})";
            run(&graph, text, &params! {}).unwrap();
        }
    });
    assert_eq!(number(&graph, "MATCH (:hub)-[:holds]->(p) RETURN count(DISTINCT p.k)"), 101);
}

#[test]
fn several_statements_become_true_together_or_not_at_all() {
    let (_folder, graph) = synced();
    let mut writing = graph.write().unwrap();
    writing.query("CREATE (:gene {name: 'BRCA1'})", &params! {}).unwrap();
    // A label that only this transaction knows; and the walk sees the edge that is not committed.
    let rows =
        writing.query("MATCH (g:gene) CREATE (g)-[:binds]->(:protein {name: 'BARD1'}) RETURN g.name", &params! {});
    assert_eq!(rows.unwrap().next().unwrap().unwrap().get::<String>("g.name").unwrap(), "BRCA1");
    let mut found =
        writing.query("MATCH (:gene)-[:binds*1..3]->(p:protein) RETURN p.name AS name", &params! {}).unwrap();
    assert_eq!(found.next().unwrap().unwrap().get::<String>("name").unwrap(), "BARD1");
    // Nobody else sees any of it.
    assert!(graph.read().unwrap().nodes().unwrap().is_empty());
    writing.commit().unwrap();
    assert_eq!(number(&graph, "MATCH (n) RETURN count(n)"), 2);

    let mut writing = graph.write().unwrap();
    writing.query("MATCH (n) DETACH DELETE n", &params! {}).unwrap();
    assert_eq!(writing.nodes().unwrap().len(), 0);
    writing.rollback();
    assert_eq!(number(&graph, "MATCH (n) RETURN count(n)"), 2);

    // Dropped without a word, it leaves no trace either.
    drop(graph.write().unwrap().query("CREATE (:gene)", &params! {}).unwrap());
    assert_eq!(number(&graph, "MATCH (n) RETURN count(n)"), 2);
}

#[test]
fn a_statement_that_fails_half_way_takes_its_transaction_with_it() {
    let (_folder, graph) = synced();
    let mut writing = graph.write().unwrap();
    writing.query("CREATE (:gene {name: 'A'})", &params! {}).unwrap();
    // What is wrong with the text itself does no harm.
    assert!(writing.query("CREATE (:gene", &params! {}).is_err());
    writing.query("UNWIND [1, 0] AS n CREATE (:part {share: 1 / n})", &params! {}).unwrap_err();
    assert!(writing.has_failed());
    let error = writing.query("RETURN 1", &params! {}).unwrap_err();
    assert!(matches!(error.kind, QueryErrorKind::Transaction(_)), "{error}");
    assert!(matches!(writing.commit().unwrap_err().kind, QueryErrorKind::Transaction(_)));
    assert_eq!(number(&graph, "MATCH (n) RETURN count(n)"), 0);
}

#[test]
fn a_moment_answers_the_same_whatever_is_committed_meanwhile() {
    let (_folder, graph) = synced();
    run(&graph, "CREATE (:gene {name: 'A'})-[:binds]->(:gene {name: 'B'})", &params! {}).unwrap();
    let moment = graph.read().unwrap();
    let mut rows = moment.query("MATCH (g:gene) RETURN g.name AS name ORDER BY name", &params! {}).unwrap();
    run(&graph, "MATCH (n) DETACH DELETE n", &params! {}).unwrap();
    assert_eq!(rows.next().unwrap().unwrap().get::<String>("name").unwrap(), "A");
    let paths = "MATCH (:gene)-[:binds*]->(b) RETURN count(*)";
    assert_eq!(moment.query(paths, &params! {}).unwrap().next().unwrap().unwrap().get::<i64>(0).unwrap(), 1);
    let error = moment.query("CREATE (:gene)", &params! {}).unwrap_err();
    assert!(matches!(error.kind, QueryErrorKind::Transaction(_)), "{error}");
    assert_eq!(number(&graph, "MATCH (n) RETURN count(n)"), 0);
}

#[test]
fn rows_and_transactions_outlive_the_handle_that_they_came_from() {
    let (folder, graph) = synced();
    run(&graph, "UNWIND range(1, 100) AS k CREATE (:gene {k: k})", &params! {}).unwrap();
    let rows = graph.query("MATCH (g:gene) RETURN g.k AS k", &params! {}).unwrap();
    let mut writing = graph.write().unwrap();
    drop(graph);
    let sum: i64 = rows.map(|row| row.unwrap().get::<i64>("k").unwrap()).sum();
    assert_eq!(sum, 5050);
    writing.query("CREATE (:gene {k: 101})", &params! {}).unwrap();
    // On another thread too.
    thread::spawn(move || writing.commit().unwrap()).join().unwrap();
    let again = Graph::open(folder.path().join("graph")).unwrap();
    assert_eq!(number(&again, "MATCH (g:gene) RETURN count(g)"), 101);

    let temporary = Graph::temporary().unwrap();
    run(&temporary, "CREATE (:gene {name: 'A'})", &params! {}).unwrap();
    let (path, moment) = (temporary.path().to_owned(), temporary.read().unwrap());
    drop(temporary);
    assert_eq!(moment.nodes_by_name("a").unwrap().len(), 1);
    assert!(path.exists());
    drop(moment);
    assert!(!path.exists());
}

#[test]
fn limits_cover_the_wait_for_another_writer() {
    let (_folder, graph) = synced();
    let open = graph.write().unwrap();
    let graph = &graph;
    let asked = |options: QueryOptions| {
        let started = Instant::now();
        // On another thread, so that nobody waits for itself.
        let write = || graph.query_with("CREATE (:gene)", &params! {}, &options).map(drop);
        let outcome = thread::scope(|scope| scope.spawn(write).join().unwrap());
        (outcome.unwrap_err().to_string(), started.elapsed())
    };
    let limited = QueryOptions { time_limit: Some(Duration::from_millis(100)), ..QueryOptions::default() };
    let (error, waited) = asked(limited);
    assert!(error.contains("100 ms") && waited < Duration::from_secs(20), "{error} after {waited:?}");

    let cancel = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&cancel);
    let stopper = thread::spawn(move || {
        thread::sleep(Duration::from_millis(100));
        flag.store(true, Ordering::Relaxed);
    });
    let (error, waited) = asked(QueryOptions { cancel: Some(cancel), ..QueryOptions::default() });
    assert!(error.contains("cancelled") && waited < Duration::from_secs(20), "{error} after {waited:?}");
    stopper.join().unwrap();

    let busy =
        thread::scope(|scope| scope.spawn(|| graph.try_write(Duration::from_millis(50)).map(drop)).join().unwrap());
    assert!(matches!(busy, Err(StorageError::WriterBusy { waited_ms: 50 })), "{busy:?}");
    drop(open);
    graph.try_write(Duration::from_millis(50)).unwrap();
}

#[test]
fn a_thread_that_would_wait_for_itself_is_told() {
    let (_folder, graph) = synced();
    let open = graph.write().unwrap();
    assert!(matches!(graph.write(), Err(StorageError::WriteOpenInThread)));
    assert!(matches!(graph.engine().write(), Err(StorageError::WriteOpenInThread)));
    let error = graph.query("CREATE (:gene)", &params! {}).map(drop).unwrap_err();
    assert!(error.to_string().contains("this thread has a write transaction open"), "{error}");
    drop(open);
    run(&graph, "CREATE (:gene)", &params! {}).unwrap();
}
