//! `hopgraph ingest`: literature, read by a language model.

use std::io::Write;
use std::ops::ControlFlow;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use anyhow::Result;
use hopgraph::Graph;
use hopgraph::literature::{Corpus, IngestOptions, IngestSummary, Progress};

use super::{default_rejects, write_model_warnings};
use crate::arguments::IngestArguments;
use crate::interrupt::{self, Second};
use crate::progress::{Meter, Position};
use crate::quantity::{counted, grouped, spoken};

pub(crate) fn run(arguments: &IngestArguments) -> Result<ExitCode> {
    // The files and the model first: a mistyped name must not leave an empty database behind.
    let corpus = Corpus::open(&arguments.files, arguments.format)?;
    // Both take their time to load.
    let (tagger, model) = std::thread::scope(|scope| {
        let tagger = scope.spawn(|| super::tag::tagger(&arguments.tagging));
        let model = arguments.model.load();
        (tagger.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)), model)
    });
    let (corpus, model) = (corpus.tagged(Arc::new(tagger?), arguments.fresh), model?);
    write_model_warnings(&model)?;
    let graph = Graph::open(&arguments.database)?;
    let options = IngestOptions {
        threshold: arguments.threshold,
        rejects: Some(
            arguments.rejects.clone().unwrap_or_else(|| default_rejects(&arguments.database, "ingest-rejects.tsv")),
        ),
        batch_pairs: IngestOptions::default().batch_pairs.max(arguments.model.device.inputs_at_once()),
    };
    let cancel = interrupt::flag(Second::Exits);
    let mut meter = Meter::new("pairs");
    let outcome = graph.ingest(corpus, &model, &options, &mut |progress| {
        meter.show(&position(progress));
        if cancel.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    meter.finish();
    let summary = outcome?;
    write_summary(&summary, &mut std::io::stdout().lock())?;
    write_warnings(&summary, &mut std::io::stderr())?;
    super::write_broken_files(&summary.broken_files, summary.rejects.files)?;
    if summary.stopped {
        writeln!(std::io::stderr(), "stopped; run the same command again to go on where it was")?;
        return Ok(ExitCode::from(interrupt::EXIT_CODE));
    }
    // What could be read stands, but whoever runs this in a script must hear that it is not all.
    Ok(if summary.rejects.files > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn position(progress: &Progress) -> Position {
    let mut note = counted(progress.documents, "document");
    if progress.rejects > 0 {
        note += &format!(", {} rejected", grouped(progress.rejects));
    }
    Position { done: progress.bytes_read, total: progress.bytes_total, units: progress.pairs, note }
}

pub(super) fn write_summary(summary: &IngestSummary, out: &mut dyn Write) -> Result<()> {
    let rate = summary.pairs as f64 / summary.elapsed.as_secs_f64().max(1e-6);
    write!(out, "{}", counted(summary.documents, "document"))?;
    if summary.documents_skipped > 0 {
        write!(out, " ({} read before)", grouped(summary.documents_skipped))?;
    }
    let (sentences, pairs) = (counted(summary.sentences, "new sentence"), counted(summary.pairs, "pair"));
    let (time, rate) = (spoken(summary.elapsed), grouped(rate as u64));
    writeln!(out, ", {sentences}, {pairs} in {time} ({rate} pairs/s)")?;
    let fates = [
        (summary.documents_replaced, "replaced by a newer version"),
        (summary.documents_withdrawn, "taken out, retracted or deleted by their source"),
        (summary.documents_withheld, "not taken, retracted or deleted by their source"),
    ];
    for (count, fate) in fates.into_iter().filter(|(count, _)| *count > 0) {
        writeln!(out, "{} {fate}", counted(count, "document"))?;
    }
    if summary.pairs > 0 {
        let answers: Vec<String> =
            summary.answers.iter().map(|(answer, count)| format!("{answer} {}", grouped(*count))).collect();
        writeln!(out, "the model's answers: {}", answers.join(", "))?;
    }
    let evidence = if summary.evidence == 1 { "piece" } else { "pieces" };
    let edges = counted(summary.edges_added, "new relationship");
    writeln!(out, "{edges}, {} {evidence} of evidence", grouped(summary.evidence))?;
    if summary.below_threshold > 0 {
        writeln!(out, "{} below the threshold made none", counted(summary.below_threshold, "answer"))?;
    }
    Ok(())
}

pub(super) fn write_warnings(summary: &IngestSummary, notes: &mut dyn Write) -> Result<()> {
    let rejects = summary.rejects;
    if rejects.total() == 0 {
        return Ok(());
    }
    let kinds = [
        (rejects.files, "file that broke off"),
        (rejects.records, "record"),
        (rejects.annotations, "annotation"),
        (rejects.pairs, "pair"),
    ];
    let words: Vec<String> = kinds
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, noun)| match *noun {
            "file that broke off" if *count > 1 => format!("{} files that broke off", grouped(*count)),
            noun => counted(*count, noun),
        })
        .collect();
    write!(notes, "warning: {} could not be taken", words.join(", "))?;
    match &summary.rejects_file {
        Some(file) => writeln!(notes, "; they are listed with their reasons in {}", file.display())?,
        None => writeln!(notes)?,
    }
    Ok(())
}
