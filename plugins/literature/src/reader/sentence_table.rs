//! Tables of plain sentences: a document and a sentence in each row, without annotations.
//!
//! The header row names a column `document`, `doc`, `pmid` or `id` and a column `sentence` or `text`; a column `corpus`, if there is
//! one, becomes part of the identifier. Neighbouring rows of one document make a document, so that a table of any length is read
//! row by row; where a document comes again later, it counts as another one, `ID#2`.

use std::collections::HashMap;

use super::input::{BadLine, Input};
use crate::document::{Document, Passage, PassageKind};
use crate::{Reject, RejectKind};

/// Names of the columns, in lower case.
pub(super) const DOCUMENT_COLUMNS: [&str; 4] = ["document", "doc", "pmid", "id"];
pub(super) const SENTENCE_COLUMNS: [&str; 2] = ["sentence", "text"];

/// Reads tables of sentences.
pub(crate) struct SentenceTable {
    input: Input,
    columns: Option<Columns>,
    /// The document whose rows are being read, with its identifier as the rows have it.
    open: Option<(String, Document)>,
    /// How often a document of this identifier has begun.
    begun: HashMap<String, u32>,
    rejected: Option<Reject>,
}

/// Where the columns stand.
#[derive(Clone, Copy)]
struct Columns {
    corpus: Option<usize>,
    document: usize,
    sentence: usize,
}

impl Columns {
    fn of(header: &str) -> Option<Self> {
        let names: Vec<String> = header.split('\t').map(|name| name.trim().to_lowercase()).collect();
        let position = |known: &[&str]| names.iter().position(|name| known.contains(&name.as_str()));
        let (document, sentence) = (position(&DOCUMENT_COLUMNS)?, position(&SENTENCE_COLUMNS)?);
        Some(Self { corpus: position(&["corpus"]), document, sentence })
    }
}

/// Whether a line is the header of such a table.
pub(super) fn is_header(line: &str) -> bool {
    Columns::of(line).is_some()
}

impl SentenceTable {
    pub(crate) fn new(input: Input) -> Self {
        Self { input, columns: None, open: None, begun: HashMap::new(), rejected: None }
    }

    /// Takes a row; gives the document that it ends.
    fn take_row(&mut self, line: &str) -> Option<Result<Document, Reject>> {
        let Some(columns) = self.columns else {
            self.columns = Columns::of(line);
            let reason = "the header row lacks a column for the document or for the sentence";
            return self.columns.is_none().then(|| Err(self.reject(RejectKind::File, reason, line)));
        };
        let fields: Vec<&str> = line.split('\t').collect();
        let field = |at: usize| fields.get(at).map_or("", |field| field.trim());
        let (id, text) = (field(columns.document), field(columns.sentence));
        if id.is_empty() || text.is_empty() {
            return Some(Err(self.reject(RejectKind::Record, "the row lacks its document or its sentence", line)));
        }
        let identifier = match columns.corpus.map(field) {
            Some(corpus) if !corpus.is_empty() => format!("{corpus}:{id}"),
            _ => Document::identifier_of(id),
        };
        let location = self.input.location();
        let is_next = self.open.as_ref().is_none_or(|(open, _)| *open != identifier);
        let finished = if is_next {
            let times = self.begun.entry(identifier.clone()).or_insert(0);
            *times += 1;
            let numbered = if *times == 1 { identifier.clone() } else { format!("{identifier}#{times}") };
            self.open.replace((identifier, Document { identifier: numbered, location, ..Document::default() }))
        } else {
            None
        };
        let passages = &mut self.open.as_mut()?.1.passages;
        let start = passages.last().map_or(0, |last| last.start + last.text.chars().count() + 1);
        passages.push(Passage { start, text: text.to_owned(), kind: PassageKind::Sentence });
        finished.map(|(_, document)| Ok(document))
    }

    fn reject(&self, kind: RejectKind, reason: impl Into<String>, line: &str) -> Reject {
        Reject::new(kind, self.input.location(), "", reason, line)
    }
}

impl Iterator for SentenceTable {
    type Item = Result<Document, Reject>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(reject) = self.rejected.take() {
            return Some(Err(reject));
        }
        loop {
            match self.input.next_line() {
                Some(Ok(line)) if line.trim().is_empty() => {}
                Some(Ok(line)) => {
                    if let Some(item) = self.take_row(&line) {
                        return Some(item);
                    }
                }
                Some(Err(BadLine::Line(reason))) => return Some(Err(self.reject(RejectKind::Record, reason, ""))),
                Some(Err(BadLine::End(error))) => {
                    let reject = self.reject(RejectKind::File, format!("the file breaks off here: {error}"), "");
                    let Some((_, document)) = self.open.take() else { return Some(Err(reject)) };
                    self.rejected = Some(reject);
                    return Some(Ok(document));
                }
                None => return self.open.take().map(|(_, document)| Ok(document)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::reader::Format;
    use crate::reader::corpus::tests::read_text;

    #[test]
    fn neighbouring_rows_make_a_document() {
        let table = "corpus\tdoc\tsentence\na\t1\tOne.\na\t1\tTwo α.\na\t2\tThree.\na\t\tLost.\na\t1\tFour.\n";
        let items = read_text(Format::Sentences, table);
        let found: Vec<(String, Vec<usize>)> = items
            .iter()
            .flatten()
            .map(|document| (document.identifier.clone(), document.passages.iter().map(|p| p.start).collect()))
            .collect();
        let expected = [("a:1", vec![0, 5]), ("a:2", vec![0]), ("a:1#2", vec![0])];
        assert_eq!(found, expected.map(|(identifier, starts)| (identifier.to_owned(), starts)));
        let rejects: Vec<_> = items.into_iter().filter_map(Result::err).collect();
        assert_eq!((rejects.len(), rejects[0].location.line), (1, 5));
    }

    #[test]
    fn without_a_corpus_a_number_is_a_pubmed_id() {
        let items = read_text(Format::Sentences, "pmid\ttext\n12\tOne.\n");
        assert_eq!(items[0].as_ref().unwrap().identifier, "PMID:12");
        assert!(read_text(Format::Sentences, "x\ty\n1\t2\n")[0].as_ref().unwrap_err().reason.contains("header"));
    }
}
