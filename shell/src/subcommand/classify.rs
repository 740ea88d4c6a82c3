//! `hopgraph classify`: sentences in, answers out.

use std::process::ExitCode;

use anyhow::Result;

use crate::arguments::ClassifyArguments;

pub(crate) fn run(arguments: &ClassifyArguments) -> Result<ExitCode> {
    let _ = arguments;
    unimplemented!()
}
