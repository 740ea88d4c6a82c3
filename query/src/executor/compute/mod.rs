//! How expressions are evaluated on the rows of a running query, and what they may ask of the graph.

mod adjacency;
mod context;
mod evaluate;
mod evidence;
mod output;
mod property;
mod row;

pub(crate) use adjacency::Adjacency;
pub(crate) use context::Context;
pub(crate) use evaluate::{edges, evaluate, holds, operate};
pub(crate) use evidence::EvidenceFilter;
pub(crate) use output::{to_cell, to_value};
pub(crate) use property::{
    RESERVED_NODE_KEYS, confidence, node_property, property, property_map, shortest, shortest_confidence, to_property,
};
pub(crate) use row::{Held, Row};
