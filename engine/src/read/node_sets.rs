//! Sets of nodes that somebody asked for, shared by all snapshots of one moment of the store, and kept current: a commit
//! says which nodes it wrote.

use std::collections::HashMap;

use crate::sync::{Arc, Mutex, MutexGuard, PoisonError};
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

    /// Takes the sets from the moment before a commit to the one after it, each by `edit`. Does nothing if they are of
    /// another moment, as when somebody has asked between the commit and this.
    pub(crate) fn follow(&self, before: u64, after: u64, edit: impl FnMut(Option<LabelId>, &mut Arc<NodeSet>)) {
        self.lock().follow(before, after, edit);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
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

    fn follow(&mut self, before: u64, after: u64, mut edit: impl FnMut(Option<LabelId>, &mut Arc<NodeSet>)) {
        if before == self.sequence {
            self.sequence = after;
            self.sets.iter_mut().for_each(|(label, set)| edit(*label, set));
        }
    }
}
