//! Ingestion and classification through the built program, with the starter model.

use std::fs;
use std::path::PathBuf;

use crate::harness::Folder;

fn data(path: &str) -> String {
    let data = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../data").join(path);
    data.to_str().unwrap().to_owned()
}

/// Two abstracts of one sentence each, and an annotation that is not where it says.
const DOCUMENTS: &str = "\
1|t|Mutations in PTEN are associated with melanoma.
1|a|
1\t13\t17\tPTEN\tGeneOrGeneProduct\t5728
1\t38\t46\tmelanoma\tDiseaseOrPhenotypicFeature\tD008545

2|t|Mutations in APOE are not associated with melanoma.
2|a|
2\t13\t17\tAPOE\tGeneOrGeneProduct\t348
2\t1\t9\tmelanoma\tDiseaseOrPhenotypicFeature\tD008545
2\t42\t50\tmelanoma\tDiseaseOrPhenotypicFeature\tD008545
";

#[test]
fn sentences_become_relationships_with_their_evidence_once() {
    let folder = Folder::new();
    fs::write(folder.path("two.PubTator"), DOCUMENTS).unwrap();
    let model = data("models/starter-llama-15m");
    let ingest = ["ingest", "g", "two.PubTator", "--model", &model, "--format", "pubtator"];
    let output = folder.run(&ingest);
    assert_eq!(output.code, 0, "{}", output.stderr);
    assert!(output.stdout.starts_with("2 documents, 2 new sentences, 2 pairs in "), "{}", output.stdout);
    assert!(output.stderr.starts_with("warning: 1 annotation could not be taken"), "{}", output.stderr);
    assert!(folder.path("g.ingest-rejects.tsv").exists());
    let again = folder.run(&ingest);
    assert!(again.stdout.starts_with("2 documents (2 read before), 0 new sentences, 0 pairs"), "{}", again.stdout);
    let text = "MATCH (g:gene)-[r:associated|not_associated]-(d:disease) UNWIND evidence(r) AS e \
                RETURN g.name AS gene, type(r) AS type, e.sentence AS sentence ORDER BY gene";
    let rows = folder.run(&["query", "g", text, "--format", "csv"]);
    assert_eq!(rows.stderr, "");
    assert!(
        rows.stdout.contains("APOE,not_associated,Mutations in APOE are not associated with melanoma."),
        "{rows:?}"
    );
    assert_eq!(folder.run(&["check", "g"]).code, 0);
}

#[test]
fn an_ingestion_that_cannot_begin_makes_no_graph() {
    let folder = Folder::new();
    fs::write(folder.path("two.PubTator"), DOCUMENTS).unwrap();
    let model = data("models/starter-llama-15m");
    let cases: [(&[&str], &str); 3] = [
        (&["ingest", "g", "missing.txt", "--model", &model], "missing.txt"),
        (&["ingest", "g", "two.PubTator", "--model", "nowhere"], "model.toml"),
        (&["ingest", "g", "nodes.dat", "--model", &model], "nodes.dat"),
    ];
    fs::write(folder.path("nodes.dat"), "just words\n").unwrap();
    for (arguments, expected) in cases {
        let output = folder.run(arguments);
        assert_eq!(output.code, 1, "{arguments:?}");
        assert!(output.stderr.starts_with("error: ") && output.stderr.contains(expected), "{}", output.stderr);
        assert!(!folder.path("g").exists(), "{arguments:?}");
    }
}

#[test]
fn classify_adds_the_answer_to_each_line() {
    let folder = Folder::new();
    let model = data("models/starter-llama-15m");
    let lines = "{\"id\": 1, \"sentence\": \"Mutations in @GENE$ are not associated with @DISEASE$.\"}\n\
        {\"id\": 2, \"text\": \"Mutations in BRCA1 cause breast cancer.\", \"spans\": \
        [{\"start\": 13, \"end\": 18, \"label\": \"gene\"}, {\"start\": 25, \"end\": 38, \"label\": \"disease\"}]}\n\
        nonsense\n";
    let output = folder.run_with_input(&["classify", "--model", &model, "--logits"], lines);
    assert_eq!(output.code, 0, "{}", output.stderr);
    assert!(output.stderr.starts_with("warning: 1 line could not be classified"), "{}", output.stderr);
    let answers: Vec<serde_json::Value> =
        output.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers[0]["answer"], "Denied");
    assert_eq!(answers[1]["id"], 2);
    for answer in &answers[..2] {
        assert!(answer["probabilities"].is_object() && answer["token_ids"].is_array() && !answer["logits"].is_null());
    }
    assert!(answers[2]["error"].is_string());
    fs::write(folder.path("bad.jsonl"), "nonsense\n").unwrap();
    assert_eq!(folder.run(&["classify", "--model", &model, "bad.jsonl"]).code, 1);
    assert_eq!(folder.run(&["classify", "--model", &model, "missing.jsonl"]).code, 1);
}
