//! `hopgraph ingest`: annotated literature, read by a language model.

use std::process::ExitCode;

use anyhow::Result;

use crate::arguments::IngestArguments;

pub(crate) fn run(arguments: &IngestArguments) -> Result<ExitCode> {
    let _ = arguments;
    unimplemented!()
}
