//! Nodes, edges and runs as the API shows them.

use hopgraph::engine::{Edge, Evidence, NodeId, Polarity, Run, RunId, RunKind, Snapshot, StorageError, View};
use serde_json::{Value as Json, json};

/// A node in short: what a list or a drawing needs.
pub(crate) fn node(view: &dyn View, id: NodeId) -> Result<Json, StorageError> {
    let node = view.node(id)?.unwrap_or_default();
    let labels: Vec<&str> = node.labels.iter().filter_map(|label| view.catalog().label_name(*label)).collect();
    let name = match (node.name.as_str(), node.identifiers.first()) {
        ("", Some(identifier)) => identifier.clone(),
        ("", None) => format!("node {id}"),
        (name, _) => name.to_owned(),
    };
    Ok(json!({ "id": id.get(), "name": name, "labels": labels, "identifiers": node.identifiers }))
}

/// An edge in short, with how sure the graph is of it and by how many pieces of evidence.
pub(crate) fn edge(view: &dyn View, edge: Edge) -> Result<Json, StorageError> {
    let evidence = view.evidence(edge)?;
    let confidence = view.confidence(edge)?;
    Ok(edge_with(view, edge, confidence, &evidence))
}

/// The same where the evidence is at hand.
pub(crate) fn edge_with(view: &dyn View, edge: Edge, confidence: f64, evidence: &[Evidence]) -> Json {
    let relation = view.catalog().relation_type(edge.relation);
    json!({
        "source": edge.source.get(),
        "target": edge.target.get(),
        "type": relation.map_or("", |relation| &relation.name),
        "denied": relation.is_some_and(|relation| relation.polarity == Polarity::Denied),
        "symmetric": relation.is_some_and(|relation| relation.symmetric),
        "confidence": confidence,
        "evidence": evidence.len(),
    })
}

/// A run in short.
pub(crate) fn run(id: RunId, run: &Run) -> Json {
    let (kind, name) = match &run.kind {
        RunKind::Hand => ("hand", "by hand".to_owned()),
        RunKind::Load { source } => ("load", source.clone()),
        RunKind::Model { model, .. } => ("model", model.clone()),
    };
    json!({ "id": id.get(), "kind": kind, "name": name, "started": run.started, "program": run.program })
}

/// The node with this number, or the failure that says it is not there.
pub(crate) fn existing(snapshot: &Snapshot, id: u32) -> Result<NodeId, StorageError> {
    let id = NodeId::new(id);
    if snapshot.node(id)?.is_some() { Ok(id) } else { Err(StorageError::UnknownNode(id)) }
}

/// The identifiers of documents that speak of an edge, the surest first, each once.
pub(crate) fn documents(view: &dyn View, edge: Edge, limit: usize) -> Result<Vec<String>, StorageError> {
    let mut pieces: Vec<_> = view
        .evidence(edge)?
        .into_iter()
        .filter_map(|piece| match piece {
            Evidence::Text { sentence, probability, .. } => Some((probability, sentence)),
            _ => None,
        })
        .collect();
    pieces.sort_by(|one, other| other.0.total_cmp(&one.0));
    let mut found = Vec::new();
    for (_, sentence) in pieces {
        let Some(sentence) = view.sentence(sentence)? else { continue };
        let Some(document) = view.document(sentence.document)? else { continue };
        if !found.contains(&document.identifier) {
            found.push(document.identifier);
        }
        if found.len() == limit {
            break;
        }
    }
    Ok(found)
}
