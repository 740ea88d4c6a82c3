//! Pairs are verified by exactly the sentences that mention both, with the questions that an ingestion asks.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Mutex;

use hopgraph_engine::{Edge, Graph};
use hopgraph_inference::{Answer, AnswerRelation, InferenceError, InputError};

use super::*;
use crate::{Corpus, IngestOptions, ingest};

/// Says `True` of sentences of even length and `False` of others, and remembers what it was asked.
struct Parity {
    description: ModelDescription,
    asked: Mutex<Vec<Input>>,
}

impl Parity {
    fn new(name: &str) -> Self {
        let relation = AnswerRelation { name: "associated".to_owned(), denied: false, symmetric: true };
        let description = ModelDescription {
            name: name.to_owned(),
            weights_hash: String::new(),
            quantization: String::new(),
            prompt: String::new(),
            labels: ["gene".to_owned(), "disease".to_owned()],
            answers: vec![
                Answer { text: "True".to_owned(), relation: Some(relation) },
                Answer { text: "False".to_owned(), relation: None },
            ],
            threshold: 0.0,
        };
        Self { description, asked: Mutex::default() }
    }
}

impl Classifier for Parity {
    fn description(&self) -> &ModelDescription {
        &self.description
    }

    fn classify(&self, inputs: &[Input]) -> Result<Vec<Result<Classification, InputError>>, InferenceError> {
        self.asked.lock().unwrap().extend_from_slice(inputs);
        let answer = |input: &Input| {
            let Input::Pair { text, .. } = input else { panic!("pairs are asked about") };
            let answer = text.len() % 2;
            let mut probabilities = vec![0.25; 2];
            probabilities[answer] = 0.75;
            Ok(Classification { answer, probabilities, logits: Vec::new(), token_ids: Vec::new() })
        };
        Ok(inputs.iter().map(answer).collect())
    }
}

/// The corpus read by a model, so that nodes, sentences and mentions are there.
fn graph(classifier: &Parity) -> Graph {
    let graph = Graph::temporary().unwrap();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/eu-adr/gene_disease.tsv");
    let corpus = Corpus::open(&[path], None).unwrap();
    let options = IngestOptions::default();
    ingest(&graph, corpus, classifier, &options, &mut |_| ControlFlow::Continue(())).unwrap();
    graph
}

#[test]
fn a_pair_is_asked_about_as_an_ingestion_asks_and_gets_the_confidence_of_its_edge() {
    let ingested = Parity::new("ingests");
    let graph = graph(&ingested);
    let snapshot = graph.snapshot().unwrap();
    let relation = snapshot.catalog().relation_type_id("associated").unwrap();
    let edges: Vec<Edge> = snapshot.edges(relation).collect::<Result<_, _>>().unwrap();
    assert!(edges.len() > 100, "{}", edges.len());
    let pairs: Vec<[NodeId; 2]> = edges.iter().map(|edge| [edge.target, edge.source]).collect();
    let verifier = Parity::new("verifies");
    let verdicts = verify_pairs(&snapshot, &pairs, &verifier, None, &mut || Ok(())).unwrap();
    for (edge, verdict) in edges.iter().zip(&verdicts) {
        let (found, confidence) = verdict.relation.as_ref().unwrap();
        assert_eq!(found.name, "associated");
        assert!((confidence - snapshot.confidence(*edge).unwrap()).abs() < 1e-9, "{edge:?}");
    }
    // Every sentence that mentions a pair was asked about at most once by the ingestion: equal questions come once.
    let count = |asked: &Parity| {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        asked.asked.lock().unwrap().iter().for_each(|input| *counts.entry(format!("{input:?}")).or_default() += 1);
        counts
    };
    let (before, now) = (count(&ingested), count(&verifier));
    assert!(now.keys().all(|input| before.contains_key(input)), "another question than the ingestion's");
    assert!(now.values().sum::<usize>() >= edges.len());
}

#[test]
fn nodes_that_no_sentence_joins_or_of_other_labels_have_no_readings() {
    let graph = graph(&Parity::new("ingests"));
    let snapshot = graph.snapshot().unwrap();
    let label = |name: &str| snapshot.nodes_with_label(snapshot.catalog().label(name).unwrap()).unwrap();
    let genes: Vec<NodeId> = label("gene").iter().collect();
    let diseases: Vec<NodeId> = label("disease").iter().collect();
    let apart =
        diseases.iter().find(|disease| snapshot.sentences_mentioning_both(genes[0], **disease).unwrap().is_empty());
    let pairs = [[genes[0], *apart.unwrap()], [genes[0], genes[1]], [NodeId::new(9_999_999), diseases[0]]];
    let verifier = Parity::new("verifies");
    let verdicts = verify_pairs(&snapshot, &pairs, &verifier, None, &mut || Ok(())).unwrap();
    assert_eq!(verdicts, vec![PairVerdict::default(); 3]);
    assert!(verifier.asked.lock().unwrap().is_empty());
}

#[test]
fn a_verification_stops_when_it_may_not_go_on_and_a_threshold_silences_answers() {
    let graph = graph(&Parity::new("ingests"));
    let snapshot = graph.snapshot().unwrap();
    let relation = snapshot.catalog().relation_type_id("associated").unwrap();
    let edge = snapshot.edges(relation).next().unwrap().unwrap();
    let pairs = [[edge.source, edge.target]];
    let verifier = Parity::new("verifies");
    let error = verify_pairs(&snapshot, &pairs, &verifier, None, &mut || Err(Interruption::Cancelled)).unwrap_err();
    assert!(matches!(error, IngestError::Storage(StorageError::Interrupted(Interruption::Cancelled))), "{error}");
    let verdicts = verify_pairs(&snapshot, &pairs, &verifier, Some(0.8), &mut || Ok(())).unwrap();
    assert!(verdicts[0].relation.is_none() && !verdicts[0].readings.is_empty());
}
