//! Properties of nodes, relationships and maps. `name`, `synonyms`, `identifiers` and `confidence` are read like the
//! others, though the graph keeps them apart.

use std::collections::BTreeMap;
use std::sync::Arc;

use hopgraph_engine::{Edge, Node, PropertyValue};

use super::Context;
use crate::fault::{Failure, Result};
use crate::value::{Cell, component};

/// Keys of a node that the graph keeps apart from its other properties.
pub(crate) const RESERVED_NODE_KEYS: [&str; 4] = ["name", "synonyms", "identifiers", "identifier"];

/// `cell.key`; null if there is no such property.
pub(crate) fn property(context: &Context<'_>, cell: &Cell, key: &str) -> Result<Cell, Failure> {
    match cell {
        Cell::Null => Ok(Cell::Null),
        Cell::Node(id) => match context.node(*id)? {
            Some(node) => Ok(node_property(&node, key)),
            None if context.is_edited() => Err("this node has been deleted".to_owned().into()),
            None => Ok(Cell::Null),
        },
        Cell::Relationship(edge) => {
            if context.is_edited() && !context.view(|view| view.has_edge(*edge))? {
                return Err("this relationship has been deleted".to_owned().into());
            }
            Ok(edge_property(context, *edge, key)?)
        }
        Cell::Map(map) => Ok(map.get(key).cloned().unwrap_or_default()),
        Cell::Temporal(temporal) => Ok(component(temporal, key)?),
        other => Err(format!("{} has no properties; {key:?} was asked of it", other.kind()).into()),
    }
}

/// A property of a node record; null if there is no such property.
pub(crate) fn node_property(node: &Node, key: &str) -> Cell {
    match key {
        // A name of no letters is kept as a property: a node without a name has an empty one.
        "name" if !node.name.is_empty() => Cell::text(&node.name),
        "synonyms" => texts(&node.synonyms),
        "identifiers" => texts(&node.identifiers),
        "identifier" => node.identifiers.first().map_or(Cell::Null, |identifier| Cell::text(identifier)),
        _ => node.properties.get(key).map_or(Cell::Null, from_property),
    }
}

/// A property of a relationship; `confidence` is computed from its evidence.
fn edge_property(context: &Context<'_>, edge: Edge, key: &str) -> Result<Cell> {
    if key == "confidence" {
        return confidence(context, edge);
    }
    context.view(|view| Ok(view.edge_properties(edge)?.get(key).map_or(Cell::Null, from_property)))
}

/// How sure the graph is of an edge.
pub(crate) fn confidence(context: &Context<'_>, edge: Edge) -> Result<Cell> {
    context.confidence(edge).map(|confidence| Cell::Float(shortest_confidence(confidence)))
}

/// A confidence as it is shown.
#[allow(clippy::cast_possible_truncation, reason = "models give single precision")]
pub(crate) fn shortest_confidence(confidence: f64) -> f64 {
    // Most are 1 or have few digits: a millionth that gives the same single-precision number is the shortest.
    let few = (confidence * 1e6).round() / 1e6;
    if few as f32 == confidence as f32 { few } else { shortest(confidence as f32) }
}

/// The float with the fewest digits that stands for the same single-precision number: 0.9 for what would else be
/// 0.8999999761581421, so that `r.confidence >= 0.9` holds where the model said 0.9.
pub(crate) fn shortest(number: f32) -> f64 {
    number.to_string().parse().unwrap_or_else(|_| f64::from(number))
}

/// All properties that are set on a node, relationship or map, as a map. What is computed, as the confidence of a
/// relationship, is none of them.
pub(crate) fn property_map(context: &Context<'_>, cell: &Cell) -> Result<BTreeMap<String, Cell>, Failure> {
    match cell {
        Cell::Node(id) => Ok(context.node(*id)?.map(|node| node_properties(&node)).unwrap_or_default()),
        Cell::Relationship(edge) => {
            let stored = context.view(|view| view.edge_properties(*edge))?;
            Ok(stored.iter().map(|(key, value)| (key.clone(), from_property(value))).collect())
        }
        Cell::Map(map) => Ok(BTreeMap::clone(map)),
        other => Err(format!("{} has no properties", other.kind()).into()),
    }
}

fn node_properties(node: &Node) -> BTreeMap<String, Cell> {
    let mut properties: BTreeMap<_, _> =
        node.properties.iter().map(|(key, value)| (key.clone(), from_property(value))).collect();
    if !node.name.is_empty() {
        properties.insert("name".into(), Cell::text(&node.name));
    }
    if !node.synonyms.is_empty() {
        properties.insert("synonyms".into(), texts(&node.synonyms));
    }
    if !node.identifiers.is_empty() {
        properties.insert("identifiers".into(), texts(&node.identifiers));
    }
    properties
}

fn texts(texts: &[String]) -> Cell {
    Cell::list(texts.iter().map(|text| Cell::text(text)))
}

fn from_property(value: &PropertyValue) -> Cell {
    match value {
        PropertyValue::Boolean(truth) => Cell::Boolean(*truth),
        PropertyValue::Integer(integer) => Cell::Integer(*integer),
        PropertyValue::Float(float) => Cell::Float(*float),
        PropertyValue::Text(text) => Cell::text(text),
        PropertyValue::Temporal(temporal) => Cell::Temporal(Arc::clone(temporal)),
        PropertyValue::List(values) => Cell::list(values.iter().map(from_property)),
    }
}

/// The cell as it can be stored; `None` for null, which means that there is no such property.
pub(crate) fn to_property(cell: &Cell) -> Result<Option<PropertyValue>, String> {
    let value = match cell {
        Cell::Null => return Ok(None),
        Cell::Boolean(truth) => PropertyValue::Boolean(*truth),
        Cell::Integer(integer) => PropertyValue::Integer(*integer),
        Cell::Float(float) => PropertyValue::Float(*float),
        Cell::Text(text) => PropertyValue::Text(text.to_string()),
        Cell::Temporal(temporal) => PropertyValue::Temporal(Arc::clone(temporal)),
        Cell::List(cells) => {
            let values: Option<Vec<_>> = cells.iter().map(to_property).collect::<Result<_, _>>()?;
            PropertyValue::List(values.ok_or("a list with null in it cannot be stored as a property")?)
        }
        other => return Err(format!("{} cannot be stored as a property", other.kind())),
    };
    Ok(Some(value))
}
