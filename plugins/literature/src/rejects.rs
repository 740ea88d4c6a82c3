//! What could not be taken from the input, and the file that lists it: nothing is dropped without a line there.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::IngestError;
use crate::document::Location;
use crate::text::cut;

/// The longest piece of raw text that is kept for a reject, in characters.
const TEXT_CHARACTERS_MAX: usize = 200;

/// The header row of the list of rejects.
const HEADER: &[u8] = b"file\tline\tkind\trecord\treason\ttext\n";

/// Something that could not be taken from the input, and why. The rest goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// How much was lost.
    pub kind: RejectKind,
    /// Where it stands.
    pub location: Location,
    /// The record that it belongs to, such as `PMID:12345`; empty if that is not known.
    pub record: String,
    /// What is wrong.
    pub reason: String,
    /// The raw text, cut if it is long.
    pub text: String,
}

impl Reject {
    /// A reject; a long text is cut.
    pub fn new(kind: RejectKind, location: Location, record: &str, reason: impl Into<String>, text: &str) -> Self {
        Self { kind, location, record: record.to_owned(), reason: reason.into(), text: cut(text, TEXT_CHARACTERS_MAX) }
    }
}

/// How much a reject cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RejectKind {
    /// The rest of a file: it could not be read to its end.
    File,
    /// A whole document, or a whole row of a table.
    Record,
    /// One annotation or one other line of a document.
    Annotation,
    /// One pair of entities in one sentence, which the model could not read.
    Pair,
}

impl RejectKind {
    /// All kinds.
    pub(crate) const ALL: [Self; 4] = [Self::File, Self::Record, Self::Annotation, Self::Pair];

    /// The word for it in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Record => "record",
            Self::Annotation => "annotation",
            Self::Pair => "pair",
        }
    }
}

/// The list of rejects as a tab-separated file with the columns `file`, `line`, `kind`, `record`, `reason` and `text`.
/// Tabs, line breaks and backslashes within them are written as `\t`, `\n`, `\r` and `\\`.
#[derive(Debug)]
pub(crate) struct RejectsFile {
    path: Option<PathBuf>,
    /// Opened at the first reject, so that a clean run leaves no empty file.
    file: Option<BufWriter<File>>,
}

impl RejectsFile {
    /// Rejects go to this path, or nowhere.
    pub(crate) fn new(path: Option<PathBuf>) -> Self {
        Self { path, file: None }
    }

    /// Adds a reject.
    pub(crate) fn add(&mut self, reject: &Reject) -> Result<(), IngestError> {
        let Some(path) = &self.path else { return Ok(()) };
        let written = match &mut self.file {
            Some(file) => write_row(file, reject),
            None => create(path).and_then(|file| write_row(self.file.insert(file), reject)),
        };
        written.map_err(|source| IngestError::Rejects { path: path.clone(), source })
    }

    /// Hands what was added to the system.
    pub(crate) fn flush(&mut self) -> Result<(), IngestError> {
        match (&self.path, &mut self.file) {
            (Some(path), Some(file)) => {
                file.flush().map_err(|source| IngestError::Rejects { path: path.clone(), source })
            }
            _ => Ok(()),
        }
    }

    /// The file, if there was a reject to write.
    pub(crate) fn written(&self) -> Option<&Path> {
        self.file.as_ref().and(self.path.as_deref())
    }
}

fn create(path: &Path) -> std::io::Result<BufWriter<File>> {
    let mut file = BufWriter::new(File::create(path)?);
    file.write_all(HEADER)?;
    Ok(file)
}

/// Writes a reject as a row of the list of rejects, behind the header row if it is the first.
///
/// # Errors
/// If the writing fails.
pub fn write_reject(out: &mut impl Write, reject: &Reject, is_first: bool) -> std::io::Result<()> {
    if is_first {
        out.write_all(HEADER)?;
    }
    write_row(out, reject)
}

fn write_row(file: &mut impl Write, reject: &Reject) -> std::io::Result<()> {
    let Reject { kind, location, record, reason, text } = reject;
    let (source, record, reason, text) = (escape(&location.file), escape(record), escape(reason), escape(text));
    writeln!(file, "{source}\t{}\t{}\t{record}\t{reason}\t{text}", location.line, kind.name())
}

fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\t', "\\t").replace('\n', "\\n").replace('\r', "\\r")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reject(text: &str) -> Reject {
        let location = Location { file: "a\tb".into(), line: 7 };
        Reject::new(RejectKind::Annotation, location, "PMID:1", "no end", text)
    }

    #[test]
    fn a_file_is_made_at_the_first_reject_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rejects.tsv");
        let mut rejects = RejectsFile::new(Some(path.clone()));
        rejects.flush().unwrap();
        assert!(!path.exists());
        rejects.add(&reject("x\ty\n\\")).unwrap();
        rejects.flush().unwrap();
        let expected = "file\tline\tkind\trecord\treason\ttext\na\\tb\t7\tannotation\tPMID:1\tno end\tx\\ty\\n\\\\\n";
        assert_eq!(std::fs::read_to_string(&path).unwrap(), expected);
        assert_eq!(rejects.written(), Some(path.as_path()));
    }

    #[test]
    fn long_texts_are_cut() {
        assert_eq!(reject(&"x".repeat(10_000)).text.chars().count(), TEXT_CHARACTERS_MAX + 1);
    }

    #[test]
    fn a_file_that_cannot_be_made_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let mut rejects = RejectsFile::new(Some(folder.path().join("missing").join("rejects.tsv")));
        let error = rejects.add(&reject("x")).unwrap_err();
        assert!(error.to_string().contains("rejects.tsv"), "{error}");
    }
}
