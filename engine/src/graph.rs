//! The graph: opened once, read through snapshots, written through changes.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::admin::check;
use crate::storage::counter::{self, Counters};
use crate::storage::store::Store;
use crate::storage::{directory, lookup, migrate};
use crate::write::core::Core;
use crate::write::retract;
use crate::{
    Budget, BulkLoad, BulkOptions, Change, CheckReport, Interruption, RepairReport, Retraction, Run, RunId, Snapshot,
    StorageError,
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

/// A graph in a directory: any number of [`Snapshot`]s, one [`Change`] at a time.
///
/// A handle: a clone is the same graph. It is closed once all handles, snapshots and changes of it are gone, so that none
/// of them has to be borrowed.
#[derive(Clone, Debug)]
pub struct Graph {
    core: Arc<Core>,
}

impl Graph {
    /// Opens the graph in this directory; a missing or empty directory becomes a new graph.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("first.hopgraph");
    /// let graph = hopgraph_engine::Graph::open(&path)?;
    /// let mut change = graph.write()?;
    /// let gene = change.label("gene")?;
    /// let node = hopgraph_engine::Node { labels: vec![gene], name: "BRCA1".to_owned(), ..Default::default() };
    /// let brca1 = change.add_node(node)?;
    /// change.commit()?;
    ///
    /// use hopgraph_engine::View;
    /// assert_eq!(graph.read()?.nodes_by_name("brca1")?, [brca1]);
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
        let catalog = lookup::catalog(&snapshot)?;
        let counters = Counters::read(&snapshot)?;
        drop(snapshot);
        let graph = Self { core: Arc::new(Core::new(store, catalog, counters, temporary)) };
        match options.access {
            Access::ReadWrite => graph.finish_retraction()?,
            Access::ReadOnly => counter::check_no_retraction(&graph.core.store.snapshot(), path)?,
        }
        Ok(graph)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.core.store.path()
    }

    /// The graph as it is now, for reading. Later commits do not show in it; nor do those that have not returned, since
    /// under [`Durability::Synced`] they may still be on their way to the disk.
    pub fn read(&self) -> Result<Snapshot, StorageError> {
        self.read_within(&Budget::unlimited())
    }

    /// The same, and waits no longer than the budget lets it, while a load or a large retraction is being taken in.
    pub fn read_within(&self, budget: &Budget) -> Result<Snapshot, StorageError> {
        let (store, catalog) = self.core.shared.moment(budget, || {
            let store = self.core.store.shown();
            if !self.is_writable() {
                counter::check_no_retraction(&store, self.path())?;
            }
            Ok(store)
        })?;
        self.core.snapshot(store, catalog)
    }

    /// Another name of [`Graph::read`].
    pub fn snapshot(&self) -> Result<Snapshot, StorageError> {
        self.read()
    }

    /// Whether it was opened for writing.
    pub fn is_writable(&self) -> bool {
        self.core.store.is_writable()
    }

    /// Moves a graph that is open for reading only on to what the process that writes it has written by now; false if
    /// there is nothing new. Snapshots taken before stay as they are. A graph open for writing is always up to date.
    pub fn catch_up(&self) -> Result<bool, StorageError> {
        self.core.store.catch_up(|newest| {
            self.core.shared.set_catalog(Arc::new(lookup::catalog(newest)?));
            Ok(())
        })
    }

    /// A batch of edits, which shows once it is committed; waits for the change that is open, if one is.
    ///
    /// # Errors
    /// [`StorageError::ReadOnly`]; [`StorageError::WritesRefused`]; [`StorageError::WriteOpenInThread`] if this thread has
    /// the other change itself, and would wait for ever.
    pub fn write(&self) -> Result<Change, StorageError> {
        self.write_within(&Budget::unlimited())
    }

    /// The same, and waits no longer than the budget lets it.
    ///
    /// # Errors
    /// [`StorageError::Interrupted`] if the budget ends the wait, and those of [`Graph::write`].
    pub fn write_within(&self, budget: &Budget) -> Result<Change, StorageError> {
        if !self.is_writable() {
            return Err(StorageError::ReadOnly { path: self.path().to_owned() });
        }
        let lease = Core::lease(&self.core, budget)?;
        self.core.check_taken(&lease)?;
        Change::new(lease)
    }

    /// A batch of edits; waits for the change that is open, if one is, but not longer than this.
    ///
    /// # Errors
    /// [`StorageError::WriterBusy`] if that was not enough, and those of [`Graph::write`].
    pub fn try_write(&self, timeout: Duration) -> Result<Change, StorageError> {
        let budget = Budget::unlimited().with_time_limit(timeout);
        self.write_within(&budget).map_err(|error| match error {
            StorageError::Interrupted(Interruption::TimedOut { limit_ms }) => {
                StorageError::WriterBusy { waited_ms: limit_ms }
            }
            other => other,
        })
    }

    /// Another name of [`Graph::write`].
    pub fn change(&self) -> Result<Change, StorageError> {
        self.write()
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
    pub fn bulk_load(&self, run: &Run) -> Result<BulkLoad, StorageError> {
        self.bulk_load_with(run, BulkOptions::default())
    }

    /// Begins a load with these options.
    pub fn bulk_load_with(&self, run: &Run, options: BulkOptions) -> Result<BulkLoad, StorageError> {
        BulkLoad::begin(self.write()?, run, options)
    }

    /// Brings everything committed so far to the disk, as sorted files: from then on, commits that were only
    /// [`Durability::Buffered`] survive a loss of power too. Waits for the change that is open, if one is.
    pub fn flush(&self) -> Result<(), StorageError> {
        let mut lease = Core::lease(&self.core, &Budget::unlimited())?;
        let result = self.core.store.flush();
        if let Err(error) = &result {
            lease.refused = Some(error.to_string());
        }
        result
    }

    /// Takes out a run: all evidence and facts that it stated, the edges for which nothing speaks any more, and the
    /// documents that no other run has read, each as [`Change::retract_document`] does. Afterwards the graph is as if the
    /// run had never been. Nodes that a load of tables brought stay: nothing says that they came with it.
    ///
    /// Others see all of it or nothing, however large the run: a large one is written in pieces, during which new
    /// snapshots wait; if the process dies meanwhile, the next one to open the graph finishes it first.
    pub fn retract_run(&self, run: RunId) -> Result<Retraction, StorageError> {
        self.retract_run_within(run, &Budget::unlimited())
    }

    #[cfg(test)]
    pub(crate) fn retract_run_in_pieces(&self, run: RunId, edits_max: usize) -> Result<Retraction, StorageError> {
        retract::retract_run(self.write()?, run, edits_max)
    }

    /// The same, and waits for other writers no longer than the budget lets it.
    pub fn retract_run_within(&self, run: RunId, budget: &Budget) -> Result<Retraction, StorageError> {
        retract::retract_run(self.write_within(budget)?, run, retract::PIECE_EDITS_MAX)
    }

    /// Finishes a retraction that another process began.
    fn finish_retraction(&self) -> Result<(), StorageError> {
        match counter::retracting(&self.core.store.snapshot())? {
            Some(run) => self.retract_run(run).map(|_| ()),
            None => Ok(()),
        }
    }

    /// Verifies every invariant of the store; see `engine/FORMAT.md`.
    pub fn check(&self) -> Result<CheckReport, StorageError> {
        check::check(&self.core.store.shown())
    }

    /// Mends the graph in this directory, which nobody may have open: indexes are rebuilt from nodes and documents, adjacency
    /// from facts and evidence, counters from the ids in use. Of a damaged write-ahead log, what stands before the damage
    /// is taken, and the log is kept aside. Records that nothing else tells of are never touched; what is wrong with them
    /// is in the report. Stopped at any moment, it can be run again. Holds the largest index in memory.
    pub fn repair(path: impl AsRef<Path>) -> Result<RepairReport, StorageError> {
        check::repair(path.as_ref())
    }

    /// What its handles share.
    pub(crate) fn core(&self) -> &Core {
        &self.core
    }

    #[cfg(test)]
    pub(crate) fn lease(&self) -> crate::write::core::Lease {
        Core::lease(&self.core, &Budget::unlimited()).unwrap()
    }

    /// As if this many nodes and sentences had been handed out before.
    #[cfg(test)]
    pub(crate) fn use_up_ids(&self, count: u64) {
        let mut writer = self.lease();
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
        self.lease().fail_after = Some(writes);
    }
}
