//! JSON: an array of objects, or an object a line.

use std::io::{self, Write};

use hopgraph::{NodeValue, RelationshipValue, Value};
use serde_json::{Map, Number, Value as Json, json};

use super::{Row, RowWriter};

/// How the objects are put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// One array.
    Array,
    /// One object a line.
    Lines,
}

/// Writes each row as an object whose keys are the columns.
pub(super) struct JsonWriter<'a> {
    columns: &'a [String],
    style: Style,
    rows: u64,
}

impl<'a> JsonWriter<'a> {
    pub(super) fn new(columns: &'a [String], style: Style) -> Self {
        Self { columns, style, rows: 0 }
    }
}

impl RowWriter for JsonWriter<'_> {
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        if self.style == Style::Array { out.write_all(b"[") } else { Ok(()) }
    }

    fn row(&mut self, row: &Row, out: &mut dyn Write) -> io::Result<()> {
        let object: Map<String, Json> = self.columns.iter().cloned().zip(row.iter().map(from_value)).collect();
        if self.style == Style::Array {
            out.write_all(if self.rows == 0 { b"\n" } else { b",\n" })?;
        }
        self.rows += 1;
        write!(out, "{}", Json::Object(object))?;
        if self.style == Style::Lines { out.write_all(b"\n") } else { Ok(()) }
    }

    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        match self.style {
            Style::Array if self.rows == 0 => out.write_all(b"]\n"),
            Style::Array => out.write_all(b"\n]\n"),
            Style::Lines => Ok(()),
        }
    }
}

/// A value as JSON. NaN and the infinities, which JSON does not have, become null.
pub(crate) fn from_value(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Boolean(value) => Json::Bool(*value),
        Value::Integer(value) => Json::from(*value),
        Value::Float(value) => Number::from_f64(*value).map_or(Json::Null, Json::Number),
        Value::Text(text) => Json::String(text.clone()),
        Value::List(values) => Json::Array(values.iter().map(from_value).collect()),
        Value::Map(map) => properties(map),
        Value::Node(value) => node(value),
        Value::Relationship(value) => relationship(value),
        Value::Path(path) => json!({
            "nodes": path.nodes.iter().map(node).collect::<Vec<_>>(),
            "relationships": path.relationships.iter().map(relationship).collect::<Vec<_>>(),
        }),
    }
}

fn node(node: &NodeValue) -> Json {
    json!({ "id": node.id.get(), "labels": node.labels, "properties": properties(&node.properties) })
}

fn relationship(relationship: &RelationshipValue) -> Json {
    json!({
        "type": relationship.relation_type,
        "source": relationship.edge.source.get(),
        "target": relationship.edge.target.get(),
        "properties": properties(&relationship.properties),
    })
}

fn properties(map: &std::collections::BTreeMap<String, Value>) -> Json {
    Json::Object(map.iter().map(|(key, value)| (key.clone(), from_value(value))).collect())
}
