//! The interface: parameters, prepared queries, snapshots, the table of functions.

use hopgraph_engine::Graph;
use hopgraph_query::{Parameters, Prepared, QueryOptions, Row, Summary, Value, functions, query};

fn graph() -> Graph {
    let graph = Graph::temporary().unwrap();
    all(&graph, "CREATE (a:gene {name: 'A'})-[:causes]->(:disease {name: 'X'}), (a)-[:causes]->(:disease {name: 'Y'})");
    graph
}

fn all(graph: &Graph, text: &str) -> Vec<Row> {
    all_with(graph, text, &Parameters::new())
}

fn all_with(graph: &Graph, text: &str, parameters: &Parameters) -> Vec<Row> {
    let rows = query(graph, text, parameters, &QueryOptions::default()).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

fn text(text: &str) -> Value {
    Value::Text(text.into())
}

#[test]
fn parameters_may_be_any_value() {
    let graph = graph();
    let node = all(&graph, "MATCH (g:gene) RETURN g").remove(0).into_values().remove(0);
    let parameters = Parameters::from([
        ("name".into(), text("A")),
        ("list".into(), Value::List(vec![Value::Integer(1), Value::Null])),
        ("map".into(), Value::Map([("k".into(), Value::Float(0.5))].into())),
        ("node".into(), node.clone()),
    ]);
    let found = all_with(
        &graph,
        "MATCH (g {name: $name}) RETURN g = $node, $list, $map.k, $node, labels($node), $node.name",
        &parameters,
    );
    let labels = Value::List(vec![text("gene")]);
    let list = Value::List(vec![Value::Integer(1), Value::Null]);
    assert_eq!(found, [[Value::Boolean(true), list, Value::Float(0.5), node, labels, text("A")]]);
}

#[test]
fn rows_belong_to_the_moment_the_query_began() {
    let graph = graph();
    let mut rows =
        query(&graph, "MATCH (d:disease) RETURN d.name", &Parameters::new(), &QueryOptions::default()).unwrap();
    assert_eq!(rows.columns(), ["d.name"]);
    assert_eq!(rows.next().unwrap().unwrap(), [text("X")]);
    all(&graph, "MATCH (d:disease {name: 'Y'}) SET d.name = 'Z'");
    assert_eq!(rows.next().unwrap().unwrap(), [text("Y")]);
    assert!(rows.next().is_none());
    assert_eq!(all(&graph, "MATCH (d:disease) RETURN d.name"), [[text("X")], [text("Z")]]);
}

#[test]
fn the_same_query_gives_the_same_order() {
    let graph = graph();
    all(&graph, "UNWIND range(1, 50) AS i CREATE (:gene {name: 'G' + i})");
    all(&graph, "MATCH (g:gene), (d:disease) WHERE id(g) % 3 = 0 CREATE (g)-[:causes]->(d)");
    for text in [
        "MATCH (g:gene)-[*1..3]-(h:gene) RETURN DISTINCT g, h",
        "MATCH gene -[*1..3]- disease",
        "MATCH (g:gene) RETURN g.name, count(*)",
        "MATCH (g:gene)--(d) RETURN collect(DISTINCT g.name)",
    ] {
        assert_eq!(all(&graph, text), all(&graph, text), "{text}");
    }
}

#[test]
fn a_prepared_query_runs_with_other_parameters_and_on_what_has_changed() {
    let graph = graph();
    let prepared = Prepared::new(&graph, "MATCH (g:gene {name: $name})--(d) RETURN count(d)").unwrap();
    assert_eq!(prepared.columns(), ["count(d)"]);
    assert!(!prepared.writes());
    let count = |name: &str| {
        let parameters = Parameters::from([("name".into(), text(name))]);
        let rows = prepared.run(&graph, &parameters, &QueryOptions::default()).unwrap();
        rows.map(|row| row.unwrap().into_values().remove(0)).collect::<Vec<_>>()
    };
    assert_eq!(count("A"), [Value::Integer(2)]);
    assert_eq!(count("B"), [Value::Integer(0)]);
    let write = Prepared::new(&graph, "MERGE (g:gene {name: $name}) CREATE (g)-[:causes]->(:disease)").unwrap();
    assert!(write.writes());
    for expected in [1, 2] {
        let parameters = Parameters::from([("name".into(), text("B"))]);
        write.run(&graph, &parameters, &QueryOptions::default()).unwrap();
        assert_eq!(count("B"), [Value::Integer(expected)]);
    }
}

#[test]
fn a_query_that_writes_is_done_when_it_returns() {
    let graph = graph();
    let rows =
        query(&graph, "CREATE (n:gene {name: 'N', x: 1}) RETURN n.name", &Parameters::new(), &QueryOptions::default())
            .unwrap();
    assert_eq!(all(&graph, "MATCH (n:gene {name: 'N'}) RETURN count(*)"), [[Value::Integer(1)]]);
    let written = Summary { nodes_created: 1, properties_set: 2, labels_set: 1, ..Summary::default() };
    assert_eq!(rows.summary(), written);
}

#[test]
fn a_failed_query_writes_nothing() {
    let graph = graph();
    let before = all(&graph, "MATCH (n) RETURN n");
    for text in [
        "MATCH (g:gene) SET g.x = 1 WITH g MATCH (d:disease) SET d.y = 1 / (id(d) - 2)",
        "UNWIND [1, 2] AS i CREATE (:gene {name: 'N', identifiers: ['same']})",
        "MATCH (g:gene) DETACH DELETE g CREATE (:gene {name: 1})",
        "MATCH (g:gene) SET g.x = 1 RETURN 1 / 0",
    ] {
        assert!(query(&graph, text, &Parameters::new(), &QueryOptions::default()).is_err(), "{text}");
        assert_eq!(all(&graph, "MATCH (n) RETURN n"), before, "{text}");
    }
    assert_eq!(graph.check().unwrap().problems, Vec::<String>::new());
}

#[test]
fn a_prepared_query_serves_several_threads() {
    let graph = graph();
    let prepared = Prepared::new(&graph, "MATCH (g:gene) RETURN g.name").unwrap();
    let run = || prepared.run(&graph, &Parameters::new(), &QueryOptions::default()).unwrap().count();
    let counts = std::thread::scope(|scope| {
        let threads = [scope.spawn(run), scope.spawn(run)];
        threads.map(|thread| thread.join().unwrap())
    });
    assert_eq!(counts, [1, 1]);
}

#[test]
fn queries_on_two_threads_do_not_disturb_each_other() {
    let graph = graph();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let graph = &graph;
            scope.spawn(move || {
                for i in 0..10 {
                    all(graph, &format!("CREATE (:sample {{thread: {thread}, i: {i}}})"));
                    all(graph, "MATCH (n) RETURN count(*)");
                }
            });
        }
    });
    assert_eq!(all(&graph, "MATCH (s:sample) RETURN count(*)"), [[Value::Integer(40)]]);
}

#[test]
fn the_table_of_functions_is_in_order_and_says_something_of_each() {
    let names: Vec<_> = functions().iter().map(|function| function.name.to_lowercase()).collect();
    assert!(names.is_sorted() && names.windows(2).all(|pair| pair[0] != pair[1]), "{names:?}");
    assert!(names.len() > 50, "{} functions", names.len());
    for function in functions() {
        let takes_nothing = ["e", "pi", "rand", "timestamp"].contains(&function.name);
        assert!(function.description.ends_with('.'), "{function:?}");
        assert_eq!(function.arguments.is_empty(), takes_nothing, "{function:?}");
    }
}
