//! Folders as Hugging Face keeps models, from sentences to answers.

use std::path::Path;

use super::*;
use hopgraph_compute::Question;
use hopgraph_model::forgery::{HuggingFace, open, reference};

const SETTINGS: &str =
    "name = \"tiny\"\nweights = \"model.safetensors\"\n[masks]\ngene = \"@GENE$\"\ndisease = \"@DISEASE$\"\n";

const ANSWERS: &str = "[[answers]]\ntext = \"no\"\n[[answers]]\ntext = \"yes\"\nrelation = \"associated\"\n";

/// A BERT with two classes and a vocabulary of 256 pieces.
fn bert(folder: &Path, settings: &str) -> Result<LanguageModel, InferenceError> {
    let names = serde_json::json!({"0": "no", "1": "yes"});
    HuggingFace::like("bert").set("id2label", names).write(folder, 1);
    let pieces = std::fs::read_to_string(reference().join("cased/vocab.txt")).unwrap();
    std::fs::write(folder.join("vocab.txt"), pieces).unwrap();
    std::fs::write(folder.join("model.toml"), settings).unwrap();
    LanguageModel::load(&ModelFolder::read(folder).unwrap(), &LoadOptions::default())
}

fn classify(model: &LanguageModel, sentence: &str) -> Classification {
    model.classify(&[Input::Masked(sentence.to_owned())]).unwrap().remove(0).unwrap()
}

#[test]
fn an_encoder_reads_the_sentence_alone_or_beside_another_text() {
    let folder = tempfile::tempdir().unwrap();
    let sentence = "@GENE$ causes @DISEASE$.";
    let alone = classify(&bert(folder.path(), &format!("{SETTINGS}{ANSWERS}")).unwrap(), sentence);
    assert_eq!(alone.token_ids, [2, 5, 7, 8, 6, 13, 5, 9, 10, 11, 12, 6, 20, 3]);
    let (mut weights, architecture) = open(&folder.path().join("model.safetensors")).unwrap();
    let question = Question { shared: &[], answers: &[0, 1] };
    let network = hopgraph_compute::load(&mut weights, &architecture, question, &LoadOptions::default()).unwrap();
    let direct = |sequence| network.logits(&[sequence]).unwrap().remove(0);
    assert_eq!(alone.logits, direct(Sequence::single(alone.token_ids.clone())));

    let prompt = "prompt = \"\"\"\ngene\n[SEP]\n{sentence}\n\"\"\"\n";
    let beside = classify(&bert(folder.path(), &format!("{prompt}{SETTINGS}{ANSWERS}")).unwrap(), sentence);
    assert_eq!(beside.token_ids, [&[2, 15, 3], &alone.token_ids[1..]].concat());
    assert_eq!(beside.logits, direct(Sequence { tokens: beside.token_ids.clone(), second: 3 }));
    assert!(beside.logits != direct(Sequence::single(beside.token_ids.clone())));
}

#[test]
fn answers_are_classes_by_name_or_by_number_and_in_any_order() {
    let folder = tempfile::tempdir().unwrap();
    let sentence = "@GENE$ , @DISEASE$";
    let named = classify(&bert(folder.path(), &format!("{SETTINGS}{ANSWERS}")).unwrap(), sentence);
    let answers = "[[answers]]\ntext = \"1\"\n[[answers]]\ntext = \"0\"\n";
    let numbered = classify(&bert(folder.path(), &format!("{SETTINGS}{answers}")).unwrap(), sentence);
    assert_eq!(named.logits, [numbered.logits[1], numbered.logits[0]]);
    for (answers, expected) in [
        (
            "[[answers]]\ntext = \"yes\"\n[[answers]]\ntext = \"maybe\"\n",
            "`maybe` is no class of this model; it has `no`, `yes`",
        ),
        ("[[answers]]\ntext = \"yes\"\n[[answers]]\ntext = \"1\"\n", "the class `no` is the text of 0 [[answers]]"),
        ("[[answers]]\ntext = \"2\"\n[[answers]]\ntext = \"1\"\n", "`2` is no class"),
    ] {
        let message = bert(folder.path(), &format!("{SETTINGS}{answers}")).err().unwrap().to_string();
        assert!(message.contains(expected) && message.contains("model.toml"), "{message}");
    }
}

#[test]
fn a_decoder_in_a_folder_of_hugging_face_takes_its_tokenizer_from_there() {
    let folder = tempfile::tempdir().unwrap();
    let load = || {
        let prompt = "prompt = \"gene\\n{sentence}\\nanswer:\\n\"\n";
        let answers = ANSWERS.replace("yes", "Z").replace("no", "A");
        std::fs::write(folder.path().join("model.toml"), format!("{prompt}{SETTINGS}{answers}")).unwrap();
        LanguageModel::load(&ModelFolder::read(folder.path()).unwrap(), &LoadOptions::default())
    };
    let mut model = HuggingFace::like("llama-gqa");
    model.write(folder.path(), 1);
    let message = load().err().unwrap().to_string();
    assert!(message.contains("there is none; put tokenizer.json"), "{message}");
    let sentencepiece = reference().join("sentencepiece");
    std::fs::copy(sentencepiece.join("prefix.model"), folder.path().join("tokenizer.model")).unwrap();
    let message = load().err().unwrap().to_string();
    assert!(
        message.contains("it makes 700 tokens, but the weights know 256; it belongs to another model"),
        "{message}"
    );

    for name in ["model.embed_tokens.weight", "lm_head.weight"] {
        let (_, shape, bytes) = model.tensors.get_mut(name).unwrap();
        shape[0] = 700;
        *bytes = bytes.iter().copied().cycle().take(700 * shape[1] * 2).collect();
    }
    model = model.set("vocab_size", 700.into());
    model.write(folder.path(), 1);
    let model = load().unwrap();
    let result = classify(&model, "@GENE$ causes @DISEASE$.");
    assert_eq!(result.token_ids[0], 1, "the text begins with the token that begins texts");
    assert!(model.reader.shared().len() > 1 && result.token_ids.len() > 12);
    assert_eq!(model.description().quantization, "F16");
    assert!(model.warnings().is_empty());
    let options = LoadOptions { precision: crate::WeightPrecision::Quantized, ..LoadOptions::default() };
    let rounded = LanguageModel::load(&ModelFolder::read(folder.path()).unwrap(), &options).unwrap();
    assert!(rounded.warnings()[0].contains("rounded to Q8_0"), "{:?}", rounded.warnings());
}
