//! Documents with their mentions as PubTator and as JSON Lines, in the shape that the readers of these formats take.

use std::io::{self, Write};

use serde::Serialize;

use super::{ScoredEntity, TaggedMention};
use crate::label::{is_name_identifier, type_name};
use crate::{Document, DocumentStatus, Passage};

/// A format of annotated text that can be written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OutputFormat {
    /// PubTator: the first passage as the title, the others as the abstract.
    #[default]
    PubTator,
    /// JSON Lines, with the candidates of each mention and their scores.
    JsonLines,
}

impl OutputFormat {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::PubTator, Self::JsonLines];

    /// Its name on a command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::PubTator => "pubtator",
            Self::JsonLines => "jsonl",
        }
    }

    /// Writes a document. One that its source has deleted has no text and nothing to write in PubTator.
    ///
    /// # Errors
    /// If the writing fails.
    pub fn write(self, document: &Document, mentions: &[TaggedMention], out: &mut dyn Write) -> io::Result<()> {
        match self {
            Self::PubTator if document.passages.is_empty() => Ok(()),
            Self::PubTator => write_pubtator(document, mentions, out),
            Self::JsonLines => write_json(document, mentions, out),
        }
    }
}

/// The passages laid out anew, one after the other.
struct Layout<'a> {
    document: &'a Document,
    /// New start of each passage.
    starts: Vec<usize>,
}

impl<'a> Layout<'a> {
    /// With this many characters behind the first passage and behind each other one.
    fn new(document: &'a Document, after_first: usize, after_others: usize) -> Self {
        let mut at = 0;
        let mut starts = Vec::with_capacity(document.passages.len());
        for (number, passage) in document.passages.iter().enumerate() {
            starts.push(at);
            at += passage.text.chars().count() + if number == 0 { after_first } else { after_others };
        }
        Self { document, starts }
    }

    /// Where a character of the document stands now.
    fn place(&self, offset: usize) -> usize {
        let passage = self.document.passages.partition_point(|passage| passage.start <= offset).saturating_sub(1);
        let old = self.document.passages.get(passage).map_or(0, |passage| passage.start);
        self.starts.get(passage).copied().unwrap_or(0) + offset.saturating_sub(old)
    }
}

fn write_pubtator(document: &Document, mentions: &[TaggedMention], out: &mut dyn Write) -> io::Result<()> {
    let id = document.identifier.strip_prefix("PMID:").unwrap_or(&document.identifier);
    let id = id.replace(|character: char| character.is_whitespace() || character == '|', "_");
    let layout = Layout::new(document, 1, 1);
    let (first, rest) =
        document.passages.split_first().map_or(("", &[][..]), |(first, rest)| (first.text.as_str(), rest));
    writeln!(out, "{id}|t|{}", on_one_line(first))?;
    writeln!(out, "{id}|a|{}", on_one_line(&joined(rest, " ")))?;
    for TaggedMention { annotation, .. } in mentions {
        let ids: Vec<&str> = annotation.entities.iter().map(|entity| pubtator_id(&entity.identifier)).collect();
        let (start, end) = (layout.place(annotation.start), layout.place(annotation.end - 1) + 1);
        let (text, type_name, ids) = (on_one_line(&annotation.text), type_name(&annotation.label), ids.join("|"));
        writeln!(out, "{id}\t{start}\t{end}\t{text}\t{type_name}\t{ids}")?;
    }
    writeln!(out)
}

/// The id as PubTator writes it: numbers of genes and species stand alone, and `-` for none.
fn pubtator_id(identifier: &str) -> &str {
    if is_name_identifier(identifier) {
        return "-";
    }
    ["NCBIGene:", "NCBITaxon:"].iter().find_map(|scheme| identifier.strip_prefix(scheme)).unwrap_or(identifier)
}

/// With a space for each character that would break the line or the field, so that offsets stay.
fn on_one_line(text: &str) -> String {
    text.replace(['\n', '\r', '\t', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}'], " ")
}

fn joined(passages: &[Passage], between: &str) -> String {
    passages.iter().map(|passage| passage.text.as_str()).collect::<Vec<_>>().join(between)
}

/// A line of JSON.
#[derive(Serialize)]
struct JsonDocument<'a> {
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    #[serde(rename = "abstract", skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    year: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
    annotations: Vec<JsonAnnotation<'a>>,
}

#[derive(Serialize)]
struct JsonAnnotation<'a> {
    start: usize,
    end: usize,
    label: &'a str,
    text: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ids: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    candidates: Vec<JsonCandidate<'a>>,
}

#[derive(Serialize)]
struct JsonCandidate<'a> {
    id: &'a str,
    label: &'a str,
    score: f64,
}

fn write_json(document: &Document, mentions: &[TaggedMention], out: &mut dyn Write) -> io::Result<()> {
    // Where the first passage is the title, it is written as such; an empty line between the others keeps them apart.
    let first =
        document.passages.first().filter(|first| first.text.trim() == document.title && document.passages.len() > 1);
    let (layout, body, text) = match first {
        Some(_) => (Layout::new(document, 1, 2), Some(joined(&document.passages[1..], "\n\n")), None),
        None => (Layout::new(document, 2, 2), None, Some(joined(&document.passages, "\n\n"))),
    };
    let title =
        first.map(|first| first.text.as_str()).or(Some(document.title.as_str()).filter(|title| !title.is_empty()));
    let annotations = mentions.iter().map(|mention| json_annotation(mention, &layout)).collect();
    let status = match document.status {
        DocumentStatus::Current => None,
        DocumentStatus::Retracted => Some("retracted"),
        DocumentStatus::Deleted => Some("deleted"),
        DocumentStatus::Notice => Some("notice"),
    };
    let (id, year, version) = (document.identifier.as_str(), document.year, document.version);
    let text = text.filter(|text| !text.is_empty());
    serde_json::to_writer(&mut *out, &JsonDocument { id, title, body, text, year, version, status, annotations })?;
    writeln!(out)
}

fn json_annotation<'a>(mention: &'a TaggedMention, layout: &Layout<'_>) -> JsonAnnotation<'a> {
    let TaggedMention { annotation, candidates } = mention;
    let named = annotation.entities.iter().map(|entity| entity.identifier.as_str());
    let candidate = |ScoredEntity { identifier, label, score }: &'a ScoredEntity| JsonCandidate {
        id: identifier,
        label,
        score: (f64::from(*score) * 1000.0).round() / 1000.0,
    };
    JsonAnnotation {
        start: layout.place(annotation.start),
        end: layout.place(annotation.end.max(1) - 1) + 1,
        label: &annotation.label,
        text: &annotation.text,
        ids: named.filter(|identifier| !is_name_identifier(identifier)).collect(),
        name: annotation.entities.first().and_then(|entity| entity.name.as_deref()),
        candidates: candidates.iter().map(candidate).collect(),
    }
}

#[cfg(test)]
mod tests;
