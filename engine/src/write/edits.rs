//! Edits that are not yet true: kept in order, asked before the store, and written as one batch.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use roaring::RoaringBitmap;

use crate::storage::batch::Batch;
use crate::storage::family::Family;
use crate::storage::key::{self, Key, Side};
use crate::storage::record::{self, Reading, SentenceText};
use crate::storage::set::{self, Edit};
use crate::{
    Document, DocumentId, Edge, LabelId, Node, NodeId, NodeSet, Properties, PropertyValue, RelationTypeId, Run, RunId,
    Sentence, SentenceId, Withdrawal,
};

/// Edits to sets by their key.
pub(crate) type SetEdits<K> = BTreeMap<K, Edit>;

/// Replacements by key; `None` deletes.
pub(crate) type Replacements<K, V> = BTreeMap<K, Option<V>>;

/// What documents say of a node, by kind and text: how many of them say so.
pub(crate) type Descriptions = BTreeMap<(u8, String), u64>;

/// All that a change has edited so far.
#[derive(Debug, Default)]
pub(crate) struct Edits {
    pub(crate) nodes: Replacements<NodeId, Node>,
    pub(crate) identifiers: Replacements<String, NodeId>,
    /// By folded name and node: the kind of name.
    pub(crate) names: Replacements<(String, NodeId), u8>,
    pub(crate) labels: SetEdits<LabelId>,
    pub(crate) adjacency: SetEdits<(RelationTypeId, Side, NodeId)>,
    pub(crate) facts: SetEdits<(RunId, RelationTypeId, NodeId)>,
    pub(crate) edge_properties: Replacements<Edge, Properties>,
    pub(crate) evidence: Replacements<(Edge, SentenceId, RunId), Reading>,
    /// The keys of `evidence` by sentence, and whether it is there.
    pub(crate) readings: BTreeMap<(SentenceId, RunId, Edge), bool>,
    /// By node, kind and text: the documents that describe the node so.
    pub(crate) descriptions: SetEdits<(NodeId, u8, String)>,
    /// What documents say of the nodes that were described or undescribed; nothing that is written.
    pub(crate) described: BTreeMap<NodeId, Descriptions>,
    pub(crate) documents: Replacements<DocumentId, Document>,
    /// Documents of which nothing but the version has changed; nothing that is written.
    pub(crate) renumbered: BTreeSet<DocumentId>,
    pub(crate) document_identifiers: Replacements<String, DocumentId>,
    pub(crate) withdrawals: Replacements<String, Withdrawal>,
    pub(crate) sentences: Replacements<SentenceId, Sentence>,
    pub(crate) mentioned: SetEdits<NodeId>,
    pub(crate) runs: Replacements<RunId, Run>,
    pub(crate) run_documents: SetEdits<RunId>,
    /// Names of inputs that runs have taken whole; `None` forgets one.
    pub(crate) run_inputs: Replacements<(RunId, String), ()>,
    /// What the texts and properties of all these take, as far as they were noted.
    content_bytes: u64,
}

/// About how many bytes an edit of a record takes beside its texts and properties, with its place in a map and its share of
/// the batch that it is written by.
const RECORD_BYTES: u64 = 320;

/// About how many bytes an edit of a set takes, with one member.
const SET_BYTES: u64 = 360;

/// About how many bytes a map of a few properties takes beside its texts.
const PROPERTIES_BYTES: u64 = 700;

/// About how many bytes properties take.
pub(crate) fn bytes_of(properties: &Properties) -> u64 {
    fn of_value(value: &PropertyValue) -> u64 {
        match value {
            PropertyValue::Boolean(_) | PropertyValue::Integer(_) | PropertyValue::Float(_) => 8,
            PropertyValue::Text(text) => text.len() as u64,
            // With the name of a zone.
            PropertyValue::Temporal(_) => 64,
            PropertyValue::List(values) => values.iter().map(|value| 32 + of_value(value)).sum(),
        }
    }
    let texts: u64 = properties.iter().map(|(key, value)| key.len() as u64 + of_value(value)).sum();
    if properties.is_empty() { 0 } else { PROPERTIES_BYTES * properties.len().div_ceil(11) as u64 + 2 * texts }
}

/// Adds a member to a set.
pub(crate) fn insert<K: Ord>(edits: &mut SetEdits<K>, key: K, member: u32) {
    let edit = edits.entry(key).or_default();
    edit.removed.remove(member);
    edit.added.insert(member);
}

/// Takes a member from a set.
pub(crate) fn remove<K: Ord>(edits: &mut SetEdits<K>, key: K, member: u32) {
    let edit = edits.entry(key).or_default();
    edit.added.remove(member);
    edit.removed.insert(member);
}

/// Takes members from a set.
pub(crate) fn remove_all<K: Ord>(edits: &mut SetEdits<K>, key: K, members: RoaringBitmap) {
    let edit = edits.entry(key).or_default();
    edit.added -= &members;
    edit.removed |= members;
}

/// Whether the edits say that a set holds a member; `None` if they say nothing.
pub(crate) fn contains<K: Ord>(edits: &SetEdits<K>, key: &K, member: u32) -> Option<bool> {
    let edit = edits.get(key)?;
    if edit.added.contains(member) { Some(true) } else { edit.removed.contains(member).then_some(false) }
}

/// What the edits make of a set.
pub(crate) fn apply<K: Ord>(edits: &SetEdits<K>, key: &K, mut members: RoaringBitmap) -> RoaringBitmap {
    if let Some(edit) = edits.get(key) {
        edit.apply(&mut members);
    }
    members
}

impl Edits {
    /// Whether a node or a label of one is written.
    pub(crate) fn touches_nodes(&self) -> bool {
        !self.nodes.is_empty() || !self.labels.is_empty()
    }

    /// Makes of the nodes with a label, or of all nodes, before the edits those after them. A set that somebody else holds is
    /// copied first.
    pub(crate) fn apply_to(&self, label: Option<LabelId>, nodes: &mut Arc<NodeSet>) {
        match label {
            None => self.apply_to_nodes(nodes),
            Some(label) => self.apply_to_label(label, nodes),
        }
    }

    fn apply_to_nodes(&self, nodes: &mut Arc<NodeSet>) {
        for (&id, edited) in &self.nodes {
            if edited.is_some() != nodes.contains(id) {
                let nodes = Arc::make_mut(nodes);
                if edited.is_some() {
                    nodes.insert(id)
                } else {
                    nodes.remove(id)
                };
            }
        }
    }

    fn apply_to_label(&self, label: LabelId, nodes: &mut Arc<NodeSet>) {
        let Some(edit) = self.labels.get(&label) else { return };
        let nodes = Arc::make_mut(nodes);
        nodes.union_with(&edit.added.clone().into());
        nodes.subtract(&edit.removed.clone().into());
    }

    /// Notes that further texts or properties are held.
    pub(crate) fn note_content(&mut self, bytes: u64) {
        self.content_bytes += bytes;
    }

    /// About how many bytes all of them take until they are written.
    pub(crate) fn memory_bytes(&self) -> u64 {
        let records = self.nodes.len()
            + self.identifiers.len()
            + self.names.len()
            + self.edge_properties.len()
            + self.evidence.len()
            + self.readings.len()
            + self.documents.len()
            + self.document_identifiers.len()
            + self.sentences.len();
        let sets = self.labels.len()
            + self.adjacency.len()
            + self.facts.len()
            + self.descriptions.len()
            + self.mentioned.len()
            + self.run_documents.len();
        RECORD_BYTES * records as u64 + SET_BYTES * sets as u64 + self.content_bytes
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0 && self.described.is_empty()
    }

    /// Whether some edge comes, goes, or gets other evidence.
    pub(crate) fn change_edges(&self) -> bool {
        !self.adjacency.is_empty() || !self.facts.is_empty() || !self.evidence.is_empty()
    }

    /// Those edges, in canonical form.
    pub(crate) fn changed_edges(&self, symmetric: impl Fn(RelationTypeId) -> bool) -> Vec<Edge> {
        let mut edges: Vec<Edge> = self.evidence.keys().map(|(edge, ..)| *edge).collect();
        // An edge stands in the set of its source, whatever other sets it stands in.
        let adjacency = self.adjacency.iter().filter(|((_, side, _), _)| *side == Side::Out);
        let adjacency = adjacency.map(|(&(relation, _, source), edit)| (relation, source, edit));
        let facts = self.facts.iter().map(|(&(_, relation, source), edit)| (relation, source, edit));
        for (relation, source, edit) in adjacency.chain(facts) {
            let targets = edit.added.iter().chain(&edit.removed).map(NodeId::new);
            edges.extend(targets.map(|target| Edge { relation, source, target }.canonical(symmetric(relation))));
        }
        edges.sort_unstable();
        edges.dedup();
        edges
    }

    /// About how many there are: those of which a large retraction has many.
    pub(crate) fn len(&self) -> usize {
        self.evidence.len() + self.sentences.len() + self.adjacency.len() + self.facts.len() + self.descriptions.len()
    }

    /// Writes everything into a batch.
    pub(crate) fn write(&self, batch: &mut Batch<'_>) {
        self.write_nodes(batch);
        self.write_edges(batch);
        self.write_texts(batch);
    }

    fn write_nodes(&self, batch: &mut Batch<'_>) {
        replace(batch, Family::Nodes, &self.nodes, |id| key::node(*id), record::encode);
        replace(batch, Family::Identifiers, &self.identifiers, String::clone, |node| node.get().to_le_bytes());
        replace(batch, Family::Names, &self.names, |(name, node)| key::name(name, *node), |kind| [*kind]);
        merge(batch, Family::Labels, &self.labels, |label| key::label(*label));
        for ((node, kind, text), edit) in &self.descriptions {
            for (page, part) in pages(edit) {
                let mut key = key::description(*node, *kind, text);
                key.extend_from_slice(&page.to_be_bytes());
                batch.merge(Family::Descriptions, key, set::encode_edit(&part.removed, &part.added));
            }
        }
    }

    fn write_edges(&self, batch: &mut Batch<'_>) {
        merge(batch, Family::Adjacency, &self.adjacency, |&(relation, side, node)| {
            key::adjacency(relation, side, node)
        });
        merge(batch, Family::Facts, &self.facts, |&(run, relation, source)| key::facts(run, relation, source));
        replace(batch, Family::EdgeProperties, &self.edge_properties, |edge| key::edge(*edge), record::encode);
        replace(
            batch,
            Family::Evidence,
            &self.evidence,
            |&(edge, sentence, run)| key::evidence(edge, sentence, run),
            record::encode,
        );
        for (&(sentence, run, edge), there) in &self.readings {
            let key = key::reading(sentence, run, edge);
            if *there { batch.put(Family::Readings, key, []) } else { batch.delete(Family::Readings, key) }
        }
    }

    fn write_texts(&self, batch: &mut Batch<'_>) {
        replace(batch, Family::Documents, &self.documents, |id| key::document(*id), record::encode);
        replace(batch, Family::DocumentIdentifiers, &self.document_identifiers, String::clone, |id| {
            id.get().to_le_bytes()
        });
        replace(batch, Family::Withdrawals, &self.withdrawals, String::clone, record::encode);
        for (id, sentence) in &self.sentences {
            let Some(sentence) = sentence else {
                batch.delete(Family::Sentences, key::sentence(*id));
                batch.delete(Family::Mentions, key::sentence(*id));
                continue;
            };
            let text = SentenceText { document: sentence.document, start: sentence.start, text: sentence.text.clone() };
            batch.put(Family::Sentences, key::sentence(*id), record::encode(&text));
            batch.put(Family::Mentions, key::sentence(*id), record::encode(&sentence.mentions));
        }
        merge(batch, Family::Mentioned, &self.mentioned, |node| key::mentioned(*node));
        replace(batch, Family::Runs, &self.runs, |id| key::run(*id), record::encode);
        merge(batch, Family::RunDocuments, &self.run_documents, |run| key::run(*run));
        replace(batch, Family::RunInputs, &self.run_inputs, |(run, name)| key::run_input(*run, name), |_| [0_u8; 0]);
    }
}

fn replace<K, V, B: AsRef<[u8]>, E: AsRef<[u8]>>(
    batch: &mut Batch<'_>,
    family: Family,
    replacements: &Replacements<K, V>,
    key: impl Fn(&K) -> B,
    encode: impl Fn(&V) -> E,
) {
    for (id, value) in replacements {
        match value {
            Some(value) => batch.put(family, key(id), encode(value)),
            None => batch.delete(family, key(id)),
        }
    }
}

fn merge<K>(batch: &mut Batch<'_>, family: Family, edits: &SetEdits<K>, key: impl Fn(&K) -> Key) {
    for (id, edit) in edits {
        for (page, part) in pages(edit) {
            batch.merge(family, key(id).page(page), set::encode_edit(&part.removed, &part.added));
        }
    }
}

/// An edit cut into those of its pages, members as offsets.
fn pages(edit: &Edit) -> BTreeMap<u16, Edit> {
    let mut pages: BTreeMap<u16, Edit> = BTreeMap::new();
    for member in &edit.removed {
        let page = key::page_of(member);
        pages.entry(page).or_default().removed.insert(member - key::page_start(page));
    }
    for member in &edit.added {
        let page = key::page_of(member);
        pages.entry(page).or_default().added.insert(member - key::page_start(page));
    }
    pages
}
