//! A graph as text, line by line, so that two graphs can be compared whole: ids, names, edges, evidence, documents.

use std::fmt::Write;

use hopgraph::engine::{Direction, Evidence, Graph, SentenceId, View};

/// Everything that the graph holds, in a fixed order. Dates of runs are left out: they tell two equal graphs apart.
pub(crate) fn dump(graph: &Graph) -> String {
    let mut text = String::new();
    nodes(graph, &mut text);
    edges(graph, &mut text);
    documents(graph, &mut text);
    let snapshot = graph.snapshot().unwrap();
    for (id, run) in snapshot.runs().unwrap() {
        writeln!(text, "run {id} {:?}", run.kind).unwrap();
        for document in snapshot.documents_of_run(id).unwrap().iter() {
            writeln!(text, "run {id} has read document {document}").unwrap();
        }
    }
    text
}

fn nodes(graph: &Graph, text: &mut String) {
    let snapshot = graph.snapshot().unwrap();
    for (id, name) in snapshot.catalog().labels() {
        writeln!(text, "label {id} {name}").unwrap();
    }
    for (id, relation_type) in snapshot.catalog().relation_types() {
        writeln!(text, "type {id} {relation_type:?}").unwrap();
    }
    for id in snapshot.nodes().unwrap().iter() {
        writeln!(text, "node {id} {:?}", snapshot.node(id).unwrap().unwrap()).unwrap();
    }
}

fn edges(graph: &Graph, text: &mut String) {
    let snapshot = graph.snapshot().unwrap();
    for (relation, relation_type) in snapshot.catalog().relation_types() {
        for source in snapshot.nodes().unwrap().iter() {
            for target in snapshot.neighbors(source, relation, Direction::Out).unwrap().iter() {
                let edge = hopgraph::engine::Edge { relation, source, target };
                if edge != edge.canonical(relation_type.symmetric) {
                    continue;
                }
                writeln!(text, "edge {edge:?} {:?}", snapshot.edge_properties(edge).unwrap()).unwrap();
                for evidence in snapshot.evidence(edge).unwrap() {
                    match evidence {
                        Evidence::Fact { run } => writeln!(text, "  fact of run {run}").unwrap(),
                        Evidence::Text { sentence, run, probability, .. } => {
                            // Batches differ after a kill, so the last digits of a probability may too.
                            writeln!(text, "  sentence {sentence} run {run} {probability:.4}").unwrap();
                        }
                    }
                }
            }
        }
    }
}

fn documents(graph: &Graph, text: &mut String) {
    let snapshot = graph.snapshot().unwrap();
    for (id, document) in snapshot.documents().unwrap() {
        writeln!(text, "document {id} {document:?}").unwrap();
        for offset in 0..document.sentence_count {
            let sentence = SentenceId::new(document.first_sentence.get() + offset);
            writeln!(text, "  {:?}", snapshot.sentence(sentence).unwrap().unwrap()).unwrap();
        }
    }
}
