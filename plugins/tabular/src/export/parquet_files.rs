//! A folder of Parquet files, for data frames and other databases. Columns go by the plain names that a load takes.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::builder::{ListBuilder, StringBuilder};
use arrow_array::{
    ArrayRef, BooleanArray, Float32Array, Float64Array, Int64Array, RecordBatch, StringArray, UInt32Array,
};
use hopgraph_engine::{Properties, PropertyValue};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use super::record::{EdgeRecord, EvidenceRecord, NodeRecord, PropertyColumns, text};
use super::{ExportError, Sink, create};
use crate::columns::{PropertyKind, ScalarKind};

/// Rows that are held and then written together.
const BATCH_ROWS: usize = 8_192;

/// A column by its name.
type NamedColumn = (String, ArrayRef);

/// One file. It is made with its first batch, for the batch says what its columns are.
struct Table {
    path: PathBuf,
    writer: Option<ArrowWriter<File>>,
}

impl Table {
    fn new(folder: &Path, name: &str, files: &mut Vec<PathBuf>) -> Self {
        let path = folder.join(name);
        files.push(path.clone());
        Self { path, writer: None }
    }

    fn write(&mut self, columns: Vec<NamedColumn>) -> Result<(), ExportError> {
        let failed = |error: String| ExportError::file(&self.path, std::io::Error::other(error));
        let columns = columns.into_iter().map(|(name, column)| (name, column, true));
        let batch = RecordBatch::try_from_iter_with_nullable(columns).map_err(|error| failed(error.to_string()))?;
        if self.writer.is_none() {
            let compression = Compression::ZSTD(ZstdLevel::default());
            let properties = WriterProperties::builder().set_compression(compression).build();
            let writer = ArrowWriter::try_new(create(&self.path)?, batch.schema(), Some(properties));
            self.writer = Some(writer.map_err(|error| failed(error.to_string()))?);
        }
        let writer = self.writer.as_mut().expect("it was made above");
        writer.write(&batch).map_err(|error| failed(error.to_string()))
    }

    fn close(&mut self) -> Result<(), ExportError> {
        let Some(writer) = self.writer.take() else { return Ok(()) };
        let closed = writer.close().map_err(|error| std::io::Error::other(error.to_string()));
        closed.map(|_| ()).map_err(|source| ExportError::file(&self.path, source))
    }
}

/// An edge and a piece of its evidence.
struct EvidenceRow {
    source: String,
    relation: String,
    target: String,
    evidence: EvidenceRecord,
}

/// The files of an export, and the rows that are not yet in them.
pub(super) struct ParquetFiles {
    columns: PropertyColumns,
    nodes: (Table, Vec<NodeRecord>),
    edges: (Table, Vec<EdgeRecord>),
    evidence: Option<(Table, Vec<EvidenceRow>)>,
}

impl ParquetFiles {
    pub(super) fn create(
        folder: &Path,
        columns: PropertyColumns,
        evidence: bool,
        files: &mut Vec<PathBuf>,
    ) -> Result<Self, ExportError> {
        let nodes = (Table::new(folder, "nodes.parquet", files), Vec::new());
        let edges = (Table::new(folder, "edges.parquet", files), Vec::new());
        let evidence = evidence.then(|| (Table::new(folder, "evidence.parquet", files), Vec::new()));
        Ok(Self { columns, nodes, edges, evidence })
    }

    fn write_nodes(&mut self) -> Result<(), ExportError> {
        let rows = std::mem::take(&mut self.nodes.1);
        self.nodes.0.write(node_columns(&rows, &self.columns.nodes))
    }

    fn write_edges(&mut self) -> Result<(), ExportError> {
        let rows = std::mem::take(&mut self.edges.1);
        self.edges.0.write(edge_columns(&rows, &self.columns.edges))
    }

    fn write_evidence(&mut self) -> Result<(), ExportError> {
        let Some((table, rows)) = &mut self.evidence else { return Ok(()) };
        table.write(evidence_columns(&std::mem::take(rows)))
    }
}

impl Sink for ParquetFiles {
    fn node(&mut self, node: &NodeRecord) -> Result<(), ExportError> {
        self.nodes.1.push(node.clone());
        if self.nodes.1.len() < BATCH_ROWS { Ok(()) } else { self.write_nodes() }
    }

    fn edge(&mut self, edge: &EdgeRecord) -> Result<(), ExportError> {
        self.edges.1.push(edge.clone());
        if self.edges.1.len() < BATCH_ROWS { Ok(()) } else { self.write_edges() }
    }

    fn evidence(&mut self, edge: &EdgeRecord, evidence: &[EvidenceRecord]) -> Result<(), ExportError> {
        let Some((_, rows)) = &mut self.evidence else { return Ok(()) };
        rows.extend(evidence.iter().map(|piece| EvidenceRow {
            source: edge.source.clone(),
            relation: edge.relation.name.clone(),
            target: edge.target.clone(),
            evidence: piece.clone(),
        }));
        if rows.len() < BATCH_ROWS { Ok(()) } else { self.write_evidence() }
    }

    fn finish(&mut self) -> Result<(), ExportError> {
        self.write_nodes()?;
        self.nodes.0.close()?;
        self.write_edges()?;
        self.edges.0.close()?;
        self.write_evidence()?;
        self.evidence.as_mut().map_or(Ok(()), |(table, _)| table.close())
    }
}

fn node_columns(rows: &[NodeRecord], properties: &BTreeMap<String, PropertyKind>) -> Vec<NamedColumn> {
    let mut columns = vec![
        column("id", texts(rows.iter().map(|row| Some(row.id.clone())))),
        column("name", texts(rows.iter().map(|row| Some(row.node.name.clone())))),
        column("label", lists(rows.iter().map(|row| row.labels.clone()))),
        column("synonyms", lists(rows.iter().map(|row| row.node.synonyms.clone()))),
        column("identifiers", lists(rows.iter().map(further_identifiers))),
    ];
    let of = rows.iter().map(|row| &row.node.properties).collect::<Vec<_>>();
    columns.extend(property_columns(&of, properties));
    columns
}

fn edge_columns(rows: &[EdgeRecord], properties: &BTreeMap<String, PropertyKind>) -> Vec<NamedColumn> {
    let numbers = |of: fn(&EdgeRecord) -> u64| -> ArrayRef {
        Arc::new(rows.iter().map(|row| Some(of(row) as i64)).collect::<Int64Array>())
    };
    let confidence: Float64Array = rows.iter().map(|row| Some(row.confidence)).collect();
    let mut columns = vec![
        column("source", texts(rows.iter().map(|row| Some(row.source.clone())))),
        column("type", texts(rows.iter().map(|row| Some(row.relation.name.clone())))),
        column("target", texts(rows.iter().map(|row| Some(row.target.clone())))),
        column("polarity", texts(rows.iter().map(|row| Some(row.polarity().to_owned())))),
        column("confidence", Arc::new(confidence)),
        column("evidence", numbers(|row| row.evidence)),
        column("documents", numbers(|row| row.documents)),
    ];
    let of = rows.iter().map(|row| &row.properties).collect::<Vec<_>>();
    columns.extend(property_columns(&of, properties));
    columns
}

fn evidence_columns(rows: &[EvidenceRow]) -> Vec<NamedColumn> {
    let of_text =
        |row: &EvidenceRow, get: fn(&super::record::TextRecord) -> String| row.evidence.text.as_ref().map(get);
    let years = rows.iter().map(|row| row.evidence.text.as_ref().and_then(|text| text.year).map(i64::from));
    let probabilities = rows.iter().map(|row| Some(row.evidence.text.as_ref().map_or(1.0, |text| text.probability)));
    vec![
        column("source", texts(rows.iter().map(|row| Some(row.source.clone())))),
        column("type", texts(rows.iter().map(|row| Some(row.relation.clone())))),
        column("target", texts(rows.iter().map(|row| Some(row.target.clone())))),
        column("document", texts(rows.iter().map(|row| of_text(row, |text| text.document.clone())))),
        column("year", Arc::new(years.collect::<Int64Array>())),
        column("sentence", texts(rows.iter().map(|row| of_text(row, |text| text.sentence.clone())))),
        column("probability", Arc::new(probabilities.collect::<Float32Array>())),
        column("run", Arc::new(rows.iter().map(|row| Some(row.evidence.run.get())).collect::<UInt32Array>())),
        column("by", texts(rows.iter().map(|row| Some(row.evidence.by.clone())))),
    ]
}

fn column(name: &str, column: ArrayRef) -> NamedColumn {
    (name.to_owned(), column)
}

fn texts(values: impl Iterator<Item = Option<String>>) -> ArrayRef {
    Arc::new(values.collect::<StringArray>())
}

/// All identifiers of a node; none of one that has said its only one as its id.
fn further_identifiers(row: &NodeRecord) -> Vec<String> {
    if row.node.identifiers.len() > 1 { row.node.identifiers.clone() } else { Vec::new() }
}

/// An empty list is no value.
fn lists(rows: impl Iterator<Item = Vec<String>>) -> ArrayRef {
    let mut builder = ListBuilder::new(StringBuilder::new());
    for row in rows {
        row.iter().for_each(|value| builder.values().append_value(value));
        builder.append(!row.is_empty());
    }
    Arc::new(builder.finish())
}

fn property_columns(rows: &[&Properties], columns: &BTreeMap<String, PropertyKind>) -> Vec<NamedColumn> {
    columns.iter().map(|(name, kind)| (name.clone(), property_column(rows, name, *kind))).collect()
}

fn property_column(rows: &[&Properties], name: &str, kind: PropertyKind) -> ArrayRef {
    let values = rows.iter().map(|properties| properties.get(name));
    match kind {
        PropertyKind::One(ScalarKind::Text) => texts(values.map(|value| value.map(text))),
        PropertyKind::One(ScalarKind::Integer) => Arc::new(values.map(integer).collect::<Int64Array>()),
        PropertyKind::One(ScalarKind::Float) => Arc::new(values.map(float).collect::<Float64Array>()),
        PropertyKind::One(ScalarKind::Boolean) => Arc::new(values.map(boolean).collect::<BooleanArray>()),
        PropertyKind::List(_) => lists(values.map(|value| match value {
            Some(PropertyValue::List(values)) => values.iter().map(text).collect(),
            _ => Vec::new(),
        })),
    }
}

fn integer(value: Option<&PropertyValue>) -> Option<i64> {
    if let Some(PropertyValue::Integer(value)) = value { Some(*value) } else { None }
}

fn float(value: Option<&PropertyValue>) -> Option<f64> {
    match value {
        Some(PropertyValue::Float(value)) => Some(*value),
        Some(PropertyValue::Integer(value)) => Some(*value as f64),
        _ => None,
    }
}

fn boolean(value: Option<&PropertyValue>) -> Option<bool> {
    if let Some(PropertyValue::Boolean(value)) = value { Some(*value) } else { None }
}
