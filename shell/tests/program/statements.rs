//! Statements through the built program: every format, parameters, scripts, limits, errors.

use crate::harness::Folder;

const ASSOCIATED: &str =
    "MATCH (g:gene)-[:associated]-(d:disease) RETURN g.name AS gene, d.name AS disease ORDER BY gene";

/// Ten billion rows, none of which is kept.
const SLOW: &str = "UNWIND range(1, 100000) AS a UNWIND range(1, 100000) AS b WITH a WHERE a < 0 RETURN a";

#[test]
fn every_format_shows_the_same_rows() {
    let folder = Folder::with_graph();
    let cases = [
        ("table", " gene   disease\n─────────────────────\n BRCA1  breast cancer\n TP53   breast cancer\n"),
        ("csv", "gene,disease\nBRCA1,breast cancer\nTP53,breast cancer\n"),
        (
            "json",
            "[\n{\"gene\":\"BRCA1\",\"disease\":\"breast cancer\"},\n{\"gene\":\"TP53\",\"disease\":\"breast cancer\"}\n]\n",
        ),
        (
            "jsonl",
            "{\"gene\":\"BRCA1\",\"disease\":\"breast cancer\"}\n{\"gene\":\"TP53\",\"disease\":\"breast cancer\"}\n",
        ),
    ];
    for (format, expected) in cases {
        let output = folder.run(&["query", "g", ASSOCIATED, "--format", format]);
        assert_eq!((output.code, output.stderr.as_str()), (0, ""), "{format}");
        assert_eq!(output.stdout, expected, "{format}");
    }
}

#[test]
fn nodes_relationships_and_paths_read_well_in_a_table() {
    let folder = Folder::with_graph();
    let text = "MATCH p = (g:gene {name: 'TP53'})-[r:associated]-(d) RETURN g, r, p";
    let output = folder.run(&["query", "g", text]);
    assert_eq!(output.stderr, "");
    let row = output.stdout.lines().nth(2).unwrap_or_default();
    let expected = "(TP53:gene)  -[associated {confidence: 1.0}]-  (TP53:gene)-[associated]-(breast cancer:disease)";
    assert_eq!(row.trim(), expected);
}

#[test]
fn parameters_are_typed() {
    let folder = Folder::with_graph();
    let arguments = ["query", "g", "RETURN $a AS a, $b AS b, $c AS c", "--format", "jsonl"];
    let parameters = ["--param", "a=1", "--param", "b=BRCA1", "--param", "c=[true, null]"];
    let output = folder.run(&[&arguments[..], &parameters].concat());
    assert_eq!(output.stdout, "{\"a\":1,\"b\":\"BRCA1\",\"c\":[true,null]}\n", "{}", output.stderr);
}

#[test]
fn files_of_the_import_folder_can_be_read_and_no_others() {
    let folder = Folder::with_graph();
    std::fs::create_dir(folder.path("in")).unwrap();
    std::fs::write(folder.path("in/genes.csv"), "name,note\nTP53,\"a, b\"\nABC1,\n").unwrap();
    std::fs::write(folder.path("secret.csv"), "secret\n").unwrap();
    let read = "LOAD CSV WITH HEADERS FROM 'genes.csv' AS row \
                OPTIONAL MATCH (g:gene {name: row.name}) RETURN row.name AS name, row.note AS note, g.identifier AS id";
    let output = folder.run(&["query", "g", read, "--import-dir", "in", "--format", "csv"]);
    assert_eq!(output.stdout, "name,note,id\nTP53,\"a, b\",G2\nABC1,,\n", "{}", output.stderr);
    let output = folder.run(&["query", "g", read]);
    assert!(output.code != 0 && output.stderr.contains("--import-dir"), "{}", output.stderr);
    for outside in ["../secret.csv", "/etc/hostname", "https://example.org/genes.csv"] {
        let text = format!("LOAD CSV FROM '{outside}' AS row RETURN row");
        let output = folder.run(&["query", "g", &text, "--import-dir", "in"]);
        assert!(output.code != 0 && output.stderr.contains("import folder"), "{outside}: {}", output.stderr);
    }
}

#[test]
fn statements_come_from_the_argument_or_from_standard_input() {
    let folder = Folder::with_graph();
    let script = "// two statements\nRETURN 1 AS one;\nRETURN ';' AS two;\n";
    let expected = "one\n1\ntwo\n;\n";
    for arguments in
        [&["query", "g", "-", "--format", "csv"][..], &["query", "g", "--format", "csv"], &["g", "--format", "csv"]]
    {
        let output = folder.run_with_input(arguments, script);
        assert_eq!((output.stdout.as_str(), output.stderr.as_str()), (expected, ""), "{arguments:?}");
    }
    let empty = folder.run_with_input(&["query", "g"], " ;; // nothing\n");
    assert_eq!(empty.code, 1);
    assert!(empty.stderr.contains("the query is empty"), "{}", empty.stderr);
}

#[test]
fn errors_point_at_the_letter_and_stop_the_script() {
    let folder = Folder::with_graph();
    let output = folder.run(&["query", "g", "MATCH (g:gene RETURN g"]);
    assert_eq!((output.code, output.stdout.as_str()), (1, ""));
    assert!(output.stderr.starts_with("error: ") && output.stderr.contains('^'), "{}", output.stderr);
    // All statements are parsed before the first one runs, so nothing is half done because of a slip.
    let script = "CREATE (:gene {name: 'new'});\n\nMATCH (g:gene RETURN g;";
    let output = folder.run_with_input(&["query", "g", "-"], script);
    assert_eq!(output.code, 1);
    assert!(output.stderr.contains("statement 2, which begins on line 3"), "{}", output.stderr);
    let count = folder.run(&["query", "g", "MATCH (g:gene) RETURN count(*) AS n", "--format", "csv"]);
    assert_eq!(count.stdout, "n\n2\n");
}

#[test]
fn writes_are_told_on_standard_error_and_may_make_the_graph() {
    let folder = Folder::new();
    let output = folder.run(&["query", "new", "CREATE (:gene {name: 'BRCA1'}), (:gene {name: 'TP53'})"]);
    assert_eq!((output.code, output.stdout.as_str()), (0, ""), "{}", output.stderr);
    assert!(output.stderr.starts_with("created 2 nodes"), "{}", output.stderr);
    let names = folder.run(&["query", "new", "MATCH (g:gene) RETURN g.name ORDER BY g.name", "--format", "csv"]);
    assert_eq!(names.stdout, "g.name\nBRCA1\nTP53\n");
}

#[test]
fn limits_end_a_query_and_not_the_database() {
    let folder = Folder::with_graph();
    let heavy = "UNWIND range(1, 10000000) AS a RETURN collect(a)";
    let output = folder.run(&["query", "g", heavy, "--memory-limit", "10MiB"]);
    assert_eq!(output.code, 1);
    assert!(output.stderr.contains("10 MiB"), "{}", output.stderr);
    let output = folder.run(&["query", "g", SLOW, "--time-limit", "50ms", "--memory-limit", "none"]);
    assert_eq!(output.code, 1);
    assert!(output.stderr.contains("50 ms"), "{}", output.stderr);
    assert_eq!(folder.run(&["check", "g"]).code, 0);
}

#[cfg(unix)]
#[test]
fn an_interrupt_ends_a_query_with_130() {
    use std::process::{Command, Stdio};
    let folder = Folder::with_graph();
    let child = Command::new(crate::harness::PROGRAM)
        .args(["query", "g", SLOW, "--memory-limit", "none"])
        .current_dir(folder.root())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    std::thread::sleep(std::time::Duration::from_millis(700));
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stderr).contains("cancelled"));
}

#[test]
fn statements_between_begin_and_commit_become_true_together() {
    let folder = Folder::with_graph();
    let count = "MATCH (t:thing) RETURN count(t) AS things";
    let things = |script: &str| {
        let output = folder.run_with_input(&["query", "g", "--format", "csv"], script);
        let counted = folder.run(&[
            "query",
            "g",
            "MATCH (n) WHERE n.name STARTS WITH 'thing' RETURN n.name AS name",
            "--format",
            "csv",
        ]);
        (output.code, output.stdout, output.stderr, counted.stdout.lines().count() - 1)
    };
    let create = "CREATE (:thing {name: 'thing'})";
    let (code, stdout, stderr, kept) = things(&format!("BEGIN; {create}; {count}; rollback"));
    assert_eq!((code, stdout.as_str(), kept), (0, "things\n1\n", 0), "{stderr}");
    assert!(stderr.contains("rolled back"), "{stderr}");
    let (code, stdout, stderr, kept) = things(&format!("begin transaction; {create}; {create}; {count}; COMMIT"));
    assert_eq!((code, stdout.as_str(), kept), (0, "things\n2\n", 2), "{stderr}");
    // Cut off, or with a statement that fails, it leaves no trace.
    for (script, expected) in [
        (format!("BEGIN; {create}"), "end it with COMMIT"),
        (
            format!("BEGIN; {create}; UNWIND [1, 0] AS n CREATE (:thing {{name: 'thing', share: 1 / n}}); COMMIT"),
            "zero",
        ),
        (format!("{create}; COMMIT"), "no transaction is open"),
    ] {
        let (code, _, stderr, _) = things(&script);
        assert!(code == 1 && stderr.contains(expected), "{script}: {stderr}");
    }
    assert_eq!(things("RETURN 1").3, 3, "the statement before a lone COMMIT is a transaction by itself");
}
