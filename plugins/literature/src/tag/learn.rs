//! Learning from annotated documents how far names can be trusted.
//!
//! Each document is looked at with what all others say of its names, never with what it says itself; so the weights fit
//! documents that were not seen.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::evaluate::{Score, compare};
use super::features::{Context, FEATURES, Values};
use super::lexicon_tagger::{Scorer, select};
use super::page::{Occurrence, Page, Workspace};
use super::regression::{Example, fit};
use super::reliability::{AnnotatedName, Judge, LabelReliability, Reliability, SeenName, Tallies};
use super::token::Tokenizer;
use super::{TaggedMention, Tagger};
use crate::label::is_name_identifier;
use crate::lexicon::{Lexicon, LexiconBuilder, LexiconError};
use crate::text::collapse_whitespace;
use crate::{Annotation, Document};

/// How often weights are fitted, each time with the short forms resolved by the weights before.
const ROUNDS: usize = 2;

/// The thresholds that are tried, in hundredths.
const THRESHOLDS: std::ops::RangeInclusive<u32> = 20..=80;

/// Labels of which names are not learned: a variant has no names, but a notation.
const WITHOUT_NAMES: [&str; 1] = ["variant"];

/// Why nothing can be learned.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LearnError {
    /// The lexicon could not be made.
    #[error(transparent)]
    Lexicon(#[from] LexiconError),
    /// No document has annotations.
    #[error("none of the documents has annotations to learn from")]
    NoAnnotations,
}

/// Learns from corpora, of which each annotates the labels that occur in it throughout. The lexicon is made by `lexicon`,
/// twice: without and with the names of the corpora.
///
/// # Errors
/// If the lexicon cannot be made or no document has annotations.
pub fn learn(
    corpora: &[Vec<Document>],
    lexicon: impl Fn() -> Result<LexiconBuilder, LexiconError>,
) -> Result<Reliability, LearnError> {
    let mut reliability = Reliability { annotated: annotated_names(corpora), ..Reliability::default() };
    if reliability.annotated.is_empty() {
        return Err(LearnError::NoAnnotations);
    }
    let mut builder = lexicon()?;
    reliability.add_names_to(&mut builder);
    let lexicon = builder.build();
    let lessons = lessons(corpora, &lexicon);
    reliability.seen = seen_names(&lessons, &lexicon);
    for _ in 0..ROUNDS {
        let judge = Judge::new(&reliability, &lexicon);
        reliability.labels = fit_labels(&lessons, &lexicon, &judge);
    }
    let judge = Judge::new(&reliability, &lexicon);
    for label in &mut reliability.labels {
        label.threshold = best_threshold(&label.label, &lessons, &lexicon, &judge);
    }
    Ok(reliability)
}

/// The names that stand for one identifier, with the number of documents in which they do.
fn annotated_names(corpora: &[Vec<Document>]) -> Vec<AnnotatedName> {
    let mut counts: BTreeMap<(String, String, String), u32> = BTreeMap::new();
    for document in corpora.iter().flatten() {
        names_in(document).into_iter().for_each(|name| *counts.entry(name).or_default() += 1);
    }
    let named = counts.into_iter();
    named.map(|((label, identifier, text), documents)| AnnotatedName { label, identifier, text, documents }).collect()
}

/// The names that stand for one identifier in a document: label, identifier, text.
fn names_in(document: &Document) -> BTreeSet<(String, String, String)> {
    let named = document.annotations.iter().filter(|annotation| !WITHOUT_NAMES.contains(&annotation.label.as_str()));
    let with_identifier = named.filter_map(|annotation| Some((annotation, only_identifier(annotation)?)));
    let name = |(annotation, identifier): (&Annotation, &str)| {
        (annotation.label.clone(), identifier.to_owned(), collapse_whitespace(&annotation.text))
    };
    with_identifier.map(name).collect()
}

fn only_identifier(annotation: &Annotation) -> Option<&str> {
    let [entity] = annotation.entities.as_slice() else { return None };
    Some(entity.identifier.as_str()).filter(|identifier| !is_name_identifier(identifier))
}

/// A document with its labels and with what it says of names.
struct Lesson<'a> {
    document: &'a Document,
    /// Labels that are annotated in it throughout, by their numbers.
    labels: BTreeSet<u16>,
    own: Tallies,
    /// Annotated identifiers by label.
    identifiers: BTreeSet<(u16, &'a str)>,
}

fn lessons<'a>(corpora: &'a [Vec<Document>], lexicon: &'a Lexicon) -> Vec<Lesson<'a>> {
    let number = |label: &str| lexicon.labels().iter().position(|known| known == label).map(|at| at as u16);
    let mut workspace = Workspace::default();
    let mut lessons = Vec::new();
    for corpus in corpora {
        let all = corpus.iter().flat_map(|document| &document.annotations);
        let labels: BTreeSet<u16> = all.filter_map(|annotation| number(&annotation.label)).collect();
        for document in corpus {
            let mut lesson =
                Lesson { document, labels: labels.clone(), own: Tallies::default(), identifiers: BTreeSet::new() };
            for annotation in &document.annotations {
                if let Some(label) = number(&annotation.label) {
                    let entities = annotation.entities.iter().map(|entity| (label, entity.identifier.as_str()));
                    lesson.identifiers.extend(entities);
                }
            }
            lesson.note_names(lexicon, &mut workspace);
            lessons.push(lesson);
        }
    }
    lessons
}

impl<'a> Lesson<'a> {
    /// Takes down which names occur in the document and which of them are annotated.
    fn note_names(&mut self, lexicon: &'a Lexicon, workspace: &mut Workspace) {
        let page = Page::new(self.document, lexicon, workspace);
        for occurrence in &page.occurrences {
            let gold = self.annotations_at(&page, occurrence);
            for name in page.names_of(occurrence) {
                let label = lexicon.concept(name.concept).label;
                if self.labels.contains(&label) {
                    let is_annotated =
                        gold.iter().any(|annotation| lexicon.labels()[label as usize] == annotation.label);
                    let tally = self.own.name(label, occurrence.key);
                    *tally = (1, tally.1 | u32::from(is_annotated));
                }
            }
        }
        let mut tokenizer = Tokenizer::default();
        for (_, identifier, text) in names_in(self.document) {
            let concept = lexicon.concept_number(&identifier);
            if let Some((concept, key)) = concept.zip(lexicon.key_of(&text, &mut tokenizer)) {
                self.own.add_concept(key, concept, 1);
            }
        }
    }

    /// The annotations with the characters of this occurrence.
    fn annotations_at(&self, page: &Page<'_>, occurrence: &Occurrence) -> Vec<&'a Annotation> {
        let section = &page.sections[occurrence.section];
        let start = section.start + section.text[..occurrence.span.start].chars().count();
        let end = start + occurrence.text(page).chars().count();
        let annotations = self.document.annotations.iter();
        annotations.filter(|annotation| annotation.start == start && annotation.end == end).collect()
    }
}

/// In how many documents each name occurs and is annotated.
fn seen_names(lessons: &[Lesson<'_>], lexicon: &Lexicon) -> Vec<SeenName> {
    let mut all: BTreeMap<(u16, u32), (u32, u32)> = BTreeMap::new();
    for (label, key, (seen, annotated)) in lessons.iter().flat_map(|lesson| lesson.own.names()) {
        let total = all.entry((label, key)).or_default();
        *total = (total.0 + seen, total.1 + annotated);
    }
    let named = all.into_iter().filter_map(|((label, key), (seen, annotated))| {
        let text = lexicon.names_of(key).first()?.text.to_string();
        Some(SeenName { label: lexicon.labels()[label as usize].clone(), text, seen, annotated })
    });
    named.collect()
}

/// Fits the weights of each label.
fn fit_labels(lessons: &[Lesson<'_>], lexicon: &Lexicon, judge: &Judge) -> Vec<LabelReliability> {
    let mut examples: HashMap<u16, Vec<Example>> = HashMap::new();
    let mut workspace = Workspace::default();
    for lesson in lessons {
        let mut page = Page::new(lesson.document, lexicon, &mut workspace);
        let scorer = Scorer { lexicon, judge, own: Some(&lesson.own) };
        // Takes out the short forms that are resolved: they are not judged by their names.
        let before: Vec<String> = page.short_forms.keys().map(|short| (*short).to_owned()).collect();
        scorer.score(&mut page);
        let resolved: Vec<String> =
            before.into_iter().filter(|short| !page.short_forms.contains_key(short.as_str())).collect();
        add_examples(lesson, &page, &scorer, &resolved, &mut examples);
    }
    let features = FEATURES.len() + lexicon.kinds().len();
    let kinds = lexicon.kinds().iter().map(|kind| format!("kind:{kind}"));
    let names: Vec<String> = FEATURES.iter().map(|feature| (*feature).to_owned()).chain(kinds).collect();
    let mut labels: Vec<u16> = examples.keys().copied().collect();
    labels.sort_unstable();
    let fitted = labels.into_iter().map(|label| {
        let weights = fit(&examples[&label], features);
        let weights = names.iter().cloned().zip(weights).filter(|(_, weight)| weight.abs() > 5e-5).collect();
        LabelReliability { label: lexicon.labels()[label as usize].clone(), threshold: 0.5, weights }
    });
    fitted.collect()
}

/// An example for each name and concept of a document, at its first place.
fn add_examples(
    lesson: &Lesson<'_>,
    page: &Page<'_>,
    scorer: &Scorer<'_>,
    resolved: &[String],
    examples: &mut HashMap<u16, Vec<Example>>,
) {
    let lexicon = scorer.lexicon;
    let context = Context { page, lexicon };
    let mut met = BTreeSet::new();
    for occurrence in &page.occurrences {
        if resolved.iter().any(|short| short == occurrence.text(page)) {
            continue;
        }
        for name in page.names_of(occurrence) {
            let concept = lexicon.concept(name.concept);
            let tally = scorer.tally(occurrence.key, name);
            let is_unknown = !name.is_listed && tally.as_concept == 0;
            if is_unknown || !lesson.labels.contains(&concept.label) || !met.insert((occurrence.key, name.concept)) {
                continue;
            }
            let (mut values, mut of_name) = (Values::new(), Values::new());
            context.shared(occurrence, &mut values);
            context.of_name(occurrence, name, tally, &mut of_name);
            values.append(&mut of_name);
            let is_positive = lesson.identifiers.contains(&(concept.label, concept.identifier.as_str()));
            examples.entry(concept.label).or_default().push(Example { values, is_positive });
        }
    }
}

/// The threshold with the best F1 of identifiers, each document judged by the others.
fn best_threshold(label: &str, lessons: &[Lesson<'_>], lexicon: &Lexicon, judge: &Judge) -> f32 {
    let Some(number) = lexicon.labels().iter().position(|known| known == label) else { return 0.5 };
    let (number, wanted) = (number as u16, BTreeSet::from([label]));
    let mut workspace = Workspace::default();
    let mut scores: BTreeMap<u32, Score> = BTreeMap::new();
    for lesson in lessons.iter().filter(|lesson| lesson.labels.contains(&number)) {
        let mut page = Page::new(lesson.document, lexicon, &mut workspace);
        let scored = Scorer { lexicon, judge, own: Some(&lesson.own) }.score(&mut page);
        let document = std::slice::from_ref(lesson.document);
        for hundredths in THRESHOLDS.step_by(2) {
            let threshold = hundredths as f32 / 100.0;
            let mentions =
                select(&page, scored.clone(), lexicon, |other| if other == number { threshold } else { 0.5 });
            let score =
                compare(document, &wanted, &Answered(mentions)).identifiers.get(label).copied().unwrap_or_default();
            let total = scores.entry(hundredths).or_default();
            total.right += score.right;
            total.found += score.found;
            total.annotated += score.annotated;
        }
    }
    let best = scores.iter().max_by(|a, b| a.1.f1().total_cmp(&b.1.f1()));
    best.map_or(0.5, |(hundredths, _)| *hundredths as f32 / 100.0)
}

/// A tagger that has given its answer already.
struct Answered(Vec<TaggedMention>);

impl Tagger for Answered {
    fn tag(&self, _: &Document) -> Vec<TaggedMention> {
        self.0.clone()
    }

    fn identity(&self) -> Option<String> {
        None
    }
}
