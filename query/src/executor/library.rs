//! The functions and procedures that this executor computes, as the planner looks them up.

use super::{function, procedure};
use crate::planner::plan::{FunctionDescription, Library, ProcedureDescription, Signature};

/// All of them.
pub(crate) const LIBRARY: &dyn Library = &BuiltIn;

struct BuiltIn;

impl Library for BuiltIn {
    fn function(&self, name: &str) -> Option<&'static Signature> {
        function::find(name)
    }

    fn functions(&self) -> &'static [FunctionDescription] {
        function::functions()
    }

    fn procedure(&self, name: &str) -> Option<&'static ProcedureDescription> {
        procedure::find(name).map(|procedure| &procedure.description)
    }

    fn procedures(&self) -> &'static [ProcedureDescription] {
        procedure::procedures()
    }
}
