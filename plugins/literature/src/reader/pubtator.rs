//! PubTator: the exchange format of NCBI's taggers, of BioRED, BC5CDR and the NCBI disease corpus.
//!
//! ```text
//! 123|t|Title
//! 123|a|Abstract
//! 123 → 0 → 5 → Title → Disease → D000001
//! 123 → Association → D000001 → 672
//! ```
//!
//! An arrow is a tab. A record ends at a blank line or at the next title. Offsets run over title and abstract joined by one character.
//! Relations are kept for evaluations: what the graph states of these texts, the model decides.

use std::collections::VecDeque;

use super::input::{BadLine, Input};
use super::{entities, relation};
use crate::document::{Annotation, Document, Location, Passage, PassageKind};
use crate::label::label_of;
use crate::spelling::is_alike;
use crate::text::{NumberedText, Unit};
use crate::{Reject, RejectKind};

/// Reads PubTator records.
pub(crate) struct PubTator {
    input: Input,
    state: State,
    ready: VecDeque<Result<Document, Reject>>,
    ended: bool,
}

/// Where the reader stands.
enum State {
    /// Before a title.
    Between,
    /// In a record.
    Record(Draft),
    /// In a record that was rejected whole.
    Skipping,
}

impl PubTator {
    pub(crate) fn new(input: Input) -> Self {
        Self { input, state: State::Between, ready: VecDeque::new(), ended: false }
    }

    fn take_line(&mut self, line: &str) {
        if line.trim().is_empty() {
            self.finish_record();
        } else if let Some((id, kind, text)) = split_text_line(line) {
            if kind == 't' { self.begin_record(id, text) } else { self.take_abstract(id, text, line) }
        } else {
            self.take_fields(line);
        }
    }

    fn begin_record(&mut self, id: &str, title: &str) {
        self.finish_record();
        self.state = State::Record(Draft {
            id: id.to_owned(),
            identifier: Document::identifier_of(id),
            location: self.input.location(),
            title: title.to_owned(),
            body: None,
            annotations: Vec::new(),
            relations: Vec::new(),
        });
    }

    fn take_abstract(&mut self, id: &str, text: &str, line: &str) {
        let reason = match &mut self.state {
            State::Skipping => return,
            State::Record(draft) if draft.id == id && draft.body.is_none() => {
                draft.body = Some(text.to_owned());
                return;
            }
            State::Record(draft) if draft.id == id => "a second abstract in one record",
            _ => "an abstract without a title line before it",
        };
        self.reject(RejectKind::Annotation, &Document::identifier_of(id), reason, line);
    }

    fn take_fields(&mut self, line: &str) {
        let location = self.input.location();
        let draft = match &mut self.state {
            State::Skipping => return,
            State::Record(draft) => draft,
            State::Between => return self.reject(RejectKind::Annotation, "", "stands outside a record", line),
        };
        match RawAnnotation::parse(line, &draft.id, location) {
            Ok(Some(annotation)) => draft.annotations.push(annotation),
            Ok(None) => draft.relations.extend(relation_fields(line)),
            Err(reason) => {
                let record = draft.identifier.clone();
                self.reject(RejectKind::Annotation, &record, reason, line);
            }
        }
    }

    fn take_bad_line(&mut self, bad: BadLine) {
        let state = std::mem::replace(&mut self.state, State::Skipping);
        match (bad, state) {
            (BadLine::End(error), State::Record(draft)) => {
                let reason = format!("the file breaks off within this record, which is not taken: {error}");
                self.reject(RejectKind::File, &draft.identifier, reason, "");
            }
            (BadLine::End(error), _) => {
                self.reject(RejectKind::File, "", format!("the file breaks off here: {error}"), "");
            }
            (BadLine::Line(_), State::Skipping) => {}
            (BadLine::Line(reason), State::Record(draft)) if draft.body.is_some() => {
                self.reject(RejectKind::Annotation, &draft.identifier, reason, "");
                self.state = State::Record(draft);
            }
            (BadLine::Line(reason), State::Record(draft)) => {
                self.reject(RejectKind::Record, &draft.identifier, format!("its abstract {reason}"), &draft.title);
            }
            (BadLine::Line(reason), State::Between) => self.reject(RejectKind::Record, "", reason, ""),
        }
    }

    fn finish_record(&mut self) {
        if let State::Record(draft) = std::mem::replace(&mut self.state, State::Between) {
            draft.finish(&mut self.ready);
        }
    }

    fn reject(&mut self, kind: RejectKind, record: &str, reason: impl Into<String>, line: &str) {
        self.ready.push_back(Err(Reject::new(kind, self.input.location(), record, reason, line)));
    }
}

impl Iterator for PubTator {
    type Item = Result<Document, Reject>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(item) = self.ready.pop_front() {
                return Some(item);
            }
            if self.ended {
                return None;
            }
            match self.input.next_line() {
                Some(Ok(line)) => self.take_line(&line),
                Some(Err(bad)) => self.take_bad_line(bad),
                None => {
                    self.finish_record();
                    self.ended = true;
                }
            }
        }
    }
}

/// Whether a record begins with this line.
pub(super) fn is_title_line(line: &str) -> bool {
    split_text_line(line).is_some_and(|(_, kind, _)| kind == 't')
}

/// The parts of `id|t|text` and `id|a|text`.
fn split_text_line(line: &str) -> Option<(&str, char, &str)> {
    let (id, rest) = line.split_once('|')?;
    let (kind, text) = rest.split_once('|')?;
    let is_text = !id.is_empty() && !id.contains(char::is_whitespace) && matches!(kind, "t" | "a");
    is_text.then(|| (id, if kind == "t" { 't' } else { 'a' }, text))
}

/// A record as far as it has been read.
struct Draft {
    id: String,
    identifier: String,
    location: Location,
    title: String,
    body: Option<String>,
    annotations: Vec<RawAnnotation>,
    /// Name and raw ids of the ends.
    relations: Vec<[String; 3]>,
}

/// The name and the ends of a relation line.
fn relation_fields(line: &str) -> Option<[String; 3]> {
    let [_, name, one, other, ..] = line.split('\t').collect::<Vec<_>>()[..] else { return None };
    Some([name, one, other].map(|field| field.trim().to_owned()))
}

impl Draft {
    /// The document, behind a reject for each annotation that does not fit it.
    fn finish(self, ready: &mut VecDeque<Result<Document, Reject>>) {
        let frame = self.frame();
        let numbered = NumberedText::new(&frame.text);
        let mut annotations = Vec::with_capacity(self.annotations.len());
        for raw in &self.annotations {
            match raw.place(&frame, &numbered, &self.identifier) {
                Ok(annotation) => annotations.push(annotation),
                Err(reason) => {
                    let location = raw.location.clone();
                    let reject = Reject::new(RejectKind::Annotation, location, &self.identifier, reason, &raw.line);
                    ready.push_back(Err(reject));
                }
            }
        }
        let related = |[name, one, other]: &[String; 3]| relation(name, [one, other], &self.identifier, &annotations);
        let relations = self.relations.iter().filter_map(related).collect();
        let passages = frame.passages();
        let (identifier, location) = (self.identifier, self.location);
        let title = self.title.trim().to_owned();
        ready.push_back(Ok(Document {
            identifier,
            title,
            passages,
            annotations,
            relations,
            location,
            ..Document::default()
        }));
    }

    /// The way to count that fits the most annotations. Files differ in whether white space at the end of a title
    /// counts, and in the unit; only the mentions tell.
    fn frame(&self) -> Frame {
        let mut best: Option<(usize, Frame)> = None;
        for frame in self.frames() {
            let numbered = NumberedText::new(&frame.text);
            let spans = self.annotations.iter().filter_map(|raw| Some((raw, raw.span(&frame, &numbered).ok()?)));
            // To the letter counts for more than alike.
            let exactly = |(raw, span): (&RawAnnotation, _)| numbered.slice(span) == Some(raw.mention.trim());
            let fitting: usize = spans.map(|found| 1 + usize::from(exactly(found))).sum();
            if best.as_ref().is_none_or(|(most, _)| fitting > *most) {
                best = Some((fitting, frame));
            }
            if fitting == 2 * self.annotations.len() {
                break;
            }
        }
        best.expect("there is always a first frame").1
    }

    fn frames(&self) -> impl Iterator<Item = Frame> {
        let body = self.body.as_deref().unwrap_or_default();
        let trimmed = self.title.trim_end();
        let shorter = (trimmed.len() < self.title.len()).then_some(trimmed);
        [self.title.as_str()].into_iter().chain(shorter).flat_map(move |title| {
            let units = if title.is_ascii() && body.is_ascii() { &Unit::ALL[..1] } else { &Unit::ALL[..] };
            units.iter().map(move |&unit| Frame::new(title, body, unit))
        })
    }
}

/// One way to count offsets in a record.
struct Frame {
    text: String,
    title_characters: usize,
    /// Offset of each character and of the end, where offsets count something else than characters.
    boundaries: Option<Vec<usize>>,
}

impl Frame {
    fn new(title: &str, body: &str, unit: Unit) -> Self {
        let text = format!("{title} {body}");
        let boundaries = (unit != Unit::Characters).then(|| unit.boundaries(&text));
        Self { text, title_characters: title.chars().count(), boundaries }
    }

    /// The number of the character that starts at this offset.
    fn character(&self, offset: usize) -> Option<usize> {
        match &self.boundaries {
            Some(boundaries) => boundaries.binary_search(&offset).ok(),
            None => Some(offset),
        }
    }

    fn passages(&self) -> Vec<Passage> {
        let split = self.text.char_indices().nth(self.title_characters).map_or(self.text.len(), |(byte, _)| byte);
        let (title, body) = self.text.split_at(split);
        let parts = [(0, title), (self.title_characters + 1, &body[1..])];
        let filled = parts.into_iter().filter(|(_, text)| !text.trim().is_empty());
        filled.map(|(start, text)| Passage { start, text: text.to_owned(), kind: PassageKind::Prose }).collect()
    }
}

/// An annotation line, not yet held against the text.
struct RawAnnotation {
    location: Location,
    line: String,
    start: usize,
    end: usize,
    mention: String,
    label: String,
    id: String,
    /// BC5CDR names the parts of a composite mention.
    parts: Vec<String>,
}

impl RawAnnotation {
    /// Parses a tab-separated line; `None` for a relation.
    fn parse(line: &str, record: &str, location: Location) -> Result<Option<Self>, &'static str> {
        let fields: Vec<&str> = line.split('\t').collect();
        if fields.len() < 4 {
            return Err("is neither an annotation (id, start, end, mention, type, entity id) nor a relation");
        }
        if fields[0].trim() != record {
            return Err("names another record than the one it stands in");
        }
        if !fields[1].trim_start_matches('-').starts_with(|first: char| first.is_ascii_digit()) {
            return Ok(None);
        }
        let [_, start, end, mention, type_name, rest @ ..] = fields.as_slice() else {
            return Err("an annotation needs id, start, end, mention and type");
        };
        let start = start.trim().parse().map_err(|_| "the start is not a whole number")?;
        let end = end.trim().parse().map_err(|_| "the end is not a whole number")?;
        if type_name.trim().is_empty() {
            return Err("the type is empty");
        }
        Ok(Some(Self {
            location,
            line: line.to_owned(),
            start,
            end,
            mention: (*mention).to_owned(),
            label: label_of(type_name),
            id: rest.first().copied().unwrap_or_default().to_owned(),
            parts: rest.get(1).map(|parts| parts.split('|').map(str::to_owned).collect()).unwrap_or_default(),
        }))
    }

    /// The characters that it covers, without white space at the ends, if the mention stands there.
    fn span(&self, frame: &Frame, text: &NumberedText<'_>) -> Result<std::ops::Range<usize>, String> {
        if self.start >= self.end {
            return Err("the end does not come after the start".to_owned());
        }
        let range = frame.character(self.start).zip(frame.character(self.end)).map(|(start, end)| start..end);
        let Some(found) = range.clone().and_then(|range| text.slice(range)) else {
            return Err(format!("the span lies outside the text, which has {} characters", text.len()));
        };
        if !is_alike(found, &self.mention) {
            return Err(format!("the text has {found:?} where the annotation has {:?}", self.mention));
        }
        range.and_then(|range| text.trimmed(range)).ok_or_else(|| "the span holds nothing but white space".to_owned())
    }

    fn place(&self, frame: &Frame, text: &NumberedText<'_>, document: &str) -> Result<Annotation, String> {
        let span = self.span(frame, text)?;
        let mention = text.slice(span.clone()).unwrap_or_default().to_owned();
        let mut entities = entities(&self.label, [self.id.as_str()], document, None, &mention);
        if entities.len() > 1 && entities.len() == self.parts.len() {
            for (entity, part) in entities.iter_mut().zip(&self.parts) {
                entity.name = Some(part.trim().to_owned()).filter(|part| !part.is_empty());
            }
        }
        Ok(Annotation { start: span.start, end: span.end, label: self.label.clone(), text: mention, entities })
    }
}

#[cfg(test)]
mod tests;
