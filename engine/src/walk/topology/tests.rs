//! A topology that is kept current is the one that the store gives, and a filter keeps the edges that the rule keeps.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::EdgeFilter;
use crate::traverse::oracle::Random;
use crate::{
    Budget, Change, Direction, DocumentId, DocumentSet, Edge, Evidence, Graph, NewDocument, NewSentence, Node, NodeId,
    Polarity, RelationType, RelationTypeId, Run, RunId, RunKind, SentenceId, Snapshot, Topology, TopologyKey, View,
    confidence,
};

const DIRECTIONS: [Direction; 3] = [Direction::Both, Direction::Out, Direction::In];

/// More than one chunk of nodes, and edges on both sides of where chunks meet.
const NODES: u32 = 2_100;

/// A graph with nodes, two directed types and a symmetric one.
fn graph() -> Graph {
    let graph = Graph::temporary().unwrap();
    let mut change = graph.change().unwrap();
    for (name, symmetric) in [("a", false), ("b", false), ("c", true)] {
        let polarity = Polarity::Asserted;
        change.relation_type(&RelationType { name: name.to_owned(), polarity, symmetric }).unwrap();
    }
    for _ in 0..NODES {
        change.add_node(Node::default()).unwrap();
    }
    change.commit().unwrap();
    graph
}

fn random_edge(random: &mut Random) -> Edge {
    let near = |random: &mut Random| NodeId::new([0, 1_020, 2_044][random.below(3) as usize] + random.below(10));
    let (source, target) = (near(random), near(random));
    Edge { relation: RelationTypeId::new(random.below(3) as u16), source, target }
}

fn keys() -> impl Iterator<Item = TopologyKey> {
    let relations = [None, Some(vec![RelationTypeId::new(0), RelationTypeId::new(2)])];
    let with = |direction| relations.clone().map(|relations| TopologyKey { relations, direction });
    DIRECTIONS.map(with).into_iter().flatten().collect::<Vec<_>>().into_iter()
}

fn compare(snapshot: &Snapshot, context: &str) {
    for key in keys() {
        let kept = snapshot.topology(&key, &Budget::unlimited()).unwrap();
        assert_eq!(*kept, snapshot.decode(&key), "{key:?}, {context}");
        assert!(kept.step_count() == (0..NODES).map(|node| kept.degree(NodeId::new(node)) as u64).sum());
    }
}

#[test]
fn after_random_edits_the_kept_topology_is_the_one_that_the_store_gives() {
    for seed in 0..10 {
        let graph = graph();
        let random = &mut Random(seed);
        for round in 0..20 {
            let before = graph.snapshot().unwrap();
            let mut change = graph.change().unwrap();
            let hand = change.hand().unwrap();
            for _ in 0..1 + random.below(40) {
                let edge = random_edge(random);
                if random.below(3) == 0 {
                    change.delete_edge(edge).unwrap();
                } else {
                    change.add_fact(edge, hand).unwrap();
                }
            }
            change.commit().unwrap();
            let context = format!("seed {seed}, round {round}");
            compare(&graph.snapshot().unwrap(), &context);
            // A reader of an older moment is given what it was then.
            compare(&before, &context);
        }
    }
}

/// As many edges as make a patch of one of them worth while.
fn ring(change: &mut Change) {
    let hand = change.hand().unwrap();
    for node in 0..1_000 {
        let (source, target) = (NodeId::new(node), NodeId::new(node + 1));
        change.add_fact(Edge { relation: RelationTypeId::new(0), source, target }, hand).unwrap();
    }
}

#[test]
fn a_commit_of_one_edge_costs_a_look_up_and_not_a_decode() {
    let graph = graph();
    let mut change = graph.change().unwrap();
    ring(&mut change);
    change.commit().unwrap();
    let key = TopologyKey { relations: None, direction: Direction::Both };
    let topology = || graph.snapshot().unwrap().topology(&key, &Budget::unlimited()).unwrap();
    assert_eq!(topology().step_count(), 2_000);
    let work = || {
        let work = graph.core().shared.topologies.work();
        (work.decoded.load(Ordering::Relaxed), work.looked_up.load(Ordering::Relaxed))
    };
    assert_eq!(work(), (1, 0));
    for round in 0..10 {
        let mut change = graph.change().unwrap();
        let hand = change.hand().unwrap();
        let (source, target) = (NodeId::new(2_000), NodeId::new(2_001 + round));
        change.add_fact(Edge { relation: RelationTypeId::new(1), source, target }, hand).unwrap();
        change.commit().unwrap();
        assert_eq!(topology().step_count(), 2_002 + 2 * u64::from(round));
        assert_eq!(work(), (1, 1 + u64::from(round)));
    }
    // Nobody asked in between, and a new node came too.
    for target in 0..3 {
        let mut change = graph.change().unwrap();
        let hand = change.hand().unwrap();
        let source = change.add_node(Node::default()).unwrap();
        change.add_fact(Edge { relation: RelationTypeId::new(1), source, target: NodeId::new(target) }, hand).unwrap();
        change.commit().unwrap();
    }
    assert_eq!(topology().step_count(), 2_026);
    assert_eq!(work(), (1, 13));
}

#[test]
fn a_topology_that_is_in_memory_is_handed_out_at_its_own_moment_only_and_without_work() {
    let graph = graph();
    let key = TopologyKey { relations: None, direction: Direction::Out };
    let before = graph.snapshot().unwrap();
    assert!(before.known_topology(&key).is_none(), "nobody has asked yet");
    let asked = before.topology(&key, &Budget::unlimited()).unwrap();
    let mut change = graph.change().unwrap();
    ring(&mut change);
    change.commit().unwrap();
    assert!(before.known_topology(&key).is_some_and(|known| Arc::ptr_eq(&known, &asked)));
    assert!(graph.snapshot().unwrap().known_topology(&key).is_none(), "edges were written since");
    assert!(before.known_topology(&TopologyKey { direction: Direction::In, ..key }).is_none(), "another direction");
    let work = graph.core().shared.topologies.work();
    assert_eq!((work.decoded.load(Ordering::Relaxed), work.looked_up.load(Ordering::Relaxed)), (1, 0));
}

#[test]
fn a_bulk_load_does_not_say_what_it_wrote_so_the_topology_is_decoded_again() {
    let graph = graph();
    let key = TopologyKey { relations: None, direction: Direction::Out };
    let step_count = || graph.snapshot().unwrap().topology(&key, &Budget::unlimited()).unwrap().step_count();
    assert_eq!(step_count(), 0);
    let kind = RunKind::Load { source: "test".to_owned() };
    let mut load = graph.bulk_load(&Run { kind, started: String::new(), program: String::new() }).unwrap();
    let edge = Edge { relation: RelationTypeId::new(0), source: NodeId::new(3), target: NodeId::new(4) };
    load.add_edge(edge, &Default::default()).unwrap();
    load.finish().unwrap();
    assert_eq!(step_count(), 1);
}

fn model(name: &str) -> Run {
    let kind = RunKind::Model {
        model: name.to_owned(),
        weights_hash: String::new(),
        quantization: String::new(),
        prompt: String::new(),
        answers: Vec::new(),
        threshold_thousandths: 500,
    };
    Run { kind, started: String::new(), program: String::new() }
}

/// Documents of which some have a year, each with two sentences; returns the runs of two models.
fn add_texts(graph: &Graph) -> [RunId; 2] {
    let mut change = graph.change().unwrap();
    for number in 0..12_u16 {
        let year = (number % 4 != 3).then_some(2_000 + number);
        let sentences = vec![NewSentence::default(), NewSentence::default()];
        let identifier = format!("PMID:{number}");
        change.add_document(&NewDocument { identifier, year, sentences, ..NewDocument::default() }).unwrap();
    }
    let runs = ["one", "two"].map(|name| change.begin_run(&model(name)).unwrap());
    change.commit().unwrap();
    runs
}

fn add_random_evidence(graph: &Graph, runs: [RunId; 2], random: &mut Random, count: u32) {
    let mut change = graph.change().unwrap();
    let hand = change.hand().unwrap();
    for _ in 0..count {
        let edge = random_edge(random);
        match random.below(8) {
            0 => assert!(change.add_fact(edge, hand).unwrap() || change.has_edge(edge).unwrap()),
            1 => assert!(change.delete_edge(edge).unwrap() || !change.has_edge(edge).unwrap()),
            _ => {
                let (sentence, run) = (SentenceId::new(random.below(24)), runs[random.below(2) as usize]);
                change.add_evidence(edge, sentence, run, random.below(11) as f32 / 10.0, &[]).unwrap();
            }
        }
    }
    change.commit().unwrap();
}

fn random_filter(snapshot: &Snapshot, runs: [RunId; 2], random: &mut Random) -> EdgeFilter {
    let mut filter = EdgeFilter::default();
    if random.below(2) == 0 {
        filter.min_confidence = Some(f64::from(random.below(11)) / 10.0);
    }
    if random.below(3) == 0 {
        let first = 1_998 + random.below(12) as u16;
        filter.years = Some(first..=first + random.below(6) as u16);
    }
    if random.below(3) == 0 {
        let documents = snapshot.documents().unwrap().into_iter().map(|(id, _)| id);
        filter.documents = Some(documents.filter(|_| random.below(2) == 0).collect::<DocumentSet>());
    }
    if random.below(3) == 0 {
        filter.runs = Some(vec![[RunId::new(2), runs[0], runs[1]][random.below(3) as usize]]);
    }
    filter
}

/// Whether an edge passes, by asking for its evidence and applying the definition.
fn passes(snapshot: &Snapshot, edge: Edge, filter: &EdgeFilter) -> bool {
    let document = |sentence| snapshot.sentence(sentence).unwrap().unwrap().document;
    let counts = |evidence: &Evidence| {
        let (run, text) = match evidence {
            Evidence::Fact { run } => (*run, None),
            Evidence::Text { sentence, run, .. } => (*run, Some(document(*sentence))),
        };
        let year = |id: DocumentId| snapshot.document(id).unwrap().unwrap().year;
        filter.runs.as_ref().is_none_or(|runs| runs.contains(&run))
            && filter.years.as_ref().is_none_or(|years| text.and_then(year).is_some_and(|year| years.contains(&year)))
            && filter.documents.as_ref().is_none_or(|documents| text.is_some_and(|id| documents.contains(id)))
    };
    let mut evidence = snapshot.evidence(edge).unwrap();
    evidence.retain(counts);
    let sure = confidence(&evidence, |sentence| Ok(document(sentence))).unwrap() as f32;
    !evidence.is_empty() && filter.min_confidence.is_none_or(|least| sure >= least as f32)
}

#[test]
fn a_filter_keeps_the_edges_that_stand_by_the_evidence_that_counts() {
    for seed in 0..10 {
        let graph = graph();
        let random = &mut Random(seed);
        let runs = add_texts(&graph);
        let (mut kept, mut dropped) = (0, 0);
        for round in 0..12 {
            // Few at a time after the first, so that the table is patched as well as read.
            add_random_evidence(&graph, runs, random, if round == 0 { 300 } else { 5 });
            let snapshot = graph.snapshot().unwrap();
            let key = TopologyKey { relations: None, direction: DIRECTIONS[random.below(3) as usize] };
            let filter = random_filter(&snapshot, runs, random);
            let budget = Budget::unlimited();
            let found = snapshot.topology_where(&key, &filter, &budget).unwrap();
            let whole = snapshot.topology(&key, &budget).unwrap();
            let expected = whole.filtered(&budget, |edge| Ok(passes(&snapshot, edge, &filter))).unwrap();
            assert_eq!(*found, expected, "seed {seed}, round {round}, {key:?}, {filter:?}");
            kept += found.step_count();
            dropped += whole.step_count() - found.step_count();
            let table = snapshot.evidence_table(&budget).unwrap();
            for node in (0..NODES).map(NodeId::new) {
                for edge in whole.steps(node).map(|step| step.edge(node)) {
                    assert_eq!(table.confidence(edge), snapshot.confidence(edge).unwrap(), "seed {seed}, {edge:?}");
                }
            }
        }
        assert!(kept > 100 && dropped > 100, "seed {seed}: {kept} kept, {dropped} dropped");
    }
}

/// The steps back are made on all cores, and a worker that waits for the others takes up other work, which may ask for
/// them too.
#[test]
fn the_steps_back_can_be_asked_for_on_every_core_at_once() {
    let (done, ended) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
        for round in 0..100 {
            let edge = |n: u32| Edge {
                relation: RelationTypeId::new(0),
                source: NodeId::new(n),
                target: NodeId::new((7_919 * n + round) % 20_000),
            };
            let topology = Arc::new(Topology::from_edges((0..20_000).map(|n| (edge(n), false)), Direction::Out));
            pool.scope(|scope| {
                for _ in 0..24 {
                    scope.spawn(|_| assert_eq!(topology.backward(&Budget::unlimited()).unwrap().step_count(), 20_000));
                }
            });
        }
        done.send(()).unwrap();
    });
    ended.recv_timeout(Duration::from_secs(120)).expect("no worker waits for itself");
}

/// Readers see the last commit that is on the disk while writers start from a newer one: both ask at the same time.
#[test]
fn two_moments_that_are_asked_about_in_turn_are_decoded_once() {
    let graph = graph();
    let mut change = graph.write().unwrap();
    let hand = change.hand().unwrap();
    let random = &mut Random(1);
    for _ in 0..100 {
        change.add_fact(random_edge(random), hand).unwrap();
    }
    change.commit().unwrap();
    let old = graph.read().unwrap();
    let mut change = graph.write().unwrap();
    let edge = Edge { relation: RelationTypeId::new(0), source: NodeId::new(1), target: NodeId::new(2) };
    change.add_fact(edge, hand).unwrap();
    for key in keys() {
        old.topology(&key, &Budget::unlimited()).unwrap();
    }
    change.commit().unwrap();
    let new = graph.read().unwrap();
    let work = graph.core().shared.topologies.work();
    let decoded = work.decoded.load(Ordering::Relaxed);
    for key in keys() {
        for (snapshot, context) in [(&new, "new"), (&old, "old"), (&new, "new again"), (&old, "old again")] {
            let kept = snapshot.topology(&key, &Budget::unlimited()).unwrap();
            assert_eq!(*kept, snapshot.decode(&key), "{key:?}, {context}");
        }
    }
    assert_eq!(work.decoded.load(Ordering::Relaxed), decoded);
}
