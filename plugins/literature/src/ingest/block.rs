//! The first stage: documents are tagged and prepared on all cores and cut into blocks, and what a graph has already is
//! left out.

use std::collections::{HashMap, VecDeque};

use hopgraph_engine::{DocumentId, DocumentSet, Graph, RunId, Snapshot, StorageError, View};

use super::write::is_older;
use super::{BLOCKS_IN_FLIGHT_MAX, Shared};
use crate::prepare::{PreparedDocument, prepare};
use crate::reader::Worked;
use crate::{Corpus, IngestError, Reject};

/// The most documents of a block.
const DOCUMENTS_MAX: u64 = 1024;

/// The most rejects of a block.
const REJECTS_MAX: usize = 1024;

/// About how much text a block holds, in bytes.
const TEXT_BYTES_MAX: usize = 4 << 20;

/// How many documents are tagged and prepared at a time: enough for many cores, and few enough to be held.
const BATCH_DOCUMENTS: usize = 256;

/// Documents that are classified and written together.
#[derive(Debug, Default)]
pub(crate) struct Block {
    /// The documents that are left to do.
    pub(crate) documents: Vec<PreparedDocument>,
    /// What was rejected up to its end.
    pub(crate) rejects: Vec<Reject>,
    /// How many documents the input had for it.
    pub(crate) documents_read: u64,
    /// Those of them that the run had finished before, with the version that came now.
    pub(super) finished: Vec<(DocumentId, Option<u32>)>,
    /// How many others of them there is nothing to do with: older versions, and what came just before.
    pub(super) documents_skipped: u64,
    /// How many of them their source has withdrawn before.
    pub(super) documents_withheld: u64,
    /// Bytes of the input read up to its end.
    pub(super) bytes_read: u64,
}

/// A document made ready, with what was rejected of it. Without one, all of it was.
type Prepared = (Option<PreparedDocument>, Vec<Reject>);

/// Cuts a corpus into blocks.
///
/// A block ends at the end of a slice, and before the document with which it would have more pairs than a batch of the
/// model. Documents that are finished count in full, so that the cuts lie at the same places whatever the graph holds.
pub(crate) struct BlockReader<'a> {
    corpus: Corpus<'a>,
    labels: &'a [String; 2],
    batch_pairs: usize,
    shared: &'a Shared,
    /// What a graph has; nothing is left out without one.
    known: Option<Known<'a>>,
    /// What was prepared and stands in no block yet.
    upcoming: VecDeque<Worked<Prepared>>,
}

impl<'a> BlockReader<'a> {
    pub(crate) fn new(
        corpus: Corpus<'a>,
        known: Option<Known<'a>>,
        labels: &'a [String; 2],
        batch_pairs: usize,
        shared: &'a Shared,
    ) -> Self {
        Self { corpus, labels, batch_pairs, shared, known, upcoming: VecDeque::new() }
    }

    /// What comes next; `None` at the end of the corpus.
    fn peek(&mut self) -> Option<&Worked<Prepared>> {
        if self.upcoming.is_empty() {
            let labels = self.labels;
            let ready = |document| {
                let mut rejects = Vec::new();
                (prepare(document, labels, &mut rejects), rejects)
            };
            self.upcoming = self.corpus.next_batch(BATCH_DOCUMENTS, ready).into();
        }
        self.upcoming.front()
    }

    /// Reads the next block whole; `None` at the end, or if the ingestion is to stop.
    fn read(&mut self) -> Option<Block> {
        let mut block = Block::default();
        let mut size = Size::default();
        let mut has_more = false;
        while block.documents_read < DOCUMENTS_MAX && block.rejects.len() < REJECTS_MAX && size.text < TEXT_BYTES_MAX {
            let (batch_pairs, is_empty) = (self.batch_pairs, block.documents_read == 0);
            let pairs = match self.peek() {
                None => break,
                Some(Worked::SliceEnd) => {
                    self.upcoming.pop_front();
                    if has_more {
                        break;
                    }
                    continue;
                }
                Some(Worked::Document((Some(document), _))) => document.questions.len(),
                Some(_) => 0,
            };
            has_more = true;
            if self.shared.gives_up() {
                return None;
            }
            if !is_empty && size.pairs + pairs > batch_pairs {
                break;
            }
            match self.upcoming.pop_front() {
                Some(Worked::Document((document, rejects))) => {
                    block.rejects.extend(rejects);
                    if let Some(document) = document {
                        size.add(&document);
                        block.documents_read += 1;
                        block.documents.push(document);
                    }
                }
                Some(Worked::Reject(reject)) => block.rejects.push(reject),
                Some(Worked::SliceEnd) | None => break,
            }
        }
        block.bytes_read = self.corpus.bytes_read();
        has_more.then_some(block)
    }
}

/// What a graph has already, and what is about to be written to it.
pub(crate) struct Known<'a> {
    graph: &'a Graph,
    run: RunId,
    /// What the run had finished before this ingestion began.
    finished: DocumentSet,
    /// Identifiers of the documents in the blocks that may not be written yet, with their content and version.
    in_flight: VecDeque<HashMap<String, Content>>,
}

impl<'a> Known<'a> {
    pub(super) fn new(graph: &'a Graph, run: RunId) -> Result<Self, StorageError> {
        let finished = graph.snapshot()?.documents_of_run(run)?;
        Ok(Self { graph, run, finished, in_flight: VecDeque::new() })
    }

    /// Takes out the documents that are not to be done.
    fn leave_out(&mut self, block: &mut Block) -> Result<(), StorageError> {
        // Taken after the block before was sent, so all but the blocks in flight show in it.
        let snapshot = self.graph.snapshot()?;
        self.in_flight.push_front(HashMap::new());
        self.in_flight.truncate(BLOCKS_IN_FLIGHT_MAX + 1);
        for document in std::mem::take(&mut block.documents) {
            match self.standing(&snapshot, &document)? {
                Standing::Due => {
                    self.in_flight[0].insert(document.identifier.clone(), Content::of(&document));
                    block.documents.push(document);
                }
                Standing::Finished(id) => block.finished.push((id, document.version)),
                Standing::Skipped => block.documents_skipped += 1,
                Standing::Withheld => block.documents_withheld += 1,
            }
        }
        Ok(())
    }

    /// How a document stands to the graph as it is now. The writer has the last word; this spares the model what would be
    /// thrown away.
    fn standing(&self, snapshot: &Snapshot, document: &PreparedDocument) -> Result<Standing, StorageError> {
        if document.withdrawal.is_some() {
            return Ok(Standing::Due);
        }
        let content = Content::of(document);
        if self.in_flight.iter().any(|block| block.get(&document.identifier) == Some(&content)) {
            return Ok(Standing::Skipped);
        }
        let withdrawal = snapshot.withdrawal(&document.identifier)?;
        if withdrawal.is_some_and(|withdrawal| withdrawal.holds_for(document.version)) {
            return Ok(Standing::Withheld);
        }
        let Some(id) = snapshot.document_by_identifier(&document.identifier)? else { return Ok(Standing::Due) };
        let Some(stored) = snapshot.document(id)? else { return Ok(Standing::Due) };
        if stored.content_hash != document.content_hash {
            let is_older = is_older(document.version, stored.version);
            return Ok(if is_older { Standing::Skipped } else { Standing::Due });
        }
        // The set spares a resumed ingestion a look-up for each document; a repeated one of this ingestion is rare.
        let is_finished = self.finished.contains(id) || snapshot.run_has_document(self.run, id)?;
        Ok(if is_finished { Standing::Finished(id) } else { Standing::Due })
    }
}

/// How a document stands to the graph.
#[derive(Debug, PartialEq, Eq)]
enum Standing {
    /// To be classified and written, or taken out.
    Due,
    /// The run has finished with it.
    Finished(DocumentId),
    /// An older version, or one that came just before.
    Skipped,
    /// Its source has withdrawn it.
    Withheld,
}

/// What tells a version of a document from the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Content {
    hash: u64,
    version: Option<u32>,
    is_withdrawn: bool,
}

impl Content {
    fn of(document: &PreparedDocument) -> Self {
        let (hash, version) = (document.content_hash, document.version);
        Self { hash, version, is_withdrawn: document.withdrawal.is_some() }
    }
}

impl Iterator for BlockReader<'_> {
    type Item = Result<Block, IngestError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut block = self.read()?;
        let left_out = self.known.as_mut().map_or(Ok(()), |known| known.leave_out(&mut block));
        Some(left_out.map(|()| block).map_err(IngestError::from))
    }
}

/// How much a block holds.
#[derive(Default)]
struct Size {
    pairs: usize,
    text: usize,
}

impl Size {
    fn add(&mut self, document: &PreparedDocument) {
        self.pairs += document.questions.len();
        self.text += document.sentences.iter().map(|sentence| sentence.text.len()).sum::<usize>();
    }
}
