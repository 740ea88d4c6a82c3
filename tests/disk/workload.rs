//! What the process does whose disk fails: commits, each noted once it is acknowledged.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use hopgraph::engine::{Durability, Graph, GraphOptions, StorageError, View};

use super::loads;
use super::together::{commit_together, commit_together_until_it_fails};
use crate::commits::{COMMITS, commit};
use crate::dump::dump;

/// Names the workload in the environment of its process.
pub(super) const NAME: &str = "HOPGRAPH_TEST_WORKLOAD";

/// Names the folder that its files are in.
pub(super) const ROOT: &str = "HOPGRAPH_TEST_ROOT";

/// After how many commits each the graph is flushed, and closed and opened again.
const FLUSH_EVERY: usize = 9;
const REOPEN_EVERY: usize = 13;

/// Where the graph is.
pub(super) fn graph_path(root: &Path) -> PathBuf {
    root.join("graph")
}

/// Where the process notes what was acknowledged: a line for each commit, and one for each flush.
pub(super) fn acknowledgements_path(root: &Path) -> PathBuf {
    root.join("acknowledged")
}

/// Where a process whose disk fails says what it saw: beside its folder, on a disk that does not fail.
pub(super) fn outcome_path(root: &Path) -> PathBuf {
    root.with_extension("outcome")
}

/// Not a test by itself: the process that the tests start begins here.
#[test]
fn runs_in_a_process_of_its_own() {
    let (Some(name), Some(root)) = (std::env::var_os(NAME), std::env::var_os(ROOT)) else { return };
    let root = PathBuf::from(root);
    match name.to_str().unwrap() {
        "synced" => commit_all(&root, Durability::Synced),
        "buffered" => commit_all(&root, Durability::Buffered),
        "loads" => load_all(&root),
        "together" => commit_together(&root),
        "unsynced" => {
            let outcome = commit_together_until_it_fails(&root);
            std::fs::write(outcome_path(&root), outcome).unwrap();
        }
        "full" => {
            let outcome = commit_until_it_fails(&root);
            std::fs::write(outcome_path(&root), outcome).unwrap();
        }
        "read" => {
            let outcome = read(&root).unwrap_or_else(|error| format!("failed: {error:?}"));
            std::fs::write(outcome_path(&root), outcome).unwrap();
        }
        other => panic!("there is no workload {other}"),
    }
}

fn commit_all(root: &Path, durability: Durability) {
    let options = GraphOptions { durability, ..GraphOptions::default() };
    let mut acknowledged = File::create(acknowledgements_path(root)).unwrap();
    let mut graph = Graph::open_with(graph_path(root), &options).unwrap();
    for number in 0..COMMITS {
        commit(&graph, number).unwrap();
        acknowledged.write_all(b"commit\n").unwrap();
        if number % FLUSH_EVERY == FLUSH_EVERY - 1 {
            graph.flush().unwrap();
            acknowledged.write_all(b"flush\n").unwrap();
        }
        if number % REOPEN_EVERY == REOPEN_EVERY - 1 {
            drop(graph);
            graph = Graph::open_with(graph_path(root), &options).unwrap();
        }
    }
}

fn load_all(root: &Path) {
    let mut acknowledged = File::create(acknowledgements_path(root)).unwrap();
    let graph = Graph::open(graph_path(root)).unwrap();
    for number in 0..loads::STEPS {
        loads::step(&graph, number).unwrap();
        acknowledged.write_all(b"step\n").unwrap();
    }
}

/// Commits until there is no room. Says how many commits were acknowledged, what failed, and what further work says.
fn commit_until_it_fails(root: &Path) -> String {
    let graph = match Graph::open(graph_path(root)) {
        Ok(graph) => graph,
        Err(error) => return format!("0 acknowledged, opening failed: {error:?}"),
    };
    for number in 0..COMMITS {
        if let Err(error) = commit(&graph, number) {
            return format!("{number} acknowledged, a commit failed: {error:?}{}", afterwards(&graph));
        }
        let flushed = if number % FLUSH_EVERY == FLUSH_EVERY - 1 { graph.flush() } else { Ok(()) };
        if let Err(error) = flushed {
            return format!("{} acknowledged, a flush failed: {error:?}{}", number + 1, afterwards(&graph));
        }
    }
    format!("{COMMITS} acknowledged")
}

/// What the graph says to a further commit and to a reader after a failure.
fn afterwards(graph: &Graph) -> String {
    let next = graph.change().map(drop);
    let nodes = graph.snapshot().and_then(|snapshot| snapshot.nodes()).map(|nodes| nodes.len());
    format!("; then {next:?}; {nodes:?} nodes to be read")
}

fn read(root: &Path) -> Result<String, StorageError> {
    let graph = Graph::open(graph_path(root))?;
    let report = graph.check()?;
    if let Some(problem) = report.problems.first() {
        return Ok(format!("problem: {problem}\n"));
    }
    drop(report);
    Ok(dump(&graph))
}
