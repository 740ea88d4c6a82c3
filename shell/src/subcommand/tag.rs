//! `hopgraph tag`: texts in, the same with what they name out; or how well that is done.

use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::io::{BufWriter, Write, stderr, stdout};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::Ordering;

use anyhow::{Context, Result, anyhow, bail};
use hopgraph::literature::{
    Corpus, Document, Evaluation, Format, Lexicon, LexiconBuilder, LexiconError, LexiconTagger, Reject, RejectKind,
    Reliability, Score, TagOptions, TagProgress, evaluate, evaluate_sentences, learn, tag_corpus, write_reject,
};

use crate::arguments::{TagArguments, TaggingArguments};
use crate::interrupt::{self, Second};
use crate::progress::{Meter, Position};
use crate::quantity::{counted, grouped};

pub(crate) fn run(arguments: &TagArguments) -> Result<ExitCode> {
    if let Some(output) = &arguments.learn {
        return learn_from(arguments, output);
    }
    if arguments.evaluate {
        return print_evaluation(arguments);
    }
    let corpus = Corpus::open(&arguments.files, arguments.format)?;
    let tagger = tagger(&arguments.tagging)?;
    let options = TagOptions { fresh: arguments.fresh, format: arguments.to };
    let mut rejects = arguments.rejects.as_deref().map(File::create).transpose().with_context(|| "--rejects")?;
    let (mut first, mut broken) = (true, Vec::new());
    let mut reject = |rejected: Reject| {
        if rejected.kind == RejectKind::File {
            broken.push(rejected.clone());
        }
        let Some(file) = &mut rejects else { return Ok(()) };
        write_reject(file, &rejected, std::mem::take(&mut first))
    };
    let cancel = interrupt::flag(Second::Exits);
    let mut meter = Meter::new("documents");
    let mut out = BufWriter::with_capacity(1 << 16, stdout().lock());
    let outcome = tag_corpus(corpus, &tagger, options, &mut out, &mut reject, &mut |progress| {
        meter.show(&position(progress));
        if cancel.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    meter.finish();
    let progress = outcome?;
    out.flush()?;
    write_summary(&progress, arguments.rejects.as_deref())?;
    super::write_broken_files(&broken, broken.len() as u64)?;
    Ok(match progress.stopped {
        true => ExitCode::from(interrupt::EXIT_CODE),
        false if broken.is_empty() => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

/// The tagger that the arguments ask for.
pub(crate) fn tagger(arguments: &TaggingArguments) -> Result<LexiconTagger> {
    let Some(path) = &arguments.reliability else { return Ok(LexiconTagger::included(&arguments.lexicon)?) };
    let reliability = read_reliability(path)?;
    let mut builder = base(&arguments.lexicon)?;
    reliability.add_names_to(&mut builder);
    Ok(LexiconTagger::new(builder.build(), &reliability))
}

fn read_reliability(path: &Path) -> Result<Reliability> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    text.parse().map_err(|reason: String| anyhow!("{}: {reason}", path.display()))
}

/// The built-in lexicons and those that were named.
fn base(more: &[(Option<String>, PathBuf)]) -> Result<LexiconBuilder, LexiconError> {
    let mut builder = Lexicon::builder();
    builder.add_included()?;
    for (label, path) in more {
        builder.add_file(path, label.as_deref())?;
    }
    Ok(builder)
}

fn position(progress: &TagProgress) -> Position {
    let note = counted(progress.mentions, "mention");
    Position { done: progress.bytes_read, total: progress.bytes_total, units: progress.documents, note }
}

fn write_summary(progress: &TagProgress, rejects: Option<&Path>) -> Result<()> {
    let mut notes = stderr();
    write!(notes, "{}, {}", counted(progress.documents, "document"), counted(progress.mentions, "mention"))?;
    if progress.annotated_before > 0 {
        write!(notes, "; {} kept the annotations they had", grouped(progress.annotated_before))?;
    }
    writeln!(notes)?;
    if progress.rejects > 0 {
        let place = rejects.map_or_else(
            || "list them with --rejects FILE".to_owned(),
            |path| format!("they are listed in {}", path.display()),
        );
        writeln!(notes, "warning: {} could not be read; {place}", counted(progress.rejects, "item"))?;
    }
    Ok(())
}

/// The documents of one file, and how much of it could not be read.
fn documents(path: &Path, format: Option<Format>) -> Result<(Vec<Document>, u64)> {
    let mut rejects = 0;
    let mut documents = Vec::new();
    for item in Corpus::open(&[path.to_owned()], format)? {
        match item {
            Ok(document) => documents.push(document),
            // Half a file is no measure and nothing to learn from.
            Err(reject) if reject.kind == RejectKind::File => bail!("{}: {}", reject.location, reject.reason),
            Err(_) => rejects += 1,
        }
    }
    Ok((documents, rejects))
}

fn print_evaluation(arguments: &TagArguments) -> Result<ExitCode> {
    let tagger = tagger(&arguments.tagging)?;
    let reliability = arguments
        .tagging
        .reliability
        .as_deref()
        .map_or_else(|| Reliability::included().map_err(|reason| anyhow!(reason)), read_reliability)?;
    let mut builder = base(&arguments.tagging.lexicon)?;
    reliability.add_names_to(&mut builder);
    let plain = LexiconTagger::plain(builder.build());
    let mut out = stdout().lock();
    for path in &arguments.files {
        let (documents, rejects) = documents(path, arguments.format)?;
        writeln!(out, "{}: {}", path.display(), counted(documents.len() as u64, "document"))?;
        if rejects > 0 {
            writeln!(stderr(), "warning: {} could not be read", counted(rejects, "item"))?;
        }
        if documents.iter().any(|document| !document.annotations.is_empty()) {
            write_evaluation(&evaluate(&documents, &tagger), &evaluate(&documents, &plain), &mut out)?;
        }
        write_boundaries(&evaluate_sentences(&documents), &mut out)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// A line for each label and what is compared; behind it the plain dictionary.
fn write_evaluation(ours: &Evaluation, plain: &Evaluation, out: &mut dyn Write) -> Result<()> {
    writeln!(
        out,
        "  {:<10} {:<5} {:>9} {:>9} {:>9} {:>9}   plain longest match",
        "", "", "annotated", "precision", "recall", "F1"
    )?;
    let kinds = [("ids", &ours.identifiers, &plain.identifiers), ("spans", &ours.spans, &plain.spans)];
    for (kind, scores, plain) in kinds {
        write_scores(kind, scores, plain, out)?;
    }
    Ok(())
}

fn write_scores(
    kind: &str,
    scores: &BTreeMap<String, Score>,
    plain: &BTreeMap<String, Score>,
    out: &mut dyn Write,
) -> Result<()> {
    for (label, score) in scores {
        let (precision, recall, f1) = (score.precision(), score.recall(), score.f1());
        write!(
            out,
            "  {label:<10} {kind:<5} {:>9} {precision:>9.3} {recall:>9.3} {f1:>9.3}",
            grouped(score.annotated)
        )?;
        let plain = plain.get(label).copied().unwrap_or_default();
        let (precision, recall, f1) = (plain.precision(), plain.recall(), plain.f1());
        writeln!(out, "   {precision:.3} {recall:.3} {f1:.3}")?;
    }
    Ok(())
}

/// How well the sentences of documents that come as sentences are found in their joined text.
fn write_boundaries(scores: &BTreeMap<String, Score>, out: &mut dyn Write) -> Result<()> {
    if !scores.is_empty() {
        writeln!(
            out,
            "  {:<20} {:>10} {:>9} {:>9} {:>9}",
            "sentence boundaries", "annotated", "precision", "recall", "F1"
        )?;
    }
    for (corpus, score) in scores {
        let (precision, recall, f1) = (score.precision(), score.recall(), score.f1());
        writeln!(out, "  {corpus:<20} {:>10} {precision:>9.3} {recall:>9.3} {f1:>9.3}", grouped(score.annotated))?;
    }
    Ok(())
}

fn learn_from(arguments: &TagArguments, output: &Path) -> Result<ExitCode> {
    let mut held_out = HashSet::new();
    for path in &arguments.hold_out {
        held_out.extend(documents(path, arguments.format)?.0.into_iter().map(|document| document.identifier));
    }
    for path in &arguments.exclude {
        let list = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
        held_out.extend(list.lines().map(str::trim).filter(|line| !line.is_empty()).map(Document::identifier_of));
    }
    let mut corpora = Vec::new();
    for path in &arguments.files {
        let (mut documents, _) = documents(path, arguments.format)?;
        let all = documents.len();
        documents.retain(|document| !held_out.contains(&document.identifier));
        let left_out = all - documents.len();
        writeln!(stderr(), "{}: {}, {left_out} held out", path.display(), counted(documents.len() as u64, "document"))?;
        corpora.push(documents);
    }
    let learned = learn(&corpora, || base(&arguments.tagging.lexicon))?;
    std::fs::write(output, learned.to_table()).with_context(|| output.display().to_string())?;
    Ok(ExitCode::SUCCESS)
}
