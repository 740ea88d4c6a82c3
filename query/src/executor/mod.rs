//! What computes a plan: operators give rows, expressions give values, functions and procedures are looked up by the
//! signatures that the plan holds.

mod column;
pub(crate) mod compute;
pub(crate) mod function;
mod library;
pub(crate) mod lookup;
mod lower;
pub(crate) mod operator;
mod pipeline;
pub(crate) mod procedure;
pub(crate) mod retraction;
pub(crate) mod verification;

pub(crate) use library::LIBRARY;
pub(crate) use lower::lower;
