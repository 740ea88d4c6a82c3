//! Plain text: one document a file, its paragraphs separated by empty lines.

use super::document_identifier;
use super::input::{BadLine, Input};
use crate::document::{Document, Location, Passage, PassageKind};
use crate::limits::DOCUMENT_BYTES_MAX;
use crate::{Reject, RejectKind};

/// Reads paragraphs.
pub(crate) struct PlainText {
    input: Input,
    identifier: String,
    /// How many documents the file has given.
    given: u64,
    /// What could not be read, to be told after the document in hand.
    rejected: Option<Reject>,
}

impl PlainText {
    pub(crate) fn new(input: Input) -> Self {
        let file = input.location().file;
        let name = std::path::Path::new(&*file).file_name().map(|name| name.to_string_lossy().into_owned());
        let name = name.unwrap_or_else(|| file.to_string());
        let stem = name.strip_suffix(".gz").unwrap_or(&name);
        let stem = stem.strip_suffix(".txt").unwrap_or(stem);
        Self { input, identifier: document_identifier(stem), given: 0, rejected: None }
    }

    /// The next document and where it begins.
    fn read(&mut self) -> Option<Document> {
        let mut paragraphs = Paragraphs::default();
        let mut location: Option<Location> = None;
        loop {
            match self.input.next_line() {
                Some(Ok(line)) => {
                    location.get_or_insert_with(|| self.input.location());
                    paragraphs.add_line(&line);
                    if line.trim().is_empty() && paragraphs.length >= DOCUMENT_BYTES_MAX {
                        break;
                    }
                }
                Some(Err(bad)) => {
                    self.rejected = Some(self.reject(bad));
                    break;
                }
                None => break,
            }
        }
        paragraphs.finish_paragraph();
        if paragraphs.passages.is_empty() {
            return None;
        }
        self.given += 1;
        let number = if self.given == 1 { String::new() } else { format!("#{}", self.given) };
        let identifier = format!("{}{number}", self.identifier);
        let location = location.unwrap_or_default();
        Some(Document { identifier, passages: paragraphs.passages, location, ..Document::default() })
    }

    fn reject(&self, bad: BadLine) -> Reject {
        let (kind, reason) = match bad {
            BadLine::Line(reason) => (RejectKind::Annotation, reason.to_owned()),
            BadLine::End(error) => (RejectKind::File, format!("the file breaks off here: {error}")),
        };
        Reject::new(kind, self.input.location(), &self.identifier, reason, "")
    }
}

impl Iterator for PlainText {
    type Item = Result<Document, Reject>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(reject) = self.rejected.take() {
            return Some(Err(reject));
        }
        self.read().map(Ok).or_else(|| self.rejected.take().map(Err))
    }
}

/// Paragraphs as they grow line by line.
#[derive(Default)]
struct Paragraphs {
    passages: Vec<Passage>,
    open: String,
    /// Characters of the finished ones, with one between each two.
    characters: usize,
    /// Bytes of all of them.
    length: usize,
}

impl Paragraphs {
    /// A line goes on with the paragraph, an empty one ends it.
    fn add_line(&mut self, line: &str) {
        if line.trim().is_empty() {
            self.finish_paragraph();
            return;
        }
        if !self.open.is_empty() {
            self.open.push('\n');
        }
        self.open.push_str(line);
        self.length += line.len();
    }

    fn finish_paragraph(&mut self) {
        if self.open.is_empty() {
            return;
        }
        let text = std::mem::take(&mut self.open);
        let length = text.chars().count();
        self.passages.push(Passage { start: self.characters, text, kind: PassageKind::Prose });
        self.characters += length + 1;
    }
}

#[cfg(test)]
mod tests {
    use crate::reader::Format;
    use crate::reader::corpus::tests::read_text;

    #[test]
    fn paragraphs_become_passages() {
        let documents = read_text(Format::Text, "One α.\nTwo.\n\n\nThree.\n");
        let [Ok(document)] = documents.as_slice() else { panic!("{documents:?}") };
        assert_eq!((document.identifier.as_str(), document.location.line), ("test", 1));
        let passages: Vec<(usize, &str)> =
            document.passages.iter().map(|passage| (passage.start, passage.text.as_str())).collect();
        assert_eq!(passages, [(0, "One α.\nTwo."), (12, "Three.")]);
        assert!(read_text(Format::Text, " \n\n").is_empty());
    }

    #[test]
    fn a_long_text_becomes_several_documents() {
        let paragraph = format!("{}\n\n", "word ".repeat(60_000));
        let documents = read_text(Format::Text, &paragraph.repeat(8));
        let names: Vec<&str> = documents.iter().map(|item| item.as_ref().unwrap().identifier.as_str()).collect();
        assert_eq!(names, ["test", "test#2"]);
        assert_eq!(documents[1].as_ref().unwrap().passages[0].start, 0);
    }
}
