//! The graph: opened once, read through snapshots, written through changes.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::shared::{Shared, Written};
use crate::storage::directory;
use crate::storage::group_sync::Ticket;
use crate::storage::staging::Staging;
use crate::storage::store::{Batch, Store};
use crate::{
    BulkLoad, BulkOptions, Catalog, Change, CheckReport, RepairReport, Run, Snapshot, StorageError, check, migrate,
    read, retract,
};

/// When a commit counts as done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// Once it is on the disk: it survives a loss of power.
    #[default]
    Synced,
    /// Once the operating system has it: it survives a crash of the process, not of the machine.
    Buffered,
}

/// What a graph is opened for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Access {
    /// To read and to write it. One process at a time can.
    #[default]
    ReadWrite,
    /// To read it, whether or not another process writes it meanwhile. Nothing on the disk is touched. What is seen is
    /// one moment of the graph, until [`Graph::catch_up`] moves on to the newest one.
    ReadOnly,
}

/// How to open a graph.
#[derive(Clone, Debug, Default)]
pub struct GraphOptions {
    /// What for.
    pub access: Access,
    /// When a commit counts as done.
    pub durability: Durability,
    /// Fail with [`StorageError::Missing`] instead of making a new graph.
    pub must_exist: bool,
}

/// A graph in a directory. Shared by reference between threads: any number of [`Snapshot`]s, one [`Change`] at a time.
#[derive(Debug)]
pub struct Graph {
    store: Store,
    shared: Shared,
    writer: Mutex<Writer>,
    /// Deleted after the store is closed: fields are dropped in order.
    _temporary: Option<tempfile::TempDir>,
}

/// What the one writer must know: the next ids, and whether an earlier write failed.
#[derive(Debug)]
pub(crate) struct Writer {
    pub(crate) counters: Counters,
    refused: Option<String>,
    /// How many writes go well before one fails.
    #[cfg(test)]
    pub(crate) fail_after: Option<usize>,
}

/// The counters of the `default` family.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counters {
    pub(crate) nodes: u64,
    pub(crate) documents: u64,
    pub(crate) sentences: u64,
    pub(crate) runs: u64,
    pub(crate) edge_generation: u64,
}

/// Name of the counter that grows with every commit that changes an edge.
pub(crate) const EDGE_GENERATION: &str = "generation.edges";

/// Name of the counter that is above every node.
pub(crate) const NEXT_NODE: &str = "next.node";

impl Counters {
    /// Each counter with its name on disk.
    pub(crate) fn named(&mut self) -> [(&'static str, &mut u64); 5] {
        [
            (NEXT_NODE, &mut self.nodes),
            ("next.document", &mut self.documents),
            ("next.sentence", &mut self.sentences),
            ("next.run", &mut self.runs),
            (EDGE_GENERATION, &mut self.edge_generation),
        ]
    }
}

impl Graph {
    /// Opens the graph in this directory; a missing or empty directory becomes a new graph.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("first.hopgraph");
    /// let graph = hopgraph_engine::Graph::open(&path)?;
    /// let mut change = graph.change()?;
    /// let gene = change.label("gene")?;
    /// let node = hopgraph_engine::Node { labels: vec![gene], name: "BRCA1".to_owned(), ..Default::default() };
    /// let brca1 = change.add_node(node)?;
    /// change.commit()?;
    ///
    /// use hopgraph_engine::View;
    /// assert_eq!(graph.snapshot()?.nodes_by_name("brca1")?, [brca1]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StorageError> {
        Self::open_with(path, &GraphOptions::default())
    }

    /// Opens with these options.
    pub fn open_with(path: impl AsRef<Path>, options: &GraphOptions) -> Result<Self, StorageError> {
        Self::open_directory(path.as_ref(), options, None)
    }

    /// A graph that is deleted when it is dropped.
    pub fn temporary() -> Result<Self, StorageError> {
        let folder = tempfile::tempdir().map_err(|source| StorageError::File { path: std::env::temp_dir(), source })?;
        let path = folder.path().join("graph");
        let options = GraphOptions { durability: Durability::Buffered, ..GraphOptions::default() };
        Self::open_directory(&path, &options, Some(folder))
    }

    fn open_directory(
        path: &Path,
        options: &GraphOptions,
        temporary: Option<tempfile::TempDir>,
    ) -> Result<Self, StorageError> {
        let store = match options.access {
            Access::ReadWrite => {
                let version = directory::prepare(path, options.must_exist)?;
                let mut store = Store::open(path)?;
                directory::note_writer(path);
                if version < directory::FORMAT_VERSION {
                    migrate::migrate(&store, version)?;
                    directory::write_version(path)?;
                }
                if options.durability == Durability::Synced {
                    store.sync_commits();
                }
                store
            }
            Access::ReadOnly => {
                let found = directory::prepare(path, true)?;
                if found < directory::FORMAT_VERSION {
                    return Err(StorageError::OlderFormat { path: path.to_owned(), found });
                }
                Store::follow(path)?
            }
        };
        let snapshot = store.snapshot();
        let catalog = read::catalog(&snapshot)?;
        let mut counters = Counters::default();
        for (name, counter) in counters.named() {
            *counter = read::counter(&snapshot, name)?;
        }
        drop(snapshot);
        let graph = Self {
            store,
            shared: Shared::new(catalog),
            writer: Mutex::new(Writer {
                counters,
                refused: None,
                #[cfg(test)]
                fail_after: None,
            }),
            _temporary: temporary,
        };
        match options.access {
            Access::ReadWrite => graph.finish_retraction()?,
            Access::ReadOnly => retract::check_finished(&graph.store.snapshot(), path)?,
        }
        Ok(graph)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.store.path()
    }

    /// The graph as it is now, for reading. Later commits do not show in it; nor do those that have not returned, since
    /// under [`Durability::Synced`] they may still be on their way to the disk.
    pub fn snapshot(&self) -> Result<Snapshot<'_>, StorageError> {
        let (store, catalog) = self.shared.moment(|| {
            let store = self.store.shown();
            if !self.is_writable() {
                retract::check_finished(&store, self.path())?;
            }
            Ok(store)
        })?;
        Snapshot::new(store, catalog, &self.shared)
    }

    /// Whether it was opened for writing.
    pub fn is_writable(&self) -> bool {
        self.store.is_writable()
    }

    /// Moves a graph that is open for reading only on to what the process that writes it has written by now; false if
    /// there is nothing new. Snapshots taken before stay as they are. A graph open for writing is always up to date.
    pub fn catch_up(&self) -> Result<bool, StorageError> {
        self.store.catch_up(|newest| {
            self.shared.set_catalog(Arc::new(read::catalog(newest)?));
            Ok(())
        })
    }

    /// A batch of edits; waits for the change that is open, if one is.
    pub fn change(&self) -> Result<Change<'_>, StorageError> {
        if !self.is_writable() {
            return Err(StorageError::ReadOnly { path: self.path().to_owned() });
        }
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        self.check_taken(&writer)?;
        Ok(Change::new(self, writer))
    }

    /// Fails if writes are refused because an earlier one failed.
    fn check_taken(&self, writer: &Writer) -> Result<(), StorageError> {
        let unsynced = || self.store.sync_failure().map(|error| error.to_string());
        match writer.refused.clone().or_else(unsynced) {
            Some(cause) => Err(StorageError::WritesRefused { cause }),
            None => Ok(()),
        }
    }

    /// Begins a load of many plain facts under this run; waits for the change that is open, if one is.
    ///
    /// ```
    /// use hopgraph_engine::{BulkNode, Graph, NodeId, Polarity, RelationType, Run, RunKind};
    ///
    /// let graph = Graph::temporary()?;
    /// let kind = RunKind::Load { source: "a simulation".to_owned() };
    /// let mut load = graph.bulk_load(&Run { kind, started: String::new(), program: "mine 1.0".to_owned() })?;
    /// let ids = (0..1_000)
    ///     .map(|number| load.add_node(&BulkNode { identifier: &format!("n{number}"), ..BulkNode::default() }))
    ///     .collect::<Result<Vec<NodeId>, _>>()?;
    /// let name = "next".to_owned();
    /// let next = load.relation_type(&RelationType { name, polarity: Polarity::Asserted, symmetric: false })?;
    /// load.add_edges(next, ids.windows(2).map(|pair| (pair[0], pair[1])))?;
    /// assert_eq!(load.finish()?.edges, 999);
    /// # Ok::<(), hopgraph_engine::StorageError>(())
    /// ```
    pub fn bulk_load(&self, run: &Run) -> Result<BulkLoad<'_>, StorageError> {
        self.bulk_load_with(run, BulkOptions::default())
    }

    /// Begins a load with these options.
    pub fn bulk_load_with(&self, run: &Run, options: BulkOptions) -> Result<BulkLoad<'_>, StorageError> {
        BulkLoad::begin(self.change()?, run, options)
    }

    /// Brings everything committed so far to the disk, as sorted files: from then on, commits that were only
    /// [`Durability::Buffered`] survive a loss of power too. Waits for the change that is open, if one is.
    pub fn flush(&self) -> Result<(), StorageError> {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let result = self.store.flush();
        if let Err(error) = &result {
            writer.refused = Some(error.to_string());
        }
        result
    }

    /// Verifies every invariant of the store; see `engine/FORMAT.md`.
    pub fn check(&self) -> Result<CheckReport, StorageError> {
        check::check(&self.store.shown())
    }

    /// Mends the graph in this directory, which nobody may have open: indexes are rebuilt from nodes and documents, adjacency
    /// from facts and evidence, counters from the ids in use. Of a damaged write-ahead log, what stands before the damage
    /// is taken, and the log is kept aside. Records that nothing else tells of are never touched; what is wrong with them
    /// is in the report. Stopped at any moment, it can be run again. Holds the largest index in memory.
    pub fn repair(path: impl AsRef<Path>) -> Result<RepairReport, StorageError> {
        check::repair(path.as_ref())
    }

    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.shared
    }

    pub(crate) fn catalog(&self) -> Arc<Catalog> {
        self.shared.catalog()
    }

    /// Writes a batch under the writer's lock, to be waited for; `written` are its edges, where they are known. After a
    /// failure the state on disk is uncertain, so all further writes are refused.
    pub(crate) fn write(
        &self,
        writer: &mut MutexGuard<'_, Writer>,
        batch: Batch<'_>,
        catalog: &Arc<Catalog>,
        written: Option<Written>,
    ) -> Result<Ticket, StorageError> {
        self.check_taken(writer)?;
        let write = || Self::fail_if_asked(writer).and_then(|()| self.store.commit(batch));
        let result = self.shared.show(catalog, written, write);
        if let Err(error) = &result {
            writer.refused = Some(error.to_string());
        }
        result
    }

    /// Takes in what a bulk load has made ready, under the writer's lock. If it fails, the next open finishes it.
    pub(crate) fn publish(
        &self,
        writer: &mut MutexGuard<'_, Writer>,
        staging: Staging,
        catalog: &Arc<Catalog>,
    ) -> Result<(), StorageError> {
        let result = self.shared.show_in_parts(catalog, || {
            // The load stands on the commits before it, which may be on their way to the disk; it must not come there first.
            let sealed = self.store.sync().and_then(|()| staging.seal()).and_then(|()| Self::fail_if_asked(writer));
            let published = sealed.and_then(|()| staging.publish(&self.store));
            published.and_then(|()| self.store.wait_for_disk(self.store.note_written()))
        });
        if let Err(error) = &result {
            writer.refused = Some(error.to_string());
        }
        result
    }

    #[cfg(not(test))]
    fn fail_if_asked(_: &mut MutexGuard<'_, Writer>) -> Result<(), StorageError> {
        Ok(())
    }

    #[cfg(test)]
    fn fail_if_asked(writer: &mut MutexGuard<'_, Writer>) -> Result<(), StorageError> {
        let fails = writer.fail_after == Some(0);
        writer.fail_after = writer.fail_after.and_then(|left| left.checked_sub(1));
        if fails {
            return Err(StorageError::Failed { action: "writing", cause: "no space left on device".to_owned() });
        }
        Ok(())
    }

    /// As if this many nodes and sentences had been handed out before.
    #[cfg(test)]
    pub(crate) fn use_up_ids(&self, count: u64) {
        let mut writer = self.writer.lock().unwrap();
        writer.counters.nodes = count;
        writer.counters.sentences = count;
    }

    #[cfg(test)]
    pub(crate) fn fail_next_write(&self) {
        self.fail_after(0);
    }

    /// Lets this many writes go well and the next one fail.
    #[cfg(test)]
    pub(crate) fn fail_after(&self, writes: usize) {
        self.writer.lock().unwrap().fail_after = Some(writes);
    }
}

impl Drop for Graph {
    fn drop(&mut self) {
        if self.is_writable() {
            directory::forget_writer(self.store.path());
        }
    }
}
