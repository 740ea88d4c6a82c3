//! Two runs held against each other, edge by edge: what a new model or a new load of tables changes.

use crate::storage::lookup;
use crate::{Edge, Evidence, Run, RunId, RunKind, Snapshot, StorageError, View, confidence};

/// Fewest letters of the hash of a model's weights that name its run.
const HASH_LETTERS_MIN: usize = 6;

/// How sure each of two runs is of an edge, by the rule of [`crate::confidence`] applied to that run's evidence alone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RunComparison {
    /// The edge. At least one of the runs states it.
    pub edge: Edge,
    /// The confidence of the first run; none if it does not state the edge.
    pub before: Option<f64>,
    /// The confidence of the second run; none if it does not state the edge.
    pub after: Option<f64>,
}

impl Snapshot {
    /// Every edge that one of the two runs states, in order, with the confidence of each.
    pub fn compare_runs(&self, runs: [RunId; 2]) -> impl Iterator<Item = Result<RunComparison, StorageError>> + '_ {
        let types: Vec<_> = self.catalog().relation_types().map(|(id, _)| id).collect();
        let edges = types.into_iter().flat_map(|relation| self.edges(relation));
        let compared = edges.map(move |edge| edge.and_then(|edge| self.compare_edge(edge, runs)));
        compared.filter(|found| !matches!(found, Ok(RunComparison { before: None, after: None, .. })))
    }

    fn compare_edge(&self, edge: Edge, runs: [RunId; 2]) -> Result<RunComparison, StorageError> {
        let evidence = self.evidence(edge)?;
        let of_run = |run: RunId| -> Result<Option<f64>, StorageError> {
            let own: Vec<Evidence> = evidence.iter().filter(|piece| piece.run() == run).cloned().collect();
            if own.is_empty() {
                return Ok(None);
            }
            confidence(&own, |id| lookup::document_of(self.sentence(id)?, id)).map(Some)
        };
        Ok(RunComparison { edge, before: of_run(runs[0])?, after: of_run(runs[1])? })
    }

    /// The run that a person means: its number, the name of its model, at least six letters of the hash of its weights,
    /// the source of a load, or `hand`.
    ///
    /// # Errors
    /// [`StorageError::NoSuchRun`], [`StorageError::AmbiguousRun`].
    pub fn run_named(&self, name: &str) -> Result<RunId, StorageError> {
        let runs = self.runs()?;
        if let Some((id, _)) = runs.iter().find(|(id, _)| id.to_string() == name) {
            return Ok(*id);
        }
        let found: Vec<RunId> = runs.iter().filter(|(_, run)| is_meant(run, name)).map(|(id, _)| *id).collect();
        match found[..] {
            [run] => Ok(run),
            [] => Err(StorageError::NoSuchRun { name: name.to_owned() }),
            _ => {
                let numbers: Vec<String> = found.iter().map(ToString::to_string).collect();
                Err(StorageError::AmbiguousRun { name: name.to_owned(), numbers: numbers.join(", ") })
            }
        }
    }
}

fn is_meant(run: &Run, name: &str) -> bool {
    match &run.kind {
        RunKind::Hand => name.eq_ignore_ascii_case("hand"),
        RunKind::Load { source } => source == name,
        RunKind::Model { model, weights_hash, .. } => {
            model == name || (name.len() >= HASH_LETTERS_MIN && weights_hash.starts_with(name))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Graph, NewDocument, NewSentence, Node, Polarity, RelationType, RelationTypeId};

    fn run(kind: RunKind) -> Run {
        Run { kind, started: String::new(), program: String::new() }
    }

    fn model(name: &str, weights_hash: &str) -> Run {
        let (model, weights_hash) = (name.to_owned(), weights_hash.to_owned());
        let (quantization, prompt) = (String::new(), String::new());
        run(RunKind::Model { model, weights_hash, quantization, prompt, answers: vec![], threshold_thousandths: 0 })
    }

    /// Ten nodes; run 0 and run 1 are models that have read two documents, run 2 is a load.
    fn graph() -> Graph {
        let graph = Graph::temporary().unwrap();
        let mut change = graph.change().unwrap();
        let nodes: Vec<_> = (0..10).map(|_| change.add_node(Node::default()).unwrap()).collect();
        let relation_type = RelationType { name: "r".to_owned(), polarity: Polarity::Asserted, symmetric: true };
        let relation = change.relation_type(&relation_type).unwrap();
        let mut sentences = Vec::new();
        for identifier in ["D:1", "D:2"] {
            let document = NewDocument {
                identifier: identifier.to_owned(),
                sentences: vec![NewSentence { text: "x".to_owned(), ..NewSentence::default() }],
                ..NewDocument::default()
            };
            let id = change.add_document(&document).unwrap();
            sentences.push(change.document(id).unwrap().unwrap().first_sentence);
        }
        let runs =
            [model("one", "aaaaaa1"), model("two", "aaaaaa2"), run(RunKind::Load { source: "f.tsv".to_owned() })];
        let runs = runs.map(|run| change.begin_run(&run).unwrap());
        let edge = |target: usize| Edge { relation, source: nodes[target], target: nodes[0] };
        for (target, sentence, run, probability) in [
            (1, 0, 0, 0.5),
            (1, 0, 1, 0.5),
            (2, 0, 0, 0.5),
            (2, 0, 1, 0.75),
            (2, 1, 1, 0.5),
            (3, 0, 0, 0.5),
            (4, 1, 1, 0.25),
        ] {
            change.add_evidence(edge(target), sentences[sentence], runs[run], probability, &[]).unwrap();
        }
        change.add_fact(edge(5), runs[2]).unwrap();
        change.add_fact(edge(1), runs[2]).unwrap();
        change.commit().unwrap();
        graph
    }

    #[test]
    fn each_edge_of_two_runs_comes_once_with_both_confidences() {
        let graph = graph();
        let snapshot = graph.snapshot().unwrap();
        let compare = |before: u32, after: u32| -> Vec<(u32, Option<f64>, Option<f64>)> {
            let found = snapshot.compare_runs([before, after].map(RunId::new)).map(Result::unwrap);
            found.map(|found| (found.edge.target.get(), found.before, found.after)).collect()
        };
        let half = Some(0.5);
        assert_eq!(compare(0, 1), [(1, half, half), (2, half, Some(0.875)), (3, half, None), (4, None, Some(0.25))]);
        assert_eq!(compare(2, 0), [(1, Some(1.0), half), (2, None, half), (3, None, half), (5, Some(1.0), None)]);
        assert_eq!(snapshot.edges(RelationTypeId::new(0)).count(), 5);
    }

    #[test]
    fn a_run_is_named_by_what_tells_it_from_others() {
        let graph = graph();
        let snapshot = graph.snapshot().unwrap();
        for (name, expected) in [("0", 0), ("one", 0), ("aaaaaa2", 1), ("f.tsv", 2)] {
            assert_eq!(snapshot.run_named(name).unwrap(), RunId::new(expected), "{name}");
        }
        assert!(matches!(snapshot.run_named("aaaaaa"), Err(StorageError::AmbiguousRun { .. })));
        for name in ["hand", "aaaaa", "3", ""] {
            assert!(matches!(snapshot.run_named(name), Err(StorageError::NoSuchRun { .. })), "{name}");
        }
    }
}
