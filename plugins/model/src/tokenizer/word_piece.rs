//! WordPiece, the tokenizer of BERT, from a plain list of its pieces.

use std::path::Path;

use tokenizers::Tokenizer;
use tokenizers::models::wordpiece::WordPiece;
use tokenizers::normalizers::BertNormalizer;
use tokenizers::pre_tokenizers::bert::BertPreTokenizer;

use super::frame::Frame;
use crate::ModelError;

/// Before a piece that goes on with a word.
const CONTINUED: &str = "##";

/// The pieces of a WordPiece vocabulary, in the order of their token numbers.
#[derive(Clone, Debug)]
pub struct WordPieces {
    pieces: Vec<String>,
    /// Whether texts are read in lower case and without accents.
    lowercase: bool,
}

impl WordPieces {
    /// Takes pieces as `vocab.txt` has them: those that go on with a word begin with `##`. Unless told, tells from the
    /// pieces whether they keep capitals: BioBERT's do.
    pub fn new(pieces: Vec<String>, lowercase: Option<bool>) -> Self {
        let lowercase = lowercase.unwrap_or_else(|| !pieces.iter().any(|piece| has_capitals(piece)));
        Self { pieces, lowercase }
    }

    /// Takes pieces as llama.cpp keeps them: those that begin a word begin with `▁`.
    pub fn from_gguf(pieces: impl IntoIterator<Item = String>) -> Self {
        let original = |piece: String| match piece.strip_prefix('\u{2581}') {
            Some(start) => start.to_owned(),
            None if is_special(&piece) => piece,
            None => format!("{CONTINUED}{piece}"),
        };
        Self::new(pieces.into_iter().map(original).collect(), None)
    }

    /// Reads a `vocab.txt`.
    pub(super) fn read(path: &Path, lowercase: Option<bool>) -> Result<Self, ModelError> {
        let advice = "put the vocab.txt that came with the weights beside them";
        let text = std::fs::read_to_string(path).map_err(|source| ModelError::Unreadable {
            path: path.to_owned(),
            source,
            advice,
        })?;
        Ok(Self::new(text.lines().map(|line| line.trim_end().to_owned()).collect(), lowercase))
    }

    /// What stands around a text: [CLS] before the first and [SEP] after each.
    pub(super) fn frame(&self) -> Frame {
        let number = |wanted: &str| {
            let number = self.pieces.iter().position(|piece| piece == wanted)?;
            u32::try_from(number).ok()
        };
        Frame { beginning: number("[CLS]"), end: number("[SEP]") }
    }

    pub(super) fn build(&self) -> Result<Tokenizer, String> {
        let numbers = (0u32..).zip(&self.pieces).map(|(number, piece)| (piece.clone(), number));
        let unknown = "[UNK]";
        if !self.pieces.iter().any(|piece| piece == unknown) {
            return Err(format!("it has no piece {unknown}, so it is no WordPiece vocabulary"));
        }
        let model = WordPiece::builder()
            .vocab(numbers.collect::<std::collections::HashMap<String, u32>>().into_iter().collect::<Vocabulary>())
            .unk_token(unknown.to_owned())
            .continuing_subword_prefix(CONTINUED.to_owned())
            .build()
            .map_err(|error| error.to_string())?;
        let mut tokenizer = Tokenizer::new(model);
        // Accents go exactly when capitals do.
        let normalizer = BertNormalizer::new(true, true, None, self.lowercase);
        tokenizer.with_normalizer(Some(normalizer)).map_err(|error| error.to_string())?;
        tokenizer.with_pre_tokenizer(Some(BertPreTokenizer));
        Ok(tokenizer)
    }
}

type Vocabulary = tokenizers::models::bpe::Vocab;

/// Such as [CLS] and [unused1].
fn is_special(piece: &str) -> bool {
    piece.len() > 2 && piece.starts_with('[') && piece.ends_with(']')
}

/// Of the Latin alphabet: there are capitals among the signs of mathematics that have no small letter.
fn has_capitals(piece: &str) -> bool {
    !is_special(piece) && piece.bytes().any(|byte| byte.is_ascii_uppercase())
}
