//! What a property of a node or an edge holds.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Temporal;

/// One property value.
#[derive(Clone, Debug, PartialEq)]
pub enum PropertyValue {
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
    /// A list of values.
    List(Vec<PropertyValue>),
}

/// Properties by name. A missing name is a null value; a null is never stored.
pub type Properties = BTreeMap<String, PropertyValue>;
