//! `hopgraph classify`: sentences in, answers out.

use std::fs::File;
use std::io::{BufWriter, Read, Write, stdin, stdout};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use hopgraph::literature::{ClassifyError, ClassifyOptions, classify_lines};

use crate::arguments::ClassifyArguments;
use crate::quantity::counted;

pub(crate) fn run(arguments: &ClassifyArguments) -> Result<ExitCode> {
    let source: Box<dyn Read + Send> = match arguments.file.as_deref().filter(|file| *file != Path::new("-")) {
        Some(file) => Box::new(File::open(file).with_context(|| file.display().to_string())?),
        None => Box::new(stdin()),
    };
    let model = arguments.model.load()?;
    super::write_model_warnings(&model)?;
    let least = ClassifyOptions::default().batch_lines;
    let options =
        ClassifyOptions { logits: arguments.logits, batch_lines: least.max(arguments.model.device.inputs_at_once()) };
    let outcome = classify_lines(source, &mut BufWriter::new(stdout()), &model, &options);
    let summary = outcome.map_err(|error| match error {
        // Bare, so that a reader that went away is known as such.
        ClassifyError::Write(error) => anyhow::Error::new(error),
        other => anyhow::Error::new(other),
    })?;
    if summary.errors > 0 {
        let lines = counted(summary.errors, "line");
        writeln!(std::io::stderr(), "warning: {lines} could not be classified; see `error` in the output")?;
    }
    // As with a filter that finds nothing to pass on: no answer at all is a failure.
    let failed = summary.answered == 0 && summary.errors > 0;
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
