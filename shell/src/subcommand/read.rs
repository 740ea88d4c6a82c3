//! `hopgraph read`: slices read by a language model, each into a file of its own, without a database.

use std::io::{Write, stderr, stdout};
use std::ops::ControlFlow;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use anyhow::{Result, bail};
use hopgraph::literature::{LexiconTagger, ReadOptions, ReadOutcome, Record, Slice, Tagger, read_slice};

use crate::arguments::ReadArguments;
use crate::interrupt::{self, Second};
use crate::quantity::counted;

pub(crate) fn run(arguments: &ReadArguments) -> Result<ExitCode> {
    let slices = arguments.slices.iter().map(|path| Slice::open(path)).collect::<Result<Vec<_>, _>>()?;
    let model = arguments.model.load()?;
    super::write_model_warnings(&model)?;
    let tagger: Arc<LexiconTagger> = Arc::new(super::tag::tagger(&arguments.tagging)?);
    let least = hopgraph::IngestOptions::default().batch_pairs;
    let options = ReadOptions {
        out: arguments.out.clone(),
        batch_pairs: least.max(arguments.model.device.inputs_at_once()),
        device: format!("{:?}", arguments.model.device),
    };
    let cancel = interrupt::flag(Second::Exits);
    let mut failed = 0;
    for (slice, path) in slices.iter().zip(&arguments.slices) {
        let tagging: (Arc<dyn Tagger>, bool) = (Arc::clone(&tagger) as Arc<dyn Tagger>, arguments.fresh);
        let outcome = read_slice(slice, Some(tagging), &model, &options, &mut |_| {
            if cancel.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        match outcome {
            Ok(ReadOutcome::Read(record)) => tell(path, &record, "")?,
            Ok(ReadOutcome::Known(record)) => tell(path, &record, " (read before)")?,
            Ok(ReadOutcome::Stopped) => {
                writeln!(stderr(), "stopped; run the same command again to go on where it was")?;
                return Ok(ExitCode::from(interrupt::EXIT_CODE));
            }
            Err(error) => {
                failed += 1;
                writeln!(stderr(), "error: {}: {error}", path.display())?;
            }
        }
    }
    if failed > 0 {
        bail!("{} could not be read", counted(failed, "slice"));
    }
    Ok(ExitCode::SUCCESS)
}

fn tell(path: &Path, record: &Record, note: &str) -> Result<()> {
    let (documents, pairs) = (counted(record.documents, "document"), counted(record.pairs, "pair"));
    let rejects = if record.rejects > 0 { format!(", {}", counted(record.rejects, "reject")) } else { String::new() };
    writeln!(stdout().lock(), "{}: {documents}, {pairs}{rejects}{note}", path.display())?;
    Ok(())
}
