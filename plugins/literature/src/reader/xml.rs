//! XML as a stream of records: each is cut out by its tags and parsed by itself, so that a malformed one ends nothing.

use std::io::Read;

use aho_corasick::{AhoCorasick, MatchKind};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::input::Input;
use crate::document::Location;
use crate::limits::RECORD_BYTES_MAX;

/// How much is read at once, in bytes.
const CHUNK_BYTES: usize = 256 << 10;

/// The elements of these names in a file, one by one, whatever stands around them.
pub(super) struct XmlRecords {
    input: Input,
    names: &'static [&'static str],
    /// Beginnings of the start tags, in the order of the names.
    starts: AhoCorasick,
    /// For each name, its end tag and the beginning of its start tag.
    ends: Vec<AhoCorasick>,
    buffer: Vec<u8>,
    /// How much of the buffer has been dealt with.
    at: usize,
    line: u64,
    /// Why there is no more to read; empty at an orderly end.
    ended: Option<String>,
}

/// What was cut out.
pub(super) struct RawRecord {
    pub(super) location: Location,
    /// The element, or why there is none.
    pub(super) element: Result<Element, BadRecord>,
}

/// A record that could not be read.
pub(super) struct BadRecord {
    pub(super) reason: String,
    /// Whether the file ends here.
    pub(super) is_end: bool,
    /// The record as it stands.
    pub(super) text: String,
}

impl XmlRecords {
    /// The elements of these names; none of them may stand within another.
    pub(super) fn new(input: Input, names: &'static [&'static str]) -> Self {
        let search = |patterns: Vec<String>| {
            let mut builder = AhoCorasick::builder();
            builder.match_kind(MatchKind::LeftmostLongest).build(patterns).expect("a few short patterns are no problem")
        };
        let starts = search(names.iter().map(|name| format!("<{name}")).collect());
        let ends = names.iter().map(|name| search(vec![format!("</{name}>"), format!("<{name}")])).collect();
        Self { input, names, starts, ends, buffer: Vec::new(), at: 0, line: 1, ended: None }
    }

    /// Reads on; false if there is no more.
    fn fill(&mut self) -> bool {
        if self.ended.is_some() {
            return false;
        }
        let length = self.buffer.len();
        let taken = self.input.by_ref().take(CHUNK_BYTES as u64).read_to_end(&mut self.buffer);
        match taken {
            Err(error) => self.ended = Some(error.to_string()),
            Ok(0) => self.ended = Some(String::new()),
            Ok(_) => {}
        }
        self.buffer.len() > length
    }

    /// Drops the buffer up to this position and counts its lines.
    fn advance(&mut self, to: usize) {
        self.line += self.buffer[self.at..to].iter().filter(|byte| **byte == b'\n').count() as u64;
        self.at = to;
        if self.at >= CHUNK_BYTES {
            self.buffer.drain(..self.at);
            self.at = 0;
        }
    }

    /// The number of the name whose start tag begins at the position that is dealt with; `None` at the end.
    fn next_start(&mut self) -> Option<usize> {
        loop {
            let found = self.starts.find(&self.buffer[self.at..]);
            match found.map(|found| (found.pattern().as_usize(), self.at + found.start(), self.at + found.end())) {
                Some((name, start, end)) if end < self.buffer.len() => {
                    let is_start = ends_name(self.buffer[end]);
                    self.advance(if is_start { start } else { end });
                    if is_start {
                        return Some(name);
                    }
                }
                _ => {
                    let longest = self.names.iter().map(|name| name.len() + 2).max().unwrap_or_default();
                    let kept = self.buffer.len().saturating_sub(longest).max(self.at);
                    self.advance(kept);
                    if !self.fill() {
                        return None;
                    }
                }
            }
        }
    }

    /// Where the record that begins here ends, if it is a tag like `<name/>` and nothing else.
    fn empty_record_end(&mut self) -> Option<usize> {
        loop {
            if let Some(length) = self.buffer[self.at..].iter().position(|byte| *byte == b'>') {
                return (self.buffer[self.at + length - 1] == b'/').then_some(self.at + length + 1);
            }
            if self.buffer.len() - self.at > RECORD_BYTES_MAX || !self.fill() {
                return None;
            }
        }
    }

    /// Where the record that begins here ends.
    fn record_end(&mut self, name: usize) -> Result<usize, (usize, String)> {
        let mut searched = self.names[name].len() + 1;
        if let Some(end) = self.empty_record_end() {
            return Ok(end);
        }
        loop {
            let rest = &self.buffer[self.at + searched..];
            if let Some(found) = self.ends[name].find(rest) {
                let (start, end) = (self.at + searched + found.start(), self.at + searched + found.end());
                if found.pattern().as_usize() == 0 {
                    return Ok(end);
                }
                match self.buffer.get(end) {
                    Some(byte) if ends_name(*byte) => {
                        return Err((start, format!("the next <{}> begins before this one ends", self.names[name])));
                    }
                    Some(_) => {
                        searched = end - self.at;
                        continue;
                    }
                    None => {}
                }
            } else {
                let margin = self.names[name].len() + 3;
                searched = searched.max((self.buffer.len() - self.at).saturating_sub(margin));
            }
            if self.buffer.len() - self.at > RECORD_BYTES_MAX {
                return Err((self.buffer.len(), "is longer than 64 MiB".to_owned()));
            }
            if !self.fill() {
                let reason = match self.ended.as_deref() {
                    Some("") | None => "the file ends within this record".to_owned(),
                    Some(error) => format!("the file breaks off within this record, which is not taken: {error}"),
                };
                return Err((self.buffer.len(), reason));
            }
        }
    }
}

impl Iterator for XmlRecords {
    type Item = RawRecord;

    fn next(&mut self) -> Option<RawRecord> {
        let Some(name) = self.next_start() else {
            let error = self.ended.replace(String::new()).filter(|error| !error.is_empty())?;
            let location = Location { line: self.line, ..self.input.location() };
            let reason = format!("the file breaks off here: {error}");
            return Some(RawRecord { location, element: Err(BadRecord { reason, is_end: true, text: String::new() }) });
        };
        let location = Location { line: self.line, ..self.input.location() };
        let (end, outcome) = match self.record_end(name) {
            Ok(end) => (end, Element::parse(&self.buffer[self.at..end])),
            Err((end, reason)) => (end, Err(reason)),
        };
        let element = outcome.map_err(|reason| BadRecord {
            reason,
            is_end: end == self.buffer.len() && self.ended.is_some(),
            text: String::from_utf8_lossy(&self.buffer[self.at..end.min(self.at + 1000)]).into_owned(),
        });
        if element.as_ref().is_err_and(|bad| bad.is_end) {
            // The record has told of it.
            self.ended = Some(String::new());
        }
        self.advance(end);
        Some(RawRecord { location, element })
    }
}

/// Whether a name in a tag ends before this byte.
fn ends_name(byte: u8) -> bool {
    matches!(byte, b'>' | b'/' | b' ' | b'\t' | b'\r' | b'\n')
}

/// An element with everything in it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Element {
    /// Its name, without a prefix.
    pub(super) name: String,
    attributes: Vec<(String, String)>,
    content: Vec<Content>,
}

#[derive(Debug, PartialEq, Eq)]
enum Content {
    Element(Element),
    Text(String),
}

impl Element {
    /// Parses an element that makes up the whole text.
    fn parse(bytes: &[u8]) -> Result<Self, String> {
        let text =
            std::str::from_utf8(bytes).map_err(|error| format!("is not UTF-8 text at byte {}", error.valid_up_to()))?;
        let mut reader = Reader::from_str(text);
        // The innermost open element last.
        let mut open = vec![Self::default()];
        loop {
            let event = reader.read_event().map_err(|error| malformed(&reader, &error.to_string()))?;
            let top = open.last_mut().expect("the outermost is never closed");
            match event {
                Event::Start(tag) => open.push(Self::begin(&tag).map_err(|error| malformed(&reader, &error))?),
                Event::Empty(tag) => {
                    let element = Self::begin(&tag).map_err(|error| malformed(&reader, &error))?;
                    top.content.push(Content::Element(element));
                }
                Event::End(_) => {
                    // The parser has seen to it that the tags match.
                    let element = open.pop().unwrap_or_default();
                    let parent = open.last_mut().ok_or_else(|| malformed(&reader, "an end tag too many"))?;
                    parent.content.push(Content::Element(element));
                }
                Event::Text(text) => top.add_text(&text.xml10_content()),
                Event::CData(text) => top.add_text(&text.xml10_content()),
                Event::GeneralRef(reference) => match reference.resolve_char_ref() {
                    Ok(Some(character)) => top.add_text(character.encode_utf8(&mut [0; 4])),
                    Ok(None) => top.add_text(&predefined(&reference.xml10_content())),
                    Err(error) => return Err(malformed(&reader, &error.to_string())),
                },
                Event::Eof => break,
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
            }
        }
        let [mut root] = <[Self; 1]>::try_from(open).map_err(|_| "an element is not closed".to_owned())?;
        match root.content.pop() {
            Some(Content::Element(element)) => Ok(element),
            _ => Err("is not an element".to_owned()),
        }
    }

    fn begin(tag: &BytesStart<'_>) -> Result<Self, String> {
        let mut attributes = Vec::new();
        for attribute in tag.attributes() {
            let attribute = attribute.map_err(|error| error.to_string())?;
            let value = unescape(&attribute.value);
            attributes.push((attribute.key.local_name().as_ref().to_owned(), value));
        }
        Ok(Self { name: tag.local_name().as_ref().to_owned(), attributes, content: Vec::new() })
    }

    fn add_text(&mut self, text: &str) {
        match self.content.last_mut() {
            Some(Content::Text(before)) => before.push_str(text),
            _ => self.content.push(Content::Text(text.to_owned())),
        }
    }

    /// The elements in it.
    pub(super) fn children(&self) -> impl Iterator<Item = &Self> {
        self.content.iter().filter_map(|content| match content {
            Content::Element(element) => Some(element),
            Content::Text(_) => None,
        })
    }

    /// The elements of this name in it.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children().filter(move |child| child.name == name)
    }

    /// The first element at the end of this path of names.
    pub(super) fn find(&self, path: &[&str]) -> Option<&Self> {
        let Some((first, rest)) = path.split_first() else { return Some(self) };
        self.children().filter(|child| child.name == *first).find_map(|child| child.find(rest))
    }

    /// The value of an attribute.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// All text in it, however deep, as it stands.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        self.gather_text(&mut text);
        text
    }

    fn gather_text(&self, into: &mut String) {
        for content in &self.content {
            match content {
                Content::Text(text) => into.push_str(text),
                Content::Element(element) => element.gather_text(into),
            }
        }
    }
}

fn malformed(reader: &Reader<&[u8]>, reason: &str) -> String {
    format!("is not well-formed at byte {} of the record: {reason}", reader.buffer_position())
}

/// The text for the name of an entity. One that only a document type could explain stays as it is written.
fn predefined(name: &str) -> String {
    match name {
        "lt" => "<".to_owned(),
        "gt" => ">".to_owned(),
        "amp" => "&".to_owned(),
        "apos" => "'".to_owned(),
        "quot" => "\"".to_owned(),
        other => format!("&{other};"),
    }
}

fn unescape(value: &str) -> String {
    quick_xml::escape::unescape(value).map_or_else(|_| value.to_owned(), std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests;
