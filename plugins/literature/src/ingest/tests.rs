//! The whole path with a classifier that answers by rule: resuming, repeating, rejecting, stopping.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use hopgraph_engine::{Direction, DocumentId, Edge, Evidence, Graph, NodeId, SentenceId, View};
use hopgraph_inference::{
    Answer, AnswerRelation, Classification, Classifier, InferenceError, Input, InputError, ModelDescription, ModelError,
};

use super::*;
use crate::{Annotation, Corpus, Document, DocumentStatus, Entity, Format, Passage, PassageKind, Reject};

/// Answers by the length of the sentence and where the spans stand, so that equal questions have equal answers.
pub(crate) struct Rule {
    pub(crate) description: ModelDescription,
    /// Fails at this call, counted from 0.
    fails_at: Option<usize>,
    panics_at: Option<usize>,
    calls: AtomicUsize,
    inputs: AtomicUsize,
}

impl Rule {
    pub(crate) fn new() -> Self {
        let relation = |name: &str, denied| Some(AnswerRelation { name: name.to_owned(), denied, symmetric: true });
        let answers = vec![
            Answer { text: "True".to_owned(), relation: relation("associated", false) },
            Answer { text: "Denied".to_owned(), relation: relation("not_associated", true) },
            Answer { text: "False".to_owned(), relation: None },
        ];
        let description = ModelDescription {
            name: "rule".to_owned(),
            weights_hash: "00".to_owned(),
            quantization: "none".to_owned(),
            prompt: "{sentence}".to_owned(),
            labels: ["gene".to_owned(), "disease".to_owned()],
            answers,
            threshold: 0.0,
        };
        Self { description, fails_at: None, panics_at: None, calls: AtomicUsize::new(0), inputs: AtomicUsize::new(0) }
    }

    pub(crate) fn failing_at(call: usize) -> Self {
        Self { fails_at: Some(call), ..Self::new() }
    }

    pub(crate) fn inputs(&self) -> usize {
        self.inputs.load(Ordering::Relaxed)
    }
}

impl Classifier for Rule {
    fn description(&self) -> &ModelDescription {
        &self.description
    }

    fn classify(&self, inputs: &[Input]) -> Result<Vec<Result<Classification, InputError>>, InferenceError> {
        self.inputs.fetch_add(inputs.len(), Ordering::Relaxed);
        let call = Some(self.calls.fetch_add(1, Ordering::Relaxed));
        assert!(call != self.panics_at, "as the test wants");
        if call == self.fails_at {
            return Err(InferenceError::Model(ModelError::Compute("out of order".to_owned())));
        }
        Ok(inputs.iter().map(answer).collect())
    }
}

fn answer(input: &Input) -> Result<Classification, InputError> {
    let Input::Pair { text, spans } = input else { panic!("ingestion gives pairs") };
    if text.contains("unreadable") {
        return Err(InputError::TooLong { length: 1000, limit: 512 });
    }
    let answer = (text.len() + spans[0].start.min(spans[1].start)) % 3;
    let mut probabilities = vec![0.125; 3];
    probabilities[answer] = 0.75;
    Ok(Classification { answer, probabilities, logits: Vec::new(), token_ids: Vec::new() })
}

fn data(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data").join(path)
}

fn corpus(path: &str) -> Corpus<'static> {
    Corpus::open(&[data(path)], None).unwrap()
}

fn small_batches() -> IngestOptions {
    IngestOptions { batch_pairs: 16, ..IngestOptions::default() }
}

/// Ingests without an observer.
fn run(graph: &Graph, corpus: Corpus<'_>, classifier: &dyn Classifier) -> Result<IngestSummary, IngestError> {
    ingest(graph, corpus, classifier, &small_batches(), &mut |_| ControlFlow::Continue(()))
}

/// Everything in a graph as text, ids included, but for the dates of its runs.
pub(crate) fn dump(graph: &Graph) -> String {
    let snapshot = graph.snapshot().unwrap();
    let mut lines = Vec::new();
    for (id, label) in snapshot.catalog().labels() {
        lines.push(format!("label {id} {label}"));
    }
    for (id, mut run) in snapshot.runs().unwrap() {
        run.started.clear();
        let documents: Vec<u32> = (0..snapshot.statistics().unwrap().documents as u32)
            .filter(|&document| snapshot.run_has_document(id, DocumentId::new(document)).unwrap())
            .collect();
        lines.push(format!("run {id} {run:?} {documents:?}"));
    }
    for node in snapshot.nodes().unwrap().iter() {
        lines.push(format!("node {node} {:?}", snapshot.node(node).unwrap()));
        lines.push(format!("mentions {node} {:?}", snapshot.sentences_mentioning(node).unwrap()));
        lines.extend(dump_edges(graph, node));
    }
    let statistics = snapshot.statistics().unwrap();
    for id in (0..statistics.documents as u32).map(DocumentId::new) {
        lines.push(format!("document {id} {:?}", snapshot.document(id).unwrap()));
    }
    for id in (0..statistics.sentences as u32).map(SentenceId::new) {
        lines.push(format!("sentence {id} {:?}", snapshot.sentence(id).unwrap()));
    }
    lines.push(format!("{statistics:?}"));
    lines.join("\n")
}

fn dump_edges(graph: &Graph, node: NodeId) -> Vec<String> {
    let snapshot = graph.snapshot().unwrap();
    let mut lines = Vec::new();
    for (relation, relation_type) in snapshot.catalog().relation_types() {
        for target in snapshot.neighbors(node, relation, Direction::Out).unwrap().iter() {
            let edge = Edge { relation, source: node, target };
            let evidence = snapshot.evidence(edge).unwrap();
            lines.push(format!("edge {node} {relation_type:?} {target} {evidence:?}"));
        }
    }
    lines
}

/// Everything in a graph as sorted lines, without the numbers that hopgraph gave out and without dates.
fn dump_by_identifiers(graph: &Graph) -> String {
    let snapshot = graph.snapshot().unwrap();
    let node_name = |node: NodeId| snapshot.node(node).unwrap().unwrap().identifiers.concat();
    let document_name = |id: DocumentId| snapshot.document(id).unwrap().unwrap().identifier;
    let mut lines = Vec::new();
    for id in snapshot.nodes().unwrap().iter() {
        let node = snapshot.node(id).unwrap().unwrap();
        let mut labels: Vec<_> = node.labels.iter().map(|&label| snapshot.catalog().label_name(label)).collect();
        labels.sort_unstable();
        let (name, synonyms, properties) = (&node.name, &node.synonyms, &node.properties);
        lines.push(format!("node {} {labels:?} {name:?} {synonyms:?} {properties:?}", node_name(id)));
        for (relation, relation_type) in snapshot.catalog().relation_types() {
            for target in snapshot.neighbors(id, relation, Direction::Out).unwrap().iter() {
                let edge = Edge { relation, source: id, target };
                let mut evidence: Vec<String> = snapshot
                    .evidence(edge)
                    .unwrap()
                    .iter()
                    .map(|piece| match piece {
                        Evidence::Text { sentence, run, probability, probabilities } => {
                            let sentence = snapshot.sentence(*sentence).unwrap().unwrap();
                            let run = snapshot.run(*run).unwrap().unwrap().kind;
                            let document = document_name(sentence.document);
                            format!("{document} {} {probability} {probabilities:?} {run:?}", sentence.start)
                        }
                        Evidence::Fact { run } => format!("{:?}", snapshot.run(*run).unwrap().unwrap().kind),
                    })
                    .collect();
                evidence.sort_unstable();
                let confidence = snapshot.confidence(edge).unwrap();
                let ends = [node_name(id), node_name(target)];
                lines.push(format!("edge {ends:?} {relation_type:?} {confidence:.9} {evidence:?}"));
            }
        }
    }
    for (_, document) in snapshot.documents().unwrap() {
        let (identifier, title, hash) = (&document.identifier, &document.title, document.content_hash);
        lines.push(format!("document {identifier} {title:?} {:?} {hash} {:?}", document.year, document.version));
        for id in document.sentences() {
            let sentence = snapshot.sentence(id).unwrap().unwrap();
            let mentions: Vec<_> =
                sentence.mentions.iter().map(|mention| (node_name(mention.node), mention.start, mention.end)).collect();
            lines.push(format!("sentence {identifier} {} {:?} {mentions:?}", sentence.start, sentence.text));
        }
    }
    for (id, run) in snapshot.runs().unwrap() {
        let mut documents: Vec<String> = snapshot.documents_of_run(id).unwrap().iter().map(document_name).collect();
        documents.sort_unstable();
        lines.push(format!("run {:?} {documents:?}", run.kind));
    }
    lines.sort_unstable();
    lines.join("\n")
}

/// A document of one passage; each `[words]` is a gene and each `<words>` a disease.
fn document(identifier: &str, marked: &str) -> Document {
    let mut text = String::new();
    let mut annotations = Vec::new();
    let mut start = 0;
    for character in marked.chars() {
        let at = text.chars().count();
        match character {
            '[' | '<' => start = at,
            ']' | '>' => {
                let label = if character == ']' { "gene" } else { "disease" };
                let mention: String = text.chars().skip(start).collect();
                let entities = vec![Entity { identifier: format!("{label}:{mention}"), name: None }];
                annotations.push(Annotation { start, end: at, label: label.to_owned(), text: mention, entities });
            }
            other => text.push(other),
        }
    }
    Document {
        identifier: identifier.to_owned(),
        passages: vec![Passage { start: 0, text, kind: PassageKind::Prose }],
        annotations,
        ..Document::default()
    }
}

fn of(documents: &[Document]) -> Corpus<'static> {
    Corpus::from_documents(documents.iter().cloned().map(Ok).collect::<Vec<Result<Document, Reject>>>())
}

#[test]
fn answers_become_edges_with_their_sentence_as_evidence() {
    let graph = Graph::temporary().unwrap();
    // 15, 19 and 17 characters: the rule says True, Denied and False.
    let marked = ["[A1] causes <gout>.", "[A1] causes not <gout>.", "[A1] prevents <gout>."];
    let documents: Vec<Document> =
        marked.iter().enumerate().map(|(number, marked)| document(&format!("X:{number}"), marked)).collect();
    let summary = run(&graph, of(&documents), &Rule::new()).unwrap();
    let answers = ["True", "Denied", "False"].map(|answer| (answer.to_owned(), 1));
    assert_eq!((summary.answers.as_slice(), summary.edges_added, summary.evidence), (answers.as_slice(), 2, 2));
    let snapshot = graph.snapshot().unwrap();
    let node = |identifier: &str| snapshot.node_by_identifier(identifier).unwrap().unwrap();
    for (answer, relation) in [(0, "associated"), (1, "not_associated")] {
        let relation = snapshot.catalog().relation_type_id(relation).unwrap();
        let edge = Edge { relation, source: node("gene:A1"), target: node("disease:gout") };
        let sentences: Vec<u32> = snapshot
            .evidence(edge)
            .unwrap()
            .iter()
            .map(|evidence| match evidence {
                Evidence::Text { sentence, probability: 0.75, probabilities, .. } if probabilities.len() == 3 => {
                    sentence.get()
                }
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(sentences, [answer], "{relation}");
    }
    assert!(graph.check().unwrap().is_sound());
}

#[test]
fn a_second_run_over_the_same_files_adds_nothing() {
    let graph = Graph::temporary().unwrap();
    let first = run(&graph, corpus("biored/Dev.PubTator"), &Rule::new()).unwrap();
    assert_eq!((first.documents, first.documents_added, first.documents_skipped), (100, 100, 0));
    assert!(first.edges_added > 100, "{first}");
    let before = dump(&graph);
    let again = Rule::new();
    let second = run(&graph, corpus("biored/Dev.PubTator"), &again).unwrap();
    assert_eq!((second.documents, second.documents_added, second.documents_skipped), (100, 0, 100));
    assert_eq!((second.pairs, second.evidence, again.inputs()), (0, 0, 0));
    assert_eq!(dump(&graph), before);
}

#[test]
fn a_run_that_breaks_off_anywhere_ends_in_the_same_graph() {
    let undisturbed = Graph::temporary().unwrap();
    let whole = Rule::new();
    run(&undisturbed, corpus("biored/Dev.PubTator"), &whole).unwrap();
    let expected = dump(&undisturbed);
    let calls = whole.calls.load(Ordering::Relaxed);
    assert!(calls > 20, "{calls} batches are too few to break between");
    for fails_at in (0..calls).step_by(calls / 9) {
        let graph = Graph::temporary().unwrap();
        let error = run(&graph, corpus("biored/Dev.PubTator"), &Rule::failing_at(fails_at)).unwrap_err();
        assert!(matches!(error, IngestError::Inference(_)), "{error}");
        assert!(graph.check().unwrap().is_sound());
        // A second break, a little later, and then the rest.
        let _ = run(&graph, corpus("biored/Dev.PubTator"), &Rule::failing_at(2));
        let summary = run(&graph, corpus("biored/Dev.PubTator"), &Rule::new()).unwrap();
        assert!(summary.documents_skipped > 0 || fails_at == 0, "{fails_at}: {summary}");
        assert_eq!(dump(&graph), expected, "broken off at batch {fails_at}");
    }
}

#[test]
fn a_stopped_run_says_so_and_goes_on_later() {
    let options = IngestOptions { batch_pairs: 256, ..IngestOptions::default() };
    let whole = |graph: &Graph| {
        ingest(graph, corpus("gad/gad.tsv"), &Rule::new(), &options, &mut |_| ControlFlow::Continue(())).unwrap()
    };
    let undisturbed = Graph::temporary().unwrap();
    whole(&undisturbed);
    let graph = Graph::temporary().unwrap();
    let mut reports = 0;
    let summary = ingest(&graph, corpus("gad/gad.tsv"), &Rule::new(), &options, &mut |progress| {
        reports += 1;
        assert_eq!(progress.bytes_total, Some(std::fs::metadata(data("gad/gad.tsv")).unwrap().len()));
        if reports == 5 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })
    .unwrap();
    assert!(summary.stopped && summary.documents < 3_646, "{summary}");
    assert_eq!(reports, 5, "no report comes after the one that stopped it");
    assert_eq!(graph.snapshot().unwrap().statistics().unwrap().documents, summary.documents_added);
    let rest = whole(&graph);
    assert_eq!((rest.stopped, rest.documents, rest.documents_skipped), (false, 3_646, summary.documents_added));
    assert_eq!(dump(&graph), dump(&undisturbed));
}

#[test]
fn a_stop_that_comes_after_the_end_is_no_stop() {
    let graph = Graph::temporary().unwrap();
    let documents = [document("X:1", "[A1] causes <gout>.")];
    let mut stop = |progress: &Progress| {
        if progress.documents == 1 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let summary = ingest(&graph, of(&documents), &Rule::new(), &small_batches(), &mut stop).unwrap();
    assert_eq!((summary.stopped, summary.documents_added), (false, 1));
}

#[test]
fn a_classifier_that_panics_leaves_a_sound_graph_to_go_on_with() {
    let graph = Graph::temporary().unwrap();
    let documents: Vec<Document> =
        (0..40).map(|number| document(&format!("X:{number}"), &format!("[A1] causes <gout> in {number}."))).collect();
    let rule = Rule { panics_at: Some(2), ..Rule::new() };
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| run(&graph, of(&documents), &rule)));
    assert!(outcome.is_err());
    let summary = run(&graph, of(&documents), &Rule::new()).unwrap();
    assert!(summary.documents_skipped < 40 && summary.documents_skipped + summary.documents_added == 40, "{summary}");
    assert!(graph.check().unwrap().is_sound());
}

#[test]
fn another_run_reads_the_same_sentences_and_adds_its_own_evidence() {
    let graph = Graph::temporary().unwrap();
    let documents = [document("X:1", "[A1] causes <gout>. [B2] does not.")];
    run(&graph, of(&documents), &Rule::new()).unwrap();
    let before = graph.snapshot().unwrap().statistics().unwrap();
    let mut other = Rule::new();
    other.description.prompt = "Say: {sentence}".to_owned();
    let summary = run(&graph, of(&documents), &other).unwrap();
    assert_eq!((summary.documents_added, summary.documents_known, summary.pairs), (0, 1, 1));
    let after = graph.snapshot().unwrap().statistics().unwrap();
    assert_eq!((after.documents, after.sentences, after.nodes, after.edges), (1, 2, before.nodes, before.edges));
    assert_eq!((before.evidence, after.evidence, after.runs), (1, 2, before.runs + 1));
}

#[test]
fn a_document_that_changed_takes_the_place_of_its_older_version() {
    let graph = Graph::temporary().unwrap();
    let others = [document("X:2", "[A1] and [B2] cause <flu>."), document("X:3", "[B2] prevents <gout>.")];
    run(&graph, of(&[document("X:1", "[A1] causes <flu>. [C3] causes <gout>.")]), &Rule::new()).unwrap();
    run(&graph, of(&others), &Rule::new()).unwrap();
    let changed = document("X:1", "[A1] causes <the flu>.");
    let summary = run(&graph, of(std::slice::from_ref(&changed)), &Rule::new()).unwrap();
    assert_eq!((summary.documents_added, summary.documents_replaced, summary.rejects.total()), (1, 1, 0));
    let fresh = Graph::temporary().unwrap();
    run(&fresh, of(&[changed, others[1].clone(), others[0].clone()]), &Rule::new()).unwrap();
    assert_eq!(dump_by_identifiers(&graph), dump_by_identifiers(&fresh));
    assert!(graph.check().unwrap().is_sound());
}

#[test]
fn an_older_version_that_comes_again_changes_nothing() {
    let version = |version, marked| Document { version, ..document("X:1", marked) };
    let (old, new) = (version(Some(20_240_101), "[A1] causes <flu>."), version(Some(20_240_202), "[B2] causes <flu>."));
    for repeat in [vec![old.clone(), new.clone()], vec![new.clone(), old.clone()], vec![old.clone()]] {
        let graph = Graph::temporary().unwrap();
        run(&graph, of(&[old.clone(), new.clone()]), &Rule::new()).unwrap();
        let before = dump(&graph);
        let again = Rule::new();
        let summary = run(&graph, of(&repeat), &again).unwrap();
        assert_eq!((summary.documents_replaced, summary.documents_skipped), (0, repeat.len() as u64));
        assert_eq!((again.inputs(), dump(&graph)), (0, before));
        assert!(graph.snapshot().unwrap().node_by_identifier("gene:A1").unwrap().is_none());
    }
}

/// All orders of this many things.
fn permutations(count: usize) -> Vec<Vec<usize>> {
    let mut orders = vec![Vec::new()];
    for number in 0..count {
        let longer = |order: &Vec<usize>| {
            let insert = |at: usize| [&order[..at], &[number], &order[at..]].concat();
            (0..=order.len()).map(insert).collect::<Vec<_>>()
        };
        orders = orders.iter().flat_map(longer).collect();
    }
    orders
}

/// What a source says of a document that does not stand.
fn withdrawn(identifier: &str, status: DocumentStatus, version: Option<u32>) -> Document {
    Document { identifier: identifier.to_owned(), status, version, ..Document::default() }
}

#[test]
fn documents_that_their_source_takes_back_are_not_in_the_graph_whatever_comes_first() {
    let kept = document("X:2", "[A1] causes <flu>.");
    let fresh = Graph::temporary().unwrap();
    run(&fresh, of(std::slice::from_ref(&kept)), &Rule::new()).unwrap();
    for status in [DocumentStatus::Retracted, DocumentStatus::Deleted, DocumentStatus::Notice] {
        for batch_pairs in [1, 16] {
            let graph = Graph::temporary().unwrap();
            let options = IngestOptions { batch_pairs, ..IngestOptions::default() };
            let documents = [
                withdrawn("X:1", status, None),
                // No two sentences are the same once masked: of those the first is read for all.
                document("X:1", "[A1] brings <gout>. [B2] and <gout> go together."),
                document("X:3", "[B2] makes <gout> worse."),
                kept.clone(),
                withdrawn("X:3", status, None),
                withdrawn("X:4", status, None),
            ];
            let ingest_all =
                || ingest(&graph, of(&documents), &Rule::new(), &options, &mut |_| ControlFlow::Continue(())).unwrap();
            let summary = ingest_all();
            assert_eq!((summary.documents_added, summary.documents_withdrawn, summary.documents_withheld), (2, 1, 1));
            let summary = ingest_all();
            assert_eq!((summary.documents_added, summary.documents_withdrawn, summary.documents_withheld), (0, 0, 2));
            assert_eq!(summary.rejects.total(), 0, "{summary}");
            assert_eq!(dump_by_identifiers(&graph), dump_by_identifiers(&fresh));
            assert!(graph.check().unwrap().is_sound());
        }
    }
}

#[test]
fn what_stands_depends_on_the_versions_and_not_on_their_order() {
    let text = |version, marked| Document { version, ..document("X:1", marked) };
    let old = text(Some(1), "[A1] causes <flu>.");
    let same = text(Some(3), "[A1] causes <flu>.");
    let new = text(Some(3), "[B2] causes <flu>.");
    let back = |version| withdrawn("X:1", DocumentStatus::Retracted, version);
    let cases: [(Vec<Document>, Option<Option<u32>>); 7] = [
        (vec![old.clone(), back(Some(2))], None),
        (vec![old.clone(), back(None)], None),
        (vec![new.clone(), back(Some(2))], Some(Some(3))),
        (vec![old.clone(), new.clone(), back(Some(2))], Some(Some(3))),
        (vec![old.clone(), same, back(Some(2))], Some(Some(3))),
        (vec![old, new.clone(), back(Some(3)), back(Some(2))], None),
        (vec![new, back(None), back(Some(2))], None),
    ];
    for (documents, standing) in cases {
        for order in permutations(documents.len()) {
            for together in [true, false] {
                let graph = Graph::temporary().unwrap();
                let ordered: Vec<Document> = order.iter().map(|&at| documents[at].clone()).collect();
                for part in ordered.chunks(if together { ordered.len() } else { 1 }) {
                    run(&graph, of(part), &Rule::new()).unwrap();
                }
                let snapshot = graph.snapshot().unwrap();
                let id = snapshot.document_by_identifier("X:1").unwrap();
                let found = id.map(|id| snapshot.document(id).unwrap().unwrap().version);
                assert_eq!(found, standing, "{order:?} {documents:?}");
                assert!(graph.check().unwrap().is_sound());
            }
        }
    }
}

#[test]
fn ingested_killed_retracted_and_ingested_again_it_is_the_graph_of_one_ingestion() {
    let undisturbed = Graph::temporary().unwrap();
    run(&undisturbed, corpus("biored/Dev.PubTator"), &Rule::new()).unwrap();
    let expected = dump_by_identifiers(&undisturbed);
    let graph = Graph::temporary().unwrap();
    run(&graph, corpus("biored/Dev.PubTator"), &Rule::failing_at(9)).unwrap_err();
    for (seed, times) in [(3, 5), (7, 30), (1, 100)] {
        let documents = graph.snapshot().unwrap().documents().unwrap();
        for (id, document) in documents.iter().step_by(seed).take(times) {
            let mut change = graph.change().unwrap();
            assert_eq!(change.retract_document(*id).unwrap().documents, 1, "{}", document.identifier);
            change.commit().unwrap();
        }
        assert!(graph.check().unwrap().is_sound());
        run(&graph, corpus("biored/Dev.PubTator"), &Rule::new()).unwrap();
        assert_eq!(dump_by_identifiers(&graph), expected);
    }
    let runs = graph.snapshot().unwrap().runs().unwrap();
    let done = graph.retract_run(runs[0].0).unwrap();
    let empty = graph.snapshot().unwrap().statistics().unwrap();
    assert_eq!((done.documents, empty.nodes, empty.edges, empty.evidence, empty.sentences), (100, 0, 0, 0, 0));
    run(&graph, corpus("biored/Dev.PubTator"), &Rule::new()).unwrap();
    assert_eq!(dump_by_identifiers(&graph), expected);
}

#[test]
fn a_document_that_comes_twice_is_taken_once() {
    let graph = Graph::temporary().unwrap();
    let rule = Rule::new();
    let documents: Vec<Document> = (0..40)
        .map(|number| document(&format!("X:{}", number % 10), &format!("[A{}] causes <flu>.", number % 10)))
        .collect();
    let options = IngestOptions { batch_pairs: 1, ..IngestOptions::default() };
    let summary = ingest(&graph, of(&documents), &rule, &options, &mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!((summary.documents, summary.documents_added, summary.documents_skipped), (40, 10, 30));
    assert_eq!(rule.inputs(), 10);
}

#[test]
fn of_two_texts_under_one_id_the_first_of_an_input_stays_however_often_it_is_read() {
    let texts = ["[A] causes <flu>.", "[B] causes <flu>."];
    for version in [None, Some(7)] {
        let graph = Graph::temporary().unwrap();
        let conflicting = texts.map(|text| Document { version, ..document("Y:1", text) });
        for batch_pairs in [1, 16, 16] {
            let options = IngestOptions { batch_pairs, ..IngestOptions::default() };
            let summary =
                ingest(&graph, of(&conflicting), &Rule::new(), &options, &mut |_| ControlFlow::Continue(())).unwrap();
            assert_eq!((summary.documents_replaced, summary.rejects.records), (0, 1), "{summary}");
            assert!(graph.snapshot().unwrap().node_by_identifier("gene:B").unwrap().is_none());
        }
        // In an input of its own it is news.
        let summary = run(&graph, of(&conflicting[1..]), &Rule::new()).unwrap();
        assert_eq!((summary.documents_replaced, summary.rejects.total()), (1, 0), "{summary}");
    }
}

#[test]
fn a_sentence_that_no_graph_can_hold_loses_itself_only() {
    let graph = Graph::temporary().unwrap();
    let mut long = document("X:1", "[A1] causes <gout>. [B2] causes <flu>.");
    let start = long.passages[0].text.chars().count() + 1;
    let text = "word ".repeat(crate::limits::SENTENCE_BYTES_MAX / 5 + 1);
    long.passages.push(Passage { start, text, kind: PassageKind::Sentence });
    let summary = run(&graph, of(&[long, document("X:2", "[A1] causes <flu>.")]), &Rule::new()).unwrap();
    assert_eq!((summary.documents_added, summary.sentences, summary.rejects.annotations), (2, 3, 1), "{summary}");
    assert!(graph.check().unwrap().is_sound());
}

#[test]
fn the_same_masked_sentence_is_read_once() {
    let graph = Graph::temporary().unwrap();
    let rule = Rule::new();
    let documents = [
        document("X:1", "[A1] causes <flu>. [B2] causes <flu>. [B2] and [A1] differ."),
        document("X:2", "[C3] causes <gout>. [C3] prevents <gout>."),
    ];
    let summary = run(&graph, of(&documents), &rule).unwrap();
    assert_eq!((summary.pairs, summary.pairs_repeated, rule.inputs()), (4, 2, 2));
    assert_eq!(summary.answers.iter().map(|(_, count)| count).sum::<u64>(), 4);
}

#[test]
fn a_pair_that_the_model_cannot_read_is_listed_and_the_rest_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let graph = Graph::temporary().unwrap();
    let options = IngestOptions { rejects: Some(folder.path().join("rejects.tsv")), ..small_batches() };
    let documents = [document("X:1", "[A1] is unreadable in <flu>. [A1] causes <flu>.")];
    let summary = ingest(&graph, of(&documents), &Rule::new(), &options, &mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!((summary.pairs, summary.rejects.pairs, summary.documents_added), (2, 1, 1));
    let listed = std::fs::read_to_string(options.rejects.unwrap()).unwrap();
    assert!(listed.contains("\tpair\tX:1\tsentence 1, gene:A1 and disease:flu: prompt and sentence"), "{listed}");
}

#[test]
fn an_answer_below_the_threshold_makes_no_edge() {
    let documents = [document("X:1", "[A1] causes <gout>.")];
    for (threshold, evidence) in [(None, 1), (Some(0.75), 1), (Some(0.7504), 1), (Some(0.751), 0)] {
        let graph = Graph::temporary().unwrap();
        let options = IngestOptions { threshold, ..small_batches() };
        let summary =
            ingest(&graph, of(&documents), &Rule::new(), &options, &mut |_| ControlFlow::Continue(())).unwrap();
        assert_eq!((summary.evidence, summary.below_threshold), (evidence, 1 - evidence), "{threshold:?}");
    }
}

#[test]
fn names_labels_and_synonyms_gather_on_a_node() {
    let graph = Graph::temporary().unwrap();
    let mut first = document("X:1", "[BRCA1] and [Brca1] and [brca 1].");
    let mut second = document("X:2", "[breast cancer 1] again.");
    for annotation in first.annotations.iter_mut().chain(&mut second.annotations) {
        annotation.entities[0].identifier = "NCBIGene:672".to_owned();
    }
    second.annotations[0].label = "Protein".to_owned();
    run(&graph, of(&[first, second]), &Rule::new()).unwrap();
    let snapshot = graph.snapshot().unwrap();
    let id = snapshot.node_by_identifier("NCBIGene:672").unwrap().unwrap();
    let node = snapshot.node(id).unwrap().unwrap();
    assert_eq!(node.name, "BRCA1");
    assert_eq!(node.synonyms, ["brca 1", "breast cancer 1"]);
    let labels: Vec<_> = node.labels.iter().map(|&label| snapshot.catalog().label_name(label).unwrap()).collect();
    assert_eq!(labels, ["gene", "protein"]);
    assert_eq!(snapshot.nodes_by_name("breast CANCER 1").unwrap(), [id]);
}

/// A classifier that breaks its contract.
struct Broken(ModelDescription, usize);

impl Classifier for Broken {
    fn description(&self) -> &ModelDescription {
        &self.0
    }

    fn classify(&self, inputs: &[Input]) -> Result<Vec<Result<Classification, InputError>>, InferenceError> {
        let short = Classification { answer: 0, probabilities: vec![1.0], logits: Vec::new(), token_ids: Vec::new() };
        Ok(vec![Ok(short); inputs.len() + self.1])
    }
}

#[test]
fn a_broken_classifier_is_an_error_and_not_a_panic() {
    for (surplus, what) in [(1, "2 results where 1"), (0, "1 probabilities where 3")] {
        let graph = Graph::temporary().unwrap();
        let broken = Broken(Rule::new().description, surplus);
        let error = run(&graph, of(&[document("X:1", "[A1] causes <flu>.")]), &broken).unwrap_err();
        assert!(error.to_string().contains(what), "{error}");
        assert_eq!(graph.snapshot().unwrap().statistics().unwrap().documents, 0);
    }
}

#[test]
fn malformed_files_lose_only_what_is_malformed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mixed.pubtator");
    let text = "1|t|[title] TP53 and flu\n1|a|Fine.\n1\t8\t12\tTP53\tGene\t7157\n1\t17\t20\tflu\tDisease\tD007251\n\
                1\t17\t20\tflew\tDisease\tD007251\n\nnonsense\n\n2|a|No title.\n\n3|t|BRCA1 and gout\n3|a|\n";
    std::fs::write(&path, text).unwrap();
    let rejects = folder.path().join("rejects.tsv");
    let options = IngestOptions { rejects: Some(rejects.clone()), ..small_batches() };
    let graph = Graph::temporary().unwrap();
    let corpus = Corpus::open(std::slice::from_ref(&path), None).unwrap();
    let summary = ingest(&graph, corpus, &Rule::new(), &options, &mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!((summary.documents_added, summary.pairs, summary.rejects.total()), (2, 1, 3));
    let listed = std::fs::read_to_string(rejects).unwrap();
    let lines: Vec<(&str, &str)> = listed
        .lines()
        .skip(1)
        .map(|line| line.split('\t').collect::<Vec<_>>())
        .map(|fields| (fields[1], fields[3]))
        .collect();
    assert_eq!(lines, [("5", "PMID:1"), ("7", ""), ("9", "PMID:2")], "{listed}");
}

#[test]
fn formats_mix_in_one_corpus() {
    let files = [data("eu-adr/gene_disease.tsv"), data("eu-adr/drug_disease.tsv"), data("biored/Dev.PubTator")];
    let graph = Graph::temporary().unwrap();
    let corpus = Corpus::open(&files, None).unwrap();
    let summary = run(&graph, corpus, &Rule::new()).unwrap();
    assert_eq!((summary.documents_added, summary.rejects.total()), (65 + 62 + 100, 0), "{summary}");
    let labels: BTreeMap<String, u64> = graph.snapshot().unwrap().statistics().unwrap().nodes_by_label;
    let expected = ["cell_line", "chemical", "disease", "gene", "species", "variant"];
    assert_eq!(labels.keys().collect::<Vec<_>>(), expected);
    let error = Corpus::open(&files, Some(Format::JsonLines)).unwrap().filter_map(Result::err).count();
    assert!(error > 1_000, "another format than the file's is a matter of rejects: {error}");
}
