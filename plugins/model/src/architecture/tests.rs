//! Files that are not what they say: each gets an error that says why, before anything is loaded.

use candle_core::quantized::gguf_file::Value;

use super::*;
use crate::ModelError;
use crate::forgery::{Gguf, HuggingFace, open, open_bytes, reference};

#[test]
fn gguf_files_that_are_not_such_a_model_say_why() {
    let text = |text: &str| Value::String(text.to_owned());
    let llama = Gguf::llama;
    let cases = [
        (llama().set("general.architecture", text("gemma2")), "holds a `gemma2` model; what is read is `llama`"),
        (llama().set("general.architecture", text("gemma")), "metadata `gemma.embedding_length` is missing"),
        (llama().set("general.architecture", text("bert")), "GGUF files of BERT lack its pooler"),
        (llama().without("general.architecture"), "holds a `unnamed` model"),
        (llama().without("llama.block_count"), "metadata `llama.block_count` is missing"),
        (llama().set("llama.block_count", text("3")), "`llama.block_count` is not a count"),
        (llama().set("llama.block_count", Value::I32(-3)), "`llama.block_count` is not a count"),
        (llama().set("llama.block_count", Value::U32(0)), "`llama.block_count` is zero"),
        (llama().set("llama.block_count", Value::U32(4)), "no tensor `blk.3."),
        (llama().set("llama.block_count", Value::U32(2)), "tensor `blk.2."),
        (llama().set("llama.attention.head_count", Value::U32(0)), "head_count` is zero"),
        (llama().set("llama.attention.head_count_kv", Value::U32(3)), "does not divide"),
        (llama().set("llama.rope.dimension_count", Value::U32(7)), "is odd or larger"),
        (llama().set("llama.rope.scaling.type", text("yarn")), "is `yarn`"),
        (llama().set("llama.expert_count", Value::U32(8)), "mixture of experts"),
        (llama().set("llama.attention.value_length", Value::U32(16)), "differs from key_length"),
        (llama().set("split.count", Value::U16(3)), "join them with `llama-gguf-split --merge`"),
        (llama().without("llama.attention.layer_norm_rms_epsilon"), "is missing"),
        (llama().without("blk.1.ffn_up.weight"), "has no tensor `blk.1.ffn_up.weight`"),
        (llama().tensor("blk.1.ffn_up.weight", &[160, 32]), "shape [160, 32]"),
        (llama().tensor("blk.1.attn_q.bias", &[64]), "has a tensor `blk.1.attn_q.bias`"),
        (llama().without("token_embd.weight"), "has no tensor `token_embd.weight`"),
    ];
    for (forgery, expected) in cases {
        let message = forgery.open().err().map(|error| error.to_string()).unwrap_or_default();
        assert!(message.contains(expected) && message.contains("forged.gguf"), "{expected}: {message}");
    }
}

#[test]
fn folders_that_are_not_such_a_model_say_why() {
    use serde_json::json;
    let (llama, gemma, bert) =
        (|| HuggingFace::like("llama-gqa"), || HuggingFace::like("gemma"), || HuggingFace::like("bert"));
    let cases = [
        (llama().set("model_type", json!("qwen2")), "holds a `qwen2` model"),
        (llama().without("model_type"), "holds a `unnamed` model"),
        (llama().without("hidden_size"), "`hidden_size` is missing"),
        (llama().set("hidden_size", json!(-1)), "`hidden_size` is not a count"),
        (llama().set("num_hidden_layers", json!(0)), "`num_hidden_layers` is zero"),
        (llama().set("num_hidden_layers", json!(4)), "no tensor `model.layers.3.input_layernorm.weight`"),
        (llama().set("num_hidden_layers", json!(2)), "has a tensor `model.layers.2."),
        (llama().set("num_attention_heads", json!(7)), "does not divide"),
        (llama().set("attention_bias", json!(true)), "`attention_bias` is true"),
        (llama().set("rope_scaling", json!({"rope_type": "yarn"})), "is `yarn`"),
        (llama().set("rope_scaling", json!({"rope_type": "llama3"})), "has no positive `factor`"),
        (llama().set("rms_norm_eps", json!("small")), "`rms_norm_eps` is not a number"),
        (llama().without("lm_head.weight"), "has no tensor `lm_head.weight`"),
        (llama().without("model.norm.weight"), "has no tensor `model.norm.weight`"),
        (gemma().set("intermediate_size", json!(96)), "has shape [160, 64], but the metadata call for [96, 64]"),
        (gemma().set("head_dim", json!(128)), "`head_dim` does not fit"),
        (bert().without("classifier.weight"), "is a BERT that answers nothing yet"),
        (bert().without("bert.pooler.dense.bias"), "has no tensor `bert.pooler.dense.bias`"),
        (bert().set("hidden_act", json!("relu")), "`hidden_act` is `relu`"),
        (bert().set("position_embedding_type", json!("relative_key")), "is `relative_key`"),
        (bert().set("id2label", json!({"0": "a", "1": "b", "2": "c"})), "names 3 classes, but the weights have 2"),
        (bert().set("id2label", json!({"0": "a", "2": "b"})), "does not name the classes"),
        (bert().set("num_attention_heads", json!(5)), "does not divide the width"),
    ];
    for (forgery, expected) in cases {
        let message = forgery.open().err().map(|error| error.to_string()).unwrap_or_default();
        assert!(message.contains(expected), "{expected}: {message}");
    }
}

#[test]
fn a_folder_that_lacks_a_file_says_which() {
    let folder = tempfile::tempdir().unwrap();
    let index = HuggingFace::like("llama-gqa").write(folder.path(), 2);
    let message = || open(&index).err().unwrap().to_string();
    assert!(open(&index).is_ok());
    let shard = folder.path().join("model-00002-of-00002.safetensors");
    let bytes = std::fs::read(&shard).unwrap();
    std::fs::write(&shard, &bytes[..bytes.len() - 1]).unwrap();
    assert!(message().contains("is cut short"), "{}", message());
    std::fs::write(&shard, &bytes[..100]).unwrap();
    assert!(message().contains("its header claims"), "{}", message());
    std::fs::write(&shard, b"\x02\0\0\0\0\0\0\0{}").unwrap();
    assert!(message().contains("has no tensor `"), "{}", message());
    std::fs::remove_file(&shard).unwrap();
    assert!(message().contains("model-00002-of-00002.safetensors"), "{}", message());
    let text = std::fs::read_to_string(&index).unwrap();
    std::fs::write(&index, "{}").unwrap();
    assert!(message().contains("no index of safetensors files"), "{}", message());
    std::fs::write(&index, text).unwrap();
    std::fs::write(folder.path().join("config.json"), "[]").unwrap();
    assert!(message().contains("is no JSON table"), "{}", message());
    std::fs::remove_file(folder.path().join("config.json")).unwrap();
    assert!(message().contains("put the config.json that came with them beside them"), "{}", message());
}

#[test]
fn a_model_that_another_program_has_quantized_is_refused_by_name() {
    let mut forgery = HuggingFace::like("llama-gqa");
    forgery.tensors.get_mut("model.norm.weight").unwrap().0 = safetensors::Dtype::I16;
    let message = forgery.open().err().unwrap().to_string();
    assert!(message.contains("numbers of type I16") && message.contains("bitsandbytes"), "{message}");
}

#[test]
fn a_file_cut_anywhere_is_refused() {
    let whole = std::fs::read(reference().join("tiny-llama-gqa-f16.gguf")).unwrap();
    assert!(open_bytes(&whole).is_ok());
    for length in (0..whole.len()).step_by(whole.len() / 97).chain([whole.len() - 1]) {
        let error = open_bytes(&whole[..length]).err().unwrap_or_else(|| panic!("{length} bytes are enough"));
        let fitting = matches!(error, ModelError::Truncated { .. } | ModelError::NotGguf { .. });
        assert!(fitting, "{length}: {error}");
    }
    let last = open_bytes(&whole[..whole.len() - 1]).err().unwrap();
    assert!(matches!(&last, ModelError::Truncated { tensor, .. } if tensor.ends_with(".weight")), "{last}");
    let message = open_bytes(b"PK\x03\x04 this is no model").err().unwrap().to_string();
    assert!(message.contains("is not a readable GGUF file"), "{message}");
}

/// Changes a few of the first bytes of a file, differently for each seed.
fn damage(bytes: &mut [u8], header: usize, seed: u64) {
    let mut random = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = |below: usize| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(random >> 33).unwrap() % below
    };
    for _ in 0..=next(3) {
        bytes[next(header)] = u8::try_from(next(256)).unwrap();
    }
}

#[test]
fn a_damaged_header_is_refused_or_read_but_never_fatal() {
    let gguf = std::fs::read(reference().join("tiny-llama-gqa-f16.gguf")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = HuggingFace::like("bert").write(folder.path(), 1);
    let safetensors = std::fs::read(&path).unwrap();
    for seed in 0..400 {
        let mut damaged = gguf.clone();
        damage(&mut damaged, 2_400, seed);
        assert!(std::panic::catch_unwind(|| open_bytes(&damaged).is_ok()).is_ok(), "seed {seed}");
        let mut damaged = safetensors.clone();
        damage(&mut damaged, 4_000, seed);
        std::fs::write(&path, damaged).unwrap();
        assert!(std::panic::catch_unwind(|| open(&path).is_ok()).is_ok(), "seed {seed}");
    }
}

#[test]
fn measures_out_of_all_proportion_are_refused() {
    for key in
        ["block_count", "embedding_length", "feed_forward_length", "attention.head_count", "attention.key_length"]
    {
        for size in [u32::MAX, 1 << 31, 1 << 20] {
            let forgery = Gguf::llama().set(&format!("llama.{key}"), Value::U32(size));
            assert!(forgery.open().is_err(), "{key} = {size}");
        }
    }
    let (_, long) = Gguf::llama().set("llama.context_length", Value::U32(u32::MAX)).open().unwrap();
    assert_eq!(long.context(), crate::limits::CONTEXT_TOKENS_MAX);
}

#[test]
fn positions_of_llama_3_are_stretched_where_they_turn_slowly() {
    let scaling = serde_json::json!({
        "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
        "original_max_position_embeddings": 8192
    });
    let (_, plain) = HuggingFace::like("llama-gqa").open().unwrap();
    let scaled = HuggingFace::like("llama-gqa").set("rope_theta", 5e5.into()).set("rope_scaling", scaling);
    let (_, scaled) = scaled.open().unwrap();
    let (Architecture::Decoder(plain), Architecture::Decoder(scaled)) = (plain, scaled) else { panic!("no decoders") };
    assert_eq!(plain.rotary_factors, None);
    let factors = scaled.rotary_factors.unwrap();
    // The wavelength of pair i of 4 is 2 pi 500000^(i/4): 6.3, 167, 4443, 118146.
    assert_eq!(factors.len(), 4);
    assert_eq!(factors[..2], [1.0, 1.0]);
    let smooth = (8192.0 / 4442.88 - 1.0) / 3.0;
    assert!((factors[2] - 1.0 / ((1.0 - smooth) / 8.0 + smooth)).abs() < 1e-3, "{factors:?}");
    assert!((factors[3] - 8.0).abs() < 1e-6);
}
