//! `hopgraph check`: every invariant of the store.

use std::io::Write;
use std::process::ExitCode;

use anyhow::Result;

use super::open_existing;
use crate::arguments::CheckArguments;
use crate::quantity::counted;

pub(crate) fn run(arguments: &CheckArguments) -> Result<ExitCode> {
    let graph = open_existing(&arguments.database)?;
    let report = graph.check()?;
    let mut out = std::io::stdout().lock();
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
