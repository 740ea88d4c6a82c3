//! Values while a query runs: what they are, how they compare, how expressions make them.

mod adjacency;
mod arithmetic;
mod cell;
mod compare;
mod context;
mod evaluate;
mod evidence;
mod output;
mod property;
mod row;

pub(crate) use adjacency::Adjacency;
pub(crate) use arithmetic::arithmetic;
pub(crate) use cell::Cell;
pub(crate) use compare::{Key, compare, equals, order};
pub(crate) use context::Context;
pub(crate) use evaluate::{edges, evaluate, holds};
pub(crate) use evidence::EvidenceFilter;
pub(crate) use output::{to_cell, to_value};
pub(crate) use property::{RESERVED_NODE_KEYS, confidence, property, property_map, shortest, to_property};
pub(crate) use row::{Held, Row, Slot};
