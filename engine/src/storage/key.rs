//! Keys: fixed-width fields, big-endian, so that byte order is number order. One function for each kind of key.

use crate::{DocumentId, Edge, LabelId, NodeId, RelationTypeId, RunId, SentenceId};

/// How many ids one page of a set spans, as a power of two.
pub(crate) const PAGE_BITS: u32 = 20;

/// The page that an id is in.
pub(crate) const fn page_of(id: u32) -> u16 {
    (id >> PAGE_BITS) as u16
}

/// The first id of a page.
pub(crate) const fn page_start(page: u16) -> u32 {
    (page as u32) << PAGE_BITS
}

/// Which of the two adjacency sets of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Side {
    /// Targets of edges that start at the node; for a symmetric type, all its neighbours.
    Out,
    /// Sources of edges that end at the node.
    In,
}

impl Side {
    const fn byte(self) -> u8 {
        match self {
            Self::Out => 0,
            Self::In => 1,
        }
    }
}

/// Longest fixed-width key, that of evidence.
const LENGTH_MAX: usize = 18;

/// A key of fixed-width fields, on the stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    bytes: [u8; LENGTH_MAX],
    length: usize,
}

impl Key {
    const fn new() -> Self {
        Self { bytes: [0; LENGTH_MAX], length: 0 }
    }

    fn push(mut self, field: &[u8]) -> Self {
        self.bytes[self.length..self.length + field.len()].copy_from_slice(field);
        self.length += field.len();
        self
    }

    fn u8(self, value: u8) -> Self {
        self.push(&[value])
    }

    fn u16(self, value: u16) -> Self {
        self.push(&value.to_be_bytes())
    }

    fn u32(self, value: u32) -> Self {
        self.push(&value.to_be_bytes())
    }

    /// Appends a node: the last field but the page of the keys of sets that nodes have.
    pub(crate) fn node(self, node: u32) -> Self {
        self.u32(node)
    }

    /// Appends a page number: the last field of the key of a set.
    pub(crate) fn page(self, page: u16) -> Self {
        self.u16(page)
    }
}

impl AsRef<[u8]> for Key {
    fn as_ref(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

/// `catalog`: a label.
pub(crate) fn catalog_label(label: LabelId) -> Key {
    Key::new().u8(b'L').u16(label.get())
}

/// `catalog`: a relation type.
pub(crate) fn catalog_relation_type(relation: RelationTypeId) -> Key {
    Key::new().u8(b'R').u16(relation.get())
}

/// `nodes`.
pub(crate) fn node(node: NodeId) -> Key {
    Key::new().u32(node.get())
}

/// `names`: all nodes with this folded name, as a prefix.
pub(crate) fn name_prefix(folded: &str) -> Vec<u8> {
    let mut key = Vec::with_capacity(folded.len() + 5);
    key.extend_from_slice(folded.as_bytes());
    key.push(0);
    key
}

/// `names`: one entry.
pub(crate) fn name(folded: &str, node: NodeId) -> Vec<u8> {
    let mut key = name_prefix(folded);
    key.extend_from_slice(&node.get().to_be_bytes());
    key
}

/// `names`: the folded name and the node of an entry; `None` if the key is malformed.
pub(crate) fn parse_name(key: &[u8]) -> Option<(&str, NodeId)> {
    let (name, rest) = key.split_at_checked(key.len().checked_sub(5)?)?;
    let (separator, node) = rest.split_first()?;
    let node = NodeId::new(u32::from_be_bytes(node.try_into().ok()?));
    (*separator == 0).then_some((std::str::from_utf8(name).ok()?, node))
}

/// `labels`, without the page.
pub(crate) fn label(label: LabelId) -> Key {
    Key::new().u16(label.get())
}

/// `descriptions`: all of a node, as a prefix.
pub(crate) fn descriptions(node: NodeId) -> Key {
    Key::new().u32(node.get())
}

/// `descriptions`, without the page.
pub(crate) fn description(node: NodeId, kind: u8, text: &str) -> Vec<u8> {
    let mut key = Vec::with_capacity(text.len() + 8);
    key.extend_from_slice(descriptions(node).u8(kind).as_ref());
    key.extend_from_slice(text.as_bytes());
    key.push(0);
    key
}

/// `descriptions`: node, kind and text of an entry; `None` if the key is malformed.
pub(crate) fn parse_description(key: &[u8]) -> Option<(NodeId, u8, &str)> {
    let mut fields = Fields(key);
    let (node, kind) = (NodeId::new(fields.u32()?), fields.u8()?);
    let (text, rest) = fields.0.split_at_checked(fields.0.len().checked_sub(3)?)?;
    (rest[0] == 0).then_some((node, kind, std::str::from_utf8(text).ok()?))
}

/// `adjacency`: all sets of a type on one side, as a prefix.
pub(crate) fn adjacency_side(relation: RelationTypeId, side: Side) -> Key {
    Key::new().u16(relation.get()).u8(side.byte())
}

/// `adjacency`, without the page.
pub(crate) fn adjacency(relation: RelationTypeId, side: Side, node: NodeId) -> Key {
    adjacency_side(relation, side).u32(node.get())
}

/// `facts`: all facts of a type that a run states, as a prefix.
pub(crate) fn facts_of_type(run: RunId, relation: RelationTypeId) -> Key {
    Key::new().u32(run.get()).u16(relation.get())
}

/// `facts`, without the page.
pub(crate) fn facts(run: RunId, relation: RelationTypeId, source: NodeId) -> Key {
    facts_of_type(run, relation).u32(source.get())
}

/// `edge_properties` and `evidence`: all entries of a type, as a prefix.
pub(crate) fn edges_of_type(relation: RelationTypeId) -> Key {
    Key::new().u16(relation.get())
}

/// `edge_properties`; also the prefix of all `evidence` of an edge.
pub(crate) fn edge(edge: Edge) -> Key {
    edges_of_type(edge.relation).u32(edge.source.get()).u32(edge.target.get())
}

/// `documents`.
pub(crate) fn document(document: DocumentId) -> Key {
    Key::new().u32(document.get())
}

/// `sentences` and `mentions`.
pub(crate) fn sentence(sentence: SentenceId) -> Key {
    Key::new().u32(sentence.get())
}

/// `mentioned`, without the page.
pub(crate) fn mentioned(node: NodeId) -> Key {
    Key::new().u32(node.get())
}

/// `evidence`.
pub(crate) fn evidence(of: Edge, sentence: SentenceId, run: RunId) -> Key {
    edge(of).u32(sentence.get()).u32(run.get())
}

/// `readings`: everything that was read in a sentence, as a prefix.
pub(crate) fn readings(sentence: SentenceId) -> Key {
    Key::new().u32(sentence.get())
}

/// `readings`: one entry.
pub(crate) fn reading(sentence: SentenceId, run: RunId, of: Edge) -> Key {
    readings(sentence).u32(run.get()).u16(of.relation.get()).u32(of.source.get()).u32(of.target.get())
}

/// `readings`: the parts of an entry; `None` if the key is malformed.
pub(crate) fn parse_reading(key: &[u8]) -> Option<(SentenceId, RunId, Edge)> {
    let mut fields = Fields(key);
    let (sentence, run) = (SentenceId::new(fields.u32()?), RunId::new(fields.u32()?));
    Some((sentence, run, fields.edge()?))
}

/// `runs`; also `run_documents` without the page.
pub(crate) fn run(run: RunId) -> Key {
    Key::new().u32(run.get())
}

/// An input that a run has taken whole.
pub(crate) fn run_input(run: RunId, name: &str) -> Vec<u8> {
    let mut key = run.get().to_be_bytes().to_vec();
    key.extend_from_slice(name.as_bytes());
    key
}

/// Reads the fields of a key one after the other; each is `None` once the key is too short.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fields<'k>(pub(crate) &'k [u8]);

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (field, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*field)
    }

    /// The next field as one byte.
    pub(crate) fn u8(&mut self) -> Option<u8> {
        self.take::<1>().map(|[byte]| byte)
    }

    /// The next field as two bytes.
    pub(crate) fn u16(&mut self) -> Option<u16> {
        self.take().map(u16::from_be_bytes)
    }

    /// The next field as four bytes.
    pub(crate) fn u32(&mut self) -> Option<u32> {
        self.take().map(u32::from_be_bytes)
    }

    /// The next three fields as an edge.
    pub(crate) fn edge(&mut self) -> Option<Edge> {
        Some(Edge {
            relation: RelationTypeId::new(self.u16()?),
            source: NodeId::new(self.u32()?),
            target: NodeId::new(self.u32()?),
        })
    }
}

/// The type, side and node of the adjacency of a page's key.
pub(crate) fn parse_adjacency(key: &[u8]) -> Option<(RelationTypeId, Side, NodeId)> {
    let mut fields = Fields(key);
    let (relation, side, node) = (fields.u16()?, fields.u8()?, fields.u32()?);
    let side = [Side::Out, Side::In].into_iter().find(|known| known.byte() == side)?;
    Some((RelationTypeId::new(relation), side, NodeId::new(node)))
}

/// The run, type and source of the facts of a page's key.
pub(crate) fn parse_facts(key: &[u8]) -> Option<(RunId, RelationTypeId, NodeId)> {
    let mut fields = Fields(key);
    let (run, relation, source) = (fields.u32()?, fields.u16()?, fields.u32()?);
    Some((RunId::new(run), RelationTypeId::new(relation), NodeId::new(source)))
}

/// The edge, sentence and run of a piece of evidence's key.
pub(crate) fn parse_evidence(key: &[u8]) -> Option<(Edge, SentenceId, RunId)> {
    let mut fields = Fields(key);
    let (edge, sentence, run) = (fields.edge()?, fields.u32()?, fields.u32()?);
    Some((edge, SentenceId::new(sentence), RunId::new(run)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_order_is_number_order() {
        let numbers = [0, 1, 255, 256, 65_535, 65_536, u32::MAX];
        let keys: Vec<_> = numbers.iter().map(|&n| node(NodeId::new(n))).collect();
        assert!(keys.windows(2).all(|pair| pair[0].as_ref() < pair[1].as_ref()));
    }

    #[test]
    fn fields_read_what_keys_write() {
        let of = Edge { relation: RelationTypeId::new(7), source: NodeId::new(1 << 20), target: NodeId::new(3) };
        let key = evidence(of, SentenceId::new(9), RunId::new(2));
        let mut fields = Fields(key.as_ref());
        assert_eq!(fields.edge(), Some(of));
        assert_eq!((fields.u32(), fields.u32()), (Some(9), Some(2)));
        assert_eq!(fields.u8(), None);
        let key = reading(SentenceId::new(9), RunId::new(2), of);
        assert_eq!(parse_reading(key.as_ref()), Some((SentenceId::new(9), RunId::new(2), of)));
        let mut key = description(NodeId::new(0), 2, "a b");
        key.extend_from_slice(&[0, 1]);
        assert_eq!(parse_description(&key), Some((NodeId::new(0), 2, "a b")));
    }

    #[test]
    fn a_name_that_ends_in_digits_is_not_taken_for_an_id() {
        let key = name("il 2", NodeId::new(0x3132_3334));
        assert_eq!(parse_name(&key), Some(("il 2", NodeId::new(0x3132_3334))));
        assert_eq!(parse_name(b"abc"), None);
    }

    #[test]
    fn pages_split_and_join_ids() {
        for id in [0, 1, 0xF_FFFF, 0x10_0000, u32::MAX] {
            assert!(page_start(page_of(id)) <= id && id - page_start(page_of(id)) < 1 << PAGE_BITS);
        }
    }
}
