//! The tokenizer against llama.cpp's own cases and small vocabularies made for one question each.

use std::path::{Path, PathBuf};

use super::*;
use crate::weights::{Container, Weights};
use crate::{ModelError, Sequence};

fn models() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../data/models"))
}

fn from_weights(path: &Path) -> Tokenizer {
    let weights = Weights::open(path).unwrap();
    let Container::Gguf(file) = weights.container() else { panic!("no GGUF") };
    file.tokenizer().unwrap()
}

fn from_json(path: &Path, frame: Frame) -> Result<Tokenizer, ModelError> {
    TokenizerFiles { file: path.to_owned(), words: &[] }.read(Some(frame))
}

fn vocabulary(pieces: &[(&str, f32, PieceKind)]) -> Vocabulary {
    let pieces = pieces.iter().map(|&(text, score, kind)| Piece { text: text.into(), score, kind });
    Vocabulary { pieces: pieces.collect(), space_prefix: true }
}

/// The texts and tokens that llama.cpp keeps for a vocabulary.
fn all_of_llama_cpps_cases(path: &str) {
    let path = models().join(path);
    let read = |extension: &str| std::fs::read_to_string(path.with_extension(extension)).unwrap();
    let (texts, expected) = (read("gguf.inp"), read("gguf.out"));
    let texts: Vec<&str> = texts.split("\n__ggml_vocab_test__\n").collect();
    let expected: Vec<Vec<u32>> =
        expected.lines().map(|line| line.split_whitespace().map(|number| number.parse().unwrap()).collect()).collect();
    let tokenizer = from_weights(&path);
    assert_eq!(texts.len(), 46 + 1, "46 texts, and nothing after the last separator");
    for (text, expected) in texts.iter().zip(&expected) {
        assert_eq!(&tokenizer.plain(text).unwrap(), expected, "{text:?}");
    }
    assert_eq!(expected.len(), 46);
}

#[test]
fn all_of_llama_cpps_cases_for_llama_2() {
    all_of_llama_cpps_cases("llama-2-tokenizer/ggml-vocab-llama-spm.gguf");
    let tokenizer = from_weights(&models().join("llama-2-tokenizer/ggml-vocab-llama-spm.gguf"));
    assert_eq!(tokenizer.whole("a").unwrap(), [&[1], tokenizer.plain("a").unwrap().as_slice()].concat());
}

#[test]
fn all_of_llama_cpps_cases_for_bert() {
    all_of_llama_cpps_cases("bert-tokenizer/ggml-vocab-bert-bge.gguf");
    let tokenizer = from_weights(&models().join("bert-tokenizer/ggml-vocab-bert-bge.gguf"));
    let pair = tokenizer.framed("gene", Some("disease")).unwrap();
    assert_eq!(pair, Sequence { tokens: vec![101, 4962, 102, 4295, 102], second: 3 });
}

#[test]
fn all_of_llama_cpps_cases_for_gpt_2() {
    all_of_llama_cpps_cases("gpt2-tokenizer/ggml-vocab-gpt-2.gguf");
}

#[test]
fn a_text_after_a_line_break_has_no_space_before_it() {
    let tokenizer = from_weights(&models().join("starter-llama-15m/starter-llama-15m-q8_0.gguf"));
    for text in ["", "gene", " gene", "@GENE$ x", "\nx"] {
        let whole = tokenizer.whole(&format!("a\n{text}")).unwrap();
        let parts = [tokenizer.whole("a\n").unwrap(), tokenizer.after_line_break(text).unwrap().unwrap()].concat();
        assert_eq!(whole, parts, "{text:?}");
    }
}

#[test]
fn merges_go_by_score_and_not_by_length() {
    use PieceKind::{Byte, Normal, Unknown};
    let pieces = [
        ("<unk>", 0.0, Unknown),
        ("\u{2581}", -10.0, Normal),
        ("a", -11.0, Normal),
        ("b", -12.0, Normal),
        ("c", -13.0, Normal),
        ("bc", -1.0, Normal),
        ("ab", -2.0, Normal),
        ("<0x64>", 0.0, Byte),
    ];
    let tokenizer =
        Tokenizer::from_vocabulary(&vocabulary(&pieces), Frame::beginning(Some(9)), Path::new("test")).unwrap();
    assert_eq!(tokenizer.whole("abc").unwrap(), [9, 1, 2, 5], "bc has the higher score");
    assert_eq!(tokenizer.whole("ab").unwrap(), [9, 1, 6]);
    assert_eq!(tokenizer.whole("d").unwrap(), [9, 1, 7], "falls back to bytes");
    assert_eq!(tokenizer.size(), 8);
}

#[test]
fn words_of_the_user_are_found_before_merging_and_control_tokens_never() {
    use PieceKind::{Control, Normal, Unknown, UserDefined};
    let pieces = [
        ("<unk>", 0.0, Unknown),
        ("\u{2581}", -1.0, Normal),
        ("a", -2.0, Normal),
        ("aa", -3.0, Normal),
        ("<s>", 0.0, Control),
        ("[a]", 0.0, UserDefined),
        ("[", -4.0, Normal),
        ("]", -5.0, Normal),
        ("<", -6.0, Normal),
        ("s", -7.0, Normal),
        (">", -8.0, Normal),
    ];
    let tokenizer = Tokenizer::from_vocabulary(&vocabulary(&pieces), Frame::default(), Path::new("test")).unwrap();
    assert_eq!(tokenizer.whole("aa[a]").unwrap(), [1, 3, 5]);
    assert_eq!(tokenizer.whole("<s>").unwrap(), [1, 8, 9, 10]);
}

#[test]
fn a_vocabulary_that_joins_line_breaks_is_known_as_such() {
    use PieceKind::{Normal, Unknown};
    let joins = |piece| {
        let pieces = [("<unk>", 0.0, Unknown), ("\n", -1.0, Normal), ("a", -2.0, Normal), (piece, -3.0, Normal)];
        Tokenizer::from_vocabulary(&vocabulary(&pieces), Frame::default(), Path::new("test"))
            .unwrap()
            .joins_line_breaks()
    };
    assert!(joins("\na") && joins("a\n"));
    assert!(!joins("aa"));
}

#[test]
fn a_tokenizer_json_is_not_allowed_to_cut_or_pad_or_to_read_control_tokens_in_text() {
    let path = models().join("starter-llama-15m/tokenizer.json");
    let plain = from_json(&path, Frame::beginning(Some(1))).unwrap();
    let mut settings: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    settings["truncation"] = serde_json::json!(
        {"direction": "Right", "max_length": 4, "strategy": "LongestFirst", "stride": 0}
    );
    settings["padding"] = serde_json::json!({
        "strategy": {"Fixed": 64}, "direction": "Right", "pad_to_multiple_of": null,
        "pad_id": 0, "pad_type_id": 0, "pad_token": "<unk>"
    });
    let folder = tempfile::tempdir().unwrap();
    let changed = folder.path().join("tokenizer.json");
    std::fs::write(&changed, settings.to_string()).unwrap();
    let changed = from_json(&changed, Frame::beginning(Some(1))).unwrap();
    let text = "A gene is named and a disease is </s> named <s> too.";
    let tokens = plain.whole(text).unwrap();
    assert_eq!(tokens, changed.whole(text).unwrap());
    assert!(tokens.len() > 4 && tokens[1..].iter().all(|&token| token > 2), "{tokens:?}");
}

#[test]
fn a_file_that_is_no_tokenizer_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokenizer.json");
    let missing = from_json(&path, Frame::default()).err().unwrap().to_string();
    assert!(missing.contains("tokenizer.json") && missing.contains("leave `tokenizer` out"), "{missing}");
    std::fs::write(&path, "{}").unwrap();
    let broken = from_json(&path, Frame::default()).err().unwrap().to_string();
    assert!(broken.contains("the tokenizer of") && broken.contains("tokenizer.json"), "{broken}");
}

fn read_json(path: &Path) -> serde_json::Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn numbers(value: &serde_json::Value) -> Vec<u32> {
    serde_json::from_value(value.clone()).unwrap()
}

#[test]
fn a_tokenizer_model_gives_the_tokens_of_sentencepiece() {
    let folder = models().join("reference/sentencepiece");
    let cases = read_json(&folder.join("cases.json"));
    // With a space put before every text, as Llama has it, and without one and with words of its own, as Gemma.
    for name in ["prefix", "bare"] {
        let file = folder.join(format!("{name}.model"));
        let tokenizer = TokenizerFiles { file, words: &[] }.read(None).unwrap();
        assert_eq!(tokenizer.frame(), Frame::beginning(cases[name]["bos"].as_u64().map(|number| number as u32)));
        let texts = cases["texts"].as_array().unwrap();
        assert!(texts.len() >= 12);
        for (text, expected) in texts.iter().zip(cases[name]["ids"].as_array().unwrap()) {
            assert_eq!(tokenizer.plain(text.as_str().unwrap()).unwrap(), numbers(expected), "{name}: {text}");
        }
    }
}

#[test]
fn a_damaged_tokenizer_model_is_refused_or_read_but_never_fatal() {
    let whole = std::fs::read(models().join("reference/sentencepiece/prefix.model")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokenizer.model");
    let read = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        std::panic::catch_unwind(|| TokenizerFiles { file: path.clone(), words: &[] }.read(None).err()).unwrap()
    };
    assert!(read(&whole).is_none());
    for at in 0..120 {
        let mut damaged = whole.clone();
        damaged[at * 83 % whole.len()] ^= 0xff;
        read(&damaged);
    }
    for length in [0, 1, 10, 5_000] {
        let message = read(&whole[..length]).unwrap().to_string();
        assert!(message.contains("tokenizer.model"), "{length}: {message}");
    }
    assert!(read(b"not a model at all").unwrap().to_string().contains("SentencePiece model"));
}

#[test]
fn capitals_are_kept_or_not_as_the_files_say() {
    let source = models().join("reference/cased");
    let cases = read_json(&source.join("cases.json"));
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(source.join("vocab.txt"), folder.path().join("vocab.txt")).unwrap();
    let settings = folder.path().join("tokenizer_config.json");
    // Where nothing says it, the capitals in the vocabulary do, as with BioBERT.
    for (said, kind) in [(None, "cased"), (Some(false), "cased"), (Some(true), "lower")] {
        if let Some(lowercase) = said {
            std::fs::write(&settings, serde_json::json!({"do_lower_case": lowercase}).to_string()).unwrap();
        }
        let tokenizer = TokenizerFiles::find(folder.path(), &[]).unwrap().read(None).unwrap();
        for (text, expected) in cases["texts"].as_array().unwrap().iter().zip(cases[kind].as_array().unwrap()) {
            let found = tokenizer.framed(text.as_str().unwrap(), None).unwrap();
            assert_eq!(found, Sequence::single(numbers(expected)), "{kind}: {text}");
        }
        let pair = tokenizer.framed("Gene", Some("causes @")).unwrap();
        assert_eq!(pair, Sequence { tokens: numbers(&cases[format!("{kind} pairs")]), second: 3 });
    }
    std::fs::write(&settings, "{").unwrap();
    let message = TokenizerFiles::find(folder.path(), &[]).unwrap().read(None).err().unwrap().to_string();
    assert!(message.contains("tokenizer_config.json"), "{message}");
}

#[test]
fn a_tokenizer_json_says_itself_what_stands_around_a_text() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokenizer.json");
    std::fs::copy(models().join("starter-llama-15m/tokenizer.json"), &path).unwrap();
    let mut json = read_json(&path);
    let frame = |json: &serde_json::Value| {
        std::fs::write(&path, json.to_string()).unwrap();
        TokenizerFiles { file: path.clone(), words: &[] }.read(None).unwrap().frame()
    };
    let around = |single: serde_json::Value| {
        serde_json::json!({
            "type": "TemplateProcessing", "single": single,
            "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
            "special_tokens": {
                "<s>": {"id": "<s>", "ids": [1], "tokens": ["<s>"]},
                "</s>": {"id": "</s>", "ids": [2], "tokens": ["</s>"]}
            }
        })
    };
    let (beginning, end) = (
        serde_json::json!({"SpecialToken": {"id": "<s>", "type_id": 0}}),
        serde_json::json!({"SpecialToken": {"id": "</s>", "type_id": 0}}),
    );
    let text = serde_json::json!({"Sequence": {"id": "A", "type_id": 0}});
    json["post_processor"] = serde_json::Value::Null;
    assert_eq!(frame(&json), Frame::default());
    json["post_processor"] = around(serde_json::json!([beginning, text]));
    assert_eq!(frame(&json), Frame::beginning(Some(1)));
    json["post_processor"] = around(serde_json::json!([beginning, text, end]));
    assert_eq!(frame(&json), Frame { beginning: Some(1), end: Some(2) });
    let settings = folder.path().join("tokenizer_config.json");
    std::fs::write(&settings, r#"{"add_bos_token": false, "bos_token": "<s>"}"#).unwrap();
    assert_eq!(frame(&json), Frame { beginning: None, end: Some(2) });
    json["post_processor"] = serde_json::Value::Null;
    std::fs::write(&settings, r#"{"add_bos_token": true, "bos_token": {"content": "<s>"}}"#).unwrap();
    assert_eq!(frame(&json), Frame::beginning(Some(1)));
}

#[test]
fn masks_that_are_special_tokens_are_found_in_texts_and_other_special_tokens_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokenizer.json");
    let mut json = read_json(&models().join("starter-llama-15m/tokenizer.json"));
    let number = json["model"]["vocab"].as_object().unwrap().len() as u64;
    let added = json["added_tokens"].as_array_mut().unwrap();
    let mut mask = added[0].clone();
    mask["id"] = number.into();
    mask["content"] = "@XQZ$".into();
    mask["special"] = true.into();
    added.push(mask);
    std::fs::write(&path, json.to_string()).unwrap();
    let tokens = |words: &[String]| {
        let tokenizer = TokenizerFiles { file: path.clone(), words }.read(Some(Frame::default())).unwrap();
        tokenizer.whole("the @XQZ$ and </s>").unwrap()
    };
    let number = number as u32;
    let found = tokens(&["@XQZ$".to_owned(), "@DISEASE$".to_owned()]);
    assert!(found.contains(&number) && !found.contains(&2), "{found:?}");
    assert!(!tokens(&[]).contains(&number));
}
