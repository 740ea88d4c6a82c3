//! `hopgraph query`: statements from the command line or standard input.

use std::io::{IsTerminal, Read, stdin};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use hopgraph::Graph;

use super::open_existing;
use crate::arguments::{AnswerArguments, QueryArguments};
use crate::interrupt::{self, Second};
use crate::script;
use crate::session::Session;

pub(crate) fn run(arguments: &QueryArguments) -> Result<ExitCode> {
    let text = match arguments.text.as_deref() {
        Some("-") => read_stdin()?,
        Some(text) => text.to_owned(),
        None if stdin().is_terminal() => {
            bail!(
                "no query given: write it after the database, or use `-` to type it in, or `hopgraph DB` for the shell"
            )
        }
        None => read_stdin()?,
    };
    run_script(&arguments.database, &text, &arguments.answers)
}

/// Runs the statements of a text in order. The first that fails ends the run.
pub(crate) fn run_script(database: &Path, text: &str, answers: &AnswerArguments) -> Result<ExitCode> {
    let statements = script::statements(text);
    if statements.is_empty() {
        bail!("no statement to run: the query is empty");
    }
    let graph = if statements.iter().any(|statement| script::creates(statement.text)) {
        Graph::open(database)?
    } else {
        open_existing(database)?
    };
    let mut session = Session::new(&graph, answers, interrupt::flag(Second::Exits));
    let (mut out, mut notes) = (std::io::stdout().lock(), std::io::stderr());
    let several = statements.len() > 1;
    for (index, statement) in statements.iter().enumerate() {
        let outcome = session.run(statement.text, &mut out, &mut notes);
        if several {
            outcome.with_context(|| Place { number: index + 1, line: statement.line })?;
        } else {
            outcome?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Standard input, whole.
pub(crate) fn read_stdin() -> Result<String> {
    let mut text = String::new();
    stdin().read_to_string(&mut text).context("standard input cannot be read")?;
    Ok(text)
}

/// Which statement of several failed.
#[derive(Debug)]
struct Place {
    number: usize,
    line: usize,
}

impl std::fmt::Display for Place {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "statement {}, which begins on line {}", self.number, self.line)
    }
}
