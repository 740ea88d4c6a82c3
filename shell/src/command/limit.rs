//! `:limit` shows or sets how many rows of an answer are shown.

use std::io::Write;

use anyhow::{Result, bail};

use super::{Command, Flow};
use crate::quantity::grouped;
use crate::session::Session;

/// Shows or sets how many rows of an answer are shown.
pub(crate) struct SetLimit;

impl Command for SetLimit {
    fn name(&self) -> &'static str {
        "limit"
    }

    fn argument(&self) -> &'static str {
        "[rows|none]"
    }

    fn help(&self) -> &'static str {
        "most rows that are shown of an answer"
    }

    fn choices(&self) -> &'static [&'static str] {
        &["none"]
    }

    fn run(&self, argument: &str, session: &mut Session<'_>, out: &mut dyn Write) -> Result<Flow> {
        match argument.replace([',', '_'], "").to_lowercase().as_str() {
            "" => {}
            "none" => session.row_limit = None,
            number => match number.parse() {
                Ok(rows) if rows > 0 => session.row_limit = Some(rows),
                _ => bail!("expected a number of rows, or `none`"),
            },
        }
        writeln!(out, "limit: {}", session.row_limit.map_or_else(|| "none".to_owned(), grouped))?;
        Ok(Flow::Continue)
    }
}
