//! Sets of nodes that somebody asked for, shared by all snapshots of one moment of the store.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

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
    /// The set of a label, or of all nodes, at the moment of this write.
    pub(crate) fn get_or_read(
        &self,
        label: Option<LabelId>,
        sequence: u64,
        read: impl FnOnce() -> Result<NodeSet, StorageError>,
    ) -> Result<Arc<NodeSet>, StorageError> {
        if let Some(found) = self.lock().get(label, sequence) {
            return Ok(found);
        }
        let set = Arc::new(read()?);
        self.lock().put(label, sequence, &set);
        Ok(set)
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::NodeId;

    fn set(node: u32) -> NodeSet {
        [NodeId::new(node)].into_iter().collect()
    }

    #[test]
    fn a_set_is_read_once_for_each_moment() {
        let sets = NodeSets::default();
        let label = Some(LabelId::new(1));
        let ask = |label, sequence, found: u32| sets.get_or_read(label, sequence, || Ok(set(found))).unwrap();
        assert_eq!(*ask(label, 5, 1), set(1));
        assert_eq!(*ask(label, 5, 2), set(1), "the same moment");
        assert_eq!(*ask(None, 5, 3), set(3), "another set of the same moment");
        assert_eq!(*ask(label, 6, 4), set(4), "a later moment");
        assert_eq!(*ask(label, 5, 5), set(5), "an earlier moment is read again, and not kept");
        assert_eq!(*ask(label, 6, 6), set(4));
    }
}
