//! What is written can be read, says the same, and has the formats that were asked for.

use super::*;
use hopgraph_compute::{LoadOptions, Question, WeightPrecision};
use hopgraph_model::Sequence;
use hopgraph_model::forgery::{HuggingFace, expectations, open, reference};

/// The farthest of all logits from those of `transformers`.
fn farthest(file: &Path, model: &str) -> f32 {
    let (mut weights, architecture) = open(file).unwrap();
    let (_, inputs, expected) = expectations(model);
    let sequences: Vec<Sequence> = inputs.into_iter().map(Sequence::single).collect();
    let answers: Vec<u32> = (0..256).collect();
    let options = LoadOptions { precision: WeightPrecision::Float32, ..LoadOptions::default() };
    let question = Question { shared: &[], answers: &answers };
    let network = hopgraph_compute::load(&mut weights, &architecture, question, &options).unwrap();
    let found = network.logits(&sequences).unwrap();
    let pairs = found.iter().flatten().zip(expected.iter().flatten());
    pairs.map(|(found, expected)| (found - expected).abs()).fold(0.0, f32::max)
}

#[test]
fn f16_is_the_same_model_from_either_container_and_for_either_family() {
    let folder = tempfile::tempdir().unwrap();
    for (model, gguf) in [("llama-gqa", "tiny-llama-gqa-f16.gguf"), ("gemma", "tiny-gemma-f16.gguf")] {
        let source = tempfile::tempdir().unwrap();
        let safetensors = HuggingFace::like(model).write(source.path(), 1);
        for (number, input) in [safetensors, reference().join(gguf)].into_iter().enumerate() {
            let output = folder.path().join(format!("{model}-{number}.gguf"));
            crate::quantize(&input, &output, "f16".parse().unwrap()).unwrap();
            assert!(farthest(&output, model) < 1e-3, "{}", input.display());
        }
    }
}

#[test]
fn each_type_is_what_its_name_says_and_what_does_not_divide_falls_back() {
    // 64 columns divide by 32 and not by 256; 160 neither.
    let expected = [
        ("q8_0", "Q8_0"),
        ("q5_1", "Q5_1"),
        ("q5_0", "Q5_0"),
        ("q4_1", "Q4_1"),
        ("q4_0", "Q4_0"),
        ("q6_k", "Q8_0"),
        ("q5_k", "Q5_1"),
        ("q4_k", "Q5_0"),
        ("q3_k", "Q4_0"),
        ("q2_k", "Q4_0"),
        ("q4_k_m", "Q5_0"),
        ("q5_k_m", "Q5_1"),
    ];
    let folder = tempfile::tempdir().unwrap();
    for (name, format) in expected {
        let output = folder.path().join(format!("{name}.gguf"));
        let summary = crate::quantize(&reference().join("tiny-llama-gqa-f16.gguf"), &output, name.parse().unwrap());
        let summary = summary.unwrap();
        assert!(summary.formats[format] >= 13, "{name}: {:?}", summary.formats);
        assert!(summary.bytes_after < summary.bytes_before, "{name}");
        assert!(summary.warnings[0].contains("no vocabulary"), "the tiny model has none: {:?}", summary.warnings);
        assert_eq!(open(&output).unwrap().0.weights().quantization(), format);
        assert!(farthest(&output, "llama-gqa") < 1.0, "{name}");
    }
    assert!("q9".parse::<Quantization>().unwrap_err().contains("q4_k_m"));
}

#[test]
fn the_vocabulary_comes_along_from_a_tokenizer_model() {
    let folder = tempfile::tempdir().unwrap();
    let input = HuggingFace::like("gemma").write(folder.path(), 2);
    let (bare, with) = (folder.path().join("bare.gguf"), folder.path().join("with.gguf"));
    let summary = crate::quantize(&input, &bare, "q8_0".parse().unwrap()).unwrap();
    assert!(summary.warnings[0].contains("no vocabulary"), "{:?}", summary.warnings);
    std::fs::copy(reference().join("sentencepiece/bare.model"), folder.path().join("tokenizer.model")).unwrap();
    let summary = crate::quantize(&input, &with, "q8_0".parse().unwrap()).unwrap();
    assert!(summary.warnings.is_empty());
    let weights = hopgraph_model::weights::Weights::open(&with).unwrap();
    let Container::Gguf(file) = weights.container() else { panic!("no GGUF") };
    let tokens = file.tokenizer().unwrap().whole("<mark> a  b").unwrap();
    let own = hopgraph_model::tokenizer::TokenizerFiles { file: folder.path().join("tokenizer.model"), words: &[] };
    assert_eq!(tokens, own.read(None).unwrap().whole("<mark> a  b").unwrap());
    assert_eq!(tokens[0], 2);
}

#[test]
fn nothing_is_overwritten_and_an_encoder_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("out.gguf");
    std::fs::write(&output, "precious").unwrap();
    let input = reference().join("tiny-gemma-f16.gguf");
    let message = crate::quantize(&input, &output, "q4_0".parse().unwrap()).unwrap_err().to_string();
    assert!(message.contains("it exists already"), "{message}");
    assert_eq!(std::fs::read_to_string(&output).unwrap(), "precious");
    HuggingFace::like("bert").write(folder.path(), 1);
    let refused = crate::quantize(folder.path(), &folder.path().join("new.gguf"), "q4_0".parse().unwrap());
    assert!(refused.is_err());
    let bert = folder.path().join("model.safetensors");
    let message = crate::quantize(&bert, &folder.path().join("new.gguf"), "q4_0".parse().unwrap()).unwrap_err();
    assert!(message.to_string().contains("holds a BERT"), "{message}");
    let nowhere = folder.path().join("nowhere/out.gguf");
    assert!(
        crate::quantize(&input, &nowhere, "q4_0".parse().unwrap()).unwrap_err().to_string().contains("cannot write")
    );
}
