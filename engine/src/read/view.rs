//! What a reader may ask of a graph.

use crate::{
    Catalog, Direction, Document, DocumentId, Edge, Evidence, LabelId, Node, NodeId, NodeSet, Properties,
    RelationTypeId, Run, RunId, Sentence, SentenceId, StorageError, Withdrawal,
};

/// The questions a reader may ask; a [`crate::Snapshot`] answers them for one moment of the graph, an open
/// [`crate::Change`] for that moment and its own edits.
///
/// A question about an id that does not exist is answered with `None` or an empty set, not with an error.
pub trait View {
    /// The labels and relation types known.
    fn catalog(&self) -> &Catalog;

    /// The node with this id.
    fn node(&self, id: NodeId) -> Result<Option<Node>, StorageError>;

    /// The node that has this external id, letter for letter.
    fn node_by_identifier(&self, identifier: &str) -> Result<Option<NodeId>, StorageError>;

    /// The nodes with this name or synonym, ignoring case and repeated white space; in order of id.
    fn nodes_by_name(&self, name: &str) -> Result<Vec<NodeId>, StorageError>;

    /// All nodes.
    fn nodes(&self) -> Result<NodeSet, StorageError>;

    /// The nodes with this label.
    fn nodes_with_label(&self, label: LabelId) -> Result<NodeSet, StorageError>;

    /// The nodes one edge of this type away. For a symmetric type every direction gives the same set.
    fn neighbors(&self, node: NodeId, relation: RelationTypeId, direction: Direction) -> Result<NodeSet, StorageError>;

    /// Whether the edge is in the graph. The edge may be given in either form if its type is symmetric.
    fn has_edge(&self, edge: Edge) -> Result<bool, StorageError>;

    /// The properties of an edge; empty if it has none.
    fn edge_properties(&self, edge: Edge) -> Result<Properties, StorageError>;

    /// Why the edge is in the graph, facts first, then sentences in order.
    fn evidence(&self, edge: Edge) -> Result<Vec<Evidence>, StorageError>;

    /// How sure the graph is of the edge, in 0..=1; see [`crate::confidence`].
    fn confidence(&self, edge: Edge) -> Result<f64, StorageError>;

    /// The document with this id.
    fn document(&self, id: DocumentId) -> Result<Option<Document>, StorageError>;

    /// The document with this external id.
    fn document_by_identifier(&self, identifier: &str) -> Result<Option<DocumentId>, StorageError>;

    /// Whether the source of the document with this external id has said that it does not stand.
    fn withdrawal(&self, identifier: &str) -> Result<Option<Withdrawal>, StorageError>;

    /// The sentence with this id, with its mentions.
    fn sentence(&self, id: SentenceId) -> Result<Option<Sentence>, StorageError>;

    /// The run with this id.
    fn run(&self, id: RunId) -> Result<Option<Run>, StorageError>;
}
