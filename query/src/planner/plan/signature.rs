//! Functions and procedures as a plan knows them: by name, by what they take and by what they give.

use std::ops::RangeInclusive;

use crate::syntax::suggest::nearest;

/// A function as people know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FunctionDescription {
    /// Its name; calls ignore case.
    pub name: &'static str,
    /// Its arguments as in a call, those in brackets may be left out: `list, [separator]`.
    pub arguments: &'static str,
    /// What it gives, in one sentence.
    pub description: &'static str,
    /// Whether it makes one value of many rows.
    pub is_aggregate: bool,
}

/// A function that a plan may call; what it computes, the executor knows.
#[derive(Debug)]
pub(crate) struct Signature {
    pub(crate) description: FunctionDescription,
    /// How many arguments it takes.
    pub(crate) arity: RangeInclusive<usize>,
    /// Its place in the executor's table.
    pub(crate) place: usize,
}

impl Signature {
    /// Its name as documented.
    pub(crate) fn name(&self) -> &'static str {
        self.description.name
    }
}

impl PartialEq for Signature {
    fn eq(&self, other: &Self) -> bool {
        self.description.name == other.description.name
    }
}

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

impl ProcedureDescription {
    /// Whether its first column holds nodes.
    pub(crate) fn gives_nodes(&self) -> bool {
        self.columns.first() == Some(&"node")
    }

    /// Whether it takes this option.
    pub(crate) fn has_option(&self, key: &str) -> bool {
        self.options.iter().any(|(known, _)| *known == key)
    }

    /// What helps with an option that it does not take.
    pub(crate) fn option_help(&self, key: &str) -> String {
        let keys = || self.options.iter().map(|(key, _)| *key);
        match nearest(key, keys()) {
            Some(near) => format!("did you mean {near}?"),
            None if self.options.is_empty() => "it takes none".to_owned(),
            None => format!("it takes {}", keys().collect::<Vec<_>>().join(", ")),
        }
    }
}

/// Where the planner looks up what a query may call.
pub(crate) trait Library {
    /// The function with this name, ignoring case.
    fn function(&self, name: &str) -> Option<&'static Signature>;

    /// All functions in alphabetical order, aggregates included.
    fn functions(&self) -> &'static [FunctionDescription];

    /// The procedure with this name, ignoring case.
    fn procedure(&self, name: &str) -> Option<&'static ProcedureDescription>;

    /// All procedures in alphabetical order.
    fn procedures(&self) -> &'static [ProcedureDescription];
}
