//! Taking back: a document with all that was read in it, or a run with all that it stated.

use std::collections::BTreeSet;

use crate::storage::counter::RETRACTING;
use crate::storage::failure::malformed;
use crate::storage::family::Family;
use crate::storage::key;
use crate::storage::lookup;
use crate::storage::pages;
use crate::write::edits;
use crate::{Change, DocumentId, Edge, NodeId, RunId, SentenceId, StorageError, View};

/// Readings, and the key to go on from if there may be more.
type Readings = (Vec<(SentenceId, Edge)>, Option<Vec<u8>>);

/// The most edits that are held before a piece of a large retraction is written.
pub(crate) const PIECE_EDITS_MAX: usize = 200_000;

/// What a retraction took out of the graph.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retraction {
    /// Documents.
    pub documents: u64,
    /// Sentences of these documents.
    pub sentences: u64,
    /// Pieces of evidence read in sentences.
    pub evidence: u64,
    /// Plain facts.
    pub facts: u64,
    /// Edges for which nothing spoke any more.
    pub edges: u64,
    /// Nodes that nothing else held.
    pub nodes: u64,
}

impl std::ops::AddAssign for Retraction {
    fn add_assign(&mut self, other: Self) {
        self.documents += other.documents;
        self.sentences += other.sentences;
        self.evidence += other.evidence;
        self.facts += other.facts;
        self.edges += other.edges;
        self.nodes += other.nodes;
    }
}

impl Change {
    /// Takes out a document: its sentences and mentions, all evidence read in them, the edges for which nothing speaks
    /// any more, what it said of nodes, and the nodes that nothing else holds. A node that has an edge, a property, or
    /// a label or name that no document gave stays.
    pub fn retract_document(&mut self, id: DocumentId) -> Result<Retraction, StorageError> {
        let document = View::document(self, id)?.ok_or(StorageError::UnknownDocument(id))?;
        let mut done = Retraction { documents: 1, ..Retraction::default() };
        let (mut edges, mut nodes) = (BTreeSet::new(), BTreeSet::new());
        for sentence in document.sentences() {
            for (run, edge) in self.readings_in(sentence)? {
                self.set_reading(edge, sentence, run, None);
                edges.insert(edge);
                done.evidence += 1;
            }
            for mention in View::sentence(self, sentence)?.map(|found| found.mentions).unwrap_or_default() {
                edits::remove(&mut self.edits.mentioned, mention.node, sentence.get());
                nodes.insert(mention.node);
            }
            self.edits.sentences.insert(sentence, None);
            done.sentences += 1;
        }
        done.edges += self.drop_edges_without_reason(edges)?;
        for node in nodes {
            done.nodes += u64::from(self.undescribe(node, id)?);
        }
        for run in self.runs_that_read(id)? {
            edits::remove(&mut self.edits.run_documents, run, id.get());
        }
        self.edits.documents.insert(id, None);
        self.edits.document_identifiers.insert(document.identifier, None);
        Ok(done)
    }

    /// Takes out documents by their identifiers.
    ///
    /// # Errors
    /// [`StorageError::NoSuchDocument`] at the first identifier that the graph does not have.
    pub fn retract_documents<S: AsRef<str>>(&mut self, identifiers: &[S]) -> Result<Retraction, StorageError> {
        let mut done = Retraction::default();
        for identifier in identifiers.iter().map(AsRef::as_ref) {
            let missing = || StorageError::NoSuchDocument { identifier: identifier.to_owned() };
            let document = View::document_by_identifier(self, identifier)?.ok_or_else(missing)?;
            done += self.retract_document(document)?;
        }
        Ok(done)
    }

    /// Deletes those of the edges that no sentence and no fact speaks for; gives their number.
    fn drop_edges_without_reason(&mut self, edges: BTreeSet<Edge>) -> Result<u64, StorageError> {
        let mut dropped = 0;
        for edge in edges {
            if !self.has_reading(edge)? && self.fact_runs(edge)?.is_empty() {
                dropped += u64::from(self.delete_edge(edge)?);
            }
        }
        Ok(dropped)
    }

    /// What was read in a sentence, with the edits of this change.
    fn readings_in(&self, sentence: SentenceId) -> Result<Vec<(RunId, Edge)>, StorageError> {
        let mut found = Vec::new();
        self.store().prefix(Family::Readings, key::readings(sentence)).for_each(|key, _| {
            let (_, run, edge) = parse_reading(key)?;
            if !self.edits.readings.contains_key(&(sentence, run, edge)) {
                found.push((run, edge));
            }
            Ok(())
        })?;
        let first = (sentence, RunId::default(), Edge::default());
        let edited = self.edits.readings.range(first..).take_while(|((of, ..), _)| *of == sentence);
        found.extend(edited.filter(|(_, there)| **there).map(|(&(_, run, edge), _)| (run, edge)));
        Ok(found)
    }

    /// Whether any model has read this edge in any sentence.
    fn has_reading(&self, edge: Edge) -> Result<bool, StorageError> {
        let first = (edge, SentenceId::default(), RunId::default());
        let mut edited = self.edits.evidence.range(first..).take_while(|((of, ..), _)| *of == edge);
        if edited.any(|(_, reading)| reading.is_some()) {
            return Ok(true);
        }
        let mut entries = self.store().prefix(Family::Evidence, key::edge(edge));
        while let Some((key, _)) = entries.entry()? {
            let (_, sentence, run) = key::parse_evidence(key).ok_or_else(|| malformed(Family::Evidence, key))?;
            if !self.edits.evidence.contains_key(&(edge, sentence, run)) {
                return Ok(true);
            }
            entries.advance();
        }
        Ok(false)
    }

    /// The runs that have finished with a document.
    fn runs_that_read(&self, document: DocumentId) -> Result<Vec<RunId>, StorageError> {
        let mut found = Vec::new();
        for (run, _) in self.runs()? {
            if self.run_has_document(run, document)? {
                found.push(run);
            }
        }
        Ok(found)
    }

    fn has_mentions(&self, node: NodeId) -> Result<bool, StorageError> {
        let stored = lookup::set(self.store(), Family::Mentioned, key::mentioned(node))?;
        Ok(!edits::apply(&self.edits.mentioned, &node, stored).is_empty())
    }

    /// Whether the node has edges, or sentences that mention it.
    pub(crate) fn is_in_use(&self, node: NodeId) -> Result<bool, StorageError> {
        Ok(self.has_edges(node)? || self.has_mentions(node)?)
    }
}

/// Takes out a run in pieces of about so many edits, by a change that was opened for it.
pub(crate) fn retract_run(change: Change, run: RunId, edits_max: usize) -> Result<Retraction, StorageError> {
    if change.run(run)?.is_none() {
        return Err(StorageError::UnknownRun(run));
    }
    RunRetraction { change, run, edits_max, done: Retraction::default() }.finish()
}

/// The retraction of a run in progress.
struct RunRetraction {
    change: Change,
    run: RunId,
    edits_max: usize,
    done: Retraction,
}

impl RunRetraction {
    fn finish(mut self) -> Result<Retraction, StorageError> {
        self.documents()?;
        self.readings()?;
        self.facts()?;
        self.inputs()?;
        self.change.edits.runs.insert(self.run, None);
        self.change.flush_with(|batch| batch.delete(Family::Counters, RETRACTING))?;
        Ok(self.done)
    }

    /// What the run has taken whole, it has to take again.
    fn inputs(&mut self) -> Result<(), StorageError> {
        let mut names = Vec::new();
        let run = key::run(self.run);
        self.change.store().prefix(Family::RunInputs, run).for_each(|key, _| {
            names.push(String::from_utf8_lossy(key.get(4..).unwrap_or_default()).into_owned());
            Ok(())
        })?;
        self.change.edits.run_inputs.extend(names.into_iter().map(|name| ((self.run, name), None)));
        Ok(())
    }

    fn documents(&mut self) -> Result<(), StorageError> {
        let documents = lookup::set(self.change.store(), Family::RunDocuments, key::run(self.run))?;
        for document in documents.iter().map(DocumentId::new) {
            if self.change.runs_that_read(document)?.len() == 1 {
                self.done += self.change.retract_document(document)?;
            } else {
                edits::remove(&mut self.change.edits.run_documents, self.run, document.get());
            }
            self.write_if_large()?;
        }
        Ok(())
    }

    /// What the run read in sentences that stay.
    fn readings(&mut self) -> Result<(), StorageError> {
        let mut from = Vec::new();
        loop {
            let (found, last) = self.next_readings(&from)?;
            let mut edges = BTreeSet::new();
            for (sentence, edge) in found {
                self.change.set_reading(edge, sentence, self.run, None);
                edges.insert(edge);
                self.done.evidence += 1;
            }
            self.done.edges += self.change.drop_edges_without_reason(edges)?;
            self.write_if_large()?;
            match last {
                Some(last) => from = last,
                None => return Ok(()),
            }
        }
    }

    /// Some readings from this key on, and the key to go on from if there may be more.
    fn next_readings(&self, from: &[u8]) -> Result<Readings, StorageError> {
        let mut found = Vec::new();
        let mut entries = self.change.store().prefix_from(Family::Readings, [], from);
        while let Some((key, _)) = entries.entry()? {
            let (sentence, run, edge) = parse_reading(key)?;
            let gone = self.change.edits.readings.get(&(sentence, run, edge)) == Some(&false);
            if run == self.run && !gone {
                if found.len() >= self.edits_max {
                    return Ok((found, Some(key.to_vec())));
                }
                found.push((sentence, edge));
            }
            entries.advance();
        }
        Ok((found, None))
    }

    fn facts(&mut self) -> Result<(), StorageError> {
        let mut from = key::run(self.run).as_ref().to_vec();
        loop {
            let (found, last) = self.next_facts(&from)?;
            for edge in &found {
                let place = (self.run, edge.relation, edge.source);
                edits::remove(&mut self.change.edits.facts, place, edge.target.get());
                self.done.facts += 1;
            }
            self.done.edges += self.change.drop_edges_without_reason(found)?;
            self.write_if_large()?;
            match last {
                Some(last) => from = last,
                None => return Ok(()),
            }
        }
    }

    /// Some facts from this key on, and the key of the set to go on with if there may be more: what has been retracted
    /// of it is gone by then.
    fn next_facts(&self, from: &[u8]) -> Result<(BTreeSet<Edge>, Option<Vec<u8>>), StorageError> {
        let mut found = BTreeSet::new();
        let mut entries = self.change.store().prefix_from(Family::Facts, key::run(self.run), from);
        while let Some((key, value)) = entries.entry()? {
            let (_, relation, source) = key::parse_facts(key).ok_or_else(|| malformed(Family::Facts, key))?;
            let edited = self.change.edits.facts.get(&(self.run, relation, source));
            let mut is_whole = true;
            pages::for_each_member(Family::Facts, key, value, |target| {
                if edited.is_some_and(|edit| edit.removed.contains(target)) {
                    return;
                }
                is_whole = found.len() < self.edits_max;
                if is_whole {
                    found.insert(Edge { relation, source, target: NodeId::new(target) });
                }
            })?;
            if !is_whole {
                return Ok((found, Some(key.to_vec())));
            }
            entries.advance();
        }
        Ok((found, None))
    }

    fn write_if_large(&mut self) -> Result<(), StorageError> {
        if self.change.edits.len() < self.edits_max {
            return Ok(());
        }
        self.change.hide_from_others();
        let run = u64::from(self.run.get()).to_le_bytes();
        self.change.flush_with(|batch| batch.put(Family::Counters, RETRACTING, run))
    }
}

fn parse_reading(key: &[u8]) -> Result<(SentenceId, RunId, Edge), StorageError> {
    key::parse_reading(key).ok_or_else(|| malformed(Family::Readings, key))
}

#[cfg(test)]
mod tests;
