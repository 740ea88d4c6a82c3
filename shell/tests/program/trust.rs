//! From an edge to its proof and back: verified, compared, exported, taken back, through the built program.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::harness::{Folder, Output};

fn model() -> String {
    let data = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../data/models/starter-llama-15m");
    data.to_str().unwrap().to_owned()
}

const DOCUMENTS: &str = "\
1|t|Mutations in PTEN are associated with melanoma.
1|a|
1\t13\t17\tPTEN\tGene\t5728
1\t38\t46\tmelanoma\tDisease\tD008545

2|t|Mutations in APOE are not associated with melanoma.
2|a|
2\t13\t17\tAPOE\tGene\t348
2\t42\t50\tmelanoma\tDisease\tD008545
";

/// A folder with a graph `g` of the two documents.
fn ingested() -> Folder {
    let folder = Folder::new();
    fs::write(folder.path("two.PubTator"), DOCUMENTS).unwrap();
    ingest(&folder);
    folder
}

fn ingest(folder: &Folder) -> Output {
    done(folder.run(&["ingest", "g", "two.PubTator", "--model", &model()]))
}

fn done(output: Output) -> Output {
    assert_eq!(output.code, 0, "{output:?}");
    output
}

/// The graph without its numbers and dates.
fn dump(folder: &Folder) -> Vec<String> {
    let output = done(folder.run(&["export", "g", "--to", "jsonl", "--evidence"]));
    let lines = output.stdout.lines().map(|line| line.replace("\"run\":1", "\"run\":0"));
    let mut lines: Vec<String> = lines.map(|line| rounded(serde_json::from_str(&line).unwrap()).to_string()).collect();
    lines.sort_unstable();
    lines
}

/// A sentence that is read alone and one that is read among others differ in the last digits of their probabilities.
fn rounded(value: Value) -> Value {
    match value {
        Value::Number(number) if number.is_f64() => Value::from((number.as_f64().unwrap() * 1e4).round() / 1e4),
        Value::Array(values) => values.into_iter().map(rounded).collect(),
        Value::Object(fields) => fields.into_iter().map(|(name, value)| (name, rounded(value))).collect(),
        other => other,
    }
}

#[test]
fn what_is_retracted_is_gone_and_comes_back_the_same() {
    let folder = ingested();
    let before = dump(&folder);
    let output = done(folder.run(&["retract", "g", "--document", "PMID:2"]));
    let expected = "taken out: 1 document, 1 sentence, 1 piece of evidence, 0 facts, 1 relationship, 1 node\n";
    assert_eq!(output.stdout, expected);
    assert!(!dump(&folder).concat().contains("APOE"), "{:?}", dump(&folder));
    ingest(&folder);
    assert_eq!(dump(&folder), before);
    done(folder.run(&["retract", "g", "--run", "starter-llama-15m"]));
    assert_eq!(dump(&folder), Vec::<String>::new());
    ingest(&folder);
    assert_eq!(dump(&folder), before);
    done(folder.run(&["check", "g"]));
    for (arguments, expected) in [
        (["retract", "g", "--document", "PMID:3"], "there is no document \"PMID:3\""),
        (["retract", "g", "--run", "99"], "no run is named \"99\""),
    ] {
        let output = folder.run(&arguments);
        assert!(output.code == 1 && output.stderr.contains(expected), "{output:?}");
    }
}

#[test]
fn pairs_are_verified_by_their_sentences_and_the_verdict_can_be_written() {
    let folder = ingested();
    let query = "MATCH (g:gene), (d:disease) RETURN g, d ORDER BY g.name";
    let verify = |more: &[&str]| {
        let model = model();
        folder.run(&[&["verify", "g", query, "--model", &model, "--format", "jsonl"], more].concat())
    };
    let output = done(verify(&[]));
    let rows: Vec<&str> = output.stdout.lines().collect();
    assert!(rows[0].contains("\"verdict\":\"not_associated\"") && rows[0].contains("APOE are not"), "{output:?}");
    assert!(rows[1].contains("\"verdict\":\"associated\"") && rows[1].contains("PMID:1"), "{output:?}");
    // The same model as the ingestion's: what it writes is there already.
    let before = dump(&folder);
    done(verify(&["--insert"]));
    assert_eq!(dump(&folder), before);
    // A threshold makes another run of it.
    done(verify(&["--insert", "--threshold", "0.1"]));
    let output = done(folder.run(&["diff", "g", "0", "1", "--format", "csv"]));
    assert_eq!(output.stdout, "change,source,type,target,before,after\n");
    assert!(output.stderr.contains("0 relationships gained, 0 lost, 0 changed, 2 the same"), "{output:?}");
    assert!(output.stderr.contains("run 0 has read 2 documents, run 1 0 documents"), "{output:?}");
    let output = folder.run(&["diff", "g", "starter-llama-15m", "1"]);
    assert!(output.code == 1 && output.stderr.contains("the runs 0, 1 all go by"), "{output:?}");
    let output = folder.run(&["verify", "g", query]);
    assert!(output.code == 1 && output.stderr.contains("--model DIR"), "{output:?}");
}

#[test]
fn an_export_loads_into_another_graph() {
    let folder = ingested();
    for format in ["csv", "parquet", "graphml", "cypher", "jsonl"] {
        let name = format!("out.{format}");
        let output = done(folder.run(&["export", "g", "--to", format, "--out", &name, "--evidence"]));
        assert!(output.stderr.starts_with("3 nodes, 2 relationships, evidence 2 in out."), "{output:?}");
        assert!(folder.path(&name).exists());
    }
    let output = done(folder.run(&["export", "g", "--to", "csv", "--out", "again"]));
    let command = output.stderr.lines().find_map(|line| line.strip_prefix("to load it again: hopgraph ")).unwrap();
    let command: Vec<&str> = command.split(' ').map(|word| if word == "DB" { "h" } else { word }).collect();
    done(folder.run(&command));
    let query = "MATCH (g:gene)-[r:associated|not_associated]-(d) RETURN g.name, type(r), d.name ORDER BY g.name";
    let rows = |graph: &str| done(folder.run(&["query", graph, query, "--format", "csv"])).stdout;
    assert_eq!(rows("h"), rows("g"));
    for (arguments, expected) in [
        (&["export", "g", "--to", "csv"][..], "--out"),
        (&["export", "g", "--to", "jsonl", "--out", "out.jsonl"], "exists already"),
        (&["export", "nowhere", "--to", "jsonl"], "no graph at nowhere"),
    ] {
        let output = folder.run(arguments);
        assert!(output.code == 1 && output.stderr.contains(expected), "{output:?}");
    }
    let output = folder.run(&["export", "g", "--to", "xls"]);
    assert!(output.code == 2 && output.stderr.contains("there are csv, parquet"), "{output:?}");
}

/// From raw PubMed XML to a graph, to pairs that no sentence states, to their sentences, and out of it again.
#[test]
fn a_day_begins_with_raw_xml_and_ends_in_tables() {
    let folder = Folder::new();
    let data = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../data/pubmed/medline16n0902-sample.xml.gz");
    done(folder.run(&["ingest", "g", data.to_str().unwrap(), "--model", &model()]));
    let pairs = "MATCH p = (g:gene)-[:associated*2..4]-(d:disease) WHERE NOT (g)--(d) UNWIND relationships(p) AS r \
                 WITH g, d, p, min(r.confidence) AS weakest, collect(evidence(r)[0].sentence) AS sentences \
                 RETURN g, d, weakest, sentences ORDER BY weakest DESC, g.name, d.name LIMIT 20";
    let output = done(folder.run(&["query", "g", pairs, "--format", "jsonl"]));
    let rows: Vec<Value> = output.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows.len(), 20);
    let weakest: Vec<f64> = rows.iter().map(|row| row["weakest"].as_f64().unwrap()).collect();
    assert!(weakest.is_sorted_by(|one, next| one >= next), "{weakest:?}");
    assert!(rows.iter().all(|row| row["sentences"].as_array().unwrap().len() >= 2), "each step has its sentence");
    // Few of the pairs that paths find are named in one sentence; where one is, the model has its say.
    let found = "MATCH (g:gene)-[:associated*2..4]-(d:disease) WHERE NOT (g)--(d) RETURN DISTINCT g, d";
    let output = done(folder.run(&["verify", "g", found, "--model", &model(), "--format", "jsonl"]));
    let answered = output.stdout.lines().filter(|line| line.contains("\"answer\":\"False\"")).count();
    assert!(answered > 0 && answered < output.stdout.lines().count(), "{answered}");
    let output = done(folder.run(&["export", "g", "--to", "csv", "--out", "tables", "--evidence"]));
    let command = output.stderr.lines().find_map(|line| line.strip_prefix("to load it again: hopgraph ")).unwrap();
    let command: Vec<&str> = command.split(' ').map(|word| if word == "DB" { "h" } else { word }).collect();
    done(folder.run(&command));
    let count = |graph: &str| done(folder.run(&["query", graph, "MATCH (g)-[r]-(d) RETURN count(*)"])).stdout;
    assert_eq!(count("h"), count("g"));
}
