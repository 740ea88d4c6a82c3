//! What is in the graph: the first thing that somebody sees.

use std::collections::BTreeMap;

use hopgraph::engine::{Polarity, View};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::{Answer, Request, describe, text};

/// Nothing is asked for beside it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OverviewQuestion {}

/// Counts by label, type and year, the runs, and questions to begin with. Takes time in the size of the graph, once for
/// each state of it.
pub(crate) fn overview(request: &Request<'_>, _: OverviewQuestion) -> Answer {
    let service = request.service;
    let mut answer = request.remember("overview", || {
        let snapshot = request.snapshot()?;
        let statistics = snapshot.statistics()?;
        let types: Vec<Json> = snapshot
            .catalog()
            .relation_types()
            .map(|(_, kind)| {
                json!({
                    "type": kind.name,
                    "edges": statistics.edges_by_type.get(&kind.name).copied().unwrap_or(0),
                    "denied": kind.polarity == Polarity::Denied,
                    "symmetric": kind.symmetric,
                })
            })
            .collect();
        let labels: Vec<Json> =
            statistics.nodes_by_label.iter().map(|(label, nodes)| json!({ "label": label, "nodes": nodes })).collect();
        let mut years = BTreeMap::<u16, u64>::new();
        for (_, document) in snapshot.documents()? {
            request.budget().check()?;
            *years.entry(document.year.unwrap_or(0)).or_default() += 1;
        }
        let unknown = years.remove(&0).unwrap_or(0);
        let years: Vec<Json> =
            years.iter().map(|(year, documents)| json!({ "year": year, "documents": documents })).collect();
        let runs: Vec<Json> = snapshot.runs()?.iter().map(|(id, run)| describe::run(*id, run)).collect();
        Ok(json!({
            "nodes": statistics.nodes,
            "edges": statistics.edges,
            "documents": statistics.documents,
            "sentences": statistics.sentences,
            "evidence": statistics.evidence,
            "labels": labels,
            "types": types,
            "years": years,
            "documents_without_year": unknown,
            "runs": runs,
            "examples": examples(&statistics.nodes_by_label, &statistics.edges_by_type, snapshot.catalog()),
        }))
    })?;
    let name = service.graph().path().file_name().map(|name| name.to_string_lossy().into_owned());
    answer["name"] = json!(name.unwrap_or_default());
    answer["writable"] = json!(service.graph().is_writable());
    answer["model"] = json!(service.has_model());
    answer["state"] = json!(service.state());
    answer["version"] = json!(env!("CARGO_PKG_VERSION"));
    Ok(answer)
}

/// Worked questions that this graph can answer, the most telling first.
fn examples(
    labels: &BTreeMap<String, u64>,
    types: &BTreeMap<String, u64>,
    catalog: &hopgraph::engine::Catalog,
) -> Vec<Json> {
    let mut by_size: Vec<(&String, &u64)> = labels.iter().filter(|(_, nodes)| **nodes > 0).collect();
    by_size.sort_by(|one, other| other.1.cmp(one.1).then(one.0.cmp(other.0)));
    let known = |wanted: &str| by_size.iter().map(|(name, _)| *name).find(|name| name.eq_ignore_ascii_case(wanted));
    let from = known("gene").or_else(|| by_size.first().map(|(name, _)| *name));
    let to = known("disease").or_else(|| by_size.iter().map(|(name, _)| *name).find(|name| Some(*name) != from));
    let Some(from) = from else { return Vec::new() };
    let to = to.unwrap_or(from);
    let (a, b) = (text::name(from), text::name(to));
    let mut examples = vec![
        json!({
            "title": format!("Which {from}–{to} pairs did nobody state?"),
            "text": format!(
                "MATCH (a:{a})-[*2..3]-(b:{b})\nWHERE NOT (a)--(b) AND id(a) <> id(b)\n\
                 RETURN a, b, hops, shortest_paths\nORDER BY hops, shortest_paths DESC LIMIT 100"
            ),
        }),
        json!({
            "title": format!("Which {to} nodes have the most relations?"),
            "text": format!("MATCH (b:{b})\nRETURN b, degree(b) AS relations\nORDER BY relations DESC LIMIT 25"),
        }),
        json!({
            "title": format!("The surest {from}–{to} relations"),
            "text": format!(
                "MATCH (a:{a})-[r]-(b:{b})\nRETURN a, r, b, r.confidence AS confidence, size(evidence(r)) AS evidence\n\
                 ORDER BY confidence DESC, evidence DESC LIMIT 50"
            ),
        }),
        json!({
            "title": "The most central nodes (PageRank)",
            "text": "CALL algo.pagerank() YIELD node, score\nRETURN node, score ORDER BY score DESC LIMIT 25",
        }),
    ];
    let denied = catalog
        .relation_types()
        .find(|(_, kind)| kind.polarity == Polarity::Denied && types.get(&kind.name).is_some_and(|edges| *edges > 0));
    if let Some((_, kind)) = denied {
        let title = "What does the literature deny?";
        let query = format!(
            "MATCH (a)-[r:{}]-(b) WHERE id(a) < id(b)\nRETURN a, r, b, r.confidence AS confidence\n\
             ORDER BY confidence DESC LIMIT 50",
            text::name(&kind.name)
        );
        examples.insert(2, json!({ "title": title, "text": query }));
    }
    examples
}
