//! One moment of the graph, for reading.

use std::any::Any;
use std::sync::Arc;

use tempfile::TempDir;

use crate::model::name::fold;
use crate::read::shared::Shared;
use crate::storage::counter::{EDGE_GENERATION, NEXT_NODE, counter};
use crate::storage::failure::malformed;
use crate::storage::family::Family;
use crate::storage::key::{self, Side};
use crate::storage::lookup;
use crate::storage::pages;
use crate::storage::snapshot::StoreSnapshot;
use crate::walk::topology;
use crate::{
    Budget, Catalog, Direction, Document, DocumentId, DocumentSet, Edge, EdgeFilter, Evidence, EvidenceTable, LabelId,
    Node, NodeId, NodeSet, Properties, RelationTypeId, Run, RunId, RunKind, Sentence, SentenceId, Statistics,
    StorageError, Topology, TopologyKey, View, Withdrawal, confidence,
};

/// One moment of the graph, for reading; see [`View`] for the questions it answers.
///
/// A handle: a clone is the same moment. It keeps the graph open, and while it lives the disk keeps what later commits
/// replace.
#[derive(Clone, Debug)]
pub struct Snapshot(Arc<Moment>);

#[derive(Debug)]
struct Moment {
    store: StoreSnapshot,
    catalog: Arc<Catalog>,
    shared: Arc<Shared>,
    edge_generation: u64,
    /// The folder of a graph that goes away with its last handle, which is after the store: fields are dropped in order.
    _folder: Option<Arc<TempDir>>,
}

impl Snapshot {
    pub(crate) fn new(
        store: StoreSnapshot,
        catalog: Arc<Catalog>,
        shared: &Arc<Shared>,
        folder: Option<&Arc<TempDir>>,
    ) -> Result<Self, StorageError> {
        let edge_generation = counter(&store, EDGE_GENERATION)?;
        let (shared, _folder) = (Arc::clone(shared), folder.map(Arc::clone));
        Ok(Self(Arc::new(Moment { store, catalog, shared, edge_generation, _folder })))
    }

    pub(crate) fn store(&self) -> &StoreSnapshot {
        &self.0.store
    }

    /// The shape of the graph under these types and this direction. Decoded once, then kept current with what commits
    /// write, and shared; the budget is asked only while it is decoded.
    pub fn topology(&self, key: &TopologyKey, budget: &Budget) -> Result<Arc<Topology>, StorageError> {
        self.0.shared.topologies.get(key, self.moment(), budget)
    }

    /// The edges under these types and this direction that walks of at most so many hops from some nodes can take, or more
    /// of them: for questions about the neighbourhood of few nodes, which walk in it as in the whole graph. If that is not in
    /// memory, only the pages of these edges are read, unless decoding everything once is cheaper.
    pub fn topology_around(
        &self,
        key: &TopologyKey,
        starts: &NodeSet,
        hops: u32,
        budget: &Budget,
    ) -> Result<Arc<Topology>, StorageError> {
        self.0.shared.topologies.get_around(key, starts, hops, self.moment(), budget)
    }

    /// About how many questions about the neighbours of single nodes the store answers in the time that it takes to decode all
    /// edges: with fewer, it should be asked.
    pub fn questions_worth_decoding(&self) -> u32 {
        /// Bytes of edges that are decoded in the time of one question.
        const BYTES_A_QUESTION: u64 = 128;
        let questions = self.store().approximate_bytes(Family::Adjacency) / BYTES_A_QUESTION;
        u32::try_from(questions).unwrap_or(u32::MAX).max(64)
    }

    /// The shape of the graph under these types and this direction if it is in memory already, as somebody who asked
    /// [`Snapshot::topology`] left it; never decodes anything. For few questions, which the store answers otherwise.
    pub fn known_topology(&self, key: &TopologyKey) -> Option<Arc<Topology>> {
        self.0.shared.topologies.known(key, self.0.edge_generation)
    }

    /// The shape of the graph under these types and this direction, with only those edges that the filter lets through.
    /// Made in one pass over what is in memory, once all evidence has been read, and kept until the next commit.
    pub fn topology_where(
        &self,
        key: &TopologyKey,
        filter: &EdgeFilter,
        budget: &Budget,
    ) -> Result<Arc<Topology>, StorageError> {
        self.0.shared.topologies.get_limited(key, filter, self.moment(), budget)
    }

    /// The evidence of all edges in memory, for whoever asks for many confidences. Read once in one pass, then kept
    /// current.
    pub fn evidence_table(&self, budget: &Budget) -> Result<Arc<EvidenceTable>, StorageError> {
        self.0.shared.topologies.evidence(self.moment(), budget)
    }

    /// The topology as the store alone gives it.
    #[cfg(test)]
    pub(crate) fn decode(&self, key: &TopologyKey) -> Topology {
        Topology::read(self.store(), &self.0.catalog, key, &Budget::unlimited()).unwrap()
    }

    fn moment(&self) -> topology::Moment<'_> {
        topology::Moment { store: self.store(), catalog: &self.0.catalog, generation: self.0.edge_generation }
    }

    /// All nodes. Read once for each state of the graph, then shared.
    pub fn shared_nodes(&self) -> Result<Arc<NodeSet>, StorageError> {
        let read = || lookup::nodes(self.store()).map(NodeSet::from);
        self.0.shared.node_sets.get_or_read(None, self.store().sequence(), read)
    }

    /// The nodes with this label. Read once for each state of the graph, then shared.
    pub fn shared_nodes_with_label(&self, label: LabelId) -> Result<Arc<NodeSet>, StorageError> {
        let read = || lookup::nodes_with_label(self.store(), label).map(NodeSet::from);
        self.0.shared.node_sets.get_or_read(Some(label), self.store().sequence(), read)
    }

    /// What somebody has kept of the nodes of this moment under this name with [`Snapshot::keep`].
    pub fn kept<T: Any + Send + Sync>(&self, name: &str) -> Option<Arc<T>> {
        self.0.shared.kept.get(name, self.store().sequence())?.downcast().ok()
    }

    /// Keeps what was computed from the nodes and labels of this moment, for whoever asks for it by this name until they
    /// change. All that is kept takes a bounded number of bytes, so that it may be gone sooner.
    pub fn keep<T: Any + Send + Sync>(&self, name: &str, value: Arc<T>, bytes: u64) {
        self.0.shared.kept.put(name, self.store().sequence(), value, bytes);
    }

    /// One more than the largest number that a node ever had.
    pub fn node_bound(&self) -> Result<u64, StorageError> {
        counter(self.store(), NEXT_NODE)
    }

    /// Up to `limit` names and synonyms that begin with this text, ignoring case, then identifiers that begin with it
    /// letter for letter; each group in alphabetical order, each with a node that has it.
    pub fn names_with_prefix(&self, prefix: &str, limit: usize) -> Result<Vec<(String, NodeId)>, StorageError> {
        let mut found = Vec::new();
        let folded = fold(prefix);
        let mut entries = self.store().prefix(Family::Names, &folded);
        while found.len() < limit {
            let Some((entry, _)) = entries.entry()? else { break };
            let (name, node) = key::parse_name(entry).ok_or_else(|| malformed(Family::Names, entry))?;
            found.push((self.spelling(name, node)?, node));
            entries.advance();
        }
        let mut entries = self.store().prefix(Family::Identifiers, prefix);
        while found.len() < limit {
            let Some((identifier, value)) = entries.entry()? else { break };
            let node = NodeId::new(lookup::u32_value(Family::Identifiers, identifier, value)?);
            found.push((String::from_utf8_lossy(identifier).into_owned(), node));
            entries.advance();
        }
        Ok(found)
    }

    /// How the node itself spells a folded name.
    fn spelling(&self, folded: &str, node: NodeId) -> Result<String, StorageError> {
        let node = lookup::node(self.store(), node)?.unwrap_or_default();
        let mut names = std::iter::once(node.name).chain(node.synonyms);
        Ok(names.find(|name| fold(name) == folded).unwrap_or_else(|| folded.to_owned()))
    }

    /// The documents that this run has finished with. To ask about many, keep this.
    pub fn documents_of_run(&self, run: RunId) -> Result<DocumentSet, StorageError> {
        lookup::set(self.store(), Family::RunDocuments, key::run(run)).map(DocumentSet::from)
    }

    /// Whether this run has finished with this document. Takes time in the number of documents near it.
    pub fn run_has_document(&self, run: RunId, document: DocumentId) -> Result<bool, StorageError> {
        pages::contains(self.store(), Family::RunDocuments, key::run(run), document.get())
    }

    /// Whether this run has taken the input of this name whole; see [`crate::Change::note_input`].
    pub fn has_input(&self, run: RunId, name: &str) -> Result<bool, StorageError> {
        Ok(self.store().get(Family::RunInputs, key::run_input(run, name))?.is_some())
    }

    /// The sentences that mention this node, in order.
    pub fn sentences_mentioning(&self, node: NodeId) -> Result<Vec<SentenceId>, StorageError> {
        let sentences = lookup::set(self.store(), Family::Mentioned, key::mentioned(node))?;
        Ok(sentences.iter().map(SentenceId::new).collect())
    }

    /// All documents in order.
    pub fn documents(&self) -> Result<Vec<(DocumentId, Document)>, StorageError> {
        let next = counter(self.store(), "next.document")?;
        let ids = (0..u32::try_from(next).unwrap_or(u32::MAX)).map(DocumentId::new);
        let found = ids.map(|id| Ok(lookup::document(self.store(), id)?.map(|document| (id, document))));
        found.filter_map(Result::transpose).collect()
    }

    /// All runs in order.
    pub fn runs(&self) -> Result<Vec<(RunId, Run)>, StorageError> {
        lookup::runs(self.store())
    }

    /// Counts of everything. Takes time in the size of the graph.
    pub fn statistics(&self) -> Result<Statistics, StorageError> {
        let mut statistics = Statistics { nodes: lookup::nodes(self.store())?.len(), ..Statistics::default() };
        for (label, name) in self.0.catalog.labels() {
            let count = lookup::nodes_with_label(self.store(), label)?.len();
            statistics.nodes_by_label.insert(name.to_owned(), count);
        }
        for (relation, relation_type) in self.0.catalog.relation_types() {
            let count = self.count_edges(relation, relation_type.symmetric)?;
            statistics.edges_by_type.insert(relation_type.name.clone(), count);
        }
        statistics.edges = statistics.edges_by_type.values().sum();
        statistics.documents = self.count(Family::Documents)?;
        statistics.sentences = self.count(Family::Sentences)?;
        statistics.evidence = self.count(Family::Evidence)?;
        statistics.runs = self.count(Family::Runs)?;
        Ok(statistics)
    }

    fn count(&self, family: Family) -> Result<u64, StorageError> {
        let mut count = 0;
        self.store().all(family).for_each(|_, _| {
            count += 1;
            Ok(())
        })?;
        Ok(count)
    }

    /// Edges of a type; one of a symmetric type stands at both ends, and is counted at its smaller one.
    fn count_edges(&self, relation: RelationTypeId, symmetric: bool) -> Result<u64, StorageError> {
        let mut count = 0;
        let entries = self.store().prefix(Family::Adjacency, key::adjacency_side(relation, Side::Out));
        entries.for_each(|entry, value| {
            let (_, _, node) = key::parse_adjacency(entry).ok_or_else(|| malformed(Family::Adjacency, entry))?;
            pages::for_each_member(Family::Adjacency, entry, value, |member| {
                count += u64::from(!symmetric || member >= node.get());
            })
        })?;
        Ok(count)
    }

    fn canonical(&self, edge: Edge) -> Edge {
        edge.canonical(self.0.catalog.relation_type(edge.relation).is_some_and(|found| found.symmetric))
    }
}

impl View for Snapshot {
    fn catalog(&self) -> &Catalog {
        &self.0.catalog
    }

    fn node(&self, id: NodeId) -> Result<Option<Node>, StorageError> {
        lookup::node(self.store(), id)
    }

    fn node_by_identifier(&self, identifier: &str) -> Result<Option<NodeId>, StorageError> {
        lookup::node_by_identifier(self.store(), identifier)
    }

    fn nodes_by_name(&self, name: &str) -> Result<Vec<NodeId>, StorageError> {
        lookup::nodes_by_folded_name(self.store(), &fold(name))
    }

    fn nodes(&self) -> Result<NodeSet, StorageError> {
        self.shared_nodes().map(Arc::unwrap_or_clone)
    }

    fn nodes_with_label(&self, label: LabelId) -> Result<NodeSet, StorageError> {
        self.shared_nodes_with_label(label).map(Arc::unwrap_or_clone)
    }

    fn neighbors(&self, node: NodeId, relation: RelationTypeId, direction: Direction) -> Result<NodeSet, StorageError> {
        let Some(relation_type) = self.0.catalog.relation_type(relation) else { return Ok(NodeSet::new()) };
        let mut found = NodeSet::new();
        for &side in lookup::sides(relation_type.symmetric, direction) {
            found.union_with(&lookup::adjacent(self.store(), relation, side, node)?.into());
        }
        Ok(found)
    }

    fn has_edge(&self, edge: Edge) -> Result<bool, StorageError> {
        lookup::has_edge(self.store(), self.canonical(edge))
    }

    fn edge_properties(&self, edge: Edge) -> Result<Properties, StorageError> {
        Ok(lookup::edge_properties(self.store(), self.canonical(edge))?.unwrap_or_default())
    }

    fn evidence(&self, edge: Edge) -> Result<Vec<Evidence>, StorageError> {
        let edge = self.canonical(edge);
        let mut evidence = Vec::new();
        for (run, record) in lookup::runs(self.store())? {
            if !matches!(record.kind, RunKind::Model { .. }) && lookup::has_fact(self.store(), run, edge)? {
                evidence.push(Evidence::Fact { run });
            }
        }
        evidence.extend(lookup::readings(self.store(), edge)?.into_iter().map(lookup::text_evidence));
        Ok(evidence)
    }

    fn confidence(&self, edge: Edge) -> Result<f64, StorageError> {
        confidence(&self.evidence(edge)?, |id| lookup::document_of(lookup::sentence(self.store(), id)?, id))
    }

    fn document(&self, id: DocumentId) -> Result<Option<Document>, StorageError> {
        lookup::document(self.store(), id)
    }

    fn document_by_identifier(&self, identifier: &str) -> Result<Option<DocumentId>, StorageError> {
        lookup::document_by_identifier(self.store(), identifier)
    }

    fn withdrawal(&self, identifier: &str) -> Result<Option<Withdrawal>, StorageError> {
        lookup::withdrawal(self.store(), identifier)
    }

    fn sentence(&self, id: SentenceId) -> Result<Option<Sentence>, StorageError> {
        lookup::sentence(self.store(), id)
    }

    fn run(&self, id: RunId) -> Result<Option<Run>, StorageError> {
        lookup::run(self.store(), id)
    }
}
