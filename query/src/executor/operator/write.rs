//! Door to the graph's change: how clauses that write edit nodes and relationships.

use std::collections::BTreeMap;
use std::sync::Arc;

use hopgraph_engine::{Direction, Edge, LabelId, Node, NodeId, Polarity, Properties, RelationType, RelationTypeId};

use crate::executor::compute::{Context, RESERVED_NODE_KEYS, Row, evaluate, property_map, to_property};
use crate::fault::{Failure, Result, value};
use crate::planner::plan::{Creation, Edit, EvidencePattern, Expression, NewNode, NewRelationship, Removal};
use crate::syntax::ast::Span;
use crate::value::Cell;
use crate::{QueryError, Summary};

/// Makes what a creation asks for, and fills its slots.
pub(super) fn create(creation: &Creation, context: &Context<'_>, row: &mut Row) -> Result<()> {
    for node in &creation.nodes {
        let id = create_node(node, context, row)?;
        row.set(node.slot, Cell::Node(id));
    }
    for relationship in &creation.relationships {
        let edge = create_relationship(relationship, context, row)?;
        row.set(relationship.slot, Cell::Relationship(edge));
    }
    for (slot, path) in &creation.paths {
        let cell = evaluate(path, context, row)?;
        row.set(*slot, cell);
    }
    Ok(())
}

fn create_node(new: &NewNode, context: &Context<'_>, row: &mut Row) -> Result<NodeId> {
    let mut node = Node { labels: label_ids(&new.labels, context)?, ..Node::default() };
    for (key, expression) in &new.properties {
        let cell = evaluate(expression, context, row)?;
        let changed = set_node_key(&mut node, key, &cell).map_err(|message| value(expression.span, message))?;
        count(context, |summary| summary.properties_set += u64::from(changed));
    }
    count(context, |summary| summary.labels_set += node.labels.len() as u64);
    count(context, |summary| summary.nodes_created += 1);
    placed(context.edit(|change| change.add_node(node)), new.span)
}

fn label_ids(labels: &[String], context: &Context<'_>) -> Result<Vec<LabelId>> {
    let mut ids = Vec::new();
    for label in labels {
        let known = context.view(|view| Ok(view.catalog().label(label)))?;
        ids.push(known.map_or_else(|| context.edit(|change| change.label(label)), Ok)?);
    }
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}

fn create_relationship(new: &NewRelationship, context: &Context<'_>, row: &mut Row) -> Result<Edge> {
    let end = |slot| match row.get(slot) {
        Cell::Node(id) => Ok(*id),
        other => Err(value(new.span, format!("a relationship needs nodes at its ends; one is {}", other.kind()))),
    };
    let (source, target) = (end(new.source)?, end(new.target)?);
    let (relation, symmetric) = placed(relation_type(&new.relation, context), new.span)?;
    let edge = Edge { relation, source, target }.canonical(symmetric);
    let there = context.view(|view| view.has_edge(edge))?;
    placed(
        context.edit(|change| {
            let hand = change.hand()?;
            change.add_fact(edge, hand)
        }),
        new.span,
    )?;
    count(context, |summary| summary.relationships_created += u64::from(!there));
    let mut properties = context.view(|view| view.edge_properties(edge))?;
    let before = properties.clone();
    for (key, expression) in &new.properties {
        let cell = evaluate(expression, context, row)?;
        let changed = set_edge_key(&mut properties, key, &cell).map_err(|message| value(expression.span, message))?;
        count(context, |summary| summary.properties_set += u64::from(changed));
    }
    if properties != before {
        context.edit(|change| change.set_edge_properties(edge, &properties))?;
    }
    Ok(edge)
}

/// The type of this name; a new one is asserted and has a direction.
fn relation_type(name: &str, context: &Context<'_>) -> Result<(RelationTypeId, bool)> {
    let known = context.view(|view| {
        let catalog = view.catalog();
        let id = catalog.relation_type_id(name);
        Ok(id.and_then(|id| catalog.relation_type(id).map(|relation| (id, relation.symmetric))))
    })?;
    if let Some(known) = known {
        return Ok(known);
    }
    let new = RelationType { name: name.to_owned(), polarity: Polarity::Asserted, symmetric: false };
    Ok((context.edit(|change| change.relation_type(&new))?, false))
}

/// Carries out one edit on a row.
pub(super) fn apply(edit: &Edit, context: &Context<'_>, row: &mut Row) -> Result<()> {
    match edit {
        Edit::Property { target, key, value: given } => {
            let (subject, cell) = (evaluate(target, context, row)?, evaluate(given, context, row)?);
            change(&subject, target.span, context, &mut |subject| match subject {
                Subject::Node(node) => set_node_key(node, key, &cell).map_err(|message| value(given.span, message)),
                Subject::Edge(properties) => {
                    set_edge_key(properties, key, &cell).map_err(|message| value(given.span, message))
                }
            })
        }
        Edit::Computed { target, key, value: given } => {
            let key = match evaluate(key, context, row)? {
                Cell::Text(text) => text,
                other => return Err(value(key.span, format!("a key is a text, not {}", other.kind()))),
            };
            let (subject, cell) = (evaluate(target, context, row)?, evaluate(given, context, row)?);
            change(&subject, target.span, context, &mut |subject| {
                let set = match subject {
                    Subject::Node(node) => set_node_key(node, &key, &cell),
                    Subject::Edge(properties) => set_edge_key(properties, &key, &cell),
                };
                set.map_err(|message| value(given.span, message))
            })
        }
        Edit::Replace { target, map } => set_all(target, map, true, context, row),
        Edit::Merge { target, map } => set_all(target, map, false, context, row),
        Edit::AddLabels { target, labels } => {
            let subject = evaluate(target, context, row)?;
            let ids = if subject.is_null() { Vec::new() } else { label_ids(labels, context)? };
            change_labels(&subject, target.span, context, |node| {
                node.labels.extend(ids);
                node.labels.sort_unstable();
                node.labels.dedup();
            })
        }
        Edit::Remove { target, removal: Removal::Property(key) } => {
            let subject = evaluate(target, context, row)?;
            change(&subject, target.span, context, &mut |subject| match subject {
                Subject::Node(node) => {
                    set_node_key(node, key, &Cell::Null).map_err(|message| value(target.span, message))
                }
                Subject::Edge(properties) => Ok(properties.remove(key).is_some()),
            })
        }
        Edit::Remove { target, removal: Removal::Labels(labels) } => {
            let subject = evaluate(target, context, row)?;
            let known = |label: &String| context.view(|view| Ok(view.catalog().label(label)));
            let ids: Vec<_> = labels.iter().map(known).collect::<Result<Vec<_>>>()?.into_iter().flatten().collect();
            change_labels(&subject, target.span, context, |node| node.labels.retain(|label| !ids.contains(label)))
        }
    }
}

/// `target = map` (`replace`) or `target += map`.
fn set_all(target: &Expression, map: &Expression, replace: bool, context: &Context<'_>, row: &mut Row) -> Result<()> {
    let subject = evaluate(target, context, row)?;
    let entries = match evaluate(map, context, row)? {
        Cell::Map(entries) => BTreeMap::clone(&entries),
        source @ (Cell::Node(_) | Cell::Relationship(_)) => {
            let mut copied = property_map(context, &source).map_err(|failure| failure.at(map.span))?;
            // What belongs to one node or edge alone is not copied to another.
            copied.remove("identifiers");
            copied
        }
        other => return Err(value(map.span, format!("a map of properties is needed here, not {}", other.kind()))),
    };
    change(&subject, target.span, context, &mut |subject| {
        let mut changed = false;
        match subject {
            Subject::Node(node) => {
                if replace {
                    changed = !node.properties.is_empty();
                    node.properties.clear();
                    for key in RESERVED_NODE_KEYS.iter().filter(|key| **key != "identifier" && **key != "identifiers") {
                        changed |= set_node_key(node, key, &Cell::Null).map_err(|message| value(map.span, message))?;
                    }
                }
                for (key, cell) in &entries {
                    changed |= set_node_key(node, key, cell).map_err(|message| value(map.span, message))?;
                }
            }
            Subject::Edge(properties) => {
                if replace {
                    changed = !properties.is_empty();
                    properties.clear();
                }
                for (key, cell) in &entries {
                    changed |= set_edge_key(properties, key, cell).map_err(|message| value(map.span, message))?;
                }
            }
        }
        Ok(changed)
    })
}

/// What an edit may change.
enum Subject<'s> {
    Node(&'s mut Node),
    Edge(&'s mut Properties),
}

/// Reads a node or the properties of an edge, lets `edit` change them, and writes them if it did. Null is left alone.
fn change(
    subject: &Cell,
    span: Span,
    context: &Context<'_>,
    edit: &mut dyn FnMut(Subject<'_>) -> Result<bool>,
) -> Result<()> {
    let changed = match subject {
        Cell::Null => return Ok(()),
        Cell::Node(id) => {
            let mut node = node(*id, span, context)?;
            let changed = edit(Subject::Node(&mut node))?;
            if changed {
                placed(context.edit(|change| change.update_node(*id, node)), span)?;
            }
            changed
        }
        Cell::Relationship(edge) => {
            if !context.view(|view| view.has_edge(*edge))? {
                return Err(value(span, "this relationship has been deleted"));
            }
            let mut properties = context.view(|view| view.edge_properties(*edge))?;
            let changed = edit(Subject::Edge(&mut properties))?;
            if changed {
                placed(context.edit(|change| change.set_edge_properties(*edge, &properties)), span)?;
            }
            changed
        }
        other => return Err(value(span, format!("only a node or a relationship can be set, not {}", other.kind()))),
    };
    count(context, |summary| summary.properties_set += u64::from(changed));
    Ok(())
}

fn change_labels(subject: &Cell, span: Span, context: &Context<'_>, edit: impl FnOnce(&mut Node)) -> Result<()> {
    let id = match subject {
        Cell::Null => return Ok(()),
        Cell::Node(id) => *id,
        other => return Err(value(span, format!("only a node has labels; this is {}", other.kind()))),
    };
    let mut node = node(id, span, context)?;
    let before = node.labels.clone();
    edit(&mut node);
    let changed = before.iter().filter(|label| !node.labels.contains(label)).count()
        + node.labels.iter().filter(|label| !before.contains(label)).count();
    count(context, |summary| summary.labels_set += changed as u64);
    if changed > 0 {
        placed(context.edit(|change| change.update_node(id, node)), span)?;
    }
    Ok(())
}

fn node(id: NodeId, span: Span, context: &Context<'_>) -> Result<Node> {
    let found = context.node(id)?.ok_or_else(|| value(span, "this node has been deleted"))?;
    Ok(Arc::unwrap_or_clone(found))
}

/// Sets one key of a node, null to remove it. Says whether anything changed.
fn set_node_key(node: &mut Node, key: &str, cell: &Cell) -> Result<bool, String> {
    match key {
        "name" | "named" => {
            let name = text(key, cell)?;
            // A node without a name has an empty one, so a name of no letters is kept beside it.
            let kept = if name.as_deref() == Some("") { cell } else { &Cell::Null };
            let changed = set_key(&mut node.properties, "name", kept)?;
            Ok(replace(&mut node.name, name.unwrap_or_default())? || changed)
        }
        "synonyms" => replace(&mut node.synonyms, texts(key, cell)?),
        "identifiers" => replace(&mut node.identifiers, texts(key, cell)?),
        "identifier" => match text(key, cell)? {
            None => replace(&mut node.identifiers, Vec::new()),
            Some(identifier) if node.identifiers.contains(&identifier) => Ok(false),
            Some(identifier) => {
                node.identifiers.push(identifier);
                Ok(true)
            }
        },
        _ => set_key(&mut node.properties, key, cell),
    }
}

/// Sets one key of an edge, null to remove it. Says whether anything changed.
fn set_edge_key(properties: &mut Properties, key: &str, cell: &Cell) -> Result<bool, String> {
    if key == "confidence" {
        return Err("`confidence` is computed from the evidence of the relationship and cannot be set".to_owned());
    }
    if EvidencePattern::key(key).is_some() {
        return Err(format!(
            "`{key}` in the brackets of a relationship asks for its evidence, so no property is called so"
        ));
    }
    set_key(properties, key, cell)
}

fn set_key(properties: &mut Properties, key: &str, cell: &Cell) -> Result<bool, String> {
    let before = match to_property(cell)? {
        None => return Ok(properties.remove(key).is_some()),
        Some(property) => properties.insert(key.to_owned(), property.clone()).filter(|old| *old == property),
    };
    Ok(before.is_none())
}

#[allow(clippy::unnecessary_wraps, reason = "reads as the other arms of set_node_key")]
fn replace<T: PartialEq>(place: &mut T, new: T) -> Result<bool, String> {
    let changed = *place != new;
    *place = new;
    Ok(changed)
}

fn text(key: &str, cell: &Cell) -> Result<Option<String>, String> {
    match cell {
        Cell::Null => Ok(None),
        Cell::Text(text) => Ok(Some(text.to_string())),
        other => Err(format!("`{key}` of a node is a text, not {}", other.kind())),
    }
}

fn texts(key: &str, cell: &Cell) -> Result<Vec<String>, String> {
    match cell {
        Cell::Null => Ok(Vec::new()),
        Cell::List(cells) => {
            let texts: Option<Vec<_>> = cells.iter().map(|cell| text(key, cell)).collect::<Result<_, _>>()?;
            texts.ok_or_else(|| format!("`{key}` of a node is a list of texts, without null"))
        }
        other => Err(format!("`{key}` of a node is a list of texts, not {}", other.kind())),
    }
}

/// Deletes relationships, then nodes. With `detach` the relationships of the nodes go too.
pub(super) fn delete(
    nodes: &BTreeMap<NodeId, Span>,
    edges: &BTreeMap<Edge, Span>,
    detach: bool,
    context: &Context<'_>,
) -> Result<()> {
    for (edge, span) in edges {
        context.tick()?;
        let deleted = placed(context.edit(|change| change.delete_edge(*edge)), *span)?;
        count(context, |summary| summary.relationships_deleted += u64::from(deleted));
    }
    for (&id, span) in nodes {
        context.tick()?;
        if context.node(id)?.is_none() {
            continue;
        }
        let hanging = if detach { degree(id, context)? } else { 0 };
        placed(context.edit(|change| change.delete_node(id, detach)), *span)?;
        count(context, |summary| {
            summary.nodes_deleted += 1;
            summary.relationships_deleted += hanging;
        });
    }
    Ok(())
}

/// How many relationships of any type a node has.
fn degree(id: NodeId, context: &Context<'_>) -> Result<u64> {
    context.view(|view| {
        let mut degree = 0;
        for (relation, description) in view.catalog().relation_types() {
            let out = view.neighbors(id, relation, Direction::Out)?;
            degree += out.len();
            if !description.symmetric {
                // A loop was counted going out.
                degree += view.neighbors(id, relation, Direction::In)?.len() - u64::from(out.contains(id));
            }
        }
        Ok(degree)
    })
}

/// Notes the targets of DELETE.
pub(super) fn collect_targets(
    cell: &Cell,
    span: Span,
    nodes: &mut BTreeMap<NodeId, Span>,
    edges: &mut BTreeMap<Edge, Span>,
) -> Result<(), Failure> {
    match cell {
        Cell::Null => {}
        Cell::Node(id) => drop(nodes.insert(*id, span)),
        Cell::Relationship(edge) => drop(edges.insert(*edge, span)),
        Cell::Path(path) => {
            nodes.extend(path.nodes.iter().map(|&id| (id, span)));
            edges.extend(path.edges.iter().map(|&edge| (edge, span)));
        }
        Cell::List(cells) => {
            for cell in cells.iter() {
                collect_targets(cell, span, nodes, edges)?;
            }
        }
        other => return Err(format!("only nodes, relationships and paths can be deleted, not {}", other.kind()).into()),
    }
    Ok(())
}

fn count(context: &Context<'_>, change: impl FnOnce(&mut Summary)) {
    change(&mut context.summary.borrow_mut());
}

/// The result, its error with a place in the text.
fn placed<T>(result: Result<T>, span: Span) -> Result<T> {
    result.map_err(|error: QueryError| QueryError { span: error.span.or(Some(span)), ..error })
}
