//! What speaks for and against a name standing for a concept at one place of a document, as numbers.

use super::page::{Occurrence, Page, is_same_writing};
use super::reliability::Tally;
use crate::lexicon::{Lexicon, Name};

/// The features, in the order of their numbers. Behind them comes one for each kind of concept.
pub(super) const FEATURES: [&str; 70] = [
    "bias",
    "name-seen",
    "name-log-odds",
    "concept-log-odds",
    "annotated-name",
    "listed-name",
    "preferred-name",
    "letters-1",
    "letters-2",
    "letters-3",
    "letters-4",
    "letters-5-6",
    "letters-7-10",
    "letters-11-up",
    "tokens-2",
    "tokens-3-up",
    "has-digit",
    "all-capitals",
    "all-small",
    "mixed-inside",
    "same-writing",
    "word-frequency",
    "word-unknown",
    "ambiguity",
    "other-label",
    "short-form-of-nothing-known",
    "short-form-length",
    "other-names-of-concept",
    "times",
    "nested",
    "title",
    "next-gene",
    "next-protein",
    "next-expression",
    "next-mutation",
    "next-cell",
    "next-patient",
    "next-head",
    "before-gene",
    "before-human",
    "before-anti",
    "hyphen-after",
    "in-brackets",
    "starts-small-letter-symbol",
    "key-times-2-up",
    "support-and-short",
    "unseen-and-short",
    "unseen-and-common",
    "concept-seen-otherwise",
    "title-writing-human",
    "title-writing-other",
    "capitals-other",
    "human-in-no-species",
    "human-in-human-text",
    "human-in-mouse-text",
    "human-in-rat-text",
    "human-in-other-text",
    "human-in-mixed-text",
    "mouse-in-no-species",
    "mouse-in-human-text",
    "mouse-in-mouse-text",
    "mouse-in-rat-text",
    "mouse-in-other-text",
    "mouse-in-mixed-text",
    "unlisted-in-no-species",
    "unlisted-in-human-text",
    "unlisted-in-mouse-text",
    "unlisted-in-rat-text",
    "unlisted-in-other-text",
    "unlisted-in-mixed-text",
];

/// The number of a feature by its name, found when the program is compiled.
const fn number(name: &str) -> u16 {
    let mut at = 0;
    while at < FEATURES.len() {
        if is_equal(FEATURES[at].as_bytes(), name.as_bytes()) {
            return at as u16;
        }
        at += 1;
    }
    panic!("no such feature")
}

const fn is_equal(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    let mut at = 0;
    while at < one.len() {
        if one[at] != other[at] {
            return false;
        }
        at += 1;
    }
    true
}

/// Sets a feature.
macro_rules! set {
    ($values:expr, $name:literal, $value:expr) => {{
        const NUMBER: u16 = number($name);
        let value: f32 = $value;
        if value != 0.0 {
            $values.push((NUMBER, value));
        }
    }};
}

/// Features that are not zero.
pub(super) type Values = Vec<(u16, f32)>;

/// Where features are computed.
pub(super) struct Context<'p, 'a> {
    pub(super) page: &'p Page<'a>,
    pub(super) lexicon: &'a Lexicon,
}

impl Context<'_, '_> {
    /// The features of a place, which all names that stand there share.
    pub(super) fn shared(&self, occurrence: &Occurrence, values: &mut Values) {
        values.clear();
        set!(values, "bias", 1.0);
        self.form(occurrence, values);
        self.neighbours(occurrence, values);
        self.document(occurrence, values);
    }

    /// The features of a name at a place, beside those of the place, given what is known of it.
    pub(super) fn of_name(&self, occurrence: &Occurrence, name: &Name, tally: Tally, values: &mut Values) {
        values.clear();
        let concept = self.lexicon.concept(name.concept);
        values.push((FEATURES.len() as u16 + concept.kind, 1.0));
        experience(name, tally, values);
        let text = occurrence.text(self.page);
        let is_symbol = !name.text.bytes().any(|byte| byte.is_ascii_lowercase());
        set!(values, "same-writing", flag(is_same_writing(text, &name.text)));
        set!(
            values,
            "starts-small-letter-symbol",
            flag(is_symbol && !text.bytes().any(|byte| byte.is_ascii_uppercase()))
        );
        set!(values, "unseen-and-short", flag(tally.seen == 0 && occurrence.letters <= 4));
        set!(values, "unseen-and-common", flag(tally.seen == 0 && occurrence.word_count > 0));
        let label = |name: &Name| self.lexicon.concept(name.concept).label;
        let names = self.page.names_of(occurrence);
        let same_label = names.iter().filter(|other| label(other) == concept.label).count();
        set!(values, "ambiguity", (same_label as f32).ln());
        set!(values, "other-label", flag(same_label < names.len()));
        let others = self.page.other_keys(name.concept);
        set!(values, "other-names-of-concept", (1.0 + others as f32).ln());
        set!(values, "support-and-short", flag(others > 0 && text.len() <= 4));
        self.species(text, self.lexicon.kind_of(concept), values);
    }

    /// Whether the species of the concept is the one that the document is about, and the writing that of the species.
    fn species(&self, text: &str, kind: &str, values: &mut Values) {
        let group = match kind {
            "mouse" => MOUSE,
            "annotated" => UNLISTED,
            _ => HUMAN,
        };
        values.push((group + self.page.setting as u16, 1.0));
        let is_human = group == HUMAN;
        let is_title = is_title_writing(text);
        set!(values, "title-writing-human", flag(is_title && is_human));
        set!(values, "title-writing-other", flag(is_title && !is_human));
        set!(values, "capitals-other", flag(!is_human && !text.bytes().any(|byte| byte.is_ascii_lowercase())));
    }

    /// What the words look like.
    fn form(&self, occurrence: &Occurrence, values: &mut Values) {
        let text = occurrence.text(self.page);
        match occurrence.letters {
            0 | 1 => set!(values, "letters-1", 1.0),
            2 => set!(values, "letters-2", 1.0),
            3 => set!(values, "letters-3", 1.0),
            4 => set!(values, "letters-4", 1.0),
            5 | 6 => set!(values, "letters-5-6", 1.0),
            7..=10 => set!(values, "letters-7-10", 1.0),
            _ => set!(values, "letters-11-up", 1.0),
        }
        let (capitals, smalls) = (count(text, char::is_uppercase), count(text, char::is_lowercase));
        let tokens = occurrence.tokens.len();
        set!(values, "tokens-2", flag(tokens == 2));
        set!(values, "tokens-3-up", flag(tokens > 2));
        set!(values, "has-digit", flag(text.bytes().any(|byte| byte.is_ascii_digit())));
        set!(values, "all-capitals", flag(smalls == 0));
        set!(values, "all-small", flag(capitals == 0));
        set!(values, "mixed-inside", flag(smalls > 0 && count(&text[first_length(text)..], char::is_uppercase) > 0));
        set!(values, "word-frequency", (1.0 + occurrence.word_count as f32).ln());
        set!(values, "word-unknown", flag(tokens == 1 && occurrence.word_count == 0));
    }

    /// What stands around it.
    fn neighbours(&self, occurrence: &Occurrence, values: &mut Values) {
        let section = &self.page.sections[occurrence.section];
        let word = |at: Option<usize>| {
            let token = at.and_then(|at| section.tokens.get(at));
            token.map_or("", |token| &section.text[token.start as usize..token.end as usize])
        };
        let is_one_of = |word: &str, known: &[&str]| known.iter().any(|known| word.eq_ignore_ascii_case(known));
        let next = word(Some(occurrence.tokens.end));
        for (feature, words) in NEXT {
            if is_one_of(next, words) {
                values.push((feature, 1.0));
            }
        }
        let before = word(occurrence.tokens.start.checked_sub(1));
        for (feature, words) in BEFORE {
            if is_one_of(before, words) {
                values.push((feature, 1.0));
            }
        }
        let after = &section.text[occurrence.span.end..];
        let before = &section.text[..occurrence.span.start];
        set!(values, "hyphen-after", flag(after.starts_with('-')));
        set!(values, "in-brackets", flag(before.ends_with('(') && after.starts_with([')', ';', ','])));
    }

    /// What the document as a whole says.
    fn document(&self, occurrence: &Occurrence, values: &mut Values) {
        let text = occurrence.text(self.page);
        let is_short_form = self.page.short_forms.contains_key(text);
        set!(values, "short-form-of-nothing-known", flag(is_short_form));
        set!(values, "short-form-length", if is_short_form { text.len() as f32 / 4.0 } else { 0.0 });
        let times = self.page.times(occurrence.key);
        set!(values, "times", (times as f32).ln());
        set!(values, "key-times-2-up", flag(times > 1));
        set!(values, "nested", flag(occurrence.is_nested));
        set!(values, "title", flag(occurrence.section == 0));
    }
}

/// The first features of the blocks that say whose gene stands in a text about whom. Constants, since a name is looked up
/// step by step, which only the compiler has the time for.
const HUMAN: u16 = number("human-in-no-species");
const MOUSE: u16 = number("mouse-in-no-species");
const UNLISTED: u16 = number("unlisted-in-no-species");

/// Words behind a name.
const NEXT: [(u16, &[&str]); 7] = [
    (number("next-gene"), &["gene", "genes", "locus", "promoter", "allele", "alleles"]),
    (number("next-protein"), &["protein", "proteins", "receptor", "receptors", "kinase"]),
    (number("next-expression"), &["expression", "mrna", "levels", "activity"]),
    (
        number("next-mutation"),
        &["mutation", "mutations", "polymorphism", "polymorphisms", "variant", "variants", "deficiency"],
    ),
    (number("next-cell"), &["cell", "cells", "mice", "rats"]),
    (number("next-patient"), &["patient", "patients", "families"]),
    (number("next-head"), &["syndrome", "disease", "disorder", "cancer", "carcinoma", "toxicity"]),
];

/// Words before a name.
const BEFORE: [(u16, &[&str]); 3] = [
    (number("before-gene"), &["gene", "genes", "protein", "receptor", "the"]),
    (number("before-human"), &["human", "mutant", "mouse"]),
    (number("before-anti"), &["anti"]),
];

/// A capital, small letters, and perhaps digits, as symbols of mouse genes are written.
fn is_title_writing(text: &str) -> bool {
    let mut characters = text.chars();
    characters.next().is_some_and(char::is_uppercase)
        && text.chars().nth(1).is_some_and(char::is_lowercase)
        && characters.all(|character| character.is_lowercase() || !character.is_alphabetic() && character != ' ')
}

/// What the annotated corpora say of the name.
fn experience(name: &Name, tally: Tally, values: &mut Values) {
    if tally.seen > 0 {
        set!(values, "name-seen", 1.0);
        set!(values, "name-log-odds", log_odds(tally.annotated, tally.seen));
        set!(values, "concept-log-odds", log_odds(tally.as_concept, tally.seen));
    }
    set!(values, "concept-seen-otherwise", flag(tally.concept_seen > tally.as_concept));
    set!(values, "annotated-name", flag(name.annotated > 0 && tally.as_concept > 0));
    set!(values, "listed-name", flag(name.is_listed));
    set!(values, "preferred-name", flag(name.is_preferred));
}

fn log_odds(positive: u32, all: u32) -> f32 {
    let negative = all.saturating_sub(positive) as f32;
    ((positive as f32 + 0.3) / (negative + 0.3)).ln()
}

fn flag(is_true: bool) -> f32 {
    f32::from(u8::from(is_true))
}

fn count(text: &str, is_counted: impl Fn(char) -> bool) -> usize {
    text.chars().filter(|character| is_counted(*character)).count()
}

fn first_length(text: &str) -> usize {
    text.chars().next().map_or(0, char::len_utf8)
}
