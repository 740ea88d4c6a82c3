//! What CALL can call: one table that the binder looks names up in and that people read.

mod algorithms;
mod options;
mod schema;

use std::sync::LazyLock;

use crate::executor::compute::Context;
use crate::fault::Result;
use crate::planner::plan::ProcedureDescription;
use crate::syntax::ast::Span;
use crate::value::Cell;

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
    /// The rows for this map of options; null stands for an empty one.
    pub(crate) fn call(&self, context: &Context<'_>, options: &Cell, span: Span) -> Result<Rows> {
        (self.implementation)(context, options, span)
    }
}
