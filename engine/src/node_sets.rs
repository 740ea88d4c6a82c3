//! Sets of nodes that somebody asked for, shared by all snapshots of one moment of the store, and kept current: a commit
//! says which nodes it wrote.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::edits::Edits;
use crate::{LabelId, NodeSet, StorageError};

/// The sets of the newest moment that was asked about. Reading one takes time in the number of its nodes, which a query
/// for the neighbours of one node should not have to pay.
#[derive(Debug, Default)]
pub(crate) struct NodeSets {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The number of the last write that the sets know of.
    sequence: u64,
    /// By label; `None`: all nodes.
    sets: HashMap<Option<LabelId>, Arc<NodeSet>>,
}

impl NodeSets {
    /// The set of a label, or of all nodes, at the moment of this write; `None`: a moment that nobody else can be told to
    /// share.
    pub(crate) fn get_or_read(
        &self,
        label: Option<LabelId>,
        sequence: Option<u64>,
        read: impl FnOnce() -> Result<NodeSet, StorageError>,
    ) -> Result<Arc<NodeSet>, StorageError> {
        let Some(sequence) = sequence else { return read().map(Arc::new) };
        if let Some(found) = self.lock().get(label, sequence) {
            return Ok(found);
        }
        let set = Arc::new(read()?);
        self.lock().put(label, sequence, &set);
        Ok(set)
    }

    /// Takes the sets from the moment before a commit to the one after it. Does nothing if they are of another moment, as
    /// when somebody has asked between the commit and this.
    pub(crate) fn follow(&self, before: Option<u64>, after: Option<u64>, edits: &Edits) {
        if let (Some(before), Some(after)) = (before, after) {
            self.lock().follow(before, after, edits);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn get(&self, label: Option<LabelId>, sequence: u64) -> Option<Arc<NodeSet>> {
        self.sets.get(&label).filter(|_| sequence == self.sequence).cloned()
    }

    /// Keeps a set unless it belongs to an older moment than the others.
    fn put(&mut self, label: Option<LabelId>, sequence: u64, set: &Arc<NodeSet>) {
        if sequence > self.sequence {
            self.sequence = sequence;
            self.sets.clear();
        }
        if sequence == self.sequence {
            self.sets.insert(label, Arc::clone(set));
        }
    }

    fn follow(&mut self, before: u64, after: u64, edits: &Edits) {
        if before != self.sequence {
            return;
        }
        self.sequence = after;
        for (label, set) in &mut self.sets {
            match label {
                None => edits.apply_to_nodes(set),
                Some(label) => edits.apply_to_label(*label, set),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::traverse::judge::Random;
    use crate::{Edge, Graph, Node, NodeId, Polarity, RelationType, View, read};

    fn set(node: u32) -> NodeSet {
        [NodeId::new(node)].into_iter().collect()
    }

    #[test]
    fn a_set_is_read_once_for_each_moment() {
        let sets = NodeSets::default();
        let label = Some(LabelId::new(1));
        let ask = |label, sequence, found: u32| sets.get_or_read(label, sequence, || Ok(set(found))).unwrap();
        assert_eq!(*ask(label, Some(5), 1), set(1));
        assert_eq!(*ask(label, Some(5), 2), set(1), "the same moment");
        assert_eq!(*ask(None, Some(5), 3), set(3), "another set of the same moment");
        assert_eq!(*ask(label, Some(6), 4), set(4), "a later moment");
        assert_eq!(*ask(label, Some(5), 5), set(5), "an earlier moment is read again, and not kept");
        assert_eq!(*ask(label, Some(6), 6), set(4));
        assert_eq!(*ask(label, None, 7), set(7), "a moment in the middle of a write");
    }

    /// What is kept is what the store gives, whatever was committed; a commit of edges alone leaves it as it is.
    #[test]
    fn kept_sets_follow_commits() {
        for seed in 0..20 {
            let graph = Graph::temporary().unwrap();
            let random = &mut Random(seed);
            for round in 0..20 {
                let before = graph.snapshot().unwrap();
                let label = before.catalog().label("gene").unwrap_or_default();
                let kept = (before.shared_nodes().unwrap(), before.shared_nodes_with_label(label).unwrap());
                let mut change = graph.change().unwrap();
                let gene = change.label("gene").unwrap();
                for _ in 0..random.below(5) {
                    let labels = if random.below(2) == 0 { vec![gene] } else { Vec::new() };
                    let node = Node { labels, name: "x".to_owned(), ..Node::default() };
                    let known = NodeId::new(random.below(20));
                    match random.below(3) {
                        0 if change.node(known).unwrap().is_some() => change.delete_node(known, true).unwrap(),
                        1 if change.node(known).unwrap().is_some() => change.update_node(known, node).unwrap(),
                        _ => _ = change.add_node(node).unwrap(),
                    }
                }
                change.commit().unwrap();
                let after = graph.snapshot().unwrap();
                let context = format!("seed {seed}, round {round}");
                assert_eq!(*after.shared_nodes().unwrap(), read::nodes(after.store()).unwrap().into(), "{context}");
                let labelled = read::nodes_with_label(after.store(), gene).unwrap().into();
                assert_eq!(*after.shared_nodes_with_label(gene).unwrap(), labelled, "{context}");
                assert_eq!(kept.0, before.shared_nodes().unwrap(), "{context}: an older moment stays as it was");
                assert_eq!(kept.1, before.shared_nodes_with_label(label).unwrap(), "{context}");
            }
        }
    }

    #[test]
    fn a_commit_of_edges_costs_no_reading_of_nodes() {
        let graph = Graph::temporary().unwrap();
        let mut change = graph.change().unwrap();
        let nodes = [(); 2].map(|()| change.add_node(Node::default()).unwrap());
        change.commit().unwrap();
        let known = graph.snapshot().unwrap().shared_nodes().unwrap();
        let mut change = graph.change().unwrap();
        let kind = RelationType { name: "binds".to_owned(), polarity: Polarity::Asserted, symmetric: false };
        let relation = change.relation_type(&kind).unwrap();
        let hand = change.hand().unwrap();
        change.add_fact(Edge { relation, source: nodes[0], target: nodes[1] }, hand).unwrap();
        change.commit().unwrap();
        assert!(Arc::ptr_eq(&known, &graph.snapshot().unwrap().shared_nodes().unwrap()));
    }
}
