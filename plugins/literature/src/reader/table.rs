//! Tables in which each row is a sentence with two mentions: rows of one document are brought together.
//!
//! Rows of a document need not stand together, so a table is read whole before its first document is given; such
//! tables hold thousands of rows, not millions.

use std::collections::{BTreeMap, HashMap};

use csv::{ByteRecord, ErrorKind, StringRecord};

use super::entities;
use super::input::Input;
use crate::document::{Annotation, Document, Location, Passage, PassageKind};
use crate::text::NumberedText;
use crate::{Reject, RejectKind};

/// The columns of a table and the meaning of its rows.
pub(crate) struct Layout {
    /// The columns that are read.
    pub(super) columns: &'static [&'static str],
    /// What a row says.
    pub(super) row: fn(&Fields<'_>) -> Result<Row, String>,
}

/// One row in our words.
pub(super) struct Row {
    /// Identifier of the document.
    pub(super) document: String,
    /// Number of the sentence in it.
    pub(super) sentence: u32,
    /// The sentence.
    pub(super) text: String,
    /// Its two mentions, counted from the start of the sentence.
    pub(super) mentions: [Annotation; 2],
}

/// The fields of a row by the name of their column.
pub(super) struct Fields<'a> {
    header: &'a StringRecord,
    record: &'a StringRecord,
}

impl<'a> Fields<'a> {
    /// The field in this column.
    pub(super) fn get(&self, column: &str) -> Result<&'a str, String> {
        let at = self.header.iter().position(|name| name == column);
        at.and_then(|at| self.record.get(at)).ok_or_else(|| format!("the row has no field in column {column}"))
    }

    /// The field in this column as a number.
    pub(super) fn number<N: std::str::FromStr>(&self, column: &str) -> Result<N, String> {
        let field = self.get(column)?.trim();
        field.parse().map_err(|_| format!("column {column}: {field:?} is not a whole number"))
    }

    /// The field in this column as `start#end`, where the end is one past the last character.
    pub(super) fn span(&self, column: &str) -> Result<(usize, usize), String> {
        let field = self.get(column)?.trim();
        let numbers = field.split_once('#').and_then(|(start, end)| Some((start.parse().ok()?, end.parse().ok()?)));
        numbers.ok_or_else(|| format!("column {column}: {field:?} is not of the form 12#34"))
    }
}

/// A mention as a row gives it.
pub(super) struct RowMention<'a> {
    pub(super) label: String,
    pub(super) span: (usize, usize),
    pub(super) text: &'a str,
    /// Empty if the table has no id.
    pub(super) id: &'a str,
    /// The preferred name, if the table has one.
    pub(super) name: Option<&'a str>,
}

impl RowMention<'_> {
    /// The annotation, if the mention stands in the sentence where the row says.
    pub(super) fn place(self, document: &str, sentence: &str) -> Result<Annotation, String> {
        let (start, end) = self.span;
        let text = NumberedText::new(sentence);
        let found = if start < end { text.slice(start..end) } else { None };
        match found {
            Some(found) if found == self.text && !found.trim().is_empty() => {}
            Some(found) => {
                return Err(format!("the sentence has {found:?} at {start}..{end} where the row has {:?}", self.text));
            }
            None => return Err(format!("{start}..{end} is not a span of the sentence, which ends at {}", text.len())),
        }
        let name = self.name.map(str::trim).filter(|name| !name.is_empty());
        let entities = entities(&self.label, [self.id], document, name, self.text);
        Ok(Annotation { start, end, label: self.label, text: self.text.to_owned(), entities })
    }
}

/// Reads a table.
pub(crate) struct Table {
    /// Taken when the table is read, at the first call.
    source: Option<(Input, &'static [Layout])>,
    ready: std::vec::IntoIter<Result<Document, Reject>>,
}

impl Table {
    pub(crate) fn new(input: Input, layouts: &'static [Layout]) -> Self {
        Self { source: Some((input, layouts)), ready: Vec::new().into_iter() }
    }
}

impl Iterator for Table {
    type Item = Result<Document, Reject>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some((input, layouts)) = self.source.take() {
            self.ready = read_whole(input, layouts).into_iter();
        }
        self.ready.next()
    }
}

/// The rejects of a table, then its documents in the order of their first rows.
fn read_whole(mut input: Input, layouts: &[Layout]) -> Vec<Result<Document, Reject>> {
    let file = input.location();
    // Only tables written by R quote their fields; elsewhere a quotation mark is part of the sentence.
    let quoted = input.peek().is_ok_and(|bytes| bytes.first() == Some(&b'"'));
    let mut rows = csv::ReaderBuilder::new().delimiter(b'\t').quoting(quoted).flexible(true).from_reader(input);
    let mut grouped = Grouped::default();
    match rows.headers().cloned() {
        Err(error) => grouped.reject(RejectKind::File, file, "", explain(&error), ""),
        Ok(header) => match choose(layouts, &header) {
            Err(reason) => {
                let line = Location { line: 1, ..file };
                grouped.reject(RejectKind::File, line, "", reason, &join(&header));
            }
            Ok(layout) => {
                for record in rows.into_byte_records() {
                    if !grouped.take(record, &header, layout, &file) {
                        break;
                    }
                }
            }
        },
    }
    grouped.finish()
}

fn choose<'a>(layouts: &'a [Layout], header: &StringRecord) -> Result<&'a Layout, String> {
    let missing = |layout: &Layout| -> Vec<&str> {
        layout.columns.iter().copied().filter(|&column| !header.iter().any(|name| name == column)).collect()
    };
    let closest = layouts.iter().min_by_key(|layout| missing(layout).len()).expect("every table has a layout");
    match missing(closest).as_slice() {
        [] => Ok(closest),
        columns => Err(format!("the header row lacks the columns {}", columns.join(", "))),
    }
}

fn explain(error: &csv::Error) -> String {
    match error.kind() {
        ErrorKind::Io(error) => format!("the file breaks off here: {error}"),
        ErrorKind::Utf8 { .. } => "is not UTF-8 text".to_owned(),
        _ => error.to_string(),
    }
}

fn join(record: &StringRecord) -> String {
    record.iter().collect::<Vec<_>>().join("\t")
}

/// Documents as they grow row by row.
#[derive(Default)]
struct Grouped {
    rejects: Vec<Reject>,
    documents: Vec<Parts>,
    by_identifier: HashMap<String, usize>,
}

/// A document in the making.
struct Parts {
    identifier: String,
    location: Location,
    sentences: BTreeMap<u32, (String, Vec<Annotation>)>,
}

impl Grouped {
    /// Takes a row; false if the file ends here.
    fn take(
        &mut self,
        record: Result<ByteRecord, csv::Error>,
        header: &StringRecord,
        layout: &Layout,
        file: &Location,
    ) -> bool {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                self.reject(RejectKind::File, file.clone(), "", explain(&error), "");
                return false;
            }
        };
        let location = Location { line: record.position().map_or(0, csv::Position::line), ..file.clone() };
        let record = match StringRecord::from_byte_record(record) {
            Ok(record) => record,
            Err(_) => {
                self.reject(RejectKind::Record, location, "", "is not UTF-8 text", "");
                return true;
            }
        };
        let row = (layout.row)(&Fields { header, record: &record });
        if let Err((identifier, reason)) =
            row.map_err(|reason| (String::new(), reason)).and_then(|row| self.add(row, &location))
        {
            self.reject(RejectKind::Record, location, &identifier, reason, &join(&record));
        }
        true
    }

    /// Adds a row to its document; fails with the document's identifier and a reason.
    fn add(&mut self, row: Row, location: &Location) -> Result<(), (String, String)> {
        let at = *self.by_identifier.entry(row.document.clone()).or_insert(self.documents.len());
        if at == self.documents.len() {
            let (identifier, location) = (row.document, location.clone());
            self.documents.push(Parts { identifier, location, sentences: BTreeMap::new() });
        }
        let document = &mut self.documents[at];
        let (text, annotations) =
            document.sentences.entry(row.sentence).or_insert_with(|| (row.text.clone(), Vec::new()));
        if *text != row.text {
            let reason = format!("an earlier row has another text for sentence {}", row.sentence);
            return Err((document.identifier.clone(), reason));
        }
        for annotation in row.mentions {
            if !annotations.contains(&annotation) {
                annotations.push(annotation);
            }
        }
        Ok(())
    }

    fn reject(&mut self, kind: RejectKind, location: Location, record: &str, reason: impl Into<String>, text: &str) {
        self.rejects.push(Reject::new(kind, location, record, reason, text));
    }

    fn finish(self) -> Vec<Result<Document, Reject>> {
        let rejects = self.rejects.into_iter().map(Err);
        rejects.chain(self.documents.into_iter().map(|parts| Ok(parts.lay_out()))).collect()
    }
}

impl Parts {
    /// The document, with its sentences one after the other: where they stood in the abstract is not in the table.
    fn lay_out(self) -> Document {
        let mut document = Document { identifier: self.identifier, location: self.location, ..Document::default() };
        let mut start = 0;
        for (text, annotations) in self.sentences.into_values() {
            let length = text.chars().count();
            document.annotations.extend(annotations.into_iter().map(|annotation| Annotation {
                start: annotation.start + start,
                end: annotation.end + start,
                ..annotation
            }));
            document.passages.push(Passage { start, text, kind: PassageKind::Sentence });
            start += length + 1;
        }
        document
    }
}

#[cfg(test)]
mod tests;
