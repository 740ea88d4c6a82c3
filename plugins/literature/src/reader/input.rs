//! Files as streams of lines: gzip and Zstandard are unpacked on the way, bytes are counted, and bad lines do not end the stream.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::read::MultiGzDecoder;

use super::cut::Cut;
use super::encoding;
use crate::document::Location;
use crate::limits::LINE_BYTES_MAX;

/// The first bytes of every gzip stream.
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// The first bytes of every Zstandard stream.
const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// How many bytes of the input have been read so far, as they lie on disk. Clones count together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Meter(Arc<AtomicU64>);

impl Meter {
    pub(crate) fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A line that could not be read.
#[derive(Debug)]
pub(crate) enum BadLine {
    /// This line only; the next one can be read. With the reason.
    Line(String),
    /// The file breaks off here.
    End(io::Error),
}

/// An input file as text.
pub(crate) struct Input {
    reader: Box<dyn BufRead + Send>,
    location: Location,
    /// The path of a plain file, whole and without links.
    place: Option<String>,
    ended: bool,
}

impl Input {
    /// Opens a file, unpacking it if it is gzip or Zstandard, whatever its name.
    pub(crate) fn open(path: &Path, meter: &Meter) -> io::Result<Self> {
        let file = File::open(path)?;
        if file.metadata()?.is_dir() {
            return Err(io::Error::new(io::ErrorKind::IsADirectory, "is a directory; name the files in it"));
        }
        // A pipe has a path as well, but the next one at this path is another.
        let place = if file.metadata()?.is_file() { path.canonicalize().ok() } else { None };
        let input = Self::new(Metered { inner: file, meter: meter.clone() }, path.to_string_lossy().into())?;
        Ok(Self { place: place.map(|place| place.to_string_lossy().replace('\\', "/")), ..input })
    }

    /// Opens a part of a file that is cut. The whole of a file may be compressed.
    pub(crate) fn open_part(path: &Path, cut: Cut, meter: &Meter) -> io::Result<Self> {
        let whole = Cut { start: 0, end: std::fs::metadata(path)?.len(), first_line: 1 };
        if cut == whole {
            return Self::open(path, meter);
        }
        let mut file = File::open(path)?;
        file.seek(SeekFrom::Start(cut.start))?;
        let part = Metered { inner: file.take(cut.end - cut.start), meter: meter.clone() };
        let mut input = Self::new(part, path.to_string_lossy().into())?;
        input.location.line = cut.first_line - 1;
        Ok(input)
    }

    /// Under another name in reports.
    pub(crate) fn named(mut self, name: &str) -> Self {
        self.location.file = name.into();
        self
    }

    /// Reads standard input.
    pub(crate) fn standard(meter: &Meter) -> io::Result<Self> {
        Self::new(Metered { inner: io::stdin(), meter: meter.clone() }, "standard input".into())
    }

    /// Reads from something else under this name.
    pub(crate) fn new(source: impl Read + Send + 'static, name: Arc<str>) -> io::Result<Self> {
        let mut raw = BufReader::with_capacity(1 << 16, source);
        let beginning = raw.fill_buf()?;
        let (is_gzip, is_zstd) = (beginning.starts_with(&GZIP_MAGIC), beginning.starts_with(&ZSTD_MAGIC));
        let reader: Box<dyn BufRead + Send> = if is_gzip {
            Box::new(BufReader::with_capacity(1 << 16, MultiGzDecoder::new(raw)))
        } else if is_zstd {
            Box::new(BufReader::with_capacity(1 << 16, zstd::stream::read::Decoder::with_buffer(raw)?))
        } else {
            Box::new(raw)
        };
        Ok(Self { reader, location: Location { file: name, line: 0 }, place: None, ended: false })
    }

    /// The bytes that come next, without taking them; empty at the end.
    pub(crate) fn peek(&mut self) -> io::Result<&[u8]> {
        self.reader.fill_buf()
    }

    /// Where the file lies, whichever way its path was written; none for what is no plain file.
    pub(crate) fn place(&self) -> Option<&str> {
        self.place.as_deref()
    }

    /// The place of the line that was taken last.
    pub(crate) fn location(&self) -> Location {
        self.location.clone()
    }

    /// The next line without its line break; `None` at the end of the file, and after [`BadLine::End`].
    pub(crate) fn next_line(&mut self) -> Option<Result<String, BadLine>> {
        if self.ended {
            return None;
        }
        let mut bytes = Vec::new();
        let taken = self.reader.by_ref().take(LINE_BYTES_MAX as u64).read_until(b'\n', &mut bytes);
        if let Err(error) = taken {
            self.ended = true;
            return Some(Err(BadLine::End(error)));
        }
        if bytes.is_empty() {
            self.ended = true;
            return None;
        }
        self.location.line += 1;
        if bytes.last() == Some(&b'\n') {
            bytes.pop();
        } else if bytes.len() == LINE_BYTES_MAX {
            return Some(Err(self.skip_long_line()));
        }
        if bytes.last() == Some(&b'\r') {
            bytes.pop();
        }
        if self.location.line == 1 && bytes.starts_with("\u{feff}".as_bytes()) {
            bytes.drain(..3);
        }
        Some(String::from_utf8(bytes).map_err(|error| BadLine::Line(encoding::not_utf8(error.as_bytes()))))
    }

    fn skip_long_line(&mut self) -> BadLine {
        match self.reader.skip_until(b'\n') {
            Ok(_) => BadLine::Line("is longer than 64 MiB".to_owned()),
            Err(error) => {
                self.ended = true;
                BadLine::End(error)
            }
        }
    }
}

/// Whether a file that begins so is unpacked when it is read.
pub(super) fn is_compressed(beginning: &[u8]) -> bool {
    beginning.starts_with(&GZIP_MAGIC) || beginning.starts_with(&ZSTD_MAGIC)
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.reader.read(buffer)
    }
}

impl std::fmt::Debug for Input {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Input").field("location", &self.location).finish_non_exhaustive()
    }
}

/// Counts the bytes that pass.
struct Metered<R> {
    inner: R,
    meter: Meter,
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.meter.0.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::io::Write;

    fn lines(bytes: Vec<u8>) -> Vec<Result<String, String>> {
        let mut input = Input::new(io::Cursor::new(bytes), "test".into()).unwrap();
        std::iter::from_fn(|| input.next_line())
            .map(|line| {
                line.map_err(|bad| match bad {
                    BadLine::Line(reason) => reason,
                    BadLine::End(error) => format!("end: {error}"),
                })
            })
            .collect()
    }

    fn gzip(text: &str) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn line_breaks_of_every_kind_and_a_byte_order_mark_go() {
        let bytes = "\u{feff}a\r\nb\n\nc".as_bytes().to_vec();
        assert_eq!(lines(bytes), [Ok("a".to_owned()), Ok("b".to_owned()), Ok(String::new()), Ok("c".to_owned())]);
        assert!(lines(Vec::new()).is_empty());
    }

    #[test]
    fn a_line_that_is_not_text_does_not_end_the_file() {
        let found = lines(b"a\n\xff\xfe\nb\n".to_vec());
        let [Ok(first), Err(reason), Ok(last)] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!((first.as_str(), last.as_str()), ("a", "b"));
        assert!(reason.starts_with("is not UTF-8 text"), "{reason}");
    }

    #[test]
    fn gzip_is_unpacked_also_when_it_comes_in_several_members() {
        let mut bytes = gzip("a\nb");
        bytes.extend(gzip("c\nd\n"));
        assert_eq!(lines(bytes), [Ok("a".to_owned()), Ok("bc".to_owned()), Ok("d".to_owned())]);
    }

    #[test]
    fn zstandard_is_unpacked() {
        let bytes = zstd::stream::encode_all("a\nb\n".as_bytes(), 1).unwrap();
        assert_eq!(lines(bytes), [Ok("a".to_owned()), Ok("b".to_owned())]);
    }

    #[test]
    fn a_cut_gzip_file_keeps_what_came_before() {
        let text: String = (0..40_000_u64).map(|n| format!("{}\n", n.wrapping_mul(0x9e37_79b9_7f4a_7c15))).collect();
        let mut bytes = gzip(&text);
        bytes.truncate(bytes.len() / 2);
        let found = lines(bytes);
        let (last, before) = found.split_last().unwrap();
        assert!(last.as_ref().unwrap_err().starts_with("end: "), "{last:?}");
        assert!(before.len() > 1_000 && before.iter().all(Result::is_ok));
        assert_eq!(before[0], Ok("0".to_owned()));
    }

    #[test]
    fn bytes_are_counted_as_they_lie_on_disk() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.gz");
        let bytes = gzip(&"a\n".repeat(100_000));
        std::fs::write(&path, &bytes).unwrap();
        let meter = Meter::default();
        let mut input = Input::open(&path, &meter).unwrap();
        assert_eq!(std::iter::from_fn(|| input.next_line()).count(), 100_000);
        assert_eq!(meter.bytes(), bytes.len() as u64);
    }

    #[test]
    fn a_folder_is_not_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let error = Input::open(folder.path(), &Meter::default()).unwrap_err();
        assert!(error.to_string().contains("name the files in it"), "{error}");
    }
}
