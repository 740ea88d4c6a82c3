//! Door between cells and the values that callers see: here nodes and relationships are looked up.

use std::collections::BTreeMap;
use std::sync::Arc;

use hopgraph_engine::{Edge, NodeId};

use super::{Context, confidence, property_map};
use crate::fault::{Failure, Result};
use crate::value::Cell;
use crate::{NodeValue, PathValue, RelationshipValue, Value};

/// The cell as callers see it.
pub(crate) fn to_value(context: &Context<'_>, cell: &Cell) -> Result<Value> {
    Ok(match cell {
        Cell::Null => Value::Null,
        Cell::Boolean(truth) => Value::Boolean(*truth),
        Cell::Integer(integer) => Value::Integer(*integer),
        Cell::Float(float) => Value::Float(*float),
        Cell::Text(text) => Value::Text(text.to_string()),
        Cell::Temporal(temporal) => Value::Temporal(Arc::clone(temporal)),
        Cell::List(cells) => Value::List(cells.iter().map(|cell| to_value(context, cell)).collect::<Result<_>>()?),
        Cell::Map(map) => Value::Map(to_values(context, map)?),
        Cell::Node(id) => Value::Node(Box::new(node_value(context, *id)?)),
        Cell::Relationship(edge) => Value::Relationship(Box::new(relationship_value(context, *edge)?)),
        Cell::Path(path) => Value::Path(Box::new(PathValue {
            nodes: path.nodes.iter().map(|&id| node_value(context, id)).collect::<Result<_>>()?,
            relationships: path.edges.iter().map(|&edge| relationship_value(context, edge)).collect::<Result<_>>()?,
        })),
    })
}

fn to_values(context: &Context<'_>, cells: &BTreeMap<String, Cell>) -> Result<BTreeMap<String, Value>> {
    cells.iter().map(|(key, cell)| Ok((key.clone(), to_value(context, cell)?))).collect()
}

/// A deleted node keeps its number and nothing else.
fn node_value(context: &Context<'_>, id: NodeId) -> Result<NodeValue> {
    let label_ids = context.node(id)?.map(|node| node.labels.clone()).unwrap_or_default();
    let labels = context.view(|view| {
        let names = label_ids.iter().filter_map(|&label| view.catalog().label_name(label));
        Ok(names.map(str::to_owned).collect())
    })?;
    Ok(NodeValue { id, labels, properties: known_properties(context, &Cell::Node(id))? })
}

fn relationship_value(context: &Context<'_>, edge: Edge) -> Result<RelationshipValue> {
    let name = context.view(|view| Ok(view.catalog().relation_type(edge.relation).map(|found| found.name.clone())))?;
    let mut properties = known_properties(context, &Cell::Relationship(edge))?;
    properties.insert("confidence".to_owned(), to_value(context, &confidence(context, edge)?)?);
    Ok(RelationshipValue { edge, relation_type: name.unwrap_or_default(), properties })
}

fn known_properties(context: &Context<'_>, cell: &Cell) -> Result<BTreeMap<String, Value>> {
    match property_map(context, cell) {
        Ok(properties) => to_values(context, &properties),
        Err(Failure::Query(error)) => Err(error),
        Err(Failure::Value(_)) => Ok(BTreeMap::new()),
    }
}

/// A parameter as a cell. A node or relationship that an earlier query returned stands for itself.
pub(crate) fn to_cell(value: &Value) -> Cell {
    match value {
        Value::Null => Cell::Null,
        Value::Boolean(truth) => Cell::Boolean(*truth),
        Value::Integer(integer) => Cell::Integer(*integer),
        Value::Float(float) => Cell::Float(*float),
        Value::Text(text) => Cell::text(text),
        Value::Temporal(temporal) => Cell::Temporal(Arc::clone(temporal)),
        Value::List(values) => Cell::list(values.iter().map(to_cell)),
        Value::Map(map) => Cell::map(map.iter().map(|(key, value)| (key.as_str(), to_cell(value)))),
        Value::Node(node) => Cell::Node(node.id),
        Value::Relationship(relationship) => Cell::Relationship(relationship.edge),
        Value::Path(path) => Cell::Path(Arc::new(hopgraph_engine::traverse::Path {
            nodes: path.nodes.iter().map(|node| node.id).collect(),
            edges: path
                .relationships
                .iter()
                .map(|relationship: &RelationshipValue| -> Edge { relationship.edge })
                .collect(),
        })),
    }
}
