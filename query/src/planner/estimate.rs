//! How many rows an operator may give: guesses from the sizes of label sets and, where they are known, the numbers of
//! edges between them; good enough to choose between orders of work, and shown by EXPLAIN.

use std::sync::Arc;

use hopgraph_engine::{Snapshot, View};

use super::plan::{Access, Expression, ExpressionKind, Hop, Label, NodePattern, Plan, Query, Range, Reach, Slot};
use super::rules::indexed_access;
use super::statistics::EdgeStatistics;
use crate::fault::Result;
use crate::syntax::ast::BinaryOperator;

/// Hops from a node in an average graph of facts, where nobody has counted them.
const DEGREE: f64 = 10.0;
/// The share of rows that an equality keeps.
const EQUALITY_SHARE: f64 = 0.1;
/// The share of rows that any other condition keeps.
const CONDITION_SHARE: f64 = 0.5;
/// Elements of a list whose length is not known.
const LIST_LENGTH: f64 = 10.0;
/// The rows of LIMIT if its number is a parameter.
const LIMIT_ROWS: f64 = 100.0;

/// Guesses numbers of rows for one state of a graph.
pub(crate) struct Estimator {
    nodes: f64,
    /// Nodes of each label, by its number.
    labels: Vec<f64>,
    edges: Option<Arc<EdgeStatistics>>,
}

impl Estimator {
    /// Reads the sizes of the label sets. Nodes are not counted: that some are deleted makes no difference to a guess.
    /// Edges are counted once for a graph, for the first query that joins relationships from many nodes.
    pub(crate) fn new(snapshot: &Snapshot, query: &Query) -> Result<Self> {
        let edges = match EdgeStatistics::known(snapshot) {
            None if joins_many(&query.plan) => Some(EdgeStatistics::of(snapshot)?),
            known => known,
        };
        let mut labels = Vec::new();
        for (id, _) in snapshot.catalog().labels() {
            labels.push(snapshot.shared_nodes_with_label(id)?.len() as f64);
        }
        Ok(Self { nodes: snapshot.node_bound()? as f64, labels, edges })
    }

    /// The nodes with one of these labels.
    pub(crate) fn with_labels(&self, alternatives: &[Label]) -> f64 {
        let sizes = alternatives.iter().filter_map(|label| label.id).filter_map(|id| self.labels.get(id.index()));
        sizes.sum::<f64>().min(self.nodes)
    }

    /// The share of all nodes that a pattern fits.
    fn share(&self, node: &NodePattern) -> f64 {
        let labels: f64 =
            node.labels.iter().map(|alternatives| self.with_labels(alternatives) / self.nodes.max(1.0)).product();
        labels * selectivity(&node.conditions)
    }

    /// The nodes that a scan gives.
    pub(crate) fn scan(&self, node: &NodePattern, access: &Access) -> f64 {
        match access {
            Access::Id(_) | Access::Identifier(_) | Access::Name(_) => 1.0_f64.min(self.nodes),
            Access::Label(_) | Access::All => self.nodes * self.share(node),
        }
    }

    /// The single hops from a node that end in a fitting node.
    pub(crate) fn expand(&self, from: &NodePattern, to: &NodePattern, hop: &Hop) -> f64 {
        let ends = if to.bound { 1.0 / self.with_all_labels(to).max(1.0) } else { selectivity(&to.conditions) };
        self.degree(from, to, hop) * ends * asked(hop)
    }

    /// The single hops from an average node with the labels of one pattern to nodes with those of another.
    fn degree(&self, from: &NodePattern, to: &NodePattern, hop: &Hop) -> f64 {
        match &self.edges {
            Some(edges) => edges.steps(from, to, hop) / self.with_all_labels(from).max(1.0),
            None => DEGREE.min(self.nodes) * (self.with_all_labels(to) / self.nodes.max(1.0)),
        }
    }

    /// The nodes that have the labels of a pattern.
    pub(crate) fn with_all_labels(&self, node: &NodePattern) -> f64 {
        let labels = node.labels.iter().map(|alternatives| self.with_labels(alternatives));
        labels.fold(self.nodes, f64::min)
    }

    /// The nodes that a pattern fits.
    pub(crate) fn fitting(&self, node: &NodePattern) -> f64 {
        self.nodes * self.share(node)
    }

    /// The paths of a range of hops from a node that end in a fitting node.
    pub(crate) fn expand_paths(&self, to: &NodePattern, hop: &Hop, range: Range) -> f64 {
        let ends = if to.bound { 1.0 / self.nodes.max(1.0) } else { self.share(to) };
        let most = range.most.unwrap_or(range.least.saturating_add(4)).min(8);
        let fan = DEGREE.min(self.nodes) * asked(hop);
        (range.least.min(8)..=most).map(|hops| fan.powi(hops.cast_signed())).sum::<f64>() * ends
    }

    fn reach(&self, reach: &Reach) -> f64 {
        let end = |node: &NodePattern| if node.bound { 1.0 } else { self.nodes * self.share(node) };
        let sources = end(&reach.from);
        let paths = self.expand_paths(&NodePattern { bound: false, ..reach.to.clone() }, &reach.hop, reach.range);
        let kept = CONDITION_SHARE.powi(i32::try_from(reach.tests.len()).unwrap_or(i32::MAX));
        (sources * paths).min(sources * end(&reach.to)) * kept
    }

    /// The rows that a plan gives for each row that it begins with.
    pub(crate) fn rows(&self, plan: &Plan) -> f64 {
        let input = plan.inputs().first().map_or(1.0, |input| self.rows(input));
        match plan {
            Plan::Row => 1.0,
            Plan::Scan { node, access, .. } => input * self.scan(node, access),
            Plan::Expand { input: below, from, to, hop, .. } => {
                let from = node_of(below, *from);
                let to = if to.bound { node_of(below, to.slot) } else { to.clone() };
                input * self.expand(&from, &to, hop)
            }
            Plan::CountHops { .. } | Plan::CountPaths { .. } => input,
            Plan::ExpandPaths { to, hop, walk, .. } => input * self.expand_paths(to, hop, walk.range),
            Plan::Reach { reach, .. } => input * self.reach(reach),
            Plan::CountReach { reach, by, .. } => {
                let groups = by.end().map_or(1.0, |end| self.nodes * self.share(reach.end(end)));
                let hops = if reach.hops.is_some() { 2.0 } else { 1.0 };
                input * (groups * hops).min(self.reach(reach)).max(1.0)
            }
            Plan::Filter { conditions, .. } => input * selectivity(conditions),
            Plan::Aggregate { keys, .. } if keys.is_empty() => 1.0,
            Plan::Aggregate { .. } => input.powf(0.75),
            Plan::Sort { limit: Some(limit), .. } => input.min(constant(&limit.limit)),
            Plan::Limit { count, .. } => input.min(constant(count)),
            Plan::Call { .. } => input * self.nodes.max(1.0),
            Plan::Unwind { list, .. } => input * list_length(list),
            Plan::Apply { plan, optional, .. } => input * self.rows(plan).max(if *optional { 1.0 } else { 0.0 }),
            Plan::Merge { plan, .. } => input * self.rows(plan).max(1.0),
            Plan::Join { plan, .. } => input * (self.rows(plan) * EQUALITY_SHARE).min(1.0),
            Plan::Union { branches, .. } => branches.iter().map(|(branch, _)| self.rows(branch)).sum(),
            _ => input,
        }
    }
}

/// What a plan knows of the node in a slot.
fn node_of(plan: &Plan, slot: Slot) -> NodePattern {
    let known = |node: &NodePattern| NodePattern { bound: true, conditions: Vec::new(), ..node.clone() };
    match plan {
        Plan::Scan { node, .. } if node.slot == slot => known(node),
        Plan::Expand { to, .. } | Plan::ExpandPaths { to, .. } if to.slot == slot && !to.bound => known(to),
        Plan::Reach { reach, .. } if reach.from.slot == slot => known(&reach.from),
        Plan::Reach { reach, .. } if reach.to.slot == slot => known(&reach.to),
        _ => match plan.inputs().first() {
            Some(input) => node_of(input, slot),
            None => NodePattern { slot, bound: true, named: true, labels: Vec::new(), conditions: Vec::new() },
        },
    }
}

/// Whether a pattern of the plan has several relationships, and begins at no node that an index finds.
fn joins_many(plan: &Plan) -> bool {
    let own = match plan {
        Plan::Match { pattern, .. } => {
            let is_few = |node: &NodePattern| node.bound || indexed_access(node).is_some();
            pattern.relationships.len() > 1 && !pattern.nodes.iter().any(is_few)
        }
        _ => false,
    };
    own || plan.inputs().into_iter().any(joins_many)
}

/// The share of edges that a hop keeps.
fn asked(hop: &Hop) -> f64 {
    let of_evidence = i32::try_from(hop.evidence.len()).unwrap_or(i32::MAX);
    selectivity(&hop.conditions) * CONDITION_SHARE.powi(of_evidence)
}

/// The share of rows that conditions keep.
fn selectivity(conditions: &[Expression]) -> f64 {
    let share = |condition: &Expression| match &condition.kind {
        ExpressionKind::Binary(BinaryOperator::Equal, ..) => EQUALITY_SHARE,
        ExpressionKind::Call(function, _) if matches!(function.name(), "named" | "identified") => EQUALITY_SHARE,
        _ => CONDITION_SHARE,
    };
    conditions.iter().map(share).product()
}

fn constant(expression: &Expression) -> f64 {
    match &expression.kind {
        ExpressionKind::Constant(crate::value::Cell::Integer(count)) => *count as f64,
        _ => LIMIT_ROWS,
    }
}

fn list_length(list: &Expression) -> f64 {
    match &list.kind {
        ExpressionKind::List(items) => items.len() as f64,
        _ => LIST_LENGTH,
    }
}
