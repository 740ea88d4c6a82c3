//! A JSON object a line: nodes first, then relationships, each with its evidence if that was asked for.

use hopgraph_engine::{Properties, PropertyValue};
use serde_json::{Map, Value, json};

use super::record::{EdgeRecord, EvidenceRecord, NodeRecord};
use super::{ExportError, Output, Sink};

/// The stream. An edge waits until its evidence is there.
pub(super) struct JsonLines<'w> {
    out: Output<'w>,
    edge: Option<Map<String, Value>>,
}

impl<'w> JsonLines<'w> {
    pub(super) fn new(out: Output<'w>) -> Self {
        Self { out, edge: None }
    }

    fn line(&mut self, object: Map<String, Value>) -> Result<(), ExportError> {
        self.out.write(&format!("{}\n", Value::Object(object)))
    }

    fn write_edge(&mut self) -> Result<(), ExportError> {
        self.edge.take().map_or(Ok(()), |edge| self.line(edge))
    }
}

impl Sink for JsonLines<'_> {
    fn node(&mut self, NodeRecord { id, labels, node }: &NodeRecord) -> Result<(), ExportError> {
        let fields = [
            ("type", json!("node")),
            ("id", json!(id)),
            ("name", json!(node.name)),
            ("labels", json!(labels)),
            ("synonyms", json!(node.synonyms)),
            ("identifiers", json!(node.identifiers)),
            ("properties", properties(&node.properties)),
        ];
        self.line(object(fields))
    }

    fn edge(&mut self, edge: &EdgeRecord) -> Result<(), ExportError> {
        self.write_edge()?;
        let fields = [
            ("type", json!("relationship")),
            ("source", json!(edge.source)),
            ("relation", json!(edge.relation.name)),
            ("target", json!(edge.target)),
            ("polarity", json!(edge.polarity())),
            ("symmetric", json!(edge.relation.symmetric)),
            ("confidence", json!(edge.confidence)),
            ("evidence", json!(edge.evidence)),
            ("documents", json!(edge.documents)),
            ("properties", properties(&edge.properties)),
        ];
        self.edge = Some(object(fields));
        Ok(())
    }

    fn evidence(&mut self, _: &EdgeRecord, evidence: &[EvidenceRecord]) -> Result<(), ExportError> {
        let pieces = evidence.iter().map(piece).collect();
        if let Some(edge) = &mut self.edge {
            edge.insert("evidence".to_owned(), Value::Array(pieces));
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), ExportError> {
        self.write_edge()?;
        self.out.flush()
    }
}

fn piece(EvidenceRecord { run, by, text }: &EvidenceRecord) -> Value {
    let mut fields = object([("run", json!(run.get())), ("by", json!(by))]);
    if let Some(text) = text {
        let probability = f64::from(text.probability);
        let more = [
            ("document", json!(text.document)),
            ("year", json!(text.year)),
            ("sentence", json!(text.sentence)),
            ("probability", json!(probability)),
        ];
        fields.extend(object(more));
    }
    Value::Object(fields)
}

fn object<const N: usize>(fields: [(&str, Value); N]) -> Map<String, Value> {
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

pub(super) fn properties(properties: &Properties) -> Value {
    Value::Object(properties.iter().map(|(name, value)| (name.clone(), json(value))).collect())
}

/// A property as JSON. A number that is none becomes null, for JSON has no other word for it.
pub(super) fn json(value: &PropertyValue) -> Value {
    match value {
        PropertyValue::Boolean(value) => json!(value),
        PropertyValue::Integer(value) => json!(value),
        PropertyValue::Float(value) => json!(value),
        PropertyValue::Text(value) => json!(value),
        PropertyValue::Temporal(value) => json!(value.to_string()),
        PropertyValue::List(values) => Value::Array(values.iter().map(json).collect()),
    }
}
