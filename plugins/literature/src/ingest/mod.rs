//! Ingestion: documents become sentences and mentions, the model's answers become edges with evidence.
//!
//! Three stages run at the same time, joined by short queues, so that the model never waits for the disk:
//!
//! ```text
//! read, split, pair ──► classify ──► write, report
//! ```
//!
//! Documents travel in blocks. A block is written in one change: its nodes, documents, sentences, edges, evidence and
//! the marks that this run has finished with the documents. What makes a block depends on the input alone, never on
//! what is in the graph or on time; so a run that was killed and started again asks the model the same questions in the
//! same batches and hands out the same ids as one that was not.

mod block;
mod classify;
mod summary;
mod write;

#[cfg(test)]
pub(crate) mod tests;

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use hopgraph_engine::Graph;
use hopgraph_inference::Classifier;

use crate::identity::Identity;
use crate::rejects::RejectsFile;
use crate::{Corpus, IngestError};
use block::Known;
pub(crate) use block::{Block, BlockReader};
pub(crate) use classify::{ClassifiedBlock, classify};
pub use summary::{IngestSummary, Progress, RejectCounts};
pub(crate) use write::{ReadBlock, Writer, relation_type, run_of, threshold_of};

/// How many blocks a queue between two stages holds.
const QUEUE_BLOCKS: usize = 1;

/// The most blocks that have left the reader and are not written yet: one in each queue, one at each of the two stages
/// behind.
const BLOCKS_IN_FLIGHT_MAX: usize = 2 * QUEUE_BLOCKS + 2;

/// The longest time between two reports.
const REPORT_INTERVAL: Duration = Duration::from_millis(100);

/// How to ingest.
#[derive(Clone, Debug)]
pub struct IngestOptions {
    /// Least probability at which an answer makes an edge, in place of the model's own.
    pub threshold: Option<f32>,
    /// The most pairs that the model is given at once, and about as many as are lost by a kill. Large batches keep a GPU
    /// busy.
    pub batch_pairs: usize,
    /// Where to list what could not be taken; an older list there is replaced once there is something to list.
    pub rejects: Option<PathBuf>,
}

impl Default for IngestOptions {
    fn default() -> Self {
        Self { threshold: None, batch_pairs: 128, rejects: None }
    }
}

/// Reads a corpus into a graph: every pair of entities of the model's labels that stand in one sentence is classified,
/// and what the model states becomes an edge with that sentence as evidence.
///
/// Documents that the same run (same model, prompt, answers, threshold and program) has finished before are skipped, so
/// that a command which was stopped or killed goes on where it was, and one that is repeated adds nothing. Documents
/// that are in the graph by another run keep their sentences and get new evidence.
///
/// The observer is called about ten times a second and after each block, on the calling thread. If it breaks, the blocks
/// that are ready are still written, and the summary says that the ingestion was stopped.
///
/// # Errors
/// If the graph, the model or the list of rejects fails. What was committed before stays. Bad records are no errors:
/// they are counted and listed.
pub fn ingest(
    graph: &Graph,
    corpus: Corpus<'_>,
    classifier: &dyn Classifier,
    options: &IngestOptions,
    observer: &mut dyn FnMut(&Progress) -> ControlFlow<()>,
) -> Result<IngestSummary, IngestError> {
    let started = Instant::now();
    let identity = Identity::of(classifier, corpus.tagger());
    let mut writer = Writer::begin(graph, classifier.description(), &identity, options.threshold)?;
    let (known, labels) = (Known::new(graph, writer.run())?, &classifier.description().labels);
    let batch_pairs = options.batch_pairs.max(1);
    let shared = Shared { bytes_total: corpus.bytes_total(), ..Shared::default() };
    let mut report = Report { started, shared: &shared, observer, rejects: RejectsFile::new(options.rejects.clone()) };
    std::thread::scope(|scope| {
        let (to_model, from_reader) = bounded(QUEUE_BLOCKS);
        let (to_writer, from_model) = bounded(QUEUE_BLOCKS);
        let shared = &shared;
        // However this thread leaves, the other two must hear of it.
        let _stop = shared.stop_at_end();
        scope.spawn(move || {
            let blocks = BlockReader::new(corpus, Some(known), labels, batch_pairs, shared);
            send_all(blocks, &to_model);
        });
        scope.spawn(move || classify_all(&from_reader, &to_writer, classifier, batch_pairs, shared));
        write_all(&from_model, &mut writer, &mut report)
    })?;
    Ok(IngestSummary {
        rejects_file: report.rejects.written().map(std::borrow::ToOwned::to_owned),
        stopped: shared.gave_up.load(Ordering::Relaxed),
        elapsed: started.elapsed(),
        ..writer.summary
    })
}

/// What the stages tell one another beside the blocks.
#[derive(Default)]
pub(crate) struct Shared {
    /// No further work is wanted.
    stop: AtomicBool,
    /// Because of that, some work was not done.
    gave_up: AtomicBool,
    /// Pairs that have an answer.
    pairs: AtomicU64,
    bytes_total: Option<u64>,
}

impl Shared {
    /// Lets the other stages hear of it however this one leaves.
    pub(crate) fn stop_at_end(&self) -> impl Drop + '_ {
        StopAtEnd(&self.stop)
    }

    /// Whether a stage has to give up the work in its hands. Only asked by one that has some.
    fn gives_up(&self) -> bool {
        let stop = self.stop.load(Ordering::Relaxed);
        self.gave_up.fetch_or(stop, Ordering::Relaxed);
        stop
    }
}

/// Sets the flag when it goes out of scope.
struct StopAtEnd<'a>(&'a AtomicBool);

impl Drop for StopAtEnd<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Sends items until they end, one fails, or nobody takes them any more.
fn send_all<T>(items: impl Iterator<Item = Result<T, IngestError>>, to: &Sender<Result<T, IngestError>>) {
    for item in items {
        let failed = item.is_err();
        if to.send(item).is_err() || failed {
            return;
        }
    }
}

fn classify_all(
    from: &Receiver<Result<Block, IngestError>>,
    to: &Sender<Result<ClassifiedBlock, IngestError>>,
    classifier: &dyn Classifier,
    batch_pairs: usize,
    shared: &Shared,
) {
    // A block that is given up because of a stop comes out as nothing, and nothing comes after it.
    let classified = from.iter().map_while(|block| {
        let block = match block {
            Ok(block) => block,
            Err(error) => return Some(Err(error)),
        };
        classify(block, classifier, batch_pairs, shared).transpose()
    });
    send_all(classified, to);
}

fn write_all(
    from: &Receiver<Result<ClassifiedBlock, IngestError>>,
    writer: &mut Writer<'_>,
    report: &mut Report<'_>,
) -> Result<(), IngestError> {
    let mut bytes_read = 0;
    loop {
        match from.recv_timeout(REPORT_INTERVAL) {
            Ok(block) => {
                let block = block?;
                bytes_read = block.block.bytes_read;
                for reject in writer.write(block.into(), None)? {
                    report.rejects.add(&reject)?;
                }
                report.rejects.flush()?;
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
        }
        report.tell(&writer.summary, bytes_read);
    }
}

/// The caller's side of an ingestion.
struct Report<'a> {
    started: Instant,
    shared: &'a Shared,
    observer: &'a mut dyn FnMut(&Progress) -> ControlFlow<()>,
    rejects: RejectsFile,
}

impl Report<'_> {
    /// Tells the observer how far it is, unless he has stopped it.
    fn tell(&mut self, summary: &IngestSummary, bytes_read: u64) {
        if self.shared.stop.load(Ordering::Relaxed) {
            return;
        }
        let progress = Progress {
            bytes_read,
            bytes_total: self.shared.bytes_total,
            documents: summary.documents,
            documents_skipped: summary.documents_skipped,
            sentences: summary.sentences,
            pairs: self.shared.pairs.load(Ordering::Relaxed),
            edges: summary.edges_added,
            rejects: summary.rejects.total(),
            elapsed: self.started.elapsed(),
        };
        if (self.observer)(&progress).is_break() {
            self.shared.stop.store(true, Ordering::Relaxed);
        }
    }
}
