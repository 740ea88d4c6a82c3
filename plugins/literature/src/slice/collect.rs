//! The writer: takes the results of slices into a graph, in the order of their plan, each once.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use hopgraph_engine::Graph;

use super::read::readings_of;
use super::record::RunDescription;
use super::{PlanError, Reading, Record};
use crate::identity::Identity;
use crate::ingest::{IngestSummary, ReadBlock, Writer};
use crate::rejects::RejectsFile;
use crate::{IngestError, Reject};

/// How long is waited before the folders are looked at again.
const WAIT: Duration = Duration::from_millis(500);

/// How to collect.
#[derive(Clone, Debug, Default)]
pub struct CollectOptions {
    /// Least probability at which an answer makes an edge, in place of the model's own.
    pub threshold: Option<f32>,
    /// Waits for slices that are not finished yet.
    pub follow: bool,
    /// Where to list what could not be taken.
    pub rejects: Option<PathBuf>,
}

/// What was collected.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CollectSummary {
    /// What was done with the documents.
    pub documents: IngestSummary,
    /// Slices taken now.
    pub slices: u64,
    /// Slices that had been taken before.
    pub slices_known: u64,
    /// The numbers of the slices that have no result, by plan.
    pub missing: Vec<(String, Vec<usize>)>,
    /// Results behind the first that is missing, which wait for it.
    pub waiting: u64,
}

/// The results of one plan by the number of the slice.
#[derive(Debug)]
struct Results {
    plan: String,
    of: usize,
    records: BTreeMap<usize, Record>,
}

/// Takes the results in these folders into the graph: plan by plan in the order of the folders, the slices of each in
/// their order, up to the first that has no result. A slice that was taken before is passed over, so that the same
/// command goes on where it was; the graph equals that of one ingestion of the same files.
///
/// The observer is told what was done so far, after each block, and may stop.
///
/// # Errors
/// If results of one slice differ, results are of different models, a result is damaged, or the graph fails. What was
/// committed before stays.
pub fn collect(
    graph: &Graph,
    folders: &[PathBuf],
    options: &CollectOptions,
    observer: &mut dyn FnMut(&CollectSummary) -> ControlFlow<()>,
) -> Result<CollectSummary, PlanError> {
    let started = Instant::now();
    let mut results = find(folders)?;
    while results.is_empty() {
        if !options.follow {
            return Err(PlanError::Nothing { path: folders.first().cloned().unwrap_or_default() });
        }
        if observer(&CollectSummary::default()).is_break() {
            let documents = IngestSummary { stopped: true, ..IngestSummary::default() };
            return Ok(CollectSummary { documents, ..CollectSummary::default() });
        }
        std::thread::sleep(WAIT);
        results = find(folders)?;
    }
    // There is no plan without a record.
    let first = results.iter().find_map(|results| results.records.values().next().cloned());
    let Some(first) = first else { return Ok(CollectSummary::default()) };
    let mut collector = Collector::begin(graph, &first.run, options, observer)?;
    loop {
        let is_whole = collector.take_all(&results)?;
        if is_whole || collector.is_stopped || !options.follow {
            return Ok(collector.summary(&results, started.elapsed()));
        }
        std::thread::sleep(WAIT);
        collector.tell();
        results = find(folders)?;
    }
}

/// The results in the folders. Of two of one slice the first counts, if they are the same.
fn find(folders: &[PathBuf]) -> Result<Vec<Results>, PlanError> {
    let mut found: Vec<Results> = Vec::new();
    let mut first: Option<Record> = None;
    for folder in folders {
        for record in Record::all_in(folder)? {
            let of_all = first.get_or_insert_with(|| record.clone());
            if of_all.run != record.run {
                let (first, second) = (of_all.path().to_owned(), record.path().to_owned());
                return Err(PlanError::OtherRun { first, second });
            }
            let at = found.iter().position(|results| results.plan == record.plan).unwrap_or(found.len());
            if at == found.len() {
                let (plan, of) = (record.plan.clone(), record.of);
                found.push(Results { plan, of, records: BTreeMap::new() });
            }
            let records = &mut found[at].records;
            match records.get(&record.number) {
                Some(known) if known.sha256 != record.sha256 => {
                    let (first, second) = (known.path().to_owned(), record.path().to_owned());
                    return Err(PlanError::Differ { first, second });
                }
                Some(_) => {}
                None => {
                    records.insert(record.number, record);
                }
            }
        }
    }
    Ok(found)
}

/// A graph being filled.
struct Collector<'g, 'o> {
    graph: &'g Graph,
    writer: Writer<'g>,
    rejects: RejectsFile,
    done: CollectSummary,
    /// The next slice of each plan.
    next: BTreeMap<String, usize>,
    is_stopped: bool,
    observer: &'o mut dyn FnMut(&CollectSummary) -> ControlFlow<()>,
}

impl<'g, 'o> Collector<'g, 'o> {
    fn begin(
        graph: &'g Graph,
        run: &RunDescription,
        options: &CollectOptions,
        observer: &'o mut dyn FnMut(&CollectSummary) -> ControlFlow<()>,
    ) -> Result<Self, PlanError> {
        let identity = Identity::from_parts(run.parts.clone());
        let writer = Writer::begin(graph, &run.model(), &identity, options.threshold).map_err(IngestError::from)?;
        Ok(Self {
            graph,
            writer,
            rejects: RejectsFile::new(options.rejects.clone()),
            done: CollectSummary::default(),
            next: BTreeMap::new(),
            is_stopped: false,
            observer,
        })
    }

    /// Takes what is there; whether that is all of every plan.
    fn take_all(&mut self, results: &[Results]) -> Result<bool, PlanError> {
        for Results { plan, of, records } in results {
            let mut next = self.next.get(plan).copied().unwrap_or(0);
            while next < *of {
                let Some(record) = records.get(&next) else { return Ok(false) };
                self.take(record)?;
                if self.is_stopped {
                    return Ok(false);
                }
                next += 1;
                self.next.insert(plan.clone(), next);
            }
        }
        Ok(true)
    }

    fn take(&mut self, record: &Record) -> Result<(), PlanError> {
        let name = record.input_name();
        let snapshot = self.graph.snapshot().map_err(IngestError::from)?;
        let is_known = snapshot.has_input(self.writer.run(), &name).map_err(IngestError::from)?;
        let mut readings = readings_of(record)?.peekable();
        if is_known {
            self.done.slices_known += 1;
            // What follows must know which documents this plan has brought already.
            for batch in readings {
                let identifiers = batch?.into_iter().filter_map(|reading| Some(reading.document?.identifier));
                self.writer.meet_all(&snapshot, identifiers).map_err(IngestError::from)?;
            }
            return Ok(());
        }
        drop(snapshot);
        if readings.peek().is_none() {
            self.write(Vec::new(), Some(&name))?;
        }
        while let Some(batch) = readings.next() {
            let last = readings.peek().is_none();
            self.write(batch?, last.then_some(name.as_str()))?;
            self.tell();
            if self.is_stopped && !last {
                return Ok(());
            }
        }
        self.done.slices += 1;
        self.writer.summary.pairs_repeated += record.pairs_repeated;
        Ok(())
    }

    fn write(&mut self, readings: Vec<Reading>, input: Option<&str>) -> Result<(), PlanError> {
        let rejects: Vec<Reject> = self.writer.write(ReadBlock::of(readings), input).map_err(IngestError::from)?;
        for reject in &rejects {
            self.rejects.add(reject)?;
        }
        Ok(self.rejects.flush()?)
    }

    fn tell(&mut self) {
        self.done.documents = self.writer.summary.clone();
        self.is_stopped |= (self.observer)(&self.done).is_break();
    }

    fn summary(&self, results: &[Results], elapsed: Duration) -> CollectSummary {
        let mut done = self.done.clone();
        done.documents = IngestSummary {
            rejects_file: self.rejects.written().map(Path::to_owned),
            stopped: self.is_stopped,
            elapsed,
            ..self.writer.summary.clone()
        };
        let mut is_behind = false;
        for Results { plan, of, records } in results {
            let next = self.next.get(plan).copied().unwrap_or(0);
            let missing: Vec<usize> = (next..*of).filter(|number| !records.contains_key(number)).collect();
            is_behind |= !missing.is_empty();
            done.waiting += records.keys().filter(|number| **number >= next && is_behind).count() as u64;
            if !missing.is_empty() {
                done.missing.push((plan.clone(), missing));
            }
        }
        done
    }
}
