//! Commits that can be told apart, so that a test sees which of them a graph holds.

use hopgraph::engine::{
    Edge, Graph, Mention, NewDocument, NewSentence, Node, NodeId, Polarity, RelationType, Run, RunKind, StorageError,
    View,
};

use crate::dump::dump;

/// How many commits the tests make.
pub(crate) const COMMITS: usize = 40;

/// One commit, which touches every family. No two leave the same graph.
pub(crate) fn commit(graph: &Graph, number: usize) -> Result<(), StorageError> {
    let mut change = graph.change()?;
    let label = change.label(["gene", "disease"][number % 2])?;
    let relation =
        |name: &str, symmetric| RelationType { name: name.to_owned(), polarity: Polarity::Asserted, symmetric };
    let associated = change.relation_type(&relation("associated", true))?;
    let causes = change.relation_type(&relation("causes", false))?;
    let node = |part: usize| Node {
        labels: vec![label],
        name: format!("name {number}.{part} {}", "x".repeat(number * 37 % 400)),
        identifiers: vec![format!("X:{number}.{part}")],
        ..Node::default()
    };
    let [first, second] = [change.add_node(node(0))?, change.add_node(node(1))?];
    let mentions = vec![Mention { node: first, start: 0, end: 4 }, Mention { node: second, start: 5, end: 9 }];
    let sentence = NewSentence { start: 0, text: format!("name name {number}"), mentions };
    let identifier = format!("PMID:{number}");
    let document = NewDocument { identifier, sentences: vec![sentence], ..NewDocument::default() };
    let document = change.add_document(&document)?;
    let kind = RunKind::Model {
        model: "m".to_owned(),
        weights_hash: "0".to_owned(),
        quantization: String::new(),
        prompt: String::new(),
        answers: vec![],
        threshold_thousandths: 0,
    };
    let run = change.begin_run(&Run { kind, started: String::new(), program: String::new() })?;
    let sentence = View::document(&change, document)?.expect("it was added").first_sentence;
    let edge = Edge { relation: associated, source: first, target: second };
    change.add_evidence(edge, sentence, run, 0.5, &[0.5, 0.5])?;
    change.mark_document(run, document)?;
    let hand = change.hand()?;
    if number > 0 {
        let earlier = NodeId::new((number * 7 % (2 * number)) as u32);
        change.add_fact(Edge { relation: causes, source: first, target: earlier }, hand)?;
    }
    if number % 6 == 5 {
        change.delete_node(NodeId::new((number - 3) as u32), true)?;
    }
    change.commit()
}

/// What the graph holds after each number of commits.
pub(crate) fn expected_dumps() -> Vec<String> {
    let graph = Graph::temporary().unwrap();
    let mut dumps = vec![dump(&graph)];
    for number in 0..COMMITS {
        commit(&graph, number).unwrap();
        dumps.push(dump(&graph));
    }
    dumps
}
