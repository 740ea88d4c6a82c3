//! Questions answered from a snapshot of the store: keys and bytes on one side, nodes and edges on the other.

use roaring::RoaringBitmap;

use crate::storage::failure::{damaged, malformed};
use crate::storage::family::Family;
use crate::storage::key::{self, Fields, Key, Side};
use crate::storage::pages;
use crate::storage::record::{self, Reading, Record, SentenceText};
use crate::storage::snapshot::StoreSnapshot;
use crate::{
    Catalog, Direction, Document, DocumentId, Edge, Evidence, LabelId, Mention, Node, NodeId, Properties, RelationType,
    RelationTypeId, Run, RunId, Sentence, SentenceId, StorageError, Withdrawal,
};

/// The record of a key.
pub(crate) fn record<R: Record>(
    store: &StoreSnapshot,
    family: Family,
    key: impl AsRef<[u8]>,
) -> Result<Option<R>, StorageError> {
    let key = key.as_ref();
    let Some(bytes) = store.get(family, key)? else { return Ok(None) };
    record::decode(&bytes).map(Some).map_err(|reason| damaged(family, key, reason))
}

/// A value that is one `u32`.
pub(crate) fn u32_value(family: Family, key: &[u8], value: &[u8]) -> Result<u32, StorageError> {
    let bytes = value.try_into().map_err(|_| damaged(family, key, "the value should be four bytes"))?;
    Ok(u32::from_le_bytes(bytes))
}

fn u32_of(store: &StoreSnapshot, family: Family, key: &[u8]) -> Result<Option<u32>, StorageError> {
    store.get(family, key)?.map(|value| u32_value(family, key, &value)).transpose()
}

/// The whole set under a key, from all its pages.
pub(crate) fn set(store: &StoreSnapshot, family: Family, key: Key) -> Result<RoaringBitmap, StorageError> {
    let mut members = RoaringBitmap::new();
    store.look_up(family, key, |key, value| {
        pages::for_each_member(family, key, value, |member| {
            members.insert(member);
        })
    })?;
    Ok(members)
}

/// The catalog.
pub(crate) fn catalog(store: &StoreSnapshot) -> Result<Catalog, StorageError> {
    let mut catalog = Catalog::default();
    store.all(Family::Catalog).for_each(|key, value| {
        let wrong = |reason: &str| damaged(Family::Catalog, key, reason);
        let mut fields = Fields(key);
        let (kind, number) = (fields.u8(), fields.u16());
        let expected = match kind {
            Some(b'L') => {
                let name = record::decode::<String>(value).map_err(|reason| wrong(&reason))?;
                catalog.push_label(&name).get()
            }
            Some(b'R') => {
                let relation_type = record::decode::<RelationType>(value).map_err(|reason| wrong(&reason))?;
                catalog.push_relation_type(relation_type).get()
            }
            _ => return Err(wrong("the key should begin with L or R")),
        };
        if number == Some(expected) { Ok(()) } else { Err(wrong("a number is missing before this one")) }
    })?;
    Ok(catalog)
}

/// A node.
pub(crate) fn node(store: &StoreSnapshot, id: NodeId) -> Result<Option<Node>, StorageError> {
    record(store, Family::Nodes, key::node(id))
}

/// Whether a node exists.
pub(crate) fn node_exists(store: &StoreSnapshot, id: NodeId) -> Result<bool, StorageError> {
    Ok(store.get(Family::Nodes, key::node(id))?.is_some())
}

/// The node with an identifier.
pub(crate) fn node_by_identifier(store: &StoreSnapshot, identifier: &str) -> Result<Option<NodeId>, StorageError> {
    Ok(u32_of(store, Family::Identifiers, identifier.as_bytes())?.map(NodeId::new))
}

/// The nodes with a name or synonym that folds to this one.
pub(crate) fn nodes_by_folded_name(store: &StoreSnapshot, folded: &str) -> Result<Vec<NodeId>, StorageError> {
    let mut nodes = Vec::new();
    store.look_up(Family::Names, key::name_prefix(folded), |key, _| {
        let (_, node) = key::parse_name(key).ok_or_else(|| malformed(Family::Names, key))?;
        nodes.push(node);
        Ok(())
    })?;
    Ok(nodes)
}

/// All nodes.
pub(crate) fn nodes(store: &StoreSnapshot) -> Result<RoaringBitmap, StorageError> {
    let mut nodes = RoaringBitmap::new();
    store.all(Family::Nodes).for_each(|key, _| {
        let id = Fields(key).u32().ok_or_else(|| malformed(Family::Nodes, key))?;
        nodes.insert(id);
        Ok(())
    })?;
    Ok(nodes)
}

/// The nodes with a label.
pub(crate) fn nodes_with_label(store: &StoreSnapshot, label: LabelId) -> Result<RoaringBitmap, StorageError> {
    set(store, Family::Labels, key::label(label))
}

/// The sides of the adjacency of a type that a direction asks for.
pub(crate) fn sides(symmetric: bool, direction: Direction) -> &'static [Side] {
    match (symmetric, direction) {
        (true, _) | (false, Direction::Out) => &[Side::Out],
        (false, Direction::In) => &[Side::In],
        (false, Direction::Both) => &[Side::Out, Side::In],
    }
}

/// The nodes on one side of a node.
pub(crate) fn adjacent(
    store: &StoreSnapshot,
    relation: RelationTypeId,
    side: Side,
    node: NodeId,
) -> Result<RoaringBitmap, StorageError> {
    set(store, Family::Adjacency, key::adjacency(relation, side, node))
}

/// Whether an edge, in canonical form, exists.
pub(crate) fn has_edge(store: &StoreSnapshot, edge: Edge) -> Result<bool, StorageError> {
    let key = key::adjacency(edge.relation, Side::Out, edge.source);
    pages::contains(store, Family::Adjacency, key, edge.target.get())
}

/// The properties of an edge in canonical form.
pub(crate) fn edge_properties(store: &StoreSnapshot, edge: Edge) -> Result<Option<Properties>, StorageError> {
    record(store, Family::EdgeProperties, key::edge(edge))
}

/// Whether a run states an edge as a fact.
pub(crate) fn has_fact(store: &StoreSnapshot, run: RunId, edge: Edge) -> Result<bool, StorageError> {
    pages::contains(store, Family::Facts, key::facts(run, edge.relation, edge.source), edge.target.get())
}

/// What models read of an edge, in order of sentence and run.
pub(crate) fn readings(store: &StoreSnapshot, edge: Edge) -> Result<Vec<(SentenceId, RunId, Reading)>, StorageError> {
    let mut readings = Vec::new();
    store.prefix(Family::Evidence, key::edge(edge)).for_each(|key, value| {
        let (_, sentence, run) = key::parse_evidence(key).ok_or_else(|| malformed(Family::Evidence, key))?;
        let reading = record::decode(value).map_err(|reason| damaged(Family::Evidence, key, reason))?;
        readings.push((sentence, run, reading));
        Ok(())
    })?;
    Ok(readings)
}

/// A reading as evidence.
pub(crate) fn text_evidence((sentence, run, reading): (SentenceId, RunId, Reading)) -> Evidence {
    Evidence::Text { sentence, run, probability: reading.probability, probabilities: reading.probabilities }
}

/// A document.
pub(crate) fn document(store: &StoreSnapshot, id: DocumentId) -> Result<Option<Document>, StorageError> {
    record(store, Family::Documents, key::document(id))
}

/// The document with an identifier.
pub(crate) fn document_by_identifier(
    store: &StoreSnapshot,
    identifier: &str,
) -> Result<Option<DocumentId>, StorageError> {
    Ok(u32_of(store, Family::DocumentIdentifiers, identifier.as_bytes())?.map(DocumentId::new))
}

/// What the source of a document has said of it.
pub(crate) fn withdrawal(store: &StoreSnapshot, identifier: &str) -> Result<Option<Withdrawal>, StorageError> {
    record(store, Family::Withdrawals, identifier)
}

/// The mentions of a sentence.
pub(crate) fn mentions(store: &StoreSnapshot, id: SentenceId) -> Result<Vec<Mention>, StorageError> {
    Ok(record(store, Family::Mentions, key::sentence(id))?.unwrap_or_default())
}

/// A sentence with its mentions.
pub(crate) fn sentence(store: &StoreSnapshot, id: SentenceId) -> Result<Option<Sentence>, StorageError> {
    let text: Option<SentenceText> = record(store, Family::Sentences, key::sentence(id))?;
    let Some(SentenceText { document, start, text }) = text else { return Ok(None) };
    Ok(Some(Sentence { document, start, text, mentions: mentions(store, id)? }))
}

/// The document of a sentence that evidence refers to, so that it must exist.
pub(crate) fn document_of(sentence: Option<Sentence>, id: SentenceId) -> Result<DocumentId, StorageError> {
    let missing = || damaged(Family::Sentences, key::sentence(id).as_ref(), "evidence refers to it, but it is missing");
    sentence.map(|sentence| sentence.document).ok_or_else(missing)
}

/// A run.
pub(crate) fn run(store: &StoreSnapshot, id: RunId) -> Result<Option<Run>, StorageError> {
    record(store, Family::Runs, key::run(id))
}

/// All runs in order.
pub(crate) fn runs(store: &StoreSnapshot) -> Result<Vec<(RunId, Run)>, StorageError> {
    let mut runs = Vec::new();
    store.all(Family::Runs).for_each(|key, value| {
        let id = Fields(key).u32().ok_or_else(|| malformed(Family::Runs, key))?;
        let run = record::decode(value).map_err(|reason| damaged(Family::Runs, key, reason))?;
        runs.push((RunId::new(id), run));
        Ok(())
    })?;
    Ok(runs)
}
