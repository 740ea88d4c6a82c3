//! What is exported, by external names: the numbers of the graph mean nothing outside of it.

use std::collections::{BTreeMap, BTreeSet};

use hopgraph_engine::{
    Edge, Evidence, Node, NodeId, Polarity, Properties, PropertyValue, RelationType, Run, RunId, RunKind, Snapshot,
    StorageError, View,
};

use crate::columns::{PropertyKind, ScalarKind};

/// Property names that the columns of a node have already.
const NODE_COLUMNS: [&str; 5] = ["id", "name", "label", "synonyms", "identifiers"];

/// Property names that the columns of an edge have already.
const EDGE_COLUMNS: [&str; 7] = ["source", "type", "target", "polarity", "confidence", "evidence", "documents"];

/// A node.
#[derive(Clone)]
pub(super) struct NodeRecord {
    /// What edges refer to it by.
    pub(super) id: String,
    pub(super) labels: Vec<String>,
    pub(super) node: Node,
}

/// An edge.
#[derive(Clone)]
pub(super) struct EdgeRecord {
    pub(super) source: String,
    pub(super) target: String,
    pub(super) relation: RelationType,
    pub(super) confidence: f64,
    /// How many pieces of evidence there are, facts included.
    pub(super) evidence: u64,
    /// How many documents state it.
    pub(super) documents: u64,
    pub(super) properties: Properties,
}

impl EdgeRecord {
    /// Its polarity as a word.
    pub(super) fn polarity(&self) -> &'static str {
        match self.relation.polarity {
            Polarity::Asserted => "asserted",
            Polarity::Denied => "denied",
        }
    }
}

/// A piece of evidence.
#[derive(Clone)]
pub(super) struct EvidenceRecord {
    pub(super) run: RunId,
    /// The model, or the source of a load, or `hand`.
    pub(super) by: String,
    /// None for a plain fact.
    pub(super) text: Option<TextRecord>,
}

/// A sentence that states an edge.
#[derive(Clone)]
pub(super) struct TextRecord {
    pub(super) document: String,
    pub(super) year: Option<u16>,
    pub(super) sentence: String,
    pub(super) probability: f32,
}

/// A snapshot with what is asked of it again and again.
pub(super) struct Reader<'s> {
    pub(super) snapshot: &'s Snapshot,
}

impl<'s> Reader<'s> {
    pub(super) fn new(snapshot: &'s Snapshot) -> Self {
        Self { snapshot }
    }

    pub(super) fn node(&self, id: NodeId) -> Result<NodeRecord, StorageError> {
        let node = self.snapshot.node(id)?.unwrap_or_default();
        let names = node.labels.iter().filter_map(|&label| self.snapshot.catalog().label_name(label));
        Ok(NodeRecord { id: name_of(id, &node), labels: names.map(str::to_owned).collect(), node })
    }

    pub(super) fn edge(
        &self,
        edge: Edge,
        relation: &RelationType,
        evidence: &[Evidence],
    ) -> Result<EdgeRecord, StorageError> {
        let name = |id| Ok::<_, StorageError>(name_of(id, &self.snapshot.node(id)?.unwrap_or_default()));
        let mut documents = BTreeSet::new();
        for piece in evidence {
            if let Evidence::Text { sentence, .. } = piece {
                documents.extend(self.snapshot.sentence(*sentence)?.map(|sentence| sentence.document));
            }
        }
        let mut ends = [name(edge.source)?, name(edge.target)?];
        if relation.symmetric {
            // Which end the graph has first follows from its numbers, which mean nothing outside of it.
            ends.sort_unstable();
        }
        let [source, target] = ends;
        Ok(EdgeRecord {
            source,
            target,
            relation: relation.clone(),
            confidence: self.snapshot.confidence(edge)?,
            evidence: evidence.len() as u64,
            documents: documents.len() as u64,
            properties: self.snapshot.edge_properties(edge)?,
        })
    }

    pub(super) fn evidence(&self, evidence: &Evidence) -> Result<EvidenceRecord, StorageError> {
        let run = evidence.run();
        let by = self.snapshot.run(run)?.map(|run| author(&run)).unwrap_or_default();
        let Evidence::Text { sentence, probability, .. } = evidence else {
            return Ok(EvidenceRecord { run, by, text: None });
        };
        let Some(sentence) = self.snapshot.sentence(*sentence)? else {
            return Ok(EvidenceRecord { run, by, text: None });
        };
        let document = self.snapshot.document(sentence.document)?;
        let (document, year) = document.map(|document| (document.identifier, document.year)).unwrap_or_default();
        let text = TextRecord { document, year, sentence: sentence.text, probability: *probability };
        Ok(EvidenceRecord { run, by, text: Some(text) })
    }
}

/// What a node goes by: its first identifier, or its number.
fn name_of(id: NodeId, node: &Node) -> String {
    node.identifiers.first().cloned().unwrap_or_else(|| format!("node:{id}"))
}

fn author(run: &Run) -> String {
    match &run.kind {
        RunKind::Hand => "hand".to_owned(),
        RunKind::Load { source } => source.clone(),
        RunKind::Model { model, .. } => model.clone(),
    }
}

/// The properties that occur, and what each holds: found out before the first row is written.
#[derive(Default)]
pub(super) struct PropertyColumns {
    pub(super) nodes: BTreeMap<String, PropertyKind>,
    pub(super) edges: BTreeMap<String, PropertyKind>,
}

impl PropertyColumns {
    pub(super) fn read(reader: &Reader<'_>) -> Result<Self, StorageError> {
        let mut columns = Self::default();
        for id in reader.snapshot.nodes()?.iter() {
            let node = reader.snapshot.node(id)?.unwrap_or_default();
            note(&mut columns.nodes, &node.properties, &NODE_COLUMNS);
        }
        for (relation, _) in reader.snapshot.catalog().relation_types() {
            for edge in reader.snapshot.edges(relation) {
                note(&mut columns.edges, &reader.snapshot.edge_properties(edge?)?, &EDGE_COLUMNS);
            }
        }
        Ok(columns)
    }
}

fn note(columns: &mut BTreeMap<String, PropertyKind>, properties: &Properties, taken: &[&str]) {
    for (name, value) in properties {
        if taken.contains(&name.to_lowercase().as_str()) {
            continue;
        }
        let kind = kind_of(value);
        columns.entry(name.clone()).and_modify(|known| *known = both(*known, kind)).or_insert(kind);
    }
}

fn kind_of(value: &PropertyValue) -> PropertyKind {
    let scalar = |value: &PropertyValue| match value {
        PropertyValue::Boolean(_) => ScalarKind::Boolean,
        PropertyValue::Integer(_) => ScalarKind::Integer,
        PropertyValue::Float(_) => ScalarKind::Float,
        PropertyValue::Text(_) | PropertyValue::Temporal(_) | PropertyValue::List(_) => ScalarKind::Text,
    };
    match value {
        PropertyValue::List(values) => {
            let kinds = values.iter().map(scalar);
            PropertyKind::List(kinds.reduce(wider).unwrap_or(ScalarKind::Text))
        }
        one => PropertyKind::One(scalar(one)),
    }
}

/// A kind that can hold what either can.
fn both(one: PropertyKind, other: PropertyKind) -> PropertyKind {
    match (one, other) {
        (PropertyKind::One(one), PropertyKind::One(other)) => PropertyKind::One(wider(one, other)),
        (PropertyKind::List(one), PropertyKind::List(other)) => PropertyKind::List(wider(one, other)),
        _ => PropertyKind::One(ScalarKind::Text),
    }
}

fn wider(one: ScalarKind, other: ScalarKind) -> ScalarKind {
    match (one, other) {
        _ if one == other => one,
        (ScalarKind::Integer, ScalarKind::Float) | (ScalarKind::Float, ScalarKind::Integer) => ScalarKind::Float,
        _ => ScalarKind::Text,
    }
}

/// A property as text, lists with a separator; what `hopgraph load` reads back.
pub(super) fn text(value: &PropertyValue) -> String {
    match value {
        PropertyValue::Boolean(value) => value.to_string(),
        PropertyValue::Integer(value) => value.to_string(),
        PropertyValue::Float(value) => value.to_string(),
        PropertyValue::Text(value) => value.clone(),
        PropertyValue::Temporal(value) => value.to_string(),
        PropertyValue::List(values) => values.iter().map(text).collect::<Vec<_>>().join(";"),
    }
}
