//! A folder of CSV files with the headers of neo4j-admin. `hopgraph load` reads them back.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use hopgraph_engine::Properties;

use super::record::{EdgeRecord, EvidenceRecord, NodeRecord, PropertyColumns, text};
use super::{ExportError, Sink, create};
use crate::columns::{PropertyKind, ScalarKind};

/// One file.
struct Table {
    writer: csv::Writer<File>,
    path: PathBuf,
}

impl Table {
    fn create(folder: &Path, name: &str, header: &[String], files: &mut Vec<PathBuf>) -> Result<Self, ExportError> {
        let path = folder.join(name);
        let writer = csv::Writer::from_writer(create(&path)?);
        files.push(path.clone());
        let mut table = Self { writer, path };
        table.row(header)?;
        Ok(table)
    }

    fn row<S: AsRef<[u8]>>(&mut self, fields: &[S]) -> Result<(), ExportError> {
        self.writer.write_record(fields).map_err(|source| ExportError::file(&self.path, source))
    }

    fn flush(&mut self) -> Result<(), ExportError> {
        self.writer.flush().map_err(|source| ExportError::file(&self.path, source))
    }
}

/// The files of an export.
pub(super) struct CsvFiles {
    nodes: Table,
    edges: Table,
    evidence: Option<Table>,
    columns: PropertyColumns,
}

impl CsvFiles {
    pub(super) fn create(
        folder: &Path,
        columns: PropertyColumns,
        evidence: bool,
        files: &mut Vec<PathBuf>,
    ) -> Result<Self, ExportError> {
        let header = |fixed: &[&str], properties: &BTreeMap<String, PropertyKind>| -> Vec<String> {
            let properties = properties.iter().map(|(name, kind)| format!("{name}:{}", type_name(*kind)));
            fixed.iter().map(|name| (*name).to_owned()).chain(properties).collect()
        };
        let nodes = header(&["id:ID", "name", ":LABEL", "synonyms:string[]", "identifiers:string[]"], &columns.nodes);
        let edges = [":START_ID", ":END_ID", ":TYPE", "polarity", "confidence:double", "evidence:int", "documents:int"];
        let edges = header(&edges, &columns.edges);
        let nodes = Table::create(folder, "nodes.csv", &nodes, files)?;
        let edges = Table::create(folder, "edges.csv", &edges, files)?;
        let header = ["source", "type", "target", "document", "year", "sentence", "probability", "run", "by"];
        let header = header.map(str::to_owned);
        let evidence = if evidence { Some(Table::create(folder, "evidence.csv", &header, files)?) } else { None };
        Ok(Self { nodes, edges, evidence, columns })
    }
}

impl Sink for CsvFiles {
    fn node(&mut self, NodeRecord { id, labels, node }: &NodeRecord) -> Result<(), ExportError> {
        // A node of one identifier has said it in its first field.
        let identifiers = if node.identifiers.len() > 1 { node.identifiers.join(";") } else { String::new() };
        let fixed = [id.clone(), node.name.clone(), labels.join(";"), synonyms(&node.synonyms), identifiers];
        let fields: Vec<String> = fixed.into_iter().chain(fields(&self.columns.nodes, &node.properties)).collect();
        self.nodes.row(&fields)
    }

    fn edge(&mut self, edge: &EdgeRecord) -> Result<(), ExportError> {
        let fixed = [
            edge.source.clone(),
            edge.target.clone(),
            edge.relation.name.clone(),
            edge.polarity().to_owned(),
            edge.confidence.to_string(),
            edge.evidence.to_string(),
            edge.documents.to_string(),
        ];
        let fields: Vec<String> = fixed.into_iter().chain(fields(&self.columns.edges, &edge.properties)).collect();
        self.edges.row(&fields)
    }

    fn evidence(&mut self, edge: &EdgeRecord, evidence: &[EvidenceRecord]) -> Result<(), ExportError> {
        let Some(table) = &mut self.evidence else { return Ok(()) };
        for EvidenceRecord { run, by, text } in evidence {
            let (document, year, sentence, probability) = match text {
                Some(text) => (
                    text.document.clone(),
                    text.year.map(|year| year.to_string()).unwrap_or_default(),
                    text.sentence.clone(),
                    text.probability.to_string(),
                ),
                None => (String::new(), String::new(), String::new(), "1".to_owned()),
            };
            let (source, relation, target) = (edge.source.clone(), edge.relation.name.clone(), edge.target.clone());
            let (run, by) = (run.to_string(), by.clone());
            table.row(&[source, relation, target, document, year, sentence, probability, run, by])?;
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), ExportError> {
        self.nodes.flush()?;
        self.edges.flush()?;
        self.evidence.as_mut().map_or(Ok(()), Table::flush)
    }
}

/// Synonyms in one field, separated as `hopgraph load` takes them apart: by `|` if one of them holds a `;`.
fn synonyms(synonyms: &[String]) -> String {
    let separator = if synonyms.iter().any(|synonym| synonym.contains(';')) { "|" } else { ";" };
    synonyms.join(separator)
}

fn fields<'c>(
    columns: &'c BTreeMap<String, PropertyKind>,
    properties: &'c Properties,
) -> impl Iterator<Item = String> + 'c {
    columns.keys().map(|name| properties.get(name).map(text).unwrap_or_default())
}

/// The name of a type in the convention of neo4j-admin.
fn type_name(kind: PropertyKind) -> String {
    let scalar = |kind| match kind {
        ScalarKind::Text => "string",
        ScalarKind::Integer => "int",
        ScalarKind::Float => "double",
        ScalarKind::Boolean => "boolean",
    };
    match kind {
        PropertyKind::One(kind) => scalar(kind).to_owned(),
        PropertyKind::List(kind) => format!("{}[]", scalar(kind)),
    }
}
