//! The forward pass against `transformers`, on a small model with random weights and shared key heads.

use std::path::PathBuf;

use candle_core::Tensor;
use candle_core::quantized::gguf_file::{self, Value};
use candle_core::quantized::{GgmlDType, QTensor};

use super::*;
use crate::InferenceError;
use crate::gguf::WeightsFile;

fn reference() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../data/models/reference"))
}

fn tiny() -> Llama {
    let mut file = WeightsFile::open(&reference().join("tiny-llama-gqa-f16.gguf")).unwrap();
    Llama::load(&mut file, WeightPrecision::Automatic, Device::Cpu).unwrap()
}

/// Inputs, and for each the logits of all tokens after its last one.
fn cases() -> (Vec<Vec<u32>>, Vec<Vec<f32>>) {
    let text = std::fs::read_to_string(reference().join("tiny.json")).unwrap();
    let mut all: serde_json::Value = serde_json::from_str(&text).unwrap();
    let mut part = |name| all["llama-gqa"][name].take();
    (serde_json::from_value(part("inputs")).unwrap(), serde_json::from_value(part("outputs")).unwrap())
}

fn all_tokens(llama: &Llama) -> Head {
    llama.head(&(0..u32::try_from(llama.vocabulary()).unwrap()).collect::<Vec<_>>()).unwrap()
}

fn distance(found: &[f32], expected: &[f32]) -> f32 {
    assert_eq!(found.len(), expected.len());
    found.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

#[test]
fn logits_are_those_of_transformers() {
    let (llama, (inputs, expected)) = (tiny(), cases());
    let sequences: Vec<&[u32]> = inputs.iter().map(Vec::as_slice).collect();
    let logits = llama.logits(&llama.prefix(&[]).unwrap(), &all_tokens(&llama), &sequences).unwrap();
    assert!(inputs.len() >= 6);
    for (found, expected) in logits.iter().zip(&expected) {
        let distance = distance(found, expected);
        println!("farthest logit {distance:.6}");
        assert!(distance < 1e-3, "{distance}");
    }
}

#[test]
fn a_shared_prefix_changes_nothing() {
    let (llama, (inputs, expected)) = (tiny(), cases());
    let head = all_tokens(&llama);
    for (input, expected) in inputs.iter().zip(&expected) {
        for cut in 1..input.len() {
            let prefix = llama.prefix(&input[..cut]).unwrap();
            // Beside another sequence on either side, since sequences are packed.
            let logits = llama.logits(&prefix, &head, &[&[7, 8, 9], &input[cut..], &[5]]).unwrap();
            let distance = distance(&logits[1], expected);
            assert!(distance < 1e-3, "cut at {cut} of {}: {distance}", input.len());
        }
    }
}

#[test]
fn the_head_has_the_rows_that_were_asked_for() {
    let (llama, (inputs, expected)) = (tiny(), cases());
    let head = llama.head(&[200, 3, 3]).unwrap();
    let logits = llama.logits(&llama.prefix(&[]).unwrap(), &head, &[&inputs[2]]).unwrap();
    assert!(distance(&logits[0], &[expected[2][200], expected[2][3], expected[2][3]]) < 1e-3);
}

#[test]
fn an_empty_sequence_is_refused() {
    let llama = tiny();
    let (prefix, head) = (llama.prefix(&[1]).unwrap(), llama.head(&[0]).unwrap());
    assert!(matches!(llama.logits(&prefix, &head, &[&[1], &[]]), Err(InferenceError::Compute(_))));
}

/// A GGUF file like the tiny one, with some of it changed.
struct Forgery {
    metadata: Vec<(String, Value)>,
    tensors: Vec<(String, QTensor)>,
}

impl Forgery {
    fn new() -> Self {
        let mut file = std::fs::File::open(reference().join("tiny-llama-gqa-f16.gguf")).unwrap();
        let content = gguf_file::Content::read(&mut file).unwrap();
        let names = content.tensor_infos.keys();
        let tensors = names.map(|name| (name.clone(), content.tensor(&mut file, name, &Device::Cpu).unwrap()));
        Self { tensors: tensors.collect(), metadata: content.metadata.into_iter().collect() }
    }

    fn set(mut self, key: &str, value: Value) -> Self {
        self.metadata.retain(|(other, _)| other != key);
        self.metadata.push((key.to_owned(), value));
        self
    }

    fn without(mut self, name: &str) -> Self {
        self.metadata.retain(|(other, _)| other != name);
        self.tensors.retain(|(other, _)| other != name);
        self
    }

    fn tensor(self, name: &str, shape: &[usize]) -> Self {
        let tensor = Tensor::ones(shape, candle_core::DType::F32, &Device::Cpu).unwrap();
        let mut forgery = self.without(name);
        forgery.tensors.push((name.to_owned(), QTensor::quantize(&tensor, GgmlDType::F32).unwrap()));
        forgery
    }

    fn bytes(&self) -> Vec<u8> {
        let metadata: Vec<_> = self.metadata.iter().map(|(key, value)| (key.as_str(), value)).collect();
        let tensors: Vec<_> = self.tensors.iter().map(|(name, tensor)| (name.as_str(), tensor)).collect();
        let mut bytes = std::io::Cursor::new(Vec::new());
        gguf_file::write(&mut bytes, &metadata, &tensors).unwrap();
        bytes.into_inner()
    }

    fn load(&self) -> Result<Llama, InferenceError> {
        load(&self.bytes())
    }
}

fn load(bytes: &[u8]) -> Result<Llama, InferenceError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("forged.gguf");
    std::fs::write(&path, bytes).unwrap();
    Llama::load(&mut WeightsFile::open(&path)?, WeightPrecision::Automatic, Device::Cpu)
}

#[test]
fn without_an_output_matrix_the_embedding_is_the_head() {
    let tied = Forgery::new().without("output.weight").load().unwrap();
    let embedding = tied.weights().embedding.dequantize(&Device::Cpu).unwrap();
    let separate = Forgery::new().without("output.weight");
    let mut separate = separate;
    separate.tensors.push(("output.weight".into(), QTensor::quantize(&embedding, GgmlDType::F32).unwrap()));
    let separate = separate.load().unwrap();
    let logits = |llama: &Llama| {
        llama.logits(&llama.prefix(&[1]).unwrap(), &llama.head(&[4, 5]).unwrap(), &[&[2, 3]]).unwrap().remove(0)
    };
    assert!(distance(&logits(&tied), &logits(&separate)) < 1e-6);
    assert!(distance(&logits(&tied), &logits(&tiny())) > 1e-3);
}

#[test]
fn files_that_are_not_such_a_model_say_why() {
    let text = |text: &str| Value::String(text.to_owned());
    let cases = [
        (Forgery::new().set("general.architecture", text("gemma")), "holds a `gemma` model; only `llama`"),
        (Forgery::new().without("general.architecture"), "holds a `unnamed` model"),
        (Forgery::new().without("llama.block_count"), "metadata `llama.block_count` is missing"),
        (Forgery::new().set("llama.block_count", text("3")), "`llama.block_count` is not a count"),
        (Forgery::new().set("llama.block_count", Value::I32(-3)), "`llama.block_count` is not a count"),
        (Forgery::new().set("llama.block_count", Value::U32(0)), "`llama.block_count` is zero"),
        (Forgery::new().set("llama.block_count", Value::U32(4)), "no tensor `blk.3."),
        (Forgery::new().set("llama.block_count", Value::U32(2)), "tensor `blk.2."),
        (Forgery::new().set("llama.attention.head_count", Value::U32(0)), "head_count` is zero"),
        (Forgery::new().set("llama.attention.head_count_kv", Value::U32(3)), "does not divide"),
        (Forgery::new().set("llama.rope.dimension_count", Value::U32(7)), "is odd or larger"),
        (Forgery::new().set("llama.rope.scaling.type", text("yarn")), "is `yarn`"),
        (Forgery::new().set("llama.expert_count", Value::U32(8)), "mixture of experts"),
        (Forgery::new().set("llama.attention.value_length", Value::U32(16)), "differs from key_length"),
        (Forgery::new().without("llama.attention.layer_norm_rms_epsilon"), "is missing"),
        (Forgery::new().without("blk.1.ffn_up.weight"), "has no tensor `blk.1.ffn_up.weight`"),
        (Forgery::new().tensor("blk.1.ffn_up.weight", &[160, 32]), "shape [160, 32]"),
        (Forgery::new().tensor("blk.1.attn_q.bias", &[64]), "has a tensor `blk.1.attn_q.bias`"),
        (Forgery::new().without("token_embd.weight"), "has no tensor `token_embd.weight`"),
    ];
    for (forgery, expected) in cases {
        let message = forgery.load().err().map(|error| error.to_string()).unwrap_or_default();
        assert!(message.contains(expected) && message.contains("forged.gguf"), "{expected}: {message}");
    }
}

#[test]
fn a_file_cut_anywhere_is_refused() {
    let whole = std::fs::read(reference().join("tiny-llama-gqa-f16.gguf")).unwrap();
    assert!(load(&whole).is_ok());
    for length in (0..whole.len()).step_by(whole.len() / 97).chain([whole.len() - 1]) {
        let error = load(&whole[..length]).err().unwrap_or_else(|| panic!("{length} bytes are enough"));
        let fitting = matches!(error, InferenceError::Truncated { .. } | InferenceError::NotGguf { .. });
        assert!(fitting, "{length}: {error}");
    }
    let last = load(&whole[..whole.len() - 1]).err().unwrap();
    assert!(matches!(&last, InferenceError::Truncated { tensor, .. } if tensor.ends_with(".weight")), "{last}");
    let message = load(b"PK\x03\x04 this is no model").err().unwrap().to_string();
    assert!(message.contains("is not a readable GGUF file"), "{message}");
}

#[test]
fn a_damaged_header_is_refused_or_read_but_never_fatal() {
    let whole = std::fs::read(reference().join("tiny-llama-gqa-f16.gguf")).unwrap();
    let header = 2_400;
    for seed in 0..400u64 {
        let mut random = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        let mut next = |below: usize| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(random >> 33).unwrap() % below
        };
        let mut damaged = whole.clone();
        for _ in 0..=next(3) {
            damaged[next(header)] = u8::try_from(next(256)).unwrap();
        }
        let outcome = std::panic::catch_unwind(|| load(&damaged).is_ok());
        assert!(outcome.is_ok(), "seed {seed}");
    }
}

#[test]
fn measures_out_of_all_proportion_are_refused() {
    for key in
        ["block_count", "embedding_length", "feed_forward_length", "attention.head_count", "attention.key_length"]
    {
        for size in [u32::MAX, 1 << 31, 1 << 20] {
            let forgery = Forgery::new().set(&format!("llama.{key}"), Value::U32(size));
            assert!(forgery.load().is_err(), "{key} = {size}");
        }
    }
    let long = Forgery::new().set("llama.context_length", Value::U32(u32::MAX)).load().unwrap();
    assert_eq!(long.context(), 8192);
}
