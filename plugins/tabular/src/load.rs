//! The load itself: nodes files, then edges files, row by row into a bulk load.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use csv::ByteRecord;
use hopgraph_engine::{
    BulkLoad, BulkNode, Edge, Graph, NodeId, Polarity, Properties, RelationType, RelationTypeId, Run, RunKind,
    StorageError,
};

use crate::columns::{Column, Columns, Table};
use crate::rejects::{Reject, Rejects};
use crate::source::Source;
use crate::{LoadError, LoadOptions, Progress, cell};

/// How many rows pass between two looks at the observer.
const ROWS_BETWEEN_REPORTS: u64 = 4096;

/// What a load did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoadSummary {
    /// Rows of nodes read, rejected ones included.
    pub node_rows: u64,
    /// Rows of edges read, rejected ones included.
    pub edge_rows: u64,
    /// Nodes that are new.
    pub nodes_added: u64,
    /// Rows whose node was there before, from an earlier load or an earlier row; what they say was added to it.
    pub nodes_merged: u64,
    /// Edges stated; repeated ones that come close together count once.
    pub edges: u64,
    /// Rows that could not be loaded.
    pub rejected: u64,
    /// The file with the rejected rows, if there are any and a file was named.
    pub rejects_file: Option<PathBuf>,
    /// The first few rejects.
    pub first_rejects: Vec<Reject>,
    /// Names given as symmetric or denied that no edge used: perhaps misspelt.
    pub unused_types: Vec<String>,
    /// Whether the observer stopped the load. What was read is written; the same load run again ends in the graph that
    /// an undisturbed one makes.
    pub stopped: bool,
}

/// Loads tables of nodes and edges: [`Tables::open`], then [`Tables::load`].
///
/// # Errors
/// See there.
pub fn load(
    graph: &Graph,
    options: &LoadOptions,
    observer: &mut dyn FnMut(&Progress<'_>) -> ControlFlow<()>,
) -> Result<LoadSummary, LoadError> {
    Tables::open(options)?.load(graph, observer)
}

/// Files that were opened and understood, ready to be loaded. In two steps, so that a program can find out that the
/// files make sense before it makes a graph for them.
pub struct Tables<'o> {
    options: &'o LoadOptions,
    nodes: Vec<(Source, Columns)>,
    edges: Vec<(Source, Columns)>,
    bytes_read: Arc<AtomicU64>,
}

impl<'o> Tables<'o> {
    /// Opens every file and finds out what its columns mean.
    ///
    /// # Errors
    /// [`LoadError::NothingToLoad`], [`LoadError::File`], [`LoadError::Empty`], [`LoadError::Columns`].
    pub fn open(options: &'o LoadOptions) -> Result<Self, LoadError> {
        if options.nodes.is_empty() && options.edges.is_empty() {
            return Err(LoadError::NothingToLoad);
        }
        let bytes_read = Arc::new(AtomicU64::new(0));
        let nodes = open_all(&options.nodes, Table::Nodes, options, &bytes_read)?;
        let edges = open_all(&options.edges, Table::Edges, options, &bytes_read)?;
        Ok(Self { options, nodes, edges, bytes_read })
    }

    /// Loads all nodes files in order, then all edges files. A node that the graph has already is added to; an edge
    /// that it has already is stated once more under this load. Loading the same files again changes nothing.
    ///
    /// # Errors
    /// See [`LoadError`]. A row that is wrong by itself (too few fields, an unknown end, a bad number) is no error but
    /// a reject. If a file breaks off in the middle, what came before it may have been written.
    pub fn load(
        self,
        graph: &Graph,
        observer: &mut dyn FnMut(&Progress<'_>) -> ControlFlow<()>,
    ) -> Result<LoadSummary, LoadError> {
        let options = self.options;
        let mut loading = Loading {
            bulk: graph.bulk_load(&run(options))?,
            types: Types::new(options),
            rejects: Rejects::new(options.rejects.clone()),
            observer,
            bytes_total: bytes_total(options),
            bytes_read: self.bytes_read,
            rows: 0,
            stopped: false,
        };
        loading.types.settle(&mut loading.bulk)?;
        let node_rows = loading.nodes(self.nodes)?;
        let edge_rows = loading.edges(self.edges)?;
        loading.finish(node_rows, edge_rows)
    }
}

/// The run that the facts stand under.
fn run(options: &LoadOptions) -> Run {
    let files: Vec<String> =
        options.nodes.iter().chain(&options.edges).map(|path| path.display().to_string()).collect();
    Run {
        kind: RunKind::Load { source: files.join(", ") },
        started: jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        program: concat!("hopgraph ", env!("CARGO_PKG_VERSION")).to_owned(),
    }
}

/// Bytes of all files, unless one is not a plain file.
fn bytes_total(options: &LoadOptions) -> Option<u64> {
    let length = |path: &PathBuf| path.metadata().ok().filter(std::fs::Metadata::is_file).map(|data| data.len());
    options.nodes.iter().chain(&options.edges).map(length).sum()
}

fn open_all(
    paths: &[PathBuf],
    table: Table,
    options: &LoadOptions,
    bytes_read: &Arc<AtomicU64>,
) -> Result<Vec<(Source, Columns)>, LoadError> {
    paths.iter().map(|path| open(path, table, options, bytes_read)).collect()
}

/// Opens a file and finds out what its columns mean; the header row, if there is one, is taken away.
fn open(
    path: &Path,
    table: Table,
    options: &LoadOptions,
    bytes_read: &Arc<AtomicU64>,
) -> Result<(Source, Columns), LoadError> {
    let mut source = Source::open(path, options.delimiter, bytes_read)?;
    let wrong = |reason| LoadError::Columns { path: path.to_owned(), reason };
    let names = match table {
        Table::Nodes => &options.node_columns,
        Table::Edges => &options.edge_columns,
    };
    let first: Vec<String> = source
        .peek_first()
        .map(|row| row.iter().map(|field| String::from_utf8_lossy(field).into_owned()).collect())
        .unwrap_or_default();
    let columns = match names {
        Some(names) => Columns::of_table(names, table).map_err(wrong)?,
        None if options.no_header => {
            return Err(wrong(format!("without a header row the columns have to be named with {}", table.option())));
        }
        None => Columns::of_table(&first, table).map_err(wrong)?,
    };
    if columns.len() != first.len() {
        return Err(wrong(format!(
            "{} names {} columns, but the first row has {} ({:?}); name each, with - for one to leave out",
            table.option(),
            columns.len(),
            first.len(),
            first.join(if source.delimiter() == b',' { "," } else { "\t" }),
        )));
    }
    if !options.no_header {
        source.skip_first();
    }
    Ok((source, columns))
}

/// A load under way.
struct Loading<'g, 'o> {
    bulk: BulkLoad<'g>,
    types: Types,
    rejects: Rejects,
    observer: &'o mut dyn FnMut(&Progress<'_>) -> ControlFlow<()>,
    bytes_read: Arc<AtomicU64>,
    bytes_total: Option<u64>,
    /// Rows read so far, of all files.
    rows: u64,
    stopped: bool,
}

/// Why a row was not loaded: its own fault, or one that ends the load.
enum RowError {
    Reject(String),
    Fatal(LoadError),
}

impl From<StorageError> for RowError {
    fn from(error: StorageError) -> Self {
        match error {
            // The graph does not take this name; the next row may be fine.
            StorageError::InvalidName { .. } => Self::Reject(error.to_string()),
            other => Self::Fatal(other.into()),
        }
    }
}

impl From<String> for RowError {
    fn from(reason: String) -> Self {
        Self::Reject(reason)
    }
}

impl Loading<'_, '_> {
    fn nodes(&mut self, files: Vec<(Source, Columns)>) -> Result<u64, LoadError> {
        let mut reader = NodeRow::default();
        self.files(files, |bulk, _, row, columns| reader.load(bulk, row, columns))
    }

    fn edges(&mut self, files: Vec<(Source, Columns)>) -> Result<u64, LoadError> {
        let mut reader = EdgeRow::default();
        self.files(files, |bulk, types, row, columns| reader.load(bulk, types, row, columns))
    }

    /// Hands every row of these files to `load_row`; gives the number of rows.
    fn files(
        &mut self,
        files: Vec<(Source, Columns)>,
        mut load_row: impl FnMut(&mut BulkLoad<'_>, &mut Types, &[&str], &Columns) -> Result<(), RowError>,
    ) -> Result<u64, LoadError> {
        let rows_before = self.rows;
        let mut row = ByteRecord::new();
        for (mut source, columns) in files {
            while !self.stopped && source.read(&mut row)? {
                let loaded = fields(&row, &columns)
                    .map_err(RowError::Reject)
                    .and_then(|fields| load_row(&mut self.bulk, &mut self.types, &fields, &columns));
                match loaded {
                    Ok(()) => {}
                    Err(RowError::Reject(reason)) => {
                        self.rejects.take(source.path(), source.delimiter(), &row, reason)?;
                    }
                    Err(RowError::Fatal(error)) => return Err(error),
                }
                self.rows += 1;
                if self.rows.is_multiple_of(ROWS_BETWEEN_REPORTS) {
                    self.report(source.path());
                }
            }
            self.report(source.path());
        }
        Ok(self.rows - rows_before)
    }

    fn report(&mut self, file: &Path) {
        let told = (self.observer)(&Progress {
            file,
            bytes_read: self.bytes_read.load(Ordering::Relaxed),
            bytes_total: self.bytes_total,
            rows: self.rows,
            rejected: self.rejects.count(),
        });
        self.stopped |= told.is_break();
    }

    fn finish(self, node_rows: u64, edge_rows: u64) -> Result<LoadSummary, LoadError> {
        let summary = self.bulk.finish()?;
        let rejected = self.rejects.count();
        let (rejects_file, first_rejects) = self.rejects.finish()?;
        Ok(LoadSummary {
            node_rows,
            edge_rows,
            nodes_added: summary.nodes_added,
            nodes_merged: summary.nodes_merged,
            edges: summary.edges,
            rejected,
            rejects_file,
            first_rejects,
            unused_types: if self.stopped { Vec::new() } else { self.types.unused() },
            stopped: self.stopped,
        })
    }
}

/// The fields of a row, as many as there are columns.
fn fields<'r>(row: &'r ByteRecord, columns: &Columns) -> Result<Vec<&'r str>, String> {
    if row.len() != columns.len() {
        return Err(format!("{} fields where {} are expected", row.len(), columns.len()));
    }
    let text =
        |(index, field)| std::str::from_utf8(field).map_err(|_| format!("field {} is not UTF-8 text", index + 1));
    row.iter().enumerate().map(text).collect()
}

/// An identifier with the prefix of its id space, unless it has it already.
fn in_space<'a>(identifier: &'a str, space: &Option<String>, buffer: &'a mut String) -> &'a str {
    let Some(space) = space else { return identifier };
    if identifier.strip_prefix(space.as_str()).is_some_and(|rest| rest.starts_with(':')) {
        return identifier;
    }
    buffer.clear();
    buffer.push_str(space);
    buffer.push(':');
    buffer.push_str(identifier);
    buffer
}

/// Reads rows of nodes; its buffers live from row to row.
#[derive(Default)]
struct NodeRow {
    identifier: String,
}

impl NodeRow {
    fn load(&mut self, bulk: &mut BulkLoad<'_>, row: &[&str], columns: &Columns) -> Result<(), RowError> {
        let (mut identifier, mut name) = ("", "");
        let (mut labels, mut synonyms) = (Vec::new(), Vec::new());
        let mut space = &None;
        let mut properties = Properties::new();
        for (&field, column) in row.iter().zip(columns.iter()) {
            match column {
                Column::Identifier(of) => (identifier, space) = (field, of),
                Column::Name => name = field,
                Column::Labels => labels.extend(cell::labels(field)),
                Column::Synonyms => synonyms.extend(cell::synonyms(field)),
                Column::Property { name, kind } => {
                    let value = cell::property(field, *kind).map_err(|reason| format!("{name}: {reason}"))?;
                    properties.extend(value.map(|value| (name.clone(), value)));
                }
                Column::Source(_) | Column::Target(_) | Column::Type | Column::Ignored => {}
            }
        }
        if identifier.is_empty() {
            return Err(RowError::Reject("no id".to_owned()));
        }
        let identifier = in_space(identifier, space, &mut self.identifier);
        bulk.add_node(&BulkNode { identifier, labels: &labels, name, synonyms: &synonyms, properties })?;
        Ok(())
    }
}

/// Reads rows of edges; remembers the last source, since files are mostly sorted by it.
#[derive(Default)]
struct EdgeRow {
    source: Option<(String, NodeId)>,
    buffer: String,
}

impl EdgeRow {
    fn load(
        &mut self,
        bulk: &mut BulkLoad<'_>,
        types: &mut Types,
        row: &[&str],
        columns: &Columns,
    ) -> Result<(), RowError> {
        let (mut source, mut target, mut relation) = ("", "", "");
        let (mut source_space, mut target_space) = (&None, &None);
        let mut properties = Properties::new();
        for (&field, column) in row.iter().zip(columns.iter()) {
            match column {
                Column::Source(space) => (source, source_space) = (field, space),
                Column::Target(space) => (target, target_space) = (field, space),
                Column::Type => relation = field.trim(),
                Column::Property { name, kind } => {
                    let value = cell::property(field, *kind).map_err(|reason| format!("{name}: {reason}"))?;
                    properties.extend(value.map(|value| (name.clone(), value)));
                }
                Column::Identifier(_) | Column::Name | Column::Labels | Column::Synonyms | Column::Ignored => {}
            }
        }
        if relation.is_empty() {
            return Err(RowError::Reject("no relation type".to_owned()));
        }
        let source = self.source(bulk, source, source_space)?;
        let target = node(bulk, in_space(target, target_space, &mut self.buffer), "target")?;
        let relation = types.id(bulk, relation)?;
        bulk.add_edge(Edge { relation, source, target }, &properties)?;
        Ok(())
    }

    fn source(&mut self, bulk: &BulkLoad<'_>, identifier: &str, space: &Option<String>) -> Result<NodeId, RowError> {
        let identifier = in_space(identifier, space, &mut self.buffer);
        match &mut self.source {
            Some((last, id)) if last == identifier => Ok(*id),
            remembered => {
                let id = node(bulk, identifier, "source")?;
                *remembered = Some((identifier.to_owned(), id));
                Ok(id)
            }
        }
    }
}

fn node(bulk: &BulkLoad<'_>, identifier: &str, end: &str) -> Result<NodeId, RowError> {
    if identifier.is_empty() {
        return Err(RowError::Reject(format!("no {end}")));
    }
    bulk.node(identifier)?.ok_or_else(|| RowError::Reject(format!("unknown {end} {identifier:?}: no node has this id")))
}

/// The relation types of a load, and what was said of them.
struct Types {
    /// By name as written in the file.
    known: HashMap<String, RelationTypeId>,
    /// What the options say, by lower-case name; the flag is true once an edge has used it.
    flagged: HashMap<String, (RelationType, bool)>,
}

impl Types {
    fn new(options: &LoadOptions) -> Self {
        let mut flagged: HashMap<String, (RelationType, bool)> = HashMap::new();
        for name in options.symmetric.iter().chain(&options.denied) {
            let listed = |names: &[String]| names.iter().any(|other| other.eq_ignore_ascii_case(name));
            let polarity = if listed(&options.denied) { Polarity::Denied } else { Polarity::Asserted };
            let relation_type = RelationType { name: name.clone(), polarity, symmetric: listed(&options.symmetric) };
            flagged.entry(name.to_lowercase()).or_insert((relation_type, false));
        }
        Self { known: HashMap::new(), flagged }
    }

    /// Fails before the first row if the options contradict a type that the graph has.
    fn settle(&self, bulk: &mut BulkLoad<'_>) -> Result<(), LoadError> {
        for (relation_type, _) in self.flagged.values() {
            if bulk.catalog().relation_type_id(&relation_type.name).is_some() {
                bulk.relation_type(relation_type)?;
            }
        }
        Ok(())
    }

    fn id(&mut self, bulk: &mut BulkLoad<'_>, name: &str) -> Result<RelationTypeId, StorageError> {
        if let Some(id) = self.known.get(name) {
            return Ok(*id);
        }
        let id = match self.flagged.get_mut(&name.to_lowercase()) {
            Some((relation_type, used)) => {
                *used = true;
                bulk.relation_type(relation_type)?
            }
            None => match bulk.catalog().relation_type_id(name) {
                Some(id) => id,
                None => bulk.relation_type(&RelationType {
                    name: name.to_owned(),
                    polarity: Polarity::Asserted,
                    symmetric: false,
                })?,
            },
        };
        self.known.insert(name.to_owned(), id);
        Ok(id)
    }

    /// The names given in the options that no edge used, in alphabetical order.
    fn unused(&self) -> Vec<String> {
        let mut names: Vec<String> =
            self.flagged.values().filter(|(_, used)| !used).map(|(kind, _)| kind.name.clone()).collect();
        names.sort();
        names
    }
}
