//! BioC as JSON: a collection with `documents`, PubTator's answer with `PubTator3`, a list of documents or of collections,
//! or one on each line.

use std::collections::VecDeque;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Infons, RawAnnotation, RawDocument, RawLocation, RawPassage};
use crate::reader::explain;
use crate::reader::input::Input;
use crate::reader::json_cutter::{Cut, JsonRecords};
use crate::{Document, Reject, RejectKind};

/// Reads the documents of a collection.
pub(crate) struct BiocJson {
    records: JsonRecords,
    ready: VecDeque<Result<Document, Reject>>,
}

impl BiocJson {
    pub(crate) fn new(input: Input) -> Self {
        Self { records: JsonRecords::new(input), ready: VecDeque::new() }
    }

    fn take(&mut self, cut: Cut) {
        let (kind, location, reason, text) = match cut {
            Cut::Record { location, bytes, source } => match serde_json::from_slice::<JsonDocument>(&bytes) {
                Ok(document) => {
                    let document = RawDocument { source, ..RawDocument::from(document) };
                    return document.place(&location, &mut self.ready);
                }
                Err(error) => (RejectKind::Record, location, explain(&error), bytes),
            },
            Cut::TooLong(location, bytes) => (RejectKind::Record, location, "is longer than 64 MiB".to_owned(), bytes),
            Cut::BrokenOff(location, reason) => (RejectKind::File, location, reason, Vec::new()),
        };
        let text = String::from_utf8_lossy(&text[..text.len().min(1000)]);
        self.ready.push_back(Err(Reject::new(kind, location, "", reason, &text)));
    }
}

impl Iterator for BiocJson {
    type Item = Result<Document, Reject>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.ready.is_empty() {
            let cut = self.records.next()?;
            self.take(cut);
        }
        self.ready.pop_front()
    }
}

#[derive(Deserialize)]
struct JsonDocument {
    id: Value,
    /// PubTator's answers name it beside the id.
    #[serde(default)]
    pmid: Value,
    #[serde(default)]
    infons: Map<String, Value>,
    passages: Vec<JsonPassage>,
    /// Some programs keep all annotations with the document.
    #[serde(default)]
    annotations: Vec<JsonAnnotation>,
    #[serde(default)]
    relations: Vec<JsonRelation>,
}

#[derive(Deserialize)]
struct JsonRelation {
    #[serde(default)]
    infons: Map<String, Value>,
}

#[derive(Deserialize)]
struct JsonPassage {
    #[serde(default)]
    infons: Map<String, Value>,
    #[serde(deserialize_with = "crate::reader::number::deserialize")]
    offset: usize,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    sentences: Vec<JsonPassage>,
    #[serde(default)]
    annotations: Vec<JsonAnnotation>,
}

#[derive(Deserialize)]
struct JsonAnnotation {
    #[serde(default)]
    infons: Map<String, Value>,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    locations: Vec<RawLocation>,
}

impl From<JsonDocument> for RawDocument {
    fn from(document: JsonDocument) -> Self {
        let mut infons = infons(document.infons);
        infons.push(("pmid".to_owned(), word(document.pmid)));
        Self {
            id: word(document.id),
            source: None,
            infons,
            passages: document.passages.into_iter().map(RawPassage::from).collect(),
            annotations: document.annotations.into_iter().map(RawAnnotation::from).collect(),
            relations: document.relations.into_iter().map(|relation| self::infons(relation.infons)).collect(),
        }
    }
}

impl From<JsonPassage> for RawPassage {
    fn from(passage: JsonPassage) -> Self {
        Self {
            infons: infons(passage.infons),
            offset: passage.offset,
            text: passage.text.unwrap_or_default(),
            sentences: passage.sentences.into_iter().map(Self::from).collect(),
            annotations: passage.annotations.into_iter().map(RawAnnotation::from).collect(),
        }
    }
}

impl From<JsonAnnotation> for RawAnnotation {
    fn from(annotation: JsonAnnotation) -> Self {
        let JsonAnnotation { infons: map, text, locations } = annotation;
        Self { infons: infons(map), text: text.unwrap_or_default(), locations }
    }
}

fn infons(map: Map<String, Value>) -> Infons {
    map.into_iter().map(|(key, value)| (key, word(value))).collect()
}

/// A value as text: a string without its quotation marks, a list with commas, nothing for null.
fn word(value: Value) -> String {
    match value {
        Value::String(text) => text,
        Value::Null => String::new(),
        Value::Array(values) => values.into_iter().map(word).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}
