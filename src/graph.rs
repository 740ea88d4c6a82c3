//! The graph with everything that can be done with it: the door for applications.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Duration;

use hopgraph_engine::{BulkLoad, CheckReport, GraphOptions, RepairReport, Retraction, Run, RunId, StorageError};
use hopgraph_inference::Classifier;
use hopgraph_literature::{
    CollectOptions, CollectSummary, Corpus, IngestError, IngestOptions, IngestSummary, PlanError,
};
use hopgraph_query::{Parameters, Prepared, QueryError, QueryOptions, ReadTransaction, Rows, WriteTransaction};
use hopgraph_tabular::arrow_array::RecordBatch;
use hopgraph_tabular::{Destination, ExportError, ExportFormat, ExportSummary, LoadError, LoadOptions, LoadSummary};

/// A graph in a directory; one process at a time has it open for writing, any number for reading.
///
/// A handle: a clone is the same graph. It is closed once all handles, rows and transactions of it are gone.
#[derive(Clone, Debug)]
pub struct Graph {
    engine: hopgraph_engine::Graph,
}

impl Graph {
    /// Opens the graph in this directory; a missing or empty directory becomes a new graph.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StorageError> {
        hopgraph_engine::Graph::open(path).map(Self::from)
    }

    /// Opens with these options.
    pub fn open_with(path: impl AsRef<Path>, options: &GraphOptions) -> Result<Self, StorageError> {
        hopgraph_engine::Graph::open_with(path, options).map(Self::from)
    }

    /// A graph that is deleted when it is dropped.
    pub fn temporary() -> Result<Self, StorageError> {
        hopgraph_engine::Graph::temporary().map(Self::from)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.engine.path()
    }

    /// Runs a query within the default limits; see [`hopgraph_query::query`].
    pub fn query(&self, text: &str, parameters: &Parameters) -> Result<Rows, QueryError> {
        self.query_with(text, parameters, &QueryOptions::default())
    }

    /// Runs a query within these limits.
    pub fn query_with(&self, text: &str, parameters: &Parameters, options: &QueryOptions) -> Result<Rows, QueryError> {
        hopgraph_query::query(&self.engine, text, parameters, options)
    }

    /// Prepares a query that is to be run many times: it is parsed and planned once, and run by [`Graph::run`].
    pub fn prepare(&self, text: &str) -> Result<Prepared, QueryError> {
        Prepared::new(&self.engine, text)
    }

    /// Runs a query that was prepared for this graph, within the default limits.
    pub fn run(&self, prepared: &Prepared, parameters: &Parameters) -> Result<Rows, QueryError> {
        self.run_with(prepared, parameters, &QueryOptions::default())
    }

    /// Runs a query that was prepared for this graph, within these limits.
    pub fn run_with(
        &self,
        prepared: &Prepared,
        parameters: &Parameters,
        options: &QueryOptions,
    ) -> Result<Rows, QueryError> {
        prepared.run(&self.engine, parameters, options)
    }

    /// The graph as it is now, for any number of queries and for reading node by node. Later commits do not show in it.
    pub fn read(&self) -> Result<ReadTransaction, StorageError> {
        Ok(ReadTransaction::new(self.engine.read()?))
    }

    /// Several statements, and edits node by node, that become true together once they are committed; waits for the
    /// transaction that is open, if one is.
    ///
    /// # Errors
    /// See [`hopgraph_engine::Graph::write`].
    pub fn write(&self) -> Result<WriteTransaction, StorageError> {
        Ok(WriteTransaction::new(self.engine.write()?))
    }

    /// The same, and waits no longer than this.
    ///
    /// # Errors
    /// [`StorageError::WriterBusy`] if that was not enough, and those of [`Graph::write`].
    pub fn try_write(&self, timeout: Duration) -> Result<WriteTransaction, StorageError> {
        Ok(WriteTransaction::new(self.engine.try_write(timeout)?))
    }

    /// The same, within the limits of a query: its time limit and its flag to stop cover the wait.
    ///
    /// # Errors
    /// See [`hopgraph_engine::Graph::write_within`].
    pub fn write_with(&self, options: &QueryOptions) -> Result<WriteTransaction, StorageError> {
        Ok(WriteTransaction::new(self.engine.write_within(&options.budget())?))
    }

    /// Begins a load of many plain facts that do not come from files; waits for the change that is open, if one is.
    pub fn bulk_load(&self, run: &Run) -> Result<BulkLoad, StorageError> {
        self.engine.bulk_load(run)
    }

    /// Loads tables of nodes and edges; see [`hopgraph_tabular::load`].
    pub fn load(
        &self,
        options: &LoadOptions,
        observer: &mut dyn FnMut(&hopgraph_tabular::Progress<'_>) -> ControlFlow<()>,
    ) -> Result<LoadSummary, LoadError> {
        hopgraph_tabular::load(&self.engine, options, observer)
    }

    /// Loads Arrow record batches of nodes and edges; see [`hopgraph_tabular::load_batches`].
    pub fn load_batches<'b>(
        &self,
        source: &str,
        nodes: impl IntoIterator<Item = RecordBatch, IntoIter: Send + 'b>,
        edges: impl IntoIterator<Item = RecordBatch, IntoIter: Send + 'b>,
        options: &LoadOptions,
        observer: &mut dyn FnMut(&hopgraph_tabular::Progress<'_>) -> ControlFlow<()>,
    ) -> Result<LoadSummary, LoadError> {
        hopgraph_tabular::load_batches(&self.engine, source, nodes, edges, options, observer)
    }

    /// Reads literature into the graph with a language model; see [`hopgraph_literature::ingest`].
    pub fn ingest(
        &self,
        corpus: Corpus<'_>,
        classifier: &dyn Classifier,
        options: &IngestOptions,
        observer: &mut dyn FnMut(&hopgraph_literature::Progress) -> ControlFlow<()>,
    ) -> Result<IngestSummary, IngestError> {
        hopgraph_literature::ingest(&self.engine, corpus, classifier, options, observer)
    }

    /// Takes slices that were read into the graph; see [`hopgraph_literature::collect`].
    pub fn collect(
        &self,
        folders: &[PathBuf],
        options: &CollectOptions,
        observer: &mut dyn FnMut(&CollectSummary) -> ControlFlow<()>,
    ) -> Result<CollectSummary, PlanError> {
        hopgraph_literature::collect(&self.engine, folders, options, observer)
    }

    /// Whether it was opened for writing.
    pub fn is_writable(&self) -> bool {
        self.engine.is_writable()
    }

    /// Mends the graph in this directory, which nobody may have open; see [`hopgraph_engine::Graph::repair`].
    pub fn repair(path: impl AsRef<Path>) -> Result<RepairReport, StorageError> {
        hopgraph_engine::Graph::repair(path)
    }

    /// Moves a graph that is open for reading only on to the newest state; false if there is nothing new.
    pub fn catch_up(&self) -> Result<bool, StorageError> {
        self.engine.catch_up()
    }

    /// Takes back documents by their identifiers, all in one change; see [`hopgraph_engine::Change::retract_document`].
    ///
    /// # Errors
    /// [`StorageError::NoSuchDocument`] for an identifier that the graph does not have; then nothing is taken back.
    pub fn retract_documents<S: AsRef<str>>(&self, identifiers: &[S]) -> Result<Retraction, StorageError> {
        let mut change = self.engine.write()?;
        let done = change.retract_documents(identifiers)?;
        change.commit()?;
        Ok(done)
    }

    /// Takes back a run; see [`hopgraph_engine::Graph::retract_run`], and [`hopgraph_engine::Snapshot::run_named`] for its number.
    pub fn retract_run(&self, run: RunId) -> Result<Retraction, StorageError> {
        self.engine.retract_run(run)
    }

    /// Writes the graph out for other programs; see [`hopgraph_tabular::export`].
    pub fn export(
        &self,
        format: ExportFormat,
        destination: Destination<'_>,
        evidence: bool,
        observer: &mut dyn FnMut(&ExportSummary) -> ControlFlow<()>,
    ) -> Result<ExportSummary, ExportError> {
        hopgraph_tabular::export(&self.engine.read()?, format, destination, evidence, observer)
    }

    /// Verifies every invariant of the store.
    pub fn check(&self) -> Result<CheckReport, StorageError> {
        self.engine.check()
    }

    /// The engine's own graph, for what has no name here.
    pub fn engine(&self) -> &hopgraph_engine::Graph {
        &self.engine
    }
}

impl From<hopgraph_engine::Graph> for Graph {
    fn from(engine: hopgraph_engine::Graph) -> Self {
        Self { engine }
    }
}
