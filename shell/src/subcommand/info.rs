//! `hopgraph info`: what a database holds.

use std::io::Write;
use std::process::ExitCode;

use anyhow::Result;
use hopgraph::Graph;
use hopgraph::engine::{Run, RunId, RunKind};

use super::open_for_reading;
use crate::arguments::InfoArguments;
use crate::quantity::grouped;
use crate::render::{Layout, plain_table};
use crate::{command, terminal};

pub(crate) fn run(arguments: &InfoArguments) -> Result<ExitCode> {
    let graph = open_for_reading(&arguments.database, arguments.read_only)?;
    let mut out = std::io::stdout().lock();
    write_info(&graph, &terminal::layout(), &mut out)?;
    Ok(ExitCode::SUCCESS)
}

fn write_info(graph: &Graph, layout: &Layout, out: &mut dyn Write) -> Result<()> {
    let snapshot = graph.read()?;
    let statistics = snapshot.statistics()?;
    let counts = [
        ("nodes", statistics.nodes),
        ("relationships", statistics.edges),
        ("documents", statistics.documents),
        ("sentences", statistics.sentences),
        ("evidence from sentences", statistics.evidence),
        ("runs", statistics.runs),
    ];
    let rows: Vec<Vec<String>> = counts.iter().map(|(name, count)| vec![(*name).to_owned(), grouped(*count)]).collect();
    writeln!(out, "{}\n", graph.path().display())?;
    plain_table(&["what", "count"], &rows, &[1], layout, out)?;
    command::schema::write(&snapshot, &statistics, layout, out)?;
    let runs: Vec<Vec<String>> = snapshot.runs()?.iter().map(|(id, run)| describe(*id, run)).collect();
    if !runs.is_empty() {
        writeln!(out)?;
        plain_table(&["run", "kind", "of", "began"], &runs, &[0], layout, out)?;
    }
    Ok(())
}

/// A run in words: its number, its kind, what it read or what it was, and when.
fn describe(id: RunId, run: &Run) -> Vec<String> {
    let (kind, of) = match &run.kind {
        RunKind::Hand => ("by hand", "statements".to_owned()),
        RunKind::Load { source } => ("load", source.clone()),
        RunKind::Model { model, quantization, weights_hash, .. } => {
            let hash = weights_hash.get(..12).unwrap_or(weights_hash);
            ("model", format!("{model}, {quantization}, weights {hash}"))
        }
    };
    vec![id.to_string(), kind.to_owned(), of, run.started.clone()]
}
