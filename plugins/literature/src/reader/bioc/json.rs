//! BioC as JSON: a collection with `documents`, PubTator's answer with `PubTator3`, a list of documents, or one on each line.

use std::collections::VecDeque;
use std::io::Read;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Infons, RawAnnotation, RawDocument, RawLocation, RawPassage};
use crate::document::Location;
use crate::limits::RECORD_BYTES_MAX;
use crate::reader::explain;
use crate::reader::input::Input;
use crate::{Document, Reject, RejectKind};

/// How much is read at once, in bytes.
const CHUNK_BYTES: usize = 64 << 10;

/// Keys whose value is the list of documents.
const LISTS: [&[u8]; 2] = [b"documents", b"PubTator3"];

/// Reads the documents of a collection.
pub(crate) struct BiocJson {
    input: Input,
    cutter: Cutter,
    chunk: Vec<u8>,
    at: usize,
    ended: bool,
    ready: VecDeque<Result<Document, Reject>>,
}

impl BiocJson {
    pub(crate) fn new(input: Input) -> Self {
        let cutter = Cutter { line: 1, ..Cutter::default() };
        Self { input, cutter, chunk: Vec::new(), at: 0, ended: false, ready: VecDeque::new() }
    }

    fn read_chunk(&mut self) {
        self.chunk.clear();
        self.at = 0;
        let taken = self.input.by_ref().take(CHUNK_BYTES as u64).read_to_end(&mut self.chunk);
        let broken_off = match taken {
            Ok(0) if self.cutter.is_open() => Some("the file ends within a document, which is not taken".to_owned()),
            Ok(0) => None,
            Ok(_) => return,
            Err(error) => Some(format!("the file breaks off here: {error}")),
        };
        self.ended = true;
        if let Some(reason) = broken_off {
            self.ready.push_back(Err(Reject::new(RejectKind::File, self.location(), "", reason, "")));
        }
    }

    fn location(&self) -> Location {
        Location { line: self.cutter.line, ..self.input.location() }
    }

    fn take(&mut self, record: &[u8], line: u64) {
        let location = Location { line, ..self.input.location() };
        let text = || String::from_utf8_lossy(&record[..record.len().min(1000)]);
        if record.len() == RECORD_BYTES_MAX {
            let reason = "is longer than 64 MiB";
            return self.ready.push_back(Err(Reject::new(RejectKind::Record, location, "", reason, &text())));
        }
        match serde_json::from_slice::<JsonDocument>(record) {
            Ok(document) => RawDocument::from(document).place(&location, &mut self.ready),
            Err(error) => {
                self.ready.push_back(Err(Reject::new(RejectKind::Record, location, "", explain(&error), &text())));
            }
        }
    }
}

impl Iterator for BiocJson {
    type Item = Result<Document, Reject>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.ready.is_empty() {
            if self.at < self.chunk.len() {
                let byte = self.chunk[self.at];
                self.at += 1;
                if let Some((record, line)) = self.cutter.take(byte) {
                    self.take(&record, line);
                }
            } else if self.ended {
                return None;
            } else {
                self.read_chunk();
            }
        }
        self.ready.pop_front()
    }
}

/// Finds the documents in a stream of JSON by counting brackets, so that no more than one is held.
#[derive(Default)]
struct Cutter {
    /// The brackets that are open.
    depth: usize,
    /// The string in hand, or the last one.
    string: Vec<u8>,
    in_string: bool,
    escaped: bool,
    /// How deep documents lie, once their list was met.
    list_depth: Option<usize>,
    /// The document in hand, or the beginning of one that is too long.
    record: Vec<u8>,
    /// The depth at which it began.
    record_depth: Option<usize>,
    record_line: u64,
    line: u64,
}

impl Cutter {
    fn is_open(&self) -> bool {
        self.record_depth.is_some()
    }

    /// Takes a byte; gives the document that it ends, and the line on which that began.
    fn take(&mut self, byte: u8) -> Option<(Vec<u8>, u64)> {
        self.line += u64::from(byte == b'\n');
        if self.in_string {
            self.take_in_string(byte);
        } else {
            match byte {
                b'"' => {
                    self.in_string = true;
                    self.string.clear();
                }
                b'{' | b'[' => self.open(byte),
                b'}' | b']' => return self.close(byte),
                _ => {}
            }
        }
        self.keep(byte);
        None
    }

    /// Adds a byte to the document in hand.
    fn keep(&mut self, byte: u8) {
        if self.is_open() && self.record.len() < RECORD_BYTES_MAX {
            self.record.push(byte);
        }
    }

    fn take_in_string(&mut self, byte: u8) {
        match (self.escaped, byte) {
            (false, b'\\') => self.escaped = true,
            (false, b'"') => self.in_string = false,
            _ => {
                self.escaped = false;
                if self.string.len() < 16 {
                    self.string.push(byte);
                }
            }
        }
    }

    fn open(&mut self, byte: u8) {
        let is_list = byte == b'['
            && match self.depth {
                0 => true,
                1 => LISTS.contains(&self.string.as_slice()),
                _ => false,
            };
        if is_list {
            // What began as a document is the collection around them.
            self.list_depth = Some(self.depth + 1);
            self.record_depth = None;
            self.record.clear();
        }
        if byte == b'{' && !self.is_open() && self.depth == self.list_depth.unwrap_or(0) {
            self.record_depth = Some(self.depth);
            self.record_line = self.line;
        }
        self.depth += 1;
    }

    fn close(&mut self, byte: u8) -> Option<(Vec<u8>, u64)> {
        self.depth = self.depth.saturating_sub(1);
        if self.depth == 0 {
            self.list_depth = None;
        }
        self.keep(byte);
        if self.record_depth != Some(self.depth) {
            return None;
        }
        self.record_depth = None;
        Some((std::mem::take(&mut self.record), self.record_line))
    }
}

#[derive(Deserialize)]
struct JsonDocument {
    id: Value,
    passages: Vec<JsonPassage>,
}

#[derive(Deserialize)]
struct JsonPassage {
    #[serde(default)]
    infons: Map<String, Value>,
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
        Self { id: word(document.id), passages: document.passages.into_iter().map(RawPassage::from).collect() }
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
