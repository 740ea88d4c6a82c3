//! Nodes found by what somebody types: names, synonyms, identifiers.

use std::collections::HashSet;

use hopgraph::engine::{Budget, NodeId, Snapshot, StorageError, View};
use hopgraph::query::{Parameters, Value};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::text::quoted;
use super::{Answer, Failure, Request, describe};

/// How many entries of the index of names are looked at for those of one label.
const ENTRIES_READ: usize = 2_000;
/// Below so many nodes, names are searched for what stands within them, too.
const NODES_SCANNED: u64 = 200_000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SearchQuestion {
    q: String,
    #[serde(default = "twenty")]
    limit: usize,
    label: Option<String>,
}

fn twenty() -> usize {
    20
}

/// Nodes whose name, synonym or identifier begins with the text; after these, nodes whose name has it within.
pub(crate) fn search(request: &Request<'_>, question: SearchQuestion) -> Answer {
    let text = question.q.trim();
    let limit = question.limit.clamp(1, 200);
    if text.is_empty() {
        return Ok(json!({ "found": [] }));
    }
    let snapshot = request.snapshot()?;
    let mut found = Found { snapshot: &snapshot, seen: HashSet::new(), label: None, limit, list: Vec::new() };
    if let Some(name) = &question.label {
        let label = snapshot.catalog().label(name);
        found.label = Some(label.ok_or_else(|| Failure::question(format!("there is no label {name:?}")))?);
    }
    if let Some(node) = snapshot.node_by_identifier(text)? {
        found.add(node, text)?;
    }
    for node in snapshot.nodes_by_name(text)? {
        found.add(node, text)?;
    }
    let read = if found.label.is_some() { ENTRIES_READ } else { limit * 4 };
    let mut prefixes = vec![text.to_owned()];
    // Identifiers are kept letter for letter, and mostly in capitals.
    if text.to_uppercase() != text && text.contains(':') {
        prefixes.push(text.to_uppercase());
    }
    for prefix in prefixes {
        for (name, node) in snapshot.names_with_prefix(&prefix, read)? {
            found.add(node, &name)?;
        }
    }
    if !found.is_full() && text.chars().count() >= 3 && snapshot.nodes()?.len() <= NODES_SCANNED {
        within(request, &mut found, text, question.label.as_deref())?;
    }
    Ok(json!({ "found": found.list }))
}

/// Nodes whose name has the text within.
fn within(request: &Request<'_>, found: &mut Found<'_>, text: &str, label: Option<&str>) -> Result<(), Failure> {
    let label = label.map(|label| format!(":{}", quoted(label))).unwrap_or_default();
    let query = format!("MATCH (n{label}) WHERE toLower(n.name) CONTAINS $text RETURN id(n) LIMIT 1000");
    let parameters = Parameters::from([("text".to_owned(), Value::Text(text.to_lowercase()))]);
    let mut nodes = Vec::new();
    for row in request.rows(&query, &parameters)? {
        if let Some(Value::Integer(id)) = row.first()
            && let Ok(id) = u32::try_from(*id)
        {
            let name = found.snapshot.node(NodeId::new(id))?.unwrap_or_default().name;
            nodes.push((name.len(), name, NodeId::new(id)));
        }
    }
    nodes.sort();
    nodes.into_iter().try_for_each(|(_, name, node)| found.add(node, &name))?;
    Ok(())
}

struct Found<'f> {
    snapshot: &'f Snapshot,
    seen: HashSet<NodeId>,
    label: Option<hopgraph::engine::LabelId>,
    limit: usize,
    list: Vec<Json>,
}

impl Found<'_> {
    fn is_full(&self) -> bool {
        self.list.len() >= self.limit
    }

    fn add(&mut self, node: NodeId, matched: &str) -> Result<(), StorageError> {
        if self.is_full() || self.seen.contains(&node) {
            return Ok(());
        }
        if let Some(label) = self.label
            && !self.snapshot.node(node)?.is_some_and(|node| node.labels.contains(&label))
        {
            return Ok(());
        }
        self.seen.insert(node);
        let mut entry = describe::node(self.snapshot, node)?;
        entry["matched"] = json!(matched);
        self.list.push(entry);
        Ok(())
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NodeQuestion {
    id: u32,
}

/// All that is known of a node, and how many relations of each type it has.
pub(crate) fn node(request: &Request<'_>, question: NodeQuestion) -> Answer {
    let snapshot = request.snapshot()?;
    let id = describe::existing(&snapshot, question.id)?;
    let node = snapshot.node(id)?.unwrap_or_default();
    let mut answer = describe::node(&snapshot, id)?;
    let (types, total) = degrees(&snapshot, id, &request.budget())?;
    answer["synonyms"] = json!(node.synonyms);
    let rows = request.rows(
        "MATCH (n) WHERE id(n) = $id RETURN properties(n)",
        &Parameters::from([("id".to_owned(), Value::Integer(question.id.into()))]),
    )?;
    let mut properties = rows.first().and_then(|row| row.first()).map(hopgraph::query::json::plain).unwrap_or_default();
    if let Some(properties) = properties.as_object_mut() {
        for known in ["name", "synonyms", "identifiers", "identifier"] {
            properties.remove(known);
        }
    }
    answer["properties"] = properties;
    answer["relations"] = json!(types);
    answer["degree"] = json!(total);
    answer["sentences"] = json!(snapshot.sentences_mentioning(id)?.len());
    Ok(answer)
}

fn degrees(snapshot: &Snapshot, id: NodeId, budget: &Budget) -> Result<(Vec<Json>, u64), StorageError> {
    use hopgraph::engine::{Direction, Polarity};
    let (mut types, mut total) = (Vec::new(), 0);
    for (relation, kind) in snapshot.catalog().relation_types() {
        budget.check()?;
        let mut count = snapshot.neighbors(id, relation, Direction::Out)?.len();
        if !kind.symmetric {
            count += snapshot.neighbors(id, relation, Direction::In)?.len();
        }
        if count > 0 {
            let denied = kind.polarity == Polarity::Denied;
            types.push(json!({ "type": kind.name, "count": count, "denied": denied }));
            total += count;
        }
    }
    Ok((types, total))
}
