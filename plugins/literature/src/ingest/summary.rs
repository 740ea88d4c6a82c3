//! What an ingestion reports: its progress while it runs and its summary at the end.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use crate::{Reject, RejectKind};

/// How many files that broke off a summary keeps.
const BROKEN_FILES_KEPT: usize = 100;

/// How far an ingestion is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Bytes of the input that are done with, as they lie on disk.
    pub bytes_read: u64,
    /// Bytes of the whole input, if that is known.
    pub bytes_total: Option<u64>,
    /// Documents done with, skipped ones included.
    pub documents: u64,
    /// Documents that this run had finished before.
    pub documents_skipped: u64,
    /// Sentences written.
    pub sentences: u64,
    /// Pairs that have an answer, written or not yet.
    pub pairs: u64,
    /// Edges that are new in the graph.
    pub edges: u64,
    /// Rejects of every kind.
    pub rejects: u64,
    /// Time since the start.
    pub elapsed: Duration,
}

impl Progress {
    /// How long the rest will take at the rate so far, if the size of the input is known and something has been read.
    pub fn time_left(&self) -> Option<Duration> {
        let total = self.bytes_total?;
        let left = total.saturating_sub(self.bytes_read) as f64;
        (self.bytes_read > 0).then(|| self.elapsed.mul_f64(left / self.bytes_read as f64))
    }

    /// Pairs answered for each second.
    pub fn pairs_per_second(&self) -> f64 {
        per_second(self.pairs, self.elapsed)
    }
}

/// What an ingestion did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IngestSummary {
    /// Documents read from the input.
    pub documents: u64,
    /// Of these, documents that this run had finished before, or that came twice or in an older version.
    pub documents_skipped: u64,
    /// Documents that are new in the graph.
    pub documents_added: u64,
    /// Of these, documents that took the place of an older version.
    pub documents_replaced: u64,
    /// Documents that were taken out of the graph, since their source has retracted or deleted them.
    pub documents_withdrawn: u64,
    /// Documents that were not taken, since their source has retracted or deleted them, now or before.
    pub documents_withheld: u64,
    /// Documents that another run had added, and that this one read again.
    pub documents_known: u64,
    /// Sentences of the new documents.
    pub sentences: u64,
    /// Pairs of entities that were asked about, each in one sentence.
    pub pairs: u64,
    /// Of these, pairs whose masked sentence had come before and was not read again.
    pub pairs_repeated: u64,
    /// How often the model gave each of its answers, in the model's order.
    pub answers: Vec<(String, u64)>,
    /// Answers that would have made an edge, but were less probable than the threshold.
    pub below_threshold: u64,
    /// Edges that are new in the graph.
    pub edges_added: u64,
    /// Pieces of evidence written, for new edges and for known ones.
    pub evidence: u64,
    /// What could not be taken.
    pub rejects: RejectCounts,
    /// Where the rejects are listed, if there are any and a file was named.
    pub rejects_file: Option<PathBuf>,
    /// The files that could not be read to their end, each with its reason; the first of them if there are many.
    pub broken_files: Vec<Reject>,
    /// Whether the ingestion was stopped before the end. The same command goes on from there.
    pub stopped: bool,
    /// How long it took.
    pub elapsed: Duration,
}

/// Rejects by kind; see [`RejectKind`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RejectCounts {
    /// Files that break off.
    pub files: u64,
    /// Whole documents or rows.
    pub records: u64,
    /// Annotations and other lines.
    pub annotations: u64,
    /// Pairs that the model could not read.
    pub pairs: u64,
}

impl RejectCounts {
    /// Rejects of every kind.
    pub fn total(self) -> u64 {
        self.files + self.records + self.annotations + self.pairs
    }

    pub(super) fn count(&mut self, kind: RejectKind) {
        *match kind {
            RejectKind::File => &mut self.files,
            RejectKind::Record => &mut self.records,
            RejectKind::Annotation => &mut self.annotations,
            RejectKind::Pair => &mut self.pairs,
        } += 1;
    }
}

impl IngestSummary {
    /// Counts what was rejected, and keeps the files that broke off.
    pub(super) fn count_rejects(&mut self, rejects: &[Reject]) {
        for reject in rejects {
            self.rejects.count(reject.kind);
            if reject.kind == RejectKind::File && self.broken_files.len() < BROKEN_FILES_KEPT {
                self.broken_files.push(reject.clone());
            }
        }
    }

    /// Pairs answered for each second.
    pub fn pairs_per_second(&self) -> f64 {
        per_second(self.pairs, self.elapsed)
    }
}

fn per_second(count: u64, elapsed: Duration) -> f64 {
    if elapsed.is_zero() { 0.0 } else { count as f64 / elapsed.as_secs_f64() }
}

impl fmt::Display for IngestSummary {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            formatter,
            "{} read: {} added, {} known from another run, {} done before",
            counted(self.documents, "document"),
            grouped(self.documents_added),
            grouped(self.documents_known),
            grouped(self.documents_skipped)
        )?;
        if self.documents_replaced > 0 {
            writeln!(formatter, "{} replaced by a newer version", counted(self.documents_replaced, "document"))?;
        }
        if self.documents_withdrawn > 0 {
            let withdrawn = counted(self.documents_withdrawn, "document");
            writeln!(formatter, "{withdrawn} taken out, retracted or deleted by their source")?;
        }
        if self.documents_withheld > 0 {
            let withheld = counted(self.documents_withheld, "document");
            writeln!(formatter, "{withheld} not taken, retracted or deleted by their source")?;
        }
        let seconds = self.elapsed.as_secs_f64();
        let rate = self.pairs_per_second();
        write!(formatter, "{}, {}", counted(self.sentences, "sentence"), counted(self.pairs, "pair"))?;
        writeln!(formatter, " ({} repeated) in {seconds:.1} s, {rate:.0} pairs/s", grouped(self.pairs_repeated))?;
        let answers: Vec<String> =
            self.answers.iter().map(|(answer, count)| format!("{answer} {}", grouped(*count))).collect();
        write!(formatter, "answers: {}", answers.join(", "))?;
        if self.below_threshold > 0 {
            write!(formatter, " ({} below the threshold)", grouped(self.below_threshold))?;
        }
        writeln!(formatter)?;
        let evidence = counted(self.evidence, "piece");
        write!(formatter, "{}, {evidence} of evidence", counted(self.edges_added, "new edge"))?;
        self.write_rejects(formatter)?;
        if self.stopped {
            write!(formatter, "\nstopped before the end; the same command goes on from here")?;
        }
        Ok(())
    }
}

impl IngestSummary {
    fn write_rejects(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let RejectCounts { files, records, annotations, pairs } = self.rejects;
        let kinds = [(files, "unfinished file"), (records, "record"), (annotations, "annotation"), (pairs, "pair")];
        let named: Vec<String> =
            kinds.into_iter().filter(|(count, _)| *count > 0).map(|(count, one)| counted(count, one)).collect();
        if named.is_empty() {
            return Ok(());
        }
        write!(formatter, "\nrejected: {}", named.join(", "))?;
        match &self.rejects_file {
            Some(path) => write!(formatter, "; see {}", path.display()),
            None => Ok(()),
        }
    }
}

/// A count with its noun.
fn counted(count: u64, one: &str) -> String {
    format!("{} {one}{}", grouped(count), if count == 1 { "" } else { "s" })
}

/// A number with a comma between thousands.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_reads_well() {
        let summary = IngestSummary {
            documents: 1_234,
            documents_skipped: 1,
            documents_added: 1_230,
            documents_replaced: 2,
            documents_withdrawn: 1,
            documents_withheld: 2,
            documents_known: 3,
            sentences: 12_345_678,
            pairs: 1_000,
            pairs_repeated: 10,
            answers: vec![("True".to_owned(), 700), ("False".to_owned(), 300)],
            below_threshold: 5,
            edges_added: 1,
            evidence: 695,
            rejects: RejectCounts { files: 2, records: 1, annotations: 0, pairs: 3 },
            rejects_file: Some("rejects.tsv".into()),
            broken_files: Vec::new(),
            stopped: true,
            elapsed: Duration::from_millis(2_500),
        };
        let expected = "\
1,234 documents read: 1,230 added, 3 known from another run, 1 done before
2 documents replaced by a newer version
1 document taken out, retracted or deleted by their source
2 documents not taken, retracted or deleted by their source
12,345,678 sentences, 1,000 pairs (10 repeated) in 2.5 s, 400 pairs/s
answers: True 700, False 300 (5 below the threshold)
1 new edge, 695 pieces of evidence
rejected: 2 unfinished files, 1 record, 3 pairs; see rejects.tsv
stopped before the end; the same command goes on from here";
        assert_eq!(summary.to_string(), expected);
    }

    #[test]
    fn time_left_follows_the_rate_so_far() {
        let mut progress = Progress { elapsed: Duration::from_secs(10), ..Progress::default() };
        assert_eq!(progress.time_left(), None);
        progress.bytes_total = Some(400);
        assert_eq!(progress.time_left(), None);
        progress.bytes_read = 100;
        assert_eq!(progress.time_left(), Some(Duration::from_secs(30)));
    }
}
