//! Which pairs of ends some path joins, with the least number of hops: the plain questions; [`PairSet`] has the rest.

use std::sync::Arc;

use super::{Hops, PairSet, Pairs, PathMode};
use crate::{Budget, Interruption, NodeSet, Topology};

/// Which ends a path joins: some path of the mode with so many hops.
#[derive(Clone, Debug)]
pub struct Reach {
    /// What is walked on.
    pub topology: Arc<Topology>,
    /// How many hops.
    pub hops: Hops,
    /// What a path may repeat.
    pub mode: PathMode,
}

impl Reach {
    /// Ends with an edge between them, in the direction of the topology.
    pub fn joined(topology: Arc<Topology>) -> Self {
        Self { topology, hops: Hops { least: 1, most: 1 }, mode: PathMode::Walk }
    }

    /// The steps as they are and seen from their other end, or the other way round.
    pub(super) fn both_ways(&self, swapped: bool) -> (Arc<Topology>, Arc<Topology>) {
        let (forward, backward) = (Arc::clone(&self.topology), self.topology.backward());
        if swapped { (backward, forward) } else { (forward, backward) }
    }
}

/// Every pair of a source and a target that some path of the mode joins, each once, with its least number of hops.
/// The order is that of [`PairSet::pairs`].
pub fn reachable_pairs(
    topology: &Arc<Topology>,
    sources: &NodeSet,
    targets: &NodeSet,
    hops: Hops,
    mode: PathMode,
    budget: &Arc<Budget>,
) -> Pairs {
    PairSet::new(Reach { topology: Arc::clone(topology), hops, mode }, sources, targets).pairs(budget)
}

/// How many such pairs there are for each number of hops, without listing them: `counts[h]` pairs have least hops `h`.
pub fn count_reachable_pairs(
    topology: &Arc<Topology>,
    sources: &NodeSet,
    targets: &NodeSet,
    hops: Hops,
    mode: PathMode,
    budget: &Arc<Budget>,
) -> Result<Vec<u64>, Interruption> {
    PairSet::new(Reach { topology: Arc::clone(topology), hops, mode }, sources, targets).count(budget)
}
