//! The input of an ingestion: files one after another, or documents that the caller has already.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::bioc::{BiocJson, BiocXml};
use super::encoding;
use super::eu_adr::EU_ADR;
use super::gad::GAD;
use super::input::{Input, Meter};
use super::json_lines::JsonLines;
use super::medline::Medline;
use super::paths::{self, Found};
use super::plain_text::PlainText;
use super::pubmed::PubMed;
use super::pubtator::PubTator;
use super::sentence_table::SentenceTable;
use super::table::Table;
use super::{Documents, Format};
use crate::document::Location;
use crate::tag::{self, Tagger};
use crate::{Document, IngestError, Reject, RejectKind};

/// The path that stands for standard input.
const STANDARD_INPUT: &str = "-";

/// Documents to be ingested.
pub struct Corpus<'a> {
    documents: Documents<'a>,
    meter: Meter,
    bytes_total: Option<u64>,
}

impl<'a> Corpus<'a> {
    /// The documents of these files, one file after the other. A folder stands for all files in it, a path with `*` or `?`
    /// for those that fit, `-` for standard input. Gzip and Zstandard are unpacked. Without a format it is told from the beginning of
    /// each file; files of a folder of which it does not tell become rejects.
    ///
    /// # Errors
    /// If a file cannot be opened or the format of one that was named is not known. All files are looked at before the
    /// first is read.
    pub fn open(paths: &[PathBuf], format: Option<Format>) -> Result<Self, IngestError> {
        let meter = Meter::default();
        let (mut files, mut passed_over) = (Vec::new(), Vec::new());
        for Found { path, is_named } in paths::expand(paths)? {
            match SourceFile::open(&path, format, &meter) {
                Err(IngestError::UnknownFormat { path }) if !is_named => {
                    passed_over.push(unread(&path, "neither its content nor its name tells its format"));
                }
                Err(IngestError::NotText { path, reason }) if !is_named => passed_over.push(unread(&path, &reason)),
                opened => files.push(opened?),
            }
        }
        let bytes_total = files.iter().map(|file| file.bytes).sum();
        let counted = meter.clone();
        let documents = files.into_iter().flat_map(move |file| file.documents(&counted));
        let documents = Box::new(passed_over.into_iter().map(Err).chain(documents));
        Ok(Self { documents, meter, bytes_total })
    }

    /// Documents that the caller has already, or reads in his own way.
    pub fn from_documents<I>(documents: I) -> Self
    where
        I: IntoIterator<Item = Result<Document, Reject>>,
        I::IntoIter: Send + 'a,
    {
        Self { documents: Box::new(documents.into_iter()), meter: Meter::default(), bytes_total: None }
    }

    /// Lets a tagger find the mentions of documents that have no annotations, or of all documents if `fresh`; and leads
    /// the identifiers of the others to those of the tagger, so that one thing is one entity under whatever scheme a
    /// text names it.
    #[must_use]
    pub fn tagged(self, tagger: Arc<dyn Tagger + 'a>, fresh: bool) -> Self {
        let documents = self.documents.map(move |item| {
            item.map(|mut document| {
                if fresh || document.annotations.is_empty() {
                    document.annotations =
                        tagger.tag(&document).into_iter().map(|mention| mention.annotation).collect();
                } else {
                    tag::link(&mut document.annotations, &*tagger);
                }
                document
            })
        });
        Self { documents: Box::new(documents), ..self }
    }

    /// How many bytes its files have on disk; `None` if that is not known.
    pub fn bytes_total(&self) -> Option<u64> {
        self.bytes_total
    }

    /// How many bytes of its files have been read so far.
    pub fn bytes_read(&self) -> u64 {
        self.meter.bytes()
    }
}

impl Iterator for Corpus<'_> {
    type Item = Result<Document, Reject>;

    fn next(&mut self) -> Option<Self::Item> {
        self.documents.next()
    }
}

impl std::fmt::Debug for Corpus<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Corpus").field("bytes_total", &self.bytes_total).finish_non_exhaustive()
    }
}

/// The reject for a file of a folder that cannot be read.
fn unread(path: &Path, reason: &str) -> Reject {
    let location = Location { file: path.to_string_lossy().into(), line: 0 };
    Reject::new(RejectKind::File, location, "", reason, "")
}

/// A file whose format is known.
struct SourceFile {
    path: PathBuf,
    format: Format,
    /// Its size; `None` for a pipe.
    bytes: Option<u64>,
    /// A pipe cannot be opened twice, so it is kept open; thousands of plain files are not.
    input: Option<Input>,
}

impl SourceFile {
    fn open(path: &Path, format: Option<Format>, meter: &Meter) -> Result<Self, IngestError> {
        let failed = |source| IngestError::Open { path: path.to_owned(), source };
        if path == Path::new(STANDARD_INPUT) {
            let mut input = Input::standard(meter).map_err(failed)?;
            refuse_what_is_no_text(path, input.peek().map_err(failed)?)?;
            let guessed = Format::guess(path, input.peek().map_err(failed)?).unwrap_or(Format::Text);
            let format = format.unwrap_or(guessed);
            return Ok(Self { path: path.to_owned(), format, bytes: None, input: Some(input) });
        }
        let metadata = std::fs::metadata(path).map_err(failed)?;
        let is_plain = metadata.is_file();
        // The glance at a plain file must not count as read.
        let glance = Meter::default();
        let mut input = Input::open(path, if is_plain { &glance } else { meter }).map_err(failed)?;
        let beginning = input.peek().map_err(failed)?;
        refuse_what_is_no_text(path, beginning)?;
        let format = format
            .or_else(|| Format::guess(path, beginning))
            .ok_or_else(|| IngestError::UnknownFormat { path: path.to_owned() })?;
        let bytes = is_plain.then_some(metadata.len());
        Ok(Self { path: path.to_owned(), format, bytes, input: (!is_plain).then_some(input) })
    }

    fn documents(self, meter: &Meter) -> Documents<'static> {
        let opened = self.input.map_or_else(|| Input::open(&self.path, meter), Ok);
        match opened {
            Ok(input) => read(input, self.format),
            Err(error) => Box::new(std::iter::once(Err(unread(&self.path, &error.to_string())))),
        }
    }
}

fn refuse_what_is_no_text(path: &Path, beginning: &[u8]) -> Result<(), IngestError> {
    match encoding::why_unreadable(beginning) {
        Some(reason) => Err(IngestError::NotText { path: path.to_owned(), reason }),
        None => Ok(()),
    }
}

/// The documents of one input.
fn read(input: Input, format: Format) -> Documents<'static> {
    match format {
        Format::PubTator => Box::new(PubTator::new(input)),
        Format::JsonLines => Box::new(JsonLines::new(input)),
        Format::Gad => Box::new(Table::new(input, &GAD)),
        Format::EuAdr => Box::new(Table::new(input, &EU_ADR)),
        Format::PubMed => Box::new(PubMed::new(input)),
        Format::Medline => Box::new(Medline::new(input)),
        Format::BiocXml => Box::new(BiocXml::new(input)),
        Format::BiocJson => Box::new(BiocJson::new(input)),
        Format::Sentences => Box::new(SentenceTable::new(input)),
        Format::Text => Box::new(PlainText::new(input)),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    #[test]
    fn a_folder_is_read_whole_and_what_is_unknown_in_it_is_told() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.pubtator"), "1|t|One\n").unwrap();
        std::fs::write(folder.path().join("b.data"), "some words\n").unwrap();
        std::fs::write(folder.path().join("c.txt"), "Plain words.\n").unwrap();
        let found: Vec<_> = Corpus::open(&[folder.path().to_owned()], None).unwrap().collect();
        let identifiers: Vec<&str> = found.iter().flatten().map(|document| document.identifier.as_str()).collect();
        assert!(matches!(identifiers[..], ["PMID:1", text] if text.ends_with("/c.txt")), "{identifiers:?}");
        let reject = found.iter().find_map(|item| item.as_ref().err()).unwrap();
        assert!(reject.location.file.ends_with("b.data") && reject.kind == RejectKind::File, "{reject:?}");
    }

    /// Everything that a reader gives for a text.
    pub(crate) fn read_text(format: Format, text: &str) -> Vec<Result<Document, Reject>> {
        let bytes = std::io::Cursor::new(text.as_bytes().to_vec());
        read(Input::new(bytes, "test".into()).unwrap(), format).collect()
    }

    #[test]
    fn files_follow_one_another_and_are_counted() {
        let folder = tempfile::tempdir().unwrap();
        let paths = [folder.path().join("a.txt"), folder.path().join("b.txt")];
        std::fs::write(&paths[0], "1|t|One\n").unwrap();
        std::fs::write(&paths[1], "{\"id\": \"X:2\", \"text\": \"Two\"}").unwrap();
        let mut corpus = Corpus::open(&paths, None).unwrap();
        assert_eq!((corpus.bytes_read(), corpus.bytes_total()), (0, Some(36)));
        let identifiers: Vec<String> = corpus.by_ref().map(|document| document.unwrap().identifier).collect();
        assert_eq!(identifiers, ["PMID:1", "X:2"]);
        assert_eq!(corpus.bytes_read(), 36);
    }

    #[test]
    fn every_file_is_looked_at_before_the_first_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let good = folder.path().join("a.pubtator");
        std::fs::write(&good, "1|t|One\n").unwrap();
        let missing = Corpus::open(&[good.clone(), folder.path().join("missing")], None).unwrap_err();
        assert!(matches!(&missing, IngestError::Open { path, .. } if path.ends_with("missing")), "{missing}");
        let odd = folder.path().join("odd.data");
        std::fs::write(&odd, "some words\n").unwrap();
        let unknown = Corpus::open(&[good, odd.clone()], None).unwrap_err();
        assert!(unknown.to_string().contains("--format"), "{unknown}");
        assert!(Corpus::open(&[odd], Some(Format::JsonLines)).is_ok());
    }
}
