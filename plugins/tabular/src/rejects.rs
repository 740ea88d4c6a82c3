//! Rows that cannot be loaded: counted, remembered, written to a file.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use csv::ByteRecord;

use crate::LoadError;

/// How many rejects the summary shows.
const EXAMPLES: usize = 5;

/// A row that could not be loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// The file that it stands in.
    pub file: PathBuf,
    /// Its line there, counted from 1; in a column file or a record batch, its row.
    pub line: u64,
    /// What is wrong with it.
    pub reason: String,
}

/// A rejected row as the parser hands it on.
#[derive(Debug)]
pub(crate) struct Rejected {
    pub(crate) line: u64,
    pub(crate) delimiter: u8,
    pub(crate) row: ByteRecord,
    pub(crate) reason: String,
}

/// Takes rejected rows. The file is made when the first one comes, so that a clean load leaves none; it has the columns
/// file, line, reason, row, separated by tabs. The row is the rest of the line, as it was, with line breaks inside
/// quotes written as `\n`: `cut -f 4-` gives rows that can be mended and loaded.
pub(crate) struct Rejects {
    path: Option<PathBuf>,
    file: Option<BufWriter<File>>,
    count: u64,
    first: Vec<Reject>,
}

impl Rejects {
    pub(crate) fn new(path: Option<PathBuf>) -> Self {
        Self { path, file: None, count: 0, first: Vec::new() }
    }

    /// How many rows were rejected.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// Takes a row.
    pub(crate) fn take(&mut self, file: &Path, rejected: Rejected) -> Result<(), LoadError> {
        self.count += 1;
        self.write(file, &rejected)
            .map_err(|source| LoadError::Rejects { path: self.path.clone().unwrap_or_default(), source })?;
        if self.first.len() < EXAMPLES {
            let Rejected { line, reason, .. } = rejected;
            self.first.push(Reject { file: file.to_owned(), line, reason });
        }
        Ok(())
    }

    /// Writes what is buffered; gives the file, if there is one, and the first rejects.
    pub(crate) fn finish(mut self) -> Result<(Option<PathBuf>, Vec<Reject>), LoadError> {
        let Some(mut file) = self.file.take() else { return Ok((None, self.first)) };
        let path = self.path.unwrap_or_default();
        match file.flush() {
            Ok(()) => Ok((Some(path), self.first)),
            Err(source) => Err(LoadError::Rejects { path, source }),
        }
    }

    fn write(&mut self, file: &Path, Rejected { line, delimiter, row, reason }: &Rejected) -> io::Result<()> {
        let Some(path) = &self.path else { return Ok(()) };
        if self.file.is_none() {
            let mut created = BufWriter::new(File::create(path)?);
            created.write_all(b"file\tline\treason\trow\n")?;
            self.file = Some(created);
        }
        let Some(output) = &mut self.file else { return Ok(()) };
        let reason = reason.replace(['\t', '\n', '\r'], " ");
        write!(output, "{}\t{line}\t{reason}\t", file.display())?;
        output.write_all(&on_one_line(row, *delimiter)?)?;
        output.write_all(b"\n")
    }
}

/// The row as text of one line.
fn on_one_line(row: &ByteRecord, delimiter: u8) -> io::Result<Vec<u8>> {
    let style = if delimiter == b'\t' { csv::QuoteStyle::Never } else { csv::QuoteStyle::Necessary };
    let mut writer =
        csv::WriterBuilder::new().delimiter(delimiter).quote_style(style).flexible(true).from_writer(Vec::new());
    writer.write_byte_record(row)?;
    let text = writer.into_inner().map_err(|error| io::Error::other(error.to_string()))?;
    let text = text.strip_suffix(b"\n").unwrap_or(&text);
    let mut line = Vec::with_capacity(text.len());
    for &byte in text {
        match byte {
            b'\n' => line.extend_from_slice(b"\\n"),
            b'\r' => line.extend_from_slice(b"\\r"),
            other => line.push(other),
        }
    }
    Ok(line)
}
