//! Values: as callers give and take them, and, small and cheap to copy, as they are while a query runs.

mod arithmetic;
mod cell;
mod compare;

use std::collections::BTreeMap;

use hopgraph_engine::{Edge, NodeId};

pub(crate) use arithmetic::arithmetic;
pub(crate) use cell::Cell;
pub(crate) use compare::{Key, compare, equals, order};

/// A value of a row or a parameter.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Nothing known.
    Null,
    /// True or false.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A floating-point number.
    Float(f64),
    /// Text.
    Text(String),
    /// A list.
    List(Vec<Value>),
    /// A map.
    Map(BTreeMap<String, Value>),
    /// A node, with what is known of it.
    Node(Box<NodeValue>),
    /// A relationship, with what is known of it.
    Relationship(Box<RelationshipValue>),
    /// A path: one more node than relationships.
    Path(Box<PathValue>),
}

/// A node as a value.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeValue {
    /// Its number in the graph.
    pub id: NodeId,
    /// Its labels.
    pub labels: Vec<String>,
    /// Its properties; `name`, `synonyms` and `identifiers` are among them where it has them.
    pub properties: BTreeMap<String, Value>,
}

/// A relationship as a value.
#[derive(Clone, Debug, PartialEq)]
pub struct RelationshipValue {
    /// What identifies it.
    pub edge: Edge,
    /// The name of its type.
    pub relation_type: String,
    /// Its properties.
    pub properties: BTreeMap<String, Value>,
}

/// A path as a value.
#[derive(Clone, Debug, PartialEq)]
pub struct PathValue {
    /// Its nodes in order.
    pub nodes: Vec<NodeValue>,
    /// Its relationships in order.
    pub relationships: Vec<RelationshipValue>,
}

/// Parameters of a query by name, without the dollar sign.
pub type Parameters = BTreeMap<String, Value>;

/// The values of one row, in the order of the columns.
pub type Row = Vec<Value>;
