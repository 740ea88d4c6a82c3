//! Templates, their cuts and the tokens of their answers, with the vocabularies of the starter model and made ones.

use super::*;
use hopgraph_model::tokenizer::{Frame, Piece, PieceKind, Vocabulary};
use hopgraph_model::weights::{Container, Weights};

fn starter() -> Tokenizer {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../data/models/starter-llama-15m/starter-llama-15m-q8_0.gguf");
    let weights = Weights::open(Path::new(path)).unwrap();
    let Container::Gguf(file) = weights.container() else { panic!("no GGUF") };
    file.tokenizer().unwrap()
}

/// A vocabulary of letters, and of these pieces.
fn with_pieces(pieces: &[&str]) -> Tokenizer {
    let piece = |text: &str, kind| Piece { text: text.to_owned(), score: -1.0, kind };
    let bytes = (0..=255u8).map(|byte| piece(&format!("<0x{byte:02X}>"), PieceKind::Byte));
    let letters = ["\n", "\u{2581}", "S", "a", "b"].into_iter().chain(pieces.iter().copied());
    let all = std::iter::once(piece("<unk>", PieceKind::Unknown))
        .chain(bytes)
        .chain(letters.map(|text| piece(text, PieceKind::Normal)));
    let vocabulary = Vocabulary { pieces: all.collect(), space_prefix: true };
    Tokenizer::from_vocabulary(&vocabulary, Frame::default(), Path::new("test")).unwrap()
}

fn prompt(template: &str, answers: &[&str], tokenizer: &Tokenizer) -> Result<Prompt, InferenceError> {
    let answers: Vec<Answer> = answers.iter().map(|&text| Answer { text: text.to_owned(), relation: None }).collect();
    Prompt::new(Template::parse(template).unwrap(), &answers, tokenizer, Path::new("model.toml"))
}

#[test]
fn shared_and_own_tokens_are_the_tokens_of_the_whole() {
    let tokenizer = starter();
    let text = "Is @GENE$ in this?\n{sentence}\nAnswer:\n";
    let prompt = prompt(text, &["True", "False"], &tokenizer).unwrap();
    assert!(prompt.is_shared() && prompt.shared().len() > 3);
    for sentence in ["", "@GENE$ causes @DISEASE$.", " 1 ", "\u{3b2}-catenin \u{2014} 5 %"] {
        let whole = tokenizer.whole(&text.replace("{sentence}", sentence)).unwrap();
        assert_eq!([prompt.shared(), &prompt.own(sentence, &tokenizer).unwrap()].concat(), whole, "{sentence:?}");
    }
}

#[test]
fn a_template_that_cannot_be_cut_is_read_whole() {
    let sentence = "a";
    for (template, tokenizer) in [
        ("{sentence}\na", with_pieces(&[])),
        ("S\n{sentence}\na", with_pieces(&["\na"])),
        ("S\n{sentence}\na", with_pieces(&["a\n"])),
        ("S\n{sentence}\na", with_pieces(&["\nb"])),
    ] {
        let prompt = prompt(template, &["S", "b"], &tokenizer).unwrap();
        assert!(!prompt.is_shared() && prompt.shared().is_empty());
        let whole = tokenizer.whole(&template.replace("{sentence}", sentence)).unwrap();
        assert_eq!(prompt.own(sentence, &tokenizer).unwrap(), whole, "{template:?}");
    }
    assert!(prompt("S\n{sentence}\na\n", &["S", "b"], &with_pieces(&["ab"])).unwrap().is_shared());
}

#[test]
fn an_answer_is_known_by_its_first_token_after_the_prompt() {
    let tokenizer = with_pieces(&["ab", "\u{2581}b"]);
    let token = |text: &str| *tokenizer.whole(text).unwrap().last().unwrap();
    let answers = |template, words: &[&str]| prompt(template, words, &tokenizer).unwrap().answers().to_vec();
    assert_eq!(answers("S\n{sentence}\n", &["ab", "b"]), [token("S\nab"), token("S\nb")]);
    assert_ne!(token("S\nb"), token("b"), "a word at the start of a text is another token");
    assert_eq!(answers("S\n{sentence}\nS", &[" a", " b"])[1], token("S b"), "the space may belong to the answer");
}

#[test]
fn answers_that_one_pass_cannot_tell_apart_are_refused() {
    let tokenizer = with_pieces(&["ab", "\u{2581}b"]);
    let cases = [
        ("S\n{sentence}\n", ["ba", "bb"], "`ba` and `bb` begin with the same token"),
        ("S\n{sentence}\nS ", ["b", "a"], "the answer `b` joins the end of the prompt"),
        ("S\n{sentence}\na", ["S", "b"], "the answer `b` joins the end of the prompt"),
    ];
    for (template, words, expected) in cases {
        let message = prompt(template, &words, &tokenizer).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(message.contains(expected) && message.contains("model.toml"), "{template:?}: {message}");
    }
}
