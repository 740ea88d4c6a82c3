//! Which edges count: the same filter for what is shown, for expansions, for discoveries and for paths.

use std::collections::BTreeSet;

use hopgraph::engine::{
    Direction, Edge, EdgeFilter, LabelId, NodeId, Polarity, RelationTypeId, RunId, Snapshot, StorageError, TopologyKey,
    View,
};
use hopgraph::query::{Parameters, Value};
use serde::Deserialize;

use super::Failure;
use super::text::quoted;

/// Which edges count; without a condition, every asserted one.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Filter {
    /// Names of relation types; empty: all that `polarity` lets through.
    pub(crate) types: Vec<String>,
    /// Labels of the nodes at the far end; empty: all.
    pub(crate) labels: Vec<String>,
    pub(crate) polarity: Which,
    pub(crate) min_confidence: Option<f64>,
    pub(crate) min_year: Option<u16>,
    pub(crate) max_year: Option<u16>,
    /// Numbers of runs; empty: all.
    pub(crate) runs: Vec<u32>,
}

/// Asserted relations, denied ones, or both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Which {
    #[default]
    Asserted,
    Denied,
    Both,
}

impl Filter {
    /// The relation types that it lets through, sorted.
    pub(crate) fn relations(&self, view: &dyn View) -> Result<Vec<RelationTypeId>, Failure> {
        let catalog = view.catalog();
        let mut named = BTreeSet::new();
        for name in &self.types {
            let found = catalog.relation_type_id(name);
            named.insert(found.ok_or_else(|| Failure::question(format!("there is no relation type {name:?}")))?);
        }
        let fits = |polarity: Polarity| match self.polarity {
            Which::Both => true,
            Which::Asserted => polarity == Polarity::Asserted,
            Which::Denied => polarity == Polarity::Denied,
        };
        let all = catalog.relation_types().filter(|(id, kind)| {
            if self.types.is_empty() { fits(kind.polarity) } else { named.contains(id) && fits(kind.polarity) }
        });
        Ok(all.map(|(id, _)| id).collect())
    }

    /// The shape of the graph that it asks for.
    pub(crate) fn key(&self, view: &dyn View) -> Result<TopologyKey, Failure> {
        Ok(TopologyKey { relations: Some(self.relations(view)?), direction: Direction::Both })
    }

    /// What it asks of the evidence.
    pub(crate) fn evidence(&self) -> EdgeFilter {
        let years = (self.min_year.is_some() || self.max_year.is_some())
            .then(|| self.min_year.unwrap_or(1)..=self.max_year.unwrap_or(u16::MAX));
        let runs = (!self.runs.is_empty()).then(|| self.runs.iter().copied().map(RunId::new).collect());
        EdgeFilter { min_confidence: self.min_confidence.filter(|least| *least > 0.0), years, documents: None, runs }
    }

    /// The labels that a node at the far end may have; none: any.
    pub(crate) fn label_ids(&self, view: &dyn View) -> Result<Option<Vec<LabelId>>, Failure> {
        if self.labels.is_empty() {
            return Ok(None);
        }
        let known = |name: &String| {
            view.catalog().label(name).ok_or_else(|| Failure::question(format!("there is no label {name:?}")))
        };
        self.labels.iter().map(known).collect::<Result<_, _>>().map(Some)
    }

    /// The inside of the square brackets of a relationship that this filter lets through: `:types*range {conditions}`.
    /// What the conditions compare with goes into the parameters.
    pub(crate) fn pattern(&self, view: &dyn View, range: &str, parameters: &mut Parameters) -> Result<String, Failure> {
        let everything = self.types.is_empty() && self.polarity == Which::Asserted;
        let catalog = view.catalog();
        let names: Vec<String> = if everything {
            Vec::new()
        } else {
            let named = self.relations(view)?.into_iter().filter_map(|id| catalog.relation_type(id));
            named.map(|kind| quoted(&kind.name)).collect()
        };
        if names.is_empty() && !everything {
            return Err(Failure::question("no relation type fits the filter"));
        }
        let types = if names.is_empty() { String::new() } else { format!(":{}", names.join("|")) };
        let runs = Value::List(self.runs.iter().map(|&run| Value::Integer(run.into())).collect());
        let conditions = [
            ("min_confidence", self.min_confidence.filter(|least| *least > 0.0).map(Value::Float)),
            ("min_year", self.min_year.map(|year| Value::Integer(year.into()))),
            ("max_year", self.max_year.map(|year| Value::Integer(year.into()))),
            ("run", (!self.runs.is_empty()).then_some(runs)),
        ];
        let mut written = Vec::new();
        for (key, value) in conditions {
            if let Some(value) = value {
                written.push(format!("{key}: ${key}"));
                parameters.insert(key.to_owned(), value);
            }
        }
        let conditions = if written.is_empty() { String::new() } else { format!(" {{{}}}", written.join(", ")) };
        Ok(format!("[{types}{range}{conditions}]"))
    }

    /// Whether an edge's far end has one of the labels.
    pub(crate) fn end_fits(view: &dyn View, node: NodeId, labels: Option<&[LabelId]>) -> Result<bool, StorageError> {
        let Some(labels) = labels else { return Ok(true) };
        Ok(view.node(node)?.is_some_and(|node| node.labels.iter().any(|label| labels.contains(label))))
    }
}

/// An edge as a request names it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EdgeName {
    pub(crate) source: u32,
    #[serde(rename = "type")]
    pub(crate) relation: String,
    pub(crate) target: u32,
}

impl EdgeName {
    /// The edge that it names, which must be there.
    pub(crate) fn find(&self, snapshot: &Snapshot) -> Result<Edge, Failure> {
        let relation = snapshot.catalog().relation_type_id(&self.relation);
        let missing = || Failure::missing(format!("there is no such {:?} relationship", self.relation));
        let edge = Edge {
            relation: relation.ok_or_else(missing)?,
            source: NodeId::new(self.source),
            target: NodeId::new(self.target),
        };
        if snapshot.has_edge(edge)? { Ok(edge) } else { Err(missing()) }
    }
}
