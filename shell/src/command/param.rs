//! `:param` sets a parameter, or shows those that are set.

use std::io::Write;

use anyhow::Result;
use hopgraph::query::json;

use super::{Command, Flow};
use crate::argument_value::parameter;
use crate::session::Session;

/// Sets a parameter, or shows those that are set.
pub(crate) struct SetParameter;

impl Command for SetParameter {
    fn name(&self) -> &'static str {
        "param"
    }

    fn argument(&self) -> &'static str {
        "[name=value]"
    }

    fn help(&self) -> &'static str {
        "set $name; alone: show what is set"
    }

    fn run(&self, argument: &str, session: &mut Session<'_>, out: &mut dyn Write) -> Result<Flow> {
        if argument.is_empty() {
            for (name, value) in &session.parameters {
                writeln!(out, "${name} = {}", json::plain(value))?;
            }
            if session.parameters.is_empty() {
                writeln!(out, "no parameters are set")?;
            }
        } else {
            let (name, value) = parameter(argument).map_err(anyhow::Error::msg)?;
            let name = name.trim().to_owned();
            writeln!(out, "${name} = {}", json::plain(&value))?;
            session.parameters.insert(name, value);
        }
        Ok(Flow::Continue)
    }
}
