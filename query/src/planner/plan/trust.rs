//! What a query takes back, and what is verified of its rows.

use super::Expression;
use crate::syntax::ast::{Retractable, Span};

/// What RETRACT answers with: how much was taken out.
pub(crate) const RETRACTION_COLUMNS: [&str; 6] =
    ["documents", "sentences", "evidence", "facts", "relationships", "nodes"];

/// What VERIFY adds to the columns of a query.
pub(crate) const VERIFICATION_COLUMNS: [&str; 3] = ["verdict", "probability", "sentences"];

/// What is to be taken back.
#[derive(Clone, Debug)]
pub(crate) struct Retraction {
    pub(crate) what: Retractable,
    pub(crate) name: Expression,
}

/// Which columns hold the ends, and whether what is found is written.
#[derive(Clone, Debug)]
pub(crate) struct Verification {
    pub(crate) ends: [usize; 2],
    pub(crate) insert: bool,
    pub(crate) span: Span,
}
