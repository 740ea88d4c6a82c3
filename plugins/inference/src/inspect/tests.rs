//! Inspections of folders that can be used and of folders that cannot.

use super::*;
use hopgraph_model::forgery::{HuggingFace, reference};

fn starter() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../data/models/starter-llama-15m"))
}

#[test]
fn a_folder_that_can_be_used_has_no_problems() {
    let found = inspect(&starter());
    assert_eq!(found.problems, [""; 0]);
    assert_eq!(found.name.as_deref(), Some("starter-llama-15m"));
    let weights = found.weights.unwrap();
    assert_eq!((weights.container, weights.formats[0].0.as_str()), ("GGUF", "Q8_0"));
    let model = found.model.unwrap();
    assert_eq!((model.architecture, model.layers, model.context), ("llama", 4, 512));
    assert!((14_000_000..15_500_000).contains(&model.parameters), "{}", model.parameters);
    let memory = model.memory;
    assert_eq!(memory.card_whole, 2 * model.parameters);
    assert_eq!(memory.processor_quantized, memory.as_in_file);
    assert!(memory.as_in_file < memory.card_by_layer && memory.card_by_layer < memory.card_whole, "{memory:?}");
    assert!(memory.card_whole < memory.processor_float32, "{memory:?}");
    let tokenizer = found.tokenizer.unwrap();
    assert_eq!((tokenizer.kind, tokenizer.beginning), ("byte pairs", Some(1)));
    assert!(found.prompt.unwrap().shared > 20);
}

#[test]
fn a_weights_file_alone_is_enough_for_what_it_says() {
    let found = inspect(&reference().join("tiny-gemma-f16.gguf"));
    assert_eq!(found.problems, [""; 0]);
    assert!(found.name.is_none() && found.tokenizer.is_none() && found.prompt.is_none());
    let model = found.model.unwrap();
    assert_eq!((model.architecture, model.head_width, model.key_value_heads), ("gemma", 32, 1));
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut bert = HuggingFace::like("bert").set("id2label", serde_json::json!({"0": "no", "1": "yes"}));
    bert = bert.without("bert.pooler.dense.bias").without("bert.encoder.layer.1.output.dense.weight");
    bert.write(folder.path(), 1);
    let problems = inspect(folder.path()).problems;
    assert_eq!(problems.len(), 3, "{problems:#?}");
    assert!(
        problems[0].contains("there is no ") && problems[0].contains("text = \"yes\"\nrelation ="),
        "{}",
        problems[0]
    );
    assert!(!problems[0].contains("prompt"), "an encoder needs no prompt: {}", problems[0]);
    assert!(problems[1].contains("no tensor `bert.pooler.dense.bias`"), "{}", problems[1]);
    assert!(problems[2].contains("no tensor `bert.encoder.layer.1.output.dense.weight`"), "{}", problems[2]);

    let settings = problems[0].split_once("\n\n").unwrap().1;
    std::fs::write(folder.path().join("model.toml"), settings).unwrap();
    let problems = inspect(folder.path()).problems;
    assert!(problems.iter().any(|problem| problem.contains("put tokenizer.json")), "{problems:#?}");
}

#[test]
fn what_is_not_there_is_said_to_be_missing() {
    let folder = tempfile::tempdir().unwrap();
    let problems = inspect(folder.path()).problems;
    assert!(problems.len() == 1 && problems[0].contains("weights = \"model.gguf\""), "{problems:#?}");
    let problems = inspect(&folder.path().join("nowhere")).problems;
    assert!(problems.len() == 1 && problems[0].contains("nowhere"), "{problems:#?}");
}

#[test]
fn of_a_model_behind_a_server_only_its_name_is_known() {
    let folder = tempfile::tempdir().unwrap();
    let settings = std::fs::read_to_string(starter().join("model.toml")).unwrap();
    let settings =
        settings.replace("weights = \"starter-llama-15m-q8_0.gguf\"", "remote.endpoint = \"http://127.0.0.1:1\"");
    std::fs::write(folder.path().join("model.toml"), settings).unwrap();
    let found = inspect(folder.path());
    assert_eq!((found.name.as_deref(), found.problems.len()), (Some("starter-llama-15m"), 0), "{:?}", found.problems);
    assert!(found.weights.is_none());
}
