//! JSON Lines: one document a line, in a shape that is easy to write from any program. A list of such documents, or
//! documents that go over several lines, are taken as well.
//!
//! The keys are described at [`crate::Format::JsonLines`].

use std::collections::VecDeque;

use serde::Deserialize;

use super::input::{BadLine, Input};
use super::json_cutter::{Cut, JsonRecords};
use super::{entities, number};
use crate::document::{Annotation, Document, DocumentStatus, Location, Passage, PassageKind};
use crate::label::label_of;
use crate::limits::RECORD_BYTES_MAX;
use crate::spelling::is_alike;
use crate::text::{NumberedText, collapse_whitespace};
use crate::{Reject, RejectKind};

/// Reads documents from JSON Lines.
pub(crate) struct JsonLines {
    source: Source,
    ready: VecDeque<Result<Document, Reject>>,
}

/// What the file is.
enum Source {
    /// A document on each line, so that a bad line loses nothing else.
    Lines {
        input: Input,
        /// A document that has begun and is not complete: where, and its lines.
        open: Option<(Location, String)>,
        ended: bool,
    },
    /// A list.
    List(JsonRecords),
}

impl JsonLines {
    pub(crate) fn new(mut input: Input) -> Self {
        let beginning = input.peek().unwrap_or_default();
        let text = beginning.strip_prefix("\u{feff}".as_bytes()).unwrap_or(beginning);
        let inner = text.trim_ascii_start().strip_prefix(b"[").map(<[u8]>::trim_ascii_start);
        let is_list = inner.is_some_and(|inner| inner.is_empty() || matches!(inner[0], b'{' | b'[' | b']'));
        let source = match is_list {
            true => Source::List(JsonRecords::new(input)),
            false => Source::Lines { input, open: None, ended: false },
        };
        Self { source, ready: VecDeque::new() }
    }

    fn take_record(&mut self, location: Location, text: &str) {
        match parse(text) {
            Ok(record) => record.place(location, text, &mut self.ready),
            Err(reason) => self.ready.push_back(Err(Reject::new(RejectKind::Record, location, "", reason, text))),
        }
    }

    fn take_cut(&mut self, cut: Cut) {
        let (kind, location, reason) = match cut {
            Cut::Record { location, bytes, .. } => match String::from_utf8(bytes) {
                Ok(text) => return self.take_record(location, &text),
                Err(_) => (RejectKind::Record, location, "is not UTF-8 text".to_owned()),
            },
            Cut::TooLong(location, _) => (RejectKind::Record, location, "is longer than 64 MiB".to_owned()),
            Cut::BrokenOff(location, reason) => (RejectKind::File, location, reason),
        };
        self.ready.push_back(Err(Reject::new(kind, location, "", reason, "")));
    }

    /// Reads on in a file of lines; false at its end.
    fn read_line(&mut self) -> bool {
        let Source::Lines { input, open, ended } = &mut self.source else { return false };
        if *ended {
            return false;
        }
        let next = input.next_line();
        let location = input.location();
        match next {
            Some(Ok(line)) => {
                // A document that goes over several lines has its inner ones set in; one that begins anew ends it.
                let before = open.take_if(|_| line.starts_with('{'));
                let (location, text) = match open.take() {
                    Some((location, text)) => (location, format!("{text}\n{line}")),
                    None => (location, line),
                };
                let finished = if is_unfinished(&text) {
                    *open = Some((location, text));
                    None
                } else {
                    Some((location, text))
                };
                self.take_open(before);
                self.take_open(finished);
            }
            Some(Err(bad)) => {
                let before = open.take();
                self.take_open(before);
                self.take_bad_line(bad, location);
            }
            None => {
                *ended = true;
                let before = open.take();
                self.take_open(before);
            }
        }
        true
    }

    fn take_open(&mut self, open: Option<(Location, String)>) {
        if let Some((location, text)) = open.filter(|(_, text)| !text.trim().is_empty()) {
            self.take_record(location, &text);
        }
    }

    fn take_bad_line(&mut self, bad: BadLine, location: Location) {
        let (kind, reason) = match bad {
            BadLine::Line(reason) => (RejectKind::Record, reason),
            BadLine::End(error) => (RejectKind::File, format!("the file breaks off here: {error}")),
        };
        self.ready.push_back(Err(Reject::new(kind, location, "", reason, "")));
    }
}

impl Iterator for JsonLines {
    type Item = Result<Document, Reject>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.ready.is_empty() {
            if let Source::List(records) = &mut self.source {
                let cut = records.next()?;
                self.take_cut(cut);
            } else if !self.read_line() {
                return None;
            }
        }
        self.ready.pop_front()
    }
}

/// Whether a text is the beginning of a document that goes on in the next line.
fn is_unfinished(text: &str) -> bool {
    text.trim_start().starts_with('{')
        && text.len() < RECORD_BYTES_MAX
        // The last sign of a finished one tells, without parsing it anew with each of its lines.
        && (!text.trim_end().ends_with('}')
            || serde_json::from_str::<serde::de::IgnoredAny>(text).is_err_and(|error| error.is_eof()))
}

fn parse(line: &str) -> Result<Record, String> {
    // The parser would take a list of the fields in their order, too.
    if line.trim_start().starts_with('[') {
        return Err("the line is not an object".to_owned());
    }
    serde_json::from_str(line).map_err(|error| explain(&error))
}

/// The parser's words with the column; its line is always 1 and would mislead.
pub(crate) fn explain(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let reason = text.rsplit_once(" at line ").map_or(text.as_str(), |(reason, _)| reason);
    if error.column() == 0 { reason.to_owned() } else { format!("column {}: {reason}", error.column()) }
}

/// A line as written.
#[derive(Deserialize)]
struct Record {
    id: Id,
    text: Option<String>,
    title: Option<String>,
    #[serde(rename = "abstract")]
    body: Option<String>,
    #[serde(default, deserialize_with = "number::deserialize_year")]
    year: Option<u16>,
    #[serde(default, deserialize_with = "number::deserialize_option")]
    version: Option<u32>,
    #[serde(default)]
    status: Status,
    annotations: Option<Vec<RawAnnotation>>,
}

/// Whether the document still stands.
#[derive(Clone, Copy, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Status {
    #[default]
    Current,
    Retracted,
    Deleted,
    Notice,
}

impl From<Status> for DocumentStatus {
    fn from(status: Status) -> Self {
        match status {
            Status::Current => Self::Current,
            Status::Retracted => Self::Retracted,
            Status::Deleted => Self::Deleted,
            Status::Notice => Self::Notice,
        }
    }
}

/// Ids are often written as numbers.
#[derive(Deserialize)]
#[serde(untagged, expecting = "an id must be a string or a whole number")]
enum Id {
    Text(String),
    Number(u64),
    /// As data frames write whole numbers; any other is refused.
    Float(#[serde(deserialize_with = "number::deserialize")] u64),
}

impl Id {
    fn into_text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Number(number) | Self::Float(number) => number.to_string(),
        }
    }
}

#[derive(Deserialize)]
struct RawAnnotation {
    #[serde(deserialize_with = "number::deserialize")]
    start: usize,
    #[serde(deserialize_with = "number::deserialize")]
    end: usize,
    label: String,
    id: Option<Id>,
    ids: Option<Vec<Id>>,
    name: Option<String>,
    text: Option<String>,
}

impl Record {
    fn place(self, location: Location, line: &str, ready: &mut VecDeque<Result<Document, Reject>>) {
        let identifier = self.id.into_text().trim().to_owned();
        let title = self.title.unwrap_or_default();
        let status = self.status.into();
        let laid_out = lay_out(self.text, &title, self.body);
        // A document that is gone needs no text.
        let laid_out = laid_out.or((status != DocumentStatus::Current).then(Default::default));
        let (text, passages) = match laid_out {
            Some(laid_out) if !identifier.is_empty() => laid_out,
            laid_out => {
                let no_text = "has no text: give `text`, or `title` and `abstract`";
                let reason = if laid_out.is_none() { no_text } else { "its `id` is empty" };
                ready.push_back(Err(Reject::new(RejectKind::Record, location, &identifier, reason, line)));
                return;
            }
        };
        let numbered = NumberedText::new(&text);
        let mut annotations = Vec::new();
        for (number, raw) in self.annotations.unwrap_or_default().into_iter().enumerate() {
            match raw.place(&numbered, &identifier) {
                Ok(annotation) => annotations.push(annotation),
                Err(reason) => {
                    let reason = format!("annotation {}: {reason}", number + 1);
                    let reject = Reject::new(RejectKind::Annotation, location.clone(), &identifier, reason, line);
                    ready.push_back(Err(reject));
                }
            }
        }
        let title = title.trim().to_owned();
        let (year, version) = (self.year, self.version);
        let rest = Document::default();
        ready.push_back(Ok(Document {
            identifier,
            title,
            year,
            status,
            version,
            passages,
            annotations,
            location,
            ..rest
        }));
    }
}

/// The whole text that offsets run over, and its passages.
fn lay_out(text: Option<String>, title: &str, body: Option<String>) -> Option<(String, Vec<Passage>)> {
    if let Some(text) = text {
        let passages = vec![Passage { start: 0, text: text.clone(), kind: PassageKind::Prose }];
        return Some((text, passages));
    }
    if title.is_empty() && body.is_none() {
        return None;
    }
    let body = body.unwrap_or_default();
    let joined = format!("{title} {body}");
    let parts = [(0, title.to_owned()), (title.chars().count() + 1, body)];
    let filled = parts.into_iter().filter(|(_, text)| !text.trim().is_empty());
    let passages = filled.map(|(start, text)| Passage { start, text, kind: PassageKind::Prose }).collect();
    Some((joined, passages))
}

impl RawAnnotation {
    fn place(self, text: &NumberedText<'_>, document: &str) -> Result<Annotation, String> {
        let Self { start, end, label, id, ids, name, text: stated } = self;
        if start >= end {
            return Err("the end does not come after the start".to_owned());
        }
        let Some(found) = text.slice(start..end) else {
            return Err(format!("{start}..{end} lies outside the text, which has {} characters", text.len()));
        };
        if let Some(stated) = stated.filter(|stated| !stated.trim().is_empty() && !is_alike(found, stated)) {
            return Err(format!("the text has {found:?} where the annotation has {stated:?}"));
        }
        let Some(span) = text.trimmed(start..end) else {
            return Err("the span holds nothing but white space".to_owned());
        };
        if label.trim().is_empty() {
            return Err("the label is empty".to_owned());
        }
        let (label, mention) = (label_of(&label), found.trim().to_owned());
        let name = name.map(|name| collapse_whitespace(&name)).filter(|name| !name.is_empty());
        let raw_ids: Vec<String> = id.into_iter().chain(ids.unwrap_or_default()).map(Id::into_text).collect();
        let entities = entities(&label, raw_ids.iter().map(String::as_str), document, name.as_deref(), &mention);
        Ok(Annotation { start: span.start, end: span.end, label, text: mention, entities })
    }
}

#[cfg(test)]
mod tests;
