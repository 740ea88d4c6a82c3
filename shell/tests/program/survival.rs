//! Backups, restoring, repairing, and reading what another process writes, through the built program.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use hopgraph::{Graph, Parameters};

use crate::harness::{Folder, PROGRAM};

#[test]
fn a_backup_is_listed_verified_and_restored() {
    let folder = Folder::with_graph();
    let output = folder.run(&["backup", "g", "backups"]);
    assert_eq!((output.code, output.stderr.as_str()), (0, ""));
    assert!(output.stdout.starts_with("backup 1 of g is in backups: "), "{}", output.stdout);
    folder.run(&["query", "g", "MATCH (g:gene {name: 'TP53'}) DETACH DELETE g"]);
    folder.run(&["backup", "g", "backups"]);
    let output = folder.run(&["backups", "backups", "--verify"]);
    assert_eq!(output.code, 0, "{}", output.stdout);
    assert_eq!(output.stdout.matches("sound, ").count(), 2, "{}", output.stdout);

    let output = folder.run(&["restore", "backups", "first", "--id", "1"]);
    assert_eq!((output.code, output.stderr.as_str()), (0, ""));
    assert!(output.stdout.contains("backup 1: 4 nodes, 3 relationships"), "{}", output.stdout);
    let output = folder.run(&["restore", "backups", "newest"]);
    assert!(output.stdout.contains("backup 2: 3 nodes, 2 relationships"), "{}", output.stdout);

    let output = folder.run(&["backup", "g", "backups", "--keep", "1"]);
    assert_eq!(output.code, 0, "{}", output.stderr);
    let output = folder.run(&["backups", "backups"]);
    assert!(output.stdout.contains(" 3 ") && !output.stdout.contains(" 2 "), "{}", output.stdout);
}

#[test]
fn mistakes_with_backups_are_told_and_change_nothing() {
    let folder = Folder::with_graph();
    folder.run(&["backup", "g", "backups"]);
    for (arguments, expected) in [
        (&["backup", "typo", "other"][..], "there is no graph at typo"),
        (&["backup", "g", "g"], "g is not a folder of hopgraph backups"),
        (&["backups", "nowhere"], "nowhere is not a folder of hopgraph backups"),
        (&["restore", "backups", "g"], "g is not empty"),
        (&["restore", "backups", "new", "--id", "7"], "holds no backup 7; its newest is 1"),
    ] {
        let output = folder.run(arguments);
        assert_eq!(output.code, 1, "{arguments:?}: {}", output.stdout);
        assert!(output.stderr.contains(expected), "{arguments:?}: {}", output.stderr);
    }
    assert!(!folder.path("other").exists() && !folder.path("new").exists());
}

#[test]
fn a_graph_that_is_written_elsewhere_can_be_read_backed_up_and_followed() {
    let folder = Folder::with_graph();
    let writer = Graph::open(folder.path("g")).unwrap();
    let count = "MATCH (n:gene) RETURN count(*) AS genes";
    let output = folder.run(&["query", "g", count, "--format", "csv"]);
    assert_eq!((output.code, output.stdout.as_str()), (0, "genes\n2\n"), "{}", output.stderr);
    assert!(output.stderr.contains(&format!("process {} has g open", std::process::id())), "{}", output.stderr);
    for arguments in [&["info", "g"][..], &["check", "g"], &["info", "g", "--read-only"], &["backup", "g", "backups"]] {
        assert_eq!(folder.run(arguments).code, 0, "{arguments:?}");
    }
    let silent = folder.run(&["query", "g", count, "--read-only"]);
    assert_eq!((silent.code, silent.stderr.as_str()), (0, ""));
    let output = folder.run(&["query", "g", "CREATE (:gene)"]);
    assert!(output.code == 1 && output.stderr.contains("is open in another process"), "{}", output.stderr);
    let output = folder.run(&["query", "g", "CREATE (:gene)", "--read-only"]);
    assert!(output.code == 1 && output.stderr.contains("open for reading only"), "{}", output.stderr);

    let mut follower = Command::new(PROGRAM)
        .args(["follow", "g", count, "--every", "20ms", "--times", "2", "--format", "csv"])
        .current_dir(folder.root())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(follower.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert_eq!((lines.next(), lines.next()), (Some("genes".to_owned()), Some("2".to_owned())));
    writer.query("CREATE (:gene {name: 'ATM'})", &Parameters::new()).unwrap().for_each(|row| drop(row.unwrap()));
    assert_eq!((lines.next(), lines.next()), (Some("genes".to_owned()), Some("3".to_owned())));
    assert!(follower.wait().unwrap().success());
}

#[test]
fn a_repair_says_what_it_did() {
    let folder = Folder::with_graph();
    let output = folder.run(&["check", "g", "--repair"]);
    assert_eq!((output.code, output.stdout.lines().count()), (0, 1), "{}", output.stdout);
    folder.run(&["query", "g", "CREATE (:gene {name: 'ATM'})"]);
    let store = fs::read_dir(folder.path("g/store")).unwrap().map(|entry| entry.unwrap().path());
    let log = store.filter(|path| path.extension().is_some_and(|end| end == "log")).max().unwrap();
    let mut bytes = fs::read(&log).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&log, bytes).unwrap();
    let output = folder.run(&["info", "g"]);
    assert!(output.code == 1 && output.stderr.contains("check --repair"), "{}", output.stderr);
    let output = folder.run(&["check", "g", "--repair"]);
    assert_eq!(output.code, 0, "{}{}", output.stdout, output.stderr);
    assert!(output.stdout.starts_with("repaired write-ahead log "), "{}", output.stdout);
    assert_eq!(folder.run(&["check", "g"]).code, 0);
}
