//! Databases of every format version so far open, are sound, and hold what they held when they were written.
//!
//! Each version has a folder `tests/format/vN`, written by the release of that version, and its contents as text beside
//! it. `UPDATE_FORMAT=1` writes the folder of the current version anew; a released one is never written again.

use std::fs;
use std::path::{Path, PathBuf};

use hopgraph::engine::{
    Description, Edge, Graph, Mention, NewDocument, NewSentence, Node, Polarity, Properties, PropertyValue,
    RelationType, Run, RunKind, SentenceId,
};

use crate::dump::dump;
use crate::program::repository;

const VERSION: u32 = 2;

fn folder(version: u32) -> PathBuf {
    repository().join(format!("tests/format/v{version}"))
}

/// What every family of the format holds something of.
fn write_sample(path: &Path) {
    let graph = Graph::open(path).unwrap();
    let mut change = graph.change().unwrap();
    let labels = ["gene", "disease"].map(|name| change.label(name).unwrap());
    let node = |name: &str, label, identifier: &str| Node {
        labels: vec![label],
        name: name.to_owned(),
        synonyms: vec![format!("{name} synonym")],
        identifiers: vec![identifier.to_owned()],
        properties: Properties::from([
            ("score".to_owned(), PropertyValue::Float(0.5)),
            (
                "tags".to_owned(),
                PropertyValue::List(vec![PropertyValue::Text("a".to_owned()), PropertyValue::Boolean(true)]),
            ),
        ]),
    };
    let gene = change.add_node(node("BRCA1", labels[0], "NCBIGene:672")).unwrap();
    let disease = change.add_node(node("breast cancer", labels[1], "MESH:D001943")).unwrap();
    // More members than a raw page holds.
    let hub: Vec<_> = (0..5_000).map(|_| change.add_node(Node::default()).unwrap()).collect();
    let relation_type = |name: &str, polarity, symmetric| RelationType { name: name.to_owned(), polarity, symmetric };
    let associated = change.relation_type(&relation_type("associated", Polarity::Asserted, true)).unwrap();
    let denied = change.relation_type(&relation_type("not_associated", Polarity::Denied, true)).unwrap();
    let causes = change.relation_type(&relation_type("causes", Polarity::Asserted, false)).unwrap();
    let mentions = [(gene, 0, 5), (disease, 10, 23)].map(|(node, start, end)| Mention { node, start, end });
    let sentence = NewSentence { start: 3, text: "BRCA1 and breast cancer.".to_owned(), mentions: mentions.to_vec() };
    let document = NewDocument {
        identifier: "PMID:1".to_owned(),
        title: "Täst".to_owned(),
        year: Some(1999),
        content_hash: 42,
        version: Some(20_260_101),
        sentences: vec![sentence],
    };
    let document = change.add_document(&document).unwrap();
    let description =
        Description { labels: vec!["gene".to_owned()], mentions: vec!["BRCA2".to_owned()], ..Description::default() };
    change.describe(hub[0], document, &description).unwrap();
    let kind = RunKind::Model {
        model: "starter".to_owned(),
        weights_hash: "00ff".to_owned(),
        quantization: "Q8_0".to_owned(),
        prompt: "{sentence}\n".to_owned(),
        answers: vec![("True".to_owned(), Some("associated".to_owned())), ("False".to_owned(), None)],
        threshold_thousandths: 500,
    };
    let run = Run { kind, started: "2026-01-01T00:00:00Z".to_owned(), program: "hopgraph 0.1.0".to_owned() };
    let run = change.begin_run(&run).unwrap();
    for relation in [associated, denied] {
        let edge = Edge { relation, source: gene, target: disease };
        change.add_evidence(edge, SentenceId::new(0), run, 0.75, &[0.75, 0.25]).unwrap();
    }
    change.mark_document(run, document).unwrap();
    let kind = RunKind::Load { source: "facts.tsv".to_owned() };
    let load = Run { kind, started: String::new(), program: "hopgraph 0.1.0".to_owned() };
    let load = change.begin_run(&load).unwrap();
    for target in hub {
        change.add_fact(Edge { relation: causes, source: gene, target }, load).unwrap();
    }
    let edge = Edge { relation: causes, source: gene, target: disease };
    change.add_fact(edge, load).unwrap();
    let properties = Properties::from([("since".to_owned(), PropertyValue::Integer(-1))]);
    change.set_edge_properties(edge, &properties).unwrap();
    change.commit().unwrap();
}

pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn update() {
    let folder = folder(VERSION);
    let _ = fs::remove_dir_all(&folder);
    write_sample(&folder);
    let graph = Graph::open(&folder).unwrap();
    fs::write(folder.with_extension("txt"), dump(&graph)).unwrap();
    drop(graph);
    // Logs and the lock are of this run, not of the format.
    for entry in fs::read_dir(folder.join("store")).unwrap().map(Result::unwrap) {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name == "LOCK" || name.starts_with("LOG") || name.starts_with("OPTIONS") {
            fs::remove_file(entry.path()).unwrap();
        }
    }
}

#[test]
fn databases_of_every_version_open_and_hold_what_they_held() {
    if std::env::var_os("UPDATE_FORMAT").is_some() {
        update();
    }
    for version in 1..=VERSION {
        let work = tempfile::tempdir().unwrap();
        let path = work.path().join("graph");
        copy(&folder(version), &path);
        let graph = Graph::open(&path).unwrap();
        assert_eq!(graph.check().unwrap().problems, Vec::<String>::new(), "version {version}");
        let expected = fs::read_to_string(folder(version).with_extension("txt")).unwrap();
        assert!(dump(&graph) == expected, "version {version} does not hold what tests/format/v{version}.txt says");
    }
}

/// The sample as written today reads back the same: a record that changes its form without a new version shows here.
#[test]
fn the_sample_written_today_is_the_one_in_the_repository() {
    let work = tempfile::tempdir().unwrap();
    let path = work.path().join("graph");
    write_sample(&path);
    let expected = fs::read_to_string(folder(VERSION).with_extension("txt")).unwrap();
    assert!(dump(&Graph::open(&path).unwrap()) == expected);
}
