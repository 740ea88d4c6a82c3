//! One file of text to read: opened, decompressed if need be, its delimiter found, cut into blocks of whole rows.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use csv::ByteRecord;
use flate2::bufread::MultiGzDecoder;

use crate::limits::ROW_BYTES_MAX;
use crate::{LoadError, cut, parse};

/// How much is read at once; also how far the first line is looked at to guess the delimiter.
const BUFFER_BYTES: usize = 1 << 18;

/// How long a block is, unless a row is longer: large enough that handing it to another thread costs nothing, small
/// enough that all threads have some.
const BLOCK_BYTES: usize = 1 << 19;

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
const BYTE_ORDER_MARK: [u8; 3] = [0xef, 0xbb, 0xbf];

/// One file, open for reading block by block.
pub(crate) struct Source {
    path: PathBuf,
    delimiter: u8,
    text: Box<dyn Read + Send>,
    /// Text that was read and not handed out yet.
    pending: Vec<u8>,
    /// Lines handed out so far.
    lines: u64,
    ended: bool,
}

/// Some whole rows of a file.
#[derive(Debug)]
pub(crate) struct Block {
    pub(crate) text: Vec<u8>,
    pub(crate) delimiter: u8,
    /// The line of the file that it begins with, counted from 1.
    pub(crate) first_line: u64,
}

impl Source {
    /// Opens a file. What is read from the disk is counted in `bytes_read`.
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
        Ok(Self { path: path.to_owned(), delimiter, text, pending: Vec::new(), lines: 0, ended: false })
    }

    /// The file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What separates its fields.
    pub(crate) fn delimiter(&self) -> u8 {
        self.delimiter
    }

    /// The fields of the first row, and how long it is.
    pub(crate) fn first_row(&mut self) -> Result<(ByteRecord, usize), LoadError> {
        loop {
            let blank = self.pending.iter().take_while(|byte| matches!(byte, b'\n' | b'\r')).count();
            let end = cut::first_row(&self.pending[blank..], parse::quoting(self.delimiter)).map(|end| blank + end);
            if end.is_some() || self.ended {
                let end = end.unwrap_or(self.pending.len());
                let row = parse::first(&self.pending[..end], self.delimiter);
                return row.map(|row| (row, end)).ok_or_else(|| LoadError::Empty { path: self.path.clone() });
            }
            self.read_more()?;
        }
    }

    /// Takes the first row away: it is the header.
    pub(crate) fn skip(&mut self, row_bytes: usize) {
        self.lines += parse::lines(&self.pending[..row_bytes]);
        self.pending.drain(..row_bytes);
    }

    /// The next block; `None` at the end.
    pub(crate) fn next_block(&mut self) -> Result<Option<Block>, LoadError> {
        loop {
            let whole = match self.ended {
                true => Some(self.pending.len()),
                false if self.pending.len() < BLOCK_BYTES => None,
                false => cut::whole_rows(&self.pending, parse::quoting(self.delimiter)),
            };
            match whole {
                Some(0) => return Ok(None),
                Some(length) => {
                    let rest = self.pending.split_off(length);
                    let text = std::mem::replace(&mut self.pending, rest);
                    let first_line = self.lines + 1;
                    self.lines += parse::lines(&text);
                    return Ok(Some(Block { text, delimiter: self.delimiter, first_line }));
                }
                None => self.read_more()?,
            }
        }
    }

    /// Reads until a block is full; at least as much again as there is, so that a row of any length costs linear time.
    fn read_more(&mut self) -> Result<(), LoadError> {
        if self.pending.len() > ROW_BYTES_MAX {
            return Err(LoadError::RowTooLong { path: self.path.clone(), line: self.lines + 1 });
        }
        let wanted = (BLOCK_BYTES.saturating_sub(self.pending.len())).max(self.pending.len()).max(BUFFER_BYTES);
        let wanted = wanted.min(ROW_BYTES_MAX + 1 - self.pending.len());
        self.pending.reserve(wanted);
        let read = (&mut self.text).take(wanted as u64).read_to_end(&mut self.pending);
        let read = read.map_err(|source| LoadError::File { path: self.path.clone(), source })?;
        self.ended = read < wanted;
        Ok(())
    }
}

/// The text of a file as it comes, whether or not it is compressed.
fn buffered_text(file: File, bytes_read: &Arc<AtomicU64>) -> io::Result<Box<dyn BufRead + Send>> {
    let counted = Counted { inner: file, bytes_read: Arc::clone(bytes_read) };
    let mut raw = BufReader::with_capacity(BUFFER_BYTES, counted);
    let head = raw.fill_buf()?;
    if head.starts_with(&GZIP_MAGIC) {
        return Ok(Box::new(BufReader::with_capacity(BUFFER_BYTES, MultiGzDecoder::new(raw))));
    }
    if head.starts_with(&ZSTD_MAGIC) {
        let decoder = zstd::stream::read::Decoder::with_buffer(raw)?;
        return Ok(Box::new(BufReader::with_capacity(BUFFER_BYTES, decoder)));
    }
    Ok(Box::new(raw))
}

/// Counts what is read, as it lies on the disk.
pub(crate) struct Counted {
    pub(crate) inner: File,
    pub(crate) bytes_read: Arc<AtomicU64>,
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
    let name = [".gz", ".bgz", ".zst"].iter().find_map(|ending| name.strip_suffix(ending)).unwrap_or(&name);
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
        let cases: [(&str, &[u8], u8); 8] = [
            ("a.csv", b"a\tb\tc", b','),
            ("a.CSV.gz", b"", b','),
            ("a.csv.zst", b"a\tb", b','),
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

    #[test]
    fn blocks_together_are_the_file_and_each_ends_with_a_row() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows.csv");
        // Rows of all lengths, one of them longer than three blocks, with line breaks inside quotes.
        let mut text = String::from("id,name\n");
        for row in 0..3_000_usize {
            let length = if row == 1_500 { 3 * BLOCK_BYTES } else { row };
            text += &format!("{row},\"{}\nx\"\n", "y".repeat(length));
        }
        std::fs::write(&path, &text).unwrap();
        let mut source = Source::open(&path, None, &Arc::default()).unwrap();
        let (first, length) = source.first_row().unwrap();
        assert_eq!(first, vec!["id", "name"]);
        source.skip(length);
        let (mut joined, mut line, mut blocks) = (text.as_bytes()[..length].to_vec(), 2, 0);
        while let Some(block) = source.next_block().unwrap() {
            assert_eq!(block.first_line, line);
            assert!(block.text.ends_with(b"\nx\"\n"));
            line += parse::lines(&block.text);
            joined.extend_from_slice(&block.text);
            blocks += 1;
        }
        assert!(joined == text.as_bytes() && blocks > 5, "{blocks} blocks");
    }
}
