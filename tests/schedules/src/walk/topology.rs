//! Topologies that are sets of edges, kept current by the engine's own cache.

#[path = "../../../../engine/src/walk/topology/cache.rs"]
mod cache;
#[path = "../../../../engine/src/walk/topology/moment.rs"]
mod moment;

pub(crate) use cache::TopologyCache;
pub(crate) use edge_filter::EdgeFilter;
pub(crate) use moment::Moment;
pub(crate) use step::{Direction, TopologyKey};

mod step {
    use crate::Catalog;
    use crate::graph::RelationType;

    /// A set of edges has neither of the two.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub(crate) struct Direction;
    pub(crate) struct Shape;

    #[derive(Clone, Debug, PartialEq)]
    pub(crate) struct TopologyKey {
        /// `None`: all.
        pub(crate) relation: Option<u16>,
        pub(crate) direction: Direction,
    }

    impl TopologyKey {
        pub(crate) fn wants(&self, relation: u16, _: &RelationType) -> bool {
            self.relation.is_none_or(|wanted| wanted == relation)
        }

        pub(crate) fn shape(&self, _: &Catalog) -> Shape {
            Shape
        }
    }
}

mod edge_filter {
    /// Lets edges through whose evidence weighs this much.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub(crate) struct EdgeFilter {
        pub(crate) least_weight: u8,
        pub(crate) runs: Option<()>,
    }

    impl EdgeFilter {
        pub(crate) fn is_empty(&self) -> bool {
            self.least_weight == 0
        }

        pub(crate) fn lets_facts_through(&self) -> bool {
            false
        }
    }
}

mod csr {
    use std::collections::{BTreeSet, HashSet};

    use super::edge_filter::EdgeFilter;
    use super::evidence::EvidenceTable;
    use super::patch::ChangedEdge;
    use super::step::{Direction, Shape, TopologyKey};
    use crate::storage::snapshot::StoreSnapshot;
    use crate::{Budget, Catalog, Edge, StorageError};

    #[derive(Debug, PartialEq)]
    pub(crate) struct Topology {
        pub(crate) edges: BTreeSet<Edge>,
    }

    impl Topology {
        pub(crate) fn read(
            store: &StoreSnapshot,
            catalog: &Catalog,
            key: &TopologyKey,
            _: &Budget,
        ) -> Result<Self, StorageError> {
            let wanted =
                |edge: &&Edge| catalog.relation_type(edge.relation).is_some_and(|kind| key.wants(edge.relation, kind));
            Ok(Self { edges: store.data.edges.keys().filter(wanted).copied().collect() })
        }

        /// Few commits of a test write more than an eighth of this.
        pub(crate) fn step_count(&self) -> u64 {
            40
        }

        pub(crate) fn patched(&self, changed: &[ChangedEdge], Direction: Direction, _: usize, Shape: Shape) -> Self {
            let mut edges = self.edges.clone();
            for ChangedEdge { edge, exists, .. } in changed {
                let _ = if *exists { edges.insert(*edge) } else { edges.remove(edge) };
            }
            Self { edges }
        }

        pub(crate) fn limited(
            &self,
            filter: &EdgeFilter,
            evidence: &EvidenceTable,
            _: &HashSet<Edge>,
            _: &Budget,
        ) -> Result<Self, StorageError> {
            let heavy = |edge: &&Edge| evidence.weights.get(edge).is_some_and(|&weight| weight >= filter.least_weight);
            Ok(Self { edges: self.edges.iter().filter(heavy).copied().collect() })
        }

        /// Far less than a cache may hold.
        pub(crate) fn memory_bytes(&self) -> u64 {
            1
        }
    }
}

mod patch {
    use crate::Edge;

    #[derive(Debug)]
    pub(crate) struct ChangedEdge {
        pub(crate) edge: Edge,
        #[expect(dead_code, reason = "a set of edges has no directions")]
        pub(crate) symmetric: bool,
        pub(crate) exists: bool,
    }
}

pub(crate) mod evidence {
    use std::collections::{BTreeMap, HashSet};

    use super::moment::Moment;
    use crate::storage::snapshot::StoreSnapshot;
    use crate::{Budget, Edge, StorageError};

    #[derive(Clone, Debug)]
    pub(crate) struct EvidenceTable {
        pub(crate) weights: BTreeMap<Edge, u8>,
    }

    impl EvidenceTable {
        pub(crate) fn read(store: &StoreSnapshot, _: &Budget) -> Result<Self, StorageError> {
            Ok(Self { weights: store.data.edges.clone() })
        }

        pub(crate) fn memory_bytes(&self) -> u64 {
            1
        }

        pub(crate) fn is_due_for_rereading(&self, more: usize) -> bool {
            more > 5
        }

        pub(crate) fn patched(&self, edges: &[Edge], moment: Moment<'_>, _: &Budget) -> Result<Self, StorageError> {
            let mut patched = self.clone();
            for edge in edges {
                match moment.store.data.edges.get(edge) {
                    Some(&weight) => patched.weights.insert(*edge, weight),
                    None => patched.weights.remove(edge),
                };
            }
            Ok(patched)
        }
    }

    pub(crate) fn facts_of(_: &StoreSnapshot, (): &(), _: &Budget) -> Result<HashSet<Edge>, StorageError> {
        Ok(HashSet::new())
    }
}
