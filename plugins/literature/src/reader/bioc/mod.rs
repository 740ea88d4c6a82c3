//! BioC, the exchange format of PubTator, PMC and many corpora, as XML and as JSON: documents of passages with annotations.
//!
//! Files differ in what their offsets count, so for each passage the unit is taken that fits the most of its annotations.
//! References are passed over; relations are kept for evaluations.

mod json;
mod xml;

use serde::Deserialize;

pub(crate) use json::BiocJson;
pub(crate) use xml::BiocXml;

use super::{entities, number, relation};
use crate::document::{Annotation, Document, Location, Passage, PassageKind, StatedRelation};
use crate::label::label_of;
use crate::spelling::is_alike;
use crate::text::{NumberedText, Unit};
use crate::{Reject, RejectKind};

/// Keys under which an annotation's id is kept, as they are used by PubTator, BioRED and BC5CDR, with the scheme that
/// the key stands for.
const ID_KEYS: [(&str, &str); 8] = [
    ("identifier", ""),
    ("MESH", "MESH:"),
    ("NCBI Gene", "NCBIGene:"),
    ("NCBI Homologene", "Homologene:"),
    ("NCBI Taxonomy", "NCBITaxon:"),
    ("OMIM", "OMIM:"),
    ("Identifier", ""),
    ("id", ""),
];

/// Types of passages that are no text of the document.
const PASSED_OVER: [&str; 2] = ["ref", "REF"];

/// Key and value, in the order of the file.
type Infons = Vec<(String, String)>;

/// A document as written.
#[derive(Debug, Default)]
struct RawDocument {
    id: String,
    /// What its collection says that it comes from, such as `PMC`.
    source: Option<String>,
    infons: Infons,
    passages: Vec<RawPassage>,
    /// Annotations of the document that stand in none of its passages.
    annotations: Vec<RawAnnotation>,
    /// What its relations are said to be.
    relations: Vec<Infons>,
}

/// A passage, or a sentence of one.
#[derive(Debug, Default)]
struct RawPassage {
    infons: Infons,
    offset: usize,
    text: String,
    sentences: Vec<RawPassage>,
    annotations: Vec<RawAnnotation>,
}

#[derive(Debug, Default)]
struct RawAnnotation {
    infons: Infons,
    text: String,
    locations: Vec<RawLocation>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
struct RawLocation {
    #[serde(deserialize_with = "crate::reader::number::deserialize")]
    offset: usize,
    #[serde(deserialize_with = "crate::reader::number::deserialize")]
    length: usize,
}

fn infon<'a>(infons: &'a Infons, key: &str) -> Option<&'a str> {
    infons.iter().find(|(known, _)| known == key).map(|(_, value)| value.as_str())
}

/// Keys under which documents and passages name the article in PubMed and in PMC.
const PUBMED_KEYS: [&str; 2] = ["article-id_pmid", "pmid"];
const PMC_KEYS: [&str; 3] = ["article-id_pmc", "pmcid", "article-id_pmcid"];

impl RawDocument {
    /// The document behind a reject for each annotation that does not fit its text.
    fn place(mut self, location: &Location, ready: &mut impl Extend<Result<Document, Reject>>) {
        let mut document =
            Document { identifier: self.identifier(), location: location.clone(), ..Document::default() };
        let mut rejects = Vec::new();
        self.hand_down_annotations(&document, &mut rejects);
        for passage in self.passages.iter().filter(|passage| passage.is_text()) {
            if document.title.is_empty() && passage.is_title() {
                passage.text.trim().clone_into(&mut document.title);
            }
            document.year = document.year.or_else(|| number::year(infon(&passage.infons, "year")?));
            passage.add_all_to(&mut document, &mut rejects);
        }
        let related = |infons| related(infons, &document);
        document.relations = self.relations.iter().filter_map(related).collect();
        ready.extend(rejects.into_iter().map(Err));
        ready.extend([Ok(document)]);
    }

    /// The id of the article in PubMed, else that in PMC, else what the collection calls it. A number alone is one of
    /// PubMed's unless something says that it is one of PMC's.
    fn identifier(&self) -> String {
        let id = self.id.trim();
        let named = |keys: &[&str]| {
            let infons = [&self.infons].into_iter().chain(self.passages.iter().map(|passage| &passage.infons));
            let mut values = infons.flat_map(|infons| keys.iter().filter_map(|key| infon(infons, key)));
            values.find_map(|value| number::whole(value.trim().trim_start_matches("PMC").trim_start_matches("PMID:")))
        };
        let is_of_pmc = self.source.as_deref().is_some_and(|source| source.eq_ignore_ascii_case("pmc"));
        match (named(&PUBMED_KEYS), named(&PMC_KEYS), number::whole(id)) {
            (Some(pmid), ..) => format!("PMID:{pmid}"),
            (None, Some(pmc), _) => format!("PMC{pmc}"),
            (None, None, Some(number)) if is_of_pmc => format!("PMC{number}"),
            _ => Document::identifier_of(id),
        }
    }

    /// Gives each annotation of the document to the passage that it begins in.
    fn hand_down_annotations(&mut self, document: &Document, rejects: &mut Vec<Reject>) {
        for annotation in std::mem::take(&mut self.annotations) {
            let first = annotation.locations.first().map(|part| part.offset);
            let passage = self.passages.iter_mut().rev().find(|passage| Some(passage.offset) <= first);
            match passage {
                Some(passage) => passage.annotations.push(annotation),
                None => rejects.push(annotation.reject(document, "stands before the first passage".to_owned())),
            }
        }
    }
}

/// A relation as BioRED (`entity1`, `entity2`, `type`) and BC5CDR (`Chemical`, `Disease`, `relation`) write it.
fn related(infons: &Infons, document: &Document) -> Option<StatedRelation> {
    let value = |keys: [&str; 2]| keys.into_iter().find_map(|key| infon(infons, key));
    let ends = [value(["entity1", "Chemical"])?, value(["entity2", "Disease"])?];
    relation(value(["type", "relation"])?, ends, &document.identifier, &document.annotations)
}

impl RawPassage {
    fn is_text(&self) -> bool {
        let kinds = ["type", "section_type"].map(|key| infon(&self.infons, key).unwrap_or_default());
        !kinds.iter().any(|kind| PASSED_OVER.contains(kind))
    }

    fn is_title(&self) -> bool {
        infon(&self.infons, "type").is_some_and(|kind| matches!(kind, "title" | "front"))
    }

    /// Adds the passage, or its sentences if these have the text.
    fn add_all_to(&self, document: &mut Document, rejects: &mut Vec<Reject>) {
        if self.sentences.iter().all(|sentence| sentence.text.trim().is_empty()) {
            let of_sentences = self.sentences.iter().flat_map(|sentence| &sentence.annotations);
            return self.add_to(document, PassageKind::Prose, self.annotations.iter().chain(of_sentences), rejects);
        }
        // Where the next sentence begins is known whatever the offsets count; where this one ends is not.
        for annotation in self.annotations.iter().filter(|annotation| self.sentence_of(annotation).is_none()) {
            rejects.push(annotation.reject(document, "stands before the first sentence of its passage".to_owned()));
        }
        for (number, sentence) in self.sentences.iter().enumerate() {
            let within = self.annotations.iter().filter(|annotation| self.sentence_of(annotation) == Some(number));
            let all = sentence.annotations.iter().chain(within);
            sentence.add_to(document, PassageKind::Sentence, all, rejects);
        }
    }

    /// The number of the sentence in which an annotation of the passage begins.
    fn sentence_of(&self, annotation: &RawAnnotation) -> Option<usize> {
        let first = annotation.locations.iter().map(|part| part.offset).min();
        // Without a location it is rejected wherever it stands.
        let Some(first) = first else { return Some(0) };
        self.sentences.iter().rposition(|sentence| sentence.offset <= first)
    }

    /// Adds the text as a passage behind the others, with the annotations that fit it.
    fn add_to<'a>(
        &self,
        document: &mut Document,
        kind: PassageKind,
        annotations: impl IntoIterator<Item = &'a RawAnnotation>,
        rejects: &mut Vec<Reject>,
    ) {
        if self.text.trim().is_empty() {
            return;
        }
        let last = document.passages.last();
        let start = last.map_or(0, |last| last.start + last.text.chars().count() + 1);
        let annotations: Vec<&RawAnnotation> = annotations.into_iter().collect();
        let frame = Frame::fitting(self, &annotations);
        for annotation in annotations {
            match annotation.place(&frame, start, &document.identifier) {
                Ok(placed) => document.annotations.push(placed),
                Err(reason) => rejects.push(annotation.reject(document, reason)),
            }
        }
        document.passages.push(Passage { start, text: self.text.clone(), kind });
    }
}

/// The text of a passage with a way to count in it.
struct Frame<'a> {
    offset: usize,
    text: NumberedText<'a>,
    /// Offset of each character and of the end.
    boundaries: Vec<usize>,
}

impl<'a> Frame<'a> {
    /// The way to count that fits the most annotations; characters, if it makes no difference.
    fn fitting(passage: &'a RawPassage, annotations: &[&RawAnnotation]) -> Self {
        let units = if passage.text.is_ascii() { &Unit::ALL[..1] } else { &Unit::ALL[..] };
        let frames = units.iter().map(|unit| Self {
            offset: passage.offset,
            text: NumberedText::new(&passage.text),
            boundaries: unit.boundaries(&passage.text),
        });
        let fitting = |frame: &Self| {
            let spans = annotations.iter().filter_map(|annotation| Some((annotation, annotation.span(frame).ok()?)));
            // To the letter counts for more than alike.
            spans.map(|(a, span)| 1 + usize::from(frame.text.slice(span) == Some(a.text.trim()))).sum::<usize>()
        };
        // The first of those that are as good, not the last, as `max_by_key` would have it.
        frames.reduce(|best, next| if fitting(&next) > fitting(&best) { next } else { best }).expect("a unit")
    }

    fn character(&self, offset: usize) -> Option<usize> {
        self.boundaries.binary_search(&offset.checked_sub(self.offset)?).ok()
    }
}

impl RawAnnotation {
    fn reject(&self, document: &Document, reason: String) -> Reject {
        let (location, identifier) = (document.location.clone(), &document.identifier);
        Reject::new(RejectKind::Annotation, location, identifier, reason, &self.text)
    }

    /// The characters of the passage from its first to its last part.
    fn span(&self, frame: &Frame<'_>) -> Result<std::ops::Range<usize>, String> {
        let start = self.locations.iter().map(|part| part.offset).min().ok_or("has no location")?;
        let end = self.locations.iter().map(|part| part.offset.saturating_add(part.length)).max().unwrap_or(start);
        let span = frame.character(start).zip(frame.character(end)).map(|(start, end)| start..end);
        let Some(found) = span.clone().and_then(|span| frame.text.slice(span)) else {
            return Err(format!("{start}..{end} is no span of its passage"));
        };
        // What stands between the parts of one with several is not in its text.
        if self.locations.len() == 1 && !self.text.trim().is_empty() && !is_alike(found, &self.text) {
            return Err(format!("the text has {found:?} where the annotation has {:?}", self.text));
        }
        span.and_then(|span| frame.text.trimmed(span)).ok_or_else(|| "covers nothing but white space".to_owned())
    }

    fn place(&self, frame: &Frame<'_>, start: usize, document: &str) -> Result<Annotation, String> {
        let span = self.span(frame)?;
        let type_name = infon(&self.infons, "type").filter(|name| !name.trim().is_empty());
        let label = label_of(type_name.ok_or("has no type")?);
        let text = frame.text.slice(span.clone()).unwrap_or_default().to_owned();
        let ids: Vec<String> = ID_KEYS
            .iter()
            .filter_map(|(key, scheme)| Some((infon(&self.infons, key)?, scheme)))
            .flat_map(|(ids, scheme)| qualified(ids, scheme))
            .collect();
        let entities = entities(&label, ids.iter().map(String::as_str), document, None, &text);
        Ok(Annotation { start: start + span.start, end: start + span.end, label, text, entities })
    }
}

/// The ids with the scheme of their key, unless they say theirs. Without one they stay together, for a variant is written
/// as `c|SUB|G|35|A`.
fn qualified(ids: &str, scheme: &str) -> Vec<String> {
    if scheme.is_empty() {
        return vec![ids.to_owned()];
    }
    let parts = ids.split(['|', ',', ';']).map(str::trim);
    let is_bare = |id: &str| !(id.is_empty() || id.contains(':') || id.starts_with('-'));
    parts.map(|id| if is_bare(id) { format!("{scheme}{id}") } else { id.to_owned() }).collect()
}

#[cfg(test)]
mod tests;
