//! A disk that is full, one that takes no sync, and one that cannot be read: a typed error, no further writes, and nothing acknowledged is lost.

use std::path::Path;

use hopgraph::engine::{Graph, View};

use super::together::THREADS;
use super::workload::{graph_path, outcome_path};
use super::{recorder, run_workload};
use crate::commits::{COMMITS, expected_dumps};
use crate::dump::dump;
use crate::random::{Random, scratch, setting};

/// Failures of each kind in an everyday run. `HOPGRAPH_DISK_FAILURES` asks for another number.
const FAILURES: u64 = 12;

/// Runs a workload whose disk fails after so many calls, and gives what it says.
fn outcome(workload: &str, root: &Path, setting: &str, after: usize) -> String {
    let output = run_workload(workload, root, &[(setting, &after.to_string())]);
    let text = std::fs::read_to_string(outcome_path(root));
    text.unwrap_or_else(|_| panic!("{setting}={after}: {}", String::from_utf8_lossy(&output.stdout)))
}

/// Counts at which the disk fails: the first ones, and some further on.
fn counts(random: &mut Random, most: usize) -> Vec<usize> {
    let failures = setting("HOPGRAPH_DISK_FAILURES", FAILURES) as usize;
    (0..failures / 3).chain((failures / 3..failures).map(|_| random.below(most))).collect()
}

#[test]
fn on_a_full_disk_a_commit_fails_whole_and_what_was_acknowledged_stays() {
    let seed = setting("HOPGRAPH_SEED", u64::from(std::process::id()));
    let dumps = expected_dumps();
    let mut failed = 0;
    for after in counts(&mut Random(seed), 300) {
        let folder = scratch();
        let root = folder.path().join("root");
        std::fs::create_dir(&root).unwrap();
        let said = outcome("full", &root, "RECORDER_FULL_AFTER", after);
        let what = format!("HOPGRAPH_SEED={seed}, disk full after {after} writes: {said}");
        let acknowledged: usize = said.split_once(' ').unwrap().0.parse().unwrap();
        if said.contains("failed") {
            failed += 1;
            let typed = ["failed: DiskFull", "failed: File"].iter().any(|kind| said.contains(kind));
            assert!(typed && said.to_lowercase().contains("no space left"), "{what}");
        }
        if said.contains("commit failed") || said.contains("flush failed") {
            assert!(said.contains("; then Err(WritesRefused"), "{what}");
            assert!(said.contains("; Ok("), "{what}");
        }
        let graph = Graph::open(graph_path(&root)).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(graph.check().unwrap().problems, Vec::<String>::new(), "{what}");
        let held = dump(&graph);
        let commits = dumps.iter().position(|expected| *expected == held).unwrap_or_else(|| panic!("{what}"));
        assert!((acknowledged..=acknowledged + 1).contains(&commits), "{what}: {commits} commits are there");
    }
    assert!(failed > 3, "{failed} failures came to anything");
}

#[test]
fn a_failed_sync_is_told_to_all_who_wait_and_only_what_is_synced_is_shown() {
    let seed = setting("HOPGRAPH_SEED", u64::from(std::process::id()));
    let mut failed = 0;
    // Opening takes some thirty syncs: at least one for each column family.
    for after in counts(&mut Random(seed), 60).into_iter().chain((40..64).step_by(4)) {
        let folder = scratch();
        let root = folder.path().join("root");
        std::fs::create_dir(&root).unwrap();
        let said = outcome("unsynced", &root, "RECORDER_UNSYNCED_AFTER", after);
        let what = format!("HOPGRAPH_SEED={seed}, no sync after {after}: {said}");
        let acknowledged: u64 = said.split_once(' ').unwrap().0.parse().unwrap();
        if said.contains("opening failed") {
            continue;
        }
        failed += 1;
        assert!(said.contains("; then Err(WritesRefused"), "{what}");
        assert!(said.contains(&format!("Ok({acknowledged}) nodes shown")), "{what}");
        let told = said.split_once("told ").unwrap().1;
        let errors = ["Failed {", "WritesRefused {"].map(|kind| told.matches(kind).count());
        assert!(errors[0] > 0 && errors.iter().sum::<usize>() == THREADS, "{what}");
        let graph = Graph::open(graph_path(&root)).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(graph.check().unwrap().problems, Vec::<String>::new(), "{what}");
        let nodes = graph.snapshot().unwrap().nodes().unwrap().len();
        assert!((acknowledged..=acknowledged + THREADS as u64).contains(&nodes), "{what}: {nodes} nodes are there");
    }
    assert!(failed > 3, "{failed} failures came to anything");
}

#[test]
fn on_a_disk_that_cannot_be_read_nothing_is_answered_over() {
    let seed = setting("HOPGRAPH_SEED", u64::from(std::process::id()));
    let folder = scratch();
    let original = folder.path().join("original");
    std::fs::create_dir(&original).unwrap();
    assert!(run_workload("synced", &original, &[]).status.success());
    let expected = expected_dumps().swap_remove(COMMITS);
    let (mut failed, mut answered) = (0, 0);
    for after in counts(&mut Random(seed), 400) {
        let root = folder.path().join("root");
        crate::format::copy(&original, &root);
        let said = outcome("read", &root, "RECORDER_DEAD_AFTER", after);
        let what = format!("HOPGRAPH_SEED={seed}, disk dead after {after} reads");
        if said.starts_with("failed") {
            assert!(["Failed {", "File {", "Damaged {"].iter().any(|kind| said.contains(kind)), "{what}: {said}");
            failed += 1;
        } else {
            assert!(said == expected, "{what}: read\n{said}");
            answered += 1;
        }
        std::fs::remove_dir_all(&root).unwrap();
    }
    assert!(failed > 0, "{answered} runs did not notice");
}

#[test]
fn a_graph_that_cannot_be_written_can_be_read() {
    for (setting, value, reason) in
        [("RECORDER_DENIED", "1", "cannot be written; read"), ("RECORDER_FULL_AFTER", "0", "is full; read")]
    {
        let folder = scratch();
        let root = folder.path().join("root");
        std::fs::create_dir(&root).unwrap();
        let path = graph_path(&root);
        let graph = hopgraph::Graph::open(&path).unwrap();
        graph.query("UNWIND range(1, 7) AS k CREATE (:gene {k: k})", &hopgraph::params! {}).unwrap();
        drop(graph);
        let query = |text: &str| {
            let mut command = std::process::Command::new(crate::program::hopgraph());
            command.arg("query").arg(&path).args([text, "--format", "csv"]);
            command.env("LD_PRELOAD", recorder()).env("RECORDER_ROOT", &root).env(setting, value);
            command.output().unwrap()
        };
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let read = query("MATCH (g:gene) RETURN count(g) AS genes");
        assert_eq!(
            (text(&read.stdout).as_str(), read.status.code()),
            ("genes\n7\n", Some(0)),
            "{}",
            text(&read.stderr)
        );
        assert!(text(&read.stderr).contains(reason), "{setting}: {}", text(&read.stderr));
        let written = query("CREATE (:gene)");
        assert!(
            !written.status.success() && text(&written.stderr).contains("--read-only"),
            "{}",
            text(&written.stderr)
        );
    }
}
