//! Which nodes fit a pattern: as a test of one node, and as a set.

use std::sync::Arc;

use hopgraph_engine::{NodeId, NodeSet};

use crate::executor::compute::{Context, Row, evaluate, holds};
use crate::fault::Result;
use crate::planner::plan::{Access, Expression, Label, NodePattern};
use crate::value::Cell;

/// The nodes that fit a pattern. What does not depend on the row is computed once for each state of the graph.
pub(crate) struct NodeFilter {
    pattern: NodePattern,
    access: Access,
    stands_alone: bool,
    /// The edits that the following know of.
    version: Option<u64>,
    /// For each group of alternatives, the nodes that have one of the labels. Not read for nodes that an index finds:
    /// they are so few that their records tell it sooner.
    labels: Vec<Arc<NodeSet>>,
    /// All nodes that fit, if the row has no say in it.
    set: Option<Arc<NodeSet>>,
}

impl NodeFilter {
    /// The filter of a pattern, whose nodes are found by this access.
    pub(crate) fn new(pattern: NodePattern, access: Access) -> Self {
        let stands_alone = pattern.stands_alone() && access_value(&access).is_none_or(|value| value.reads().is_empty());
        Self { pattern, access, stands_alone, version: None, labels: Vec::new(), set: None }
    }

    /// Whether any node fits.
    pub(crate) fn is_any(&self) -> bool {
        self.pattern.is_any()
    }

    /// Puts a node into its slot, and says whether it fits.
    pub(crate) fn accepts(&mut self, context: &Context<'_>, row: &mut Row, node: NodeId) -> Result<bool> {
        self.refresh(context)?;
        if let Some(set) = &self.set {
            row.set(self.pattern.slot, Cell::Node(node));
            return Ok(set.contains(node));
        }
        if self.stands_alone && self.is_indexed() {
            let fits = self.set(context, row)?.contains(node);
            row.set(self.pattern.slot, Cell::Node(node));
            return Ok(fits);
        }
        if !self.labels.iter().all(|set| set.contains(node)) {
            return Ok(false);
        }
        if self.is_indexed() && !context.has_labels(node, &self.pattern.labels)? {
            return Ok(false);
        }
        row.set(self.pattern.slot, Cell::Node(node));
        self.conditions_hold(context, row)
    }

    fn is_indexed(&self) -> bool {
        !matches!(self.access, Access::All | Access::Label(_))
    }

    /// All nodes that fit. Uses the slot of the node on the way.
    pub(crate) fn set(&mut self, context: &Context<'_>, row: &mut Row) -> Result<Arc<NodeSet>> {
        self.refresh(context)?;
        if let Some(set) = &self.set {
            return Ok(Arc::clone(set));
        }
        let mut set = self.candidates(context, row)?;
        for labels in &self.labels {
            if !Arc::ptr_eq(labels, &set) {
                Arc::make_mut(&mut set).intersect_with(labels);
            }
        }
        if self.is_indexed() || !self.pattern.conditions.is_empty() {
            let mut fitting = NodeSet::new();
            for node in set.iter() {
                context.tick()?;
                row.set(self.pattern.slot, Cell::Node(node));
                let labelled = !self.is_indexed() || context.has_labels(node, &self.pattern.labels)?;
                if labelled && self.conditions_hold(context, row)? {
                    fitting.insert(node);
                }
            }
            set = Arc::new(fitting);
        }
        if self.stands_alone {
            self.set = Some(Arc::clone(&set));
        }
        Ok(set)
    }

    /// The nodes that the access gives: all that fit, and perhaps more.
    pub(crate) fn candidates(&mut self, context: &Context<'_>, row: &mut Row) -> Result<Arc<NodeSet>> {
        self.refresh(context)?;
        match &self.access {
            Access::All => context.all_nodes(),
            Access::Label(alternatives) => {
                let place = self.pattern.labels.iter().position(|labels| labels == alternatives);
                place.map_or_else(|| with_label(context, alternatives), |place| Ok(Arc::clone(&self.labels[place])))
            }
            Access::Id(value) => {
                let wanted = evaluate(value, context, row)?;
                let id = whole_number(&wanted).and_then(|number| u32::try_from(number).ok()).map(NodeId::new);
                let mut found = NodeSet::new();
                if let Some(id) = id
                    && context.node(id)?.is_some()
                {
                    found.insert(id);
                }
                Ok(Arc::new(found))
            }
            Access::Identifier(value) => {
                let Cell::Text(text) = evaluate(value, context, row)? else { return Ok(Arc::default()) };
                Ok(Arc::new(context.view(|view| view.node_by_identifier(&text))?.into_iter().collect()))
            }
            Access::Name(value) => {
                let Cell::Text(text) = evaluate(value, context, row)? else { return Ok(Arc::default()) };
                if text.is_empty() {
                    // A name of no letters stands in no index.
                    return context.all_nodes();
                }
                Ok(Arc::new(context.view(|view| view.nodes_by_name(&text))?.into_iter().collect()))
            }
        }
    }

    fn conditions_hold(&self, context: &Context<'_>, row: &mut Row) -> Result<bool> {
        for condition in &self.pattern.conditions {
            if !holds(condition, context, row)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Forgets what an edit may have changed.
    fn refresh(&mut self, context: &Context<'_>) -> Result<()> {
        if self.version != Some(context.version()) {
            if !self.is_indexed() {
                let sets = self.pattern.labels.iter().map(|labels| with_label(context, labels));
                self.labels = sets.collect::<Result<_>>()?;
            }
            self.set = None;
            self.version = Some(context.version());
        }
        Ok(())
    }
}

/// The integer that the cell equals; `id(n) = 3.0` finds what `id(n) = 3` finds.
#[allow(clippy::cast_possible_truncation, reason = "ids are small; a float beyond them saturates and finds nothing")]
fn whole_number(cell: &Cell) -> Option<i64> {
    match cell {
        Cell::Integer(integer) => Some(*integer),
        Cell::Float(float) if float.fract() == 0.0 => Some(*float as i64),
        _ => None,
    }
}

/// The value that an access by index looks up.
fn access_value(access: &Access) -> Option<&Expression> {
    match access {
        Access::Id(value) | Access::Identifier(value) | Access::Name(value) => Some(value),
        Access::Label(_) | Access::All => None,
    }
}

fn with_label(context: &Context<'_>, alternatives: &[Label]) -> Result<Arc<NodeSet>> {
    if let [label] = alternatives {
        return context.nodes_with_label(label);
    }
    let mut union = NodeSet::new();
    for label in alternatives {
        union.union_with(&*context.nodes_with_label(label)?);
    }
    Ok(Arc::new(union))
}
