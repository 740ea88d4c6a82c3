//! Slices, results and their collection, with a classifier that answers by rule: the graph is that of one ingestion.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use hopgraph_engine::Graph;

use super::*;
use crate::ingest::tests::{Rule, dump};
use crate::{Corpus, IngestOptions, ingest};

fn data(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data").join(path)
}

/// Files of several formats, two of which hold the same documents.
fn files(folder: &Path) -> Vec<PathBuf> {
    let broken = folder.join("broken.jsonl");
    let document = r#"{"id": "X:1", "text": "APOE and gout.", "annotations": [
        {"start": 0, "end": 4, "label": "gene", "id": "348"}, {"start": 9, "end": 13, "label": "disease", "id": "D006073"}]}"#;
    std::fs::write(&broken, format!("{}\n{{\"id\": 1}}\n", document.replace('\n', " "))).unwrap();
    vec![data("biored/Dev.PubTator"), broken, data("pubmed/pubmed24-sample.xml.gz"), data("biored/Dev.PubTator")]
}

struct Workplace {
    folder: tempfile::TempDir,
    slices: Vec<PathBuf>,
}

impl Workplace {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let plan = folder.path().join("plan");
        let slices = make_plan(&files(folder.path()), None, &plan).unwrap();
        let slices = slices.iter().map(|slice| plan.join(format!("{:05}.slice", slice.number))).collect();
        Self { folder, slices }
    }

    fn out(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn read(&self, number: usize, out: &Path, rule: &Rule) -> Result<ReadOutcome, PlanError> {
        let options = ReadOptions { out: out.to_owned(), batch_pairs: 16, device: "a rule".to_owned() };
        let slice = Slice::open(&self.slices[number])?;
        read_slice(&slice, None, rule, &options, &mut |_| ControlFlow::Continue(()))
    }

    fn read_all(&self, out: &Path) {
        for number in 0..self.slices.len() {
            assert!(matches!(self.read(number, out, &Rule::new()).unwrap(), ReadOutcome::Read(_)), "{number}");
        }
    }

    /// The graph of one undisturbed ingestion.
    fn ingested(&self) -> Graph {
        let graph = Graph::temporary().unwrap();
        let corpus = Corpus::open(&files(self.folder.path()), None).unwrap();
        let options = IngestOptions { batch_pairs: 16, ..IngestOptions::default() };
        ingest(&graph, corpus, &Rule::new(), &options, &mut |_| ControlFlow::Continue(())).unwrap();
        graph
    }
}

fn gather(graph: &Graph, folders: &[PathBuf]) -> Result<CollectSummary, PlanError> {
    collect(graph, folders, &CollectOptions::default(), &mut |_| ControlFlow::Continue(()))
}

fn bytes_of(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found: Vec<(String, Vec<u8>)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(&path).unwrap()))
        .collect();
    found.sort();
    found
}

#[test]
fn collected_slices_are_the_graph_of_one_ingestion_and_are_taken_once() {
    let place = Workplace::new();
    let expected = place.ingested();
    let [one, two] = ["one", "two"].map(|name| place.out(name));
    place.read_all(&one);
    // Whoever reads them in whatever order comes to the same bytes.
    for number in (0..place.slices.len()).rev() {
        place.read(number, &two, &Rule::new()).unwrap();
    }
    assert_eq!(bytes_of(&one), bytes_of(&two));
    let graph = Graph::temporary().unwrap();
    let summary = gather(&graph, &[one.clone(), two]).unwrap();
    assert_eq!((summary.slices, summary.slices_known, summary.missing.len()), (4, 0, 0), "{summary:?}");
    assert_eq!(summary.documents.rejects.records, 1);
    assert_eq!(dump(&graph), dump(&expected));
    assert!(graph.check().unwrap().is_sound());
    let again = gather(&graph, &[one]).unwrap();
    assert_eq!((again.slices, again.slices_known, again.documents.documents), (0, 4, 0), "{again:?}");
    assert_eq!(dump(&graph), dump(&expected));
}

#[test]
fn a_collection_that_stops_anywhere_goes_on_to_the_same_graph() {
    let place = Workplace::new();
    let expected = dump(&place.ingested());
    let out = place.out("out");
    place.read_all(&out);
    for stop_at in 1..4 {
        let graph = Graph::temporary().unwrap();
        let mut told = 0;
        let stopped = collect(&graph, std::slice::from_ref(&out), &CollectOptions::default(), &mut |_| {
            told += 1;
            if told == stop_at { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        assert!(stopped.unwrap().documents.stopped, "{stop_at}");
        gather(&graph, std::slice::from_ref(&out)).unwrap();
        assert_eq!(dump(&graph), expected, "{stop_at}");
    }
}

#[test]
fn results_behind_one_that_is_missing_wait_for_it() {
    let place = Workplace::new();
    let out = place.out("out");
    for number in [0, 1, 3] {
        place.read(number, &out, &Rule::new()).unwrap();
    }
    let graph = Graph::temporary().unwrap();
    let summary = gather(&graph, std::slice::from_ref(&out)).unwrap();
    assert_eq!((summary.slices, summary.waiting), (2, 1));
    assert_eq!(summary.missing[0].1, [2]);
    place.read(2, &out, &Rule::new()).unwrap();
    let summary = gather(&graph, &[out]).unwrap();
    assert_eq!((summary.slices, summary.slices_known, summary.missing.len()), (2, 2, 0));
    assert_eq!(dump(&graph), dump(&place.ingested()));
}

#[test]
fn following_takes_slices_as_they_come() {
    let place = Workplace::new();
    let out = place.out("out");
    std::fs::create_dir(&out).unwrap();
    let graph = Graph::temporary().unwrap();
    let summary = std::thread::scope(|scope| {
        scope.spawn(|| place.read_all(&out));
        let options = CollectOptions { follow: true, ..CollectOptions::default() };
        collect(&graph, std::slice::from_ref(&out), &options, &mut |_| ControlFlow::Continue(())).unwrap()
    });
    assert_eq!(summary.slices, 4);
    assert_eq!(dump(&graph), dump(&place.ingested()));
}

#[test]
fn what_is_read_twice_is_done_once_and_a_failure_leaves_nothing() {
    let place = Workplace::new();
    let out = place.out("out");
    assert!(place.read(0, &out, &Rule::failing_at(2)).is_err());
    assert!(bytes_of(&out).is_empty(), "a draft is left");
    assert!(matches!(place.read(0, &out, &Rule::new()).unwrap(), ReadOutcome::Read(_)));
    let rule = Rule::new();
    assert!(matches!(place.read(0, &out, &rule).unwrap(), ReadOutcome::Known(_)));
    assert_eq!(rule.inputs(), 0);
}

#[test]
fn results_that_differ_or_are_damaged_are_refused_by_name() {
    let place = Workplace::new();
    let [one, two] = ["one", "two"].map(|name| place.out(name));
    place.read(0, &one, &Rule::new()).unwrap();
    place.read(0, &two, &Rule::new()).unwrap();
    let record = bytes_of(&two).into_iter().find(|(name, _)| name.ends_with(".done.json")).unwrap();
    let text = String::from_utf8(record.1).unwrap();
    let sha256 = Record::all_in(&two).unwrap()[0].sha256.clone();
    std::fs::write(two.join(&record.0), text.replace(&sha256, &"0".repeat(64))).unwrap();
    let graph = Graph::temporary().unwrap();
    let differ = gather(&graph, &[one.clone(), two.clone()]).unwrap_err();
    assert!(matches!(&differ, PlanError::Differ { .. }) && differ.to_string().contains(&record.0), "{differ}");
    let damaged = gather(&graph, &[two]).unwrap_err();
    assert!(matches!(&damaged, PlanError::Damaged { .. }), "{damaged}");
    assert!(matches!(gather(&graph, &[place.out("plan")]).unwrap_err(), PlanError::Nothing { .. }));
}

#[test]
fn input_that_has_changed_is_not_read() {
    let place = Workplace::new();
    let path = place.folder.path().join("broken.jsonl");
    std::fs::write(&path, "{\"id\": 2}\n").unwrap();
    let changed = place.read(1, &place.out("out"), &Rule::new()).unwrap_err();
    assert!(matches!(&changed, PlanError::Changed { number: 1, .. }), "{changed}");
}
