//! Loads a graph and asks for pairs, neighbourhoods and paths, printing what each step took.
//!
//! The graph is made here (100,000 nodes, 500,000 edges with hubs, always the same), or read from two files without
//! header rows, `nodes.tsv` (id, label) and `edges.tsv` (source, type, target):
//!
//!     cargo bench -p hopgraph-engine --bench reach -- [nodes.tsv edges.tsv gene disease]
//!
//! Results that count are kept in `benches/record`.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    missing_docs,
    reason = "a benchmark prints, and stops at the first surprise"
)]

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use hopgraph_engine::traverse::{Cost, End, Hops, PairSet, PathMode, Reach, ranked_paths};
use hopgraph_engine::{
    Budget, BulkNode, Direction, Edge, Graph, NodeId, NodeSet, Polarity, Properties, RelationType, Run, RunKind,
    Topology, TopologyKey, View,
};

/// Nodes as (id, label), edges as (source, type, target).
struct Input {
    nodes: Vec<(String, String)>,
    edges: Vec<(String, String, String)>,
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let (input, from, to) = match &arguments[..] {
        [nodes, edges, from, to] => (read(nodes, edges), from.clone(), to.clone()),
        _ => (made(100_000, 500_000), "gene".to_owned(), "disease".to_owned()),
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("graph");
    let graph = Graph::open(&path).unwrap();
    load(&graph, &input);
    drop(graph);
    let graph = timed("open", || Graph::open(&path).unwrap());
    measure(&graph, &from, &to);
}

fn timed<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = work();
    println!("{what:<44} {:>10.3} ms", start.elapsed().as_secs_f64() * 1e3);
    result
}

fn load(graph: &Graph, input: &Input) {
    let start = Instant::now();
    let kind = RunKind::Load { source: "benchmark".to_owned() };
    let mut load = graph.bulk_load(&Run { kind, started: String::new(), program: String::new() }).unwrap();
    for (id, label) in &input.nodes {
        load.add_node(&BulkNode { identifier: id, labels: &[label], name: id, ..BulkNode::default() }).unwrap();
    }
    let nodes = start.elapsed().as_secs_f64();
    let mut types = HashMap::new();
    for (source, name, target) in &input.edges {
        let relation = *types.entry(name).or_insert_with(|| {
            let polarity = Polarity::Asserted;
            load.relation_type(&RelationType { name: name.clone(), polarity, symmetric: false }).unwrap()
        });
        let (source, target) = (load.node(source).unwrap().unwrap(), load.node(target).unwrap().unwrap());
        load.add_edge(Edge { relation, source, target }, &Properties::new()).unwrap();
    }
    let summary = load.finish().unwrap();
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "{:<44} {:>10.3} ms   {} nodes ({:.0} ms), {} edges, {:.2} M edges/s",
        "load",
        seconds * 1e3,
        input.nodes.len(),
        nodes * 1e3,
        summary.edges,
        summary.edges as f64 / seconds / 1e6
    );
}

fn measure(graph: &Graph, from: &str, to: &str) {
    let key = TopologyKey { relations: None, direction: Direction::Both };
    let topology = || graph.snapshot().unwrap().topology(&key, &Budget::unlimited()).unwrap();
    timed("topology, decoded from the store", topology);
    let edge = commit_one_edge(graph);
    timed("topology, after a commit of one edge", topology);
    let mut change = graph.change().unwrap();
    assert!(change.delete_edge(edge).unwrap());
    change.commit().unwrap();
    let topology = timed("topology, after its deletion", topology);
    let snapshot = graph.snapshot().unwrap();
    let set = |name: &str| snapshot.nodes_with_label(snapshot.catalog().label(name).unwrap()).unwrap();
    let (sources, targets): (NodeSet, NodeSet) = (set(from), set(to));
    for (least, most, mode) in [(2, 4, PathMode::Trail), (2, 4, PathMode::Walk), (3, 3, PathMode::Trail)] {
        for _ in 0..3 {
            let reach = Reach { topology: Arc::clone(&topology), hops: Hops { least, most }, mode };
            count(&format!("count pairs {least}..{most} as {mode:?}"), &PairSet::new(reach, &sources, &targets));
        }
    }
    let reach = Reach { topology: Arc::clone(&topology), hops: Hops { least: 2, most: 4 }, mode: PathMode::Trail };
    let linked = PairSet::new(reach, &sources, &targets);
    count("count pairs 2..4, not joined", &linked.clone().and_not(Reach::joined(Arc::clone(&topology))));
    timed("count pairs 2..4 for each source", || linked.count_by(End::Source, &unlimited()).unwrap());
    timed("count pairs 2..4 for each target", || linked.count_by(End::Target, &unlimited()).unwrap());
    neighborhoods(&topology, &sources, &snapshot.nodes().unwrap());
    best_paths(&topology, &sources, &targets);
}

fn unlimited() -> Arc<Budget> {
    Arc::new(Budget::unlimited())
}

/// One edge more, between two nodes in the middle.
fn commit_one_edge(graph: &Graph) -> Edge {
    let mut change = graph.change().unwrap();
    let hand = change.hand().unwrap();
    let relation = change.catalog().relation_types().next().unwrap().0;
    let edge = Edge { relation, source: NodeId::new(17_000), target: NodeId::new(23_001) };
    assert!(change.add_fact(edge, hand).unwrap());
    change.commit().unwrap();
    edge
}

fn count(what: &str, set: &PairSet<'_>) {
    let budget = unlimited();
    let counts = timed(what, || set.count(&budget).unwrap());
    let pairs: u64 = counts.iter().sum();
    println!("    {pairs} pairs {counts:?}, {} neighbours touched", budget.neighbors_touched());
}

/// The mean over a hundred nodes, each asked for on its own.
fn neighborhoods(topology: &Arc<Topology>, sources: &NodeSet, everything: &NodeSet) {
    let nodes: Vec<NodeSet> =
        sources.iter().step_by(sources.len() as usize / 100).map(|node| NodeSet::from_iter([node])).collect();
    for most in [2, 3] {
        let reach = Reach { topology: Arc::clone(topology), hops: Hops { least: 1, most }, mode: PathMode::Trail };
        let neighborhood = |node| PairSet::new(reach.clone(), node, everything).pairs(&unlimited()).count();
        let warm: usize = nodes.iter().map(neighborhood).sum();
        let start = Instant::now();
        let found: usize = nodes.iter().map(neighborhood).sum();
        let each = start.elapsed().as_secs_f64() * 1e3 / nodes.len() as f64;
        assert_eq!(found, warm);
        println!(
            "{:<44} {each:>10.3} ms   {} nodes",
            format!("neighbourhood of one node, {most} hops"),
            found / nodes.len()
        );
    }
}

fn best_paths(topology: &Arc<Topology>, sources: &NodeSet, targets: &NodeSet) {
    let middling = |nodes: &NodeSet| nodes.iter().filter(|&node| topology.degree(node) > 3).nth(77).unwrap();
    let (source, target) = (middling(sources), middling(targets));
    let hops = Hops { least: 1, most: 6 };
    let cost = |edge: Edge| f64::from((edge.source.get() ^ edge.target.get()) % 97 + 1) / 97.0;
    for (what, cost) in [("hops", Cost::Hops), ("cost", Cost::Each(Arc::new(cost)))] {
        let ranked = || ranked_paths(topology, source, target, hops, PathMode::Trail, cost.clone(), &unlimited());
        let best = timed(&format!("ten best paths by {what}"), || ranked().take(10).map(Result::unwrap).count());
        println!("    {best} paths");
    }
}

fn read(nodes: &str, edges: &str) -> Input {
    let rows = |path: &str| -> Vec<Vec<String>> {
        let text = std::fs::read_to_string(path).unwrap();
        text.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect()
    };
    Input {
        nodes: rows(nodes).into_iter().map(|row| (row[0].clone(), row[1].to_lowercase())).collect(),
        edges: rows(edges).into_iter().map(|row| (row[0].clone(), row[1].clone(), row[2].clone())).collect(),
    }
}

/// A graph with hubs: the ends of an edge are drawn so that node `n` is about as likely as 1 / (n + 1).
fn made(node_count: u32, edge_count: u32) -> Input {
    let mut state = 7_u64;
    let mut uniform = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    let labels = ["gene", "gene", "gene", "gene", "disease", "disease", "chemical", "variant", "species", "gene"];
    let nodes = (0..node_count).map(|n| (format!("n{n}"), labels[(n % 10) as usize].to_owned())).collect();
    let mut end = || format!("n{}", (f64::from(node_count).powf(uniform()) - 1.0) as u32);
    let edges = (0..edge_count).map(|n| (end(), format!("t{}", n % 6), end())).collect();
    Input { nodes, edges }
}
