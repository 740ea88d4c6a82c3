//! The vocabulary of a SentencePiece model as GGUF keeps it, and the tokenizer that it describes.

use std::collections::HashMap;

use tokenizers::models::bpe::{BPE, Vocab};
use tokenizers::normalizers::{NormalizerWrapper, Prepend, Replace, Sequence};
use tokenizers::{AddedToken, Tokenizer};

/// SentencePiece writes a space as this character.
const SPACE: &str = "\u{2581}";

/// What a piece of a vocabulary is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PieceKind {
    /// A piece of text, made by merging shorter ones.
    Normal,
    /// Stands for text that no other piece can spell.
    Unknown,
    /// Steers the model, such as the end of a text; no text spells it.
    Control,
    /// A word that is found in a text before anything is merged.
    UserDefined,
    /// Never produced.
    Unused,
    /// One byte, for characters that are no pieces.
    Byte,
}

impl PieceKind {
    /// By SentencePiece's number for it, which is llama.cpp's `llama_token_type` too.
    pub fn from_number(number: u64) -> Option<Self> {
        match number {
            1 => Some(Self::Normal),
            2 => Some(Self::Unknown),
            3 => Some(Self::Control),
            4 => Some(Self::UserDefined),
            5 => Some(Self::Unused),
            6 => Some(Self::Byte),
            _ => None,
        }
    }
}

impl PieceKind {
    /// The number that [`PieceKind::from_number`] reads.
    pub fn number(self) -> i32 {
        match self {
            Self::Normal => 1,
            Self::Unknown => 2,
            Self::Control => 3,
            Self::UserDefined => 4,
            Self::Unused => 5,
            Self::Byte => 6,
        }
    }
}

/// One entry of a vocabulary.
#[derive(Clone, Debug)]
pub struct Piece {
    /// The piece itself; ▁ stands for a space.
    pub text: String,
    /// Merges into pieces of a higher score come first.
    pub score: f32,
    /// What it is.
    pub kind: PieceKind,
}

/// The pieces of a SentencePiece model, in the order of their token numbers.
#[derive(Clone, Debug)]
pub struct Vocabulary {
    /// In the order of their numbers.
    pub pieces: Vec<Piece>,
    /// Whether a text is read as if a space stood before it.
    pub space_prefix: bool,
}

impl Vocabulary {
    /// Builds the byte-pair encoder that does what SentencePiece does with these scores.
    ///
    /// SentencePiece merges, again and again, the neighbours whose join has the highest score. A byte-pair encoder with
    /// one merge for each way to split each piece, ordered by the score of the piece, does the same. A Unigram model
    /// over the scores does not: it maximises their sum, which splits nearly every sentence otherwise.
    pub(super) fn build(&self) -> Result<Tokenizer, String> {
        let numbers = self.numbers()?;
        let merges = self.merges(&numbers);
        let numbers: Vocab = numbers.into_iter().map(|(text, number)| (text.to_owned(), number)).collect();
        let mut builder = BPE::builder()
            .vocab_and_merges(numbers, merges)
            .fuse_unk(true)
            .byte_fallback(true)
            // Whole sentences are the words here, and they seldom come again.
            .cache_capacity(0);
        if let Some(unknown) = self.pieces.iter().find(|piece| piece.kind == PieceKind::Unknown) {
            builder = builder.unk_token(unknown.text.clone());
        }
        let mut tokenizer = Tokenizer::new(builder.build().map_err(|error| error.to_string())?);
        tokenizer.with_normalizer(Some(self.normalizer()?)).map_err(|error| error.to_string())?;
        tokenizer.add_tokens(self.user_defined()).map_err(|error| error.to_string())?;
        Ok(tokenizer)
    }

    fn numbers(&self) -> Result<HashMap<&str, u32>, String> {
        let mut numbers = HashMap::with_capacity(self.pieces.len());
        for (number, piece) in self.pieces.iter().enumerate() {
            let number = u32::try_from(number).map_err(|_| "the vocabulary has more than 2^32 pieces".to_owned())?;
            // The first of two equal pieces is the one that a text can reach.
            numbers.entry(piece.text.as_str()).or_insert(number);
        }
        Ok(numbers)
    }

    /// Every way to split a piece into two pieces; best score first, and for one piece by the numbers of the parts.
    fn merges(&self, numbers: &HashMap<&str, u32>) -> Vec<(String, String)> {
        let mut merges: Vec<(f32, u32, u32)> = Vec::with_capacity(2 * self.pieces.len());
        for piece in self.pieces.iter().filter(|piece| piece.kind == PieceKind::Normal) {
            let first_of_piece = merges.len();
            for (split, _) in piece.text.char_indices().skip(1) {
                let (left, right) = piece.text.split_at(split);
                if let (Some(&left), Some(&right)) = (numbers.get(left), numbers.get(right)) {
                    merges.push((piece.score, left, right));
                }
            }
            merges[first_of_piece..].sort_by_key(|&(_, left, right)| (left, right));
        }
        merges.sort_by(|first, second| second.0.total_cmp(&first.0));
        let text = |number: u32| self.pieces[number as usize].text.clone();
        merges.into_iter().map(|(_, left, right)| (text(left), text(right))).collect()
    }

    fn normalizer(&self) -> Result<NormalizerWrapper, String> {
        let spaces = Replace::new(" ", SPACE).map_err(|error| error.to_string())?;
        Ok(if self.space_prefix {
            Sequence::new(vec![Prepend::new(SPACE.to_owned()).into(), spaces.into()]).into()
        } else {
            spaces.into()
        })
    }

    fn user_defined(&self) -> Vec<AddedToken> {
        let words = self.pieces.iter().filter(|piece| piece.kind == PieceKind::UserDefined);
        words.map(|piece| AddedToken::from(piece.text.clone(), false).normalized(false)).collect()
    }
}
