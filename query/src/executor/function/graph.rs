//! Functions that ask a node or a relationship what it is.

use std::collections::BTreeSet;
use std::sync::Arc;

use hopgraph_engine::{Direction, Edge, Node, NodeId, Polarity};

use super::{Function, unfit};
use crate::executor::compute::{Context, property, property_map};
use crate::fault::{Failure, Result};
use crate::value::Cell;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("id", "node", 1..=1, "The number of a node in this graph.", id),
    Function::new(
        "elementId",
        "node or relationship",
        1..=1,
        "A text that stands for a node or a relationship in this graph: its number, or its ends and its type.",
        element_id,
    ),
    Function::new("labels", "node", 1..=1, "The labels of a node, as a list.", labels),
    Function::new("type", "relationship", 1..=1, "The type of a relationship, as a text.", relation_type),
    Function::new("properties", "node or relationship", 1..=1, "All properties, as a map.", properties),
    Function::new("keys", "node, relationship or map", 1..=1, "The names of the properties, in order.", keys),
    Function::new("name", "node", 1..=1, "The preferred name of a node; the same as node.name.", name),
    Function::new(
        "identifiers",
        "node",
        1..=1,
        "The external ids of a node, as a list; the same as node.identifiers.",
        identifiers,
    ),
    Function::new(
        "synonyms",
        "node",
        1..=1,
        "The other names of a node, as a list; the same as node.synonyms.",
        synonyms,
    ),
    Function::new(
        "named",
        "node, text",
        2..=2,
        "Whether the text is a name or synonym of the node, ignoring case. As a key in a node pattern, `{named: 'brca1'}`, it finds the node through the index of names.",
        named,
    ),
    Function::new(
        "identified",
        "node, text",
        2..=2,
        "Whether the text is one of the external ids of the node, letter for letter. In a node pattern it is the key `identifier`: `{identifier: 'NCBIGene:672'}`.",
        identified,
    ),
    Function::new(
        "startNode",
        "relationship",
        1..=1,
        "The node where a relationship starts. A symmetric one is stored from the smaller id() to the larger.",
        start_node,
    ),
    Function::new("endNode", "relationship", 1..=1, "The node where a relationship ends.", end_node),
    Function::new(
        "degree",
        "node, [type]",
        1..=2,
        "How many relationships a node has: of a type, or of all asserted types.",
        degree,
    ),
    Function::new("exists", "property", 1..=1, "Whether the property is there; the same as IS NOT NULL.", exists)
        .taking_null(),
];

fn node(context: &Context<'_>, function: &str, cell: &Cell) -> Result<Arc<Node>, Failure> {
    let Cell::Node(id) = cell else { return unfit(function, "a node", cell) };
    context.node(*id)?.ok_or_else(|| Failure::Value("this node has been deleted".into()))
}

fn id(_: &Context<'_>, arguments: &[Cell]) -> Result<Cell, Failure> {
    match &arguments[0] {
        Cell::Node(id) => Ok(Cell::count(id.get().into())),
        other => unfit("id", "a node", other),
    }
}

fn element_id(context: &Context<'_>, arguments: &[Cell]) -> Result<Cell, Failure> {
    match &arguments[0] {
        Cell::Node(id) => Ok(Cell::text(&id.get().to_string())),
        cell @ Cell::Relationship(edge) => {
            let Cell::Text(name) = relation_type(context, std::slice::from_ref(cell))? else { return Ok(Cell::Null) };
            Ok(Cell::text(&format!("{}-{name}-{}", edge.source.get(), edge.target.get())))
        }
        other => unfit("elementId", "a node or a relationship", other),
    }
}

fn labels(context: &Context<'_>, arguments: &[Cell]) -> Result<Cell, Failure> {
    let node = node(context, "labels", &arguments[0])?;
    Ok(context.view(|view| {
        let names = node.labels.iter().filter_map(|&label| view.catalog().label_name(label));
        Ok(Cell::list(names.map(Cell::text)))
    })?)
}

fn relation_type(context: &Context<'_>, arguments: &[Cell]) -> Result<Cell, Failure> {
    let Cell::Relationship(edge) = &arguments[0] else { return unfit("type", "a relationship", &arguments[0]) };
    let name = context
        .view(|view| Ok(view.catalog().relation_type(edge.relation).map(|relation| Cell::text(&relation.name))))?;
    Ok(name.unwrap_or_default())
}

fn properties(context: &Context<'_>, arguments: &[Cell]) -> Result<Cell, Failure> {
    Ok(Cell::map(property_map(context, &arguments[0])?))
}

fn keys(context: &Context<'_>, arguments: &[Cell]) -> Result<Cell, Failure> {
    Ok(Cell::list(property_map(context, &arguments[0])?.keys().map(|key| Cell::text(key))))
}

fn name(context: &Context<'_>, arguments: &[Cell]) -> Result<Cell, Failure> {
    property(context, &Cell::Node(node_id("name", &arguments[0])?), "name")
}

fn identifiers(context: &Context<'_>, arguments: &[Cell]) -> Result<Cell, Failure> {
    property(context, &Cell::Node(node_id("identifiers", &arguments[0])?), "identifiers")
}

fn synonyms(context: &Context<'_>, arguments: &[Cell]) -> Result<Cell, Failure> {
    property(context, &Cell::Node(node_id("synonyms", &arguments[0])?), "synonyms")
}

fn node_id(function: &str, cell: &Cell) -> Result<NodeId, Failure> {
    match cell {
        Cell::Node(id) => Ok(*id),
        other => unfit(function, "a node", other),
    }
}

fn named(context: &Context<'_>, arguments: &[Cell]) -> Result<Cell, Failure> {
    let id = node_id("named", &arguments[0])?;
    let Cell::Text(text) = &arguments[1] else { return Ok(Cell::Boolean(false)) };
    Ok(context.view(|view| view.nodes_by_name(text))?.contains(&id).into())
}

fn identified(context: &Context<'_>, arguments: &[Cell]) -> Result<Cell, Failure> {
    let id = node_id("identified", &arguments[0])?;
    let Cell::Text(text) = &arguments[1] else { return Ok(Cell::Boolean(false)) };
    Ok((context.view(|view| view.node_by_identifier(text))? == Some(id)).into())
}

fn start_node(_: &Context<'_>, arguments: &[Cell]) -> Result<Cell, Failure> {
    end("startNode", &arguments[0], |edge| edge.source)
}

fn end_node(_: &Context<'_>, arguments: &[Cell]) -> Result<Cell, Failure> {
    end("endNode", &arguments[0], |edge| edge.target)
}

fn end(function: &str, cell: &Cell, choose: fn(&Edge) -> NodeId) -> Result<Cell, Failure> {
    match cell {
        Cell::Relationship(edge) => Ok(Cell::Node(choose(edge))),
        other => unfit(function, "a relationship", other),
    }
}

fn degree(context: &Context<'_>, arguments: &[Cell]) -> Result<Cell, Failure> {
    let id = node_id("degree", &arguments[0])?;
    let wanted = match arguments.get(1) {
        None => None,
        Some(Cell::Text(name)) => Some(name),
        Some(other) => return unfit("degree", "the name of a type", other),
    };
    let edges = context.view(|view| {
        let mut edges = BTreeSet::new();
        for (relation, description) in view.catalog().relation_types() {
            let counts = match wanted {
                Some(name) => description.name.to_lowercase() == name.to_lowercase(),
                None => description.polarity == Polarity::Asserted,
            };
            if counts {
                let symmetric = description.symmetric;
                let out = view.neighbors(id, relation, Direction::Out)?;
                edges.extend(out.iter().map(|end| Edge { relation, source: id, target: end }.canonical(symmetric)));
                let back = view.neighbors(id, relation, Direction::In)?;
                edges.extend(back.iter().map(|end| Edge { relation, source: end, target: id }.canonical(symmetric)));
            }
        }
        Ok(edges.len())
    })?;
    Ok(Cell::count(edges as u64))
}

fn exists(_: &Context<'_>, arguments: &[Cell]) -> Result<Cell, Failure> {
    Ok((!arguments[0].is_null()).into())
}
