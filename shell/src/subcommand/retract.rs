//! `hopgraph retract`: documents or runs are taken back.

use std::io::Write;
use std::process::ExitCode;

use anyhow::Result;
use hopgraph::engine::Retraction;

use super::open_existing;
use crate::arguments::RetractArguments;
use crate::quantity::counted;

pub(crate) fn run(arguments: &RetractArguments) -> Result<ExitCode> {
    let graph = open_existing(&arguments.database)?;
    let mut done = Retraction::default();
    if !arguments.document.is_empty() {
        done += graph.retract_documents(&arguments.document)?;
    }
    for name in &arguments.run {
        let run = graph.read()?.run_named(name)?;
        done += graph.retract_run(run)?;
    }
    writeln!(std::io::stdout().lock(), "taken out: {}", words(&done))?;
    Ok(ExitCode::SUCCESS)
}

fn words(done: &Retraction) -> String {
    let pieces = if done.evidence == 1 { "piece of evidence" } else { "pieces of evidence" };
    [
        counted(done.documents, "document"),
        counted(done.sentences, "sentence"),
        format!("{} {pieces}", crate::quantity::grouped(done.evidence)),
        counted(done.facts, "fact"),
        counted(done.edges, "relationship"),
        counted(done.nodes, "node"),
    ]
    .join(", ")
}
