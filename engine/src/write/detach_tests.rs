//! Edges deleted all at once, one by one, and with a node that has many.

use crate::storage::set::DECODED;
use crate::walk::traverse::oracle::Random;
use crate::{
    Change, Direction, Edge, Graph, NewDocument, NewSentence, Node, NodeId, Polarity, Properties, PropertyValue,
    RelationType, RelationTypeId, Run, RunId, RunKind, SentenceId, TopologyKey, View,
};

fn edge(relation: u16, source: u32, target: u32) -> Edge {
    Edge { relation: RelationTypeId::new(relation), source: NodeId::new(source), target: NodeId::new(target) }
}

fn begin(change: &mut Change, nodes: u32) -> [RunId; 3] {
    for (name, symmetric) in [("a", false), ("c", true)] {
        let polarity = Polarity::Asserted;
        change.relation_type(&RelationType { name: name.to_owned(), polarity, symmetric }).unwrap();
    }
    for _ in 0..nodes {
        change.add_node(Node::default()).unwrap();
    }
    let sentence = NewSentence { text: "A binds B.".to_owned(), ..NewSentence::default() };
    let document = NewDocument { identifier: "D:1".to_owned(), sentences: vec![sentence; 3], ..NewDocument::default() };
    change.add_document(&document).unwrap();
    let load = RunKind::Load { source: "x".to_owned() };
    let run = |kind| Run { kind, started: String::new(), program: "p".to_owned() };
    let other = RunKind::Model {
        model: "m".to_owned(),
        weights_hash: String::new(),
        quantization: String::new(),
        prompt: String::new(),
        answers: vec![("yes".to_owned(), Some("a".to_owned()))],
        threshold_thousandths: 500,
    };
    [change.hand().unwrap(), change.begin_run(&run(load)).unwrap(), change.begin_run(&run(other)).unwrap()]
}

/// Adds a random edge in a random way; the same for the same state of `random`.
fn add(change: &mut Change, random: &mut Random, nodes: u32, runs: [RunId; 3]) {
    let source = random.below(nodes);
    let edge = edge(random.below(2) as u16, source, if random.below(2) == 0 { 3 } else { random.below(nodes) });
    if random.below(3) == 0 {
        change.add_evidence(edge, SentenceId::new(random.below(3)), runs[2], 0.5, &[0.5]).unwrap();
    } else {
        change.add_fact(edge, runs[random.below(2) as usize]).unwrap();
    }
    if random.below(3) == 0 {
        let properties = Properties::from([("p".to_owned(), PropertyValue::Integer(i64::from(source)))]);
        change.set_edge_properties(edge, &properties).unwrap();
    }
}

/// All that stands at any edge that there could be.
fn everything(view: &dyn View, nodes: u32) -> Vec<String> {
    let pairs = (0..nodes).flat_map(|source| (0..nodes).map(move |target| (source, target)));
    let edges = pairs.flat_map(|(source, target)| [edge(0, source, target), edge(1, source, target)]);
    let told = edges.map(|edge| {
        let (evidence, properties) = (view.evidence(edge).unwrap(), view.edge_properties(edge).unwrap());
        format!("{edge:?} {:?} {evidence:?} {properties:?}", view.has_edge(edge).unwrap())
    });
    told.collect()
}

#[test]
fn edges_of_a_node_deleted_at_once_leave_what_deleting_them_one_by_one_leaves() {
    let nodes = 6;
    for seed in 0..40 {
        let [at_once, one_by_one] = [true, false].map(|at_once| {
            let random = &mut Random(seed);
            let graph = Graph::temporary().unwrap();
            let mut change = graph.change().unwrap();
            let runs = begin(&mut change, nodes);
            (0..20).for_each(|_| add(&mut change, random, nodes, runs));
            change.commit().unwrap();
            let mut change = graph.change().unwrap();
            (0..10).for_each(|_| add(&mut change, random, nodes, runs));
            let node = NodeId::new(3);
            if at_once {
                change.delete_edges_of(node).unwrap();
            } else {
                for other in 0..nodes {
                    for edge in [edge(0, other, 3), edge(0, 3, other), edge(1, other, 3)] {
                        change.delete_edge(edge).unwrap();
                    }
                }
            }
            let seen = everything(&change, nodes);
            assert!(!change.has_edges(node).unwrap());
            change.commit().unwrap();
            let snapshot = graph.snapshot().unwrap();
            let key = TopologyKey { relations: None, direction: Direction::Both };
            assert_eq!(snapshot.decode(&key).degree(node), 0);
            assert_eq!(everything(&snapshot, nodes), seen, "seed {seed}: what a change sees is what it commits");
            let report = graph.check().unwrap();
            assert!(report.is_sound(), "seed {seed}: {report:?}");
            seen
        });
        assert_eq!(at_once, one_by_one, "seed {seed}");
    }
}

#[test]
fn a_hub_is_deleted_in_time_of_its_edges() {
    let leaves = 100_000;
    let graph = Graph::temporary().unwrap();
    let mut change = graph.change().unwrap();
    let [hand, load, _] = begin(&mut change, leaves + 1);
    for leaf in 1..=leaves {
        // Into the hub, out of it, and both ways.
        let edge = [edge(0, 0, leaf), edge(0, leaf, 0), edge(1, leaf, 0)][leaf as usize % 3];
        change.add_fact(edge, if leaf % 2 == 0 { hand } else { load }).unwrap();
    }
    change.commit().unwrap();
    let mut change = graph.change().unwrap();
    let before = DECODED.get();
    change.delete_node(NodeId::new(0), true).unwrap();
    let decoded = DECODED.get() - before;
    assert!(decoded < 8 * u64::from(leaves), "{decoded} members decoded for {leaves} edges");
    change.commit().unwrap();
    assert!(graph.check().unwrap().is_sound());
    assert_eq!(graph.snapshot().unwrap().statistics().unwrap().edges, 0);
}

#[test]
fn edges_of_a_hub_are_looked_up_and_deleted_one_by_one_without_reading_all_of_them_each_time() {
    let leaves = 20_000;
    let graph = Graph::temporary().unwrap();
    let mut change = graph.change().unwrap();
    let [hand, ..] = begin(&mut change, leaves + 1);
    for leaf in 1..=leaves {
        change.add_fact(edge(0, 0, leaf), hand).unwrap();
    }
    change.commit().unwrap();
    let mut change = graph.change().unwrap();
    let before = DECODED.get();
    for leaf in 1..=leaves {
        assert!(!change.add_fact(edge(0, 0, leaf), hand).unwrap(), "it is there");
        assert!(change.delete_edge(edge(0, 0, leaf)).unwrap());
    }
    let decoded = DECODED.get() - before;
    assert!(decoded < 50 * u64::from(leaves), "{decoded} members decoded for {leaves} edges");
}
