//! Which ends a path joins.

use std::sync::Arc;

use super::path::{Hops, PathMode};
use crate::{Budget, Interruption, Topology};

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
    pub(super) fn both_ways(
        &self,
        swapped: bool,
        budget: &Budget,
    ) -> Result<(Arc<Topology>, Arc<Topology>), Interruption> {
        let (forward, backward) = (Arc::clone(&self.topology), self.topology.backward(budget)?);
        Ok(if swapped { (backward, forward) } else { (forward, backward) })
    }
}

/// One of the two ends of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Where paths start.
    Source,
    /// Where they end.
    Target,
}
