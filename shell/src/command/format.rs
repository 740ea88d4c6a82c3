//! `:format` shows or sets how rows are written.

use std::io::Write;

use anyhow::{Result, bail};

use super::{Command, Flow};
use crate::render::Format;
use crate::session::Session;

/// Shows or sets how rows are written.
pub(crate) struct SetFormat;

impl Command for SetFormat {
    fn name(&self) -> &'static str {
        "format"
    }

    fn argument(&self) -> &'static str {
        "[table|csv|json|jsonl]"
    }

    fn help(&self) -> &'static str {
        "how rows are written"
    }

    fn choices(&self) -> &'static [&'static str] {
        &["table", "csv", "json", "jsonl"]
    }

    fn run(&self, argument: &str, session: &mut Session<'_>, out: &mut dyn Write) -> Result<Flow> {
        if !argument.is_empty() {
            let wanted = Format::ALL.into_iter().find(|format| format.name().eq_ignore_ascii_case(argument));
            let Some(format) = wanted else {
                bail!("there is no format {argument:?}; there are {}", Format::ALL.map(Format::name).join(", "));
            };
            session.format = format;
        }
        writeln!(out, "format: {}", session.format.name())?;
        Ok(Flow::Continue)
    }
}
