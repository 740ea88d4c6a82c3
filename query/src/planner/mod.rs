//! What is to be computed: a statement bound to the names of a graph becomes a plan, and rules improve it.
//!
//! A plan is data: names, slots and constants. It does not know how an operator or a function is computed; that is the
//! executor's affair, which depends on this room, and never the other way round.

mod bind;
mod estimate;
mod explain;
pub(crate) mod plan;
mod rules;
mod statistics;

pub(crate) use bind::bind;
pub(crate) use estimate::Estimator;
pub(crate) use explain::{Measured, explain};
pub(crate) use rules::{improve, indexed_access, only_ordered};
