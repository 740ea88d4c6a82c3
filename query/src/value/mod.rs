//! Values: as callers give and take them, and, small and cheap to copy, as they are while a query runs.

mod arithmetic;
mod cell;
mod compare;
pub(crate) mod temporal;

use std::collections::BTreeMap;
use std::sync::Arc;

use hopgraph_engine::{Edge, NodeId, Temporal};

pub(crate) use arithmetic::arithmetic;
pub(crate) use cell::Cell;
pub(crate) use compare::{Key, compare, equals, order};
pub(crate) use temporal::{component, now};

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
    /// A date, a time of day, a moment or a length of time.
    Temporal(Arc<Temporal>),
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

/// A value of a row, shown where it stands: a text without a copy of it.
#[derive(Debug)]
pub enum Field<'r> {
    /// Text.
    Text(&'r str),
    /// Anything else.
    Value(Value),
}

impl<'r> From<&'r Value> for Field<'r> {
    fn from(value: &'r Value) -> Self {
        match value {
            Value::Text(text) => Self::Text(text),
            other => Self::Value(other.clone()),
        }
    }
}

/// Parameters of a query by name, without the dollar sign.
pub type Parameters = BTreeMap<String, Value>;

/// Parameters from names and values, for [`crate::query()`].
///
/// ```
/// use hopgraph_query::{Value, params};
/// let parameters = params! { name: "BRCA1", years: vec![2019, 2020], least: 0.5 };
/// assert_eq!(parameters["name"], Value::Text("BRCA1".to_owned()));
/// assert_eq!(params! { "min score" => 0.5 }["min score"], Value::Float(0.5));
/// ```
#[macro_export]
macro_rules! params {
    ($($name:ident: $value:expr),* $(,)?) => {
        $crate::Parameters::from([$((::std::string::String::from(stringify!($name)), $crate::Value::from($value))),*])
    };
    ($($name:expr => $value:expr),* $(,)?) => {
        $crate::Parameters::from([$((::std::string::String::from($name), $crate::Value::from($value))),*])
    };
}

impl Value {
    /// What sort of value it is, in words.
    pub(crate) fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean(_) => "a boolean",
            Self::Integer(_) => "a whole number",
            Self::Float(_) => "a number with a fraction",
            Self::Text(_) => "text",
            Self::Temporal(temporal) => cell::in_words(temporal),
            Self::List(_) => "a list",
            Self::Map(_) => "a map",
            Self::Node(_) => "a node",
            Self::Relationship(_) => "a relationship",
            Self::Path(_) => "a path",
        }
    }
}

macro_rules! into_value {
    ($($type:ty, $value:ident => $made:expr;)+) => {
        $(impl From<$type> for Value {
            fn from($value: $type) -> Self {
                $made
            }
        })+
    };
}

into_value! {
    bool, value => Self::Boolean(value);
    i64, value => Self::Integer(value);
    i32, value => Self::Integer(value.into());
    u32, value => Self::Integer(value.into());
    f64, value => Self::Float(value);
    &str, value => Self::Text(value.to_owned());
    String, value => Self::Text(value);
    &String, value => Self::Text(value.clone());
    Temporal, value => Self::Temporal(Arc::new(value));
    BTreeMap<String, Value>, value => Self::Map(value);
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl<T: Into<Value>> From<Vec<T>> for Value {
    fn from(values: Vec<T>) -> Self {
        Self::List(values.into_iter().map(Into::into).collect())
    }
}

impl<T: Into<Value> + Clone> From<&[T]> for Value {
    fn from(values: &[T]) -> Self {
        Self::List(values.iter().cloned().map(Into::into).collect())
    }
}

impl<T: Into<Value>, const N: usize> From<[T; N]> for Value {
    fn from(values: [T; N]) -> Self {
        Self::List(values.into_iter().map(Into::into).collect())
    }
}
