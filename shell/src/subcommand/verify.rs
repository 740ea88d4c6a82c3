//! `hopgraph verify`: the pairs that a query finds are read again, in the sentences that mention both.

use std::process::ExitCode;

use anyhow::{Result, bail};
use hopgraph::query::Prepared;
use hopgraph::query::parse::parse;

use super::{open_existing, open_for_reading};
use crate::arguments::VerifyArguments;
use crate::interrupt::{self, Second};
use crate::render::QueryFailure;
use crate::script;
use crate::session::Session;

pub(crate) fn run(arguments: &VerifyArguments) -> Result<ExitCode> {
    let statements = script::statements(&arguments.text);
    let [statement] = statements[..] else { bail!("one query is verified at a time: give one statement") };
    let parsed = parse(statement.text).map_err(|error| QueryFailure::new(error, statement.text))?;
    if arguments.answers.model.is_none() {
        bail!("no model to read with: name its folder with --model DIR");
    }
    let inserts = arguments.insert || parsed.verification.as_ref().is_some_and(|verification| verification.insert);
    let graph = match inserts {
        true => open_existing(&arguments.database)?,
        false => open_for_reading(&arguments.database, false)?,
    };
    let text = if parsed.verification.is_some() {
        statement.text.to_owned()
    } else {
        let prepared = Prepared::new(graph.engine(), statement.text);
        let columns = prepared.map_err(|error| QueryFailure::new(error, statement.text))?.columns();
        let [source, target, ..] = &columns[..] else {
            bail!("the query returns {} column; the first two must be the nodes of a pair", columns.len())
        };
        let quoted = |name: &str| format!("`{}`", name.replace('`', "``"));
        let insert = if arguments.insert { " INSERT" } else { "" };
        format!("{}\nVERIFY ({})-({}){insert}", statement.text, quoted(source), quoted(target))
    };
    let mut session = Session::new(&graph, &arguments.answers, interrupt::flag(Second::Exits));
    session.load_model(&arguments.answers, arguments.threshold)?;
    session.run(&text, &mut std::io::stdout().lock(), &mut std::io::stderr())?;
    Ok(ExitCode::SUCCESS)
}
