//! What small questions cost when they are prepared, and great ones when they are counted, on a graph that is there:
//!
//!     hopgraph load DB --nodes nodes.tsv --edges edges.tsv --no-header --node-columns id,label --edge-columns source,type,target
//!     cargo bench -p hopgraph-query --bench queries -- DB gene disease
//!
//! Small questions are asked of nodes of the first label, evenly drawn, in rounds; of each node the best round counts, so
//! that other work on the machine shows little, and the mean over the nodes is printed. Results that count are kept in
//! `benches/record`.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    missing_docs,
    reason = "a benchmark prints, and stops at the first surprise"
)]

use std::time::Instant;

use hopgraph_engine::{Graph, Node, NodeId, View};
use hopgraph_query::{Parameters, Prepared, QueryOptions, Value, query};

const ROUNDS: usize = 5;
const NODES: usize = 1000;

/// One node in so many is asked what gives thousands of rows.
const NODES_PER_LONG_LIST: usize = 50;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let [database, from, to] = &arguments[..] else {
        println!("give a database and two labels: cargo bench -p hopgraph-query --bench queries -- DB gene disease");
        return;
    };
    let graph = Graph::open(database).unwrap();
    let nodes = drawn(&graph, from);
    println!("{} nodes of {from}", nodes.len());
    look_ups(&graph, &nodes);
    neighborhoods(&graph, &nodes, from);
    counts(&graph, from, to);
}

/// Nodes of a label, evenly drawn.
fn drawn(graph: &Graph, label: &str) -> Vec<(NodeId, Node)> {
    let snapshot = graph.snapshot().unwrap();
    let all: Vec<NodeId> =
        snapshot.nodes_with_label(snapshot.catalog().label(label).unwrap()).unwrap().iter().collect();
    let step = (all.len() / NODES).max(1);
    all.into_iter().step_by(step).take(NODES).map(|id| (id, snapshot.node(id).unwrap().unwrap())).collect()
}

/// Prints the mean over the nodes of each one's best round.
fn measure(what: &str, nodes: &[(NodeId, Node)], mut ask: impl FnMut(NodeId, &Node) -> usize) {
    let mut best = vec![f64::INFINITY; nodes.len()];
    let mut rows = 0;
    for _ in 0..ROUNDS {
        rows = 0;
        for ((id, node), best) in nodes.iter().zip(&mut best) {
            let start = Instant::now();
            rows += ask(*id, node);
            *best = best.min(start.elapsed().as_secs_f64());
        }
    }
    let (time, rows) = (best.iter().sum::<f64>() / nodes.len() as f64, rows as f64 / nodes.len() as f64);
    println!("{what:<88} {:>10.2} us {rows:>10.1} rows", time * 1e6);
}

/// One node, by the library and by the language.
fn look_ups(graph: &Graph, nodes: &[(NodeId, Node)]) {
    let snapshot = graph.snapshot().unwrap();
    measure("library: the record of a node by its number", nodes, |id, _| {
        usize::from(snapshot.node(id).unwrap().is_some())
    });
    measure("library: the nodes with a name", nodes, |_, node| snapshot.nodes_by_name(&node.name).unwrap().len());
    measure("library: the node with an external identifier", nodes, |_, node| {
        let identifier = node.identifiers.first().map_or("", String::as_str);
        usize::from(snapshot.node_by_identifier(identifier).unwrap().is_some())
    });
    measure("library: a snapshot", nodes, |_, _| {
        graph.snapshot().unwrap();
        0
    });
    prepared(graph, nodes, "MATCH (n) WHERE id(n) = $id RETURN n.name");
    prepared(graph, nodes, "MATCH (n {name: $name}) RETURN id(n)");
    prepared(graph, nodes, "MATCH (n {identifier: $identifier}) RETURN id(n)");
}

fn neighborhoods(graph: &Graph, nodes: &[(NodeId, Node)], label: &str) {
    for hops in 1..=3 {
        prepared(graph, nodes, &around_one(hops));
        let named = format!("MATCH (n:{label} {{name: $name}})-[*1..{hops}]-(x)");
        prepared(graph, nodes, &format!("{named} RETURN count(DISTINCT x)"));
        let few: Vec<_> = nodes.iter().step_by(if hops > 1 { NODES_PER_LONG_LIST } else { 1 }).cloned().collect();
        prepared(graph, &few, &format!("{named} RETURN DISTINCT id(x)"));
    }
    unprepared(graph, nodes, &around_one(2));
    prepared(graph, nodes, &format!("MATCH (n:{label} {{name: $name}})-[*1..2]-(x) RETURN x.name, hops"));
    prepared(graph, nodes, &format!("MATCH (n:{label} {{name: $name}})--(x) RETURN x.name"));
}

/// How many other nodes are at most so many hops away.
fn around_one(hops: u32) -> String {
    format!("MATCH (a {{identifier: $identifier}})-[*1..{hops}]-(b) WHERE a <> b RETURN count(DISTINCT b)")
}

fn unprepared(graph: &Graph, nodes: &[(NodeId, Node)], text: &str) {
    measure(&format!("not prepared: {text}"), nodes, |id, node| {
        query(graph, text, &parameters(id, node), &QueryOptions::default()).unwrap().map(Result::unwrap).count()
    });
}

fn prepared(graph: &Graph, nodes: &[(NodeId, Node)], text: &str) {
    let prepared = Prepared::new(graph, text).unwrap();
    measure(text, nodes, |id, node| {
        prepared.run(graph, &parameters(id, node), &QueryOptions::default()).unwrap().map(Result::unwrap).count()
    });
}

fn parameters(id: NodeId, node: &Node) -> Parameters {
    let identifier = node.identifiers.first().cloned().unwrap_or_default();
    let texts = [("name", node.name.clone()), ("identifier", identifier)];
    let texts = texts.map(|(key, text)| (key.to_owned(), Value::Text(text)));
    texts.into_iter().chain([("id".to_owned(), Value::Integer(id.get().into()))]).collect()
}

/// Pairs of the whole graph.
fn counts(graph: &Graph, from: &str, to: &str) {
    let pattern = format!("MATCH (a:{from})-[*2..4]-(b:{to})");
    for rest in [
        "WITH DISTINCT a, b RETURN count(*)",
        "RETURN hops, count(*)",
        "WHERE NOT (a)--(b) WITH DISTINCT a, b RETURN count(*)",
        "WHERE NOT EXISTS { (a)-[*1..2]-(b) } WITH DISTINCT a, b RETURN count(*)",
        "RETURN a, count(DISTINCT b) AS n ORDER BY n DESC LIMIT 1",
    ] {
        let text = format!("{pattern} {rest}");
        let mut best = f64::INFINITY;
        let mut last = Vec::new();
        for _ in 0..ROUNDS {
            let start = Instant::now();
            let rows = query(graph, &text, &Parameters::new(), &QueryOptions::default()).unwrap();
            last = rows.map(|row| row.unwrap()).collect();
            best = best.min(start.elapsed().as_secs_f64());
        }
        let shown: Vec<String> = last.iter().map(|row| format!("{:?}", row.last())).collect();
        println!("{text:<110} {:>10.2} ms {}", best * 1e3, shown.join(" "));
    }
}
