//! Which pairs of ends some path joins, with the least number of hops: the plain questions; [`PairSet`] has the rest.

use std::sync::Arc;

use super::pair_set::PairSet;
use super::pairs::Pairs;
use super::path::{Hops, PathMode};
use super::reach::Reach;
use crate::{Budget, Interruption, NodeSet, Topology};

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
