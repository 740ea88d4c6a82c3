//! Plain text: one document a file, its paragraphs separated by empty lines.
//!
//! A file is known by its place, so that it replaces what it said before it was edited and no other file of its name;
//! what comes through a pipe is known by what it says.

use sha2::{Digest, Sha256};

use super::input::{BadLine, Input};
use crate::document::{Document, Location, Passage, PassageKind};
use crate::limits::DOCUMENT_BYTES_MAX;
use crate::{Reject, RejectKind};

/// Reads paragraphs.
pub(crate) struct PlainText {
    input: Input,
    /// `file:` and the path of the file; none for a pipe.
    identifier: Option<String>,
    /// How many documents the file has given.
    given: u64,
    ended: bool,
}

impl PlainText {
    pub(crate) fn new(input: Input) -> Self {
        let unpacked = |place: &str| place.trim_end_matches(".gz").trim_end_matches(".zst").to_owned();
        let place = input.place().map(|place| format!("file:{}", unpacked(place)));
        Self { input, identifier: place, given: 0, ended: false }
    }

    /// The next document, or why the rest of the file is not text.
    fn read(&mut self) -> Option<Result<Document, Reject>> {
        let mut paragraphs = Paragraphs::default();
        let mut location: Option<Location> = None;
        while !self.ended {
            match self.input.next_line() {
                Some(Ok(line)) => {
                    location.get_or_insert_with(|| self.input.location());
                    paragraphs.add_line(&line);
                    if line.trim().is_empty() && paragraphs.length >= DOCUMENT_BYTES_MAX {
                        break;
                    }
                }
                // A text with a gap may say something else, so nothing of it is taken.
                Some(Err(bad)) => {
                    self.ended = true;
                    return Some(Err(self.reject(bad)));
                }
                None => self.ended = true,
            }
        }
        paragraphs.finish_paragraph();
        if paragraphs.passages.is_empty() {
            return None;
        }
        self.given += 1;
        let identifier = match &self.identifier {
            Some(identifier) if self.given == 1 => identifier.clone(),
            Some(identifier) => format!("{identifier}#{}", self.given),
            None => content_identifier(&paragraphs.passages),
        };
        let location = location.unwrap_or_default();
        Some(Ok(Document { identifier, passages: paragraphs.passages, location, ..Document::default() }))
    }

    fn reject(&self, bad: BadLine) -> Reject {
        let reason = match bad {
            BadLine::Line(reason) => format!("{reason}; the text is not taken"),
            BadLine::End(error) => format!("the file breaks off here, and the text is not taken: {error}"),
        };
        let record = self.identifier.as_deref().unwrap_or_default();
        Reject::new(RejectKind::File, self.input.location(), record, reason, "")
    }
}

/// The identifier of a text that has no place: by what it says.
fn content_identifier(passages: &[Passage]) -> String {
    let mut hash = Sha256::new();
    for passage in passages {
        hash.update(passage.text.as_bytes());
        hash.update(b"\n\n");
    }
    let digits: String = hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("text:{digits}")
}

impl Iterator for PlainText {
    type Item = Result<Document, Reject>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read()
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
    use std::path::PathBuf;

    use crate::reader::Format;
    use crate::reader::corpus::tests::read_text;
    use crate::{Corpus, RejectKind};

    fn identifiers(paths: &[PathBuf]) -> Vec<String> {
        let corpus = Corpus::open(paths, Some(Format::Text)).unwrap();
        corpus.map(|document| document.unwrap().identifier).collect()
    }

    #[test]
    fn paragraphs_become_passages() {
        let documents = read_text(Format::Text, "One α.\nTwo.\n\n\nThree.\n");
        let [Ok(document)] = documents.as_slice() else { panic!("{documents:?}") };
        assert_eq!(document.location.line, 1);
        let passages: Vec<(usize, &str)> =
            document.passages.iter().map(|passage| (passage.start, passage.text.as_str())).collect();
        assert_eq!(passages, [(0, "One α.\nTwo."), (12, "Three.")]);
        assert!(read_text(Format::Text, " \n\n").is_empty());
    }

    #[test]
    fn a_pipe_is_known_by_what_comes_through_it() {
        let identifier = |text: &str| read_text(Format::Text, text)[0].as_ref().unwrap().identifier.clone();
        assert_eq!(identifier("One.\n"), identifier("One.\n"));
        assert_ne!(identifier("One.\n"), identifier("Two.\n"));
        assert!(identifier("One.\n").starts_with("text:"));
    }

    #[test]
    fn a_file_is_known_by_its_place_and_not_by_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let paths = ["a/1.txt", "b/1.txt"].map(path);
        for (name, path) in ["a", "b"].iter().zip(&paths) {
            std::fs::create_dir(folder.path().join(name)).unwrap();
            std::fs::write(path, "The same words.\n").unwrap();
        }
        let found = identifiers(&paths);
        assert_ne!(found[0], found[1]);
        assert!(found[0].starts_with("file:/") && found[0].ends_with("/a/1.txt"), "{found:?}");
        std::fs::write(&paths[0], "Other words.\n").unwrap();
        assert_eq!(identifiers(&[folder.path().join("b/../a/1.txt")]), [found[0].as_str()]);
    }

    #[test]
    fn a_long_text_becomes_several_documents() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("long.txt");
        let paragraph = format!("{}\n\n", "word ".repeat(60_000));
        std::fs::write(&path, paragraph.repeat(8)).unwrap();
        let documents: Vec<_> = Corpus::open(&[path], None).unwrap().map(Result::unwrap).collect();
        let [first, second] = documents.as_slice() else { panic!("{}", documents.len()) };
        assert_eq!(second.identifier, format!("{}#2", first.identifier));
        assert_eq!(second.passages[0].start, 0);
    }

    #[test]
    fn a_text_in_another_encoding_is_told_and_not_taken_in_part() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("latin.txt");
        std::fs::write(&path, b"One.\n\nSj\xf6gren syndrome.\n\nThree.\n").unwrap();
        let found: Vec<_> = Corpus::open(&[path], None).unwrap().collect();
        let [Err(reject)] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!((reject.kind, reject.location.line), (RejectKind::File, 3));
        assert!(reject.reason.contains("UTF-8") && reject.reason.contains("Latin-1"), "{}", reject.reason);
    }
}
