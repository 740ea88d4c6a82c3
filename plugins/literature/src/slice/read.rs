//! A worker: reads one slice and writes its result.

use std::fs::File;
use std::io::{BufReader, Read};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crossbeam_channel::bounded;
use hopgraph_inference::Classifier;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use sha2::{Digest, Sha256};

use super::columns::{from_batch, to_batch};
use super::files::{draft_of, hexadecimal, publish};
use super::record::{Counts, RunDescription};
use super::{PlanError, Reading, Record, Slice};
use crate::identity::Identity;
use crate::ingest::{Block, BlockReader, ClassifiedBlock, Shared, classify};
use crate::{Corpus, IngestError, Tagger};

/// How many rows stand together in a file. What is held of a slice is about as much.
const GROUP_ROWS: usize = 4096;

/// How to read a slice.
#[derive(Clone, Debug)]
pub struct ReadOptions {
    /// The folder for the result.
    pub out: PathBuf,
    /// The most pairs that the model is given at once.
    pub batch_pairs: usize,
    /// What computes, for the record.
    pub device: String,
}

/// What became of a slice.
#[derive(Clone, Debug, PartialEq)]
pub enum ReadOutcome {
    /// It was read.
    Read(Record),
    /// There was a result already.
    Known(Record),
    /// The observer stopped it; there is no result.
    Stopped,
}

/// Reads a slice with a model and writes what it says, without a graph. If there is a result already, nothing is done; if
/// another worker finishes the same slice meanwhile, both must have come to the same bytes.
///
/// The observer is told how many pairs have an answer, after each batch, and may stop.
///
/// # Errors
/// If the slice has changed, the model fails, or the result cannot be written.
pub fn read_slice(
    slice: &Slice,
    tagger: Option<(Arc<dyn Tagger + '_>, bool)>,
    classifier: &dyn Classifier,
    options: &ReadOptions,
    observer: &mut dyn FnMut(u64) -> ControlFlow<()>,
) -> Result<ReadOutcome, PlanError> {
    std::fs::create_dir_all(&options.out).map_err(|source| PlanError::write(&options.out, source))?;
    let fresh = tagger.as_ref().map(|(tagger, fresh)| (&**tagger, *fresh));
    let identity = Identity::of(classifier, fresh);
    let run = RunDescription::of(classifier.description(), identity.parts().to_vec());
    let stem = Record::stem(slice, &run, crate::PROGRAM);
    let record_path = Record::path_of(&options.out, &stem);
    if let Some(known) = Record::open(&record_path)?.filter(|known| known.file().is_file()) {
        return Ok(ReadOutcome::Known(known));
    }
    slice.check_input()?;
    let corpus = Corpus::of_slice(slice)?;
    let corpus = match tagger {
        Some((tagger, fresh)) => corpus.tagged(tagger, fresh),
        None => corpus,
    };
    let draft = draft_of(&options.out.join(&stem));
    let counts = match write_result(corpus, classifier, options, &draft, observer) {
        Ok(Some(counts)) => counts,
        unfinished => {
            // Whatever stands there is of no use; that it cannot be removed is no worse than what happened.
            let _ = std::fs::remove_file(&draft);
            return unfinished.map(|_| ReadOutcome::Stopped);
        }
    };
    let sha256 = hash_file(&draft)?;
    // Other bytes have another name, so that nothing is ever replaced.
    let path = options.out.join(format!("{stem}-{}.parquet", &sha256[..8]));
    publish(&draft, &path)?;
    let record = Record::new(slice, run, &path, sha256, counts).computed_on(&options.device);
    if record.write_new(&record_path)? {
        return Ok(ReadOutcome::Read(record));
    }
    // Another worker was faster.
    match Record::open(&record_path)? {
        Some(known) if known.sha256 == record.sha256 => Ok(ReadOutcome::Known(known)),
        Some(known) => Err(PlanError::Differ { first: known.file(), second: path }),
        None => Err(PlanError::Damaged { path: record_path, reason: "it came and went".to_owned() }),
    }
}

/// Reads the corpus into a file; none if the observer stopped it.
fn write_result(
    corpus: Corpus<'_>,
    classifier: &dyn Classifier,
    options: &ReadOptions,
    path: &Path,
    observer: &mut dyn FnMut(u64) -> ControlFlow<()>,
) -> Result<Option<Counts>, PlanError> {
    let batch_pairs = options.batch_pairs.max(1);
    let shared = Shared::default();
    let labels = &classifier.description().labels;
    let mut file = ResultFile::create(path)?;
    let is_whole = std::thread::scope(|scope| {
        let (to_model, from_reader) = bounded::<Result<Block, IngestError>>(1);
        let shared = &shared;
        let _stop = shared.stop_at_end();
        scope.spawn(move || {
            let blocks = BlockReader::new(corpus, None, labels, batch_pairs, shared);
            for block in blocks {
                if to_model.send(block).is_err() {
                    return;
                }
            }
        });
        for block in from_reader {
            let Some(classified) = classify(block?, classifier, batch_pairs, shared)? else { return Ok(false) };
            file.add(classified)?;
            if observer(file.counts.pairs).is_break() {
                return Ok(false);
            }
        }
        Ok::<_, PlanError>(true)
    })?;
    if is_whole { file.finish().map(Some) } else { Ok(None) }
}

/// A result as it is written.
struct ResultFile {
    path: PathBuf,
    rows: Vec<Reading>,
    writer: ArrowWriter<File>,
    counts: Counts,
}

impl ResultFile {
    fn create(path: &Path) -> Result<Self, PlanError> {
        let file = File::create(path).map_err(|source| PlanError::write(path, source))?;
        let schema = to_batch(&[]).map_err(|error| failed(path, &error))?.schema();
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_max_row_group_row_count(Some(GROUP_ROWS))
            .build();
        let writer = ArrowWriter::try_new(file, schema, Some(properties)).map_err(|error| failed(path, &error))?;
        Ok(Self { path: path.to_owned(), rows: Vec::new(), writer, counts: Counts::default() })
    }

    fn add(&mut self, classified: ClassifiedBlock) -> Result<(), PlanError> {
        self.counts.documents += classified.block.documents_read;
        self.counts.pairs_repeated += classified.pairs_repeated();
        self.counts.rejects += classified.block.rejects.len() as u64;
        for reading in classified.into_readings() {
            self.counts.pairs += reading.verdicts.len() as u64;
            self.rows.push(reading);
        }
        if self.rows.len() >= GROUP_ROWS { self.write_rows() } else { Ok(()) }
    }

    fn write_rows(&mut self) -> Result<(), PlanError> {
        let batch = to_batch(&std::mem::take(&mut self.rows)).map_err(|error| failed(&self.path, &error))?;
        self.writer.write(&batch).map_err(|error| failed(&self.path, &error))
    }

    fn finish(mut self) -> Result<Counts, PlanError> {
        self.write_rows()?;
        let file = self.writer.into_inner().map_err(|error| failed(&self.path, &error))?;
        file.sync_all().map_err(|source| PlanError::write(&self.path, source))?;
        Ok(self.counts)
    }
}

fn failed(path: &Path, error: &dyn std::fmt::Display) -> PlanError {
    PlanError::Damaged { path: path.to_owned(), reason: error.to_string() }
}

/// SHA-256 of a file.
pub(super) fn hash_file(path: &Path) -> Result<String, PlanError> {
    let failed = |source| PlanError::read(path, source);
    let mut reader = BufReader::new(File::open(path).map_err(failed)?);
    let (mut hash, mut buffer) = (Sha256::new(), vec![0; 1 << 20]);
    loop {
        match reader.read(&mut buffer).map_err(failed)? {
            0 => return Ok(hexadecimal(&hash.finalize())),
            length => hash.update(&buffer[..length]),
        }
    }
}

/// The readings of a result, batch by batch.
pub(super) fn readings_of(
    record: &Record,
) -> Result<impl Iterator<Item = Result<Vec<Reading>, PlanError>> + use<>, PlanError> {
    let path = record.file();
    if hash_file(&path)? != record.sha256 {
        return Err(PlanError::Damaged { path, reason: "it is not the file that its record names".to_owned() });
    }
    let file = File::open(&path).map_err(|source| PlanError::read(&path, source))?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| failed(&path, &error))?;
    let reader = builder.with_batch_size(1024).build().map_err(|error| failed(&path, &error))?;
    let answers = record.run.model().answers.len();
    Ok(reader.map(move |batch| {
        let batch = batch.map_err(|error| failed(&path, &error))?;
        let readings = from_batch(&batch).map_err(|reason| failed(&path, &reason))?;
        readings.iter().try_for_each(|reading| reading.check(answers)).map_err(|reason| failed(&path, &reason))?;
        Ok(readings)
    }))
}
