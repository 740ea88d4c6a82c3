//! Sets of nodes that somebody asked for, shared by all snapshots of one moment of the store, and kept current: a commit
//! says which nodes it wrote.

use std::collections::HashMap;

use crate::sync::{Arc, Mutex, MutexGuard, PoisonError};
use crate::{LabelId, NodeSet, StorageError};

/// Moments whose sets are kept: the one that readers see, and those of commits on their way to the disk, from which
/// writers start.
const MOMENTS_MAX: usize = 8;

/// The sets of the newest moments that were asked about. Reading one takes time in the number of its nodes, which a query
/// for the neighbours of one node should not have to pay.
#[derive(Debug, Default)]
pub(crate) struct NodeSets {
    /// In order of sequence.
    moments: Mutex<Vec<Moment>>,
}

#[derive(Clone, Debug, Default)]
struct Moment {
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
        if let Some(found) = self.get(label, sequence) {
            return Ok(found);
        }
        let set = Arc::new(read()?);
        self.put(label, sequence, &set);
        Ok(set)
    }

    /// Takes the sets from the moment before a commit to the one after it, each by `edit`. Does nothing if those before are
    /// not known. The sets before are kept too if somebody may still ask for them, at the cost of a copy of those that
    /// `edit` changes.
    pub(crate) fn follow(
        &self,
        before: u64,
        after: u64,
        keep: bool,
        mut edit: impl FnMut(Option<LabelId>, &mut Arc<NodeSet>),
    ) {
        let mut moments = self.lock();
        let Some(place) = moments.iter().position(|moment| moment.sequence == before) else { return };
        if moments.iter().any(|moment| moment.sequence == after) {
            return;
        }
        let mut moment = if keep { moments[place].clone() } else { moments.remove(place) };
        moment.sequence = after;
        moment.sets.iter_mut().for_each(|(label, set)| edit(*label, set));
        insert(&mut moments, moment);
    }

    /// Forgets the sets of moments before this one, which nobody will ask for again.
    pub(crate) fn forget_before(&self, sequence: u64) {
        self.lock().retain(|moment| moment.sequence >= sequence);
    }

    fn get(&self, label: Option<LabelId>, sequence: u64) -> Option<Arc<NodeSet>> {
        self.lock().iter().find(|moment| moment.sequence == sequence)?.sets.get(&label).cloned()
    }

    fn put(&self, label: Option<LabelId>, sequence: u64, set: &Arc<NodeSet>) {
        let mut moments = self.lock();
        if let Some(moment) = moments.iter_mut().find(|moment| moment.sequence == sequence) {
            moment.sets.insert(label, Arc::clone(set));
        } else {
            insert(&mut moments, Moment { sequence, sets: HashMap::from([(label, Arc::clone(set))]) });
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Moment>> {
        self.moments.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Keeps a moment in its place, and lets the oldest go if there are too many.
fn insert(moments: &mut Vec<Moment>, moment: Moment) {
    let place = moments.partition_point(|known| known.sequence < moment.sequence);
    moments.insert(place, moment);
    if moments.len() > MOMENTS_MAX {
        moments.remove(0);
    }
}
