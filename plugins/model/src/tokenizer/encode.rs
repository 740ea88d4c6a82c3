//! Text to the tokens of one model.

use std::path::Path;

use super::byte_pair::BytePairs;
use super::frame::Frame;
use super::vocabulary::Vocabulary;
use super::word_piece::WordPieces;
use crate::ModelError;
use crate::sequence::Sequence;

/// Turns text into the token numbers of one model.
pub struct Tokenizer {
    inner: tokenizers::Tokenizer,
    frame: Frame,
    /// The tokens of a line break at the start of a text.
    line_break: Vec<u32>,
}

impl Tokenizer {
    /// The tokenizer that a vocabulary of scored pieces describes.
    pub fn from_vocabulary(vocabulary: &Vocabulary, frame: Frame, path: &Path) -> Result<Self, ModelError> {
        Self::new(vocabulary.build(), frame, path)
    }

    /// The tokenizer that a list of words and parts of words describes.
    pub fn from_word_pieces(pieces: &WordPieces, path: &Path) -> Result<Self, ModelError> {
        Self::new(pieces.build(), pieces.frame(), path)
    }

    /// The tokenizer that a vocabulary of byte pairs describes.
    pub fn from_byte_pairs(pairs: &BytePairs, frame: Frame, path: &Path) -> Result<Self, ModelError> {
        Self::new(pairs.build(), frame, path)
    }

    pub(super) fn new(
        inner: Result<tokenizers::Tokenizer, String>,
        frame: Frame,
        path: &Path,
    ) -> Result<Self, ModelError> {
        let mut inner = inner.map_err(|problem| ModelError::tokenizer(path, &problem))?;
        // A sentence that happens to contain `</s>` must not be able to end the prompt.
        inner.set_encode_special_tokens(true);
        let mut tokenizer = Self { inner, frame, line_break: Vec::new() };
        tokenizer.line_break = tokenizer.plain("\n").map_err(|problem| ModelError::tokenizer(path, &problem))?;
        Ok(tokenizer)
    }

    /// The tokens that stand around every text.
    pub fn frame(&self) -> Frame {
        self.frame
    }

    /// The tokens of a text, with the token that begins every text if the model has one.
    pub fn whole(&self, text: &str) -> Result<Vec<u32>, ModelError> {
        let mut tokens: Vec<u32> = self.frame.beginning.into_iter().collect();
        tokens.extend(self.plain(text).map_err(|problem| ModelError::Compute(problem.to_string()))?);
        Ok(tokens)
    }

    /// The tokens of one text, or of two that an encoder tells apart, framed as it wants them.
    pub fn framed(&self, first: &str, second: Option<&str>) -> Result<Sequence, ModelError> {
        let mut tokens = self.whole(first)?;
        tokens.extend(self.frame.end);
        let mut sequence = Sequence::single(tokens);
        if let Some(second) = second {
            let second = self.plain(second).map_err(|problem| ModelError::Compute(problem.to_string()))?;
            sequence.tokens.extend(second);
            sequence.tokens.extend(self.frame.end);
        }
        Ok(sequence)
    }

    /// The tokens of a text that stands after a line break, with nothing put before it. None if this tokenizer does not
    /// keep a line break apart from what follows.
    pub fn after_line_break(&self, text: &str) -> Result<Option<Vec<u32>>, ModelError> {
        let tokens = self.plain(&format!("\n{text}")).map_err(|problem| ModelError::Compute(problem.to_string()))?;
        Ok(tokens.strip_prefix(self.line_break.as_slice()).map(<[u32]>::to_vec))
    }

    /// How many tokens a word has within a text. None if one of them stands for what the tokenizer does not know.
    ///
    /// # Errors
    /// If the tokenizer fails.
    pub fn tokens_of_word(&self, word: &str) -> Result<Option<usize>, ModelError> {
        let failed = |problem: tokenizers::Error| ModelError::Compute(problem.to_string());
        let unknown: Vec<u32> =
            ["[UNK]", "<unk>"].into_iter().filter_map(|token| self.inner.token_to_id(token)).collect();
        // Some tokenizers put a space before a text, others want one before a word.
        let (bare, spaced) = (self.plain(word).map_err(failed)?, self.plain(&format!(" {word}")).map_err(failed)?);
        let tokens = if spaced.len() < bare.len() { spaced } else { bare };
        Ok((!tokens.iter().any(|token| unknown.contains(token))).then_some(tokens.len()))
    }

    /// How many tokens there are, numbers without a piece included.
    pub fn size(&self) -> usize {
        self.inner.get_vocab(true).into_values().max().map_or(0, |largest| largest as usize + 1)
    }

    /// What kind of tokenizer it is, for people.
    pub fn kind(&self) -> &'static str {
        use tokenizers::ModelWrapper::{BPE, Unigram, WordLevel, WordPiece};
        match self.inner.get_model() {
            BPE(_) => "byte pairs",
            WordPiece(_) => "WordPiece",
            WordLevel(_) => "whole words",
            Unigram(_) => "Unigram",
        }
    }

    /// Whether some piece holds a line break and something else, so that a line break may be joined to its neighbours.
    pub fn joins_line_breaks(&self) -> bool {
        let vocabulary = self.inner.get_vocab(true);
        vocabulary.keys().any(|piece| piece.contains('\n') && !piece.trim_matches('\n').is_empty())
    }

    pub(super) fn plain(&self, text: &str) -> tokenizers::Result<Vec<u32>> {
        Ok(self.inner.encode_fast(text, false)?.get_ids().to_vec())
    }
}
