//! `hopgraph collect`: slices that were read become a graph.

use std::io::{Write, stderr, stdout};
use std::ops::ControlFlow;
use std::process::ExitCode;
use std::sync::atomic::Ordering;

use anyhow::Result;
use hopgraph::Graph;
use hopgraph::literature::{CollectOptions, CollectSummary};

use super::default_rejects;
use super::ingest::{write_summary, write_warnings};
use crate::arguments::CollectArguments;
use crate::interrupt::{self, Second};
use crate::progress::{Meter, Position};
use crate::quantity::{counted, grouped};

pub(crate) fn run(arguments: &CollectArguments) -> Result<ExitCode> {
    let graph = Graph::open(&arguments.database)?;
    let options = CollectOptions {
        threshold: arguments.threshold,
        follow: arguments.follow,
        rejects: Some(
            arguments.rejects.clone().unwrap_or_else(|| default_rejects(&arguments.database, "collect-rejects.tsv")),
        ),
    };
    let cancel = interrupt::flag(Second::Exits);
    let mut meter = Meter::new("documents");
    let outcome = graph.collect(&arguments.results, &options, &mut |done| {
        meter.show(&position(done));
        if cancel.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    meter.finish();
    let summary = outcome?;
    let known = if summary.slices_known > 0 {
        format!(" ({} taken before)", grouped(summary.slices_known))
    } else {
        String::new()
    };
    writeln!(stdout().lock(), "{}{known}", counted(summary.slices, "slice"))?;
    write_summary(&summary.documents, &mut stdout().lock())?;
    write_warnings(&summary.documents, &mut stderr())?;
    super::write_broken_files(&summary.documents.broken_files, summary.documents.rejects.files)?;
    if summary.documents.stopped {
        writeln!(stderr(), "stopped; run the same command again to go on where it was")?;
        return Ok(ExitCode::from(interrupt::EXIT_CODE));
    }
    write_missing(&summary)?;
    let is_whole = summary.missing.is_empty() && summary.documents.rejects.files == 0;
    Ok(if is_whole { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn position(done: &CollectSummary) -> Position {
    let note = counted(done.slices, "slice");
    Position { done: 0, total: None, units: done.documents.documents, note }
}

fn write_missing(summary: &CollectSummary) -> Result<()> {
    for (plan, numbers) in &summary.missing {
        let numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
        let plan = &plan[..plan.len().min(8)];
        writeln!(stderr(), "error: plan {plan} has no result for slices {}", numbers.join(", "))?;
    }
    if summary.waiting > 0 {
        let waiting = counted(summary.waiting, "result");
        writeln!(stderr(), "{waiting} behind them wait; run the same command again when they are read")?;
    }
    Ok(())
}
