//! Writes the nodes of a load, and gathers what their indexes will hold.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::edges::Member;
use super::pieces::{Entries, FILE_ENTRIES, PieceWriter};
use super::records::RecordSorter;
use super::sets::{SetWriter, Writing};
use crate::model::name::folded_names;
use crate::storage::failure::damaged;
use crate::storage::family::Family;
use crate::storage::key;
use crate::storage::lookup;
use crate::storage::record;
use crate::storage::snapshot::StoreSnapshot;
use crate::storage::staging::Staging;
use crate::{LabelId, Node, NodeId, StorageError};

/// Rows of nodes worked on by one core at a time.
const CHUNK_ROWS: usize = FILE_ENTRIES / 4;

/// What a node's row adds to the node.
pub(super) fn add(node: &mut Node, given: Node) {
    for label in given.labels {
        if !node.labels.contains(&label) {
            node.labels.push(label);
        }
    }
    node.labels.sort_unstable();
    if node.name.is_empty() {
        node.name.clone_from(&given.name);
    }
    for name in std::iter::once(given.name).chain(given.synonyms) {
        if !name.is_empty() && node.name != name && !node.synonyms.contains(&name) {
            node.synonyms.push(name);
        }
    }
    if node.identifiers.is_empty() {
        node.identifiers = given.identifiers;
    }
    node.properties.extend(given.properties);
}

/// Rows in order of node, each as the record of a node that knows only what its row says.
#[derive(Default)]
struct Chunk {
    bytes: Vec<u8>,
    /// The node of each row, and where its record ends.
    rows: Vec<(NodeId, usize)>,
}

impl Chunk {
    /// Calls `visit` with each node and its records.
    fn for_each(
        &self,
        mut visit: impl FnMut(NodeId, &mut dyn Iterator<Item = &[u8]>) -> Result<(), StorageError>,
    ) -> Result<(), StorageError> {
        let mut start = 0;
        for rows in self.rows.chunk_by(|one, other| one.0 == other.0) {
            let mut records = rows.iter().map(|&(_, end)| &self.bytes[std::mem::replace(&mut start, end)..end]);
            visit(rows[0].0, &mut records)?;
        }
        Ok(())
    }
}

/// What leads to some nodes.
#[derive(Default)]
struct Leads {
    names: Vec<(Vec<u8>, u8)>,
    identifiers: Vec<(String, NodeId)>,
    labels: Vec<(LabelId, NodeId)>,
}

/// Writes the nodes of a load.
pub(super) struct NodeWriter<'w> {
    staging: &'w Staging,
    store: &'w StoreSnapshot,
    /// Nodes from this one on are new to the store.
    first_new: NodeId,
    names: RecordSorter,
    identifiers: RecordSorter,
    labels: BTreeMap<LabelId, Vec<Member>>,
}

impl<'w> NodeWriter<'w> {
    /// A writer that sorts in about this much memory.
    pub(super) fn new(staging: &'w Staging, store: &'w StoreSnapshot, first_new: NodeId, memory: usize) -> Self {
        let [names, identifiers] = [(); 2].map(|()| RecordSorter::new(memory / 2));
        Self { staging, store, first_new, names, identifiers, labels: BTreeMap::new() }
    }

    /// Writes nodes and what leads to them.
    pub(super) fn write(mut self, rows: RecordSorter) -> Result<(), StorageError> {
        let (mut chunk, mut chunks) = (Chunk::default(), Vec::new());
        rows.for_each(|entry, record| {
            let id = key::Fields(entry).u32().map(NodeId::new).expect("rows are pushed under the id of their node");
            if chunk.rows.len() >= CHUNK_ROWS && chunk.rows.last().is_none_or(|&(last, _)| last != id) {
                chunks.push(std::mem::take(&mut chunk));
                if chunks.len() >= 2 * rayon::current_num_threads() {
                    self.write_chunks(std::mem::take(&mut chunks))?;
                }
            }
            chunk.bytes.extend_from_slice(record);
            chunk.rows.push((id, chunk.bytes.len()));
            Ok(())
        })?;
        chunks.push(chunk);
        self.write_chunks(chunks)?;
        self.write_leads()
    }

    fn write_chunks(&mut self, chunks: Vec<Chunk>) -> Result<(), StorageError> {
        let leads = chunks.into_par_iter().map(|chunk| self.write_chunk(&chunk)).collect::<Result<Vec<_>, _>>()?;
        for Leads { names, identifiers, labels } in leads {
            for (name, kind) in names {
                self.names.push(self.staging, &name, &[kind])?;
            }
            for (identifier, node) in identifiers {
                self.identifiers.push(self.staging, identifier.as_bytes(), &node.get().to_le_bytes())?;
            }
            for (label, node) in labels {
                self.labels.entry(label).or_default().push(node.get().into());
            }
        }
        Ok(())
    }

    fn write_chunk(&self, chunk: &Chunk) -> Result<Leads, StorageError> {
        let (mut entries, mut leads) = (Entries::default(), Leads::default());
        chunk.for_each(|id, records| {
            let is_new = id >= self.first_new;
            let old = if is_new { None } else { lookup::node(self.store, id)? };
            let decode =
                |bytes| record::decode(bytes).map_err(|why| damaged(Family::Nodes, key::node(id).as_ref(), why));
            let first = records.next().unwrap_or_default();
            let given: Node = decode(first)?;
            let mut others = records.peekable();
            if is_new && others.peek().is_none() {
                // Nearly every node has one row, which is its record already.
                entries.push(key::node(id).as_ref(), first);
                leads.add(id, &Node::default(), given, is_new);
                return Ok(());
            }
            let mut node = old.clone().unwrap_or_default();
            add(&mut node, given);
            others.try_for_each(|bytes| decode(bytes).map(|given| add(&mut node, given)))?;
            if old.as_ref() != Some(&node) {
                entries.push(key::node(id).as_ref(), &record::encode(&node));
                leads.add(id, &old.unwrap_or_default(), node, is_new);
            }
            Ok(())
        })?;
        if entries.len() > 0 {
            self.staging.write(Family::Nodes, |file| super::pieces::Piece::write(&entries, file))?;
        }
        Ok(leads)
    }

    fn write_leads(self) -> Result<(), StorageError> {
        let (names, identifiers) = rayon::join(
            || write_records(self.staging, Family::Names, self.names),
            || write_records(self.staging, Family::Identifiers, self.identifiers),
        );
        names.and(identifiers)?;
        let mut sets = SetWriter::new(self.staging, Family::Labels, FILE_ENTRIES);
        for (label, members) in self.labels {
            let key = key::label(label);
            sets.begin_one(key, Writing::to(self.store, Family::Labels, key)?);
            members.into_iter().try_for_each(|member| sets.push(member))?;
        }
        sets.finish()
    }
}

impl Leads {
    fn add(&mut self, id: NodeId, old: &Node, new: Node, is_new: bool) {
        let names = folded_names(&new);
        self.names.extend(names.into_iter().map(|(name, kind)| (key::name(&name, id), kind)));
        let added = new.labels.into_iter().filter(|label| !old.labels.contains(label));
        self.labels.extend(added.map(|label| (label, id)));
        if is_new {
            self.identifiers.extend(new.identifiers.into_iter().map(|identifier| (identifier, id)));
        }
    }
}

/// Writes sorted records as values; of equal keys the last one counts.
pub(super) fn write_records(staging: &Staging, family: Family, records: RecordSorter) -> Result<(), StorageError> {
    let (mut pieces, mut entries) = (PieceWriter::new(staging, family), Entries::default());
    records.for_each(|key, value| {
        if entries.replace_last(key, value) {
            return Ok(());
        }
        if entries.len() >= FILE_ENTRIES {
            pieces.push(std::mem::take(&mut entries))?;
        }
        entries.push(key, value);
        Ok(())
    })?;
    if entries.len() > 0 {
        pieces.push(entries)?;
    }
    pieces.finish()
}
