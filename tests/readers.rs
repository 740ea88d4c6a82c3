//! Many readers and one writer in one process: every snapshot shows one moment, in every index and every shape of it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use hopgraph::engine::{
    Budget, Direction, Edge, Graph, LabelId, Node, NodeId, Polarity, Properties, PropertyValue, RelationType,
    RelationTypeId, Snapshot, TopologyKey, View,
};

use crate::random::{Random, setting};

/// Seconds of an everyday run. `HOPGRAPH_READERS_SECONDS` asks for another number.
const SECONDS: u64 = 2;

const READERS: usize = 4;

/// Nodes in the ring; each has one edge out and one in, whatever the writer does.
const RING: u32 = 60;

const NEXT: RelationTypeId = RelationTypeId::new(0);
const EVEN: LabelId = LabelId::new(0);

fn edge(source: u32, target: u32) -> Edge {
    Edge { relation: NEXT, source: NodeId::new(source), target: NodeId::new(target) }
}

fn build(graph: &Graph) {
    let mut change = graph.change().unwrap();
    assert_eq!(change.label("even").unwrap(), EVEN);
    let next = RelationType { name: "next".to_owned(), polarity: Polarity::Asserted, symmetric: false };
    assert_eq!(change.relation_type(&next).unwrap(), NEXT);
    for number in 0..RING {
        let labels = if number % 2 == 0 { vec![EVEN] } else { vec![] };
        change.add_node(Node { labels, name: format!("n{number}"), ..Node::default() }).unwrap();
    }
    let hand = change.hand().unwrap();
    for number in 0..RING {
        change.add_fact(edge(number, (number + 1) % RING), hand).unwrap();
    }
    change.commit().unwrap();
}

/// Gives two nodes each other's successors and labels, in one commit, and counts it in a property.
fn swap(graph: &Graph, random: &mut Random, count: i64) {
    let mut change = graph.change().unwrap();
    let hand = change.hand().unwrap();
    let [one, other] = [random.below(RING as usize) as u32, random.below(RING as usize) as u32];
    let successor = |change: &hopgraph::engine::Change, node: u32| {
        let found = change.neighbors(NodeId::new(node), NEXT, Direction::Out).unwrap();
        found.iter().next().unwrap().get()
    };
    let (after_one, after_other) = (successor(&change, one), successor(&change, other));
    change.delete_edge(edge(one, after_one)).unwrap();
    if one != other {
        change.delete_edge(edge(other, after_other)).unwrap();
        change.add_fact(edge(other, after_one), hand).unwrap();
    }
    change.add_fact(edge(one, after_other), hand).unwrap();
    let [mut first, mut second] = [one, other].map(|id| change.node(NodeId::new(id)).unwrap().unwrap());
    std::mem::swap(&mut first.labels, &mut second.labels);
    first.properties = Properties::from([("count".to_owned(), PropertyValue::Integer(count))]);
    if one != other {
        change.update_node(NodeId::new(other), second).unwrap();
        change.update_node(NodeId::new(one), first).unwrap();
    }
    change.commit().unwrap();
}

/// What holds after every commit, seen through records, sets and the shape that walks run on.
fn assert_consistent(snapshot: &Snapshot, what: &str) {
    let labelled = snapshot.nodes_with_label(EVEN).unwrap();
    assert_eq!(labelled.len(), u64::from(RING / 2), "{what}");
    for direction in [Direction::Out, Direction::In] {
        let key = TopologyKey { relations: None, direction };
        let topology = snapshot.topology(&key, &Budget::unlimited()).unwrap();
        assert_eq!(topology.step_count(), u64::from(RING), "{what}");
        for id in (0..RING).map(NodeId::new) {
            let stored: Vec<u32> = snapshot.neighbors(id, NEXT, direction).unwrap().iter().map(NodeId::get).collect();
            assert_eq!(stored.len(), 1, "{what}, node {id}");
            assert_eq!(topology.ends(id), stored, "{what}, node {id}: the shape and the sets are of two moments");
            let node = snapshot.node(id).unwrap().unwrap();
            assert_eq!(node.labels.contains(&EVEN), labelled.contains(id), "{what}, node {id}");
        }
    }
}

#[test]
fn every_snapshot_shows_one_moment_while_a_writer_writes() {
    let graph = Graph::temporary().unwrap();
    build(&graph);
    let seed = setting("HOPGRAPH_SEED", u64::from(std::process::id()));
    let end = Instant::now() + Duration::from_secs(setting("HOPGRAPH_READERS_SECONDS", SECONDS));
    let (done, commits, looks) = (AtomicBool::new(false), AtomicU64::new(0), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for reader in 0..READERS {
            let (graph, done, commits, looks) = (&graph, &done, &commits, &looks);
            scope.spawn(move || {
                let mut kept: Option<(Snapshot, u64)> = None;
                while !done.load(Ordering::Relaxed) {
                    let snapshot = graph.snapshot().unwrap();
                    let at = commits.load(Ordering::Relaxed);
                    assert_consistent(&snapshot, &format!("HOPGRAPH_SEED={seed}, reader {reader}, after {at} commits"));
                    // An old snapshot is as consistent as when it was taken.
                    if let Some((old, since)) = &kept {
                        assert_consistent(old, &format!("HOPGRAPH_SEED={seed}, a snapshot kept since {since} commits"));
                    }
                    if kept.is_none() || at % 7 == reader as u64 {
                        kept = Some((snapshot, at));
                    }
                    looks.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let mut random = Random(seed);
        // A reader that fails ends the test when its thread is joined; the writer must not wait for it.
        while Instant::now() < end {
            let count = commits.fetch_add(1, Ordering::Relaxed);
            swap(&graph, &mut random, count as i64);
        }
        done.store(true, Ordering::Relaxed);
    });
    let (commits, looks) = (commits.into_inner(), looks.into_inner());
    assert!(commits > 20 && looks > 20, "{commits} commits, {looks} looks");
    assert_eq!(graph.check().unwrap().problems, Vec::<String>::new());
}
