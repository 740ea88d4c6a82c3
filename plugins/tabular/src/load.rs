//! The load itself: nodes, then edges, parsed chunk by chunk on all cores and handed to a bulk load in order.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use arrow_array::RecordBatch;
use hopgraph_engine::{BulkLoad, BulkNode, BulkOptions, BulkSummary, Edge, Graph, Run, RunKind};
use rayon::prelude::*;

use crate::columns::{Columns, Table};
use crate::input::{Chunk, Input};
use crate::rejects::{Reject, Rejects};
use crate::rows::{EdgesOfType, NodeRow, Nodes, Parsed};
use crate::types::Types;
use crate::{LoadError, LoadOptions, Progress, batch, parse};

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
    /// Edges stated; repeated ones count once.
    pub edges: u64,
    /// Rows that could not be loaded.
    pub rejected: u64,
    /// The file with the rejected rows, if there are any and a file was named.
    pub rejects_file: Option<PathBuf>,
    /// The first few rejects.
    pub first_rejects: Vec<Reject>,
    /// Names given as symmetric or denied that no edge used: perhaps misspelt.
    pub unused_types: Vec<String>,
    /// Whether the observer stopped the load. The graph is then as it was before, and no node or edge is counted.
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

/// Loads record batches of nodes and edges that a program has in memory, or makes as it goes: as fast as files, by the
/// same rules. The names of the columns are those of the batches, or [`LoadOptions::node_columns`] and
/// [`LoadOptions::edge_columns`] in place of them. A property keeps the type of its array, unless its column names
/// another. `source` is what the run is called; the files of the options are not read.
///
/// ```
/// use std::ops::ControlFlow;
/// use std::sync::Arc;
///
/// use hopgraph_engine::Graph;
/// use hopgraph_tabular::arrow_array::{ArrayRef, RecordBatch, StringArray};
/// use hopgraph_tabular::{LoadOptions, load_batches};
///
/// let column = |texts: &[&str]| Arc::new(StringArray::from(texts.to_vec())) as ArrayRef;
/// let nodes = RecordBatch::try_from_iter([("id", column(&["G1", "D1"])), ("label", column(&["gene", "disease"]))])?;
/// let edges = RecordBatch::try_from_iter([
///     ("source", column(&["G1"])),
///     ("type", column(&["causes"])),
///     ("target", column(&["D1"])),
/// ])?;
/// let graph = Graph::temporary()?;
/// let options = LoadOptions::default();
/// let summary =
///     load_batches(&graph, "a data frame", [nodes], [edges], &options, &mut |_| ControlFlow::Continue(()))?;
/// assert_eq!((summary.nodes_added, summary.edges), (2, 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`LoadError::Columns`], [`LoadError::Rejects`], [`LoadError::Storage`].
pub fn load_batches<'b>(
    graph: &Graph,
    source: &str,
    nodes: impl IntoIterator<Item = RecordBatch, IntoIter: Send + 'b>,
    edges: impl IntoIterator<Item = RecordBatch, IntoIter: Send + 'b>,
    options: &LoadOptions,
    observer: &mut dyn FnMut(&Progress<'_>) -> ControlFlow<()>,
) -> Result<LoadSummary, LoadError> {
    let nodes = Input::batches(source, nodes.into_iter(), Table::Nodes, options)?;
    let edges = Input::batches(source, edges.into_iter(), Table::Edges, options)?;
    let inputs = Inputs { nodes: nodes.into_iter().collect(), edges: edges.into_iter().collect() };
    Loading::begin(graph, source.to_owned(), options, observer)?.run(inputs)
}

/// Files that were opened and understood, ready to be loaded. In two steps, so that a program can find out that the
/// files make sense before it makes a graph for them.
pub struct Tables<'o> {
    options: &'o LoadOptions,
    inputs: Inputs<'static>,
    bytes_read: Arc<AtomicU64>,
}

struct Inputs<'c> {
    nodes: Vec<Input<'c>>,
    edges: Vec<Input<'c>>,
}

impl<'o> Tables<'o> {
    /// Opens every file and finds out what its columns mean.
    ///
    /// # Errors
    /// [`LoadError::NothingToLoad`], [`LoadError::File`], [`LoadError::Empty`], [`LoadError::Columns`],
    /// [`LoadError::ColumnFile`].
    pub fn open(options: &'o LoadOptions) -> Result<Self, LoadError> {
        if options.nodes.is_empty() && options.edges.is_empty() {
            return Err(LoadError::NothingToLoad);
        }
        let bytes_read = Arc::new(AtomicU64::new(0));
        let open = |paths: &[PathBuf], table| -> Result<Vec<_>, LoadError> {
            paths.iter().map(|path| Input::open(path, table, options, &bytes_read)).collect()
        };
        let inputs = Inputs { nodes: open(&options.nodes, Table::Nodes)?, edges: open(&options.edges, Table::Edges)? };
        Ok(Self { options, inputs, bytes_read })
    }

    /// Loads all nodes files in order, then all edges files. A node that the graph has already is added to; an edge
    /// that it has already is stated once more under this load. The load becomes true as a whole at its end; before
    /// that, an error, a stop or a crash leaves the graph as it was. Loading the same files again changes nothing.
    ///
    /// # Errors
    /// See [`LoadError`]. A row that is wrong by itself (too few fields, an unknown end, a bad number) is no error but
    /// a reject.
    pub fn load(
        self,
        graph: &Graph,
        observer: &mut dyn FnMut(&Progress<'_>) -> ControlFlow<()>,
    ) -> Result<LoadSummary, LoadError> {
        let options = self.options;
        let files: Vec<String> =
            options.nodes.iter().chain(&options.edges).map(|path| path.display().to_string()).collect();
        let mut loading = Loading::begin(graph, files.join(", "), options, observer)?;
        loading.bytes_read = self.bytes_read;
        loading.bytes_total = bytes_total(options);
        loading.run(self.inputs)
    }
}

/// The run that the facts stand under.
fn run(source: String) -> Run {
    Run {
        kind: RunKind::Load { source },
        started: jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        program: concat!("hopgraph ", env!("CARGO_PKG_VERSION")).to_owned(),
    }
}

/// Bytes of all files, unless one is not a plain file.
fn bytes_total(options: &LoadOptions) -> Option<u64> {
    let length = |path: &PathBuf| path.metadata().ok().filter(std::fs::Metadata::is_file).map(|data| data.len());
    options.nodes.iter().chain(&options.edges).map(length).sum()
}

/// How many chunks are parsed at most before what they hold is taken; as many wait at most to be parsed. A core without
/// work waits for the others at the end of each such wave, so that there are many chunks for each core, within reason.
fn chunks_at_once() -> usize {
    (16 * rayon::current_num_threads()).min(64)
}

/// A load under way.
struct Loading<'o> {
    bulk: BulkLoad,
    types: Types,
    rejects: Rejects,
    observer: &'o mut dyn FnMut(&Progress<'_>) -> ControlFlow<()>,
    bytes_read: Arc<AtomicU64>,
    bytes_total: Option<u64>,
    /// Rows read so far, of all files.
    rows: u64,
    stopped: bool,
}

impl<'o> Loading<'o> {
    fn begin(
        graph: &Graph,
        source: String,
        options: &LoadOptions,
        observer: &'o mut dyn FnMut(&Progress<'_>) -> ControlFlow<()>,
    ) -> Result<Self, LoadError> {
        let memory = options.memory_bytes.map(|memory_bytes| BulkOptions { memory_bytes });
        let mut bulk = graph.bulk_load_with(&run(source), memory.unwrap_or_default())?;
        let types = Types::new(options);
        types.settle(&mut bulk)?;
        Ok(Self {
            bulk,
            types,
            rejects: Rejects::new(options.rejects.clone()),
            observer,
            bytes_read: Arc::default(),
            bytes_total: None,
            rows: 0,
            stopped: false,
        })
    }

    fn run(mut self, inputs: Inputs<'_>) -> Result<LoadSummary, LoadError> {
        inputs.nodes.into_iter().try_for_each(|input| self.nodes(input))?;
        let node_rows = self.rows;
        inputs.edges.into_iter().try_for_each(|input| self.edges(input))?;
        self.finish(node_rows)
    }

    /// Reads nodes: on a thread of its own they are read and decompressed, on all cores parsed, and at the same time taken
    /// here in order.
    fn nodes(&mut self, Input { path, columns, chunks }: Input<'_>) -> Result<(), LoadError> {
        std::thread::scope(|scope| {
            let (sender, receiver) = sync_channel(chunks_at_once());
            let (parsed_sender, parsed) = sync_channel(1);
            let columns = &columns;
            scope.spawn(move || send(chunks, &sender));
            scope.spawn(move || {
                let waves = std::iter::from_fn(|| next_wave(&receiver).transpose());
                let parse = |chunk: &Chunk| nodes(chunk, columns);
                send(waves.map(|wave| Ok(wave?.par_iter().map(parse).collect::<Vec<_>>())), &parsed_sender);
            });
            while let (false, Ok(wave)) = (self.stopped, parsed.recv()) {
                self.take_wave(&path, wave?, Self::take_nodes)?;
            }
            Ok(())
        })
    }

    /// Reads edges: on a thread of its own they are read and decompressed, on all cores parsed and their ends looked up,
    /// and then taken here in order.
    fn edges(&mut self, Input { path, columns, chunks }: Input<'_>) -> Result<(), LoadError> {
        std::thread::scope(|scope| {
            let (sender, receiver) = sync_channel(chunks_at_once());
            scope.spawn(move || send(chunks, &sender));
            while let (false, Some(wave)) = (self.stopped, next_wave(&receiver)?) {
                self.bulk.prepare_look_ups()?;
                let bulk = &self.bulk;
                let parsed = wave.par_iter().map(|chunk| edges(chunk, &columns, bulk)).collect();
                self.take_wave(&path, parsed, Self::take_edges)?;
            }
            Ok(())
        })
    }

    fn take_wave<T>(
        &mut self,
        path: &Path,
        wave: Vec<Result<Parsed<T>, LoadError>>,
        mut take: impl FnMut(&mut Self, T) -> Result<(), LoadError>,
    ) -> Result<(), LoadError> {
        for parsed in wave {
            let parsed = parsed?;
            self.rows += parsed.rows;
            parsed.rejects.into_iter().try_for_each(|rejected| self.rejects.take(path, rejected))?;
            take(self, parsed.content)?;
        }
        self.report(path, false);
        Ok(())
    }

    fn take_nodes(&mut self, mut nodes: Nodes) -> Result<(), LoadError> {
        let given = nodes.0.iter_mut().map(|(identifier, NodeRow { name, labels, synonyms, properties })| {
            let properties = std::mem::take(properties);
            BulkNode { identifier, labels, name, synonyms, properties }
        });
        self.bulk.add_nodes(&given.collect::<Vec<BulkNode<'_, String>>>())?;
        Ok(())
    }

    fn take_edges(&mut self, edges: Vec<EdgesOfType>) -> Result<(), LoadError> {
        for EdgesOfType { relation, ends, with_properties } in edges {
            let relation = self.types.id(&mut self.bulk, &relation)?;
            self.bulk.add_edges(relation, ends)?;
            for (source, target, properties) in with_properties {
                self.bulk.add_edge(Edge { relation, source, target }, &properties)?;
            }
        }
        Ok(())
    }

    fn report(&mut self, file: &Path, writing: bool) {
        let told = (self.observer)(&Progress {
            file,
            bytes_read: self.bytes_read.load(Ordering::Relaxed),
            bytes_total: self.bytes_total,
            rows: self.rows,
            rejected: self.rejects.count(),
            writing,
        });
        self.stopped |= told.is_break();
    }

    fn finish(mut self, node_rows: u64) -> Result<LoadSummary, LoadError> {
        if !self.stopped {
            self.report(Path::new(""), true);
        }
        let written = if self.stopped { BulkSummary::default() } else { self.bulk.finish()? };
        let rejected = self.rejects.count();
        let (rejects_file, first_rejects) = self.rejects.finish()?;
        Ok(LoadSummary {
            node_rows,
            edge_rows: self.rows - node_rows,
            nodes_added: written.nodes_added,
            nodes_merged: written.nodes_merged,
            edges: written.edges,
            rejected,
            rejects_file,
            first_rejects,
            unused_types: if self.stopped { Vec::new() } else { self.types.unused() },
            stopped: self.stopped,
        })
    }
}

fn nodes(chunk: &Chunk, columns: &Columns) -> Result<Parsed<Nodes>, LoadError> {
    match chunk {
        Chunk::Text(block) => parse::nodes(block, columns),
        Chunk::Batch(rows) => batch::nodes(rows, columns),
    }
}

fn edges(chunk: &Chunk, columns: &Columns, bulk: &BulkLoad) -> Result<Parsed<Vec<EdgesOfType>>, LoadError> {
    match chunk {
        Chunk::Text(block) => parse::edges(block, columns, bulk),
        Chunk::Batch(rows) => batch::edges(rows, columns, bulk),
    }
}

/// Sends things until there are no more, one fails, or nobody wants them.
fn send<T>(things: impl Iterator<Item = Result<T, LoadError>>, sender: &SyncSender<Result<T, LoadError>>) {
    for thing in things {
        let failed = thing.is_err();
        if sender.send(thing).is_err() || failed {
            return;
        }
    }
}

/// Waits for a chunk and takes what else is there; `None` at the end.
fn next_wave(receiver: &Receiver<Result<Chunk, LoadError>>) -> Result<Option<Vec<Chunk>>, LoadError> {
    let first = receiver.recv().into_iter();
    let wave: Vec<Chunk> = first.chain(receiver.try_iter()).take(chunks_at_once()).collect::<Result<_, _>>()?;
    Ok(Some(wave).filter(|wave| !wave.is_empty()))
}
