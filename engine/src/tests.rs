//! The graph as its users see it: what is committed is there, what is not is not, and errors say what to do.

use std::collections::{BTreeMap, BTreeSet};

use crate::limits::IDS_MAX;
use crate::read::node_sets::NodeSets;
use crate::storage::lookup;
use crate::traverse::oracle::Random;
use crate::{
    BulkNode, Direction, Durability, Edge, Evidence, Graph, GraphOptions, LabelId, NewDocument, NewSentence, Node,
    NodeId, NodeSet, Polarity, Properties, PropertyValue, RelationType, Run, RunKind, StorageError, View,
};

fn symmetric(name: &str) -> RelationType {
    RelationType { name: name.to_owned(), polarity: Polarity::Asserted, symmetric: true }
}

fn named(name: &str) -> Node {
    Node { name: name.to_owned(), ..Node::default() }
}

#[test]
fn a_change_shows_to_itself_at_once_and_to_others_once_committed() {
    let graph = Graph::temporary().unwrap();
    let before = graph.snapshot().unwrap();
    let mut change = graph.change().unwrap();
    let gene = change.label("gene").unwrap();
    let node = Node {
        labels: vec![gene],
        synonyms: vec!["breast cancer 1".to_owned()],
        identifiers: vec!["NCBIGene:672".to_owned()],
        ..named("BRCA1")
    };
    let (a, b) = (change.add_node(node.clone()).unwrap(), change.add_node(named("x")).unwrap());
    let relation = change.relation_type(&symmetric("associated")).unwrap();
    let hand = change.hand().unwrap();
    let edge = Edge { relation, source: b, target: a };
    assert!(change.add_fact(edge, hand).unwrap());
    assert!(!change.add_fact(edge, hand).unwrap(), "the other way round it is the same edge");
    let sees = |view: &dyn View| {
        (
            view.node(a).unwrap() == Some(node.clone()),
            view.nodes_by_name("BREAST  Cancer 1").unwrap() == [a],
            view.node_by_identifier("NCBIGene:672").unwrap() == Some(a),
            view.nodes_with_label(gene).unwrap().contains(a),
            view.neighbors(a, relation, Direction::Out).unwrap().contains(b),
            view.has_edge(edge).unwrap(),
            view.evidence(edge).unwrap() == [Evidence::Fact { run: hand }],
        )
    };
    assert_eq!(sees(&change), (true, true, true, true, true, true, true));
    assert_eq!(sees(&graph.snapshot().unwrap()), (false, false, false, false, false, false, false));
    change.commit().unwrap();
    assert_eq!(sees(&graph.snapshot().unwrap()), (true, true, true, true, true, true, true));
    assert_eq!(sees(&before), (false, false, false, false, false, false, false));
    assert!(graph.check().unwrap().is_sound());
}

#[test]
fn a_dropped_change_leaves_no_trace() {
    let graph = Graph::temporary().unwrap();
    let mut change = graph.change().unwrap();
    change.label("gene").unwrap();
    change.add_node(named("x")).unwrap();
    drop(change);
    let snapshot = graph.snapshot().unwrap();
    assert!(snapshot.nodes().unwrap().is_empty() && snapshot.catalog().label("gene").is_none());
    let mut change = graph.change().unwrap();
    assert_eq!(change.add_node(named("y")).unwrap(), NodeId::new(0), "no id was used up");
}

#[test]
fn after_a_failed_write_the_graph_refuses_further_writes_and_still_reads() {
    let graph = Graph::temporary().unwrap();
    let mut change = graph.change().unwrap();
    change.add_node(named("kept")).unwrap();
    change.commit().unwrap();
    graph.fail_next_write();
    let mut change = graph.change().unwrap();
    change.add_node(named("lost")).unwrap();
    assert!(matches!(change.commit(), Err(StorageError::Failed { .. })));
    let error = graph.change().unwrap_err();
    assert!(matches!(&error, StorageError::WritesRefused { cause } if cause.contains("no space left")), "{error}");
    assert_eq!(graph.snapshot().unwrap().nodes().unwrap().len(), 1);
}

#[test]
fn a_commit_on_its_way_to_the_disk_shows_to_the_next_change_and_to_nobody_else() {
    let folder = tempfile::tempdir().unwrap();
    let graph = Graph::open(folder.path().join("g")).unwrap();
    let shown = || graph.snapshot().unwrap().nodes().unwrap().len();
    let written = [0, 1, 2].map(|before| {
        let mut change = graph.change().unwrap();
        assert_eq!(View::nodes(&change).unwrap().len(), before);
        change.add_node(named("x")).unwrap();
        change.write(|_| ()).unwrap()
    });
    assert_eq!(shown(), 0);
    graph.core().store.wait_for_disk(written[0]).unwrap();
    assert_eq!(shown(), 3, "one sync serves all that were written before it");
}

#[test]
fn a_graph_that_is_open_is_locked_and_names_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("g");
    let first = Graph::open(&path).unwrap();
    let error = Graph::open(&path).unwrap_err();
    let expected = format!("process id {}", std::process::id());
    assert!(matches!(error, StorageError::Locked { .. }) && error.to_string().contains(&expected), "{error}");
    drop(first);
    Graph::open(&path).unwrap();
}

#[test]
fn a_graph_that_must_exist_is_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("g");
    let options = GraphOptions { must_exist: true, ..GraphOptions::default() };
    assert!(matches!(Graph::open_with(&path, &options), Err(StorageError::Missing { .. })));
    assert!(!path.exists());
}

#[test]
fn damage_is_reported_with_its_place_and_never_answered_over() {
    use crate::storage::{family::Family, key};
    let graph = Graph::temporary().unwrap();
    let mut change = graph.change().unwrap();
    let node = change.add_node(named("x")).unwrap();
    change.commit().unwrap();
    let mut batch = graph.core().store.batch();
    batch.put(Family::Nodes, key::node(node), [0xFF]);
    graph.core().store.write(batch, false).unwrap();
    let error = graph.snapshot().unwrap().node(node).unwrap_err().to_string();
    assert!(error.contains("column family nodes, key 00000000"), "{error}");
}

#[test]
fn wrong_edits_are_refused_with_their_reason() {
    let graph = Graph::temporary().unwrap();
    let mut change = graph.change().unwrap();
    let owner = Node { identifiers: vec!["X:1".to_owned()], ..Node::default() };
    let first = change.add_node(owner.clone()).unwrap();
    let relation = change.relation_type(&symmetric("associated")).unwrap();
    let hand = change.hand().unwrap();
    let missing = NodeId::new(99);
    let denied = RelationType { polarity: Polarity::Denied, ..symmetric("Associated") };
    let document = NewDocument { identifier: "PMID:1".to_owned(), ..NewDocument::default() };
    change.add_document(&document).unwrap();
    let mentions = vec![crate::Mention { node: first, start: 1, end: 4 }];
    let sentence = NewSentence { text: "Äbc".to_owned(), mentions, ..NewSentence::default() };
    let outside = NewDocument { identifier: "D".to_owned(), sentences: vec![sentence], ..NewDocument::default() };
    let (edge, nowhere) = (Edge { relation, source: first, target: first }, crate::SentenceId::new(0));
    for (error, expected) in [
        (change.add_document(&outside).unwrap_err(), "characters 1 to 4 of a sentence of 3"),
        (change.add_evidence(edge, nowhere, hand, 0.5, &[]).unwrap_err(), "no sentence 0"),
        (change.add_node(owner).unwrap_err(), "belongs to node 0 already"),
        (change.add_node(named("a\0b")).unwrap_err(), "zero byte"),
        (change.add_node(named(&"x".repeat(5000))).unwrap_err(), "longer than 4,096"),
        (change.label("  ").unwrap_err(), "it is empty"),
        (change.relation_type(&denied).unwrap_err(), "exists already as asserted and symmetric"),
        (change.add_fact(Edge { relation, source: first, target: missing }, hand).unwrap_err(), "no node 99"),
        (change.update_node(missing, Node::default()).unwrap_err(), "no node 99"),
        (change.delete_node(missing, true).unwrap_err(), "no node 99"),
        (change.add_document(&document).unwrap_err(), "exists already"),
    ] {
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[test]
fn a_full_id_space_is_an_error_and_not_a_wrapped_number() {
    let graph = Graph::temporary().unwrap();
    graph.use_up_ids(IDS_MAX - 1);
    let mut change = graph.change().unwrap();
    let last = change.add_node(named("last")).unwrap();
    assert_eq!(last, NodeId::new(u32::MAX - 1));
    let sentences = vec![NewSentence::default(), NewSentence::default()];
    let document = NewDocument { identifier: "D".to_owned(), sentences, ..NewDocument::default() };
    for error in [change.add_node(named("more")).unwrap_err(), change.add_document(&document).unwrap_err()] {
        assert!(matches!(error, StorageError::IdSpaceFull { limit: IDS_MAX, .. }), "{error}");
    }
    let relation = change.relation_type(&symmetric("associated")).unwrap();
    let hand = change.hand().unwrap();
    change.add_fact(Edge { relation, source: last, target: last }, hand).unwrap();
    change.commit().unwrap();
    assert!(graph.snapshot().unwrap().neighbors(last, relation, Direction::Both).unwrap().contains(last));
    assert_eq!(graph.check().unwrap().problems, Vec::<String>::new());
}

#[test]
fn deleting_a_node_takes_its_edges_and_mentions_along_if_asked() {
    let graph = Graph::temporary().unwrap();
    let mut change = graph.change().unwrap();
    let ids: Vec<NodeId> = ["a", "b"].map(|name| change.add_node(named(name)).unwrap()).to_vec();
    let relation = change.relation_type(&symmetric("associated")).unwrap();
    let hand = change.hand().unwrap();
    let mentions = ids.iter().map(|&node| crate::Mention { node, start: 0, end: 1 }).collect();
    let sentence = NewSentence { text: "ab".to_owned(), mentions, ..NewSentence::default() };
    change
        .add_document(&NewDocument { identifier: "D".to_owned(), sentences: vec![sentence], ..NewDocument::default() })
        .unwrap();
    change.add_fact(Edge { relation, source: ids[0], target: ids[1] }, hand).unwrap();
    change.commit().unwrap();
    let mut change = graph.change().unwrap();
    assert!(matches!(change.delete_node(ids[0], false), Err(StorageError::NodeHasEdges(_))));
    change.delete_node(ids[0], true).unwrap();
    change.commit().unwrap();
    let snapshot = graph.snapshot().unwrap();
    assert_eq!(snapshot.statistics().unwrap().edges, 0);
    assert!(
        snapshot.nodes_by_name("a").unwrap().is_empty() && snapshot.sentences_mentioning(ids[0]).unwrap().is_empty()
    );
    assert_eq!(graph.check().unwrap().problems, Vec::<String>::new());
}

#[test]
fn completion_finds_names_synonyms_and_identifiers_as_they_are_spelt() {
    let graph = Graph::temporary().unwrap();
    let mut change = graph.change().unwrap();
    let identifiers = vec!["BR:1".to_owned()];
    change.add_node(Node { synonyms: vec!["breast cancer 1".to_owned()], identifiers, ..named("BRCA1") }).unwrap();
    change.add_node(named("BRAF")).unwrap();
    change.commit().unwrap();
    let found = |prefix, limit| {
        let found = graph.snapshot().unwrap().names_with_prefix(prefix, limit).unwrap();
        found.into_iter().map(|(name, _)| name).collect::<Vec<_>>()
    };
    assert_eq!(found("BR", 9), ["BRAF", "BRCA1", "breast cancer 1", "BR:1"]);
    assert_eq!(found("brc", 9), ["BRCA1"]);
    assert_eq!(found("br", 1), ["BRAF"]);
    assert_eq!(found("zz", 9), Vec::<String>::new());
}

#[test]
fn a_bulk_load_run_twice_gives_what_one_gives() {
    let graph = Graph::temporary().unwrap();
    let kind = RunKind::Load { source: "facts.tsv".to_owned() };
    for started in ["monday", "tuesday"] {
        let run = Run { kind: kind.clone(), started: started.to_owned(), program: "test".to_owned() };
        let mut load = graph.bulk_load(&run).unwrap();
        let directed = RelationType { symmetric: false, ..symmetric("causes") };
        let types = [load.relation_type(&symmetric("associated")).unwrap(), load.relation_type(&directed).unwrap()];
        let names: Vec<String> = (0..300).map(|number| format!("n{number}")).collect();
        let ids: Vec<NodeId> = names
            .iter()
            .map(|name| {
                let properties = Properties::from([("size".to_owned(), PropertyValue::Integer(1))]);
                let node = BulkNode { identifier: name, labels: &["thing"], name, properties, ..BulkNode::default() };
                load.add_node(&node).unwrap()
            })
            .collect();
        for number in 0..300 {
            for step in [1, 7, 0] {
                let (source, target) = (ids[number], ids[(number + step) % 300]);
                let properties =
                    Properties::from_iter((step == 7).then(|| ("w".to_owned(), PropertyValue::Float(0.5))));
                for relation in types {
                    load.add_edge(Edge { relation, source, target }, &properties).unwrap();
                    load.add_edge(Edge { relation, source, target }, &properties).unwrap();
                }
            }
        }
        let summary = load.finish().unwrap();
        assert_eq!((summary.nodes_added + summary.nodes_merged, summary.edges), (300, 1800));
        let statistics = graph.snapshot().unwrap().statistics().unwrap();
        assert_eq!((statistics.nodes, statistics.edges, statistics.runs), (300, 1800, 1));
        assert_eq!(graph.check().unwrap().problems, Vec::<String>::new());
    }
}

/// What a graph should hold: edges with the number of reasons for each.
#[derive(Default)]
struct Model {
    nodes: BTreeSet<NodeId>,
    edges: BTreeMap<Edge, BTreeSet<u32>>,
}

/// Random edits in random batches, some dropped, with reopening between them, against a plain map.
#[test]
fn random_edits_agree_with_a_plain_map() {
    for seed in 0..40 {
        let mut random = Random(seed);
        let folder = tempfile::tempdir().unwrap();
        let options = GraphOptions { durability: Durability::Buffered, ..GraphOptions::default() };
        let mut graph = Graph::open_with(folder.path().join("g"), &options).unwrap();
        let mut model = Model::default();
        for _ in 0..12 {
            let mut attempt = Model { nodes: model.nodes.clone(), edges: model.edges.clone() };
            let mut change = graph.change().unwrap();
            for _ in 0..random.below(15) {
                edit(&mut change, &mut attempt, &mut random);
            }
            if random.below(4) > 0 {
                change.commit().unwrap();
                model = attempt;
            } else {
                drop(change);
            }
            if random.below(4) == 0 {
                drop(graph);
                graph = Graph::open_with(folder.path().join("g"), &options).unwrap();
            }
            compare(&graph, &model, seed);
        }
    }
}

fn edit(change: &mut crate::Change, model: &mut Model, random: &mut Random) {
    let directed = RelationType { symmetric: false, ..symmetric("causes") };
    let relation_types = [symmetric("associated"), directed];
    let known: Vec<NodeId> = model.nodes.iter().copied().collect();
    if known.len() < 2 || random.below(4) == 0 {
        model.nodes.insert(change.add_node(named("n")).unwrap());
        return;
    }
    let pick = |random: &mut Random| known[random.below(known.len() as u32) as usize];
    let relation_type = &relation_types[random.below(2) as usize];
    let relation = change.relation_type(relation_type).unwrap();
    let (source, target) = (pick(random), pick(random));
    let edge = Edge { relation, source, target };
    let canonical = edge.canonical(relation_type.symmetric);
    match random.below(8) {
        0 => {
            change.delete_node(source, true).unwrap();
            model.nodes.remove(&source);
            model.edges.retain(|edge, _| edge.source != source && edge.target != source);
        }
        1 | 2 => assert_eq!(change.delete_edge(edge).unwrap(), model.edges.remove(&canonical).is_some()),
        _ => {
            let source = format!("file {}", random.below(2));
            let run = Run { kind: RunKind::Load { source }, started: String::new(), program: String::new() };
            let run = change.begin_run(&run).unwrap();
            let fresh = model.edges.entry(canonical).or_default().insert(run.get());
            assert_eq!(change.add_fact(edge, run).unwrap(), fresh);
        }
    }
}

fn compare(graph: &Graph, model: &Model, seed: u64) {
    let snapshot = graph.snapshot().unwrap();
    assert_eq!(graph.check().unwrap().problems, Vec::<String>::new(), "seed {seed}");
    assert_eq!(snapshot.nodes().unwrap().iter().collect::<BTreeSet<_>>(), model.nodes, "seed {seed}");
    let mut edges = BTreeMap::new();
    for &node in &model.nodes {
        for (relation, relation_type) in snapshot.catalog().relation_types() {
            for target in snapshot.neighbors(node, relation, Direction::Out).unwrap().iter() {
                let edge = Edge { relation, source: node, target }.canonical(relation_type.symmetric);
                let runs = snapshot.evidence(edge).unwrap().into_iter().map(|evidence| match evidence {
                    Evidence::Fact { run } | Evidence::Text { run, .. } => run.get(),
                });
                edges.insert(edge, runs.collect::<BTreeSet<u32>>());
            }
        }
    }
    assert_eq!(edges, model.edges, "seed {seed}");
}

#[test]
fn a_set_of_nodes_is_read_once_for_each_moment() {
    let set = |node: u32| [NodeId::new(node)].into_iter().collect::<NodeSet>();
    let sets = NodeSets::default();
    let label = Some(LabelId::new(1));
    let ask = |label, sequence, found: u32| sets.get_or_read(label, sequence, || Ok(set(found))).unwrap();
    assert_eq!(*ask(label, 5, 1), set(1));
    assert_eq!(*ask(label, 5, 2), set(1), "the same moment");
    assert_eq!(*ask(None, 5, 3), set(3), "another set of the same moment");
    assert_eq!(*ask(label, 6, 4), set(4), "a later moment");
    assert_eq!(*ask(label, 5, 5), set(1), "both are kept, as long as somebody may ask");
    sets.follow(6, 7, true, |_, nodes| *nodes = set(7).into());
    assert_eq!([*ask(label, 6, 8) == set(4), *ask(label, 7, 8) == set(7)], [true; 2]);
    sets.follow(7, 9, false, |_, nodes| *nodes = set(9).into());
    assert_eq!(*ask(label, 9, 8), set(9));
    sets.forget_before(9);
    assert_eq!(*ask(label, 5, 8), set(8), "an earlier moment is read again once it is forgotten");
    assert_eq!(*ask(label, 9, 8), set(9));
}

#[test]
fn a_manifest_whose_last_entry_did_not_reach_the_disk_is_taken_without_it() {
    let folder = tempfile::tempdir().unwrap();
    let graph = Graph::open(folder.path()).unwrap();
    let mut change = graph.change().unwrap();
    let node = change.add_node(named("x")).unwrap();
    change.commit().unwrap();
    drop(graph);
    let store = folder.path().join("store");
    for kept in [3, 7, 20] {
        let manifest = store.join(std::fs::read_to_string(store.join("CURRENT")).unwrap().trim_end());
        let mut bytes = std::fs::read(&manifest).unwrap();
        // Another entry like the first one, of which the disk has the beginning, and zeros in place of the rest.
        bytes.extend_from_within(..kept);
        bytes.resize(bytes.len() + 1024, 0);
        std::fs::write(&manifest, bytes).unwrap();
        let graph = Graph::open(folder.path()).unwrap();
        assert_eq!(graph.snapshot().unwrap().nodes_by_name("x").unwrap(), [node], "{kept} bytes were there");
        assert_eq!(graph.check().unwrap().problems, Vec::<String>::new());
    }
}

/// What is kept is what the store gives, whatever was committed; a commit of edges alone leaves it as it is.
#[test]
fn kept_sets_follow_commits() {
    for seed in 0..20 {
        let graph = Graph::temporary().unwrap();
        let random = &mut Random(seed);
        for round in 0..20 {
            let before = graph.snapshot().unwrap();
            let label = before.catalog().label("gene").unwrap_or_default();
            let kept = (before.shared_nodes().unwrap(), before.shared_nodes_with_label(label).unwrap());
            let mut change = graph.change().unwrap();
            let gene = change.label("gene").unwrap();
            for _ in 0..random.below(5) {
                let labels = if random.below(2) == 0 { vec![gene] } else { Vec::new() };
                let node = Node { labels, name: "x".to_owned(), ..Node::default() };
                let known = NodeId::new(random.below(20));
                match random.below(3) {
                    0 if change.node(known).unwrap().is_some() => change.delete_node(known, true).unwrap(),
                    1 if change.node(known).unwrap().is_some() => change.update_node(known, node).unwrap(),
                    _ => _ = change.add_node(node).unwrap(),
                }
            }
            change.commit().unwrap();
            let after = graph.snapshot().unwrap();
            let context = format!("seed {seed}, round {round}");
            assert_eq!(*after.shared_nodes().unwrap(), lookup::nodes(after.store()).unwrap().into(), "{context}");
            let labelled = lookup::nodes_with_label(after.store(), gene).unwrap().into();
            assert_eq!(*after.shared_nodes_with_label(gene).unwrap(), labelled, "{context}");
            assert_eq!(kept.0, before.shared_nodes().unwrap(), "{context}: an older moment stays as it was");
            assert_eq!(kept.1, before.shared_nodes_with_label(label).unwrap(), "{context}");
        }
    }
}

#[test]
fn a_commit_of_edges_costs_no_reading_of_nodes() {
    let graph = Graph::temporary().unwrap();
    let mut change = graph.change().unwrap();
    let nodes = [(); 2].map(|()| change.add_node(Node::default()).unwrap());
    change.commit().unwrap();
    let known = graph.snapshot().unwrap().shared_nodes().unwrap();
    let mut change = graph.change().unwrap();
    let kind = RelationType { name: "binds".to_owned(), polarity: Polarity::Asserted, symmetric: false };
    let relation = change.relation_type(&kind).unwrap();
    let hand = change.hand().unwrap();
    change.add_fact(Edge { relation, source: nodes[0], target: nodes[1] }, hand).unwrap();
    change.commit().unwrap();
    assert!(std::sync::Arc::ptr_eq(&known, &graph.snapshot().unwrap().shared_nodes().unwrap()));
}

/// Values are kept in memory by the file that they are in: one that is known must not answer for another moment.
#[test]
fn what_is_looked_up_again_and_again_is_that_of_its_own_moment() {
    let graph = Graph::temporary().unwrap();
    let mut change = graph.change().unwrap();
    let identified = |name: &str| Node { identifiers: vec![format!("id:{name}")], ..named(name) };
    let node = change.add_node(identified("0")).unwrap();
    change.commit().unwrap();
    let mut moments = vec![(graph.snapshot().unwrap(), Some("0".to_owned()))];
    for round in 1..6 {
        graph.core().store.flush().unwrap();
        let mut change = graph.change().unwrap();
        let name = (round < 5).then(|| round.to_string());
        match &name {
            Some(name) => change.update_node(node, identified(name)).unwrap(),
            None => change.delete_node(node, false).unwrap(),
        }
        change.commit().unwrap();
        moments.push((graph.snapshot().unwrap(), name));
        for (snapshot, name) in moments.iter().chain(moments.iter().rev()) {
            assert_eq!(snapshot.node(node).unwrap().map(|node| node.name), *name, "round {round}");
            for other in 0..6 {
                let found = snapshot.node_by_identifier(&format!("id:{other}")).unwrap();
                assert_eq!(found.is_some(), *name == Some(other.to_string()), "round {round}, {name:?}, id:{other}");
            }
        }
    }
}
