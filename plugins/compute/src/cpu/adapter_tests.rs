//! Adapters against peft's own merged model, in each format of adapter and of weights.

use std::path::{Path, PathBuf};

use hopgraph_model::Sequence;
use hopgraph_model::architecture::{Architecture, Checkpoint};
use hopgraph_model::forgery::{HuggingFace, reference};

use super::load;
use crate::WeightPrecision;
use crate::network::Question;

/// Inputs and the logits of all answers, as peft merges the adapter with this kind of scale.
fn expected(file: &str, kind: &str) -> (Vec<Sequence>, Vec<Vec<f32>>) {
    let text = std::fs::read_to_string(reference().join(file)).unwrap();
    let mut all: serde_json::Value = serde_json::from_str(&text).unwrap();
    let inputs: Vec<Vec<u32>> = serde_json::from_value(all["inputs"].take()).unwrap();
    let logits = serde_json::from_value(all[kind].take()).unwrap();
    (inputs.into_iter().map(Sequence::single).collect(), logits)
}

fn farthest(weights: &Path, adapter: &Path, file: &str, kind: &str) -> f32 {
    let mut weights = Checkpoint::open(weights).unwrap();
    weights.adapt(adapter).unwrap();
    let architecture = Architecture::read(&mut weights).unwrap();
    let (sequences, expected) = expected(file, kind);
    let answers: Vec<u32> = (0u32..).take(expected[0].len()).collect();
    let question = Question { shared: &[], answers: &answers };
    let network = load(&mut weights, &architecture, question, WeightPrecision::Automatic).unwrap();
    let found = network.logits(&sequences).unwrap();
    let pairs = found.iter().flatten().zip(expected.iter().flatten());
    pairs.map(|(found, expected)| (found - expected).abs()).fold(0.0, f32::max)
}

fn peft(folder: &Path, change: impl Fn(&mut serde_json::Value)) -> PathBuf {
    let source = reference().join("adapter");
    let mut config: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(source.join("adapter_config.json")).unwrap()).unwrap();
    change(&mut config);
    std::fs::write(folder.join("adapter_config.json"), config.to_string()).unwrap();
    let path = folder.join("adapter_model.safetensors");
    std::fs::copy(source.join("adapter_model.safetensors"), &path).unwrap();
    path
}

#[test]
fn logits_are_those_of_the_model_that_peft_merges() {
    let folder = tempfile::tempdir().unwrap();
    let safetensors = HuggingFace::like("llama-gqa").write(folder.path(), 1);
    let gguf = reference().join("tiny-llama-gqa-f16.gguf");
    let adapter = reference().join("adapter");
    let rslora = tempfile::tempdir().unwrap();
    let rslora = (peft(rslora.path(), |config| config["use_rslora"] = true.into()), rslora);
    for (adapter, kind) in [
        (adapter.join("adapter_model.safetensors"), "plain"),
        (adapter.join("adapter.gguf"), "plain"),
        (rslora.0, "rslora"),
    ] {
        for weights in [&safetensors, &gguf] {
            let farthest = farthest(weights, &adapter, "adapter.json", kind);
            println!("{} with {}: farthest logit {farthest:.6}", weights.display(), adapter.display());
            assert!(farthest < 1e-3, "{} with {}: {farthest}", weights.display(), adapter.display());
        }
    }
}

#[test]
fn an_adapter_may_bring_the_head_for_the_classes() {
    let folder = tempfile::tempdir().unwrap();
    let bare = HuggingFace::like("bert").without("classifier.weight").without("classifier.bias");
    let weights = bare.write(folder.path(), 1);
    let adapter = reference().join("adapter-bert/adapter_model.safetensors");
    assert!(Checkpoint::open(&weights).and_then(|mut weights| Architecture::read(&mut weights)).is_err());
    let distance = farthest(&weights, &adapter, "adapter-bert.json", "plain");
    assert!(distance < 1e-3, "{distance}");
}
