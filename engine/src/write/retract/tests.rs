//! A graph from which something was taken back is the graph that never had it, whatever came when.

use std::collections::BTreeSet;

use crate::traverse::oracle::Random;
use crate::{
    Change, Description, DocumentId, Edge, Evidence, Graph, GraphOptions, Mention, NewDocument, NewSentence, Node,
    NodeId, Polarity, Properties, PropertyValue, RelationType, Retraction, Run, RunId, RunKind, SentenceId,
    StorageError, View,
};

fn model(name: &str) -> Run {
    let kind = RunKind::Model {
        model: name.to_owned(),
        weights_hash: String::new(),
        quantization: String::new(),
        prompt: String::new(),
        answers: vec![],
        threshold_thousandths: 0,
    };
    Run { kind, started: String::new(), program: String::new() }
}

fn load(source: &str) -> Run {
    let kind = RunKind::Load { source: source.to_owned() };
    Run { kind, started: String::new(), program: String::new() }
}

fn pick(random: &mut Random, limit: u32) -> usize {
    random.below(limit) as usize
}

fn relation(change: &mut Change, symmetric: bool) -> crate::RelationTypeId {
    let name = if symmetric { "associated" } else { "causes" }.to_owned();
    change.relation_type(&RelationType { name, polarity: Polarity::Asserted, symmetric }).unwrap()
}

fn ensure(change: &mut Change, identifier: &str) -> NodeId {
    let node = || Node { identifiers: vec![identifier.to_owned()], ..Node::default() };
    let known = change.node_by_identifier(identifier).unwrap();
    known.unwrap_or_else(|| change.add_node(node()).unwrap())
}

/// What the documents of these tests say follows from their number alone: sentences about some of ten entities, which
/// they call by names of their own.
fn read_document(change: &mut Change, number: usize, run: &Run) {
    let run = change.begin_run(run).unwrap();
    let identifier = format!("D:{number}");
    let mut random = Random(number as u64 + 1);
    let sentences: Vec<[usize; 2]> =
        (0..1 + pick(&mut random, 3)).map(|_| [pick(&mut random, 10), pick(&mut random, 10)]).collect();
    let document = match change.document_by_identifier(&identifier).unwrap() {
        Some(known) => known,
        None => add_document(change, number, &identifier, &sentences),
    };
    let first = change.document(document).unwrap().unwrap().first_sentence.get();
    for (at, [source, target]) in sentences.iter().enumerate() {
        let ends = [source, target].map(|entity| ensure(change, &format!("E:{entity}")));
        let relation = relation(change, number.is_multiple_of(2));
        let edge = Edge { relation, source: ends[0], target: ends[1] };
        let probability = (number % 5 + 1) as f32 / 8.0;
        change.add_evidence(edge, SentenceId::new(first + at as u32), run, probability, &[]).unwrap();
    }
    change.mark_document(run, document).unwrap();
}

fn add_document(change: &mut Change, number: usize, identifier: &str, sentences: &[[usize; 2]]) -> DocumentId {
    let mentions = |entities: &[usize; 2], change: &mut Change| {
        entities.map(|entity| Mention { node: ensure(change, &format!("E:{entity}")), start: 0, end: 1 }).to_vec()
    };
    let sentences: Vec<NewSentence> = sentences
        .iter()
        .map(|entities| NewSentence { start: 0, text: "text".to_owned(), mentions: mentions(entities, change) })
        .collect();
    let nodes: BTreeSet<NodeId> =
        sentences.iter().flat_map(|sentence| &sentence.mentions).map(|mention| mention.node).collect();
    let document = NewDocument { identifier: identifier.to_owned(), sentences, ..NewDocument::default() };
    let document = change.add_document(&document).unwrap();
    for node in nodes {
        let identifier = change.node(node).unwrap().unwrap().identifiers[0].clone();
        let mut description = Description { labels: vec![format!("l{}", number % 3)], ..Description::default() };
        match number % 4 {
            0 => description.given.push(format!("given to {identifier}")),
            1 => description.phrase = Some(format!("phrase for {identifier}")),
            other => description.mentions.push(format!("{} {identifier}", ["name of", "Name of"][other % 2])),
        }
        change.describe(node, document, &description).unwrap();
    }
    document
}

/// The graph as sorted lines without a number that hopgraph gave out.
fn dump(graph: &Graph) -> Vec<String> {
    let snapshot = graph.snapshot().unwrap();
    let name = |node: NodeId| snapshot.node(node).unwrap().unwrap().identifiers.concat();
    let mut lines = Vec::new();
    for id in snapshot.nodes().unwrap().iter() {
        let node = snapshot.node(id).unwrap().unwrap();
        let mut labels: Vec<_> =
            node.labels.iter().map(|&label| snapshot.catalog().label_name(label).unwrap()).collect();
        labels.sort_unstable();
        lines.push(format!("{} {labels:?} {:?} {:?}", name(id), node.name, node.synonyms));
        for (relation, found) in snapshot.catalog().relation_types() {
            for target in snapshot.neighbors(id, relation, crate::Direction::Out).unwrap().iter() {
                let edge = Edge { relation, source: id, target };
                let confidence = snapshot.confidence(edge).unwrap();
                lines.push(format!("{} {} {} {confidence:.9}", name(id), found.name, name(target)));
                for evidence in snapshot.evidence(edge).unwrap() {
                    let Evidence::Text { sentence, run, .. } = evidence else { continue };
                    let document = snapshot.sentence(sentence).unwrap().unwrap().document;
                    let document = snapshot.document(document).unwrap().unwrap().identifier;
                    lines.push(format!("{} {} by {:?}", name(id), document, snapshot.run(run).unwrap().unwrap().kind));
                }
            }
        }
    }
    for (id, run) in snapshot.runs().unwrap() {
        let documents: BTreeSet<String> = snapshot
            .documents_of_run(id)
            .unwrap()
            .iter()
            .map(|document| snapshot.document(document).unwrap().unwrap().identifier)
            .collect();
        lines.push(format!("{:?} read {documents:?}", run.kind));
    }
    for (_, document) in snapshot.documents().unwrap() {
        for sentence in document.sentences() {
            let sentence = snapshot.sentence(sentence).unwrap().unwrap();
            let mentions: Vec<String> = sentence.mentions.iter().map(|mention| name(mention.node)).collect();
            lines.push(format!("{} mentions {mentions:?}", document.identifier));
        }
    }
    lines.sort_unstable();
    lines
}

/// A graph with these readings of documents by runs, in the order given.
fn fresh<'a>(readings: impl IntoIterator<Item = &'a (usize, usize)>, runs: &[Run]) -> Graph {
    let graph = Graph::temporary().unwrap();
    for (document, run) in readings {
        let mut change = graph.change().unwrap();
        read_document(&mut change, *document, &runs[*run]);
        change.commit().unwrap();
    }
    graph
}

fn run_id(graph: &Graph, run: &Run) -> Option<RunId> {
    let runs = graph.snapshot().unwrap().runs().unwrap();
    runs.into_iter().find(|(_, known)| known.kind == run.kind).map(|(id, _)| id)
}

fn retract_document(graph: &Graph, number: usize) -> Option<Retraction> {
    let mut change = graph.change().unwrap();
    let document = change.document_by_identifier(&format!("D:{number}")).unwrap()?;
    let done = change.retract_document(document).unwrap();
    change.commit().unwrap();
    Some(done)
}

#[test]
fn whatever_comes_and_goes_the_graph_is_that_of_what_is_left() {
    let runs = [model("one"), model("two")];
    for seed in 0..10 {
        let graph = Graph::temporary().unwrap();
        let mut random = Random(seed * 7 + 1);
        let mut left: BTreeSet<(usize, usize)> = BTreeSet::new();
        for _ in 0..40 {
            let (document, run) = (pick(&mut random, 12), pick(&mut random, 2));
            match random.below(10) {
                0..=5 => {
                    let mut change = graph.change().unwrap();
                    read_document(&mut change, document, &runs[run]);
                    change.commit().unwrap();
                    left.insert((document, run));
                }
                6..=8 => {
                    let was_there = left.iter().any(|(known, _)| *known == document);
                    assert_eq!(retract_document(&graph, document).is_some(), was_there, "seed {seed}");
                    left.retain(|(known, _)| *known != document);
                }
                _ => {
                    if let Some(id) = run_id(&graph, &runs[run]) {
                        graph.retract_run_in_pieces(id, 1 + pick(&mut random, 20)).unwrap();
                    }
                    left.retain(|(_, known)| *known != run);
                }
            }
        }
        let report = graph.check().unwrap();
        assert_eq!(report.problems, Vec::<String>::new(), "seed {seed}");
        // A run that has read nothing yet, or whose documents were all retracted, leaves no more than its own record.
        let runs_aside = |lines: Vec<String>| -> Vec<String> {
            lines.into_iter().filter(|line| !line.ends_with(" read {}")).collect()
        };
        let backwards = fresh(left.iter().rev(), &runs);
        assert_eq!(runs_aside(dump(&graph)), runs_aside(dump(&backwards)), "seed {seed}");
    }
}

#[test]
fn a_run_whose_retraction_breaks_off_is_gone_once_the_graph_is_opened_again() {
    let runs = [model("one"), model("two")];
    let one: Vec<(usize, usize)> = (0..20).map(|document| (document, 0)).collect();
    let two: Vec<(usize, usize)> = (10..25).map(|document| (document, 1)).collect();
    let expected = dump(&fresh(&two, &runs));
    for writes in 0..60 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("graph");
        let graph = Graph::open_with(&path, &GraphOptions::default()).unwrap();
        let mut change = graph.change().unwrap();
        for (document, run) in one.iter().chain(&two) {
            read_document(&mut change, *document, &runs[*run]);
        }
        change.commit().unwrap();
        let before = dump(&graph);
        let run = run_id(&graph, &runs[0]).unwrap();
        graph.fail_after(writes);
        let outcome = graph.retract_run_in_pieces(run, 10);
        drop(graph);
        let graph = Graph::open(&path).unwrap();
        let now = dump(&graph);
        assert!(graph.check().unwrap().is_sound());
        match outcome {
            Ok(_) => {
                assert_eq!(now, expected);
                assert!(writes > 5, "only {writes} places to break off at");
                return;
            }
            // Before the first piece nothing has happened; after it, all of it has to.
            Err(_) if writes == 0 => assert_eq!(now, before),
            Err(_) => assert_eq!(now, expected, "broken off after {writes} writes"),
        }
    }
    panic!("the retraction never came to its end");
}

#[test]
fn nobody_sees_half_of_a_large_retraction() {
    let runs = [model("one")];
    let readings: Vec<(usize, usize)> = (0..200).map(|document| (document, 0)).collect();
    let graph = fresh(&readings, &runs);
    let run = run_id(&graph, &runs[0]).unwrap();
    let seen = std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut seen = BTreeSet::new();
            while !seen.contains(&0) {
                seen.insert(graph.snapshot().unwrap().documents().unwrap().len());
            }
            seen
        });
        graph.retract_run_in_pieces(run, 5).unwrap();
        reader.join().unwrap()
    });
    assert!(seen.is_subset(&BTreeSet::from([0, 200])), "{seen:?}");
}

#[test]
fn a_retracted_load_takes_its_facts_and_leaves_what_others_say() {
    let graph = Graph::temporary().unwrap();
    let mut change = graph.change().unwrap();
    let first = change.begin_run(&load("first.tsv")).unwrap();
    let second = change.begin_run(&load("second.tsv")).unwrap();
    let nodes: Vec<NodeId> = (0..5).map(|number| ensure(&mut change, &format!("E:{number}"))).collect();
    for symmetric in [true, false] {
        let relation = relation(&mut change, symmetric);
        for (&source, &target) in nodes.iter().zip(&nodes[1..]) {
            change.add_fact(Edge { relation, source: target, target: source }, first).unwrap();
        }
        change.add_fact(Edge { relation, source: nodes[1], target: nodes[0] }, second).unwrap();
    }
    change.commit().unwrap();
    for (pieces, run, expected) in [(3, first, (8, 6)), (3, second, (2, 2))] {
        let done = graph.retract_run_in_pieces(run, pieces).unwrap();
        assert_eq!((done.facts, done.edges, done.nodes), (expected.0, expected.1, 0));
        assert_eq!(graph.check().unwrap().problems, Vec::<String>::new());
    }
    assert!(matches!(graph.retract_run(first), Err(StorageError::UnknownRun(_))));
}

#[test]
fn a_node_that_was_loaded_outlives_the_documents_that_mention_it() {
    let graph = Graph::temporary().unwrap();
    let mut change = graph.change().unwrap();
    let loaded = Node { name: "loaded".to_owned(), identifiers: vec!["E:0".to_owned()], ..Node::default() };
    let loaded = change.add_node(loaded).unwrap();
    let noted = ensure(&mut change, "E:1");
    let mentions: Vec<Mention> = [loaded, noted].map(|node| Mention { node, start: 0, end: 1 }).to_vec();
    let sentences = vec![NewSentence { start: 0, text: "x".to_owned(), mentions }];
    let document = NewDocument { identifier: "D".to_owned(), sentences, ..NewDocument::default() };
    let document = change.add_document(&document).unwrap();
    for node in [loaded, noted] {
        let mentions = vec!["Loaded".to_owned(), "another".to_owned()];
        change.describe(node, document, &Description { mentions, ..Description::default() }).unwrap();
    }
    let names = |view: &dyn View, node| view.node(node).unwrap().map(|node| (node.name, node.synonyms));
    assert_eq!(names(&change, loaded), Some(("loaded".to_owned(), vec!["another".to_owned()])));
    assert_eq!(names(&change, noted), Some(("Loaded".to_owned(), vec!["another".to_owned()])));
    change.commit().unwrap();
    let mut change = graph.change().unwrap();
    let done = change.retract_document(document).unwrap();
    assert_eq!((done.documents, done.sentences, done.nodes), (1, 1, 1));
    assert_eq!(names(&change, loaded), Some(("loaded".to_owned(), vec![])));
    assert_eq!(names(&change, noted), None);
    assert!(matches!(change.retract_document(document), Err(StorageError::UnknownDocument(_))));
    change.commit().unwrap();
    assert!(graph.check().unwrap().is_sound());
}

#[test]
fn what_a_change_added_itself_can_be_retracted_in_it() {
    let graph = Graph::temporary().unwrap();
    let empty = dump(&graph);
    let mut change = graph.change().unwrap();
    read_document(&mut change, 0, &model("one"));
    let document = change.document_by_identifier("D:0").unwrap().unwrap();
    change.retract_document(document).unwrap();
    change.commit().unwrap();
    assert!(graph.check().unwrap().is_sound());
    let now: Vec<String> = dump(&graph).into_iter().filter(|line| !line.ends_with(" read {}")).collect();
    assert_eq!(now, empty);
}

#[test]
fn a_deleted_node_takes_what_was_said_of_it_along() {
    let graph = Graph::temporary().unwrap();
    let mut change = graph.change().unwrap();
    read_document(&mut change, 3, &model("one"));
    change.commit().unwrap();
    let mut change = graph.change().unwrap();
    let nodes = View::nodes(&change).unwrap();
    let mut node = nodes.iter().next().map(|id| (id, change.node(id).unwrap().unwrap())).unwrap();
    node.1.properties = Properties::from([("kept".to_owned(), PropertyValue::Boolean(true))]);
    change.update_node(node.0, node.1).unwrap();
    change.delete_node(node.0, true).unwrap();
    change.commit().unwrap();
    assert_eq!(graph.check().unwrap().problems, Vec::<String>::new());
    retract_document(&graph, 3).unwrap();
    assert_eq!(graph.check().unwrap().problems, Vec::<String>::new());
}
