//! The input of an ingestion: files one after another, or documents that the caller has already.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;

use super::bioc::{BiocJson, BiocXml};
use super::cut::cuts;
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
use crate::slice::{PlanError, Slice};
use crate::tag::{self, Tagger};
use crate::{Document, IngestError, Reject, RejectKind};

/// The path that stands for standard input.
const STANDARD_INPUT: &str = "-";

/// Documents to be ingested.
pub struct Corpus<'a> {
    items: Items<'a>,
    tagging: Option<Tagging<'a>>,
    meter: Meter,
    bytes_total: Option<u64>,
}

/// What a corpus gives, in the order of its files.
type Items<'a> = Box<dyn Iterator<Item = Item> + Send + 'a>;

/// A piece of a corpus.
#[derive(Debug)]
pub(crate) enum Item {
    /// A document, or what could not be read.
    Read(Result<Document, Reject>),
    /// The end of a file, or of a part that can be read by itself. What is done with a slice depends on it alone.
    SliceEnd,
}

/// Who finds the mentions of documents.
#[derive(Clone)]
struct Tagging<'a> {
    tagger: Arc<dyn Tagger + 'a>,
    fresh: bool,
}

impl Tagging<'_> {
    fn apply(&self, document: &mut Document) {
        if self.fresh || document.annotations.is_empty() {
            let mentions = self.tagger.tag(document);
            document.annotations = mentions.into_iter().map(|mention| mention.annotation).collect();
        } else {
            tag::link(&mut document.annotations, &*self.tagger);
        }
    }
}

impl<'a> Corpus<'a> {
    /// The documents of these files, one file after the other. A folder stands for all files in it, a path with `*` or `?`
    /// for those that fit, `-` for standard input. Gzip and Zstandard are unpacked. Without a format it is told from the
    /// beginning of each file; files of a folder of which it does not tell become rejects.
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
        let items = files.into_iter().flat_map(move |file| file.items(&counted));
        let items = Box::new(passed_over.into_iter().map(|reject| Item::Read(Err(reject))).chain(items));
        Ok(Self { items, tagging: None, meter, bytes_total })
    }

    /// The documents of one slice of a plan.
    pub(crate) fn of_slice(slice: &Slice) -> Result<Self, PlanError> {
        let (path, format, cut) = (slice.path(), slice.format()?, slice.cut());
        let meter = Meter::default();
        let input = Input::open_part(&path, cut, &meter);
        let input = input.map_err(|source| IngestError::Open { path, source })?.named(&slice.name);
        let items = read(input, format).map(Item::Read).chain(std::iter::once(Item::SliceEnd));
        Ok(Self { items: Box::new(items), tagging: None, meter, bytes_total: Some(cut.end - cut.start) })
    }

    /// Documents that the caller has already, or reads in his own way.
    pub fn from_documents<I>(documents: I) -> Self
    where
        I: IntoIterator<Item = Result<Document, Reject>>,
        I::IntoIter: Send + 'a,
    {
        let items = Box::new(documents.into_iter().map(Item::Read));
        Self { items, tagging: None, meter: Meter::default(), bytes_total: None }
    }

    /// Lets a tagger find the mentions of documents that have no annotations, or of all documents if `fresh`; and leads
    /// the identifiers of the others to those of the tagger, so that one thing is one entity under whatever scheme a
    /// text names it.
    #[must_use]
    pub fn tagged(self, tagger: Arc<dyn Tagger + 'a>, fresh: bool) -> Self {
        Self { tagging: Some(Tagging { tagger, fresh }), ..self }
    }

    /// Who tags, and whether documents with annotations too.
    pub(crate) fn tagger(&self) -> Option<(&dyn Tagger, bool)> {
        self.tagging.as_ref().map(|tagging| (&*tagging.tagger as &dyn Tagger, tagging.fresh))
    }

    /// Up to so many items, each document tagged and handed to `work`, all of them on all cores, and given back in their
    /// order. Nothing at the end.
    pub(crate) fn next_batch<T: Send>(&mut self, count: usize, work: impl Fn(Document) -> T + Sync) -> Vec<Worked<T>> {
        let items: Vec<Item> = self.items.by_ref().take(count).collect();
        let tagging = self.tagging.as_ref();
        let work = |item| match item {
            Item::SliceEnd => Worked::SliceEnd,
            Item::Read(Err(reject)) => Worked::Reject(reject),
            Item::Read(Ok(mut document)) => {
                if let Some(tagging) = tagging {
                    tagging.apply(&mut document);
                }
                Worked::Document(work(document))
            }
        };
        items.into_par_iter().map(work).collect()
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

/// An item of a corpus with what was made of it.
#[derive(Debug)]
pub(crate) enum Worked<T> {
    /// Of a document.
    Document(T),
    /// What could not be read.
    Reject(Reject),
    /// The end of a slice.
    SliceEnd,
}

impl Iterator for Corpus<'_> {
    type Item = Result<Document, Reject>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.items.next()? {
                Item::SliceEnd => {}
                Item::Read(Err(reject)) => return Some(Err(reject)),
                Item::Read(Ok(mut document)) => {
                    if let Some(tagging) = &self.tagging {
                        tagging.apply(&mut document);
                    }
                    return Some(Ok(document));
                }
            }
        }
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
pub(crate) struct SourceFile {
    path: PathBuf,
    format: Format,
    /// Its size; `None` for a pipe.
    bytes: Option<u64>,
    /// A pipe cannot be opened twice, so it is kept open; thousands of plain files are not.
    input: Option<Input>,
}

impl SourceFile {
    pub(crate) fn open(path: &Path, format: Option<Format>, meter: &Meter) -> Result<Self, IngestError> {
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

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn format(&self) -> Format {
        self.format
    }

    /// Its documents, slice by slice.
    fn items(self, meter: &Meter) -> Items<'static> {
        if let Some(input) = self.input {
            return Box::new(read(input, self.format).map(Item::Read).chain(std::iter::once(Item::SliceEnd)));
        }
        let cuts = match cuts(&self.path, self.format) {
            Ok(cuts) => cuts,
            Err(error) => return Box::new(std::iter::once(Item::Read(Err(unread(&self.path, &error.to_string()))))),
        };
        let (path, format, meter) = (self.path, self.format, meter.clone());
        Box::new(cuts.into_iter().flat_map(move |cut| -> Items<'static> {
            let end = std::iter::once(Item::SliceEnd);
            match Input::open_part(&path, cut, &meter) {
                Ok(input) => Box::new(read(input, format).map(Item::Read).chain(end)),
                Err(error) => Box::new(std::iter::once(Item::Read(Err(unread(&path, &error.to_string()))))),
            }
        }))
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
