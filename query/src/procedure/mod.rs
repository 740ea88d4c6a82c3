//! What CALL can call: one table that the binder looks names up in and that people read.

mod algorithms;
mod options;
mod schema;

use std::sync::LazyLock;

use crate::ast::Span;
use crate::compute::{Cell, Context};
use crate::fault::Result;
use crate::suggest::nearest;

/// A procedure as people know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProcedureDescription {
    /// Its name; calls ignore case.
    pub name: &'static str,
    /// The keys of the map that it takes, each with its default; empty: it takes nothing.
    pub options: &'static [(&'static str, &'static str)],
    /// The columns that it gives.
    pub columns: &'static [&'static str],
    /// What it gives, in one sentence.
    pub description: &'static str,
}

/// All procedures in alphabetical order.
pub fn procedures() -> &'static [ProcedureDescription] {
    static ALL: LazyLock<Vec<ProcedureDescription>> = LazyLock::new(|| {
        let mut all: Vec<_> = tables().map(|procedure| procedure.description).collect();
        all.sort_by_key(|description| description.name);
        all
    });
    &ALL
}

fn tables() -> impl Iterator<Item = &'static Procedure> {
    algorithms::PROCEDURES.iter().chain(schema::PROCEDURES)
}

/// The procedure with this name, ignoring case.
pub(crate) fn find(name: &str) -> Option<&'static Procedure> {
    tables().find(|procedure| procedure.description.name.eq_ignore_ascii_case(name))
}

/// Rows of the columns of a procedure.
pub(crate) type Rows = Vec<Box<[Cell]>>;

type Implementation = fn(&Context<'_>, &Cell, Span) -> Result<Rows>;

/// A procedure as the query runs it.
pub(crate) struct Procedure {
    pub(crate) description: ProcedureDescription,
    implementation: Implementation,
}

impl Procedure {
    /// Whether its first column holds nodes.
    pub(crate) fn gives_nodes(&self) -> bool {
        self.description.columns.first() == Some(&"node")
    }

    /// Whether it takes this option.
    pub(crate) fn has_option(&self, key: &str) -> bool {
        self.description.options.iter().any(|(known, _)| *known == key)
    }

    /// What helps with an option that it does not take.
    pub(crate) fn option_help(&self, key: &str) -> String {
        let keys = || self.description.options.iter().map(|(key, _)| *key);
        match nearest(key, keys()) {
            Some(near) => format!("did you mean {near}?"),
            None if self.description.options.is_empty() => "it takes none".to_owned(),
            None => format!("it takes {}", keys().collect::<Vec<_>>().join(", ")),
        }
    }

    /// The rows for this map of options; null stands for an empty one.
    pub(crate) fn call(&self, context: &Context<'_>, options: &Cell, span: Span) -> Result<Rows> {
        (self.implementation)(context, options, span)
    }
}

impl PartialEq for Procedure {
    fn eq(&self, other: &Self) -> bool {
        self.description.name == other.description.name
    }
}

impl std::fmt::Debug for Procedure {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.description.name)
    }
}
