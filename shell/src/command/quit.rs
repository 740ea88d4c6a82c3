//! `:quit` leaves the shell.

use std::io::Write;

use anyhow::Result;

use super::{Command, Flow};
use crate::session::Session;

/// Leaves the shell.
pub(crate) struct Quit;

impl Command for Quit {
    fn name(&self) -> &'static str {
        "quit"
    }

    fn help(&self) -> &'static str {
        "leave; so does Ctrl-D"
    }

    fn run(&self, _: &str, _: &mut Session<'_>, _: &mut dyn Write) -> Result<Flow> {
        Ok(Flow::Quit)
    }
}
