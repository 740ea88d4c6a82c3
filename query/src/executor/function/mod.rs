//! The functions of the language: one table that the binder looks names up in and that people read.

mod aggregate;
mod convert;
mod evidence;
mod graph;
mod list;
mod number;
mod temporal;
mod text;

use std::ops::RangeInclusive;
use std::sync::LazyLock;

pub(crate) use aggregate::Aggregator;

use crate::executor::compute::Context;
use crate::fault::{Failure, Result};
use crate::planner::plan::{AGGREGATES, FunctionDescription, Signature};
use crate::value::Cell;

/// All functions in alphabetical order, aggregates included.
pub fn functions() -> &'static [FunctionDescription] {
    static ALL: LazyLock<Vec<FunctionDescription>> = LazyLock::new(|| {
        let mut all: Vec<_> = tables().map(|function| function.description).collect();
        all.extend(AGGREGATES);
        all.sort_by_key(|description| description.name.to_lowercase());
        all
    });
    &ALL
}

fn tables() -> impl Iterator<Item = &'static Function> {
    let tables = [
        graph::FUNCTIONS,
        evidence::FUNCTIONS,
        list::FUNCTIONS,
        text::FUNCTIONS,
        number::FUNCTIONS,
        convert::FUNCTIONS,
        temporal::FUNCTIONS,
    ];
    tables.into_iter().flatten()
}

/// Every function as plans know it, in the order of the tables.
static SIGNATURES: LazyLock<Vec<Signature>> = LazyLock::new(|| {
    let signature = |(place, function): (usize, &Function)| Signature {
        description: function.description,
        arity: function.arity.clone(),
        place,
    };
    tables().enumerate().map(signature).collect()
});

static FUNCTIONS: LazyLock<Vec<&'static Function>> = LazyLock::new(|| tables().collect());

/// The function with this name, ignoring case.
pub(crate) fn find(name: &str) -> Option<&'static Signature> {
    SIGNATURES.iter().find(|function| function.description.name.eq_ignore_ascii_case(name))
}

/// The value of a function for these arguments, whose number the binder has checked.
pub(crate) fn call(signature: &Signature, context: &Context<'_>, arguments: &[Cell]) -> Result<Cell, Failure> {
    FUNCTIONS[signature.place].call(context, arguments)
}

type Implementation = fn(&Context<'_>, &[Cell]) -> Result<Cell, Failure>;

/// A function as the query runs it.
struct Function {
    description: FunctionDescription,
    /// How many arguments it takes.
    arity: RangeInclusive<usize>,
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

    fn call(&self, context: &Context<'_>, arguments: &[Cell]) -> Result<Cell, Failure> {
        if !self.takes_null && arguments.iter().any(Cell::is_null) {
            return Ok(Cell::Null);
        }
        (self.implementation)(context, arguments)
    }
}

/// The failure of a function that was given something it does not take.
fn unfit<T>(function: &str, wanted: &str, given: &Cell) -> Result<T, Failure> {
    Err(format!("{function}() takes {wanted}, not {}", given.kind()).into())
}
