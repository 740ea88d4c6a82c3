//! What needs no card is tested everywhere; the rest runs where there is one, by `benches/gpu.sh`.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use candle_core::quantized::QTensor;
use candle_core::{Device as CandleDevice, Tensor};

use super::kernel::FORMATS;
use super::*;
use crate::Device;
use crate::load as load_network;
use hopgraph_model::Sequence;
use hopgraph_model::forgery::{HuggingFace, expectations, open, reference};
use hopgraph_model::weights::{Format, RawTensor};

fn quantized(format: Format) -> RawTensor {
    // Of every size, so that all blocks have other scales.
    let numbers: Vec<f32> =
        (0..2048u32).map(|i| ((i * 7919 % 2003) as f32 / 1000.0 - 1.0) * (1.0 + (i / 256) as f32)).collect();
    let tensor = Tensor::from_vec(numbers, (4, 512), &CandleDevice::Cpu).unwrap();
    let tensor = QTensor::quantize(&tensor, format).unwrap();
    RawTensor { format, shape: vec![4, 512], bytes: tensor.data().unwrap().into_owned() }
}

/// Compiles the text that the card reads blocks with for the processor: with a `main` that expands what it is given.
fn expander(folder: &Path) -> std::path::PathBuf {
    let cases: Vec<String> = FORMATS.iter().map(|(_, name)| format!("CASE({name})")).collect();
    let source = format!(
        "{}\n{}\n{}",
        include_str!("kernel/test/before.cpp"),
        include_str!("kernel/blocks.cu"),
        include_str!("kernel/test/after.cpp")
    )
    .replace("CASES", &cases.join(" "));
    let (text, program) = (folder.join("expand.cpp"), folder.join("expand"));
    std::fs::write(&text, source).unwrap();
    let compiler = std::env::var("CXX").unwrap_or_else(|_| "c++".to_owned());
    let done =
        Command::new(compiler).args(["-std=c++17", "-O1", "-ffp-contract=off", "-o"]).arg(&program).arg(&text).status();
    assert!(done.unwrap().success(), "the C++ compiler that builds RocksDB compiles the text of the kernels as well");
    program
}

#[test]
fn every_format_is_expanded_as_candle_does() {
    let folder = tempfile::tempdir().unwrap();
    let program = expander(folder.path());
    for (format, name) in FORMATS {
        let tensor = quantized(format);
        let mut child = Command::new(&program).arg(name).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(&tensor.bytes).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{name}");
        let found: Vec<f32> = output.stdout.as_chunks::<4>().0.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect();
        let expected = tensor.to_f32().unwrap();
        assert_eq!(found.len(), expected.len(), "{name}");
        for (place, (found, expected)) in found.iter().zip(&expected).enumerate() {
            assert!((found - expected).abs() <= 1e-6 * expected.abs().max(1e-3), "{name}, {place}: {found} {expected}");
        }
    }
}

#[test]
fn weights_are_expanded_where_they_leave_room() {
    const GIB: usize = 1 << 30;
    let plan = |expanded, free, precision| {
        let options = LoadOptions { precision, ..LoadOptions::default() };
        Plan::of(expanded, 4096, free, &options).residence
    };
    assert_eq!(plan(13 * GIB, 78 * GIB, WeightPrecision::Automatic), Residence::Expanded);
    assert_eq!(plan(13 * GIB, 16 * GIB, WeightPrecision::Automatic), Residence::Blocks, "no room for activations");
    assert_eq!(plan(13 * GIB, 78 * GIB, WeightPrecision::Quantized), Residence::Blocks, "as asked");
    let options = LoadOptions { batch_tokens: Some(777), ..LoadOptions::default() };
    assert_eq!(Plan::of(GIB, 4096, 78 * GIB, &options).tokens, 777);
    assert!(
        Plan::of(GIB, 768, 78 * GIB, &LoadOptions::default()).tokens > BATCH_TOKENS,
        "narrow models take more at once"
    );
}

#[test]
fn a_card_that_is_not_there_is_a_clear_error() {
    let (mut checkpoint, architecture) = open(&reference().join("tiny-llama-gqa-f16.gguf")).unwrap();
    let options = LoadOptions { device: Device::Cuda(99), ..LoadOptions::default() };
    let question = Question { shared: &[], answers: &[1, 2] };
    let Err(error) = load_network(&mut checkpoint, &architecture, question, &options) else {
        panic!("there is no card 99")
    };
    assert!(error.to_string().starts_with("no graphics card: "), "{error}");
}

#[test]
#[ignore = "needs NVIDIA's compiler NVRTC, not a card"]
fn kernels_compile() {
    for number in [Number::Bfloat16, Number::Float32] {
        for (head, pairs, halves, causal) in
            [(128, 64, false, true), (256, 128, true, true), (64, 0, false, false), (8, 4, true, true)]
        {
            let build = Build { number, head, pairs, halves, causal };
            for capability in [(8, 0), (9, 0)] {
                launch::compile(&build.source(), &build.options(capability)).unwrap();
            }
        }
    }
}

fn on_card(
    (mut checkpoint, architecture): (Checkpoint, Architecture),
    (shared, answers): (&[u32], usize),
    sequences: &[Sequence],
    options: LoadOptions,
) -> Vec<Vec<f32>> {
    let answers: Vec<u32> = (0u32..).take(answers).collect();
    let options = LoadOptions { device: Device::Cuda(0), ..options };
    let network =
        load_network(&mut checkpoint, &architecture, Question { shared, answers: &answers }, &options).unwrap();
    network.logits(sequences).unwrap()
}

/// Opens a model anew.
type Open = Box<dyn Fn() -> (Checkpoint, Architecture)>;

/// Every tiny model, by the name under which the answers of `transformers` are kept.
fn cases() -> Vec<(&'static str, Open)> {
    vec![
        ("llama-gqa", Box::new(|| open(&reference().join("tiny-llama-gqa-f16.gguf")).unwrap())),
        ("llama-gqa", Box::new(|| HuggingFace::like("llama-gqa").open().unwrap())),
        ("gemma", Box::new(|| open(&reference().join("tiny-gemma-f16.gguf")).unwrap())),
        ("gemma", Box::new(|| HuggingFace::like("gemma").open().unwrap())),
        ("bert", Box::new(|| HuggingFace::like("bert").open().unwrap())),
    ]
}

/// The largest difference, and the largest in proportion to how far the expected logits spread.
fn distance(found: &[Vec<f32>], expected: &[Vec<f32>]) -> (f32, f32) {
    assert_eq!(found.len(), expected.len());
    let (mut most, mut spread) = (0.0f32, 0.0f32);
    for (found, expected) in found.iter().flatten().zip(expected.iter().flatten()) {
        assert!(found.is_finite());
        most = most.max((found - expected).abs());
        spread = spread.max(expected.abs());
    }
    (most, most / spread)
}

#[test]
#[ignore = "needs a graphics card"]
fn card_gives_the_logits_of_transformers() {
    for (name, open) in cases() {
        let (_, inputs, expected) = expectations(name);
        let sequences: Vec<Sequence> = inputs.into_iter().map(Sequence::single).collect();
        let ask = |precision| {
            let options = LoadOptions { precision, batch_tokens: Some(64), ..LoadOptions::default() };
            on_card(open(), (&[], expected[0].len()), &sequences, options)
        };
        let (float32, _) = distance(&ask(WeightPrecision::Float32), &expected);
        let (_, bfloat16) = distance(&ask(WeightPrecision::Automatic), &expected);
        let (_, blocks) = distance(&ask(WeightPrecision::Quantized), &expected);
        println!(
            "{name}: farthest logit {float32:.6} in float32; {bfloat16:.4} of the largest in bfloat16, {blocks:.4} by blocks"
        );
        assert!(float32 < 1e-3, "{name}: {float32}");
        assert!(bfloat16 < 3e-2 && blocks < 3e-2, "{name}: {bfloat16}, {blocks}");
    }
}

#[test]
#[ignore = "needs a graphics card"]
fn card_shares_a_beginning_without_changing_the_logits() {
    for (name, open) in cases().into_iter().filter(|(name, _)| *name != "bert") {
        let (_, inputs, expected) = expectations(name);
        let shared = &inputs[4][..5];
        let (sequences, expected): (Vec<Sequence>, Vec<Vec<f32>>) = inputs
            .iter()
            .zip(&expected)
            .filter(|(tokens, _)| tokens.starts_with(shared) && tokens.len() > 5)
            .map(|(tokens, logits)| (Sequence::single(tokens[5..].to_vec()), logits.clone()))
            .unzip();
        assert!(!sequences.is_empty());
        for (precision, bound) in [(WeightPrecision::Float32, 1e-3), (WeightPrecision::Automatic, 3e-2)] {
            let options = LoadOptions { precision, ..LoadOptions::default() };
            let (_, far) = distance(&on_card(open(), (shared, 256), &sequences, options), &expected);
            assert!(far < bound, "{name}, {precision:?}: {far}");
        }
    }
}

#[test]
#[ignore = "needs a graphics card"]
fn card_answers_the_same_however_the_work_is_cut() {
    let path = reference().join("tiny-llama-gqa-f16.gguf");
    let sequences: Vec<Sequence> = (0..300u32)
        .map(|row| Sequence::single((0..1 + row * 37 % 90).map(|i| (row * 31 + i * 17) % 256).collect()))
        .collect();
    let ask = |tokens| {
        let options =
            LoadOptions { precision: WeightPrecision::Float32, batch_tokens: Some(tokens), ..LoadOptions::default() };
        on_card(open(&path).unwrap(), (&[1, 5, 9], 8), &sequences, options)
    };
    let whole = ask(16_384);
    for tokens in [128, 1000] {
        let (most, _) = distance(&ask(tokens), &whole);
        assert!(most < 1e-4, "{tokens} tokens at once: {most}");
    }
}
