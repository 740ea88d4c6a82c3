//! `:timing` shows or sets whether tables say rows and time.

use std::io::Write;

use anyhow::Result;

use super::{Command, Flow, switch};
use crate::session::Session;

/// Shows or sets whether the line with the number of rows and the time is written.
pub(crate) struct SetTiming;

impl Command for SetTiming {
    fn name(&self) -> &'static str {
        "timing"
    }

    fn argument(&self) -> &'static str {
        "[on|off]"
    }

    fn help(&self) -> &'static str {
        "whether tables say rows and time"
    }

    fn choices(&self) -> &'static [&'static str] {
        &["on", "off"]
    }

    fn run(&self, argument: &str, session: &mut Session<'_>, out: &mut dyn Write) -> Result<Flow> {
        if !argument.is_empty() {
            session.footer = switch(argument)?;
        }
        writeln!(out, "timing: {}", if session.footer { "on" } else { "off" })?;
        Ok(Flow::Continue)
    }
}
