//! Evaluation through the built program, with the starter model.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::harness::Folder;

fn data(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../data").join(path)
}

/// The first development rows of the starter model as JSON Lines.
fn development_rows(count: usize) -> String {
    let golden = fs::read_to_string(data("models/starter-llama-15m/golden-dev.json")).unwrap();
    let golden: Value = serde_json::from_str(&golden).unwrap();
    let label = |class: &str| match class {
        "Y" | "P" | "PA" | "SA" => "associated",
        "N" | "NA" => "denied",
        _ => "unrelated",
    };
    let rows = golden["rows"].as_array().unwrap().iter().take(count);
    rows.map(|row| {
        json!({"sentence": row["sentence"], "label": label(row["class"].as_str().unwrap())}).to_string() + "\n"
    })
    .collect()
}

/// A copy of the starter model, since its settings are to be changed.
fn copy_of_starter(folder: &Folder) -> String {
    let copy = folder.path("model");
    fs::create_dir(&copy).unwrap();
    for name in ["model.toml", "starter-llama-15m-q8_0.gguf"] {
        fs::copy(data("models/starter-llama-15m").join(name), copy.join(name)).unwrap();
    }
    copy.to_str().unwrap().to_owned()
}

#[test]
fn a_model_is_scored_beside_its_baselines_and_its_temperature_is_kept() {
    let folder = Folder::new();
    let model = copy_of_starter(&folder);
    fs::write(folder.path("dev.jsonl"), development_rows(200)).unwrap();
    let fit = ["--fit-temperature", "--store", "--plot", "reliability.svg"];
    let output = folder.run(&[&["eval", "--model", &model, "dev.jsonl"][..], &fit].concat());
    assert_eq!(output.code, 0, "{}", output.stderr);
    for text in
        ["on 200 labelled sentences", "always \"related\"", "macro", "expected calibration error", "temperature"]
    {
        assert!(output.stdout.contains(text), "{text}: {}", output.stdout);
    }
    assert!(output.stderr.starts_with("stored temperature = "), "{}", output.stderr);
    assert!(fs::read_to_string(folder.path("reliability.svg")).unwrap().contains("Reliability of starter-llama-15m"));
    let settings = fs::read_to_string(folder.path("model/model.toml")).unwrap();
    assert_eq!(settings.matches("\ntemperature = ").count(), 1, "{settings}");

    let scores = |model: &str| -> Value {
        let output = folder.run(&["eval", "--model", model, "dev.jsonl", "--json"]);
        serde_json::from_str(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"))
    };
    let (before, after) = (scores(data("models/starter-llama-15m").to_str().unwrap()), scores(&model));
    assert_eq!(before["classes"], after["classes"], "a temperature changes no answer");
    let brier = |scores: &Value| scores["calibration"]["brier"].as_f64().unwrap();
    assert!(brier(&after) < brier(&before), "{} {}", brier(&after), brier(&before));
}

#[test]
fn a_leaking_split_is_never_called_clean() {
    let folder = Folder::new();
    let model = data("models/starter-llama-15m");
    let model = model.to_str().unwrap();
    fs::write(folder.path("dev.jsonl"), development_rows(40)).unwrap();
    fs::write(folder.path("train.jsonl"), development_rows(30)).unwrap();
    let output = folder.run(&["eval", "--model", model, "dev.jsonl", "--train", "train.jsonl"]);
    assert_eq!(output.code, 1, "{}", output.stderr);
    assert!(
        output.stdout.contains("LEAKING SPLIT. Of 40 test sentences\n  30 (75.0 %) stand word for word"),
        "{}",
        output.stdout
    );
    assert!(output.stdout.contains("looked up in training"), "{}", output.stdout);

    fs::write(folder.path("other.tsv"), "@GENE$ and @DISEASE$ were seen.\t0\n").unwrap();
    let output = folder.run(&["eval", "--model", model, "dev.jsonl", "--train", "other.tsv"]);
    assert_eq!(output.code, 0, "{}", output.stderr);
    assert!(output.stdout.contains("No test sentence stands among the 1 training sentence;"), "{}", output.stdout);
}

#[test]
fn what_cannot_be_evaluated_is_told() {
    let folder = Folder::new();
    let model = data("models/starter-llama-15m");
    let model = model.to_str().unwrap();
    fs::write(folder.path("bad.tsv"), "masked\tlabel\nx\tmaybe\n").unwrap();
    fs::write(folder.path("good.tsv"), "@GENE$ and @DISEASE$ were seen.\t0\n").unwrap();
    for (arguments, code, expected) in [
        (&["bad.tsv"][..], 1, "bad.tsv:2: \"maybe\" is no label"),
        (&["missing.tsv"], 1, "missing.tsv: No such file"),
        (&["good.tsv", "--fold", "3"], 1, "no row is left to evaluate on"),
        (&["good.tsv", "--plot", "x.jpg"], 1, "written as .svg or .png"),
        (&["good.tsv", "--test-share", "1.5"], 2, "between 0 and 1"),
        (&["good.tsv", "--store"], 2, "--fit-temperature"),
    ] {
        let output = folder.run(&[&["eval", "--model", model][..], arguments].concat());
        assert_eq!(output.code, code, "{arguments:?}: {}", output.stderr);
        assert!(output.stderr.contains(expected), "{arguments:?}: {}", output.stderr);
    }
}

#[test]
fn a_first_model_leaves_to_the_other_only_what_it_is_not_sure_of() {
    let folder = Folder::new();
    let model = data("models/starter-llama-15m");
    let model = model.to_str().unwrap();
    fs::write(folder.path("dev.jsonl"), development_rows(40)).unwrap();
    let scores = |more: &[&str]| -> Value {
        let output = folder.run(&[&["eval", "--model", model, "dev.jsonl", "--json"][..], more].concat());
        assert_eq!(output.code, 0, "{}", output.stderr);
        serde_json::from_str(&output.stdout).unwrap()
    };
    let (alone, twice) = (scores(&[]), scores(&["--first-model", model, "--band", "0.3..0.7"]));
    assert_eq!(alone["related"], twice["related"], "the same model twice says the same");
    assert_eq!(twice["model"], "starter-llama-15m, then starter-llama-15m");
    let output = folder.run(&["eval", "--model", model, "dev.jsonl", "--band", "0.3..0.7"]);
    assert_eq!((output.code, output.stderr.contains("--first-model")), (2, true), "{}", output.stderr);
}
