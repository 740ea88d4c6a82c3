//! JSON Lines: one document a line, in a shape that is easy to write from any program.
//!
//! The keys are described at [`crate::Format::JsonLines`].

use std::collections::VecDeque;

use serde::Deserialize;

use super::entities;
use super::input::{BadLine, Input};
use crate::document::{Annotation, Document, DocumentStatus, Location, Passage, PassageKind};
use crate::label::label_of;
use crate::text::{NumberedText, collapse_whitespace};
use crate::{Reject, RejectKind};

/// Reads documents from JSON Lines.
pub(crate) struct JsonLines {
    input: Input,
    ready: VecDeque<Result<Document, Reject>>,
}

impl JsonLines {
    pub(crate) fn new(input: Input) -> Self {
        Self { input, ready: VecDeque::new() }
    }

    fn take_line(&mut self, line: &str) {
        if line.trim().is_empty() {
            return;
        }
        let location = self.input.location();
        match parse(line) {
            Ok(record) => record.place(location, line, &mut self.ready),
            Err(reason) => self.ready.push_back(Err(Reject::new(RejectKind::Record, location, "", reason, line))),
        }
    }

    fn take_bad_line(&mut self, bad: BadLine) {
        let (kind, reason) = match bad {
            BadLine::Line(reason) => (RejectKind::Record, reason.to_owned()),
            BadLine::End(error) => (RejectKind::File, format!("the file breaks off here: {error}")),
        };
        self.ready.push_back(Err(Reject::new(kind, self.input.location(), "", reason, "")));
    }
}

impl Iterator for JsonLines {
    type Item = Result<Document, Reject>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.ready.is_empty() {
            match self.input.next_line()? {
                Ok(line) => self.take_line(&line),
                Err(bad) => self.take_bad_line(bad),
            }
        }
        self.ready.pop_front()
    }
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
    year: Option<u16>,
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
}

impl From<Status> for DocumentStatus {
    fn from(status: Status) -> Self {
        match status {
            Status::Current => Self::Current,
            Status::Retracted => Self::Retracted,
            Status::Deleted => Self::Deleted,
        }
    }
}

/// Ids are often written as numbers.
#[derive(Deserialize)]
#[serde(untagged, expecting = "an id must be a string or a whole number")]
enum Id {
    Text(String),
    Number(u64),
}

impl Id {
    fn into_text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Number(number) => number.to_string(),
        }
    }
}

#[derive(Deserialize)]
struct RawAnnotation {
    start: usize,
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
        if let Some(stated) = stated.filter(|stated| stated.trim() != found.trim()) {
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
