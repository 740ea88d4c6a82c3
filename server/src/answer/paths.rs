//! The paths between two nodes, the strongest first, as layers that can be drawn.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use hopgraph::PathValue;
use hopgraph::engine::{Edge, NodeId, Snapshot};
use hopgraph::query::{Parameters, Row, Value};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::filter::Filter;
use super::{Answer, Failure, Request, describe};
use crate::limits::{HOPS_MAX, PATHS_MAX};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PathsQuestion {
    source: u32,
    target: u32,
    #[serde(default = "four")]
    hops: u32,
    /// Longer paths behind the shortest ones, too.
    #[serde(default)]
    longer: bool,
    #[serde(default)]
    filter: Filter,
    #[serde(default = "twenty_five")]
    limit: usize,
}

fn four() -> u32 {
    HOPS_MAX
}

fn twenty_five() -> usize {
    25
}

/// Paths with their nodes and edges; `looked_at` says among how many the strongest were chosen.
pub(crate) fn paths(request: &Request<'_>, question: PathsQuestion) -> Answer {
    if !(1..=HOPS_MAX).contains(&question.hops) {
        return Err(Failure::question(format!("`hops` is from 1 to {HOPS_MAX}")));
    }
    let snapshot = request.snapshot()?;
    let found = find(request, &snapshot, &question)?;
    let looked_at = found.len();
    let mut edges = BTreeMap::<Edge, Json>::new();
    let mut weighed = Vec::with_capacity(looked_at);
    for path in found {
        let mut strength = 1.0;
        for relationship in &path.relationships {
            let known = match edges.entry(relationship.edge) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(place) => place.insert(describe::edge(&snapshot, relationship.edge)?),
            };
            strength *= known["confidence"].as_f64().unwrap_or(0.0);
        }
        weighed.push((strength, path));
    }
    let length = |path: &PathValue| path.relationships.len();
    weighed.sort_by(|one, other| length(&one.1).cmp(&length(&other.1)).then(other.0.total_cmp(&one.0)));
    weighed.truncate(question.limit.clamp(1, PATHS_MAX));
    let mut shown = Shown::default();
    let mut list = Vec::with_capacity(weighed.len());
    for (strength, path) in weighed {
        for node in &path.nodes {
            shown.node(&snapshot, node.id)?;
        }
        let steps: Vec<usize> = path.relationships.iter().map(|one| shown.edge(one.edge, &edges[&one.edge])).collect();
        let ids: Vec<u32> = path.nodes.iter().map(|node| node.id.get()).collect();
        list.push(json!({ "nodes": ids, "edges": steps, "hops": steps.len(), "strength": strength }));
    }
    Ok(json!({
        "paths": list,
        "nodes": shown.nodes.into_values().collect::<Vec<_>>(),
        "edges": shown.edges,
        "looked_at": looked_at,
        "more": looked_at >= PATHS_MAX,
    }))
}

/// The paths that a query finds, at most so many as are looked at.
fn find(request: &Request<'_>, snapshot: &Snapshot, question: &PathsQuestion) -> Result<Vec<PathValue>, Failure> {
    let ends = [question.source, question.target];
    for id in ends {
        describe::existing(snapshot, id)?;
    }
    let mut parameters = Parameters::from([
        ("source".to_owned(), Value::Integer(ends[0].into())),
        ("target".to_owned(), Value::Integer(ends[1].into())),
    ]);
    let between = question.filter.pattern(snapshot, &format!("*1..{}", question.hops), &mut parameters)?;
    let which = if question.longer { format!("SHORTEST {PATHS_MAX} ACYCLIC") } else { "ALL SHORTEST".to_owned() };
    let text = format!(
        "MATCH p = {which} (a)-{between}-(b) WHERE id(a) = $source AND id(b) = $target RETURN p LIMIT {PATHS_MAX}"
    );
    let path = |row: Row| match row.into_iter().next() {
        Some(Value::Path(path)) => Some(*path),
        _ => None,
    };
    Ok(request.rows(&text, &parameters)?.into_iter().filter_map(path).collect())
}

/// The nodes and edges of the paths that are shown, each once.
#[derive(Default)]
struct Shown {
    nodes: BTreeMap<NodeId, Json>,
    places: BTreeMap<Edge, usize>,
    edges: Vec<Json>,
}

impl Shown {
    fn node(&mut self, snapshot: &Snapshot, id: NodeId) -> Result<(), Failure> {
        if let Entry::Vacant(place) = self.nodes.entry(id) {
            place.insert(describe::node(snapshot, id)?);
        }
        Ok(())
    }

    /// The place of an edge in the list of them.
    fn edge(&mut self, edge: Edge, json: &Json) -> usize {
        *self.places.entry(edge).or_insert_with(|| {
            self.edges.push(json.clone());
            self.edges.len() - 1
        })
    }
}
