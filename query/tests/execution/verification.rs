//! VERIFY asks the reader that a program brings about the pairs of its rows, and writes what it says only if told to.

use std::sync::{Arc, Mutex};

use hopgraph_engine::{Interruption, NodeId, Polarity, RelationType, Run, RunKind, SentenceId, Snapshot, View};
use hopgraph_query::{
    Parameters, QueryError, QueryOptions, Row, SentenceReading, Value, Verdict, Verifier, VerifierError, query,
};

use crate::harness::TestGraph;

/// Says that every sentence with "not" denies, and every other states; remembers the pairs.
#[derive(Debug, Default)]
struct Reader(Mutex<Vec<[NodeId; 2]>>);

impl Verifier for Reader {
    fn verify(
        &self,
        snapshot: &Snapshot,
        pairs: &[[NodeId; 2]],
        may_go_on: &mut dyn FnMut() -> Result<(), Interruption>,
    ) -> Result<Vec<Verdict>, VerifierError> {
        self.0.lock().unwrap().extend_from_slice(pairs);
        may_go_on().map_err(hopgraph_engine::StorageError::from)?;
        let verdict = |pair: &[NodeId; 2]| {
            let sentences = snapshot.sentences_mentioning_both(pair[0], pair[1])?;
            let readings: Vec<_> =
                sentences.into_iter().map(|id| reading(snapshot, id, *pair)).collect::<Result<_, _>>()?;
            let relation = readings.first().and_then(|reading| reading.relation.clone());
            Ok(Verdict { relation: relation.map(|(relation, _)| (relation, 0.75)), readings })
        };
        pairs.iter().map(verdict).collect()
    }

    fn run(&self) -> Run {
        let kind = RunKind::Model {
            model: "reader".to_owned(),
            weights_hash: String::new(),
            quantization: String::new(),
            prompt: String::new(),
            answers: vec![],
            threshold_thousandths: 0,
        };
        Run { kind, started: "2026-02-03T00:00:00Z".to_owned(), program: "test".to_owned() }
    }
}

fn reading(snapshot: &Snapshot, sentence: SentenceId, pair: [NodeId; 2]) -> Result<SentenceReading, VerifierError> {
    let text = snapshot.sentence(sentence)?.unwrap().text;
    let denies = text.contains("not");
    let (name, polarity) = if denies { ("refuted", Polarity::Denied) } else { ("confirmed", Polarity::Asserted) };
    let relation = RelationType { name: name.to_owned(), polarity, symmetric: true };
    let answer = if denies { "Denied" } else { "True" }.to_owned();
    let relation = Some((relation, pair));
    Ok(SentenceReading { sentence, answer, relation, probability: 0.75, probabilities: vec![0.75, 0.25] })
}

fn literature() -> TestGraph {
    let graph = TestGraph::new();
    graph.load("literature");
    graph
}

fn rows(graph: &TestGraph, text: &str, verifier: Option<Arc<dyn Verifier>>) -> Result<Vec<Row>, QueryError> {
    let options = QueryOptions { verifier, ..QueryOptions::default() };
    query(&graph.0, text, &Parameters::new(), &options)?.collect()
}

const PAIRS: &str = "MATCH (g:gene {name: 'TP53'}), (d:disease {name: 'Asthma'}) UNWIND [1, 2] AS n RETURN g, d, n";

#[test]
fn each_row_gets_a_verdict_with_its_sentences_and_a_pair_is_read_once() {
    let graph = literature();
    let reader = Arc::new(Reader::default());
    let found = rows(&graph, &format!("{PAIRS} VERIFY (g)-(d)"), Some(reader.clone())).unwrap();
    assert_eq!((found.len(), reader.0.lock().unwrap().len()), (2, 1));
    for row in &found {
        assert_eq!(row[3..5], [Value::Text("refuted".to_owned()), Value::Float(0.75)]);
        let Value::List(sentences) = &row[5] else { panic!("{row:?}") };
        let Value::Map(sentence) = &sentences[0] else { panic!("{row:?}") };
        assert_eq!(sentence["text"], Value::Text("p53 is not linked to asthma.".to_owned()));
        assert_eq!(sentence["document"], Value::Text("PMID:1".to_owned()));
    }
    assert!(graph.0.snapshot().unwrap().catalog().relation_type_id("refuted").is_none(), "nothing was written");
}

#[test]
fn insert_writes_the_edges_with_their_evidence_under_the_readers_run() {
    let graph = literature();
    let reader = Arc::new(Reader::default());
    let text = "MATCH (g:gene), (d:disease) RETURN g, d VERIFY (d)-(g) INSERT";
    assert_eq!(rows(&graph, text, Some(reader)).unwrap().len(), 4);
    let evidence = "MATCH (g:gene)-[r:confirmed|refuted]-(d:disease) \
                    RETURN g.name, type(r), d.name, evidence(r)[0].model ORDER BY g.name, d.name";
    let found: Vec<String> = rows(&graph, evidence, None).unwrap().iter().map(|row| format!("{row:?}")).collect();
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(found.iter().all(|row| row.contains("\"reader\"")), "{found:?}");
    assert!(graph.problems().is_empty());
}

#[test]
fn a_pair_with_a_null_has_no_verdict() {
    let graph = literature();
    let text = "MATCH (g:gene {name: 'TP53'}) OPTIONAL MATCH (g)-[:no_such_type]-(d) RETURN g, d VERIFY (g)-(d)";
    let text = text.replace("no_such_type", "not_associated").replace("(d) RETURN", "(d:gene) RETURN");
    let found = rows(&graph, &text, Some(Arc::new(Reader::default()))).unwrap();
    assert_eq!(found[0][1..], [Value::Null, Value::Null, Value::Null, Value::Null]);
}

#[test]
fn what_cannot_be_verified_is_refused_with_help() {
    let graph = literature();
    let reader: Option<Arc<dyn Verifier>> = Some(Arc::new(Reader::default()));
    let pairs = |columns: &str| format!("MATCH (g:gene), (d:disease) RETURN {columns} VERIFY (g)-(d)");
    for (text, verifier, expected) in [
        (pairs("g, d"), None, "VERIFY needs a model"),
        (pairs("g"), reader.clone(), "there is no column d"),
        (pairs("g.name AS g, d"), reader.clone(), "VERIFY needs nodes"),
        (pairs("g, d, 1 AS verdict"), reader.clone(), "adds a column verdict"),
        ("MATCH (g:gene) RETURN g VERIFY (g)".to_owned(), reader, "expected `-`"),
    ] {
        let error = rows(&graph, &text, verifier).unwrap_err();
        assert!(error.report(&text).contains(expected), "{text}\n{}", error.report(&text));
    }
}
