//! The first stage: documents are prepared and cut into blocks, and what is finished already is left out.

use std::collections::{HashMap, VecDeque};

use hopgraph_engine::{DocumentSet, Graph, RunId, Snapshot, StorageError, View};

use super::prepare::{PreparedDocument, prepare};
use super::{BLOCKS_IN_FLIGHT_MAX, Shared};
use crate::{Corpus, IngestError, Reject, RejectKind};

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
    /// How many of them were finished before.
    pub(super) documents_skipped: u64,
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
    /// Identifiers and content of the documents in the blocks that may not be written yet.
    in_flight: VecDeque<HashMap<String, u64>>,
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
                    self.in_flight[0].insert(document.identifier.clone(), document.content_hash);
                    block.documents.push(document);
                }
                Standing::Finished => block.documents_skipped += 1,
                Standing::Conflict => block.rejects.push(conflict(&document)),
            }
        }
        Ok(())
    }

    fn standing(&self, snapshot: &Snapshot<'_>, document: &PreparedDocument) -> Result<Standing, StorageError> {
        let standing = |same| if same { Standing::Finished } else { Standing::Conflict };
        if let Some(hash) = self.in_flight.iter().find_map(|block| block.get(&document.identifier)) {
            return Ok(standing(*hash == document.content_hash));
        }
        let Some(id) = snapshot.document_by_identifier(&document.identifier)? else { return Ok(Standing::Due) };
        let hash = snapshot.document(id)?.map(|stored| stored.content_hash);
        let same = hash == Some(document.content_hash);
        // The set spares a resumed ingestion a look-up for each document; a repeated one of this ingestion is rare.
        let finished = self.finished.contains(id) || snapshot.run_has_document(self.run, id)?;
        Ok(if same && !finished { Standing::Due } else { standing(same) })
    }
}

/// How a document stands to the graph.
enum Standing {
    /// To be classified and written.
    Due,
    /// This run has finished with it.
    Finished,
    /// The graph has another version of it.
    Conflict,
}

/// The reject for a document of which the graph has another version.
pub(super) fn conflict(document: &PreparedDocument) -> Reject {
    let reason = "the graph has this document with other text or other annotations; it was kept as it is";
    Reject::new(RejectKind::Record, document.location.clone(), &document.identifier, reason, &document.title)
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
