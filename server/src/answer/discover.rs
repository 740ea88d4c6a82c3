//! Pairs that nobody stated: nodes that are not linked directly, and that a few hops join.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use hopgraph::engine::{NodeId, View};
use hopgraph::query::{Parameters, Value};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::filter::Filter;
use super::strength::strengths;
use super::text::quoted;
use super::{Answer, Failure, Request, describe};
use crate::limits::{HOPS_MAX, PAIRS_MAX, STARTS_MAX};

/// From so many different starts the strength of paths is worked out; each needs a pass over what is within reach.
const STARTS_WEIGHED: usize = 200;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DiscoverQuestion {
    /// Where pairs start: a label, or nodes by name, synonym or identifier, or nodes by number.
    #[serde(default)]
    from_label: Option<String>,
    #[serde(default)]
    from_names: Vec<String>,
    #[serde(default)]
    from_nodes: Vec<u32>,
    /// The label of the other end.
    to_label: String,
    #[serde(default = "three")]
    hops: u32,
    /// Leaves out pairs that any asserted relation joins.
    #[serde(default = "yes")]
    unlinked: bool,
    #[serde(default)]
    filter: Filter,
    #[serde(default = "two_hundred")]
    limit: u64,
}

fn three() -> u32 {
    3
}

fn yes() -> bool {
    true
}

fn two_hundred() -> u64 {
    200
}

/// The pairs, nearest first, then those with the most shortest paths; with the query that finds them.
pub(crate) fn discover(request: &Request<'_>, question: DiscoverQuestion) -> Answer {
    if !(1..=HOPS_MAX).contains(&question.hops) {
        return Err(Failure::question(format!("`hops` is from 1 to {HOPS_MAX}")));
    }
    let limit = question.limit.clamp(1, PAIRS_MAX);
    let snapshot = request.snapshot()?;
    let starts = starts(request, &question)?;
    let mut parameters = Parameters::new();
    let least = if question.unlinked { 2 } else { 1 };
    let range = format!("*{least}..{}", question.hops.max(least));
    let between = question.filter.pattern(&snapshot, &range, &mut parameters)?;
    let to = quoted(existing_label(&snapshot, &question.to_label)?);
    let (begin, from) = match (&starts.nodes, &question.from_label) {
        (Some(nodes), label) => {
            let ids = nodes.iter().map(|node| Value::Integer(node.get().into())).collect();
            parameters.insert("starts".to_owned(), Value::List(ids));
            let of = match label {
                Some(label) => format!(":{}", quoted(existing_label(&snapshot, label)?)),
                None => String::new(),
            };
            (format!("UNWIND $starts AS start\nMATCH (a{of}) WHERE id(a) = start\n"), "a".to_owned())
        }
        (None, Some(label)) => (String::new(), format!("a:{}", quoted(existing_label(&snapshot, label)?))),
        (None, None) => return Err(Failure::question("say where pairs start: a label, names, or nodes")),
    };
    let unlinked = if question.unlinked { "NOT (a)--(b) AND " } else { "" };
    let text = format!(
        "{begin}MATCH ({from})-{between}-(b:{to})\nWHERE {unlinked}id(a) <> id(b)\n\
         RETURN id(a) AS a, id(b) AS b, hops, shortest_paths\nORDER BY hops, shortest_paths DESC, a, b LIMIT {}",
        limit + 1
    );
    let mut pairs = Vec::new();
    for row in request.rows(&text, &parameters)? {
        if let [Value::Integer(a), Value::Integer(b), Value::Integer(hops), paths] = &row[..]
            && let (Ok(a), Ok(b)) = (u32::try_from(*a), u32::try_from(*b))
        {
            let paths = if let Value::Integer(paths) = paths { *paths } else { 0 };
            pairs.push((NodeId::new(a), NodeId::new(b), *hops, paths));
        }
    }
    let more = pairs.len() as u64 > limit;
    pairs.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let same = question.from_label.as_ref().is_some_and(|label| label.eq_ignore_ascii_case(&question.to_label));
    if same && starts.nodes.is_none() {
        // Either end may be the start: each pair once.
        pairs.retain(|(a, b, ..)| a < b);
    }
    let strengths = weigh(request, &snapshot, &question, &pairs)?;
    let mut nodes = HashMap::<NodeId, Json>::new();
    let mut list = Vec::with_capacity(pairs.len());
    for (index, (a, b, hops, paths)) in pairs.into_iter().enumerate() {
        for id in [a, b] {
            if let Entry::Vacant(place) = nodes.entry(id) {
                place.insert(describe::node(&snapshot, id)?);
            }
        }
        list.push(json!({
            "source": nodes[&a], "target": nodes[&b], "hops": hops, "shortest_paths": paths, "strength": strengths[index],
        }));
    }
    Ok(json!({ "pairs": list, "more": more, "unknown": starts.unknown, "query": text }))
}

fn existing_label<'v>(view: &'v dyn View, name: &str) -> Result<&'v str, Failure> {
    let label = view.catalog().label(name).and_then(|label| view.catalog().label_name(label));
    label.ok_or_else(|| Failure::question(format!("there is no label {name:?}")))
}

/// Nodes to start from; `None` for all of a label. With the names that stand for nothing.
struct Starts {
    nodes: Option<Vec<NodeId>>,
    unknown: Vec<String>,
}

fn starts(request: &Request<'_>, question: &DiscoverQuestion) -> Result<Starts, Failure> {
    if question.from_names.is_empty() && question.from_nodes.is_empty() {
        return Ok(Starts { nodes: None, unknown: Vec::new() });
    }
    if question.from_names.len() + question.from_nodes.len() > STARTS_MAX {
        return Err(Failure::question(format!("name at most {STARTS_MAX} nodes to start from")));
    }
    let snapshot = request.snapshot()?;
    let mut nodes = Vec::new();
    for &id in &question.from_nodes {
        nodes.push(describe::existing(&snapshot, id)?);
    }
    let mut unknown = Vec::new();
    for name in question.from_names.iter().map(|name| name.trim()).filter(|name| !name.is_empty()) {
        let mut found = snapshot.nodes_by_name(name)?;
        found.extend(snapshot.node_by_identifier(name)?);
        if found.is_empty() {
            unknown.push(name.to_owned());
        }
        nodes.extend(found);
    }
    nodes.sort_unstable();
    nodes.dedup();
    Ok(Starts { nodes: Some(nodes), unknown })
}

/// The strength of the best shortest path of each pair; none where it was not worked out.
fn weigh(
    request: &Request<'_>,
    snapshot: &hopgraph::engine::Snapshot,
    question: &DiscoverQuestion,
    pairs: &[(NodeId, NodeId, i64, i64)],
) -> Result<Vec<Option<f64>>, Failure> {
    let budget = request.budget();
    let (key, asked) = (question.filter.key(snapshot)?, question.filter.evidence());
    let topology = if asked.is_empty() {
        snapshot.topology(&key, &budget)?
    } else {
        snapshot.topology_where(&key, &asked, &budget)?
    };
    let evidence = snapshot.evidence_table(&budget)?;
    let mut by_start = HashMap::<NodeId, Vec<usize>>::new();
    for (index, pair) in pairs.iter().enumerate() {
        by_start.entry(pair.0).or_default().push(index);
    }
    let mut strengths_of = vec![None; pairs.len()];
    let mut order: Vec<_> = by_start.into_iter().collect();
    order.sort_by_key(|(_, pairs)| pairs[0]);
    for (start, indexes) in order.into_iter().take(STARTS_WEIGHED) {
        let reached = strengths(&topology, &evidence, start, question.hops, &budget)?;
        for index in indexes {
            let (_, end, hops, _) = pairs[index];
            let found = reached.get(&end).filter(|(distance, _)| i64::from(*distance) == hops);
            strengths_of[index] = found.map(|(_, strength)| *strength);
        }
    }
    Ok(strengths_of)
}
