//! `hopgraph query`: statements from the command line or standard input.

use std::io::{IsTerminal, Read, stdin};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use hopgraph::Graph;
use hopgraph::query::parse::parse;

use super::{open_existing, open_for_reading};
use crate::arguments::{AnswerArguments, QueryArguments};
use crate::interrupt::{self, Second};
use crate::render::QueryFailure;
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
    run_script(&arguments.database, &text, &arguments.answers, arguments.read_only)
}

/// Runs the statements of a text in order. All are parsed before the first one runs; the first that fails ends the run.
pub(crate) fn run_script(database: &Path, text: &str, answers: &AnswerArguments, read_only: bool) -> Result<ExitCode> {
    let statements = script::statements(text);
    if statements.is_empty() {
        bail!("no statement to run: the query is empty");
    }
    let several = statements.len() > 1;
    let place = |index: usize| Place { number: index + 1, line: statements[index].line };
    let (mut creates, mut writes) = (false, false);
    for (index, statement) in statements.iter().enumerate() {
        if script::boundary(statement.text).is_some() {
            continue;
        }
        let parsed = parse(statement.text).map_err(|error| QueryFailure::new(error, statement.text));
        let parsed = in_place(parsed.map_err(Into::into), several.then(|| place(index)))?;
        creates |= script::creates(&parsed);
        writes |= script::writes(&parsed);
    }
    let graph = match (creates && !read_only, writes) {
        (true, _) => Graph::open(database)?,
        (false, true) if !read_only => open_existing(database)?,
        (false, _) => open_for_reading(database, read_only)?,
    };
    let mut session = Session::new(&graph, answers, interrupt::flag(Second::Exits));
    session.open_import_folder(answers)?;
    session.load_model(answers, None)?;
    let (mut out, mut notes) = (std::io::stdout().lock(), std::io::stderr());
    for (index, statement) in statements.iter().enumerate() {
        let outcome = session.run(statement.text, &mut out, &mut notes);
        in_place(outcome, several.then(|| place(index)))?;
    }
    if session.is_in_transaction() {
        bail!("the text ends within a transaction, so that nothing since its BEGIN was kept; end it with COMMIT");
    }
    Ok(ExitCode::SUCCESS)
}

/// Adds to a failure which statement it was, if there are several.
fn in_place<T>(outcome: Result<T>, place: Option<Place>) -> Result<T> {
    match place {
        Some(place) => outcome.context(place),
        None => outcome,
    }
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
