//! A set of nodes as a plain bitmap, for tests in inner loops.

use hopgraph_engine::{NodeId, NodeSet};

/// One bit for each node up to the largest in the set.
#[derive(Debug, Default)]
pub(in crate::executor) struct Bits(Vec<u64>);

impl Bits {
    /// Whether the set holds the node.
    pub(in crate::executor) fn contains(&self, node: u32) -> bool {
        self.0.get(node as usize / 64).is_some_and(|word| word >> (node % 64) & 1 == 1)
    }

    /// Adds a node.
    pub(in crate::executor) fn insert(&mut self, node: u32) {
        let place = node as usize / 64;
        if place >= self.0.len() {
            self.0.resize(place + 1, 0);
        }
        self.0[place] |= 1 << (node % 64);
    }
}

impl From<&NodeSet> for Bits {
    fn from(set: &NodeSet) -> Self {
        let mut bits = Self(vec![0; set.max().map_or(0, |max| max.index() / 64 + 1)]);
        set.iter().map(NodeId::get).for_each(|node| bits.insert(node));
        bits
    }
}
