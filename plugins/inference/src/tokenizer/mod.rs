//! Text to tokens. The only room that names the tokenizers crate; it knows no weights.

mod vocabulary;

use std::path::Path;

pub(crate) use vocabulary::{Piece, PieceKind, Vocabulary};

use crate::InferenceError;

/// Turns text into the token numbers of one model.
pub(crate) struct Tokenizer {
    inner: tokenizers::Tokenizer,
    beginning: Option<u32>,
    /// The tokens of a line break at the start of a text.
    line_break: Vec<u32>,
}

impl Tokenizer {
    /// The tokenizer that a vocabulary of scored pieces describes. `beginning` is the token that starts every text.
    pub(crate) fn from_vocabulary(
        vocabulary: &Vocabulary,
        beginning: Option<u32>,
        path: &Path,
    ) -> Result<Self, InferenceError> {
        let inner = vocabulary.build().map_err(|problem| failure(path, &problem))?;
        Self::finish(inner, beginning, path)
    }

    /// The tokenizer of a Hugging Face `tokenizer.json`.
    pub(crate) fn from_file(path: &Path, beginning: Option<u32>) -> Result<Self, InferenceError> {
        let advice =
            "name a tokenizer.json in model.toml, or leave `tokenizer` out to take the tokenizer of the weights";
        let bytes = std::fs::read(path).map_err(|source| InferenceError::Unreadable {
            path: path.to_owned(),
            source,
            advice,
        })?;
        let mut inner = tokenizers::Tokenizer::from_bytes(bytes).map_err(|problem| failure(path, &problem))?;
        // Some files ask for texts to be cut or padded; neither may happen unseen.
        inner.with_truncation(None).map_err(|problem| failure(path, &problem))?;
        inner.with_padding(None);
        Self::finish(inner, beginning, path)
    }

    fn finish(mut inner: tokenizers::Tokenizer, beginning: Option<u32>, path: &Path) -> Result<Self, InferenceError> {
        // A sentence that happens to contain `</s>` must not be able to end the prompt.
        inner.set_encode_special_tokens(true);
        let mut tokenizer = Self { inner, beginning, line_break: Vec::new() };
        tokenizer.line_break = tokenizer.plain("\n").map_err(|problem| failure(path, &problem))?;
        Ok(tokenizer)
    }

    /// The tokens of a text, with the token that begins every text if the model has one.
    pub(crate) fn whole(&self, text: &str) -> Result<Vec<u32>, InferenceError> {
        let mut tokens: Vec<u32> = self.beginning.into_iter().collect();
        tokens.extend(self.plain(text).map_err(|problem| InferenceError::Compute(problem.to_string()))?);
        Ok(tokens)
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
