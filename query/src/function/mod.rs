//! The functions of the language: one table that the binder looks names up in and that people read.

mod aggregate;
mod convert;
mod evidence;
mod graph;
mod list;
mod number;
mod text;

use std::ops::RangeInclusive;
use std::sync::LazyLock;

pub(crate) use aggregate::{AggregateKind, Aggregator};

use crate::compute::{Cell, Context};
use crate::fault::{Failure, Result};

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

/// All functions in alphabetical order, aggregates included.
pub fn functions() -> &'static [FunctionDescription] {
    static ALL: LazyLock<Vec<FunctionDescription>> = LazyLock::new(|| {
        let mut all: Vec<_> = tables().map(|function| function.description).collect();
        all.extend(aggregate::DESCRIPTIONS);
        all.sort_by_key(|description| description.name.to_lowercase());
        all
    });
    &ALL
}

fn tables() -> impl Iterator<Item = &'static Function> {
    [graph::FUNCTIONS, evidence::FUNCTIONS, list::FUNCTIONS, text::FUNCTIONS, number::FUNCTIONS, convert::FUNCTIONS]
        .into_iter()
        .flatten()
}

/// The function with this name, ignoring case.
pub(crate) fn find(name: &str) -> Option<&'static Function> {
    tables().find(|function| function.description.name.eq_ignore_ascii_case(name))
}

/// The aggregate with this name, ignoring case.
pub(crate) fn find_aggregate(name: &str) -> Option<AggregateKind> {
    AggregateKind::find(name)
}

type Implementation = fn(&Context<'_>, &[Cell]) -> Result<Cell, Failure>;

/// A function as the query runs it.
pub(crate) struct Function {
    pub(crate) description: FunctionDescription,
    /// How many arguments it takes.
    pub(crate) arity: RangeInclusive<usize>,
    /// Whether it wants to see nulls; the others give null if any argument is null.
    takes_null: bool,
    implementation: Implementation,
}

impl Function {
    const fn new(
        name: &'static str,
        arguments: &'static str,
        arity: RangeInclusive<usize>,
        description: &'static str,
        implementation: Implementation,
    ) -> Self {
        let description = FunctionDescription { name, arguments, description, is_aggregate: false };
        Self { description, arity, takes_null: false, implementation }
    }

    const fn taking_null(self) -> Self {
        Self { takes_null: true, description: self.description, arity: self.arity, implementation: self.implementation }
    }

    /// Its name as documented.
    pub(crate) fn name(&self) -> &'static str {
        self.description.name
    }

    /// The value for these arguments, whose number the binder has checked.
    pub(crate) fn call(&self, context: &Context<'_>, arguments: &[Cell]) -> Result<Cell, Failure> {
        if !self.takes_null && arguments.iter().any(Cell::is_null) {
            return Ok(Cell::Null);
        }
        (self.implementation)(context, arguments)
    }
}

impl PartialEq for Function {
    fn eq(&self, other: &Self) -> bool {
        self.description.name == other.description.name
    }
}

impl std::fmt::Debug for Function {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.description.name)
    }
}

/// The failure of a function that was given something it does not take.
fn unfit<T>(function: &str, wanted: &str, given: &Cell) -> Result<T, Failure> {
    Err(format!("{function}() takes {wanted}, not {}", given.kind()).into())
}
