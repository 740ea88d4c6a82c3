//! Looking at models and quantizing them, through the built program.

use std::fs;
use std::path::{Path, PathBuf};

use crate::harness::Folder;

fn models(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/models").join(path)
}

#[test]
fn a_sound_folder_is_described_and_exits_with_0() {
    let folder = Folder::new();
    let output = folder.run(&["model", "inspect", models("starter-llama-15m").to_str().unwrap()]);
    assert_eq!(output.code, 0, "{}{}", output.stdout, output.stderr);
    for text in ["starter-llama-15m", "29 Q8_0 (", "14,684,672", "byte pairs, 8,192 tokens", "computed once"] {
        assert!(output.stdout.contains(text), "{text}: {}", output.stdout);
    }
}

#[test]
fn a_folder_that_lacks_its_settings_gets_some_to_start_from_and_exits_with_1() {
    let folder = Folder::new();
    fs::copy(models("reference/tiny-gemma-f16.gguf"), folder.path("tiny.gguf")).unwrap();
    let output = folder.run(&["model", "inspect", "."]);
    assert_eq!(output.code, 1, "{}", output.stdout);
    assert!(output.stdout.contains("gemma") && output.stdout.contains("weights = \"tiny.gguf\""), "{}", output.stdout);
    let output = folder.run(&["classify", "--model", "."]);
    assert_eq!(output.code, 1);
    assert!(output.stderr.contains("weights = \"tiny.gguf\""), "{}", output.stderr);
}

#[test]
fn a_quantized_model_classifies() {
    let folder = Folder::new();
    let starter = models("starter-llama-15m");
    let quantize =
        |kind: &str| folder.run(&["model", "quantize", starter.to_str().unwrap(), "small.gguf", "--type", kind]);
    assert_eq!(quantize("q1").code, 2);
    let output = quantize("q4_0");
    assert_eq!(output.code, 0, "{}", output.stderr);
    assert!(output.stdout.contains("28 Q4_0") && output.stdout.contains("1 Q6_K"), "{}", output.stdout);
    let again = quantize("q8_0");
    assert_eq!(again.code, 1);
    assert!(again.stderr.contains("it exists already"), "{}", again.stderr);
    let settings = fs::read_to_string(starter.join("model.toml")).unwrap();
    fs::write(folder.path("model.toml"), settings.replace("starter-llama-15m-q8_0.gguf", "small.gguf")).unwrap();
    fs::write(folder.path("in.jsonl"), "{\"sentence\": \"@GENE$ causes @DISEASE$.\"}\n").unwrap();
    let output = folder.run(&["classify", "--model", ".", "in.jsonl"]);
    assert!(output.code == 0 && output.stdout.contains("\"answer\":\"True\""), "{output:?}");
}
