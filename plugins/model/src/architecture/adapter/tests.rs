//! Adapters that do not fit, and what an adapter makes of the identity of a model.

use super::*;
use crate::architecture::{Architecture, Checkpoint};
use crate::forgery::reference;

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
fn an_adapter_changes_the_hash_of_the_weights() {
    let mut weights = Checkpoint::open(&reference().join("tiny-llama-gqa-f16.gguf")).unwrap();
    let bare = weights.sha256().unwrap();
    let adapter = reference().join("adapter/adapter.gguf");
    weights.adapt(&adapter).unwrap();
    assert_eq!(weights.sha256().unwrap(), format!("{bare}+{}", sha256(&adapter).unwrap()));
}

#[test]
fn adapters_that_do_not_fit_say_why() {
    let refused = |weights: &Path, adapter: &Path| {
        let mut weights = Checkpoint::open(weights).unwrap();
        let adapted = weights.adapt(adapter).and_then(|()| Architecture::read(&mut weights).map(drop));
        adapted.unwrap_err().to_string()
    };
    let llama = reference().join("tiny-llama-gqa-f16.gguf");
    let changed = |key: &str, value: serde_json::Value| {
        let folder = tempfile::tempdir().unwrap();
        let path = peft(folder.path(), |config| config[key] = value.clone());
        refused(&llama, &path)
    };
    assert!(changed("peft_type", "IA3".into()).contains("its `peft_type` asks"));
    assert!(changed("use_dora", true.into()).contains("its `use_dora` asks"));
    assert!(changed("alpha_pattern", serde_json::json!({"q_proj": 3})).contains("its `alpha_pattern` asks"));
    assert!(changed("lora_alpha", "six".into()).contains("cannot be read"));
    let gemma = refused(&reference().join("tiny-gemma-f16.gguf"), &reference().join("adapter/adapter.gguf"));
    assert!(gemma.contains("it was trained beside another model"), "{gemma}");
    let model = refused(&llama, &llama);
    assert!(model.contains("`general.type` is not `adapter`"), "{model}");
    let folder = tempfile::tempdir().unwrap();
    let alone = folder.path().join("adapter_model.safetensors");
    std::fs::copy(reference().join("adapter/adapter_model.safetensors"), &alone).unwrap();
    assert!(refused(&llama, &alone).contains("put the adapter_config.json beside the other"));
}
