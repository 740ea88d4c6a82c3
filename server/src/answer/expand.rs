//! What is around a node, the best evidence first, and what joins the nodes that are shown.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use hopgraph::engine::{Budget, Edge, EvidenceTable, LabelId, NodeId, Snapshot, StorageError, Topology, View};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::evidence::degree_of;
use super::filter::Filter;
use super::{Answer, Failure, Request, describe};
use crate::limits::{EXPANSION_MAX, SHOWN_MAX};

/// Among neighbours that are equally sure, so many are told apart by how much evidence they have.
const TIES_READ: usize = 2_000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExpandQuestion {
    node: u32,
    /// Nodes that are shown already: none of them comes again, and edges to them are given too.
    #[serde(default)]
    shown: Vec<u32>,
    #[serde(default = "twenty_five")]
    limit: usize,
    #[serde(default)]
    filter: Filter,
}

fn twenty_five() -> usize {
    25
}

/// New neighbours of a node, those with the best evidence first, and every edge between them and what is shown.
pub(crate) fn expand(request: &Request<'_>, question: ExpandQuestion) -> Answer {
    check_shown(&question.shown)?;
    let snapshot = request.snapshot()?;
    let node = describe::existing(&snapshot, question.node)?;
    let budget = request.budget();
    let shape = Shape::new(&snapshot, &question.filter, &budget)?;
    let shown: BTreeSet<NodeId> = question.shown.iter().copied().map(NodeId::new).chain([node]).collect();
    let (ranked, total) = shape.neighbors(node, &shown)?;
    let new_total = ranked.len();
    let chosen: Vec<NodeId> = ranked.into_iter().take(question.limit.min(EXPANSION_MAX)).collect();
    let nodes = chosen.iter().map(|&id| shape.node(id)).collect::<Result<Vec<_>, _>>()?;
    let drawn: BTreeSet<NodeId> = shown.iter().copied().chain(chosen.iter().copied()).collect();
    let edges = shape.edges_among(chosen.iter().copied().chain([node]), &drawn)?;
    Ok(json!({
        "node": shape.node(node)?,
        "nodes": nodes,
        "edges": edges,
        "new": new_total,
        "total": total,
    }))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AmongQuestion {
    nodes: Vec<u32>,
    #[serde(default)]
    filter: Filter,
}

/// The nodes of a list with the edges among them, and nothing else.
pub(crate) fn among(request: &Request<'_>, question: AmongQuestion) -> Answer {
    check_shown(&question.nodes)?;
    let snapshot = request.snapshot()?;
    let budget = request.budget();
    let shape = Shape::new(&snapshot, &question.filter, &budget)?;
    let mut nodes = BTreeSet::new();
    for id in question.nodes.into_iter().map(NodeId::new) {
        if snapshot.node(id)?.is_some() {
            nodes.insert(id);
        }
    }
    let edges = shape.edges_among(nodes.iter().copied(), &nodes)?;
    let nodes = nodes.iter().map(|&id| shape.node(id)).collect::<Result<Vec<_>, _>>()?;
    Ok(json!({ "nodes": nodes, "edges": edges }))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DegreeQuestion {
    node: u32,
    #[serde(default)]
    filter: Filter,
}

/// How many relations of the chosen types a node has, before the evidence is looked at: cheap, also for a hub.
pub(crate) fn degree(request: &Request<'_>, question: DegreeQuestion) -> Answer {
    let snapshot = request.snapshot()?;
    let node = describe::existing(&snapshot, question.node)?;
    Ok(json!({ "degree": degree_of(&snapshot, node, &question.filter)? }))
}

fn check_shown(nodes: &[u32]) -> Result<(), Failure> {
    if nodes.len() <= SHOWN_MAX {
        return Ok(());
    }
    Err(Failure::question(format!("a drawing of {} nodes is too large; the most is {SHOWN_MAX}", nodes.len())))
}

/// The part of the graph that a filter lets through.
struct Shape<'s> {
    snapshot: &'s Snapshot,
    topology: std::sync::Arc<Topology>,
    evidence: std::sync::Arc<EvidenceTable>,
    labels: Option<Vec<LabelId>>,
    budget: &'s Budget,
}

impl<'s> Shape<'s> {
    fn new(snapshot: &'s Snapshot, filter: &Filter, budget: &'s Budget) -> Result<Self, Failure> {
        let (key, asked) = (filter.key(snapshot)?, filter.evidence());
        let topology = if asked.is_empty() {
            snapshot.topology(&key, budget)?
        } else {
            snapshot.topology_where(&key, &asked, budget)?
        };
        let evidence = snapshot.evidence_table(budget)?;
        Ok(Self { snapshot, topology, evidence, labels: filter.label_ids(snapshot)?, budget })
    }

    /// The neighbours that are not shown, best evidence first: by the surest edge, then by the number of pieces, then by
    /// number. With them, how many neighbours there are in all.
    fn neighbors(&self, node: NodeId, shown: &BTreeSet<NodeId>) -> Result<(Vec<NodeId>, usize), Failure> {
        let mut surest = BTreeMap::<NodeId, (f64, Vec<Edge>)>::new();
        let mut total = BTreeSet::new();
        for step in self.topology.steps(node) {
            if step.node == node || !Filter::end_fits(self.snapshot, step.node, self.labels.as_deref())? {
                continue;
            }
            total.insert(step.node);
            if !shown.contains(&step.node) {
                let edge = step.edge(node);
                let entry = surest.entry(step.node).or_default();
                entry.0 = entry.0.max(self.evidence.confidence(edge));
                entry.1.push(edge);
            }
            self.budget.check()?;
        }
        let mut ranked: Vec<(NodeId, f64, Vec<Edge>)> =
            surest.into_iter().map(|(node, (confidence, edges))| (node, confidence, edges)).collect();
        ranked.sort_by(|one, other| other.1.total_cmp(&one.1));
        let mut counted = Vec::with_capacity(ranked.len());
        for (index, (node, confidence, edges)) in ranked.into_iter().enumerate() {
            let mut pieces = 0;
            if index < TIES_READ {
                for edge in edges {
                    pieces += self.snapshot.evidence(edge)?.len();
                }
            }
            counted.push((node, confidence, pieces));
        }
        counted.sort_by(|one, other| {
            other.1.total_cmp(&one.1).then_with(|| (Reverse(one.2), one.0).cmp(&(Reverse(other.2), other.0)))
        });
        Ok((counted.into_iter().map(|(node, ..)| node).collect(), total.len()))
    }

    /// A node with how many relations it has here.
    fn node(&self, id: NodeId) -> Result<Json, StorageError> {
        let mut node = describe::node(self.snapshot, id)?;
        node["degree"] = json!(self.topology.degree(id));
        Ok(node)
    }

    /// Every edge between one of the nodes and one of those drawn, once.
    fn edges_among(
        &self,
        from: impl IntoIterator<Item = NodeId>,
        drawn: &BTreeSet<NodeId>,
    ) -> Result<Vec<Json>, Failure> {
        let mut edges = BTreeSet::new();
        for node in from {
            self.budget.check()?;
            // A hub has more neighbours than a drawing has nodes.
            if self.topology.degree(node) <= drawn.len() {
                let here = self.topology.steps(node).filter(|step| drawn.contains(&step.node));
                edges.extend(here.map(|step| step.edge(node)));
            } else {
                let joined = drawn.iter().filter(|&&other| self.topology.connects(node, other));
                for &other in joined {
                    let steps = self.topology.steps(other).filter(|step| step.node == node);
                    edges.extend(steps.map(|step| step.edge(other)));
                }
            }
        }
        let mut list = Vec::with_capacity(edges.len());
        for edge in edges {
            self.budget.check()?;
            list.push(describe::edge(self.snapshot, edge)?);
        }
        Ok(list)
    }
}
