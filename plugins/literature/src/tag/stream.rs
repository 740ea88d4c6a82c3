//! A corpus tagged from end to end: read, tag on all cores, write in order.

use std::io::{self, Write};
use std::num::NonZero;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use super::{OutputFormat, TaggedMention, Tagger};
use crate::{Corpus, Document, Reject};

/// How many documents are tagged before the next are read, for each thread.
const DOCUMENTS_PER_THREAD: usize = 64;

/// How to tag a corpus.
#[derive(Clone, Copy, Debug, Default)]
pub struct TagOptions {
    /// Whether documents that have annotations are tagged as well, in place of these.
    pub fresh: bool,
    /// How to write them.
    pub format: OutputFormat,
}

/// How far it is, and at the end what was done.
#[derive(Clone, Copy, Debug, Default)]
pub struct TagProgress {
    /// Documents written.
    pub documents: u64,
    /// Those of them that kept the annotations they had.
    pub annotated_before: u64,
    /// Mentions written.
    pub mentions: u64,
    /// Records and annotations that could not be read.
    pub rejects: u64,
    /// Bytes of the input read.
    pub bytes_read: u64,
    /// Bytes of the input, if that is known.
    pub bytes_total: Option<u64>,
    /// Time since the beginning.
    pub elapsed: Duration,
    /// Whether the observer stopped it.
    pub stopped: bool,
}

/// Tags a corpus and writes it. Memory does not grow with the corpus. What cannot be read goes to `reject`; the observer
/// is called after each batch and may stop.
///
/// # Errors
/// If the writing fails.
pub fn tag_corpus(
    mut corpus: Corpus<'_>,
    tagger: &dyn Tagger,
    options: TagOptions,
    out: &mut dyn Write,
    reject: &mut dyn FnMut(Reject) -> io::Result<()>,
    observer: &mut dyn FnMut(&TagProgress) -> ControlFlow<()>,
) -> io::Result<TagProgress> {
    let started = Instant::now();
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
    let mut progress = TagProgress { bytes_total: corpus.bytes_total(), ..TagProgress::default() };
    loop {
        let mut documents = Vec::new();
        while documents.len() < threads * DOCUMENTS_PER_THREAD {
            match corpus.next() {
                Some(Ok(document)) => documents.push(document),
                Some(Err(rejected)) => {
                    progress.rejects += 1;
                    reject(rejected)?;
                }
                None => break,
            }
        }
        if documents.is_empty() {
            return Ok(progress);
        }
        for (document, mentions) in documents.iter().zip(tag_all(&documents, tagger, options.fresh, threads)) {
            let kept = mentions.is_none();
            let mentions = mentions.unwrap_or_else(|| given(document, tagger));
            options.format.write(document, &mentions, out)?;
            progress.documents += 1;
            progress.annotated_before += u64::from(kept);
            progress.mentions += mentions.len() as u64;
        }
        progress.bytes_read = corpus.bytes_read();
        progress.elapsed = started.elapsed();
        if observer(&progress).is_break() {
            return Ok(TagProgress { stopped: true, ..progress });
        }
    }
}

/// The mentions of each document; none for those that keep their annotations.
fn tag_all(
    documents: &[Document],
    tagger: &dyn Tagger,
    fresh: bool,
    threads: usize,
) -> Vec<Option<Vec<TaggedMention>>> {
    let tag = |document: &Document| (fresh || document.annotations.is_empty()).then(|| tagger.tag(document));
    std::thread::scope(|scope| {
        let parts = documents.chunks(documents.len().div_ceil(threads).max(1));
        let tasks: Vec<_> = parts.map(|part| scope.spawn(move || part.iter().map(tag).collect::<Vec<_>>())).collect();
        let join = |task: std::thread::ScopedJoinHandle<'_, Vec<_>>| {
            task.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        tasks.into_iter().flat_map(join).collect()
    })
}

/// The annotations that a document came with, under the identifiers of the tagger.
fn given(document: &Document, tagger: &dyn Tagger) -> Vec<TaggedMention> {
    let mut annotations = document.annotations.clone();
    super::link(&mut annotations, tagger);
    annotations.sort_by_key(|annotation| (annotation.start, annotation.end));
    annotations.into_iter().map(|annotation| TaggedMention { annotation, candidates: Vec::new() }).collect()
}
