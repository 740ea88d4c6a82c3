//! Looks up single things in a warm graph from one thread, printing what each look-up takes.
//!
//! The graph is made here: 100,000 nodes with names and identifiers, 500,000 edges of six types, always the same.
//!
//!     cargo bench -p hopgraph-engine --bench lookup
//!
//! Results that count are kept in `benches/record`.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    missing_docs,
    reason = "a benchmark prints, and stops at the first surprise"
)]

use std::hint::black_box;
use std::time::Instant;

use hopgraph_engine::{
    BulkNode, Direction, Edge, Graph, NodeId, Polarity, RelationType, RelationTypeId, Run, RunKind, View,
};

const NODES: u32 = 100_000;
const EDGES: u32 = 500_000;
const LOOK_UPS: u32 = 300_000;

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("graph");
    make(&Graph::open(&path).unwrap());
    let graph = Graph::open(&path).unwrap();
    let snapshot = graph.snapshot().unwrap();
    // Few enough to stay in the caches of the processor, or all of them.
    for span in [1_000, NODES] {
        println!("among {span} nodes");
        let node = |turn: u32| NodeId::new(turn.wrapping_mul(2_654_435_761) % span);
        let edge = |turn| Edge { relation: RelationTypeId::new(0), source: node(turn), target: node(turn + 1) };
        measure("node by number", |turn| snapshot.node(node(turn)).unwrap().is_some());
        measure("number by identifier", |turn| {
            snapshot.node_by_identifier(&format!("NCBIGene:{}", node(turn))).unwrap().is_some()
        });
        measure("node by identifier", |turn| {
            let number = snapshot.node_by_identifier(&format!("NCBIGene:{}", node(turn))).unwrap().unwrap();
            snapshot.node(number).unwrap().is_some()
        });
        measure("number by name", |turn| snapshot.nodes_by_name(&format!("Gene {}", node(turn))).unwrap().len() == 1);
        measure("neighbours of one type", |turn| {
            !snapshot.neighbors(node(turn), RelationTypeId::new(0), Direction::Out).unwrap().is_empty() || turn > 0
        });
        measure("whether there is an edge", |turn| snapshot.has_edge(edge(turn)).is_ok());
    }
    measure("a snapshot", |_| graph.snapshot().is_ok());
}

fn measure(what: &str, mut look_up: impl FnMut(u32) -> bool) {
    assert!((0..LOOK_UPS).all(|turn| black_box(look_up(turn))));
    let start = Instant::now();
    for turn in 0..LOOK_UPS {
        black_box(look_up(turn));
    }
    println!("  {what:<26} {:>7.3} us", start.elapsed().as_secs_f64() * 1e6 / f64::from(LOOK_UPS));
}

fn make(graph: &Graph) {
    let kind = RunKind::Load { source: "benchmark".to_owned() };
    let mut load = graph.bulk_load(&Run { kind, started: String::new(), program: String::new() }).unwrap();
    for number in 0..NODES {
        let (identifier, name) = (format!("NCBIGene:{number}"), format!("gene {number}"));
        load.add_node(&BulkNode { identifier: &identifier, labels: &["gene"], name: &name, ..BulkNode::default() })
            .unwrap();
    }
    for number in 0..6 {
        let name = format!("type {number}");
        let relation =
            load.relation_type(&RelationType { name, polarity: Polarity::Asserted, symmetric: false }).unwrap();
        let end = |turn: u32, factor: u32| NodeId::new(turn.wrapping_mul(factor) % NODES);
        let turns = (number..EDGES).step_by(6);
        load.add_edges(relation, turns.map(|turn| (end(turn, 2_654_435_761), end(turn, 2_246_822_519)))).unwrap();
    }
    load.finish().unwrap();
}
