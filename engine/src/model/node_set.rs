//! Sets of nodes, with their algebra, and of documents. What they are packed in does not show.

use roaring::RoaringBitmap;

use crate::{DocumentId, NodeId};

/// A set of nodes in order of id. Union, intersection and difference take time in the size of the packed sets.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NodeSet(RoaringBitmap);

impl NodeSet {
    /// The empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many nodes it holds.
    pub fn len(&self) -> u64 {
        self.0.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether it holds this node.
    pub fn contains(&self, node: NodeId) -> bool {
        self.0.contains(node.get())
    }

    /// Adds a node; false if it was there.
    pub fn insert(&mut self, node: NodeId) -> bool {
        self.0.insert(node.get())
    }

    /// Takes a node away; false if it was not there.
    pub fn remove(&mut self, node: NodeId) -> bool {
        self.0.remove(node.get())
    }

    /// The nodes in order of id.
    pub fn iter(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.0.iter().map(NodeId::new)
    }

    /// The nodes from this one on, in order of id.
    pub fn iter_from(&self, first: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        self.0.range(first.get()..).map(NodeId::new)
    }

    /// The largest id in it.
    pub fn max(&self) -> Option<NodeId> {
        self.0.max().map(NodeId::new)
    }

    /// Adds all nodes of the other set.
    pub fn union_with(&mut self, other: &Self) {
        self.0 |= &other.0;
    }

    /// Keeps only the nodes that the other set holds too.
    pub fn intersect_with(&mut self, other: &Self) {
        self.0 &= &other.0;
    }

    /// Takes away all nodes of the other set.
    pub fn subtract(&mut self, other: &Self) {
        self.0 -= &other.0;
    }
}

impl NodeSet {
    /// The nodes with the first so many numbers, whether the graph has them or not.
    pub(crate) fn first(count: usize) -> Self {
        let mut nodes = RoaringBitmap::new();
        nodes.insert_range(0..u32::try_from(count).unwrap_or(u32::MAX));
        Self(nodes)
    }
}

impl FromIterator<NodeId> for NodeSet {
    fn from_iter<I: IntoIterator<Item = NodeId>>(nodes: I) -> Self {
        Self(nodes.into_iter().map(NodeId::get).collect())
    }
}

impl From<RoaringBitmap> for NodeSet {
    fn from(bitmap: RoaringBitmap) -> Self {
        Self(bitmap)
    }
}

impl From<NodeSet> for RoaringBitmap {
    fn from(nodes: NodeSet) -> Self {
        nodes.0
    }
}

/// A set of documents.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DocumentSet(RoaringBitmap);

impl DocumentSet {
    /// How many documents it holds.
    pub fn len(&self) -> u64 {
        self.0.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether it holds this document.
    pub fn contains(&self, document: DocumentId) -> bool {
        self.0.contains(document.get())
    }

    /// Adds a document; false if it was there.
    pub fn insert(&mut self, document: DocumentId) -> bool {
        self.0.insert(document.get())
    }

    /// The documents in order of id.
    pub fn iter(&self) -> impl Iterator<Item = DocumentId> + '_ {
        self.0.iter().map(DocumentId::new)
    }
}

impl FromIterator<DocumentId> for DocumentSet {
    fn from_iter<I: IntoIterator<Item = DocumentId>>(documents: I) -> Self {
        Self(documents.into_iter().map(DocumentId::get).collect())
    }
}

impl From<RoaringBitmap> for DocumentSet {
    fn from(bitmap: RoaringBitmap) -> Self {
        Self(bitmap)
    }
}
