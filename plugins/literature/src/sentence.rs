//! The sentence splitter: where a sentence of an abstract ends, decided by tables of words rather than by a model.
//!
//! A full stop, question or exclamation mark ends a sentence if white space follows, unless what stands before it is an
//! abbreviation or what stands after it cannot begin a sentence. In doubt sentences stay together: a pair of entities in
//! two half sentences is lost, a pair in two joined ones is read with more context.

mod cue;
mod evaluate;

use std::ops::Range;

pub use cue::{Cues, cues};
pub use evaluate::evaluate_sentences;

/// Words after which a full stop never ends a sentence. In lower case.
const NEVER_LAST: [&str; 29] = [
    "approx", "c.f", "ca", "cf", "cv", "dr", "e.g", "eg", "eq", "eqs", "fig", "figs", "i.e", "ie", "mr", "mrs", "ms",
    "pp", "prof", "ref", "refs", "ssp", "st", "subsp", "suppl", "var", "viz", "vol", "vs",
];

/// Words after which a full stop ends a sentence only if a usual first word follows. In lower case. Letters with full
/// stops between them, such as "i.v" or "U.S", belong here too.
const SELDOM_LAST: [&str; 17] = [
    "al", "co", "corp", "dept", "et", "etc", "inc", "jr", "ltd", "med", "natl", "ph.d", "resp", "sp", "spp", "univ",
    "v.s",
];

/// Words before a single letter which make it a kind of something ("hepatitis B.") though they are short or written
/// with a capital; other lower-case words of four letters or more do so as well.
const CLASS_WORDS: [&str; 8] = ["apo", "exon", "ige", "igg", "type", "group", "class", "stage"];

/// Words that lead to a person's initial rather than to a kind of something.
const BEFORE_INITIALS: [&str; 6] = ["from", "with", "author", "authors", "professor", "named"];

/// Words that usually begin a sentence, even after an abbreviation.
const FIRST_WORDS: [&str; 91] = [
    "A",
    "Additionally",
    "After",
    "All",
    "Also",
    "Although",
    "Among",
    "An",
    "Another",
    "As",
    "At",
    "Because",
    "Before",
    "Besides",
    "Between",
    "Both",
    "But",
    "By",
    "Compared",
    "Consequently",
    "Conversely",
    "Currently",
    "Despite",
    "Due",
    "During",
    "Each",
    "Finally",
    "First",
    "For",
    "From",
    "Furthermore",
    "Given",
    "He",
    "Hence",
    "Here",
    "How",
    "However",
    "If",
    "Importantly",
    "In",
    "Indeed",
    "Interestingly",
    "It",
    "Its",
    "Like",
    "Many",
    "Moreover",
    "Most",
    "Neither",
    "Nevertheless",
    "No",
    "None",
    "Notably",
    "On",
    "One",
    "Only",
    "Other",
    "Our",
    "Overall",
    "Recently",
    "She",
    "Several",
    "Similarly",
    "Since",
    "So",
    "Some",
    "Such",
    "Surprisingly",
    "Taken",
    "That",
    "The",
    "Their",
    "Then",
    "There",
    "Therefore",
    "These",
    "They",
    "This",
    "Those",
    "Three",
    "Thus",
    "To",
    "Together",
    "Two",
    "Under",
    "We",
    "When",
    "Whereas",
    "Whether",
    "While",
    "With",
];

/// How far ahead a closing bracket is looked for, in characters.
const BRACKET_REACH: usize = 300;

/// How long a word before or after a full stop may be, in characters; longer ones are cut.
const WORD_REACH: usize = 40;

/// The sentences of a text as ranges of characters (Unicode scalar values), in order, without white space at their ends.
/// Everything but white space lies in a sentence, and no sentence ends within one of the unbroken ranges.
///
/// ```
/// let text = "Mice (n = 3) got 5 mg i.v. daily. TP53 vs. BRCA1 was tested in E. coli.";
/// assert_eq!(hopgraph_literature::split_sentences(text, &[]), [0..33, 34..71]);
/// ```
pub fn split_sentences(text: &str, unbroken: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut splitter = Splitter { characters: text.chars().collect(), start: 0, open_brackets: 0 };
    let mut unbroken: Vec<Range<usize>> = unbroken.to_vec();
    unbroken.sort_by_key(|range| range.start);
    let mut unbroken = Unbroken { ranges: unbroken.into_iter().peekable(), reach: 0 };
    let mut sentences = Vec::new();
    let mut at = 0;
    while at < splitter.characters.len() {
        match splitter.sentence_end(at).map(|end| (end, splitter.trimmed(splitter.start..end))) {
            Some((end, sentence)) if !sentence.as_ref().is_some_and(|sentence| unbroken.covers(sentence.end)) => {
                sentences.extend(sentence);
                splitter.begin(end);
                at = end.max(at + 1);
            }
            _ => {
                splitter.note_bracket(at);
                at += 1;
            }
        }
    }
    sentences.extend(splitter.trimmed(splitter.start..at));
    sentences
}

/// Ranges that no sentence may end in, gone through once from left to right.
struct Unbroken<I: Iterator<Item = Range<usize>>> {
    ranges: std::iter::Peekable<I>,
    /// The furthest end of the ranges that begin before the last position asked for.
    reach: usize,
}

impl<I: Iterator<Item = Range<usize>>> Unbroken<I> {
    /// Whether a range begins before this position and ends after it. Positions must not decrease.
    fn covers(&mut self, position: usize) -> bool {
        while let Some(range) = self.ranges.next_if(|range| range.start < position) {
            self.reach = self.reach.max(range.end);
        }
        self.reach > position
    }
}

/// What kind of word follows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    /// A word that usually begins a sentence.
    FirstWord,
    /// A word with a capital.
    Capital,
    /// A number.
    Number,
    /// A name that begins with a small letter, such as p53, mRNA or α-synuclein.
    Name,
    /// A plain word in small letters, or a sign that does not begin a sentence.
    Continuation,
}

struct Splitter {
    characters: Vec<char>,
    /// Where the sentence in hand starts.
    start: usize,
    /// How many of its brackets have not been closed.
    open_brackets: usize,
}

impl Splitter {
    fn begin(&mut self, start: usize) {
        self.start = start;
        self.open_brackets = 0;
    }

    fn note_bracket(&mut self, at: usize) {
        match self.characters[at] {
            '(' | '[' => self.open_brackets += 1,
            ')' | ']' => self.open_brackets = self.open_brackets.saturating_sub(1),
            _ => {}
        }
    }

    /// Where the sentence ends if the character here ends it.
    fn sentence_end(&self, at: usize) -> Option<usize> {
        match self.characters[at] {
            '\n' if self.is_paragraph_end(at) => Some(at),
            '.' | '?' | '!' | '…' => self.marked_end(at),
            _ => None,
        }
    }

    /// Whether the line break here is followed by an empty line.
    fn is_paragraph_end(&self, at: usize) -> bool {
        let blank = self.characters[at + 1..].iter().take_while(|character| character.is_whitespace());
        blank.take(WORD_REACH).any(|&character| character == '\n')
    }

    fn marked_end(&self, at: usize) -> Option<usize> {
        let rest = &self.characters[at + 1..];
        let end = at + 1 + rest.iter().take_while(|&&character| closes_sentence(character)).count();
        let gap = self.characters[end..].iter().take_while(|character| character.is_whitespace()).count();
        let next = end + gap;
        if gap == 0 || next == self.characters.len() || self.is_bracketed(at, end) {
            return None;
        }
        let next = self.next_kind(next);
        let ends = match self.characters[at] {
            '.' => self.full_stop_ends(at, next),
            _ => next != Next::Continuation,
        };
        ends.then_some(end)
    }

    /// Whether the mark here stands in a bracket that closes soon, but not in the closing signs up to `end`.
    fn is_bracketed(&self, at: usize, end: usize) -> bool {
        let closed = self.characters[at..end].iter().filter(|&&character| matches!(character, ')' | ']')).count();
        if self.open_brackets <= closed {
            return false;
        }
        let mut depth = 1;
        self.characters[end..].iter().take(BRACKET_REACH).any(|character| {
            match character {
                '(' | '[' => depth += 1,
                ')' | ']' => depth -= 1,
                _ => {}
            }
            depth == 0
        })
    }

    fn full_stop_ends(&self, at: usize, next: Next) -> bool {
        if next == Next::Continuation {
            return false;
        }
        let (from, word) = self.word_before(at);
        let lower = word.to_lowercase();
        let mut letters = word.chars();
        match (letters.next(), letters.next()) {
            (None, _) => true,
            (Some(letter), None) if letter.is_uppercase() => self.initial_ends(from, next),
            _ if NEVER_LAST.contains(&lower.as_str()) => false,
            _ if matches!(word.as_str(), "No" | "Nos") => next != Next::Number,
            _ if SELDOM_LAST.contains(&lower.as_str()) || is_dotted(&word) => next == Next::FirstWord,
            _ if word.chars().all(|character| character.is_ascii_digit()) => self.number_ends(from, &word, next),
            _ => !(next == Next::Number && ends_in_zero(&word)),
        }
    }

    /// "J. Smith" and "E. Coli" go on; "hepatitis B. Patients" and "filamin A, B and C. They" do not.
    fn initial_ends(&self, from: usize, next: Next) -> bool {
        if next == Next::FirstWord {
            return true;
        }
        let gap = self.characters[..from].iter().rev().take_while(|character| character.is_whitespace()).count();
        let (_, before) = self.word_before(from - gap);
        let lower = before.to_lowercase();
        let is_class = CLASS_WORDS.contains(&lower.as_str())
            || (before == lower && before.chars().count() >= 4 && before.chars().all(char::is_alphabetic));
        is_class && !BEFORE_INITIALS.contains(&lower.as_str())
    }

    /// "1. We" numbers a list at the start of a sentence and after a colon, "0. 05" is a broken
    /// decimal; other numbers end a sentence.
    fn number_ends(&self, from: usize, word: &str, next: Next) -> bool {
        let before = self.trimmed(self.start..from);
        let is_first = before.is_none_or(|before| matches!(self.characters[before.end - 1], ':' | ';'));
        let is_list_mark = is_first && word.len() <= 2;
        let is_broken_decimal = next == Next::Number && word == "0";
        !(is_list_mark || is_broken_decimal)
    }

    /// The word that ends at this position and where it starts. White space, brackets and quotation marks end it.
    fn word_before(&self, end: usize) -> (usize, String) {
        let begin = end.saturating_sub(WORD_REACH).max(self.start.min(end));
        let word = &self.characters[begin..end];
        let start = begin + word.iter().rposition(|&character| ends_word(character)).map_or(0, |last| last + 1);
        (start, self.characters[start..end].iter().collect())
    }

    fn next_kind(&self, at: usize) -> Next {
        let rest = self.characters[at..].iter().skip_while(|&&character| opens_sentence(character));
        let word: String = rest.take_while(|character| !character.is_whitespace()).take(WORD_REACH).collect();
        kind_of(word.trim_end_matches([',', ';', ':', ')', ']']), word.ends_with(':'))
    }

    /// The range without white space at its ends.
    fn trimmed(&self, range: Range<usize>) -> Option<Range<usize>> {
        let slice = &self.characters[range.clone()];
        let first = slice.iter().position(|character| !character.is_whitespace())?;
        let last = slice.iter().rposition(|character| !character.is_whitespace())?;
        Some(range.start + first..range.start + last + 1)
    }
}

fn kind_of(word: &str, is_heading: bool) -> Next {
    let mut characters = word.chars();
    let Some(first) = characters.next() else { return Next::Continuation };
    if FIRST_WORDS.contains(&word) || (is_heading && first.is_uppercase() && word.chars().count() >= 4) {
        Next::FirstWord
    } else if first.is_uppercase() {
        Next::Capital
    } else if first.is_numeric() {
        Next::Number
    } else if is_greek(first) || (first.is_alphabetic() && characters.any(|c| c.is_uppercase() || c.is_ascii_digit())) {
        Next::Name
    } else {
        Next::Continuation
    }
}

/// Letters with full stops between them: "i.v", "U.S", "b.i.d".
fn is_dotted(word: &str) -> bool {
    word.contains('.')
        && word.split('.').all(|part| {
            let mut letters = part.chars();
            letters.next().is_some_and(char::is_alphabetic) && letters.next().is_none()
        })
}

/// The first half of a broken decimal, as in "p<0. 05".
fn ends_in_zero(word: &str) -> bool {
    word.strip_suffix('0').is_some_and(|before| before.ends_with(['<', '>', '=', '±', '~']))
}

fn is_greek(character: char) -> bool {
    matches!(character, '\u{370}'..='\u{3ff}')
}

/// Characters that may stand between a full stop and the white space after a sentence.
fn closes_sentence(character: char) -> bool {
    matches!(character, '.' | '?' | '!' | '…' | ')' | ']' | '}' | '"' | '\'' | '”' | '’' | '»')
}

/// Characters that may stand before the first word of a sentence.
fn opens_sentence(character: char) -> bool {
    matches!(character, '(' | '[' | '{' | '"' | '\'' | '“' | '‘' | '«' | '¿' | '¡')
}

fn ends_word(character: char) -> bool {
    character.is_whitespace() || opens_sentence(character) || matches!(character, '/' | '”' | '’' | ',' | ';')
}

#[cfg(test)]
mod tests;
