//! The built program as scripts see it: exit codes, streams, pipes, wrong files.

use std::fs;
use std::io::Read;
use std::process::{Command, Stdio};

use crate::harness::{Folder, PROGRAM};

#[test]
fn exit_codes_tell_success_failure_and_wrong_arguments() {
    let folder = Folder::with_graph();
    let cases: [(&[&str], i32); 14] = [
        (&["--help"], 0),
        (&["--version"], 0),
        (&["load", "--help"], 0),
        (&[], 2),
        (&["query"], 2),
        (&["info", "g", "--no-such-flag"], 2),
        (&["load", "g"], 2),
        (&["query", "g", "RETURN 1", "--format", "xml"], 2),
        (&["query", "g", "RETURN 1", "--param", "name"], 2),
        (&["query", "g", "RETURN 1", "--memory-limit", "much"], 2),
        (&["query", "g", "RETURN 1", "--time-limit", "soon"], 2),
        (&["info", "g"], 0),
        (&["check", "g"], 0),
        (&["info", "nowhere"], 1),
    ];
    for (arguments, code) in cases {
        let output = folder.run(arguments);
        assert_eq!(output.code, code, "{arguments:?}: {}", output.stderr);
        assert_eq!(output.stderr.is_empty(), code == 0, "{arguments:?}: {}", output.stderr);
    }
}

#[test]
fn a_wrong_path_is_an_error_and_makes_nothing() {
    let folder = Folder::new();
    let commands: [&[&str]; 4] =
        [&["info", "nowhere"], &["check", "nowhere"], &["query", "nowhere", "MATCH (n) RETURN n"], &["nowhere"]];
    for arguments in commands {
        let output = folder.run_with_input(arguments, "MATCH (n) RETURN n");
        assert_eq!(output.code, 1, "{arguments:?}");
        assert!(output.stderr.starts_with("error: there is no graph at nowhere"), "{}", output.stderr);
        assert_eq!(output.stdout, "");
        assert!(!folder.path("nowhere").exists(), "{arguments:?}");
    }
}

#[test]
fn a_folder_of_something_else_is_left_alone() {
    let folder = Folder::new();
    fs::create_dir(folder.path("photos")).unwrap();
    fs::write(folder.path("photos/cat.jpg"), "cat").unwrap();
    fs::write(folder.path("nodes.tsv"), "id\nA\n").unwrap();
    for arguments in [&["info", "photos"][..], &["load", "photos", "--nodes", "nodes.tsv"]] {
        let output = folder.run(arguments);
        assert_eq!(output.code, 1, "{arguments:?}");
        assert!(output.stderr.contains("photos is not a hopgraph directory"), "{}", output.stderr);
        assert_eq!(fs::read_dir(folder.path("photos")).unwrap().count(), 1);
    }
}

#[test]
fn a_graph_that_is_open_elsewhere_names_the_process() {
    let folder = Folder::with_graph();
    let graph = hopgraph::Graph::open(folder.path("g")).unwrap();
    let statement = ["query", "g", "CREATE (:gene {name: 'ATM'})"];
    let output = folder.run(&statement);
    assert_eq!(output.code, 1);
    assert!(output.stderr.contains(&format!("process id {}", std::process::id())), "{}", output.stderr);
    drop(graph);
    assert_eq!(folder.run(&statement).code, 0);
}

#[test]
fn load_tells_what_came_in_and_what_did_not() {
    let folder = Folder::new();
    fs::write(folder.path("nodes.tsv"), "id\tname\tlabel\nG1\tBRCA1\tgene\nD1\tbreast cancer\tdisease\n").unwrap();
    fs::write(folder.path("edges.tsv"), "source\ttype\ttarget\nG1\tcauses\tD1\nG1\tcauses\tD2\n").unwrap();
    let output = folder.run(&["load", "g", "--nodes", "nodes.tsv", "--edges", "edges.tsv", "--denied", "refutes"]);
    assert_eq!(output.code, 0, "{}", output.stderr);
    assert!(output.stdout.starts_with("2 new nodes, 1 relationship, from 4 rows in "), "{}", output.stdout);
    let expected = "warning: 1 row rejected, such as\n  \
        edges.tsv line 3: unknown target \"D2\": no node has this id\n  \
        all of them, with their reasons, are in g.load-rejects.tsv\n\
        warning: no relationship has the type refutes, named by --symmetric or --denied\n";
    assert_eq!(output.stderr, expected);
    let rejects = fs::read_to_string(folder.path("g.load-rejects.tsv")).unwrap();
    assert!(
        rejects.ends_with("edges.tsv\t3\tunknown target \"D2\": no node has this id\tG1\tcauses\tD2\n"),
        "{rejects}"
    );
}

#[test]
fn a_load_that_cannot_begin_makes_no_graph() {
    let folder = Folder::new();
    fs::write(folder.path("bare.tsv"), "G1\tBRCA1\n").unwrap();
    for (file, expected) in [("missing.tsv", "missing.tsv: No such file"), ("bare.tsv", "say --no-header")] {
        let output = folder.run(&["load", "g", "--nodes", file]);
        assert_eq!(output.code, 1);
        assert!(output.stderr.starts_with("error: ") && output.stderr.contains(expected), "{}", output.stderr);
        assert!(!folder.path("g").exists(), "{file}");
    }
}

#[test]
fn a_load_of_nothing_but_rejects_fails() {
    let folder = Folder::with_graph();
    fs::write(folder.path("swapped.tsv"), "type\tsource\ttarget\nG1\tcauses\tD1\n").unwrap();
    let output = folder.run(&["load", "g", "--edges", "swapped.tsv"]);
    assert_eq!(output.code, 1);
    assert!(output.stderr.contains("error: every row was rejected"), "{}", output.stderr);
}

#[test]
fn help_of_each_subcommand_shows_an_example_or_its_arguments() {
    let folder = Folder::new();
    for subcommand in ["query", "load", "ingest", "classify", "info", "check"] {
        let help = folder.run(&[subcommand, "--help"]).stdout;
        assert!(help.contains("Usage: hopgraph"), "{help}");
    }
    let help = folder.run(&["--help"]).stdout;
    for word in ["hopgraph ./query", "130 interrupted", "ingest", "classify"] {
        assert!(help.contains(word), "{word} in {help}");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let folder = Folder::with_graph();
    let mut child = Command::new(PROGRAM)
        .args(["query", "g", "UNWIND range(1, 200000) AS n RETURN n", "--format", "csv"])
        .current_dir(folder.root())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = [0; 4];
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"n\n1\n");
    drop(stdout);
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
}
