//! The tagger that ships with the program: names of a lexicon, weighed by what annotated corpora say of them.

use std::collections::BTreeMap;
use std::ops::Range;

use super::abbreviation::Definition;
use super::features::{Context, Values};
use super::matcher::Key;
use super::page::{Occurrence, Page, Section, Workspace};
use super::reliability::{Judge, Reliability, Tallies, Tally, probability};
use super::{ScoredEntity, TaggedMention, Tagger};
use crate::lexicon::{Lexicon, LexiconError, Name};
use crate::text::fingerprint;
use crate::{Annotation, Document, Entity};

/// The part of a long form that a name must cover to tell what its short form means.
const LONG_FORM_PART: f32 = 0.6;

/// The most candidates that are kept for a mention.
const CANDIDATES_MAX: usize = 5;

/// Candidates less likely than this are not kept beside the best one.
const CANDIDATE_SCORE_MIN: f32 = 0.02;

/// Places where nothing is likelier than this are not looked at further.
const SCORE_MIN: f32 = 0.1;

/// In how many documents a name may occur without ever being annotated before it is passed over. The weights would find
/// the same; this spares the work, since such names are the frequent ones.
const SEEN_IN_VAIN: u32 = 5;

/// The probability of a name while nothing has been learned.
const PRIOR: f32 = 0.6;

/// Grows with every change of the tagger after which it may answer differently with the same lexicon.
const VERSION: u32 = 1;

/// Finds names of a lexicon and decides by the document around them what they stand for, if anything.
///
/// Without anything learned it is a plain dictionary: the longest name wins, and of its concepts the first.
#[derive(Debug)]
pub struct LexiconTagger {
    lexicon: Lexicon,
    judge: Judge,
    is_plain: bool,
    /// Hash of what was learned.
    learned: String,
    /// Whether it is the one that is built into the program, as it is.
    is_included: bool,
}

impl LexiconTagger {
    /// A tagger for a lexicon that holds the names of what was learned, see [`Reliability::add_names_to`].
    pub fn new(lexicon: Lexicon, reliability: &Reliability) -> Self {
        let judge = Judge::new(reliability, &lexicon);
        let learned = fingerprint([reliability.to_table().as_bytes()]);
        Self { lexicon, judge, is_plain: false, learned, is_included: false }
    }

    /// The plain dictionary, to compare with.
    pub fn plain(lexicon: Lexicon) -> Self {
        Self { lexicon, judge: Judge::default(), is_plain: true, learned: "nothing".to_owned(), is_included: false }
    }

    /// The tagger that is part of the program, with further lexicons.
    ///
    /// # Errors
    /// If a file cannot be read, or the program's tables are damaged.
    pub fn included(more: &[(Option<String>, std::path::PathBuf)]) -> Result<Self, LexiconError> {
        let reliability = Reliability::included().map_err(LexiconError::Included)?;
        let mut builder = Lexicon::builder();
        builder.add_included()?;
        reliability.add_names_to(&mut builder);
        for (label, path) in more {
            builder.add_file(path, label.as_deref())?;
        }
        Ok(Self { is_included: more.is_empty(), ..Self::new(builder.build(), &reliability) })
    }

    /// Its lexicon.
    pub fn lexicon(&self) -> &Lexicon {
        &self.lexicon
    }
}

impl Tagger for LexiconTagger {
    fn tag(&self, document: &Document) -> Vec<TaggedMention> {
        let mut page = Page::new(document, &self.lexicon, &mut Workspace::default());
        if self.is_plain {
            return select(&page, longest(&page), &self.lexicon, |_| 0.0);
        }
        let scorer = Scorer { lexicon: &self.lexicon, judge: &self.judge, own: None };
        let scored = scorer.score(&mut page);
        select(&page, scored, &self.lexicon, |label| self.judge.threshold(label))
    }

    fn identity(&self) -> Option<String> {
        if self.is_included {
            return None;
        }
        let way = if self.is_plain { "plain" } else { "weighed" };
        Some(format!("lexicon {}, {way}, version {VERSION}, learned {}", self.lexicon.fingerprint(), self.learned))
    }

    fn canonical(&self, identifier: &str) -> Option<&str> {
        self.lexicon.concept_of(identifier).map(|concept| concept.identifier.as_str())
    }
}

impl Judge {
    fn threshold(&self, label: u16) -> f32 {
        self.models.get(label as usize).and_then(Option::as_ref).map_or(PRIOR, |model| model.threshold)
    }
}

/// A place with what it may name, the likeliest first.
#[derive(Clone, Debug)]
pub(super) struct Scored {
    pub(super) section: usize,
    pub(super) span: Range<usize>,
    /// Concepts with their probabilities.
    pub(super) candidates: Vec<(u32, f32)>,
}

/// The plain dictionary's reading: of each name the first concept, all as likely.
fn longest(page: &Page<'_>) -> Vec<Scored> {
    let scored = |occurrence: &Occurrence| {
        let best = page.names_of(occurrence).iter().max_by_key(|name| (name.annotated, name.is_preferred));
        let candidates = best.map(|name| (name.concept, 1.0)).into_iter().collect();
        Scored { section: occurrence.section, span: occurrence.span.clone(), candidates }
    };
    page.occurrences.iter().map(scored).collect()
}

/// Working memory for the names of one place.
#[derive(Default)]
struct Work {
    shared: Values,
    of_name: Values,
    /// For each label the weight of what its names share.
    of_place: Vec<(u16, f32)>,
    candidates: Vec<(u32, f32)>,
}

/// Gives probabilities to names.
pub(super) struct Scorer<'a> {
    pub(super) lexicon: &'a Lexicon,
    pub(super) judge: &'a Judge,
    /// What the document itself has put into the tallies, while learning.
    pub(super) own: Option<&'a Tallies>,
}

impl Scorer<'_> {
    /// Every name of a page with its probabilities. Short forms whose long form is known stand for the same.
    pub(super) fn score(&self, page: &mut Page<'_>) -> Vec<Scored> {
        let is_short = |page: &Page<'_>, occurrence: &Occurrence| {
            !page.short_forms.is_empty() && page.short_forms.contains_key(occurrence.text(page))
        };
        let mut scored: Vec<Scored> = Vec::new();
        let mut work = Work::default();
        let mut waiting = Vec::new();
        for occurrence in &page.occurrences {
            if is_short(page, occurrence) {
                waiting.push(occurrence.clone());
            } else {
                scored.extend(self.score_one(page, occurrence, &mut work));
            }
        }
        let resolved = self.resolve(page, &scored);
        for (short, _) in &resolved {
            page.short_forms.remove(short);
        }
        for occurrence in &waiting {
            if !resolved.iter().any(|(short, _)| *short == occurrence.text(page)) {
                scored.extend(self.score_one(page, occurrence, &mut work));
            }
        }
        for (short, candidates) in resolved {
            place_short_forms(page, short, &candidates, &mut scored);
        }
        scored
    }

    fn score_one(&self, page: &Page<'_>, occurrence: &Occurrence, work: &mut Work) -> Option<Scored> {
        work.of_place.clear();
        work.shared.clear();
        let context = Context { page, lexicon: self.lexicon };
        let candidates = &mut work.candidates;
        candidates.clear();
        for name in page.names_of(occurrence) {
            let tally = self.tally(occurrence.key, name);
            // Nobody would know the name but from this document.
            if self.own.is_some() && !name.is_listed && tally.as_concept == 0 {
                continue;
            }
            if tally.seen >= SEEN_IN_VAIN && tally.annotated == 0 {
                continue;
            }
            let label = self.lexicon.concept(name.concept).label;
            let Some(model) = self.judge.models.get(label as usize).and_then(Option::as_ref) else {
                candidates.push((name.concept, PRIOR));
                continue;
            };
            let known = work.of_place.iter().find(|(known, _)| *known == label).map(|(_, sum)| *sum);
            let of_place = known.unwrap_or_else(|| {
                if work.shared.is_empty() {
                    context.shared(occurrence, &mut work.shared);
                }
                let sum = model.sum(&work.shared);
                work.of_place.push((label, sum));
                sum
            });
            context.of_name(occurrence, name, tally, &mut work.of_name);
            candidates.push((name.concept, probability(of_place + model.sum(&work.of_name))));
        }
        candidates.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        candidates.truncate(CANDIDATES_MAX);
        let is_worth_it = candidates.first().is_some_and(|(_, probability)| *probability >= SCORE_MIN);
        is_worth_it.then(|| Scored {
            section: occurrence.section,
            span: occurrence.span.clone(),
            candidates: candidates.clone(),
        })
    }

    /// What is known of a name, without what this document itself has said.
    pub(super) fn tally(&self, key: Key, name: &Name) -> Tally {
        let label = self.lexicon.concept(name.concept).label;
        let all = self.judge.tallies.of(label, key, name.concept);
        let own = self.own.map_or_else(Tally::default, |own| own.of(label, key, name.concept));
        Tally {
            seen: all.seen.saturating_sub(own.seen),
            annotated: all.annotated.saturating_sub(own.annotated),
            as_concept: all.as_concept.saturating_sub(own.as_concept),
            concept_seen: all.concept_seen.saturating_sub(own.concept_seen),
        }
    }

    /// The short forms whose long form is a name, with what that stands for.
    fn resolve<'t>(&self, page: &Page<'t>, scored: &[Scored]) -> Vec<(&'t str, Vec<(u32, f32)>)> {
        let mut resolved: Vec<(&str, Vec<(u32, f32)>)> = Vec::new();
        for (section, Definition { short, long }) in &page.definitions {
            let text: &str = &page.sections[*section].text[short.clone()];
            if resolved.iter().any(|(known, _)| *known == text) {
                continue;
            }
            let fits = |found: &&Scored| {
                let covered = found.span.end.min(long.end).saturating_sub(found.span.start.max(long.start));
                found.section == *section
                    && found.span.end == long.end
                    && covered as f32 >= LONG_FORM_PART * long.len() as f32
                    && found.candidates.first().is_some_and(|(_, probability)| *probability >= 0.5 * PRIOR)
            };
            if let Some(found) = scored.iter().filter(fits).max_by_key(|found| found.span.len()) {
                resolved.push((text, found.candidates.clone()));
            }
        }
        resolved
    }
}

/// Every place where a short form stands as a word.
fn place_short_forms(page: &Page<'_>, short: &str, candidates: &[(u32, f32)], scored: &mut Vec<Scored>) {
    for (section, Section { text, .. }) in page.sections.iter().enumerate() {
        for (start, _) in text.match_indices(short) {
            let end = start + short.len();
            let before = text[..start].chars().next_back();
            let mut after = text[end..].chars();
            let next = match after.next() {
                Some('s') => after.next(),
                next => next,
            };
            if !before.is_some_and(char::is_alphanumeric) && !next.is_some_and(char::is_alphanumeric) {
                scored.push(Scored { section, span: start..end, candidates: candidates.to_vec() });
            }
        }
    }
}

/// The mentions among the places: those likely enough, where they overlap the longer, then the likelier.
pub(super) fn select(
    page: &Page<'_>,
    mut scored: Vec<Scored>,
    lexicon: &Lexicon,
    threshold: impl Fn(u16) -> f32,
) -> Vec<TaggedMention> {
    scored.retain(|place| {
        place
            .candidates
            .first()
            .is_some_and(|(concept, probability)| *probability >= threshold(lexicon.concept(*concept).label))
    });
    let rank = |place: &Scored| (std::cmp::Reverse(place.span.len()), place.section, place.span.start);
    scored.sort_by(|a, b| rank(a).cmp(&rank(b)).then(b.candidates[0].1.total_cmp(&a.candidates[0].1)));
    // From the section and first byte of a mention to the byte behind its last.
    let mut taken: BTreeMap<(usize, usize), (usize, Scored)> = BTreeMap::new();
    for place in scored {
        let (start, end) = ((place.section, place.span.start), place.span.end);
        let before = taken.range(..=start).next_back().is_some_and(|((section, _), (end, _))| (*section, *end) > start);
        let behind = taken.range(start..(place.section, end)).next().is_some();
        if !before && !behind {
            taken.insert(start, (end, place));
        }
    }
    let mut characters = Characters::default();
    taken.values().map(|(_, place)| mention(page, place, lexicon, &mut characters)).collect()
}

/// Counts characters up to a byte, going on from the byte before.
#[derive(Default)]
struct Characters {
    section: usize,
    byte: usize,
    count: usize,
}

impl Characters {
    /// The character of the document that begins at this byte of a section. Bytes must not decrease within one.
    fn at(&mut self, page: &Page<'_>, section: usize, byte: usize) -> usize {
        if self.section != section {
            *self = Self { section, ..Self::default() };
        }
        let Section { text, start, .. } = &page.sections[section];
        self.count += text[self.byte..byte].chars().count();
        self.byte = byte;
        start + self.count
    }
}

fn mention(page: &Page<'_>, place: &Scored, lexicon: &Lexicon, characters: &mut Characters) -> TaggedMention {
    let section = &page.sections[place.section];
    let best = lexicon.concept(place.candidates[0].0);
    let annotation = Annotation {
        start: characters.at(page, place.section, place.span.start),
        end: characters.at(page, place.section, place.span.end),
        label: lexicon.label_of(best).to_owned(),
        text: section.text[place.span.clone()].to_owned(),
        entities: vec![Entity { identifier: best.identifier.clone(), name: Some(best.name.clone()) }],
    };
    let likely =
        place.candidates.iter().enumerate().filter(|(at, (_, score))| *at == 0 || *score >= CANDIDATE_SCORE_MIN);
    let candidates = likely.map(|(_, (concept, score))| {
        let concept = lexicon.concept(*concept);
        let label = lexicon.label_of(concept).to_owned();
        ScoredEntity { identifier: concept.identifier.clone(), label, score: *score }
    });
    TaggedMention { annotation, candidates: candidates.collect() }
}
