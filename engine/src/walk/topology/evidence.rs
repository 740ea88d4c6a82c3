//! The evidence of all edges in memory, read in one pass, so that walks can be limited by it without asking the store.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::edge_filter::EdgeFilter;
use super::moment::Moment;
use crate::storage::failure::{damaged, malformed};
use crate::storage::family::Family;
use crate::storage::key::{self, Fields};
use crate::storage::lookup;
use crate::storage::pages;
use crate::storage::record::{self, Reading};
use crate::storage::snapshot::StoreSnapshot;
use crate::{
    Budget, Charge, Document, DocumentId, Edge, Evidence, NodeId, RunId, RunKind, SentenceId, StorageError, confidence,
};

/// Entries read between two looks at the budget.
const ENTRIES_PER_CHECK: usize = 4096;

/// About how many bytes an edge that has changed takes, without its pieces.
const CHANGED_BYTES: u64 = 2 * size_of::<(Edge, Vec<Piece>, bool)>() as u64;

/// What a model read of an edge in one sentence, with what filters ask about it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Piece {
    sentence: SentenceId,
    document: DocumentId,
    run: RunId,
    probability: f32,
    /// 0 if it is not known.
    year: u16,
}

/// The evidence of every edge at one moment. Edges that stand as plain facts alone take no room in it.
#[derive(Clone, Debug, Default)]
pub struct EvidenceTable {
    first_pass: Arc<FirstPass>,
    /// Edges that were written since, as they are now.
    changed: HashMap<Edge, (Vec<Piece>, bool)>,
}

/// What one pass over the store gave.
#[derive(Debug, Default)]
struct FirstPass {
    /// The edges that models read, in order.
    edges: Vec<Edge>,
    /// `offsets[n]..offsets[n + 1]` are the pieces of the edge `n`.
    offsets: Vec<usize>,
    pieces: Vec<Piece>,
    /// Whether an edge is stated as a plain fact too.
    is_fact: Vec<bool>,
}

impl EvidenceTable {
    /// How sure the graph is of an edge that it holds, given in canonical form; see [`crate::confidence`].
    pub fn confidence(&self, edge: Edge) -> f64 {
        self.confidence_under(edge, &EdgeFilter::default(), &HashSet::new()).unwrap_or(1.0)
    }

    /// How sure the graph would be of an edge if only the evidence that the filter lets through counted; `None` if there
    /// is none. `facts` are the edges that the filter's runs state as facts.
    pub(super) fn confidence_under(&self, edge: Edge, filter: &EdgeFilter, facts: &HashSet<Edge>) -> Option<f64> {
        let (pieces, is_fact) = self.get(edge);
        if is_fact && filter.lets_facts_through() && (filter.runs.is_none() || facts.contains(&edge)) {
            return Some(1.0);
        }
        let fitting = || pieces.iter().filter(|piece| filter.lets_through(piece.document, piece.year, piece.run));
        fitting().next()?;
        let evidence: Vec<Evidence> = fitting().map(|piece| piece.evidence()).collect();
        let document = |id| pieces[pieces.partition_point(|piece| piece.sentence < id)].document;
        // Asking for a document cannot fail here.
        Some(confidence(&evidence, |id| Ok(document(id))).unwrap_or_default())
    }

    /// What models read of an edge, and whether it is a fact.
    fn get(&self, edge: Edge) -> (&[Piece], bool) {
        if let Some((pieces, is_fact)) = self.changed.get(&edge) {
            return (pieces, *is_fact);
        }
        match self.first_pass.edges.binary_search(&edge) {
            Ok(index) => {
                let pieces = self.first_pass.offsets[index]..self.first_pass.offsets[index + 1];
                (&self.first_pass.pieces[pieces], self.first_pass.is_fact[index])
            }
            // An edge that is there and was read by no model is a fact.
            Err(_) => (&[], true),
        }
    }

    /// Whether so many edges have changed that reading all of them again is due.
    pub(super) fn is_due_for_rereading(&self, more: usize) -> bool {
        8 * (self.changed.len() + more) > self.first_pass.edges.len() + 1024
    }

    /// The same table with these edges as they are now.
    pub(super) fn patched(&self, edges: &[Edge], moment: Moment<'_>, budget: &Budget) -> Result<Self, StorageError> {
        let runs = fact_runs(moment.store)?;
        let mut held = budget.charge(CHANGED_BYTES * (self.changed.len() + edges.len()) as u64)?;
        let mut patched = self.clone();
        for &edge in edges {
            let mut pieces = Vec::new();
            for (sentence, run, Reading { probability, .. }) in lookup::readings(moment.store, edge)? {
                let document = lookup::document_of(lookup::sentence(moment.store, sentence)?, sentence)?;
                let year = lookup::document(moment.store, document)?.and_then(|document| document.year).unwrap_or(0);
                pieces.push(Piece { sentence, document, run, probability, year });
            }
            held.grow((pieces.capacity() * size_of::<Piece>()) as u64)?;
            let facts = runs.iter().map(|&run| lookup::has_fact(moment.store, run, edge));
            let is_fact = facts.collect::<Result<Vec<_>, _>>()?.contains(&true);
            patched.changed.insert(edge, (pieces, is_fact));
        }
        Ok(patched)
    }

    /// Reads all evidence in one pass.
    pub(super) fn read(store: &StoreSnapshot, budget: &Budget) -> Result<Self, StorageError> {
        let mut read = FirstPass::default();
        let mut held = Charge::new(budget);
        read.read_pieces(store, &mut held)?;
        held.grow(read.edges.len() as u64)?;
        read.is_fact = vec![false; read.edges.len()];
        if !read.edges.is_empty() {
            let mut ranges_held = Charge::new(budget);
            read.place(store, &DocumentRanges::read(store, &mut ranges_held)?)?;
            for run in fact_runs(store)? {
                read.mark_facts(store, run, budget)?;
            }
        }
        Ok(Self { first_pass: Arc::new(read), changed: HashMap::new() })
    }

    /// About how many bytes it takes in memory.
    pub fn memory_bytes(&self) -> u64 {
        let FirstPass { edges, pieces, .. } = &*self.first_pass;
        let each_edge = size_of::<Edge>() + size_of::<usize>() + size_of::<bool>();
        let changed = self.changed.values().map(|(pieces, _)| (pieces.capacity() * size_of::<Piece>()) as u64);
        let read = edges.len() * each_edge + pieces.len() * size_of::<Piece>();
        read as u64 + CHANGED_BYTES * self.changed.len() as u64 + changed.sum::<u64>()
    }
}

impl Piece {
    fn evidence(&self) -> Evidence {
        let Self { sentence, run, probability, .. } = *self;
        Evidence::Text { sentence, run, probability, probabilities: Vec::new() }
    }
}

impl FirstPass {
    fn read_pieces(&mut self, store: &StoreSnapshot, held: &mut Charge) -> Result<(), StorageError> {
        store.all(Family::Evidence).for_each(|entry, value| {
            if self.pieces.len().is_multiple_of(ENTRIES_PER_CHECK) {
                held.budget().check()?;
            }
            let (edge, sentence, run) = key::parse_evidence(entry).ok_or_else(|| malformed(Family::Evidence, entry))?;
            let reading: Reading = record::decode(value).map_err(|reason| damaged(Family::Evidence, entry, reason))?;
            let probability = reading.probability;
            if self.edges.last() != Some(&edge) {
                held.push(&mut self.edges, edge)?;
                held.push(&mut self.offsets, self.pieces.len())?;
            }
            let piece = Piece { sentence, document: DocumentId::default(), run, probability, year: 0 };
            Ok(held.push(&mut self.pieces, piece)?)
        })?;
        self.offsets.push(self.pieces.len());
        Ok(())
    }

    /// Gives every piece its document and year.
    fn place(&mut self, store: &StoreSnapshot, documents: &DocumentRanges) -> Result<(), StorageError> {
        for piece in &mut self.pieces {
            (piece.document, piece.year) = match documents.of(piece.sentence) {
                Some(found) => found,
                // Perhaps the sentence knows its document; if not, this says what is missing.
                None => (lookup::document_of(lookup::sentence(store, piece.sentence)?, piece.sentence)?, 0),
            };
        }
        Ok(())
    }

    /// Marks the edges that a run states as facts: both come in order of type, source, target.
    fn mark_facts(&mut self, store: &StoreSnapshot, run: RunId, budget: &Budget) -> Result<(), StorageError> {
        let mut index = 0;
        for_each_fact(store, run, budget, |edge| {
            while self.edges.get(index).is_some_and(|known| *known < edge) {
                index += 1;
            }
            if self.edges.get(index) == Some(&edge) {
                self.is_fact[index] = true;
            }
        })
    }
}

/// Which sentences belong to which document, and its year.
struct DocumentRanges(Vec<(SentenceId, u32, DocumentId, u16)>);

impl DocumentRanges {
    fn read(store: &StoreSnapshot, held: &mut Charge) -> Result<Self, StorageError> {
        let mut ranges = Vec::new();
        store.all(Family::Documents).for_each(|entry, value| {
            let wrong = |reason: &str| damaged(Family::Documents, entry, reason);
            let id = Fields(entry).u32().ok_or_else(|| wrong("the key is malformed"))?;
            let document: Document = record::decode(value).map_err(|reason| wrong(&reason))?;
            let year = document.year.unwrap_or(0);
            let range = (document.first_sentence, document.sentence_count, DocumentId::new(id), year);
            Ok(held.push(&mut ranges, range)?)
        })?;
        ranges.sort_unstable();
        Ok(Self(ranges))
    }

    fn of(&self, sentence: SentenceId) -> Option<(DocumentId, u16)> {
        let after = self.0.partition_point(|(first, ..)| *first <= sentence);
        let (first, count, document, year) = *self.0.get(after.checked_sub(1)?)?;
        (sentence.get() - first.get() < count).then_some((document, year))
    }
}

/// The runs that state facts.
fn fact_runs(store: &StoreSnapshot) -> Result<Vec<RunId>, StorageError> {
    let runs = lookup::runs(store)?.into_iter();
    Ok(runs.filter(|(_, run)| !matches!(run.kind, RunKind::Model { .. })).map(|(id, _)| id).collect())
}

/// The edges that these runs state as facts.
pub(super) fn facts_of(store: &StoreSnapshot, runs: &[RunId], budget: &Budget) -> Result<HashSet<Edge>, StorageError> {
    let (mut facts, mut held) = (HashSet::new(), Charge::new(budget));
    for &run in runs {
        for_each_fact(store, run, budget, |edge| {
            facts.insert(edge);
        })?;
        held.resize((facts.capacity() * (size_of::<Edge>() + 1)) as u64)?;
    }
    Ok(facts)
}

/// Calls `visit` with the edges that a run states as facts, in order.
fn for_each_fact(
    store: &StoreSnapshot,
    run: RunId,
    budget: &Budget,
    mut visit: impl FnMut(Edge),
) -> Result<(), StorageError> {
    store.prefix(Family::Facts, key::run(run)).for_each(|entry, value| {
        budget.check()?;
        let (_, relation, source) = key::parse_facts(entry).ok_or_else(|| malformed(Family::Facts, entry))?;
        pages::for_each_member(Family::Facts, entry, value, |target| {
            visit(Edge { relation, source, target: NodeId::new(target) });
        })
    })
}
