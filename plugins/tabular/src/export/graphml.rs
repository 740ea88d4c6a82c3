//! GraphML (<http://graphml.graphdrawing.org>): one file that Gephi, Cytoscape, yEd, igraph and NetworkX open.

use std::collections::BTreeMap;

use hopgraph_engine::Properties;

use super::record::{EdgeRecord, EvidenceRecord, NodeRecord, PropertyColumns, text};
use super::{ExportError, Output, Sink};
use crate::columns::{PropertyKind, ScalarKind};

const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>
<graphml xmlns=\"http://graphml.graphdrawing.org/xmlns\" \
xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
xsi:schemaLocation=\"http://graphml.graphdrawing.org/xmlns http://graphml.graphdrawing.org/xmlns/1.0/graphml.xsd\">
";

/// The attributes that every node has, and those of every edge, each with its type.
const NODE_KEYS: [(&str, &str); 4] =
    [("name", "string"), ("labels", "string"), ("synonyms", "string"), ("identifiers", "string")];
const EDGE_KEYS: [(&str, &str); 7] = [
    ("type", "string"),
    ("polarity", "string"),
    ("symmetric", "boolean"),
    ("confidence", "double"),
    ("evidence", "long"),
    ("documents", "long"),
    ("sentences", "string"),
];

/// The stream. An edge stays open until its evidence is there.
pub(super) struct GraphMl<'w> {
    out: Output<'w>,
    edge_is_open: bool,
}

impl<'w> GraphMl<'w> {
    /// NetworkX takes no file whose edges differ in direction, so the graph is undirected if all its types are symmetric
    /// and else directed; each edge says whether it is symmetric.
    pub(super) fn begin(mut out: Output<'w>, columns: &PropertyColumns, undirected: bool) -> Result<Self, ExportError> {
        out.write(HEAD)?;
        keys(&mut out, "node", &NODE_KEYS, &columns.nodes)?;
        keys(&mut out, "edge", &EDGE_KEYS, &columns.edges)?;
        let direction = if undirected { "undirected" } else { "directed" };
        out.write(&format!("<graph id=\"G\" edgedefault=\"{direction}\">\n"))?;
        Ok(Self { out, edge_is_open: false })
    }

    fn data(&mut self, of: &str, name: &str, value: &str) -> Result<(), ExportError> {
        if value.is_empty() {
            return Ok(());
        }
        self.out.write(&format!("<data key=\"{of}.{}\">{}</data>", escaped(name), escaped(value)))
    }

    fn properties(&mut self, of: &str, properties: &Properties, known: &[(&str, &str)]) -> Result<(), ExportError> {
        for (name, value) in properties.iter().filter(|(name, _)| !known.iter().any(|(key, _)| key == name)) {
            self.data(of, &format!("property.{name}"), &text(value))?;
        }
        Ok(())
    }

    fn close_edge(&mut self) -> Result<(), ExportError> {
        if std::mem::take(&mut self.edge_is_open) { self.out.write("</edge>\n") } else { Ok(()) }
    }
}

fn keys(
    out: &mut Output<'_>,
    of: &str,
    fixed: &[(&str, &str)],
    properties: &BTreeMap<String, PropertyKind>,
) -> Result<(), ExportError> {
    let mut key = |id: &str, name: &str, kind: &str| {
        let (id, name) = (escaped(id), escaped(name));
        out.write(&format!("<key id=\"{of}.{id}\" for=\"{of}\" attr.name=\"{name}\" attr.type=\"{kind}\"/>\n"))
    };
    fixed.iter().try_for_each(|(name, kind)| key(name, name, kind))?;
    properties.iter().try_for_each(|(name, kind)| key(&format!("property.{name}"), name, type_name(*kind)))
}

fn type_name(kind: PropertyKind) -> &'static str {
    match kind {
        PropertyKind::One(ScalarKind::Integer) => "long",
        PropertyKind::One(ScalarKind::Float) => "double",
        PropertyKind::One(ScalarKind::Boolean) => "boolean",
        PropertyKind::One(ScalarKind::Text) | PropertyKind::List(_) => "string",
    }
}

impl Sink for GraphMl<'_> {
    fn node(&mut self, NodeRecord { id, labels, node }: &NodeRecord) -> Result<(), ExportError> {
        self.out.write(&format!("<node id=\"{}\">", escaped(id)))?;
        let texts = [node.name.clone(), labels.join(";"), node.synonyms.join(";"), node.identifiers.join(";")];
        for ((name, _), value) in NODE_KEYS.iter().zip(texts) {
            self.data("node", name, &value)?;
        }
        self.properties("node", &node.properties, &NODE_KEYS)?;
        self.out.write("</node>\n")
    }

    fn edge(&mut self, edge: &EdgeRecord) -> Result<(), ExportError> {
        self.close_edge()?;
        let (source, target) = (escaped(&edge.source), escaped(&edge.target));
        self.out.write(&format!("<edge source=\"{source}\" target=\"{target}\">"))?;
        self.edge_is_open = true;
        let counts = [edge.confidence.to_string(), edge.evidence.to_string(), edge.documents.to_string()];
        let kind = [edge.relation.name.clone(), edge.polarity().to_owned(), edge.relation.symmetric.to_string()];
        let texts = kind.into_iter().chain(counts);
        for ((name, _), value) in EDGE_KEYS.iter().zip(texts) {
            self.data("edge", name, &value)?;
        }
        self.properties("edge", &edge.properties, &EDGE_KEYS)
    }

    fn evidence(&mut self, _: &EdgeRecord, evidence: &[EvidenceRecord]) -> Result<(), ExportError> {
        let sentences = evidence.iter().filter_map(|piece| piece.text.as_ref());
        let lines: Vec<String> = sentences.map(|text| format!("{}: {}", text.document, text.sentence)).collect();
        self.data("edge", "sentences", &lines.join("\n"))
    }

    fn finish(&mut self) -> Result<(), ExportError> {
        self.close_edge()?;
        self.out.write("</graph>\n</graphml>\n")?;
        self.out.flush()
    }
}

/// Text for XML 1.0, without the characters that it has no way to hold.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            '\t' | '\n' | '\r' => escaped.push(character),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            other => escaped.push(other),
        }
    }
    escaped
}
