//! Text to tokens. The only room that names the tokenizers crate; it knows no weights.

mod byte_pair;
mod hugging_face;
mod sentence_piece;
mod vocabulary;
mod word_piece;

use std::path::Path;

pub(crate) use byte_pair::BytePairs;
pub(crate) use hugging_face::TokenizerFiles;
pub(crate) use vocabulary::{Piece, PieceKind, Vocabulary};
pub(crate) use word_piece::WordPieces;

use crate::InferenceError;
use crate::network::Sequence;

/// Turns text into the token numbers of one model.
pub(crate) struct Tokenizer {
    inner: tokenizers::Tokenizer,
    frame: Frame,
    /// The tokens of a line break at the start of a text.
    line_break: Vec<u32>,
}

/// The tokens that stand around every text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Frame {
    /// Before the first text.
    pub(crate) beginning: Option<u32>,
    /// After each text; only encoders want it.
    pub(crate) end: Option<u32>,
}

impl Frame {
    /// A token before every text, if there is one.
    pub(crate) fn beginning(beginning: Option<u32>) -> Self {
        Self { beginning, end: None }
    }
}

impl Tokenizer {
    /// The tokenizer that a vocabulary of scored pieces describes.
    pub(crate) fn from_vocabulary(vocabulary: &Vocabulary, frame: Frame, path: &Path) -> Result<Self, InferenceError> {
        Self::new(vocabulary.build(), frame, path)
    }

    /// The tokenizer that a list of words and parts of words describes.
    pub(crate) fn from_word_pieces(pieces: &WordPieces, path: &Path) -> Result<Self, InferenceError> {
        Self::new(pieces.build(), pieces.frame(), path)
    }

    /// The tokenizer that a vocabulary of byte pairs describes.
    pub(crate) fn from_byte_pairs(pairs: &BytePairs, frame: Frame, path: &Path) -> Result<Self, InferenceError> {
        Self::new(pairs.build(), frame, path)
    }

    fn new(inner: Result<tokenizers::Tokenizer, String>, frame: Frame, path: &Path) -> Result<Self, InferenceError> {
        let mut inner = inner.map_err(|problem| failure(path, &problem))?;
        // A sentence that happens to contain `</s>` must not be able to end the prompt.
        inner.set_encode_special_tokens(true);
        let mut tokenizer = Self { inner, frame, line_break: Vec::new() };
        tokenizer.line_break = tokenizer.plain("\n").map_err(|problem| failure(path, &problem))?;
        Ok(tokenizer)
    }

    /// The tokens that stand around every text.
    pub(crate) fn frame(&self) -> Frame {
        self.frame
    }

    /// The tokens of a text, with the token that begins every text if the model has one.
    pub(crate) fn whole(&self, text: &str) -> Result<Vec<u32>, InferenceError> {
        let mut tokens: Vec<u32> = self.frame.beginning.into_iter().collect();
        tokens.extend(self.plain(text).map_err(|problem| InferenceError::Compute(problem.to_string()))?);
        Ok(tokens)
    }

    /// The tokens of one text, or of two that an encoder tells apart, framed as it wants them.
    pub(crate) fn framed(&self, first: &str, second: Option<&str>) -> Result<Sequence, InferenceError> {
        let mut tokens = self.whole(first)?;
        tokens.extend(self.frame.end);
        let mut sequence = Sequence::single(tokens);
        if let Some(second) = second {
            let second = self.plain(second).map_err(|problem| InferenceError::Compute(problem.to_string()))?;
            sequence.tokens.extend(second);
            sequence.tokens.extend(self.frame.end);
        }
        Ok(sequence)
    }

    /// The tokens of a text that stands after a line break, with nothing put before it. None if this tokenizer does not
    /// keep a line break apart from what follows.
    pub(crate) fn after_line_break(&self, text: &str) -> Result<Option<Vec<u32>>, InferenceError> {
        let tokens =
            self.plain(&format!("\n{text}")).map_err(|problem| InferenceError::Compute(problem.to_string()))?;
        Ok(tokens.strip_prefix(self.line_break.as_slice()).map(<[u32]>::to_vec))
    }

    /// How many tokens there are, numbers without a piece included.
    pub(crate) fn size(&self) -> usize {
        self.inner.get_vocab(true).into_values().max().map_or(0, |largest| largest as usize + 1)
    }

    /// What kind of tokenizer it is, for people.
    pub(crate) fn kind(&self) -> &'static str {
        use tokenizers::ModelWrapper::{BPE, Unigram, WordLevel, WordPiece};
        match self.inner.get_model() {
            BPE(_) => "byte pairs",
            WordPiece(_) => "WordPiece",
            WordLevel(_) => "whole words",
            Unigram(_) => "Unigram",
        }
    }

    /// Whether some piece holds a line break and something else, so that a line break may be joined to its neighbours.
    pub(crate) fn joins_line_breaks(&self) -> bool {
        let vocabulary = self.inner.get_vocab(true);
        vocabulary.keys().any(|piece| piece.contains('\n') && !piece.trim_matches('\n').is_empty())
    }

    fn plain(&self, text: &str) -> tokenizers::Result<Vec<u32>> {
        Ok(self.inner.encode_fast(text, false)?.get_ids().to_vec())
    }
}

fn failure(path: &Path, problem: &dyn std::fmt::Display) -> InferenceError {
    InferenceError::Tokenizer { path: path.to_owned(), problem: problem.to_string() }
}

#[cfg(test)]
mod tests;
