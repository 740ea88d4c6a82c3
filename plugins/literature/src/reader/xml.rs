//! XML as a stream of records: each is cut out by its tags and parsed by itself, so that a malformed one ends nothing.

use std::io::Read;

use aho_corasick::{AhoCorasick, MatchKind};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::encoding;
use super::input::Input;
use crate::document::Location;
use crate::limits::{ELEMENT_DEPTH_MAX, RECORD_BYTES_MAX};

/// How much is read at once, in bytes.
const CHUNK_BYTES: usize = 256 << 10;

/// How much is kept of what lies between records, so that a tag that comes in two pieces is found, and at the end of the
/// file that of the element around them.
const TAIL_BYTES: usize = 256;

/// What a search stops at beside tags, with what ends it: nothing in it is markup.
const OPAQUE: [(&str, &[u8]); 2] = [("<!--", b"-->"), ("<![CDATA[", b"]]>")];

/// The elements of these names in a file, one by one, whatever stands around them.
pub(super) struct XmlRecords {
    input: Input,
    names: &'static [&'static str],
    /// Beginnings of the start tags, in the order of the names, then those of [`OPAQUE`].
    starts: AhoCorasick,
    /// For each name, its end tag and the beginning of its start tag, then those of [`OPAQUE`].
    ends: Vec<AhoCorasick>,
    buffer: Vec<u8>,
    /// How much of the buffer has been dealt with.
    at: usize,
    line: u64,
    /// The name of the element around the records, once the beginning was read; empty if there is none.
    root: Option<String>,
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
        let search = |mut patterns: Vec<String>| {
            patterns.extend(OPAQUE.iter().map(|(begin, _)| (*begin).to_owned()));
            let mut builder = AhoCorasick::builder();
            builder.match_kind(MatchKind::LeftmostLongest).build(patterns).expect("a few short patterns are no problem")
        };
        let starts = search(names.iter().map(|name| format!("<{name}")).collect());
        let ends = names.iter().map(|name| search(vec![format!("</{name}>"), format!("<{name}")])).collect();
        Self { input, names, starts, ends, buffer: Vec::new(), at: 0, line: 1, root: None, ended: None }
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

    /// Where this mark stands at or behind a position; `None` if the file ends before, or the search passes the longest
    /// record.
    fn position_of(&mut self, mark: &[u8], from: usize) -> Option<usize> {
        let mut from = from;
        loop {
            let rest = self.buffer.get(from..).unwrap_or_default();
            if let Some(found) = rest.windows(mark.len()).position(|window| window == mark) {
                return Some(from + found);
            }
            from = from.max((self.buffer.len() + 1).saturating_sub(mark.len()));
            if self.buffer.len() - self.at > RECORD_BYTES_MAX || !self.fill() {
                return None;
            }
        }
    }

    /// The number of the name whose start tag begins at the position that is dealt with; `None` at the end.
    fn next_start(&mut self) -> Option<usize> {
        loop {
            let found = self.starts.find(&self.buffer[self.at..]);
            match found.map(|found| (found.pattern().as_usize(), self.at + found.start(), self.at + found.end())) {
                Some((pattern, start, end)) if pattern >= self.names.len() => {
                    self.advance(start);
                    self.pass_over_opaque(pattern - self.names.len(), end - start);
                }
                Some((name, start, end)) if end < self.buffer.len() => {
                    let is_start = ends_name(self.buffer[end]);
                    self.advance(if is_start { start } else { end });
                    if is_start {
                        return Some(name);
                    }
                }
                _ => {
                    let kept = self.buffer.len().saturating_sub(TAIL_BYTES).max(self.at);
                    self.advance(kept);
                    if !self.fill() {
                        self.miss_root_end();
                        return None;
                    }
                    if self.root.is_none() {
                        self.root = Some(self.root_name());
                    }
                }
            }
        }
    }

    /// The name of the first element of the buffer; empty if that is a record.
    fn root_name(&self) -> String {
        let text = String::from_utf8_lossy(&self.buffer[self.at..]);
        let mut rest = text.as_ref();
        while let Some(at) = rest.find('<') {
            rest = &rest[at + 1..];
            let end = match rest.chars().next() {
                Some('?') => "?>",
                Some('!') if rest.starts_with("!--") => "-->",
                // The rules of a document type stand in brackets.
                Some('!') if rest.find('[') < rest.find('>') && rest.contains('[') => "]>",
                Some('!') => ">",
                _ => {
                    let name: String = rest.chars().take_while(|c| !c.is_whitespace() && !"/>".contains(*c)).collect();
                    return if self.names.contains(&name.as_str()) { String::new() } else { name };
                }
            };
            rest = rest.find(end).map_or("", |at| &rest[at..]);
        }
        String::new()
    }

    /// Notes at the end of the file if the element around the records is not closed there.
    fn miss_root_end(&mut self) {
        let tail = String::from_utf8_lossy(&self.buffer[self.at..]);
        let root = self.root.replace(String::new()).filter(|root| !root.is_empty());
        if let Some(root) = root.filter(|root| !tail.contains(&format!("</{root}")))
            && self.ended.as_deref() == Some("")
        {
            self.ended = Some(format!("<{root}> is not closed"));
        }
    }

    /// Deals with a comment or a section of characters between records, however long. One that never ends hides the rest
    /// of the file.
    fn pass_over_opaque(&mut self, kind: usize, begin: usize) {
        let mark = OPAQUE[kind].1;
        let mut from = self.at + begin;
        loop {
            match self.position_of(mark, from) {
                Some(end) => return self.advance(end + mark.len()),
                None => {
                    let kept = (self.buffer.len() + 1).saturating_sub(mark.len()).max(self.at);
                    self.advance(kept);
                    from = self.at;
                    if self.ended.is_some() {
                        let length = self.buffer.len();
                        self.advance(length);
                        if self.ended.as_deref() == Some("") {
                            self.ended = Some("a comment is not closed".to_owned());
                        }
                        return;
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
                let pattern = found.pattern().as_usize();
                if pattern == 0 {
                    return Ok(end);
                }
                if let Some(kind) = pattern.checked_sub(2) {
                    let mark = OPAQUE[kind].1;
                    match self.position_of(mark, end) {
                        Some(close) => searched = close + mark.len() - self.at,
                        None => return Err((self.buffer.len(), self.why_unfinished())),
                    }
                    continue;
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
                let margin = (self.names[name].len() + 3).max("<![CDATA[".len());
                searched = searched.max((self.buffer.len() - self.at).saturating_sub(margin));
            }
            if self.buffer.len() - self.at > RECORD_BYTES_MAX || !self.fill() {
                return Err((self.buffer.len(), self.why_unfinished()));
            }
        }
    }

    /// Why the end of the record in hand was not found.
    fn why_unfinished(&self) -> String {
        match self.ended.as_deref() {
            None => "is longer than 64 MiB".to_owned(),
            Some("") => "the file ends within this record".to_owned(),
            Some(error) => format!("the file breaks off within this record, which is not taken: {error}"),
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
            self.root = Some(String::new());
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
        let text = std::str::from_utf8(bytes).map_err(|_| encoding::not_utf8(bytes))?;
        let mut reader = Reader::from_str(text);
        // The innermost open element last.
        let mut open = vec![Self::default()];
        loop {
            let event = reader.read_event().map_err(|error| malformed(&reader, &error.to_string()))?;
            let depth = open.len();
            let top = open.last_mut().expect("the outermost is never closed");
            match event {
                Event::Start(_) if depth > ELEMENT_DEPTH_MAX => {
                    return Err(format!("nests more than {ELEMENT_DEPTH_MAX} elements deep"));
                }
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

    /// All text in it, however deep, as it stands. Of a formula that is given twice, as MathML and as TeX, the TeX is left out.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        self.gather_text(&mut text);
        text
    }

    fn gather_text(&self, into: &mut String) {
        for content in &self.content {
            match content {
                Content::Text(text) => into.push_str(text),
                Content::Element(element) if self.is_doubled_by(element) => {}
                Content::Element(element) => element.gather_text(into),
            }
        }
    }

    /// Whether an element in this one says again what another in it says.
    fn is_doubled_by(&self, element: &Self) -> bool {
        match (self.name.as_str(), element.name.as_str()) {
            ("semantics", "annotation" | "annotation-xml") => true,
            ("alternatives", "tex-math") => self.children().any(|other| other.name != "tex-math"),
            _ => false,
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
