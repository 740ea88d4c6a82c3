//! Corrections by hand: two nodes that are the same thing become one, and one reading of a sentence is taken back.

use crate::model::name::fold;
use crate::storage::family::Family;
use crate::storage::key;
use crate::storage::lookup;
use crate::write::edits;
use crate::{Change, Edge, NodeId, Retraction, RunId, SentenceId, StorageError, View};

/// What became of two nodes that were made one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NodeMerge {
    /// Edges that have another end now.
    pub edges_moved: u64,
    /// Edges between the two, which are gone: nothing is related to itself by having two names.
    pub edges_dropped: u64,
    /// Sentences that mention the other node now.
    pub sentences: u64,
}

impl Change {
    /// Makes one node of two: `other` goes, and `kept` has its edges with their evidence, its mentions, names, labels,
    /// identifiers, and those of its properties that it has not itself. Takes time in the number of edges and sentences
    /// of `other`.
    ///
    /// # Errors
    /// [`StorageError::UnknownNode`] if one of them is not there.
    pub fn merge_nodes(&mut self, kept: NodeId, other: NodeId) -> Result<NodeMerge, StorageError> {
        let mut node = View::node(self, kept)?.ok_or(StorageError::UnknownNode(kept))?;
        let gone = View::node(self, other)?.ok_or(StorageError::UnknownNode(other))?;
        let mut done = NodeMerge::default();
        if kept == other {
            return Ok(done);
        }
        for edge in self.edges_of(other)? {
            let end = |node| if node == other { kept } else { node };
            let moved = Edge { source: end(edge.source), target: end(edge.target), ..edge };
            if moved.source == moved.target {
                done.edges_dropped += 1;
            } else {
                self.move_edge(edge, moved)?;
                done.edges_moved += 1;
            }
        }
        done.sentences = self.move_mentions(other, kept)?;
        self.delete_node(other, true)?;
        node.labels.extend(gone.labels);
        let has = |names: &[String], name: &str| names.iter().any(|known| fold(known) == fold(name));
        for name in std::iter::once(gone.name).chain(gone.synonyms).filter(|name| !name.is_empty()) {
            if node.name.is_empty() {
                node.name = name;
            } else if fold(&node.name) != fold(&name) && !has(&node.synonyms, &name) {
                node.synonyms.push(name);
            }
        }
        node.identifiers.extend(gone.identifiers);
        for (key, value) in gone.properties {
            node.properties.entry(key).or_insert(value);
        }
        self.update_node(kept, node)?;
        Ok(done)
    }

    /// States under the new ends all that is stated of an edge. The old one goes with its node.
    fn move_edge(&mut self, from: Edge, to: Edge) -> Result<(), StorageError> {
        let mut properties = View::edge_properties(self, from)?;
        properties.extend(View::edge_properties(self, to)?);
        for run in self.fact_runs(from)? {
            self.add_fact(to, run)?;
        }
        for (sentence, run, reading) in self.readings(from)? {
            self.add_evidence(to, sentence, run, reading.probability, &reading.probabilities)?;
        }
        self.set_edge_properties(to, &properties)
    }

    fn move_mentions(&mut self, from: NodeId, to: NodeId) -> Result<u64, StorageError> {
        let mentioned = lookup::set(self.store(), Family::Mentioned, key::mentioned(from))?;
        let mut moved = 0;
        for sentence in edits::apply(&self.edits.mentioned, &from, mentioned) {
            let number = SentenceId::new(sentence);
            if let Some(mut record) = View::sentence(self, number)? {
                for mention in record.mentions.iter_mut().filter(|mention| mention.node == from) {
                    mention.node = to;
                }
                self.edits.sentences.insert(number, Some(record));
                edits::insert(&mut self.edits.mentioned, to, sentence);
                moved += 1;
            }
            edits::remove(&mut self.edits.mentioned, from, sentence);
        }
        Ok(moved)
    }

    /// Takes back what one run read of an edge in one sentence, and the edge if nothing else speaks for it.
    pub fn retract_reading(
        &mut self,
        edge: Edge,
        sentence: SentenceId,
        run: RunId,
    ) -> Result<Retraction, StorageError> {
        let edge = self.canonical(edge);
        let mut done = Retraction::default();
        if !self.readings(edge)?.iter().any(|(of, by, _)| (*of, *by) == (sentence, run)) {
            return Ok(done);
        }
        self.set_reading(edge, sentence, run, None);
        done.evidence = 1;
        if self.readings(edge)?.is_empty() && self.fact_runs(edge)?.is_empty() {
            done.edges = u64::from(self.delete_edge(edge)?);
        }
        Ok(done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Evidence, Graph, Mention, NewDocument, NewSentence, Node, Polarity, RelationType, Run, RunKind};

    /// Nodes 0 and 1 are one thing under two names; both are joined to 2, and to each other; sentence 0 names 1 and 2.
    fn graph() -> Graph {
        let graph = Graph::temporary().unwrap();
        let mut change = graph.write().unwrap();
        for (name, identifier) in [("TP53", "G:1"), ("p53", "G:2"), ("cancer", "D:1")] {
            let (name, identifiers) = (name.to_owned(), vec![identifier.to_owned()]);
            change.add_node(Node { name, identifiers, ..Node::default() }).unwrap();
        }
        let kind = RelationType { name: "r".to_owned(), polarity: Polarity::Asserted, symmetric: true };
        let relation = change.relation_type(&kind).unwrap();
        let mention = |node, start, end| Mention { node: NodeId::new(node), start, end };
        let sentences = vec![NewSentence {
            text: "p53 cancer".to_owned(),
            mentions: vec![mention(1, 0, 3), mention(2, 4, 10)],
            ..NewSentence::default()
        }];
        let document = NewDocument { identifier: "P:1".to_owned(), sentences, ..NewDocument::default() };
        change.add_document(&document).unwrap();
        let kind = RunKind::Load { source: "f".to_owned() };
        let load = change.begin_run(&Run { kind, started: String::new(), program: String::new() }).unwrap();
        let edge = |source, target| Edge { relation, source: NodeId::new(source), target: NodeId::new(target) };
        change.add_fact(edge(0, 1), load).unwrap();
        change.add_fact(edge(0, 2), load).unwrap();
        let model = RunKind::Model {
            model: "m".to_owned(),
            weights_hash: String::new(),
            quantization: String::new(),
            prompt: String::new(),
            answers: Vec::new(),
            threshold_thousandths: 0,
        };
        let model = change.begin_run(&Run { kind: model, started: String::new(), program: String::new() }).unwrap();
        change.add_evidence(edge(1, 2), SentenceId::new(0), model, 0.5, &[]).unwrap();
        change.commit().unwrap();
        graph
    }

    fn edge() -> Edge {
        Edge { source: NodeId::new(0), target: NodeId::new(2), ..Edge::default() }
    }

    #[test]
    fn of_two_nodes_one_is_left_with_all_that_both_had() {
        let graph = graph();
        let mut change = graph.write().unwrap();
        let done = change.merge_nodes(NodeId::new(0), NodeId::new(1)).unwrap();
        assert_eq!(done, NodeMerge { edges_moved: 1, edges_dropped: 1, sentences: 1 });
        change.commit().unwrap();
        let snapshot = graph.read().unwrap();
        let node = snapshot.node(NodeId::new(0)).unwrap().unwrap();
        assert_eq!((node.name.as_str(), &node.synonyms[..]), ("TP53", &["p53".to_owned()][..]));
        assert_eq!(node.identifiers, ["G:1", "G:2"]);
        assert_eq!(snapshot.node(NodeId::new(1)).unwrap(), None);
        assert_eq!(snapshot.nodes_by_name("P53").unwrap(), [NodeId::new(0)]);
        assert_eq!(snapshot.evidence(edge()).unwrap().len(), 2);
        assert!(matches!(snapshot.evidence(edge()).unwrap()[1], Evidence::Text { probability: 0.5, .. }));
        assert_eq!(snapshot.sentences_mentioning(NodeId::new(0)).unwrap(), [SentenceId::new(0)]);
        assert_eq!(snapshot.sentence(SentenceId::new(0)).unwrap().unwrap().mentions[0].node, NodeId::new(0));
        assert_eq!(graph.check().unwrap().problems, [""; 0]);
    }

    #[test]
    fn a_node_is_not_merged_with_itself_or_with_none() {
        let graph = graph();
        let mut change = graph.write().unwrap();
        assert_eq!(change.merge_nodes(NodeId::new(0), NodeId::new(0)).unwrap(), NodeMerge::default());
        let unknown = change.merge_nodes(NodeId::new(0), NodeId::new(9));
        assert!(matches!(unknown, Err(StorageError::UnknownNode(_))));
    }

    #[test]
    fn one_reading_goes_and_its_edge_only_if_nothing_else_speaks_for_it() {
        let graph = graph();
        let mut change = graph.write().unwrap();
        let alone = Edge { source: NodeId::new(2), target: NodeId::new(1), ..Edge::default() };
        let model = RunId::new(1);
        let unknown = change.retract_reading(alone, SentenceId::new(0), RunId::new(7)).unwrap();
        assert_eq!(unknown, Retraction::default());
        let done = change.retract_reading(alone, SentenceId::new(0), model).unwrap();
        assert_eq!((done.evidence, done.edges), (1, 1));
        change.add_evidence(edge(), SentenceId::new(0), model, 0.5, &[]).unwrap();
        let done = change.retract_reading(edge(), SentenceId::new(0), model).unwrap();
        assert_eq!((done.evidence, done.edges), (1, 0));
        change.commit().unwrap();
        assert_eq!(graph.check().unwrap().problems, [""; 0]);
    }
}
