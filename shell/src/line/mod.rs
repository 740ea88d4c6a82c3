//! The line that a person types: colours, completion, when it is complete, and what was typed before.

mod complete;
mod highlight;
mod history;
mod validate;

use std::borrow::Cow;

use hopgraph::Graph;
use rustyline::completion::{Completer, Pair};
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::Hinter;
use rustyline::history::FileHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{CompletionType, Config, Context, Editor, Helper};

pub(crate) use history::History;

/// The prompt; a continued statement has none.
pub(crate) const PROMPT: &str = "hopgraph> ";

/// What stands before the line while a transaction is open.
pub(crate) const PROMPT_IN_TRANSACTION: &str = "hopgraph*> ";

/// How many lines the history keeps.
const HISTORY_LINES: usize = 10_000;

/// What the editor asks about the line.
pub(crate) struct LineHelper<'g> {
    graph: &'g Graph,
    coloured: bool,
    /// Names of the parameters that are set.
    pub(crate) parameters: Vec<String>,
}

/// An editor for statements about this graph.
pub(crate) fn editor(graph: &Graph, coloured: bool) -> rustyline::Result<Editor<LineHelper<'_>, FileHistory>> {
    let config = Config::builder()
        .max_history_size(HISTORY_LINES)?
        .history_ignore_dups(true)?
        .history_ignore_space(true)
        .completion_type(CompletionType::List)
        .build();
    let mut editor = Editor::with_config(config)?;
    editor.set_helper(Some(LineHelper { graph, coloured, parameters: Vec::new() }));
    Ok(editor)
}

impl Helper for LineHelper<'_> {}

impl Hinter for LineHelper<'_> {
    type Hint = String;
}

impl Completer for LineHelper<'_> {
    type Candidate = Pair;

    fn complete(&self, line: &str, position: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<Pair>)> {
        Ok(complete::complete(self.graph, &self.parameters, line, position))
    }
}

impl Highlighter for LineHelper<'_> {
    fn highlight<'l>(&self, line: &'l str, _: usize) -> Cow<'l, str> {
        if self.coloured { Cow::Owned(highlight::coloured(line)) } else { Cow::Borrowed(line) }
    }

    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(&'s self, prompt: &'p str, _: bool) -> Cow<'b, str> {
        if self.coloured { Cow::Owned(format!("\x1b[1;36m{prompt}\x1b[0m")) } else { Cow::Borrowed(prompt) }
    }

    fn highlight_char(&self, _: &str, _: usize, kind: CmdKind) -> bool {
        // A letter may turn a name into a keyword; moving the cursor changes no colour.
        self.coloured && kind != CmdKind::MoveCursor
    }
}

impl Validator for LineHelper<'_> {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        Ok(if validate::is_complete(context.input()) {
            ValidationResult::Valid(None)
        } else {
            ValidationResult::Incomplete
        })
    }
}
