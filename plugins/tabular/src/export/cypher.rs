//! Cypher statements for `cypher-shell`, in transactions of some thousand.
//!
//! Every node has the label `Entity` and its identifier as `id` beside its own, so that edges find their ends by index.

use hopgraph_engine::{Properties, PropertyValue};

use super::record::{EdgeRecord, EvidenceRecord, NodeRecord};
use super::{ExportError, Output, Sink};

/// Statements of one transaction.
const STATEMENTS_MAX: usize = 5_000;

/// The stream.
pub(super) struct Cypher<'w> {
    out: Output<'w>,
    /// Statements of the open transaction.
    statements: usize,
}

impl<'w> Cypher<'w> {
    pub(super) fn begin(mut out: Output<'w>) -> Result<Self, ExportError> {
        out.write("CREATE CONSTRAINT entity_id IF NOT EXISTS FOR (n:Entity) REQUIRE n.id IS UNIQUE;\n")?;
        Ok(Self { out, statements: 0 })
    }

    fn statement(&mut self, statement: &str) -> Result<(), ExportError> {
        if self.statements == 0 {
            self.out.write(":begin\n")?;
        }
        self.out.write(&format!("{statement};\n"))?;
        self.statements += 1;
        if self.statements == STATEMENTS_MAX { self.commit() } else { Ok(()) }
    }

    fn commit(&mut self) -> Result<(), ExportError> {
        if std::mem::take(&mut self.statements) > 0 { self.out.write(":commit\n") } else { Ok(()) }
    }
}

impl Sink for Cypher<'_> {
    fn node(&mut self, NodeRecord { id, labels, node }: &NodeRecord) -> Result<(), ExportError> {
        let labels: String = labels.iter().map(|label| format!(":{}", quoted(label))).collect();
        let mut entries = vec![("id".to_owned(), string(id)), ("name".to_owned(), string(&node.name))];
        if !node.synonyms.is_empty() {
            entries.push(("synonyms".to_owned(), strings(&node.synonyms)));
        }
        if node.identifiers.len() > 1 {
            entries.push(("identifiers".to_owned(), strings(&node.identifiers)));
        }
        entries.extend(properties(&node.properties));
        self.statement(&format!("CREATE (:Entity{labels} {})", map(entries)))
    }

    fn edge(&mut self, edge: &EdgeRecord) -> Result<(), ExportError> {
        let mut entries = vec![
            ("polarity".to_owned(), string(edge.polarity())),
            ("confidence".to_owned(), float(edge.confidence)),
            ("evidence".to_owned(), edge.evidence.to_string()),
            ("documents".to_owned(), edge.documents.to_string()),
        ];
        entries.extend(properties(&edge.properties));
        let (source, target) = (string(&edge.source), string(&edge.target));
        let relation = quoted(&edge.relation.name);
        let ends = format!("MATCH (a:Entity {{id: {source}}}), (b:Entity {{id: {target}}})");
        self.statement(&format!("{ends} CREATE (a)-[:{relation} {}]->(b)", map(entries)))
    }

    fn evidence(&mut self, edge: &EdgeRecord, evidence: &[EvidenceRecord]) -> Result<(), ExportError> {
        let sentences: Vec<String> = evidence
            .iter()
            .filter_map(|piece| piece.text.as_ref())
            .map(|text| format!("{}: {}", text.document, text.sentence))
            .collect();
        if sentences.is_empty() {
            return Ok(());
        }
        let (source, target) = (string(&edge.source), string(&edge.target));
        let relation = quoted(&edge.relation.name);
        let found = format!("MATCH (:Entity {{id: {source}}})-[r:{relation}]->(:Entity {{id: {target}}})");
        self.statement(&format!("{found} SET r.sentences = {}", strings(&sentences)))
    }

    fn finish(&mut self) -> Result<(), ExportError> {
        self.commit()?;
        self.out.flush()
    }
}

fn properties(properties: &Properties) -> impl Iterator<Item = (String, String)> + '_ {
    properties.iter().map(|(name, value)| (name.clone(), literal(value)))
}

/// A map; of two entries of one name the first stands.
fn map(entries: Vec<(String, String)>) -> String {
    let mut seen = std::collections::BTreeSet::new();
    let entries = entries.into_iter().filter(|(name, _)| seen.insert(name.clone()));
    let entries: Vec<String> = entries.map(|(name, value)| format!("{}: {value}", quoted(&name))).collect();
    format!("{{{}}}", entries.join(", "))
}

fn quoted(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

fn string(text: &str) -> String {
    let mut literal = String::with_capacity(text.len() + 2);
    literal.push('\'');
    for character in text.chars() {
        match character {
            '\'' => literal.push_str("\\'"),
            '\\' => literal.push_str("\\\\"),
            '\n' => literal.push_str("\\n"),
            '\r' => literal.push_str("\\r"),
            '\t' => literal.push_str("\\t"),
            other => literal.push(other),
        }
    }
    literal.push('\'');
    literal
}

fn strings(texts: &[String]) -> String {
    format!("[{}]", texts.iter().map(|text| string(text)).collect::<Vec<_>>().join(", "))
}

/// With a point or an exponent, so that it stays a floating-point number.
fn float(value: f64) -> String {
    if value.is_finite() { format!("{value:?}") } else { "null".to_owned() }
}

fn literal(value: &PropertyValue) -> String {
    match value {
        PropertyValue::Boolean(value) => value.to_string(),
        PropertyValue::Integer(value) => value.to_string(),
        PropertyValue::Float(value) => float(*value),
        PropertyValue::Text(value) => string(value),
        PropertyValue::Temporal(value) => format!("{}({})", value.kind(), string(&value.to_string())),
        PropertyValue::List(values) => format!("[{}]", values.iter().map(literal).collect::<Vec<_>>().join(", ")),
    }
}
