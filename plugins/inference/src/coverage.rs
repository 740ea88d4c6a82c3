//! How much of the words of a text a tokenizer knows whole.

use std::collections::HashMap;
use std::path::Path;

use hopgraph_model::architecture::Architecture;

use crate::reader::Reader;
use crate::{InferenceError, ModelFolder};

/// How much of some texts' vocabulary is known: a word is known if it is one token.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Coverage {
    /// Different words.
    pub words: u64,
    /// Of these, those that are known.
    pub known: u64,
    /// All words as often as they occur.
    pub occurrences: u64,
    /// Of these, those that are known.
    pub known_occurrences: u64,
    /// The tokens of all words as often as they occur.
    pub tokens: u64,
}

/// Counts the words of sentences and those that the tokenizer of a model folder knows. A word is a run of letters,
/// digits and hyphens; its case counts, since the tokenizer decides whether it does.
///
/// # Errors
/// If the folder or its tokenizer cannot be read.
pub fn coverage<'s>(folder: &Path, sentences: impl Iterator<Item = &'s str>) -> Result<Coverage, InferenceError> {
    let folder = ModelFolder::read(folder)?;
    let mut checkpoint = folder.open()?;
    let architecture = Architecture::read(&mut checkpoint)?;
    let reader = Reader::new(&folder, &checkpoint, &architecture)?;
    let mut counts: HashMap<&str, u64> = HashMap::new();
    for sentence in sentences {
        let words = sentence.split(|letter: char| !(letter.is_alphanumeric() || letter == '-'));
        for word in words.map(|word| word.trim_matches('-')).filter(|word| !word.is_empty()) {
            *counts.entry(word).or_default() += 1;
        }
    }
    let mut coverage = Coverage::default();
    for (word, count) in counts {
        let tokens = reader.tokenizer().tokens_of_word(word)?;
        let known = u64::from(tokens == Some(1));
        coverage.words += 1;
        coverage.known += known;
        coverage.occurrences += count;
        coverage.known_occurrences += known * count;
        // What has no tokens at all is one unknown token.
        coverage.tokens += tokens.unwrap_or(1) as u64 * count;
    }
    Ok(coverage)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_counted_once_and_as_often_as_they_occur() {
        let starter = concat!(env!("CARGO_MANIFEST_DIR"), "/../../data/models/starter-llama-15m");
        let sentences = ["The gene and the disease, the gene.", "gene - Xqzv-31"];
        let found = coverage(Path::new(starter), sentences.into_iter()).unwrap();
        // The, gene, and, the, disease, Xqzv-31.
        assert_eq!((found.words, found.known), (6, 5), "{found:?}");
        assert_eq!((found.occurrences, found.known_occurrences), (9, 8), "{found:?}");
        assert!(found.tokens > 10, "{found:?}");
    }
}
