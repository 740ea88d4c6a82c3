//! `hopgraph diff`: two runs held against each other, edge by edge.

use std::io::Write;
use std::process::ExitCode;

use anyhow::Result;
use hopgraph::Value;
use hopgraph::engine::{NodeId, RunComparison, RunId, Snapshot, StorageError, View};
use hopgraph::query::QueryError;

use super::open_for_reading;
use crate::arguments::DiffArguments;
use crate::quantity::{counted, grouped};
use crate::render::{self, Row};

const COLUMNS: [&str; 6] = ["change", "source", "type", "target", "before", "after"];

pub(crate) fn run(arguments: &DiffArguments) -> Result<ExitCode> {
    let graph = open_for_reading(&arguments.database, false)?;
    let snapshot = graph.read()?;
    let runs = [snapshot.run_named(&arguments.before)?, snapshot.run_named(&arguments.after)?];
    let mut counts = Counts::default();
    let mut compared = snapshot.compare_runs(runs).filter_map(|found| match found {
        Ok(found) => counts.note(&found, arguments.min_change).map(|change| row(&snapshot, &found, change)),
        Err(error) => Some(Err(QueryError::from(error))),
    });
    render::write_values(&COLUMNS, &mut compared, arguments.format, &mut std::io::stdout().lock())?;
    drop(compared);
    write_summary(&snapshot, runs, &counts)?;
    Ok(ExitCode::SUCCESS)
}

/// How many edges stand how.
#[derive(Default)]
struct Counts {
    gained: u64,
    lost: u64,
    changed: u64,
    same: u64,
}

impl Counts {
    /// Counts a comparison. Gives the word for it, unless the edge is the same to both.
    fn note(&mut self, found: &RunComparison, min_change: f64) -> Option<&'static str> {
        let (count, word) = match (found.before, found.after) {
            (None, _) => (&mut self.gained, Some("gained")),
            (_, None) => (&mut self.lost, Some("lost")),
            (Some(before), Some(after)) if (after - before).abs() >= min_change.max(f64::MIN_POSITIVE) => {
                (&mut self.changed, Some("changed"))
            }
            _ => (&mut self.same, None),
        };
        *count += 1;
        word
    }
}

fn row(snapshot: &Snapshot, found: &RunComparison, change: &str) -> Result<Row, QueryError> {
    let text = |text: &str| Value::Text(text.to_owned());
    let number = |value: Option<f64>| value.map_or(Value::Null, Value::Float);
    let edge = found.edge;
    let relation = snapshot.catalog().relation_type(edge.relation).map_or("", |relation| &relation.name);
    Ok(vec![
        text(change),
        Value::Text(name(snapshot, edge.source)?),
        text(relation),
        Value::Text(name(snapshot, edge.target)?),
        number(found.before),
        number(found.after),
    ])
}

/// A node as people and other programs know it.
fn name(snapshot: &Snapshot, id: NodeId) -> Result<String, StorageError> {
    let node = snapshot.node(id)?.unwrap_or_default();
    Ok(match (node.name.as_str(), node.identifiers.first()) {
        ("", None) => format!("node:{id}"),
        ("", Some(identifier)) => identifier.clone(),
        (name, None) => name.to_owned(),
        (name, Some(identifier)) => format!("{name} ({identifier})"),
    })
}

/// To standard error, so that a table or CSV stays one.
fn write_summary(snapshot: &Snapshot, runs: [RunId; 2], counts: &Counts) -> Result<()> {
    let mut notes = std::io::stderr();
    let Counts { gained, lost, changed, same } = counts;
    let (gained, lost) = (counted(*gained, "relationship"), grouped(*lost));
    writeln!(notes, "{gained} gained, {lost} lost, {} changed, {} the same", grouped(*changed), grouped(*same))?;
    let read = |run| Ok::<_, StorageError>(counted(snapshot.documents_of_run(run)?.iter().count() as u64, "document"));
    let [before, after] = [read(runs[0])?, read(runs[1])?];
    if before != after {
        writeln!(
            notes,
            "run {} has read {before}, run {} {after}: what only one has read counts too",
            runs[0], runs[1]
        )?;
    }
    Ok(())
}
