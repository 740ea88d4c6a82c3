//! `hopgraph slice`: input cut into pieces that are read by themselves.

use std::io::Write;
use std::process::ExitCode;

use anyhow::Result;
use hopgraph::literature::make_plan;

use crate::arguments::SliceArguments;
use crate::quantity::counted;

pub(crate) fn run(arguments: &SliceArguments) -> Result<ExitCode> {
    let slices = make_plan(&arguments.files, arguments.format, &arguments.out)?;
    let folder = arguments.out.display();
    writeln!(std::io::stdout().lock(), "{} in {folder}", counted(slices.len() as u64, "slice"))?;
    Ok(ExitCode::SUCCESS)
}
