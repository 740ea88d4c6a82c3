//! `hopgraph check`: every invariant of the store, and the repair of what derives from other records.

use std::io::Write;
use std::process::ExitCode;

use anyhow::Result;
use hopgraph::Graph;

use super::open_for_reading;
use crate::arguments::CheckArguments;
use crate::quantity::counted;

pub(crate) fn run(arguments: &CheckArguments) -> Result<ExitCode> {
    let mut out = std::io::stdout().lock();
    let report = if arguments.repair {
        let repaired = Graph::repair(&arguments.database)?;
        for action in &repaired.actions {
            writeln!(out, "repaired {action}")?;
        }
        repaired.check
    } else {
        open_for_reading(&arguments.database, false)?.check()?
    };
    for problem in &report.problems {
        writeln!(out, "{problem}")?;
    }
    let records = counted(report.records, "record");
    if report.is_sound() {
        writeln!(out, "{} is sound: {records} checked", arguments.database.display())?;
        return Ok(ExitCode::SUCCESS);
    }
    let problems = counted(report.problems.len() as u64, "problem");
    writeln!(out, "{} is damaged: {problems} in {records}", arguments.database.display())?;
    Ok(ExitCode::FAILURE)
}
