//! The forward passes against `transformers`, on small models with random weights.

use super::*;
use candle_core::Device;
use candle_core::quantized::QTensor;
use hopgraph_model::ModelError;
use hopgraph_model::forgery::{Gguf, HuggingFace, expectations, open, reference};
use hopgraph_model::weights::Format;

fn decoder_of((mut checkpoint, architecture): (Checkpoint, Architecture)) -> decoder::Decoder {
    let Architecture::Decoder(config) = architecture else { panic!("no decoder") };
    decoder::Decoder::load(&mut checkpoint, &config, WeightPrecision::Automatic).unwrap()
}

fn tiny() -> decoder::Decoder {
    decoder_of(open(&reference().join("tiny-llama-gqa-f16.gguf")).unwrap())
}

/// Inputs, and for each the logits of all tokens after its last one.
fn cases() -> (Vec<Vec<u32>>, Vec<Vec<f32>>) {
    let (_, inputs, outputs) = expectations("llama-gqa");
    (inputs, outputs)
}

fn all_tokens() -> Vec<u32> {
    (0..256).collect()
}

fn distance(found: &[f32], expected: &[f32]) -> f32 {
    assert_eq!(found.len(), expected.len());
    found.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

fn farthest(found: &[Vec<f32>], expected: &[Vec<f32>]) -> f32 {
    assert_eq!(found.len(), expected.len());
    found.iter().zip(expected).map(|(found, expected)| distance(found, expected)).fold(0.0, f32::max)
}

/// All logits of a model, asked without a shared beginning.
fn logits(
    (mut checkpoint, architecture): (Checkpoint, Architecture),
    sequences: &[Sequence],
    answers: &[u32],
    precision: WeightPrecision,
) -> Vec<Vec<f32>> {
    let question = Question { shared: &[], answers };
    load(&mut checkpoint, &architecture, question, precision).unwrap().logits(sequences).unwrap()
}

#[test]
fn logits_are_those_of_transformers_for_every_family_and_format() {
    type Opened = Result<(Checkpoint, Architecture), ModelError>;
    let gguf = |name: &str| open(&reference().join(name));
    let files: [(&str, &str, Opened); 5] = [
        ("llama-gqa", "GGUF", gguf("tiny-llama-gqa-f16.gguf")),
        ("llama-gqa", "safetensors", HuggingFace::like("llama-gqa").open()),
        ("gemma", "GGUF", gguf("tiny-gemma-f16.gguf")),
        ("gemma", "safetensors", HuggingFace::like("gemma").open()),
        ("bert", "safetensors", HuggingFace::like("bert").open()),
    ];
    for (model, format, opened) in files {
        let (_, inputs, expected) = expectations(model);
        assert!(inputs.len() >= 6);
        let sequences: Vec<Sequence> = inputs.into_iter().map(Sequence::single).collect();
        let answers: Vec<u32> = (0u32..).take(expected[0].len()).collect();
        let found = logits(opened.unwrap(), &sequences, &answers, WeightPrecision::Automatic);
        let farthest = farthest(&found, &expected);
        println!("{model} from {format}: farthest logit {farthest:.6}");
        assert!(farthest < 1e-3, "{model} from {format}: {farthest}");
    }
}

#[test]
fn a_model_in_several_files_is_the_same_model() {
    let (_, inputs, expected) = expectations("llama-gqa");
    let folder = tempfile::tempdir().unwrap();
    let index = HuggingFace::like("llama-gqa").write(folder.path(), 3);
    let sequences: Vec<Sequence> = inputs.into_iter().map(Sequence::single).collect();
    let found = logits(open(&index).unwrap(), &sequences, &all_tokens(), WeightPrecision::Float32);
    assert!(farthest(&found, &expected) < 1e-3);
}

#[test]
fn a_shared_prefix_changes_nothing() {
    for (model, file) in [("llama-gqa", "tiny-llama-gqa-f16.gguf"), ("gemma", "tiny-gemma-f16.gguf")] {
        let (_, inputs, expected) = expectations(model);
        let decoder = decoder_of(open(&reference().join(file)).unwrap());
        let head = decoder.head(&all_tokens()).unwrap();
        for (input, expected) in inputs.iter().zip(&expected) {
            for cut in 1..input.len() {
                let prefix = decoder.prefix(&input[..cut]).unwrap();
                // Beside another sequence on either side, since sequences are packed.
                let logits = decoder.logits(&prefix, &head, &[&[7, 8, 9], &input[cut..], &[5]]).unwrap();
                let distance = distance(&logits[1], expected);
                assert!(distance < 1e-3, "{model} cut at {cut} of {}: {distance}", input.len());
            }
        }
    }
}

#[test]
fn the_head_has_the_rows_that_were_asked_for() {
    let (decoder, (inputs, expected)) = (tiny(), cases());
    let head = decoder.head(&[200, 3, 3]).unwrap();
    let logits = decoder.logits(&decoder.prefix(&[]).unwrap(), &head, &[&inputs[2]]).unwrap();
    assert!(distance(&logits[0], &[expected[2][200], expected[2][3], expected[2][3]]) < 1e-3);
}

#[test]
fn the_classes_are_in_the_order_that_was_asked_for() {
    let (_, inputs, expected) = expectations("bert");
    let sequences = [Sequence::single(inputs[3].clone())];
    let found = logits(HuggingFace::like("bert").open().unwrap(), &sequences, &[1, 0], WeightPrecision::Automatic);
    assert!(distance(&found[0], &[expected[3][1], expected[3][0]]) < 1e-3);
}

#[test]
fn an_empty_sequence_is_refused() {
    let decoder = tiny();
    let (prefix, head) = (decoder.prefix(&[1]).unwrap(), decoder.head(&[0]).unwrap());
    assert!(matches!(decoder.logits(&prefix, &head, &[&[1], &[]]), Err(ModelError::Compute(_))));
}

#[test]
fn without_an_output_matrix_the_embedding_is_the_head() {
    let mut separate = Gguf::llama();
    let embedding = &separate.tensors.iter().find(|(name, _)| name == "token_embd.weight").unwrap().1;
    let embedding = QTensor::quantize(&embedding.dequantize(&Device::Cpu).unwrap(), Format::F32).unwrap();
    separate = separate.without("output.weight");
    let tied = decoder_of(separate.open().unwrap());
    separate.tensors.push(("output.weight".into(), embedding));
    let separate = decoder_of(separate.open().unwrap());
    let logits = |decoder: &decoder::Decoder| {
        decoder.logits(&decoder.prefix(&[1]).unwrap(), &decoder.head(&[4, 5]).unwrap(), &[&[2, 3]]).unwrap().remove(0)
    };
    assert!(distance(&logits(&tied), &logits(&separate)) < 1e-6);
    assert!(distance(&logits(&tied), &logits(&tiny())) > 1e-3);
}

#[test]
fn quantized_weights_stay_near() {
    use Format::{Q4_0, Q4_1, Q5_0, Q5_1, Q8_0};
    let (_, inputs, expected) = expectations("llama-gqa");
    let sequences: Vec<Sequence> = inputs.into_iter().map(Sequence::single).collect();
    let scale = expected.iter().flatten().fold(0.0f32, |most, logit| most.max(logit.abs()));
    // A matrix of random numbers is as hard to round as one can be. Formats with blocks of 256 are tried on the starter
    // model, whose rows are long enough.
    let bounds = [(Q8_0, 0.05), (Q5_1, 0.2), (Q5_0, 0.25), (Q4_1, 0.4), (Q4_0, 0.5)];
    for (format, bound) in bounds {
        let mut file = Gguf::llama();
        for (_, tensor) in &mut file.tensors {
            let numbers = tensor.dequantize(&Device::Cpu).unwrap();
            let whole = tensor.shape().dims().last().is_some_and(|width| width.is_multiple_of(format.block_size()));
            if whole && tensor.rank() == 2 {
                *tensor = QTensor::quantize(&numbers, format).unwrap();
            }
        }
        for precision in [WeightPrecision::Float32, WeightPrecision::Quantized] {
            let found = logits(file.open().unwrap(), &sequences, &all_tokens(), precision);
            let error = farthest(&found, &expected) / scale;
            println!("{format:?} {precision:?}: {error:.4} of {scale:.2}");
            assert!(error < bound, "{format:?} {precision:?}: {error}");
        }
    }
}

#[test]
fn an_encoder_tells_two_texts_apart() {
    let text = std::fs::read_to_string(reference().join("segments.json")).unwrap();
    let cases: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
    let part = |case: &serde_json::Value, name: &str| case[name].clone();
    let sequences: Vec<Sequence> = cases
        .iter()
        .map(|case| Sequence {
            tokens: serde_json::from_value(part(case, "ids")).unwrap(),
            second: serde_json::from_value(part(case, "second")).unwrap(),
        })
        .collect();
    let expected: Vec<Vec<f32>> =
        cases.iter().map(|case| serde_json::from_value(part(case, "logits")).unwrap()).collect();
    assert!(cases.len() > 12);
    let bert = || HuggingFace::like("bert").open().unwrap();
    assert!(farthest(&logits(bert(), &sequences, &[0, 1], WeightPrecision::Float32), &expected) < 1e-3);
    let one_text: Vec<Sequence> = sequences.iter().map(|pair| Sequence::single(pair.tokens.clone())).collect();
    assert!(farthest(&logits(bert(), &one_text, &[0, 1], WeightPrecision::Float32), &expected) > 1e-2);
}

#[test]
fn numbers_of_every_plain_kind_are_read() {
    let (_, inputs, expected) = expectations("gemma");
    let sequences: Vec<Sequence> = inputs.into_iter().map(Sequence::single).collect();
    let convert = |kind: safetensors::Dtype| {
        let mut model = HuggingFace::like("gemma");
        for (dtype, _, bytes) in model.tensors.values_mut() {
            let numbers = bytes.as_chunks::<2>().0.iter().map(|&half| half::f16::from_le_bytes(half).to_f32());
            *bytes = match kind {
                safetensors::Dtype::F32 => numbers.flat_map(f32::to_le_bytes).collect(),
                _ => numbers.flat_map(|number| half::bf16::from_f32(number).to_le_bytes()).collect(),
            };
            *dtype = kind;
        }
        logits(model.open().unwrap(), &sequences, &all_tokens(), WeightPrecision::Float32)
    };
    assert!(farthest(&convert(safetensors::Dtype::F32), &expected) < 1e-3);
    // bf16 has 8 bits: 2^-9 of each weight is lost.
    assert!(farthest(&convert(safetensors::Dtype::BF16), &expected) < 0.1);
}
