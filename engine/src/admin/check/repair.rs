//! Rebuilds what derives from other records: indexes from nodes and documents, adjacency from facts and evidence, counters
//! from the ids in use. Records that nothing else tells of are never touched.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use roaring::RoaringBitmap;

use crate::model::name::folded_names;
use crate::storage::counter::counter;
use crate::storage::counter::{Counters, EDGE_GENERATION};
use crate::storage::failure::{damaged, malformed};
use crate::storage::family::{Content, Family};
use crate::storage::key::{self, Fields, Key, Side};
use crate::storage::lookup;
use crate::storage::pages;
use crate::storage::record;
use crate::storage::snapshot::StoreSnapshot;
use crate::storage::store::Store;
use crate::storage::{directory, log, set};
use crate::{CheckReport, Document, Edge, LabelId, Mention, Node, NodeId, RelationTypeId, StorageError};

/// Where logs are kept that were found damaged.
const DAMAGED_LOGS: &str = "damaged-logs";

/// Entries written at once.
const ENTRIES_PENDING_MAX: usize = 100_000;

/// What [`crate::Graph::repair`] did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RepairReport {
    /// What was done, one line each. Empty: nothing had to be.
    pub actions: Vec<String>,
    /// What a check finds afterwards.
    pub check: CheckReport,
}

/// The entries that a family should have.
type Entries = BTreeMap<Vec<u8>, Vec<u8>>;

/// Computes from a snapshot what a family should hold.
type Derive = fn(&StoreSnapshot) -> Result<Entries, StorageError>;

/// The families that derive from others. The order is free: none derives from another one here.
const DERIVED: [(Family, Derive); 7] = [
    (Family::Labels, labels),
    (Family::Names, names),
    (Family::Identifiers, identifiers),
    (Family::DocumentIdentifiers, document_identifiers),
    (Family::Mentioned, mentioned),
    (Family::Adjacency, adjacency),
    (Family::Readings, readings),
];

/// Repairs the graph in a directory that nobody has open.
pub(crate) fn repair(graph_directory: &Path) -> Result<RepairReport, StorageError> {
    let found = directory::prepare(graph_directory, true)?;
    if found < directory::FORMAT_VERSION {
        return Err(StorageError::OlderFormat { path: graph_directory.to_owned(), found });
    }
    let mut actions = keep_damaged_logs(graph_directory)?;
    let mut store = Store::open_unverified(graph_directory)?;
    directory::note_writer(graph_directory);
    let repaired = repair_store(&mut store, &mut actions);
    directory::forget_writer(graph_directory);
    repaired?;
    let check = super::check(&store.snapshot())?;
    Ok(RepairReport { actions, check })
}

/// Copies damaged write-ahead logs aside, before RocksDB replays what is readable of them and deletes them.
fn keep_damaged_logs(graph_directory: &Path) -> Result<Vec<String>, StorageError> {
    let mut actions = Vec::new();
    for (path, damage) in log::damaged_logs(&directory::store(graph_directory))? {
        let name = path.file_name().unwrap_or_default();
        if path.extension().is_none_or(|extension| extension != "log") {
            return Err(StorageError::Damaged {
                place: format!("file {}, byte {}", path.display(), damage.offset),
                reason: format!("{}; this file lists all others, and cannot be made anew", damage.reason),
            });
        }
        let folder = graph_directory.join(DAMAGED_LOGS);
        let kept = folder.join(name);
        let copied = fs::create_dir_all(&folder).and_then(|()| fs::copy(&path, &kept));
        copied.map_err(|source| StorageError::File { path: kept.clone(), source })?;
        directory::sync(&folder)?;
        actions.push(format!(
            "write-ahead log {}: {} at byte {}; commits from there on are lost, and the log is kept as {}",
            name.display(),
            damage.reason,
            damage.offset,
            kept.display()
        ));
    }
    Ok(actions)
}

fn repair_store(store: &mut Store, actions: &mut Vec<String>) -> Result<(), StorageError> {
    let mut edges_changed = false;
    for (family, derive) in DERIVED {
        let derived = derive(&store.snapshot());
        match derived {
            Ok(expected) => {
                let action = mend(store, family, expected)?;
                edges_changed |= family == Family::Adjacency && action.is_some();
                actions.extend(action);
            }
            Err(error @ StorageError::Damaged { .. }) => {
                actions
                    .push(format!("{}: left as it is, since what it derives from is damaged: {error}", family.name()));
            }
            Err(error) => return Err(error),
        }
    }
    match mend_counters(store, edges_changed) {
        Ok(mended) => actions.extend(mended),
        Err(error @ StorageError::Damaged { .. }) => {
            actions.push(format!("counters: left as they are, since the ids in use cannot be read: {error}"));
        }
        Err(error) => return Err(error),
    }
    store.flush()
}

/// Makes a family hold what it should; says what was done, if anything was.
fn mend(store: &mut Store, family: Family, expected: Entries) -> Result<Option<String>, StorageError> {
    let count = expected.len();
    let (reason, edits) = match differences(&store.snapshot(), family, &expected) {
        Ok(edits) => (None, edits),
        Err(StorageError::Damaged { reason, .. }) => {
            (Some(reason), expected.into_iter().map(|(key, value)| (key, Some(value))).collect())
        }
        Err(error) => return Err(error),
    };
    if reason.is_some() {
        store.reset(family)?;
    }
    for piece in edits.chunks(ENTRIES_PENDING_MAX) {
        let mut batch = store.batch();
        for (key, value) in piece {
            match value {
                Some(value) => batch.put(family, key, value),
                None => batch.delete(family, key),
            }
        }
        store.write(batch, false)?;
    }
    Ok(match reason {
        Some(reason) => Some(format!("{}: unreadable ({reason}); made anew, with {count} entries", family.name())),
        None if edits.is_empty() => None,
        None => {
            let written = edits.iter().filter(|(_, value)| value.is_some()).count();
            let deleted = edits.len() - written;
            Some(format!("{}: {written} entries written and {deleted} deleted, of {count}", family.name()))
        }
    })
}

type Edits = Vec<(Vec<u8>, Option<Vec<u8>>)>;

/// What has to be written and deleted for a family to hold what it should.
fn differences(store: &StoreSnapshot, family: Family, expected: &Entries) -> Result<Edits, StorageError> {
    let mut edits = Vec::new();
    let mut missing = expected.iter().peekable();
    let wanted = |(key, value): (&Vec<u8>, &Vec<u8>)| (key.clone(), Some(value.clone()));
    store.all(family).for_each(|key, value| {
        while let Some(entry) = missing.next_if(|(wanted, _)| wanted.as_slice() < key) {
            edits.push(wanted(entry));
        }
        match missing.next_if(|(wanted, _)| wanted.as_slice() == key) {
            Some(entry) if !says_the_same(family, value, entry.1) => edits.push(wanted(entry)),
            Some(_) => {}
            None if is_empty_set(family, value) => {}
            None => edits.push((key.to_owned(), None)),
        }
        Ok(())
    })?;
    edits.extend(missing.map(wanted));
    Ok(edits)
}

fn says_the_same(family: Family, stored: &[u8], wanted: &[u8]) -> bool {
    match family.content() {
        Content::Plain => stored == wanted,
        Content::Sets => set::decode(stored).ok() == set::decode(wanted).ok(),
    }
}

fn is_empty_set(family: Family, stored: &[u8]) -> bool {
    family.content() == Content::Sets && set::decode(stored).is_ok_and(|members| members.is_empty())
}

/// Calls `visit` with the id and the record of each entry of a family whose key is one id.
fn for_each_record<R: record::Record>(
    store: &StoreSnapshot,
    family: Family,
    mut visit: impl FnMut(u32, R),
) -> Result<(), StorageError> {
    store.all(family).for_each(|key, value| {
        let id = Fields(key).u32().ok_or_else(|| malformed(family, key))?;
        visit(id, record::decode(value).map_err(|reason| damaged(family, key, reason))?);
        Ok(())
    })
}

/// The pages of sets, each set under its key.
fn page_entries<K: Ord>(sets: &BTreeMap<K, RoaringBitmap>, key: impl Fn(&K) -> Key) -> Entries {
    let mut entries = Entries::new();
    for (of, members) in sets {
        let mut pages: BTreeMap<u16, RoaringBitmap> = BTreeMap::new();
        for member in members {
            let page = key::page_of(member);
            pages.entry(page).or_default().insert(member - key::page_start(page));
        }
        let pages =
            pages.into_iter().map(|(page, members)| (key(of).page(page).as_ref().to_owned(), set::encode(&members)));
        entries.extend(pages);
    }
    entries
}

fn labels(store: &StoreSnapshot) -> Result<Entries, StorageError> {
    let mut sets: BTreeMap<LabelId, RoaringBitmap> = BTreeMap::new();
    for_each_record(store, Family::Nodes, |id, node: Node| {
        for label in node.labels {
            sets.entry(label).or_default().insert(id);
        }
    })?;
    Ok(page_entries(&sets, |label| key::label(*label)))
}

fn names(store: &StoreSnapshot) -> Result<Entries, StorageError> {
    let mut entries = Entries::new();
    for_each_record(store, Family::Nodes, |id, node: Node| {
        let names = folded_names(&node).into_iter();
        entries.extend(names.map(|(name, kind)| (key::name(&name, NodeId::new(id)), vec![kind])));
    })?;
    Ok(entries)
}

fn identifiers(store: &StoreSnapshot) -> Result<Entries, StorageError> {
    let mut entries = Entries::new();
    for_each_record(store, Family::Nodes, |id, node: Node| {
        entries.extend(node.identifiers.into_iter().map(|text| (text.into_bytes(), id.to_le_bytes().to_vec())));
    })?;
    Ok(entries)
}

fn document_identifiers(store: &StoreSnapshot) -> Result<Entries, StorageError> {
    let mut entries = Entries::new();
    for_each_record(store, Family::Documents, |id, document: Document| {
        entries.insert(document.identifier.into_bytes(), id.to_le_bytes().to_vec());
    })?;
    Ok(entries)
}

fn mentioned(store: &StoreSnapshot) -> Result<Entries, StorageError> {
    let mut sets: BTreeMap<NodeId, RoaringBitmap> = BTreeMap::new();
    for_each_record(store, Family::Mentions, |sentence, mentions: Vec<Mention>| {
        for mention in mentions {
            sets.entry(mention.node).or_default().insert(sentence);
        }
    })?;
    Ok(page_entries(&sets, |node| key::mentioned(*node)))
}

fn readings(store: &StoreSnapshot) -> Result<Entries, StorageError> {
    let mut entries = Entries::new();
    store.all(Family::Evidence).for_each(|key, _| {
        let (edge, sentence, run) = key::parse_evidence(key).ok_or_else(|| malformed(Family::Evidence, key))?;
        let key = key::reading(sentence, run, edge);
        entries.insert(key.as_ref().to_vec(), Vec::new());
        Ok(())
    })?;
    Ok(entries)
}

fn adjacency(store: &StoreSnapshot) -> Result<Entries, StorageError> {
    let catalog = lookup::catalog(store)?;
    let is_symmetric = |relation| catalog.relation_type(relation).is_some_and(|found| found.symmetric);
    let mut sets: BTreeMap<(RelationTypeId, Side, NodeId), RoaringBitmap> = BTreeMap::new();
    let mut insert = |edge: Edge| {
        let back = if is_symmetric(edge.relation) { Side::Out } else { Side::In };
        sets.entry((edge.relation, Side::Out, edge.source)).or_default().insert(edge.target.get());
        sets.entry((edge.relation, back, edge.target)).or_default().insert(edge.source.get());
    };
    store.all(Family::Facts).for_each(|key, value| {
        let (_, relation, source) = key::parse_facts(key).ok_or_else(|| malformed(Family::Facts, key))?;
        pages::for_each_member(Family::Facts, key, value, |target| {
            insert(Edge { relation, source, target: NodeId::new(target) });
        })
    })?;
    store.all(Family::Evidence).for_each(|key, _| {
        let edge = Fields(key).edge();
        insert(edge.ok_or_else(|| malformed(Family::Evidence, key))?);
        Ok(())
    })?;
    Ok(page_entries(&sets, |&(relation, side, node)| key::adjacency(relation, side, node)))
}

/// Raises counters that are at or below an id in use, or do not decode.
fn mend_counters(store: &mut Store, edges_changed: bool) -> Result<Vec<String>, StorageError> {
    let snapshot = store.snapshot();
    let mut used = Counters {
        nodes: one_past_the_last(&snapshot, Family::Nodes)?,
        documents: one_past_the_last(&snapshot, Family::Documents)?,
        sentences: one_past_the_last(&snapshot, Family::Sentences)?,
        runs: one_past_the_last(&snapshot, Family::Runs)?,
        edge_generation: 0,
    };
    let mut edits = Vec::new();
    for (name, least) in used.named() {
        let stored = counter(&snapshot, name);
        let mut counter = stored.as_ref().map_or(0, |&stored| stored.max(*least));
        if name == EDGE_GENERATION && edges_changed {
            counter += 1;
        } else if stored.is_err() {
            counter = *least;
        }
        if stored.ok() != Some(counter) {
            edits.push((name, counter));
        }
    }
    drop(snapshot);
    let mut batch = store.batch();
    for (name, counter) in &edits {
        batch.put(Family::Counters, name, counter.to_le_bytes());
    }
    store.write(batch, true)?;
    let told = edits.iter().filter(|(name, _)| *name != EDGE_GENERATION);
    Ok(told.map(|(name, counter)| format!("counter {name}: set to {counter}")).collect())
}

/// One more than the largest id of a family whose keys are ids.
fn one_past_the_last(store: &StoreSnapshot, family: Family) -> Result<u64, StorageError> {
    let mut next = 0;
    store.all(family).for_each(|key, _| {
        next = Fields(key).u32().map_or(next, |id| u64::from(id) + 1);
        Ok(())
    })?;
    Ok(next)
}
