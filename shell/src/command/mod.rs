//! What the shell can do beside running statements: one file for each colon command.

mod format;
mod help;
mod limit;
mod param;
mod quit;
pub(crate) mod schema;
mod timing;

use std::io::Write;

use anyhow::{Result, bail};

use crate::session::Session;

/// One thing that the shell can do, typed as `:name argument`.
pub(crate) trait Command: Sync {
    /// Its name, without the colon.
    fn name(&self) -> &'static str;
    /// What it takes, such as `[table|csv|json|jsonl]`; empty if nothing.
    fn argument(&self) -> &'static str {
        ""
    }
    /// What it does, in one line.
    fn help(&self) -> &'static str;
    /// The words that its argument may be, for completion.
    fn choices(&self) -> &'static [&'static str] {
        &[]
    }
    /// Does it.
    fn run(&self, argument: &str, session: &mut Session<'_>, out: &mut dyn Write) -> Result<Flow>;
}

/// Whether the shell goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    /// It does.
    Continue,
    /// It ends.
    Quit,
}

/// All commands in the order of `:help`.
pub(crate) const ALL: [&dyn Command; 7] = [
    &help::Help,
    &schema::Schema,
    &format::SetFormat,
    &limit::SetLimit,
    &param::SetParameter,
    &timing::SetTiming,
    &quit::Quit,
];

/// Runs a line that begins with a colon.
pub(crate) fn run(line: &str, session: &mut Session<'_>, out: &mut dyn Write) -> Result<Flow> {
    let line = line.trim().trim_start_matches(':').trim_end_matches(';');
    let (name, argument) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    find(name)?.run(argument.trim(), session, out)
}

/// The command with this name, or the only one that begins so.
pub(crate) fn find(name: &str) -> Result<&'static dyn Command> {
    let name = name.to_lowercase();
    // What people type in other shells.
    let name = if name == "exit" { "quit" } else { name.as_str() };
    if let Some(command) = ALL.into_iter().find(|command| command.name() == name) {
        return Ok(command);
    }
    let candidates: Vec<_> = ALL.into_iter().filter(|command| command.name().starts_with(name)).collect();
    match candidates.as_slice() {
        [command] if !name.is_empty() => Ok(*command),
        _ => bail!("there is no command `:{name}`; `:help` lists them"),
    }
}

/// Reads `on` or `off`.
fn switch(argument: &str) -> Result<bool> {
    match argument.to_lowercase().as_str() {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => bail!("expected `on` or `off`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_found_by_name_or_by_their_beginning() {
        for (typed, name) in [("help", "help"), ("HELP", "help"), ("q", "quit"), ("exit", "quit"), ("sch", "schema")] {
            assert_eq!(find(typed).unwrap().name(), name, "{typed}");
        }
        for wrong in ["", "nothing", "helpme"] {
            assert!(find(wrong).is_err(), "{wrong}");
        }
    }
}
