//! Whole runs on tiny models: what is learned, what is written, what is refused, and that a run which was stopped ends
//! where an undisturbed one does.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use hopgraph_inference::{Classifier, Input, load};
use hopgraph_model::forgery::{HuggingFace, reference};

use crate::{Options, Progress, Recipe, Summary, TrainingError, train};

/// Sentences of a rule: who causes is related, who is only named is not. The words are those of the tiny vocabulary.
fn rows(count: usize, shift: usize) -> String {
    let words = ["Gene", "gene", "B", "BR", "na", "No", "no", "( B )", "- no", "naive", "."];
    let word = |place: usize| words[place % words.len()];
    let row = |number: usize| {
        let place = number * 7 + shift;
        let (verb, label) = if number.is_multiple_of(2) { ("causes", 1) } else { (",", 0) };
        let (first, second, third) = (word(place), word(place / 11), word(place / 5 + 3));
        format!("{first} @GENE$ {second} {verb} {third} @DISEASE$ {number}.\t{label}\n")
    };
    (0..count).map(row).collect()
}

fn tiny_bert(folder: &Path) {
    let bert = HuggingFace::like("bert").without("classifier.weight").without("classifier.bias");
    bert.write(folder, 1);
    std::fs::copy(reference().join("cased/vocab.txt"), folder.join("vocab.txt")).unwrap();
}

const RECIPE: &str = r#"
name = "tiny"
base = "base"
[data]
train = ["train.tsv"]
dev = ["dev.tsv"]
[model]
masks = {gene = "@GENE$", disease = "@DISEASE$"}
answers = [{text = "yes", relation = "associated", symmetric = true}, {text = "no"}]
[method]
dropout = 0.1
[schedule]
epochs = 4
batch = 8
rate = 2e-3
evaluations = 2
"#;

/// A folder with a recipe, a base and rows.
fn workshop() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("base")).unwrap();
    tiny_bert(&folder.path().join("base"));
    std::fs::write(folder.path().join("train.tsv"), rows(64, 0)).unwrap();
    std::fs::write(folder.path().join("dev.tsv"), rows(40, 1000)).unwrap();
    std::fs::write(folder.path().join("TRAIN.toml"), RECIPE).unwrap();
    folder
}

struct Attempt<'a> {
    folder: &'a Path,
    out: &'a str,
    settings: &'a [&'a str],
    resume: bool,
    /// Sets the flag after so many steps of this attempt.
    stop_after: Option<u64>,
}

impl<'a> Attempt<'a> {
    fn new(folder: &'a tempfile::TempDir, out: &'a str) -> Self {
        Self { folder: folder.path(), out, settings: &[], resume: false, stop_after: None }
    }

    fn run(&self) -> Result<Summary, TrainingError> {
        let settings: Vec<String> = self.settings.iter().map(|&setting| setting.to_owned()).collect();
        let recipe = Recipe::read(&self.folder.join("TRAIN.toml"), &settings)?;
        let (stop, mut steps) = (AtomicBool::new(false), 0);
        let mut progress = |_: &Progress| {
            steps += 1;
            if self.stop_after.is_some_and(|most| steps >= most) {
                stop.store(true, Ordering::Relaxed);
            }
        };
        let out = self.folder.join(self.out);
        train(&recipe, Options { out: &out, resume: self.resume, stop: &stop, progress: &mut progress })
    }
}

fn says_yes(model: &Path, sentence: &str) -> bool {
    let model = load(model).unwrap();
    model.classify(&[Input::Masked(sentence.to_owned())]).unwrap().remove(0).unwrap().answer == 0
}

#[test]
fn an_encoder_learns_a_rule_and_becomes_a_model_folder() {
    let folder = workshop();
    let settings = &["schedule.rate=1e-3", "schedule.epochs=16", "method.dropout=0.05"];
    let summary = Attempt { settings, ..Attempt::new(&folder, "out") }.run().unwrap();
    let model = summary.model.unwrap();
    assert!(summary.seeds[0].best.f1 > 0.95, "{:?}", summary.seeds);
    let dev = summary.dev.unwrap();
    assert!((dev.related.f1() - summary.seeds[0].best.f1).abs() < 0.03, "what is written is what was trained");
    assert!(dev.leak.unwrap().is_clean());
    assert!(says_yes(&model, "no @GENE$ causes @DISEASE$.") && !says_yes(&model, "no @GENE$ , @DISEASE$."));
    let out = folder.path().join("out");
    let read = |name: &str| std::fs::read_to_string(out.join(name)).unwrap();
    let settings = read("model/model.toml");
    assert!(settings.contains("name = \"tiny\"") && settings.contains("temperature = "), "{settings}");
    let run: serde_json::Value = serde_json::from_str(&read("run.json")).unwrap();
    assert_eq!(run["rows"], serde_json::json!({"train": 64, "dev": 40, "test": 0}));
    assert_eq!(run["base"]["sha256"].as_str().map(str::len), Some(64));
    assert!(run["result"]["dev_f1"]["mean"].as_f64().unwrap() > 0.95);
    // 16 times 8 steps of 8 rows, looked at twice an epoch.
    assert_eq!(read("metrics.jsonl").lines().count(), 128 + 32);
    assert!(read("curves.svg").contains("dev F1") && out.join("curves.png").exists());
    assert!(out.join("seed-0/last/model.toml").exists() && out.join("seed-0/best/model.safetensors").exists());
}

#[test]
fn a_run_that_was_stopped_ends_in_the_same_weights() {
    let folder = workshop();
    let whole = Attempt::new(&folder, "whole").run().unwrap();
    let first = Attempt { stop_after: Some(6), ..Attempt::new(&folder, "parts") };
    let stopped = first.run().unwrap();
    assert!(stopped.interrupted && stopped.model.is_none());
    let second = Attempt { resume: true, stop_after: Some(13), ..Attempt::new(&folder, "parts") };
    assert!(second.run().unwrap().interrupted);
    let last = Attempt { resume: true, ..Attempt::new(&folder, "parts") }.run().unwrap();
    assert_eq!(last.seeds, whole.seeds);
    let bytes = |path: &str| std::fs::read(folder.path().join(path)).unwrap();
    for file in ["model/model.safetensors", "seed-0/last/model.safetensors", "metrics.jsonl", "model/model.toml"] {
        assert!(bytes(&format!("whole/{file}")) == bytes(&format!("parts/{file}")), "{file} differs");
    }
    assert_ne!(bytes("whole/seed-0/last/model.safetensors"), bytes("whole/seed-0/best/model.safetensors"));

    let other = Attempt { resume: true, settings: &["schedule.rate=1e-3"], ..Attempt::new(&folder, "parts") };
    let error = other.run().unwrap_err().to_string();
    assert!(error.contains("begun with other settings"), "{error}");
    let error = Attempt::new(&folder, "parts").run().unwrap_err();
    assert!(matches!(error, TrainingError::Occupied { .. }), "{error}");
}

#[test]
fn several_seeds_differ_and_the_best_is_kept() {
    let folder = workshop();
    let settings = &["schedule.seeds=[3, 4]", "schedule.epochs=1", "schedule.choose_by=mcc"];
    let summary = Attempt { settings, ..Attempt::new(&folder, "out") }.run().unwrap();
    assert_eq!(summary.seeds.iter().map(|seed| seed.seed).collect::<Vec<_>>(), [3, 4]);
    assert_ne!(summary.seeds[0].last, summary.seeds[1].last);
    let best = summary.seeds.iter().map(|seed| seed.best.mcc).fold(f64::MIN, f64::max);
    assert!((summary.dev.as_ref().unwrap().related.matthews() - best).abs() < 0.06);
    let (mean, deviation) = summary.dev_mcc();
    assert!((mean - (summary.seeds[0].best.mcc + summary.seeds[1].best.mcc) / 2.0).abs() < 1e-12);
    assert!(deviation >= 0.0);
}

#[test]
fn patience_ends_a_run_that_gains_nothing() {
    let folder = workshop();
    let settings = &["schedule.rate=1e-9", "schedule.epochs=50", "schedule.patience=3", "method.dropout=0.0"];
    let summary = Attempt { settings, ..Attempt::new(&folder, "out") }.run().unwrap();
    let last = summary.seeds[0].last.step;
    assert!(last < 100, "{last} steps");
}

#[test]
fn an_adapter_of_a_decoder_is_kept_beside_its_base() {
    let folder = workshop();
    let starter = reference().join("../starter-llama-15m").canonicalize().unwrap();
    let base = format!("base={}", starter.display());
    let settings = [
        base.as_str(),
        "method.kind=lora",
        "method.rank=4",
        "method.dropout=0.05",
        "schedule.epochs=1",
        "schedule.evaluations=1",
        "schedule.rate=3e-3",
        "schedule.label_smoothing=0.05",
    ];
    // The base has answers of its own, which stay if the recipe says none.
    let recipe =
        RECIPE.split("[model]").next().unwrap().to_owned() + "[method]\n" + RECIPE.split("[method]").nth(1).unwrap();
    std::fs::write(folder.path().join("TRAIN.toml"), recipe).unwrap();
    let summary = Attempt { settings: &settings, ..Attempt::new(&folder, "out") }.run().unwrap();
    assert!(summary.seeds[0].best.f1 > 0.8, "{:?}", summary.seeds);
    let model = summary.model.unwrap();
    assert!(model.join("adapter_model.safetensors").exists() && !model.join("model.gguf").exists());
    let loaded = load(&model).unwrap();
    assert!(loaded.description().weights_hash.contains('+'), "base and adapter are named");
    assert_eq!(loaded.description().answers.len(), 3);
    let config = std::fs::read_to_string(model.join("adapter_config.json")).unwrap();
    assert!(config.contains("\"peft_type\": \"LORA\"") && config.contains("q_proj"), "{config}");
}

#[test]
#[ignore = "a whole decoder written as GGUF answers otherwise when it is loaded again; the run sees it and refuses"]
fn all_weights_of_a_decoder_become_a_gguf_file() {
    let folder = workshop();
    let starter = reference().join("../starter-llama-15m").canonicalize().unwrap();
    let base = format!("base={}", starter.display());
    let settings = [base.as_str(), "schedule.epochs=0.5", "schedule.rate=3e-4", "output.numbers=q8_0"];
    let summary = Attempt { settings: &settings, ..Attempt::new(&folder, "out") }.run().unwrap();
    let model = summary.model.unwrap();
    let loaded = load(&model).unwrap();
    assert!(loaded.description().quantization.starts_with("Q8_0"), "{}", loaded.description().quantization);
    assert!(std::fs::metadata(model.join("model.gguf")).unwrap().len() < 18_000_000);
}

#[test]
fn what_cannot_be_trained_is_refused_before_the_first_step() {
    let folder = workshop();
    let refused = |settings: &[&str]| {
        let attempt = Attempt { settings, ..Attempt::new(&folder, "out") };
        let error = attempt.run().unwrap_err().to_string();
        assert!(!folder.path().join("out/metrics.jsonl").exists(), "{error}");
        error
    };
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("leak.tsv"), rows(2, 1000) + &rows(64, 0)).unwrap();
    let leak = refused(&["data.train=['leak.tsv']"]);
    assert!(leak.contains("2 of 40 development sentences stand among the training sentences"), "{leak}");
    std::fs::write(path("long.tsv"), format!("{} @GENE$ @DISEASE$\t1\n", "no ".repeat(400))).unwrap();
    let long = refused(&["data.train=['train.tsv', 'long.tsv']"]);
    assert!(long.contains("training sentence of line 1") && long.contains("128"), "{long}");
    std::fs::write(path("bare.tsv"), "no mask here\t1\n").unwrap();
    assert!(refused(&["data.dev=['bare.tsv']"]).contains("does not contain @GENE$"));
    assert!(refused(&["base=nowhere"]).contains("nowhere"));
    assert!(refused(&["model.answers=[{text='a'}, {text='b'}]"]).contains("one must state a relation"));
    let allowed = ["data.train=['leak.tsv']", "data.allow_leak=true", "schedule.epochs=0.1"];
    let summary = Attempt { settings: &allowed, ..Attempt::new(&folder, "leaky") }.run().unwrap();
    assert_eq!(summary.dev.unwrap().leak.unwrap().verbatim, 2, "allowed, and told");
}

#[test]
fn a_cost_that_is_no_number_ends_the_run() {
    let folder = workshop();
    let settings = &["schedule.rate=1e30", "schedule.warm_up=0"];
    let error = Attempt { settings, ..Attempt::new(&folder, "out") }.run().unwrap_err();
    assert!(matches!(error, TrainingError::Diverged { .. }), "{error}");
}

/// Where a model lies decides nothing.
#[test]
fn the_way_to_the_base_is_told_from_the_result() {
    let folder = workshop();
    let settings = &["method.kind=lora", "schedule.epochs=0.2", "schedule.rate=1e-3"];
    let summary = Attempt { settings, ..Attempt::new(&folder, "deep/out") }.run().unwrap();
    let text = std::fs::read_to_string(summary.model.unwrap().join("model.toml")).unwrap();
    assert!(text.contains("weights = \"../../../base/model.safetensors\""), "{text}");
    let moved: PathBuf = folder.path().with_extension("moved");
    std::fs::rename(folder.path(), &moved).unwrap();
    let loads = load(&moved.join("deep/out/model")).is_ok();
    std::fs::rename(&moved, folder.path()).unwrap();
    assert!(loads);
}

#[test]
fn the_recipes_of_the_examples_can_be_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/train");
    let mut found = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            Recipe::read(&path, &[]).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            found += 1;
        }
    }
    assert!(found >= 2);
}
