//! Documents, sentences and mentions fit together.

use std::collections::BTreeMap;

use roaring::RoaringBitmap;

use super::checker::Checker;
use crate::storage::family::Family;
use crate::storage::key::{self, Fields};
use crate::storage::lookup;
use crate::storage::record::{self, SentenceText};
use crate::{Document, DocumentId, Mention, NodeId, SentenceId, StorageError, Withdrawal};

impl Checker<'_> {
    pub(super) fn check_texts(&mut self) -> Result<(), StorageError> {
        let documents = self.check_documents()?;
        self.check_sentences(&documents)?;
        self.check_mentions()?;
        self.check_readings()?;
        self.check_descriptions(&documents)?;
        self.check_withdrawals()?;
        self.check_run_documents(&documents)
    }

    fn check_withdrawals(&mut self) -> Result<(), StorageError> {
        self.visit(Family::Withdrawals, |checker, key, value| {
            if let Err(reason) = record::decode::<Withdrawal>(value) {
                checker.problem_at(Family::Withdrawals, key, &reason);
            }
            Ok(())
        })
    }

    pub(super) fn check_documents(&mut self) -> Result<BTreeMap<DocumentId, Document>, StorageError> {
        let mut documents = BTreeMap::new();
        self.visit(Family::Documents, |checker, key, value| {
            let id = DocumentId::new(Fields(key).u32().unwrap_or(u32::MAX));
            checker.check_id("document", id.get(), checker.counters.documents);
            match record::decode::<Document>(value) {
                Ok(document) => {
                    let stored = lookup::document_by_identifier(checker.store, &document.identifier);
                    if checker.note(stored)?.flatten() != Some(id) {
                        checker
                            .problem(format!("document {id} is not found by its identifier {:?}", document.identifier));
                    }
                    documents.insert(id, document);
                }
                Err(reason) => checker.problem_at(Family::Documents, key, &reason),
            }
            Ok(())
        })?;
        let mut identifiers = 0;
        self.visit(Family::DocumentIdentifiers, |_, _, _| {
            identifiers += 1;
            Ok(())
        })?;
        if identifiers != documents.len() {
            self.problem(format!("{identifiers} document identifiers lead to {} documents", documents.len()));
        }
        Ok(documents)
    }

    fn check_sentences(&mut self, documents: &BTreeMap<DocumentId, Document>) -> Result<(), StorageError> {
        let mut count = 0;
        self.visit(Family::Sentences, |checker, key, value| {
            count += 1;
            let id = SentenceId::new(Fields(key).u32().unwrap_or(u32::MAX));
            checker.check_id("sentence", id.get(), checker.counters.sentences);
            match record::decode::<SentenceText>(value) {
                Ok(sentence) => {
                    let holds = |document: &Document| {
                        id.get().checked_sub(document.first_sentence.get()).is_some_and(|n| n < document.sentence_count)
                    };
                    if !documents.get(&sentence.document).is_some_and(holds) {
                        checker.problem(format!(
                            "sentence {id} is not in the range of its document {}",
                            sentence.document
                        ));
                    }
                }
                Err(reason) => checker.problem_at(Family::Sentences, key, &reason),
            }
            Ok(())
        })?;
        let expected: u64 = documents.values().map(|document| u64::from(document.sentence_count)).sum();
        if count != expected {
            self.problem(format!("there are {count} sentences, but documents have {expected}"));
        }
        Ok(())
    }

    pub(super) fn check_mentions(&mut self) -> Result<(), StorageError> {
        let mut expected: BTreeMap<NodeId, RoaringBitmap> = BTreeMap::new();
        self.visit(Family::Mentions, |checker, key, value| {
            let id = SentenceId::new(Fields(key).u32().unwrap_or(u32::MAX));
            let text: Option<SentenceText> =
                checker.note(lookup::record(checker.store, Family::Sentences, key))?.flatten();
            let length = text.map_or(0, |sentence| sentence.text.chars().count() as u32);
            match record::decode::<Vec<Mention>>(value) {
                Ok(mentions) => {
                    for mention in mentions {
                        if mention.start >= mention.end || mention.end > length {
                            checker.problem(format!("a mention of sentence {id} lies outside of it"));
                        }
                        if !checker.nodes.contains(mention.node.get()) {
                            checker
                                .problem(format!("sentence {id} mentions node {}, which does not exist", mention.node));
                        }
                        expected.entry(mention.node).or_default().insert(id.get());
                    }
                }
                Err(reason) => checker.problem_at(Family::Mentions, key, &reason),
            }
            Ok(())
        })?;
        self.check_mentioned(&expected)
    }

    fn check_mentioned(&mut self, expected: &BTreeMap<NodeId, RoaringBitmap>) -> Result<(), StorageError> {
        let mut stored: BTreeMap<NodeId, RoaringBitmap> = BTreeMap::new();
        self.visit(Family::Mentioned, |_, key, value| {
            let node = NodeId::new(Fields(key).u32().unwrap_or(u32::MAX));
            stored.entry(node).or_default().extend(Self::members(Family::Mentioned, key, value));
            Ok(())
        })?;
        stored.retain(|_, sentences| !sentences.is_empty());
        let nodes = stored.keys().chain(expected.keys()).copied().collect::<std::collections::BTreeSet<_>>();
        for node in nodes.into_iter().filter(|node| stored.get(node) != expected.get(node)) {
            self.problem(format!("node {node} and the sentences that mention it do not agree"));
        }
        Ok(())
    }

    /// Each piece of evidence has been found by its sentence; so nothing may be left over.
    pub(super) fn check_readings(&mut self) -> Result<(), StorageError> {
        let mut count = 0;
        self.visit(Family::Readings, |checker, key, _| {
            count += 1;
            if key::parse_reading(key).is_none() {
                checker.problem_at(Family::Readings, key, "the key is malformed");
            }
            Ok(())
        })?;
        if count != self.evidence {
            self.problem(format!(
                "column family readings: {count} entries, but there are {} of evidence",
                self.evidence
            ));
        }
        Ok(())
    }

    fn check_descriptions(&mut self, documents: &BTreeMap<DocumentId, Document>) -> Result<(), StorageError> {
        self.visit(Family::Descriptions, |checker, key, value| {
            let Some((node, _, text)) = key::parse_description(key) else {
                checker.problem_at(Family::Descriptions, key, "the key is malformed");
                return Ok(());
            };
            for document in Self::members(Family::Descriptions, key, value) {
                if !checker.nodes.contains(node.get()) {
                    checker.problem(format!("document {document} says {text:?} of node {node}, which does not exist"));
                }
                if !documents.contains_key(&DocumentId::new(document)) {
                    checker.problem(format!("document {document}, which does not exist, says {text:?} of node {node}"));
                }
            }
            Ok(())
        })
    }

    fn check_run_documents(&mut self, documents: &BTreeMap<DocumentId, Document>) -> Result<(), StorageError> {
        self.visit(Family::RunDocuments, |checker, key, value| {
            let run = Fields(key).u32().unwrap_or(u32::MAX);
            checker.check_id("run", run, checker.counters.runs);
            for document in Self::members(Family::RunDocuments, key, value) {
                if !documents.contains_key(&DocumentId::new(document)) {
                    checker.problem(format!("run {run} has finished with document {document}, which does not exist"));
                }
            }
            Ok(())
        })
    }
}
