//! A document as the tagger looks at it: every name that stands in it, and what the document as a whole says of names.

use std::collections::HashMap;
use std::ops::Range;

use super::abbreviation::{Definition, definitions};
use super::matcher::{Key, Match, NumberMap};
use super::token::{Token, Tokenizer};
use crate::Document;
use crate::lexicon::{Lexicon, Name};

/// The most concepts that one name is held to stand for; a name of more says nothing.
const CONCEPTS_OF_NAME_MAX: usize = 24;

/// Working memory that is kept from document to document.
#[derive(Debug, Default)]
pub(super) struct Workspace {
    tokenizer: Tokenizer,
    matches: Vec<Match>,
}

/// A document with its names.
#[derive(Debug, Default)]
pub(super) struct Page<'a> {
    pub(super) sections: Vec<Section<'a>>,
    pub(super) occurrences: Vec<Occurrence>,
    names: Vec<&'a Name>,
    /// How often each key occurs.
    key_counts: NumberMap<u32>,
    /// The first key by which each concept occurs, and how many others there are.
    keys_of_concept: NumberMap<(Key, u32)>,
    /// How often species are named: human, mouse, rat, others.
    species: [u32; 4],
    /// What species the document is about.
    pub(super) setting: Setting,
    /// Short forms that the document defines, by their letters.
    pub(super) short_forms: HashMap<&'a str, usize>,
    pub(super) definitions: Vec<(usize, Definition)>,
}

/// What species a document is about, by the words in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Setting {
    #[default]
    None,
    Human,
    Mouse,
    Rat,
    Other,
    /// Man as well as mouse or rat.
    Mixed,
}

/// A passage of it.
#[derive(Debug)]
pub(super) struct Section<'a> {
    pub(super) text: &'a str,
    /// First character in the document.
    pub(super) start: usize,
    pub(super) tokens: Vec<Token>,
}

/// A name in a passage, with what it may stand for.
#[derive(Clone, Debug)]
pub(super) struct Occurrence {
    pub(super) section: usize,
    /// Bytes of the passage.
    pub(super) span: Range<usize>,
    /// Its tokens.
    pub(super) tokens: Range<usize>,
    pub(super) key: Key,
    /// Where the best name for each concept stands among the names of the page.
    names: Range<usize>,
    /// Whether a longer name contains it.
    pub(super) is_nested: bool,
    /// How many letters it has.
    pub(super) letters: usize,
    /// How often it occurs in small letters in ordinary text, if it is one word.
    pub(super) word_count: u32,
}

impl Occurrence {
    pub(super) fn text<'t>(&self, page: &Page<'t>) -> &'t str {
        &page.sections[self.section].text[self.span.clone()]
    }
}

impl<'a> Page<'a> {
    /// Looks for all names of the lexicon.
    pub(super) fn new(document: &'a Document, lexicon: &'a Lexicon, workspace: &mut Workspace) -> Self {
        let mut page = Self::default();
        for passage in &document.passages {
            let tokens = workspace.tokenizer.tokenize(&passage.text).to_vec();
            lexicon.matcher().matches(&tokens, &mut workspace.matches);
            let section = page.sections.len();
            page.sections.push(Section { text: &passage.text, start: passage.start, tokens });
            page.note_species(section);
            for found in &workspace.matches {
                page.note(section, *found, lexicon);
            }
            for definition in definitions(&passage.text) {
                let short = &passage.text[definition.short.clone()];
                page.short_forms.entry(short).or_insert(page.definitions.len());
                page.definitions.push((section, definition));
            }
        }
        page.mark_nested();
        page.setting = page.setting();
        page
    }

    /// How often a key occurs.
    pub(super) fn times(&self, key: Key) -> u32 {
        self.key_counts.get(&u64::from(key)).copied().unwrap_or(1)
    }

    /// By how many names beside one a concept occurs.
    pub(super) fn other_keys(&self, concept: u32) -> u32 {
        self.keys_of_concept.get(&u64::from(concept)).map_or(0, |(_, others)| *others)
    }

    /// For each concept that a place may name, its best name.
    pub(super) fn names_of(&self, occurrence: &Occurrence) -> &[&'a Name] {
        &self.names[occurrence.names.clone()]
    }

    fn setting(&self) -> Setting {
        match self.species {
            [0, 0, 0, 0] => Setting::None,
            [0, 0, 0, _] => Setting::Other,
            [_, 0, 0, _] => Setting::Human,
            [0, mouse, rat, _] => {
                if mouse >= rat {
                    Setting::Mouse
                } else {
                    Setting::Rat
                }
            }
            [human, mouse, rat, _] if mouse + rat > 2 * human => {
                if mouse >= rat {
                    Setting::Mouse
                } else {
                    Setting::Rat
                }
            }
            _ => Setting::Mixed,
        }
    }

    fn note(&mut self, section: usize, found: Match, lexicon: &'a Lexicon) {
        let tokens = found.first as usize..found.end as usize;
        let Section { text, tokens: all, .. } = &self.sections[section];
        let span = all[tokens.start].start as usize..all[tokens.end - 1].end as usize;
        let words = &text[span.clone()];
        let first = self.names.len();
        let names = &mut self.names;
        for name in lexicon.names_of(found.key) {
            if name.is_exact && !is_same_writing(words, &name.text) {
                continue;
            }
            match names[first..].last_mut().filter(|last| last.concept == name.concept) {
                Some(last) => {
                    if name.is_preferred || (name.annotated > last.annotated) {
                        *last = name;
                    }
                }
                None => names.push(name),
            }
        }
        let names = first..names.len();
        if names.is_empty() || names.len() > CONCEPTS_OF_NAME_MAX {
            self.names.truncate(first);
            return;
        }
        let letters = words.chars().filter(|character| character.is_alphabetic()).count();
        let word_count = if tokens.len() == 1 { lexicon.word_count(words) } else { 0 };
        let times = self.key_counts.entry(u64::from(found.key)).or_default();
        *times += 1;
        if *times == 1 {
            for name in &self.names[names.clone()] {
                let known = self.keys_of_concept.entry(u64::from(name.concept)).or_insert((found.key, 0));
                known.1 += u32::from(known.0 != found.key);
            }
        }
        let key = found.key;
        self.occurrences.push(Occurrence { section, span, tokens, key, names, is_nested: false, letters, word_count });
    }

    /// Occurrences come by their start; of those that start together the longer ones come later.
    fn mark_nested(&mut self) {
        let spans: Vec<(usize, Range<usize>)> = self.occurrences.iter().map(|o| (o.section, o.span.clone())).collect();
        for (at, occurrence) in self.occurrences.iter_mut().enumerate() {
            let near = spans[at.saturating_sub(8)..(at + 9).min(spans.len())].iter();
            occurrence.is_nested = near.filter(|(section, _)| *section == occurrence.section).any(|(_, span)| {
                span.len() > occurrence.span.len()
                    && span.start <= occurrence.span.start
                    && span.end >= occurrence.span.end
            });
        }
    }

    fn note_species(&mut self, section: usize) {
        let Section { text, tokens, .. } = &self.sections[section];
        for token in tokens {
            let word = &text[token.start as usize..token.end as usize];
            if !(3..=8).contains(&word.len()) {
                continue;
            }
            let species = match word.to_ascii_lowercase().as_str() {
                "patient" | "patients" | "human" | "humans" | "women" | "men" | "children" | "family" | "families" => 0,
                "mouse" | "mice" | "murine" => 1,
                "rat" | "rats" => 2,
                "yeast" | "drosophila" | "chicken" | "bovine" | "porcine" | "zebrafish" | "rabbit" | "rabbits" => 3,
                _ => continue,
            };
            self.species[species] += 1;
        }
    }
}

/// Whether a text has a name letter by letter, or its plural, whatever stands between the letters.
pub(crate) fn is_same_writing(text: &str, name: &str) -> bool {
    let mut letters = text.chars().filter(|character| character.is_alphanumeric());
    let mut wanted = name.chars().filter(|character| character.is_alphanumeric());
    loop {
        match (letters.next(), wanted.next()) {
            (None, None) => return true,
            (Some('s'), None) => return letters.next().is_none(),
            (Some(letter), Some(wanted)) if letter == wanted => {}
            _ => return false,
        }
    }
}
