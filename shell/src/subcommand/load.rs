//! `hopgraph load`: plain facts from tables.

use std::io::Write;
use std::ops::ControlFlow;
use std::process::ExitCode;
use std::sync::atomic::Ordering;

use anyhow::{Result, bail};
use hopgraph::tabular::{Progress, Tables};
use hopgraph::{Graph, LoadOptions, LoadSummary};

use super::default_rejects;
use crate::arguments::LoadArguments;
use crate::interrupt::{self, Second};
use crate::progress::{Meter, Position};
use crate::quantity::{counted, grouped, spoken};

pub(crate) fn run(arguments: &LoadArguments) -> Result<ExitCode> {
    let options = options(arguments);
    // The files first: a mistyped name or column must not leave an empty database behind.
    let tables = Tables::open(&options)?;
    let graph = Graph::open(&arguments.database)?;
    let cancel = interrupt::flag(Second::Exits);
    let mut meter = Meter::new("rows");
    let outcome = tables.load(graph.engine(), &mut |progress| {
        meter.show(&position(progress));
        if cancel.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    meter.finish();
    let summary = outcome?;
    if !summary.stopped {
        write_summary(&summary, &meter, &mut std::io::stdout().lock())?;
    }
    write_warnings(&summary, &mut std::io::stderr())?;
    if summary.stopped {
        writeln!(std::io::stderr(), "stopped; the graph is as it was")?;
        return Ok(ExitCode::from(interrupt::EXIT_CODE));
    }
    if summary.rejected > 0 && summary.rejected == summary.node_rows + summary.edge_rows {
        bail!("every row was rejected: see the reasons above, and check --node-columns and --edge-columns");
    }
    Ok(ExitCode::SUCCESS)
}

fn options(arguments: &LoadArguments) -> LoadOptions {
    LoadOptions {
        nodes: arguments.nodes.clone(),
        edges: arguments.edges.clone(),
        node_columns: arguments.node_columns.clone(),
        edge_columns: arguments.edge_columns.clone(),
        no_header: arguments.no_header,
        delimiter: arguments.delimiter,
        symmetric: arguments.symmetric.clone(),
        denied: arguments.denied.clone(),
        memory_bytes: Some((arguments.memory as usize) << 20),
        rejects: Some(
            arguments.rejects.clone().unwrap_or_else(|| default_rejects(&arguments.database, "load-rejects.tsv")),
        ),
    }
}

fn position(progress: &Progress<'_>) -> Position {
    let file = progress.file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let note = match progress.rejected {
        _ if progress.writing => "sorting and writing".to_owned(),
        0 => file,
        rejected => format!("{file}, {} rejected", grouped(rejected)),
    };
    Position { done: progress.bytes_read, total: progress.bytes_total, units: progress.rows, note }
}

fn write_summary(summary: &LoadSummary, meter: &Meter, out: &mut dyn Write) -> Result<()> {
    let time = meter.elapsed();
    let rows = summary.node_rows + summary.edge_rows;
    let rate = rows as f64 / time.as_secs_f64().max(1e-6);
    write!(out, "{}", counted(summary.nodes_added, "new node"))?;
    if summary.nodes_merged > 0 {
        write!(out, ", {} known before", grouped(summary.nodes_merged))?;
    }
    let (edges, time, rate) = (counted(summary.edges, "relationship"), spoken(time), grouped(rate as u64));
    writeln!(out, ", {edges}, from {} in {time} ({rate} rows/s)", counted(rows, "row"))?;
    Ok(())
}

fn write_warnings(summary: &LoadSummary, notes: &mut dyn Write) -> Result<()> {
    if summary.rejected > 0 {
        writeln!(notes, "warning: {} rejected, such as", counted(summary.rejected, "row"))?;
        for reject in &summary.first_rejects {
            writeln!(notes, "  {} line {}: {}", reject.file.display(), reject.line, reject.reason)?;
        }
        if let Some(file) = &summary.rejects_file {
            writeln!(notes, "  all of them, with their reasons, are in {}", file.display())?;
        }
    }
    if !summary.unused_types.is_empty() {
        let names = summary.unused_types.join(", ");
        writeln!(notes, "warning: no relationship has the type {names}, named by --symmetric or --denied")?;
    }
    Ok(())
}
