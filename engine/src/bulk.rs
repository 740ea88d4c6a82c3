//! Many plain facts at once: the fast way in, for loads of whole files.

use std::collections::HashMap;

use crate::storage::family::Family;
use crate::storage::key::{self, Key, Side};
use crate::storage::set;
use crate::storage::store::Batch;
use crate::{
    Catalog, Change, Edge, Node, NodeId, Properties, RelationType, RelationTypeId, Run, RunId, StorageError, View,
};

/// Nodes kept before they are written as one piece.
const NODES_PENDING_MAX: usize = 50_000;

/// Edges kept before they are sorted and written as one piece; each takes 12 bytes here and some 40 while written.
const EDGES_PENDING_MAX: usize = 2_000_000;

/// A node of a bulk load. If a node has the identifier already, the labels, synonyms and properties are added to it,
/// and the name is taken if it had none.
#[derive(Clone, Debug, Default)]
pub struct BulkNode<'a> {
    /// The external id that edges of the load refer to.
    pub identifier: &'a str,
    /// Labels, added to the catalog if they are new.
    pub labels: &'a [&'a str],
    /// The preferred name; may be empty.
    pub name: &'a str,
    /// Other names.
    pub synonyms: &'a [&'a str],
    /// Everything else.
    pub properties: Properties,
}

/// What a bulk load did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BulkSummary {
    /// Nodes that are new.
    pub nodes_added: u64,
    /// Nodes that were there before and were added to.
    pub nodes_merged: u64,
    /// Edges given; duplicates that came close together are counted once.
    pub edges: u64,
}

/// A load in progress. What it has taken is written in pieces, each whole or not at all; a load that was cut off and is
/// run again ends in the same graph. [`BulkLoad::finish`] writes the rest and brings all of it to the disk.
#[derive(Debug)]
pub struct BulkLoad<'g> {
    change: Change<'g>,
    run: RunId,
    nodes: HashMap<Box<str>, NodeId>,
    edges: Vec<Edge>,
    summary: BulkSummary,
}

impl<'g> BulkLoad<'g> {
    pub(crate) fn begin(mut change: Change<'g>, run: &Run) -> Result<Self, StorageError> {
        let run = change.begin_run(run)?;
        Ok(Self { change, run, nodes: HashMap::new(), edges: Vec::new(), summary: BulkSummary::default() })
    }

    /// The run that the facts of this load stand under.
    pub fn run(&self) -> RunId {
        self.run
    }

    /// The relation type of this name, added if it is new.
    pub fn relation_type(&mut self, relation_type: &RelationType) -> Result<RelationTypeId, StorageError> {
        self.change.relation_type(relation_type)
    }

    /// The labels and relation types known so far.
    pub fn catalog(&self) -> &Catalog {
        self.change.catalog()
    }

    /// Adds a node, or adds to the node that has its identifier.
    pub fn add_node(&mut self, node: &BulkNode<'_>) -> Result<NodeId, StorageError> {
        let id = match self.node(node.identifier)? {
            Some(id) => self.merge_node(id, node)?,
            None => self.insert_node(node)?,
        };
        self.nodes.insert(node.identifier.into(), id);
        if self.change.edits.nodes.len() >= NODES_PENDING_MAX {
            self.flush()?;
        }
        Ok(id)
    }

    fn insert_node(&mut self, node: &BulkNode<'_>) -> Result<NodeId, StorageError> {
        let mut new = Node { identifiers: vec![node.identifier.to_owned()], ..Node::default() };
        self.add_to(&mut new, node)?;
        self.summary.nodes_added += 1;
        self.change.add_node(new)
    }

    fn merge_node(&mut self, id: NodeId, node: &BulkNode<'_>) -> Result<NodeId, StorageError> {
        let old = self.change.node(id)?.ok_or(StorageError::UnknownNode(id))?;
        let mut merged = old.clone();
        self.add_to(&mut merged, node)?;
        merged.labels.sort_unstable();
        self.summary.nodes_merged += 1;
        if merged != old {
            self.change.update_node(id, merged)?;
        }
        Ok(id)
    }

    fn add_to(&mut self, node: &mut Node, given: &BulkNode<'_>) -> Result<(), StorageError> {
        for label in given.labels {
            let label = self.change.label(label)?;
            if !node.labels.contains(&label) {
                node.labels.push(label);
            }
        }
        if node.name.is_empty() {
            given.name.clone_into(&mut node.name);
        }
        let known = |node: &Node, name: &str| node.name == name || node.synonyms.iter().any(|known| known == name);
        for &name in std::iter::once(&given.name).chain(given.synonyms) {
            if !name.is_empty() && !known(node, name) {
                node.synonyms.push(name.to_owned());
            }
        }
        node.properties.extend(given.properties.clone());
        Ok(())
    }

    /// The node with this identifier, from this load or from before.
    pub fn node(&self, identifier: &str) -> Result<Option<NodeId>, StorageError> {
        match self.nodes.get(identifier) {
            Some(&id) => Ok(Some(id)),
            None => self.change.node_by_identifier(identifier),
        }
    }

    /// States an edge as a plain fact, with its properties. Its ends are ids that this load gave out.
    pub fn add_edge(&mut self, edge: Edge, properties: &Properties) -> Result<(), StorageError> {
        let edge = self.change.canonical(edge);
        self.edges.push(edge);
        if !properties.is_empty() {
            self.change.edits.edge_properties.insert(edge, Some(properties.clone()));
        }
        if self.edges.len() >= EDGES_PENDING_MAX {
            self.flush()?;
        }
        Ok(())
    }

    /// Writes what is left.
    pub fn finish(mut self) -> Result<BulkSummary, StorageError> {
        self.flush()?;
        self.change.graph().store().flush()?;
        Ok(self.summary)
    }

    /// Writes the pending nodes and edges as one batch: an edge never shows without its fact or its ends.
    fn flush(&mut self) -> Result<(), StorageError> {
        let mut edges = std::mem::take(&mut self.edges);
        edges.sort_unstable();
        edges.dedup();
        self.summary.edges += edges.len() as u64;
        let catalog = self.change.catalog().clone();
        let symmetric = |relation: RelationTypeId| catalog.relation_type(relation).is_some_and(|found| found.symmetric);
        let run = self.run;
        self.change.flush_with(false, !edges.is_empty(), |batch| write_edges(batch, run, edges, symmetric))
    }
}

/// One member of one set: the set as (type, side, node), and the member.
type Member = ((RelationTypeId, Side, NodeId), NodeId);

/// Writes edges, sorted and in canonical form, as facts of a run and as adjacency from both ends.
fn write_edges(batch: &mut Batch<'_>, run: RunId, edges: Vec<Edge>, symmetric: impl Fn(RelationTypeId) -> bool) {
    let forward = edges.iter().map(|edge| ((edge.relation, Side::Out, edge.source), edge.target));
    write_sets(batch, Family::Facts, forward, |(relation, _, source)| key::facts(run, relation, source));
    let mut members: Vec<Member> = Vec::with_capacity(2 * edges.len());
    for edge in &edges {
        let back = if symmetric(edge.relation) { Side::Out } else { Side::In };
        members.push(((edge.relation, Side::Out, edge.source), edge.target));
        members.push(((edge.relation, back, edge.target), edge.source));
    }
    drop(edges);
    members.sort_unstable();
    members.dedup();
    write_sets(batch, Family::Adjacency, members.into_iter(), |(relation, side, node)| {
        key::adjacency(relation, side, node)
    });
}

/// Writes members, sorted by set, as one merge operand for each page of each set.
fn write_sets(
    batch: &mut Batch<'_>,
    family: Family,
    members: impl Iterator<Item = Member>,
    key: impl Fn((RelationTypeId, Side, NodeId)) -> Key,
) {
    let mut members = members.peekable();
    let mut page_members: Vec<u32> = Vec::new();
    while let Some((set, member)) = members.next() {
        let page = key::page_of(member.get());
        page_members.push(member.get() - key::page_start(page));
        let same_page = members.peek().is_some_and(|(next, id)| *next == set && key::page_of(id.get()) == page);
        if !same_page {
            batch.merge(family, key(set).page(page), set::encode_members(&page_members));
            page_members.clear();
        }
    }
}
