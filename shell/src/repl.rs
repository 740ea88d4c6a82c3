//! The interactive shell: read, run, print.

use std::io::{IsTerminal, Write, stdin};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::{Context, Result};
use hopgraph::Graph;
use rustyline::error::ReadlineError;

use crate::arguments::Arguments;
use crate::command::{self, Flow};
use crate::interrupt::{self, Second};
use crate::line::{self, History, PROMPT, PROMPT_IN_TRANSACTION};
use crate::quantity::counted;
use crate::session::Session;
use crate::subcommand::{open_for_reading, query};
use crate::{render, script, terminal};

/// How many rows of an answer a person is shown unless `:limit` says otherwise.
const ROWS_SHOWN: u64 = 1000;

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let database = arguments.database.as_deref().context("no database given")?;
    if !stdin().is_terminal() {
        return query::run_script(database, &query::read_stdin()?, &arguments.answers, arguments.read_only);
    }
    let graph =
        if arguments.create { Graph::open(database)? } else { open_for_reading(database, arguments.read_only)? };
    converse(&graph, arguments, interrupt::flag(Second::IsIgnored))?;
    Ok(ExitCode::SUCCESS)
}

fn converse(graph: &Graph, arguments: &Arguments, cancel: Arc<AtomicBool>) -> Result<()> {
    let mut session = Session::new(graph, &arguments.answers, cancel);
    session.open_import_folder(&arguments.answers)?;
    session.load_model(&arguments.answers, None)?;
    session.row_limit = Some(ROWS_SHOWN);
    let mut editor = line::editor(graph, terminal::stdout_is_terminal() && terminal::colours_allowed())?;
    let history = History::of_user();
    history.load(&mut editor);
    let mut out = std::io::stdout();
    greet(graph, &mut out)?;
    loop {
        if let Some(helper) = editor.helper_mut() {
            helper.parameters = session.parameters.keys().cloned().collect();
        }
        let prompt = if session.is_in_transaction() { PROMPT_IN_TRANSACTION } else { PROMPT };
        match editor.readline(prompt) {
            Ok(input) if input.trim().is_empty() => {}
            Ok(input) => {
                let _ = editor.add_history_entry(input.trim());
                history.save(&mut editor);
                if take(&input, &mut session, &mut out) == Flow::Quit {
                    return Ok(());
                }
            }
            // Ctrl-C clears the line.
            Err(ReadlineError::Interrupted) => {}
            Err(ReadlineError::Eof) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
    }
}

fn greet(graph: &Graph, out: &mut dyn Write) -> Result<()> {
    let statistics = graph.read()?.statistics()?;
    let (nodes, edges) = (counted(statistics.nodes, "node"), counted(statistics.edges, "relationship"));
    writeln!(out, "hopgraph {}: {nodes}, {edges} in {}", env!("CARGO_PKG_VERSION"), graph.path().display())?;
    if !graph.is_writable() {
        writeln!(out, "read only: each statement sees what the process that writes has written by then")?;
    }
    writeln!(out, ":help tells what can be typed here, Ctrl-D leaves\n")?;
    Ok(())
}

/// Runs what was typed. Whatever goes wrong is told, and the shell goes on.
fn take(input: &str, session: &mut Session<'_>, out: &mut dyn Write) -> Flow {
    match try_take(input, session, out) {
        Ok(flow) => flow,
        // The terminal has shown ^C where the cursor was.
        Err(error) if render::is_interruption(&error) => {
            let _ = writeln!(out, "\nstopped\n");
            Flow::Continue
        }
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "{} {}\n", terminal::error_prefix(), render::report(&error));
            Flow::Continue
        }
    }
}

fn try_take(input: &str, session: &mut Session<'_>, out: &mut dyn Write) -> Result<Flow> {
    if input.trim_start().starts_with(':') {
        let flow = command::run(input, session, out)?;
        if flow == Flow::Continue {
            writeln!(out)?;
        }
        return Ok(flow);
    }
    for statement in script::statements(input) {
        session.run(statement.text, out, &mut std::io::stdout())?;
        writeln!(out)?;
    }
    Ok(Flow::Continue)
}
