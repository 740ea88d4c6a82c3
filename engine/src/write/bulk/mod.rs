//! Many plain facts at once: the fast way in, for loads of whole files.
//!
//! Nothing is written into the store while a load goes on. What it takes is sorted, in memory within a budget and on the
//! disk beyond it, and written as sorted files beside the store; at the end the store takes all of them in at once. So a
//! load is as atomic as a [`Change`], whatever its size, and no write passes through a log or a memory table.

mod edges;
mod identifiers;
mod nodes;
mod pieces;
mod records;
mod sets;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};

use rayon::prelude::*;

use self::edges::{EdgeSorter, List, SortedEdges};
use self::identifiers::Identifiers;
use self::nodes::NodeWriter;
use self::records::RecordSorter;
use self::sets::{SetWriter, Writing, file_members};
use crate::storage::family::Family;
use crate::storage::key::{self, Side};
use crate::storage::lookup;
use crate::storage::record;
use crate::storage::staging::Staging;
use crate::{
    Catalog, Change, Edge, LabelId, Node, NodeId, Properties, RelationType, RelationTypeId, Run, RunId, StorageError,
    View, check_name,
};

/// How a bulk load works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BulkOptions {
    /// Bytes of memory for sorting; what is more is sorted on the disk. Beside it, a load keeps its identifiers in
    /// memory, some 60 bytes for each, and the text of long ones.
    pub memory_bytes: usize,
}

impl Default for BulkOptions {
    /// Half a GiB: some twelve million edges are then sorted in memory.
    fn default() -> Self {
        Self { memory_bytes: 512 << 20 }
    }
}

/// A node of a bulk load. If a node has the identifier already, the labels, synonyms and properties are added to it,
/// and the name is taken if it had none.
#[derive(Clone, Debug, Default)]
pub struct BulkNode<'a, S = &'a str> {
    /// The external id that edges of the load refer to.
    pub identifier: &'a str,
    /// Labels, added to the catalog if they are new.
    pub labels: &'a [S],
    /// The preferred name; may be empty.
    pub name: &'a str,
    /// Other names.
    pub synonyms: &'a [S],
    /// Everything else.
    pub properties: Properties,
}

/// What a bulk load did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BulkSummary {
    /// Nodes that are new.
    pub nodes_added: u64,
    /// Nodes given that were there before, from before the load or from an earlier one of it; they were added to.
    pub nodes_merged: u64,
    /// Edges given, each counted once.
    pub edges: u64,
}

/// A load in progress. It becomes true as a whole in [`BulkLoad::finish`]; dropped or killed before that, it leaves the
/// graph as it was.
#[derive(Debug)]
pub struct BulkLoad {
    change: Change,
    run: RunId,
    staging: Staging,
    options: BulkOptions,
    identifiers: Identifiers,
    stored: StoredIdentifiers,
    labels: HashMap<Box<str>, LabelId>,
    first_new: NodeId,
    nodes: RecordSorter,
    edges: EdgeSorter,
    properties: RecordSorter,
    summary: BulkSummary,
}

/// Identifiers that the store knows: looked up one by one, until so many were looked up that reading all of them is
/// cheaper.
#[derive(Debug)]
struct StoredIdentifiers {
    /// About how many there are.
    count: u64,
    looked_up: AtomicU64,
    all_read: bool,
}

/// Nodes whose identifiers are looked up while the memory of all of them is waited for once.
const NODES_AT_ONCE: usize = 32;

/// Reading an identifier with all the others costs about a sixteenth of looking it up.
const LOOK_UP_COST: u64 = 16;

impl BulkLoad {
    pub(crate) fn begin(mut change: Change, run: &Run, options: BulkOptions) -> Result<Self, StorageError> {
        let run = change.begin_run(run)?;
        let first_new = change.next_node();
        let staging = Staging::create(change.path())?;
        let memory = options.memory_bytes;
        Ok(Self {
            run,
            staging,
            options,
            identifiers: Identifiers::default(),
            stored: StoredIdentifiers {
                count: first_new.get().into(),
                looked_up: AtomicU64::new(0),
                all_read: first_new.get() == 0,
            },
            labels: HashMap::new(),
            first_new,
            // Once they are written, what leads to nodes is sorted in the memory of properties.
            nodes: RecordSorter::new(memory / 4),
            edges: EdgeSorter::new(memory / 2),
            properties: RecordSorter::new(memory / 4),
            summary: BulkSummary::default(),
            change,
        })
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
        node.check()?;
        self.prepare_look_ups()?;
        let mut labels = Vec::with_capacity(node.labels.len());
        let id = self.place(node, &mut labels)?;
        self.nodes.push(&self.staging, key::node(id).as_ref(), &node.record(&labels))?;
        Ok(id)
    }

    /// Adds nodes in order, as one after the other, but makes their records on all cores. If one is refused for its
    /// names, none is added.
    pub fn add_nodes<S: AsRef<str> + Sync>(&mut self, nodes: &[BulkNode<'_, S>]) -> Result<(), StorageError> {
        nodes.iter().try_for_each(BulkNode::check)?;
        self.prepare_look_ups()?;
        // The id of each node, and where its labels begin and end.
        let (mut places, mut labels) = (Vec::with_capacity(nodes.len()), Vec::new());
        for some in nodes.chunks(NODES_AT_ONCE) {
            self.identifiers.expect(&some.iter().map(|node| node.identifier).collect::<Vec<_>>());
            for node in some {
                let start = labels.len();
                let id = self.place(node, &mut labels)?;
                places.push((id, start..labels.len()));
            }
        }
        let record = |(node, (id, of)): (&BulkNode<'_, S>, _)| -> (NodeId, Vec<u8>) { (id, node.record(&labels[of])) };
        let records: Vec<_> = nodes.par_iter().zip(places).map(record).collect();
        let (staging, sorter) = (&self.staging, &mut self.nodes);
        records.iter().try_for_each(|(id, record)| sorter.push(staging, key::node(*id).as_ref(), record))
    }

    /// Finds or gives out the id of a node, and adds its labels to `labels`.
    fn place<S: AsRef<str>>(
        &mut self,
        node: &BulkNode<'_, S>,
        labels: &mut Vec<LabelId>,
    ) -> Result<NodeId, StorageError> {
        for label in node.labels {
            labels.push(self.label(label.as_ref())?);
        }
        if let Some(id) = self.node(node.identifier)? {
            self.summary.nodes_merged += 1;
            self.identifiers.insert(node.identifier, id);
            return Ok(id);
        }
        let id = self.change.take_node_id()?;
        self.summary.nodes_added += 1;
        self.identifiers.insert(node.identifier, id);
        Ok(id)
    }

    fn label(&mut self, name: &str) -> Result<LabelId, StorageError> {
        if let Some(label) = self.labels.get(name) {
            return Ok(*label);
        }
        let label = self.change.label(name)?;
        self.labels.insert(name.into(), label);
        Ok(label)
    }

    /// The node with this identifier, from this load or from before. Many threads may ask at the same time.
    pub fn node(&self, identifier: &str) -> Result<Option<NodeId>, StorageError> {
        match self.identifiers.get(identifier) {
            None if !self.stored.all_read => {
                self.stored.looked_up.fetch_add(1, Ordering::Relaxed);
                self.change.node_by_identifier(identifier)
            }
            known => Ok(known),
        }
    }

    /// Tells that these identifiers are about to be looked up by this thread: some dozens of them at a time are found
    /// several times faster so, as the memory that holds them is waited for once.
    pub fn expect_look_ups(&self, identifiers: &[&str]) {
        self.identifiers.expect(identifiers);
    }

    /// Call this now and then between look-ups: once there have been many, it reads all identifiers into memory, since
    /// finding so many one by one takes longer.
    pub fn prepare_look_ups(&mut self) -> Result<(), StorageError> {
        if self.stored.all_read || self.stored.looked_up.load(Ordering::Relaxed) * LOOK_UP_COST <= self.stored.count {
            return Ok(());
        }
        let identifiers = &mut self.identifiers;
        self.change.store().all(Family::Identifiers).for_each(|entry, value| {
            let node = NodeId::new(lookup::u32_value(Family::Identifiers, entry, value)?);
            identifiers.insert(&String::from_utf8_lossy(entry), node);
            Ok(())
        })?;
        self.stored.all_read = true;
        Ok(())
    }

    /// States an edge as a plain fact, with its properties; empty ones leave those that it has.
    pub fn add_edge(&mut self, edge: Edge, properties: &Properties) -> Result<(), StorageError> {
        self.add_edges(edge.relation, [(edge.source, edge.target)])?;
        if !properties.is_empty() {
            let edge = self.change.canonical(edge);
            self.properties.push(&self.staging, key::edge(edge).as_ref(), &record::encode(properties))?;
        }
        Ok(())
    }

    /// States edges of one type, each given by its source and target, as plain facts.
    pub fn add_edges(
        &mut self,
        relation: RelationTypeId,
        edges: impl IntoIterator<Item = (NodeId, NodeId)>,
    ) -> Result<(), StorageError> {
        let (change, next) = (&self.change, self.change.next_node());
        let symmetric = change.is_symmetric(relation);
        let mut unknown = None;
        let edges = edges.into_iter().map_while(|(source, target)| {
            unknown = [source, target].into_iter().find(|&end| end >= next);
            let edge = Edge { relation, source, target }.canonical(symmetric);
            unknown.is_none().then_some((edge.source, edge.target))
        });
        self.edges.extend(&self.staging, relation, edges, &|relation| change.is_symmetric(relation))?;
        unknown.map_or(Ok(()), |end| Err(StorageError::UnknownNode(end)))
    }

    /// Makes all of it true, at once.
    pub fn finish(mut self) -> Result<BulkSummary, StorageError> {
        // The identifiers have done their work; their memory is needed.
        self.identifiers = Identifiers::default();
        let (staging, change, memory) = (&self.staging, &self.change, self.options.memory_bytes);
        nodes::write_records(staging, Family::EdgeProperties, self.properties)?;
        let edges_changed = !self.edges.is_empty();
        let nodes = NodeWriter::new(staging, change.store(), self.first_new, memory / 4);
        let (nodes, edges) = rayon::join(
            || nodes.write(self.nodes),
            || {
                let edges = self.edges.finish(&|relation| change.is_symmetric(relation));
                let (facts, adjacency) = rayon::join(
                    || write_facts(staging, change, self.run, &edges, memory),
                    || write_adjacency(staging, change, &edges, memory),
                );
                adjacency.and(facts)
            },
        );
        nodes?;
        self.summary.edges = edges?;
        self.change.publish(self.staging, edges_changed)?;
        Ok(self.summary)
    }
}

/// Writes the edges as facts of the run; gives their number.
fn write_facts(
    staging: &Staging,
    change: &Change,
    run: RunId,
    edges: &SortedEdges,
    memory: usize,
) -> Result<u64, StorageError> {
    let mut facts = SetWriter::new(staging, Family::Facts, file_members(edges.members(&[List::Forward]), memory));
    let mut count = 0;
    for relation in edges.relations() {
        let prefix = key::facts_of_type(run, relation);
        facts.begin(prefix, Writing::to(change.store(), Family::Facts, prefix)?);
        edges.for_each(relation, List::Forward, |member| {
            count += 1;
            facts.push(member)
        })?;
    }
    facts.finish()?;
    Ok(count)
}

/// Writes the edges as seen from both ends.
fn write_adjacency(staging: &Staging, change: &Change, edges: &SortedEdges, memory: usize) -> Result<(), StorageError> {
    let members = edges.members(&[List::Forward, List::Back]);
    let mut adjacency = SetWriter::new(staging, Family::Adjacency, file_members(members, memory));
    for relation in edges.relations() {
        for &(list, side) in if change.is_symmetric(relation) { &SYMMETRIC[..] } else { &DIRECTED[..] } {
            let prefix = key::adjacency_side(relation, side);
            adjacency.begin(prefix, Writing::to(change.store(), Family::Adjacency, prefix)?);
            edges.for_each(relation, list, |member| adjacency.push(member))?;
        }
    }
    adjacency.finish()
}

/// Which list makes the sets of which side.
const DIRECTED: [(List, Side); 2] = [(List::Forward, Side::Out), (List::Back, Side::In)];
const SYMMETRIC: [(List, Side); 1] = [(List::Back, Side::Out)];

impl<S: AsRef<str>> BulkNode<'_, S> {
    fn check(&self) -> Result<(), StorageError> {
        check_name("the identifier", self.identifier)?;
        let names = std::iter::once(self.name).chain(self.synonyms.iter().map(AsRef::as_ref));
        names.filter(|name| !name.is_empty()).try_for_each(|name| check_name("the name", name))
    }

    /// The record of a node that knows only this.
    fn record(&self, labels: &[LabelId]) -> Vec<u8> {
        let given = Node {
            labels: labels.to_vec(),
            name: self.name.to_owned(),
            synonyms: self.synonyms.iter().map(|synonym| synonym.as_ref().to_owned()).collect(),
            identifiers: vec![self.identifier.to_owned()],
            properties: self.properties.clone(),
        };
        let mut node = Node::default();
        nodes::add(&mut node, given);
        record::encode(&node)
    }
}
