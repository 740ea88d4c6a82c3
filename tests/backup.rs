//! Backups while a writer writes, from its own process and from another; restored, they are a number of whole commits.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use hopgraph::engine::{Backups, Graph, StorageError};

use crate::commits::{COMMITS, commit, expected_dumps};
use crate::dump::dump;
use crate::random::scratch;

/// How many whole commits a restored graph holds.
fn commits_in(path: &Path, dumps: &[String]) -> usize {
    let graph = Graph::open(path).unwrap();
    assert_eq!(graph.check().unwrap().problems, Vec::<String>::new());
    let held = dump(&graph);
    dumps.iter().position(|expected| *expected == held).expect("a number of whole commits")
}

#[test]
fn backups_taken_while_a_writer_writes_hold_whole_commits() {
    let folder = scratch();
    let path = folder.path().join("graph");
    let graph = Graph::open(&path).unwrap();
    let backups = Backups::create(folder.path().join("backups")).unwrap();
    let dumps = expected_dumps();
    let committed = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for number in 0..COMMITS {
                commit(&graph, number).unwrap();
                committed.store(number + 1, Ordering::SeqCst);
                if number % 6 == 5 {
                    graph.flush().unwrap();
                }
                std::thread::sleep(std::time::Duration::from_millis(5));
            }
        });
        for turn in 0..6 {
            let before = committed.load(Ordering::SeqCst);
            // Every second one as another process would take it.
            let backup = if turn % 2 == 0 { backups.add(&graph) } else { backups.add_from(&path) }.unwrap();
            let after = committed.load(Ordering::SeqCst);
            let restored = folder.path().join(format!("restored-{turn}"));
            backups.restore(backup.id, &restored).unwrap();
            let held = commits_in(&restored, &dumps);
            assert!((before..=after + 1).contains(&held), "turn {turn}: {held} commits, of {before} to {after}");
        }
    });
    assert_eq!(backups.list().iter().map(|backup| backup.id).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6]);
    let left_over = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
    let left_over: Vec<_> = left_over.filter(|name| name.to_string_lossy().starts_with('.')).collect();
    assert!(left_over.is_empty(), "{left_over:?}");
}

#[test]
fn a_further_backup_stores_only_what_is_new_and_old_ones_go() {
    let folder = scratch();
    let graph = Graph::open(folder.path().join("graph")).unwrap();
    for number in 0..COMMITS {
        commit(&graph, number).unwrap();
    }
    graph.flush().unwrap();
    let place = folder.path().join("backups");
    let backups = Backups::create(&place).unwrap();
    backups.add(&graph).unwrap();
    // What is not here are the manifest, settings and the write-ahead log, which every backup has of its own.
    let sorted_files = || {
        let entries = fs::read_dir(place.join("shared_checksum")).unwrap();
        entries.map(|entry| entry.unwrap().file_name()).collect::<BTreeSet<_>>()
    };
    let first = sorted_files();
    assert!(first.len() > 10);
    backups.add(&graph).unwrap();
    assert_eq!(sorted_files(), first, "the graph is the same");
    commit(&graph, COMMITS).unwrap();
    graph.flush().unwrap();
    backups.add(&graph).unwrap();
    assert!(sorted_files().is_superset(&first) && sorted_files() != first, "only what is new was added");
    backups.keep(1).unwrap();
    assert_eq!(backups.list().iter().map(|backup| backup.id).collect::<Vec<_>>(), [3]);
    assert_eq!(fs::read_dir(place.join("formats")).unwrap().count(), 1);
    assert!(backups.verify(3).unwrap().is_sound());
    // Numbers are not used again after a restart either.
    drop(backups);
    assert_eq!(Backups::open(&place).unwrap().add(&graph).unwrap().id, 4);
}

#[test]
fn nothing_is_overwritten_and_wrong_folders_are_refused() {
    let folder = scratch();
    let path = folder.path().join("graph");
    let graph = Graph::open(&path).unwrap();
    commit(&graph, 0).unwrap();
    let place = folder.path().join("backups");
    assert!(matches!(Backups::open(&place), Err(StorageError::NotBackups { .. })));
    assert!(matches!(Backups::create(&path), Err(StorageError::NotBackups { .. })), "a graph is no folder of backups");
    let backups = Backups::create(&place).unwrap();
    assert!(matches!(
        backups.restore(1, folder.path().join("new")),
        Err(StorageError::NoSuchBackup { newest: None, .. })
    ));
    backups.add(&graph).unwrap();
    assert!(matches!(backups.restore(1, &path), Err(StorageError::NotEmpty { .. })));
    assert!(matches!(
        backups.restore(2, folder.path().join("new")),
        Err(StorageError::NoSuchBackup { newest: Some(1), .. })
    ));
    assert!(matches!(Backups::open(&place), Err(StorageError::Locked { .. })), "one at a time");
    assert!(matches!(backups.add_from(folder.path().join("none")), Err(StorageError::Missing { .. })));
    assert!(!folder.path().join("new").exists());
}

#[test]
fn a_damaged_backup_is_found_and_not_restored() {
    let folder = scratch();
    let graph = Graph::open(folder.path().join("graph")).unwrap();
    commit(&graph, 0).unwrap();
    graph.flush().unwrap();
    let place = folder.path().join("backups");
    let backups = Backups::create(&place).unwrap();
    backups.add(&graph).unwrap();
    let shared = place.join("shared_checksum");
    let file = fs::read_dir(&shared).unwrap().map(|entry| entry.unwrap().path()).next().unwrap();
    let mut bytes = fs::read(&file).unwrap();
    bytes[20] ^= 4;
    fs::write(&file, bytes).unwrap();
    let error = backups.verify(1).unwrap_err();
    assert!(matches!(error, StorageError::Damaged { .. }) && error.to_string().contains("backup 1"), "{error}");
    assert!(backups.restore(1, folder.path().join("new")).is_err());
    assert!(!folder.path().join("new").exists());
}
