//! `:help` lists the commands and says how to type a statement.

use std::io::Write;

use anyhow::Result;

use super::{ALL, Command, Flow};
use crate::session::Session;

const STATEMENTS: &str = "\
A statement runs when it is complete and Enter is pressed. An unfinished one
goes on in the next line; an empty line runs it as it is. Tab completes
keywords, labels, types, functions, and names of nodes within quotes.

  // distinct pairs with their least number of hops
  MATCH gene -[*2..4]- disease LIMIT 20

  // what is linked to a gene, and the sentences behind one link
  MATCH (g:gene {name: 'BRCA1'})--(d:disease) RETURN d.name ORDER BY d.name
  MATCH (g:gene)-[r]-(d:disease) RETURN g.name, d.name, evidence(r) LIMIT 1

  // the plan, without running it
  EXPLAIN MATCH gene -[*2..4]- disease

  // several statements that become true together: COMMIT, or ROLLBACK
  BEGIN

Ctrl-C stops the query or clears the line, Ctrl-D leaves, Ctrl-R searches the
history.

";

/// Lists the commands.
pub(crate) struct Help;

impl Command for Help {
    fn name(&self) -> &'static str {
        "help"
    }

    fn help(&self) -> &'static str {
        "this text"
    }

    fn run(&self, _: &str, _: &mut Session<'_>, out: &mut dyn Write) -> Result<Flow> {
        write!(out, "{STATEMENTS}")?;
        for command in ALL {
            let usage = format!(":{} {}", command.name(), command.argument());
            writeln!(out, "  {usage:<30} {}", command.help())?;
        }
        Ok(Flow::Continue)
    }
}
