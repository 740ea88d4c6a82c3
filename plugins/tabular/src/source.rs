//! One file to read: opened, gunzipped if need be, its delimiter found, its rows numbered.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use csv::ByteRecord;
use flate2::bufread::MultiGzDecoder;

use crate::LoadError;

/// How much is read at once; also how far the first line is looked at to guess the delimiter.
const BUFFER_BYTES: usize = 1 << 18;
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
const BYTE_ORDER_MARK: [u8; 3] = [0xef, 0xbb, 0xbf];

/// One file, open for reading row by row.
pub(crate) struct Source {
    path: PathBuf,
    delimiter: u8,
    rows: csv::Reader<Box<dyn Read>>,
    /// A row that was looked at but not taken yet.
    first: Option<ByteRecord>,
}

impl Source {
    /// Opens a file and reads its first row. What is read from the disk is counted in `bytes_read`.
    pub(crate) fn open(path: &Path, delimiter: Option<u8>, bytes_read: &Arc<AtomicU64>) -> Result<Self, LoadError> {
        let failed = |source| LoadError::File { path: path.to_owned(), source };
        let file = File::open(path).map_err(failed)?;
        let mut text = buffered_text(file, bytes_read).map_err(failed)?;
        let head = text.fill_buf().map_err(failed)?;
        if head.starts_with(&BYTE_ORDER_MARK) {
            text.consume(BYTE_ORDER_MARK.len());
        }
        let delimiter = match delimiter {
            Some(delimiter) => delimiter,
            None => guess_delimiter(path, text.fill_buf().map_err(failed)?),
        };
        let rows = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            // A quote in a tab-separated file is a letter: names such as 5"-nucleotidase would swallow lines.
            .quoting(delimiter != b'\t')
            .flexible(true)
            .has_headers(false)
            .from_reader(text as Box<dyn Read>);
        let mut source = Self { path: path.to_owned(), delimiter, rows, first: None };
        let mut first = ByteRecord::new();
        if !source.read(&mut first)? {
            return Err(LoadError::Empty { path: path.to_owned() });
        }
        source.first = Some(first);
        Ok(source)
    }

    /// The file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What separates its fields.
    pub(crate) fn delimiter(&self) -> u8 {
        self.delimiter
    }

    /// The first row, if it has not been taken.
    pub(crate) fn peek_first(&self) -> Option<&ByteRecord> {
        self.first.as_ref()
    }

    /// Takes the first row away: it is the header.
    pub(crate) fn skip_first(&mut self) {
        self.first = None;
    }

    /// Reads the next row; false at the end.
    pub(crate) fn read(&mut self, row: &mut ByteRecord) -> Result<bool, LoadError> {
        if let Some(first) = self.first.take() {
            *row = first;
            return Ok(true);
        }
        self.rows
            .read_byte_record(row)
            .map_err(|error| LoadError::File { path: self.path.clone(), source: error.into() })
    }
}

/// The text of a file as it comes, whether or not it is gzipped.
fn buffered_text(file: File, bytes_read: &Arc<AtomicU64>) -> io::Result<Box<dyn BufRead>> {
    let counted = Counted { inner: file, bytes_read: Arc::clone(bytes_read) };
    let mut raw = BufReader::with_capacity(BUFFER_BYTES, counted);
    if raw.fill_buf()?.starts_with(&GZIP_MAGIC) {
        return Ok(Box::new(BufReader::with_capacity(BUFFER_BYTES, MultiGzDecoder::new(raw))));
    }
    Ok(Box::new(raw))
}

/// Counts what is read, as it lies on the disk.
struct Counted {
    inner: File,
    bytes_read: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.bytes_read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

fn guess_delimiter(path: &Path, head: &[u8]) -> u8 {
    let name = path.file_name().map(|name| name.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    if name.ends_with(".csv") {
        return b',';
    }
    if name.ends_with(".tsv") || name.ends_with(".tab") {
        return b'\t';
    }
    let line = head.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let count = |wanted: u8| line.iter().filter(|&&byte| byte == wanted).count();
    if count(b',') > count(b'\t') { b',' } else { b'\t' }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delimiter_is_guessed_from_the_name_then_from_the_first_line() {
        let cases: [(&str, &[u8], u8); 7] = [
            ("a.csv", b"a\tb\tc", b','),
            ("a.CSV.gz", b"", b','),
            ("a.tsv", b"a,b,c", b'\t'),
            ("a.tab.gz", b"", b'\t'),
            ("a.txt", b"a,b\tc,d\n\t\t\t\t", b','),
            ("a", b"a\tb,c\td\n", b'\t'),
            ("one", b"one\n", b'\t'),
        ];
        for (name, head, expected) in cases {
            assert_eq!(guess_delimiter(Path::new(name), head), expected, "{name}");
        }
    }
}
