//! `hopgraph export`: a graph written out for other programs.

use std::io::{BufWriter, Write};
use std::ops::ControlFlow;
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::Ordering;

use anyhow::{Result, bail};
use hopgraph::tabular::{Destination, ExportError, ExportSummary};

use super::open_for_reading;
use crate::arguments::ExportArguments;
use crate::interrupt::{self, Second};
use crate::quantity::{counted, grouped};

pub(crate) fn run(arguments: &ExportArguments) -> Result<ExitCode> {
    let graph = open_for_reading(&arguments.database, false)?;
    let out = arguments.out.as_deref().filter(|path| *path != Path::new("-"));
    if let Some(path) = out.filter(|path| is_taken(path)) {
        bail!("{} exists already; name another place, or remove it first", path.display());
    }
    let cancel = interrupt::flag(Second::Exits);
    let mut observer = |_: &ExportSummary| match cancel.load(Ordering::Relaxed) {
        true => ControlFlow::Break(()),
        false => ControlFlow::Continue(()),
    };
    let outcome = match out {
        Some(path) => {
            graph.export(arguments.format, Destination::Path(path.to_owned()), arguments.evidence, &mut observer)
        }
        None => {
            let mut stdout = BufWriter::new(std::io::stdout().lock());
            graph.export(arguments.format, Destination::Writer(&mut stdout), arguments.evidence, &mut observer)
        }
    };
    let summary = outcome.map_err(|error| match error {
        // Bare, so that a reader that went away is known as such.
        ExportError::File { source, .. } if source.kind() == std::io::ErrorKind::BrokenPipe => {
            anyhow::Error::new(source)
        }
        other => anyhow::Error::new(other),
    })?;
    write_summary(arguments, &summary, &mut std::io::stderr())?;
    if summary.stopped {
        return Ok(ExitCode::from(interrupt::EXIT_CODE));
    }
    Ok(ExitCode::SUCCESS)
}

/// Whether something is there that would be lost.
fn is_taken(path: &Path) -> bool {
    std::fs::read_dir(path).map_or(path.exists(), |mut entries| entries.next().is_some())
}

fn write_summary(arguments: &ExportArguments, summary: &ExportSummary, notes: &mut dyn Write) -> Result<()> {
    let (nodes, edges) = (counted(summary.nodes, "node"), counted(summary.edges, "relationship"));
    write!(notes, "{nodes}, {edges}")?;
    if arguments.evidence {
        write!(notes, ", evidence {}", grouped(summary.evidence))?;
    }
    let files: Vec<String> = summary.files.iter().map(|path| path.display().to_string()).collect();
    writeln!(notes, "{}{}", if files.is_empty() { "" } else { " in " }, files.join(", "))?;
    if summary.stopped {
        writeln!(notes, "stopped before the end: the files are incomplete")?;
    } else if arguments.format.is_folder() {
        write!(notes, "to load it again: hopgraph load DB --nodes {} --edges {}", files[0], files[1])?;
        for (option, types) in [("--symmetric", &summary.symmetric), ("--denied", &summary.denied)] {
            if !types.is_empty() {
                write!(notes, " {option} {}", types.iter().cloned().collect::<Vec<_>>().join(","))?;
            }
        }
        writeln!(notes)?;
    }
    Ok(())
}
