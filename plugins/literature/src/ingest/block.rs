//! The first stage: documents are prepared and cut into blocks, and what is finished already is left out.

use std::collections::{HashMap, VecDeque};

use hopgraph_engine::{DocumentId, DocumentSet, Graph, RunId, Snapshot, StorageError, View};

use super::prepare::{PreparedDocument, prepare};
use super::write::is_older;
use super::{BLOCKS_IN_FLIGHT_MAX, Shared};
use crate::{Corpus, IngestError, Reject};

/// The most documents of a block.
const DOCUMENTS_MAX: u64 = 1024;

/// The most rejects of a block.
const REJECTS_MAX: usize = 1024;

/// About how much text a block holds, in bytes.
const TEXT_BYTES_MAX: usize = 4 << 20;

/// Documents that are classified and written together.
#[derive(Debug, Default)]
pub(super) struct Block {
    /// The documents that are left to do.
    pub(super) documents: Vec<PreparedDocument>,
    /// What was rejected up to its end.
    pub(super) rejects: Vec<Reject>,
    /// How many documents the input had for it.
    pub(super) documents_read: u64,
    /// Those of them that the run had finished before, with the version that came now.
    pub(super) finished: Vec<(DocumentId, Option<u32>)>,
    /// How many others of them there is nothing to do with: older versions, and what came just before.
    pub(super) documents_skipped: u64,
    /// How many of them their source has withdrawn before.
    pub(super) documents_withheld: u64,
    /// Bytes of the input read up to its end.
    pub(super) bytes_read: u64,
}

/// Cuts a corpus into blocks.
///
/// A block ends before the document with which it would have more pairs than a batch of the model. Documents that are
/// finished count in full, so that the cuts lie at the same places whatever the graph holds.
pub(super) struct BlockReader<'a> {
    corpus: Corpus<'a>,
    graph: &'a Graph,
    run: RunId,
    /// What the run had finished before this ingestion began.
    finished: DocumentSet,
    labels: &'a [String; 2],
    batch_pairs: usize,
    shared: &'a Shared,
    /// A document that begins the next block.
    held_back: Option<PreparedDocument>,
    /// Identifiers of the documents in the blocks that may not be written yet, with their content and version.
    in_flight: VecDeque<HashMap<String, Content>>,
    ended: bool,
}

impl<'a> BlockReader<'a> {
    pub(super) fn new(
        corpus: Corpus<'a>,
        graph: &'a Graph,
        run: RunId,
        finished: DocumentSet,
        labels: &'a [String; 2],
        batch_pairs: usize,
        shared: &'a Shared,
    ) -> Self {
        let (held_back, in_flight, ended) = (None, VecDeque::new(), false);
        Self { corpus, graph, run, finished, labels, batch_pairs, shared, held_back, in_flight, ended }
    }

    /// Reads the next block whole; `None` if the ingestion is to stop.
    fn read(&mut self) -> Option<Block> {
        let mut block = Block::default();
        let mut size = Size::default();
        if let Some(document) = self.held_back.take() {
            size.add(&document);
            block.documents_read += 1;
            block.documents.push(document);
        }
        while block.documents_read < DOCUMENTS_MAX && block.rejects.len() < REJECTS_MAX && size.text < TEXT_BYTES_MAX {
            let next = self.corpus.next();
            if next.is_some() && self.shared.gives_up() {
                return None;
            }
            match next {
                None => {
                    self.ended = true;
                    break;
                }
                Some(Err(reject)) => block.rejects.push(reject),
                Some(Ok(document)) => {
                    let Some(document) = prepare(document, self.labels, &mut block.rejects) else { continue };
                    if block.documents_read > 0 && size.pairs + document.questions.len() > self.batch_pairs {
                        self.held_back = Some(document);
                        break;
                    }
                    size.add(&document);
                    block.documents_read += 1;
                    block.documents.push(document);
                }
            }
        }
        block.bytes_read = self.corpus.bytes_read();
        Some(block)
    }

    /// Takes out the documents that are not to be done.
    fn leave_out_finished(&mut self, block: &mut Block) -> Result<(), StorageError> {
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
        if self.ended && self.held_back.is_none() {
            return None;
        }
        let mut block = self.read()?;
        Some(self.leave_out_finished(&mut block).map(|()| block).map_err(IngestError::from))
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
