//! What is told beside the answer to a query: it is right, but perhaps not what was meant.

use crate::syntax::ast::Span;
use crate::syntax::excerpt::excerpt;

/// Something that whoever wrote the query may want to know, such as a label that the graph does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// What it is, in one sentence.
    pub message: String,
    /// Where in the query.
    pub span: Option<Span>,
    /// What would help, such as the nearest known name.
    pub help: Option<String>,
}

impl Notice {
    /// The message, then the line of the query with a caret under the place, then the help: as [`crate::QueryError`]
    /// reports an error.
    pub fn report(&self, text: &str) -> String {
        let place = self.span.map(|span| format!("\n{}", excerpt(text, span))).unwrap_or_default();
        let help = self.help.as_ref().map(|help| format!("\nhelp: {help}")).unwrap_or_default();
        format!("{}{place}{help}", self.message)
    }
}

/// The notices of a query, each once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Notices(Vec<Notice>);

impl Notices {
    /// Most notices of one query: a script of a thousand unknown labels needs no thousand of them.
    const MOST: usize = 20;

    /// Adds one.
    pub(crate) fn add(&mut self, notice: Notice) {
        let is_new = !self.0.iter().any(|known| known.message == notice.message);
        if is_new && self.0.len() < Self::MOST {
            self.0.push(notice);
        }
    }

    /// All of them, in the order of the query.
    pub(crate) fn all(&self) -> &[Notice] {
        &self.0
    }
}
