//! Lexicons: what genes, diseases and chemicals are called, and under which ids they are known.

mod build;
mod included;
mod read;

use std::collections::HashMap;

pub use build::LexiconBuilder;
pub use read::LexiconError;
pub(crate) use read::unpack;

use crate::tag::matcher::{Key, Matcher, NumberMap};
use crate::tag::token::{Tokenizer, hash};
use crate::text::fingerprint;

/// What things are called: names with the concepts that they may stand for.
///
/// A concept has one identifier and any number of cross references, identifiers of the same thing elsewhere; all lead to
/// it, so that texts annotated with MeSH and texts annotated with the Disease Ontology speak of the same thing.
#[derive(Debug, Default)]
pub struct Lexicon {
    labels: Vec<String>,
    kinds: Vec<String>,
    concepts: Vec<Concept>,
    by_identifier: HashMap<String, u32>,
    /// Names in the order of their keys.
    names: Vec<Name>,
    /// For each key, where its names stand.
    of_key: Vec<(u32, u32)>,
    matcher: Matcher,
    /// How often words in small letters occur in ordinary text.
    words: NumberMap<u32>,
}

/// A thing that has names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Concept {
    /// Its identifier, such as `MESH:D001943`.
    pub identifier: String,
    /// Its preferred name.
    pub name: String,
    /// Identifiers of the same thing elsewhere, such as `DOID:1612`.
    pub cross_references: Vec<String>,
    /// Number of its label.
    pub(crate) label: u16,
    /// Number of what its source calls it.
    pub(crate) kind: u16,
}

/// A name of a concept.
#[derive(Clone, Debug)]
pub(crate) struct Name {
    pub(crate) key: Key,
    pub(crate) concept: u32,
    /// As its source writes it.
    pub(crate) text: Box<str>,
    /// Whether it is the preferred one.
    pub(crate) is_preferred: bool,
    /// In how many documents of the annotated corpora it stands for this concept; none in most cases.
    pub(crate) annotated: u32,
    /// Whether it comes from a lexicon, and not from annotated texts alone.
    pub(crate) is_listed: bool,
    /// Whether the text must have it letter by letter, since it is short or also an ordinary word.
    pub(crate) is_exact: bool,
}

impl Lexicon {
    /// A lexicon to be filled.
    pub fn builder() -> LexiconBuilder {
        LexiconBuilder::default()
    }

    /// How many concepts there are.
    pub fn concept_count(&self) -> usize {
        self.concepts.len()
    }

    /// How many names there are; a name of two concepts counts twice.
    pub fn name_count(&self) -> usize {
        self.names.len()
    }

    /// The concept under this identifier or cross reference.
    pub fn concept_of(&self, identifier: &str) -> Option<&Concept> {
        self.by_identifier.get(identifier).map(|number| &self.concepts[*number as usize])
    }

    /// The labels of its concepts.
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// The label of a concept.
    pub fn label_of(&self, concept: &Concept) -> &str {
        &self.labels[concept.label as usize]
    }

    /// A hash of all that it holds. Takes time in its size.
    pub(crate) fn fingerprint(&self) -> String {
        let concepts = self.concepts.iter().flat_map(|concept| {
            let references = concept.cross_references.iter().map(String::as_bytes);
            [concept.identifier.as_bytes(), concept.name.as_bytes()].into_iter().chain(references)
        });
        let numbers: Vec<u8> = self
            .names
            .iter()
            .flat_map(|name| {
                let flags = [u8::from(name.is_preferred), u8::from(name.is_listed), u8::from(name.is_exact)];
                [name.concept.to_le_bytes(), name.annotated.to_le_bytes()].concat().into_iter().chain(flags)
            })
            .chain(self.concepts.iter().flat_map(|c| [c.label.to_le_bytes(), c.kind.to_le_bytes()].concat()))
            .collect();
        let mut words: Vec<(u64, u32)> = self.words.iter().map(|(word, count)| (*word, *count)).collect();
        words.sort_unstable();
        let words: Vec<u8> =
            words.iter().flat_map(|(word, count)| word.to_le_bytes().into_iter().chain(count.to_le_bytes())).collect();
        let names = self.names.iter().map(|name| name.text.as_bytes());
        let labels = self.labels.iter().chain(&self.kinds).map(String::as_bytes);
        let mut pieces: Vec<&[u8]> = concepts.chain(names).chain(labels).collect();
        pieces.extend([numbers.as_slice(), words.as_slice()]);
        fingerprint(pieces)
    }

    pub(crate) fn concept(&self, number: u32) -> &Concept {
        &self.concepts[number as usize]
    }

    pub(crate) fn concept_number(&self, identifier: &str) -> Option<u32> {
        self.by_identifier.get(identifier).copied()
    }

    pub(crate) fn kinds(&self) -> &[String] {
        &self.kinds
    }

    pub(crate) fn kind_of(&self, concept: &Concept) -> &str {
        &self.kinds[concept.kind as usize]
    }

    pub(crate) fn matcher(&self) -> &Matcher {
        &self.matcher
    }

    /// The names with this key.
    pub(crate) fn names_of(&self, key: Key) -> &[Name] {
        let (start, end) = self.of_key.get(key as usize).copied().unwrap_or_default();
        &self.names[start as usize..end as usize]
    }

    /// The key of a name, if it is known.
    pub(crate) fn key_of(&self, name: &str, tokenizer: &mut Tokenizer) -> Option<Key> {
        self.matcher.key(tokenizer.tokenize(name))
    }

    /// How often this word occurs in small letters in ordinary text.
    pub(crate) fn word_count(&self, word: &str) -> u32 {
        // The words are plain ones.
        let mut letters = [0; 32];
        let Some(lower) = letters.get_mut(..word.len()).filter(|_| word.is_ascii()) else { return 0 };
        lower.copy_from_slice(word.as_bytes());
        lower.make_ascii_lowercase();
        self.words.get(&hash(lower)).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests;
