//! The tokenizer against llama.cpp's own cases and small vocabularies made for one question each.

use std::path::PathBuf;

use super::*;
use crate::gguf::WeightsFile;

fn models() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../data/models"))
}

fn from_weights(path: &Path) -> Tokenizer {
    let file = WeightsFile::open(path).unwrap();
    Tokenizer::from_vocabulary(&file.vocabulary().unwrap(), file.beginning().unwrap(), path).unwrap()
}

fn vocabulary(pieces: &[(&str, f32, PieceKind)]) -> Vocabulary {
    let pieces = pieces.iter().map(|&(text, score, kind)| Piece { text: text.into(), score, kind });
    Vocabulary { pieces: pieces.collect(), space_prefix: true }
}

/// The texts and tokens that llama.cpp keeps for the vocabulary of Llama 2.
#[test]
fn all_of_llama_cpps_cases() {
    let path = models().join("llama-2-tokenizer/ggml-vocab-llama-spm.gguf");
    let read = |extension: &str| std::fs::read_to_string(path.with_extension(extension)).unwrap();
    let (texts, expected) = (read("gguf.inp"), read("gguf.out"));
    let texts: Vec<&str> = texts.split("\n__ggml_vocab_test__\n").collect();
    let expected: Vec<Vec<u32>> =
        expected.lines().map(|line| line.split_whitespace().map(|number| number.parse().unwrap()).collect()).collect();
    let tokenizer = from_weights(&path);
    assert_eq!(texts.len(), 46 + 1, "46 texts, and nothing after the last separator");
    for (text, expected) in texts.iter().zip(&expected) {
        assert_eq!(&tokenizer.plain(text).unwrap(), expected, "{text:?}");
        assert_eq!(tokenizer.whole(text).unwrap(), [&[1], expected.as_slice()].concat(), "{text:?}");
    }
    assert_eq!(expected.len(), 46);
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
    let tokenizer = Tokenizer::from_vocabulary(&vocabulary(&pieces), Some(9), Path::new("test")).unwrap();
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
    let tokenizer = Tokenizer::from_vocabulary(&vocabulary(&pieces), None, Path::new("test")).unwrap();
    assert_eq!(tokenizer.whole("aa[a]").unwrap(), [1, 3, 5]);
    assert_eq!(tokenizer.whole("<s>").unwrap(), [1, 8, 9, 10]);
}

#[test]
fn a_vocabulary_that_joins_line_breaks_is_known_as_such() {
    use PieceKind::{Normal, Unknown};
    let joins = |piece| {
        let pieces = [("<unk>", 0.0, Unknown), ("\n", -1.0, Normal), ("a", -2.0, Normal), (piece, -3.0, Normal)];
        Tokenizer::from_vocabulary(&vocabulary(&pieces), None, Path::new("test")).unwrap().joins_line_breaks()
    };
    assert!(joins("\na") && joins("a\n"));
    assert!(!joins("aa"));
}

#[test]
fn a_tokenizer_json_is_not_allowed_to_cut_or_pad_or_to_read_control_tokens_in_text() {
    let path = models().join("starter-llama-15m/tokenizer.json");
    let plain = Tokenizer::from_file(&path, Some(1)).unwrap();
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
    let changed = Tokenizer::from_file(&changed, Some(1)).unwrap();
    let text = "A gene is named and a disease is </s> named <s> too.";
    let tokens = plain.whole(text).unwrap();
    assert_eq!(tokens, changed.whole(text).unwrap());
    assert!(tokens.len() > 4 && tokens[1..].iter().all(|&token| token > 2), "{tokens:?}");
}

#[test]
fn a_file_that_is_no_tokenizer_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokenizer.json");
    let missing = Tokenizer::from_file(&path, None).err().unwrap().to_string();
    assert!(missing.contains("tokenizer.json") && missing.contains("leave `tokenizer` out"), "{missing}");
    std::fs::write(&path, "{}").unwrap();
    let broken = Tokenizer::from_file(&path, None).err().unwrap().to_string();
    assert!(broken.contains("the tokenizer of") && broken.contains("tokenizer.json"), "{broken}");
}
