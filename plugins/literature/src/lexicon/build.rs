//! How a lexicon is put together from its sources.

use std::collections::{HashMap, hash_map};

use super::{Concept, Lexicon, Name};
use crate::limits::LEXICON_NAME_BYTES_MAX;
use crate::tag::page::is_same_writing;
use crate::tag::token::{Tokenizer, hash};

/// How often a word must occur in ordinary text to count as a common one.
const COMMON_WORD_COUNT: u32 = 100;

/// Letters of a name without digits up to which it must stand in the text as it is.
const EXACT_LETTERS_MAX: usize = 4;

/// Words that stand for nothing by themselves in any lexicon.
const STOP_WORDS: [&str; 40] = [
    "disease",
    "diseases",
    "disorder",
    "disorders",
    "syndrome",
    "gene",
    "genes",
    "protein",
    "proteins",
    "was",
    "were",
    "is",
    "are",
    "an",
    "a",
    "the",
    "set",
    "not",
    "all",
    "for",
    "and",
    "of",
    "in",
    "on",
    "to",
    "at",
    "by",
    "as",
    "or",
    "we",
    "he",
    "she",
    "it",
    "this",
    "that",
    "can",
    "has",
    "had",
    "but",
    "if",
];

/// Something to be added: a concept with its names.
#[derive(Clone, Debug, Default)]
pub(crate) struct Entry<'a> {
    pub(crate) identifier: &'a str,
    pub(crate) label: &'a str,
    pub(crate) name: &'a str,
    pub(crate) synonyms: Vec<&'a str>,
    pub(crate) cross_references: Vec<&'a str>,
    pub(crate) kind: &'a str,
}

/// Gathers concepts and names, and makes a [`Lexicon`] of them.
#[derive(Debug, Default)]
pub struct LexiconBuilder {
    lexicon: Lexicon,
    numbers_of_labels: HashMap<String, u16>,
    numbers_of_kinds: HashMap<String, u16>,
    tokenizer: Tokenizer,
}

impl LexiconBuilder {
    /// Adds a concept by its label, identifier, preferred name, other names and cross references. One that is known
    /// under the identifier or, failing that, a cross reference gets further names.
    pub fn add(&mut self, label: &str, identifier: &str, name: &str, synonyms: &[&str], cross_references: &[&str]) {
        self.add_entry(&Entry {
            identifier,
            label,
            name,
            synonyms: synonyms.to_vec(),
            cross_references: cross_references.to_vec(),
            kind: "user",
        });
    }

    pub(crate) fn add_entry(&mut self, entry: &Entry<'_>) {
        let number = self.concept(entry);
        self.add_name(number, entry.name, true);
        for synonym in &entry.synonyms {
            self.add_name(number, synonym, false);
        }
    }

    /// Makes room for about this many names.
    pub(super) fn reserve(&mut self, names: usize) {
        self.lexicon.matcher.reserve(names);
        self.lexicon.names.reserve(names);
        self.lexicon.by_identifier.reserve(names / 2);
    }

    /// Sets how often a word in small letters occurs in ordinary text. Words come before names.
    pub(crate) fn add_word(&mut self, word: &str, count: u32) {
        self.lexicon.words.insert(hash(word.as_bytes()), count);
    }

    /// Adds a name that an annotated corpus uses for a concept, which need not be known.
    pub(crate) fn add_annotated(&mut self, label: &str, identifier: &str, text: &str, documents: u32) {
        let entry = Entry { identifier, label, name: text, kind: "annotated", ..Entry::default() };
        let number = self.concept(&entry);
        let Some(key) = self.lexicon.matcher.add(self.tokenizer.tokenize(text)) else { return };
        let is_exact = self.is_exact(text);
        self.lexicon.names.push(Name {
            key,
            concept: number,
            text: text.into(),
            is_preferred: false,
            annotated: documents,
            is_listed: false,
            is_exact,
        });
    }

    /// The number of the concept, made if it is not known.
    fn concept(&mut self, entry: &Entry<'_>) -> u32 {
        let label = number_of(&mut self.lexicon.labels, &mut self.numbers_of_labels, entry.label);
        let known = &self.lexicon.by_identifier;
        let same_label = |number: &&u32| self.lexicon.concepts[**number as usize].label == label;
        let identifiers = || std::iter::once(&entry.identifier).chain(&entry.cross_references);
        let found = identifiers().filter_map(|identifier| known.get(*identifier)).find(same_label).copied();
        let number = found.unwrap_or(self.lexicon.concepts.len() as u32);
        if found.is_none() {
            let kind = number_of(&mut self.lexicon.kinds, &mut self.numbers_of_kinds, entry.kind);
            self.lexicon.concepts.push(Concept {
                identifier: entry.identifier.to_owned(),
                name: entry.name.to_owned(),
                cross_references: Vec::new(),
                label,
                kind,
            });
        }
        for identifier in identifiers() {
            if let hash_map::Entry::Vacant(free) = self.lexicon.by_identifier.entry((*identifier).to_owned()) {
                free.insert(number);
                let concept = &mut self.lexicon.concepts[number as usize];
                if concept.identifier != *identifier {
                    concept.cross_references.push((*identifier).to_owned());
                }
            }
        }
        number
    }

    fn add_name(&mut self, concept: u32, text: &str, is_preferred: bool) {
        let text = text.trim();
        // In capitals throughout they are symbols of genes.
        let is_word = text.chars().any(char::is_lowercase);
        let is_stopped = is_word && STOP_WORDS.iter().any(|word| text.eq_ignore_ascii_case(word));
        let letters = text.chars().filter(|character| character.is_alphabetic()).count();
        if text.len() > LEXICON_NAME_BYTES_MAX || text.chars().count() < 2 || letters == 0 || is_stopped {
            return;
        }
        let Some(key) = self.lexicon.matcher.add(self.tokenizer.tokenize(text)) else { return };
        let is_exact = self.is_exact(text);
        self.lexicon.names.push(Name {
            key,
            concept,
            text: text.into(),
            is_preferred,
            annotated: 0,
            is_listed: true,
            is_exact,
        });
    }

    /// Short names and those that are common words in small letters count only as they are written: `WAS` and `SET` are
    /// genes, `was` and `set` are not.
    fn is_exact(&self, text: &str) -> bool {
        let letters = text.chars().filter(|character| character.is_alphabetic()).count();
        let has_digit = text.chars().any(|character| character.is_ascii_digit());
        let is_one_word = text.chars().all(char::is_alphanumeric);
        let is_common = is_one_word && self.lexicon.word_count(text) >= COMMON_WORD_COUNT;
        let has_capital = text.chars().any(char::is_uppercase);
        (letters <= EXACT_LETTERS_MAX && !has_digit && is_one_word && has_capital)
            || letters <= 1
            || (is_common && has_capital && text.chars().skip(1).any(char::is_uppercase))
    }

    /// The lexicon.
    pub fn build(self) -> Lexicon {
        let mut lexicon = self.lexicon;
        join_doubles(&mut lexicon.names);
        lexicon.names.shrink_to_fit();
        let last = lexicon.names.last().map_or(0, |name| name.key as usize + 1);
        lexicon.of_key = vec![(0, 0); last];
        for (at, name) in lexicon.names.iter().enumerate() {
            let range = &mut lexicon.of_key[name.key as usize];
            if range.1 == 0 {
                range.0 = at as u32;
            }
            range.1 = at as u32 + 1;
        }
        lexicon
    }
}

/// Of one name of one concept that comes more than once, what is known of it comes together. Names that count only as they
/// are written stay apart if they are written otherwise, `P53` and `p53`; the concept is listed under both all the same.
fn join_doubles(names: &mut Vec<Name>) {
    names.sort_by(|a, b| {
        let rank = |name: &Name| (name.key, name.concept, name.is_exact);
        rank(a).cmp(&rank(b)).then(b.is_preferred.cmp(&a.is_preferred)).then_with(|| a.text.cmp(&b.text))
    });
    let is_same_name = |a: &Name, b: &Name| (a.key, a.concept) == (b.key, b.concept);
    names.dedup_by(|next, kept| {
        let is_same = is_same_name(next, kept)
            && next.is_exact == kept.is_exact
            && (!kept.is_exact || is_same_writing(&next.text, &kept.text));
        if is_same {
            kept.annotated += next.annotated;
            kept.is_listed |= next.is_listed;
            kept.is_preferred |= next.is_preferred;
        }
        is_same
    });
    for writings in names.chunk_by_mut(is_same_name) {
        let is_listed = writings.iter().any(|name| name.is_listed);
        writings.iter_mut().for_each(|name| name.is_listed = is_listed);
    }
}

/// The number of a word in a list, to which it is added if it is new.
fn number_of(words: &mut Vec<String>, numbers: &mut HashMap<String, u16>, word: &str) -> u16 {
    if let Some(number) = numbers.get(word) {
        return *number;
    }
    let number = words.len() as u16;
    words.push(word.to_owned());
    numbers.insert(word.to_owned(), number);
    number
}
