//! One value as text for people: the notation of the language itself.

use std::collections::BTreeSet;
use std::fmt::Write;

use hopgraph::engine::RelationTypeId;
use hopgraph::{NodeValue, PathValue, RelationshipValue, Value};

/// What is needed to write values beside themselves: which relations have no direction.
#[derive(Clone, Debug, Default)]
pub(crate) struct Notation {
    symmetric: BTreeSet<RelationTypeId>,
}

impl Notation {
    /// The notation for a graph that has these types.
    pub(crate) fn new(catalog: &hopgraph::engine::Catalog) -> Self {
        let symmetric = catalog.relation_types().filter(|(_, kind)| kind.symmetric).map(|(id, _)| id).collect();
        Self { symmetric }
    }

    /// A value as it stands in a table: text bare.
    pub(crate) fn cell(&self, value: &Value) -> String {
        match value {
            Value::Text(text) => escape_controls(text),
            other => {
                let mut text = String::new();
                self.write(other, &mut text);
                text
            }
        }
    }

    /// A value within another: text quoted.
    fn write(&self, value: &Value, out: &mut String) {
        match value {
            Value::Null => out.push_str("null"),
            Value::Boolean(value) => push(out, value),
            Value::Integer(value) => push(out, value),
            Value::Float(value) => out.push_str(&float(*value)),
            Value::Text(text) => {
                push(out, &format_args!("'{}'", escape_controls(text).replace('\\', "\\\\").replace('\'', "\\'")));
            }
            Value::Temporal(value) => push(out, value),
            Value::List(values) => {
                self.join(out, "[", values.iter().map(|value| (None, value)), "]");
            }
            Value::Map(map) => {
                self.join(out, "{", map.iter().map(|(key, value)| (Some(key.as_str()), value)), "}");
            }
            Value::Node(value) => out.push_str(&node(value)),
            Value::Relationship(value) => self.relationship(value, out),
            Value::Path(value) => self.path(value, out),
        }
    }

    fn join<'a>(
        &self,
        out: &mut String,
        open: &str,
        values: impl Iterator<Item = (Option<&'a str>, &'a Value)>,
        close: &str,
    ) {
        out.push_str(open);
        for (index, (key, value)) in values.enumerate() {
            if index > 0 {
                out.push_str(", ");
            }
            if let Some(key) = key {
                push(out, &format_args!("{}: ", escape_controls(key)));
            }
            self.write(value, out);
        }
        out.push_str(close);
    }

    /// A relationship alone: `-[associated]-`, or `-[treats]->` if it has a direction.
    fn relationship(&self, value: &RelationshipValue, out: &mut String) {
        let arrow = if self.symmetric.contains(&value.edge.relation) { "-" } else { "->" };
        push(out, &format_args!("-[{}", escape_controls(&value.relation_type)));
        if !value.properties.is_empty() {
            out.push(' ');
            self.join(out, "{", value.properties.iter().map(|(key, value)| (Some(key.as_str()), value)), "}");
        }
        push(out, &format_args!("]{arrow}"));
    }

    /// A path: each relationship points the way that it is stored.
    fn path(&self, path: &PathValue, out: &mut String) {
        let mut nodes = path.nodes.iter();
        let Some(first) = nodes.next() else { return };
        out.push_str(&node(first));
        let mut here = first;
        for (relationship, next) in path.relationships.iter().zip(nodes) {
            let name = escape_controls(&relationship.relation_type);
            let (left, right) = if self.symmetric.contains(&relationship.edge.relation) {
                ("-", "-")
            } else if relationship.edge.source == here.id {
                ("-", "->")
            } else {
                ("<-", "-")
            };
            push(out, &format_args!("{left}[{name}]{right}{}", node(next)));
            here = next;
        }
    }
}

/// A node by its name, or its identifier, or its number: `(BRCA1:gene)`.
fn node(node: &NodeValue) -> String {
    let property = |name: &str| match node.properties.get(name) {
        Some(Value::Text(text)) if !text.is_empty() => Some(text.clone()),
        Some(Value::List(values)) => values.iter().find_map(|value| match value {
            Value::Text(text) => Some(text.clone()),
            _ => None,
        }),
        _ => None,
    };
    let name = property("name").or_else(|| property("identifiers")).unwrap_or_else(|| format!("#{}", node.id));
    let mut text = format!("({}", escape_controls(&name));
    for label in &node.labels {
        push(&mut text, &format_args!(":{}", escape_controls(label)));
    }
    text.push(')');
    text
}

/// A number with at most six decimals, since probabilities come from 32 bits and would show noise. The other formats
/// give every digit.
fn float(value: f64) -> String {
    let size = value.abs();
    if value == 0.0 || !value.is_finite() || value == value.trunc() && size < 1e15 {
        return format!("{value:?}");
    }
    if !(1e-4..1e15).contains(&size) {
        return format!("{value:e}");
    }
    let text = format!("{value:.6}");
    let trimmed = text.trim_end_matches('0');
    if trimmed.ends_with('.') { format!("{trimmed}0") } else { trimmed.to_owned() }
}

/// Text that cannot move the cursor or break a line: control characters are written as escapes.
pub(crate) fn escape_controls(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' => escaped.push_str("\\n"),
            '\t' => escaped.push_str("\\t"),
            '\r' => escaped.push_str("\\r"),
            control if control.is_control() => escaped.extend(control.escape_unicode()),
            other => escaped.push(other),
        }
    }
    escaped
}

fn push(out: &mut String, text: &dyn std::fmt::Display) {
    // Writing to a String does not fail.
    let _ = write!(out, "{text}");
}
