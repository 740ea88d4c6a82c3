//! A document made ready: split into sentences, its entities numbered, its pairs found. Knows no model, and of the graph
//! only what it wants to hear of an entity.

use std::collections::HashMap;
use std::ops::Range;

use hopgraph_engine::{Description, Withdrawal, WithdrawalReason};

use crate::candidate::{Candidate, EntityMention, candidates};
use hopgraph_engine::limits::NAME_BYTES_MAX;

use crate::document::{Annotation, Document, DocumentStatus, Entity, Location, Passage, PassageKind};
use crate::limits::{PAIRS_PER_SENTENCE_MAX, SENTENCE_BYTES_MAX};
use crate::sentence::split_sentences;
use crate::text::{NumberedText, collapse_whitespace};
use crate::{Reject, RejectKind};

/// A document ready to be classified and written.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct PreparedDocument {
    pub(crate) identifier: String,
    pub(crate) title: String,
    pub(crate) year: Option<u16>,
    pub(crate) location: Location,
    /// Tells this text with these annotations from any other version of the document.
    pub(crate) content_hash: u64,
    /// A number that grows with each version of the document, if its source has one.
    pub(crate) version: Option<u32>,
    /// That it does not stand, if its source says so. It has no text then.
    pub(crate) withdrawal: Option<Withdrawal>,
    /// In the order of their first mentions.
    pub(crate) entities: Vec<PreparedEntity>,
    pub(crate) sentences: Vec<PreparedSentence>,
    pub(crate) questions: Vec<Question>,
}

/// An entity of a document.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct PreparedEntity {
    pub(crate) identifier: String,
    /// What the document says of it.
    pub(crate) description: Description,
}

/// A sentence of a document.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct PreparedSentence {
    /// Where it starts in the document.
    pub(crate) start: usize,
    pub(crate) text: String,
    pub(crate) mentions: Vec<EntityMention>,
}

/// A pair of entities in a sentence of a document.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Question {
    /// Number of the sentence in the document.
    pub(crate) sentence: usize,
    pub(crate) candidate: Candidate,
}

/// Makes a document ready for a model that reads pairs of these labels. What does not fit goes to the rejects; `None`
/// if that is the whole document.
pub(crate) fn prepare(document: Document, labels: &[String; 2], rejects: &mut Vec<Reject>) -> Option<PreparedDocument> {
    let withdrawal = withdrawal(&document);
    let has_text = document.passages.iter().any(|passage| !passage.text.trim().is_empty());
    let fit = match has_text || withdrawal.is_some() {
        true => storable("identifier", &document.identifier).and_then(|()| not_too_long(&document.title)),
        false => Err("it has no text".to_owned()),
    };
    if let Err(reason) = fit {
        let Document { location, identifier, title, .. } = document;
        rejects.push(Reject::new(RejectKind::Record, location, &identifier, reason, &title));
        return None;
    }
    let Document { identifier, title, year, version, passages, annotations, location, .. } = document;
    if withdrawal.is_some() {
        // Whatever text it has is not to be read.
        return Some(PreparedDocument { identifier, version, location, withdrawal, ..PreparedDocument::default() });
    }
    let mut reject = |kind, reason: String, text: &str| {
        rejects.push(Reject::new(kind, location.clone(), &identifier, reason, text));
    };
    let mut sentences = lay_out(&passages, annotations, &mut |text, reason| {
        reject(RejectKind::Annotation, reason, text);
    });
    let (entities, mentions) = number_entities(&sentences);
    let mut questions = Vec::new();
    for (sentence, (laid, mentions)) in sentences.iter_mut().zip(mentions).enumerate() {
        laid.prepared.mentions = mentions;
        match pairs_of(&laid.prepared.mentions, labels) {
            Ok(found) => questions.extend(found.into_iter().map(|candidate| Question { sentence, candidate })),
            Err(reason) => reject(RejectKind::Pair, reason, &laid.prepared.text),
        }
    }
    let sentences: Vec<PreparedSentence> = sentences.into_iter().map(|laid| laid.prepared).collect();
    let content_hash = hash(&title, year, &entities, &sentences);
    Some(PreparedDocument {
        identifier,
        title,
        year,
        location,
        content_hash,
        version,
        withdrawal,
        entities,
        sentences,
        questions,
    })
}

/// What the graph is to remember of a document that does not stand.
fn withdrawal(document: &Document) -> Option<Withdrawal> {
    let reason = match document.status {
        DocumentStatus::Current => return None,
        DocumentStatus::Retracted => WithdrawalReason::Retracted,
        DocumentStatus::Deleted => WithdrawalReason::Deleted,
        DocumentStatus::Notice => WithdrawalReason::Notice,
    };
    Some(Withdrawal { reason, version: document.version })
}

/// Whether a title is one, and not a text that a broken file has in its place.
fn not_too_long(title: &str) -> Result<(), String> {
    match title.len() {
        0..=SENTENCE_BYTES_MAX => Ok(()),
        _ => Err(format!("its title is longer than {SENTENCE_BYTES_MAX} bytes")),
    }
}

/// Whether the graph can keep this name; fails with the reason.
fn storable(what: &str, text: &str) -> Result<(), String> {
    if text.trim().is_empty() {
        Err(format!("its {what} is empty"))
    } else if text.contains('\0') {
        Err(format!("its {what} contains a zero byte"))
    } else if text.len() > NAME_BYTES_MAX {
        Err(format!("its {what} is longer than {NAME_BYTES_MAX} bytes"))
    } else {
        Ok(())
    }
}

/// A sentence with its annotations.
struct LaidSentence {
    prepared: PreparedSentence,
    /// Each with its span in the sentence, in order.
    annotations: Vec<(Range<usize>, Annotation)>,
}

/// Splits the passages and gives each annotation to its sentence.
fn lay_out(
    passages: &[Passage],
    mut annotations: Vec<Annotation>,
    reject: &mut dyn FnMut(&str, String),
) -> Vec<LaidSentence> {
    annotations.sort_by_key(|annotation| (annotation.start, annotation.end));
    let mut sentences = Vec::new();
    let mut annotations = annotations.into_iter().peekable();
    for passage in passages {
        let text = NumberedText::new(&passage.text);
        let end = passage.start + text.len();
        let mut placed = Vec::new();
        while let Some(annotation) = annotations.next_if(|annotation| annotation.start < end) {
            match place(&annotation, passage, &text) {
                Ok(span) => placed.push((span, annotation)),
                Err(reason) => reject(&annotation.text, reason),
            }
        }
        lay_out_passage(passage, &text, placed, &mut sentences, reject);
    }
    for annotation in annotations {
        reject(&annotation.text, "its span lies behind the end of the text".to_owned());
    }
    sentences
}

/// The characters of the passage that an annotation covers, without white space at the ends.
fn place(annotation: &Annotation, passage: &Passage, text: &NumberedText<'_>) -> Result<Range<usize>, String> {
    storable("label", &annotation.label)?;
    storable("mention", &annotation.text)?;
    if annotation.entities.is_empty() {
        return Err("it names no entity".to_owned());
    }
    for entity in &annotation.entities {
        storable("identifier", &entity.identifier)?;
        entity.name.iter().try_for_each(|name| storable("name", name))?;
    }
    let start = annotation.start.checked_sub(passage.start).ok_or("it starts between two passages")?;
    let span = start..annotation.end.saturating_sub(passage.start);
    if span.end > text.len() {
        return Err("it goes beyond the passage that it starts in".to_owned());
    }
    text.trimmed(span).ok_or_else(|| "its span is empty".to_owned())
}

fn lay_out_passage(
    passage: &Passage,
    text: &NumberedText<'_>,
    placed: Vec<(Range<usize>, Annotation)>,
    sentences: &mut Vec<LaidSentence>,
    reject: &mut dyn FnMut(&str, String),
) {
    let ranges = match passage.kind {
        PassageKind::Sentence => text.trimmed(0..text.len()).into_iter().collect(),
        PassageKind::Prose => {
            let unbroken: Vec<Range<usize>> = placed.iter().map(|(span, _)| span.clone()).collect();
            split_sentences(&passage.text, &unbroken)
        }
    };
    let mut placed = placed.into_iter().peekable();
    for range in ranges {
        let mut annotations = Vec::new();
        while let Some((span, annotation)) = placed.next_if(|(span, _)| span.start < range.end) {
            annotations.push((span.start - range.start..span.end - range.start, annotation));
        }
        let words = text.slice(range.clone()).expect("the splitter stays within its text").to_owned();
        if words.len() > SENTENCE_BYTES_MAX {
            let reason = format!("a sentence of {} bytes, more than {SENTENCE_BYTES_MAX}, is not taken", words.len());
            reject(&words, reason);
            continue;
        }
        let prepared = PreparedSentence { start: passage.start + range.start, text: words, mentions: Vec::new() };
        sentences.push(LaidSentence { prepared, annotations });
    }
}

/// The entities of a document, each once, and the mentions of each sentence by their numbers.
fn number_entities(sentences: &[LaidSentence]) -> (Vec<PreparedEntity>, Vec<Vec<EntityMention>>) {
    let mut numbered = Numbered::default();
    let mut mentions = Vec::with_capacity(sentences.len());
    for sentence in sentences {
        let mut in_sentence: Vec<EntityMention> = Vec::new();
        for (span, annotation) in &sentence.annotations {
            for entity in &annotation.entities {
                let label = annotation.label.to_lowercase();
                let mention = EntityMention { entity: numbered.note(entity, annotation), label, span: span.clone() };
                // The same annotation twice says no more than once.
                if !in_sentence.contains(&mention) {
                    in_sentence.push(mention);
                }
            }
        }
        mentions.push(in_sentence);
    }
    (numbered.finish(), mentions)
}

#[derive(Default)]
struct Numbered {
    entities: Vec<PreparedEntity>,
    by_identifier: HashMap<String, usize>,
}

impl Numbered {
    /// The number of an entity; takes down what this annotation calls it.
    fn note(&mut self, entity: &Entity, annotation: &Annotation) -> usize {
        let number = *self.by_identifier.entry(entity.identifier.clone()).or_insert(self.entities.len());
        if number == self.entities.len() {
            let description = Description::default();
            self.entities.push(PreparedEntity { identifier: entity.identifier.clone(), description });
        }
        let description = &mut self.entities[number].description;
        add(&mut description.labels, annotation.label.to_lowercase());
        if let Some(name) = &entity.name {
            add(&mut description.given, collapse_whitespace(name));
        }
        let mention = collapse_whitespace(&annotation.text);
        if annotation.entities.len() == 1 {
            add(&mut description.mentions, mention);
        } else {
            description.phrase.get_or_insert(mention);
        }
        number
    }

    /// The entities. A phrase for several of them is kept only for want of anything better.
    fn finish(mut self) -> Vec<PreparedEntity> {
        for PreparedEntity { description, .. } in &mut self.entities {
            if !description.given.is_empty() || !description.mentions.is_empty() {
                description.phrase = None;
            }
        }
        self.entities
    }
}

fn add(texts: &mut Vec<String>, text: String) {
    if !texts.contains(&text) {
        texts.push(text);
    }
}

fn pairs_of(mentions: &[EntityMention], labels: &[String; 2]) -> Result<Vec<Candidate>, String> {
    let count = |label: &String| mentions.iter().filter(|mention| mention.label.eq_ignore_ascii_case(label)).count();
    let pairs = count(&labels[0]).saturating_mul(count(&labels[1]));
    if pairs > PAIRS_PER_SENTENCE_MAX {
        return Err(format!(
            "the sentence has {pairs} pairs of mentions, more than {PAIRS_PER_SENTENCE_MAX}; none is read"
        ));
    }
    Ok(candidates(mentions, labels))
}

/// FNV-1a (Fowler, Noll, Vo) over everything that a change of the document could change in the graph. Written out,
/// since the hasher of the standard library may change from release to release and this hash is stored.
fn hash(title: &str, year: Option<u16>, entities: &[PreparedEntity], sentences: &[PreparedSentence]) -> u64 {
    let mut hash = ContentHash(0xcbf2_9ce4_8422_2325);
    hash.text(title);
    hash.number(year.map_or(0, u64::from));
    for PreparedEntity { identifier, description } in entities {
        hash.text(identifier);
        for texts in [&description.labels, &description.given, &description.mentions] {
            hash.number(texts.len() as u64);
            texts.iter().for_each(|text| hash.text(text));
        }
        hash.text(description.phrase.as_deref().unwrap_or_default());
    }
    for sentence in sentences {
        hash.number(sentence.start as u64);
        hash.text(&sentence.text);
        for EntityMention { entity, label, span } in &sentence.mentions {
            [*entity, span.start, span.end].into_iter().for_each(|number| hash.number(number as u64));
            hash.text(label);
        }
    }
    hash.0
}

struct ContentHash(u64);

impl ContentHash {
    fn bytes(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn number(&mut self, number: u64) {
        self.bytes(&number.to_le_bytes());
    }

    /// With its length, so that no two sequences of texts run together to the same bytes.
    fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.bytes(text.as_bytes());
    }
}

#[cfg(test)]
mod tests;
