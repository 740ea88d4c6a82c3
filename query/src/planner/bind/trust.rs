//! RETRACT and VERIFY bound: what is taken back, and which columns hold the ends that are verified.

use super::scope::Scope;
use super::{Binder, Columns};
use crate::fault::{Result, meaning, meaning_with_help};
use crate::planner::plan::{Plan, Query, RETRACTION_COLUMNS, Retraction, VERIFICATION_COLUMNS, Verification};
use crate::syntax::ast;

impl Binder<'_> {
    /// A statement that takes something back. It has columns of its own and nothing to plan.
    pub(super) fn retraction(mut self, retraction: &ast::Retraction) -> Result<Query> {
        self.refuse_aggregates("in RETRACT");
        let name = self.expression(&retraction.name, &Scope::default())?;
        let columns = RETRACTION_COLUMNS.map(|column| (column.to_owned(), self.slot(column))).to_vec();
        let retraction = Some(Retraction { what: retraction.what, name });
        let slot_names = self.slot_names;
        Ok(Query {
            plan: Plan::Row,
            columns,
            slot_names,
            writes: true,
            retraction,
            verification: None,
            notices: Vec::new(),
            parameters: self.parameters,
        })
    }
}

/// The columns that VERIFY speaks of.
pub(super) fn verified(verification: &ast::Verification, columns: &Columns) -> Result<Verification> {
    let find = |end: &ast::Name| {
        columns.iter().position(|(name, _)| *name == end.node).ok_or_else(|| {
            let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
            let help = format!("VERIFY takes two of the columns that the query returns: {}", names.join(", "));
            meaning_with_help(end.span, format!("there is no column {}", end.node), Some(help))
        })
    };
    let ends = [find(&verification.source)?, find(&verification.target)?];
    if let Some((taken, _)) = columns.iter().find(|(name, _)| VERIFICATION_COLUMNS.contains(&name.as_str())) {
        let message = format!("VERIFY adds a column {taken}, and there is one already; name it otherwise with AS");
        return Err(meaning(verification.source.span, message));
    }
    Ok(Verification { ends, insert: verification.insert, span: verification.source.span })
}
