//! A graph written out for other programs: nodes and edges, each edge with its confidence and the number of its
//! witnesses, and on request the sentences behind it.
//!
//! Everything is written while it is read; nothing but one row, or one batch of rows for a column file, is held.

mod csv_files;
mod cypher;
mod graphml;
mod json_lines;
mod parquet_files;
mod record;
mod write_error;

use std::collections::BTreeSet;
use std::fmt;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use hopgraph_engine::{Polarity, Snapshot, View};

pub use write_error::ExportError;

use record::{EdgeRecord, EvidenceRecord, NodeRecord, PropertyColumns, Reader};

/// How many records pass between two looks at the observer.
const RECORDS_BETWEEN_REPORTS: u64 = 4096;

/// What a graph is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportFormat {
    /// A folder of `nodes.csv` and `edges.csv` with the headers of neo4j-admin, which `hopgraph load` reads too.
    Csv,
    /// A folder of `nodes.parquet` and `edges.parquet`.
    Parquet,
    /// One file of GraphML, for Gephi, Cytoscape, yEd, igraph and NetworkX.
    GraphMl,
    /// One file of Cypher statements, for `cypher-shell`.
    Cypher,
    /// One file with a JSON object a line: nodes, then relationships.
    JsonLines,
}

impl ExportFormat {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Csv, Self::Parquet, Self::GraphMl, Self::Cypher, Self::JsonLines];

    /// Its name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Parquet => "parquet",
            Self::GraphMl => "graphml",
            Self::Cypher => "cypher",
            Self::JsonLines => "jsonl",
        }
    }

    /// Whether it is a folder of files rather than one stream.
    pub const fn is_folder(self) -> bool {
        matches!(self, Self::Csv | Self::Parquet)
    }
}

impl fmt::Display for ExportFormat {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// Where an export goes.
pub enum Destination<'w> {
    /// A file, or for a format of several files a folder, which is made.
    Path(PathBuf),
    /// Anything that can be written to; only for formats of one stream.
    Writer(&'w mut dyn Write),
}

/// What an export wrote.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExportSummary {
    /// Nodes.
    pub nodes: u64,
    /// Edges.
    pub edges: u64,
    /// Pieces of evidence; none unless they were asked for.
    pub evidence: u64,
    /// The names of the symmetric relation types that occur, which a load must be told of.
    pub symmetric: BTreeSet<String>,
    /// The names of the denied relation types that occur, which a load must be told of.
    pub denied: BTreeSet<String>,
    /// The files that were written.
    pub files: Vec<PathBuf>,
    /// Whether the observer stopped it. What was written is incomplete.
    pub stopped: bool,
}

/// Writes a graph out. With `evidence`, each piece of evidence comes too: with its sentence, document and run.
///
/// A node goes by its first identifier; one without any by `node:` and its number.
///
/// # Errors
/// If the graph cannot be read or a file not be written.
pub fn export(
    snapshot: &Snapshot,
    format: ExportFormat,
    destination: Destination<'_>,
    evidence: bool,
    observer: &mut dyn FnMut(&ExportSummary) -> ControlFlow<()>,
) -> Result<ExportSummary, ExportError> {
    let reader = Reader::new(snapshot);
    let mut summary = ExportSummary::default();
    let mut files = Vec::new();
    let mut sink = open(format, destination, &reader, evidence, &mut files)?;
    write_all(&reader, &mut *sink, evidence, &mut summary, observer)?;
    sink.finish()?;
    summary.files = files;
    Ok(summary)
}

/// Something that records are written to: nodes first, then each edge with its evidence behind it.
trait Sink {
    fn node(&mut self, node: &NodeRecord) -> Result<(), ExportError>;
    fn edge(&mut self, edge: &EdgeRecord) -> Result<(), ExportError>;
    fn evidence(&mut self, edge: &EdgeRecord, evidence: &[EvidenceRecord]) -> Result<(), ExportError>;
    fn finish(&mut self) -> Result<(), ExportError>;
}

fn open<'w>(
    format: ExportFormat,
    destination: Destination<'w>,
    reader: &Reader<'_>,
    evidence: bool,
    files: &mut Vec<PathBuf>,
) -> Result<Box<dyn Sink + 'w>, ExportError> {
    if format.is_folder() {
        let Destination::Path(folder) = destination else { return Err(ExportError::NeedsFolder { format }) };
        let columns = PropertyColumns::read(reader)?;
        std::fs::create_dir_all(&folder).map_err(|source| ExportError::file(&folder, source))?;
        return Ok(match format {
            ExportFormat::Csv => Box::new(csv_files::CsvFiles::create(&folder, columns, evidence, files)?),
            _ => Box::new(parquet_files::ParquetFiles::create(&folder, columns, evidence, files)?),
        });
    }
    let (out, path): (Box<dyn Write + 'w>, PathBuf) = match destination {
        Destination::Writer(writer) => (Box::new(writer), PathBuf::from("the output")),
        Destination::Path(path) => {
            files.push(path.clone());
            (Box::new(BufWriter::new(create(&path)?)), path)
        }
    };
    let out = Output { out, path };
    Ok(match format {
        ExportFormat::GraphMl => {
            let undirected = reader.snapshot.catalog().relation_types().all(|(_, found)| found.symmetric);
            Box::new(graphml::GraphMl::begin(out, &PropertyColumns::read(reader)?, undirected)?)
        }
        ExportFormat::Cypher => Box::new(cypher::Cypher::begin(out)?),
        _ => Box::new(json_lines::JsonLines::new(out)),
    })
}

fn create(path: &Path) -> Result<File, ExportError> {
    File::create(path).map_err(|source| ExportError::file(path, source))
}

/// A stream with its name for errors.
struct Output<'w> {
    out: Box<dyn Write + 'w>,
    path: PathBuf,
}

impl Output<'_> {
    fn write(&mut self, text: &str) -> Result<(), ExportError> {
        self.out.write_all(text.as_bytes()).map_err(|source| ExportError::file(&self.path, source))
    }

    fn flush(&mut self) -> Result<(), ExportError> {
        self.out.flush().map_err(|source| ExportError::file(&self.path, source))
    }
}

fn write_all(
    reader: &Reader<'_>,
    sink: &mut dyn Sink,
    with_evidence: bool,
    summary: &mut ExportSummary,
    observer: &mut dyn FnMut(&ExportSummary) -> ControlFlow<()>,
) -> Result<(), ExportError> {
    for id in reader.snapshot.nodes()?.iter() {
        sink.node(&reader.node(id)?)?;
        summary.nodes += 1;
        if stops(summary, observer) {
            return Ok(());
        }
    }
    for (relation, relation_type) in reader.snapshot.catalog().relation_types() {
        for edge in reader.snapshot.edges(relation) {
            let edge = edge?;
            let evidence = reader.snapshot.evidence(edge)?;
            let record = reader.edge(edge, relation_type, &evidence)?;
            sink.edge(&record)?;
            summary.edges += 1;
            if relation_type.symmetric {
                summary.symmetric.insert(relation_type.name.clone());
            }
            if relation_type.polarity == Polarity::Denied {
                summary.denied.insert(relation_type.name.clone());
            }
            if with_evidence {
                let records = evidence.iter().map(|piece| reader.evidence(piece)).collect::<Result<Vec<_>, _>>()?;
                sink.evidence(&record, &records)?;
                summary.evidence += records.len() as u64;
            }
            if stops(summary, observer) {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Tells the observer now and then; whether he has had enough.
fn stops(summary: &mut ExportSummary, observer: &mut dyn FnMut(&ExportSummary) -> ControlFlow<()>) -> bool {
    let due = (summary.nodes + summary.edges).is_multiple_of(RECORDS_BETWEEN_REPORTS);
    summary.stopped = due && observer(summary).is_break();
    summary.stopped
}
