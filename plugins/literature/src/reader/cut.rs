//! Where a file is cut into slices: by its content alone, so that everybody cuts it at the same places.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use super::Format;
use super::input::is_compressed;

/// The least size of the slices that a file is cut into, in bytes.
const SLICE_BYTES: u64 = 32 << 20;

/// A part of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cut {
    pub(crate) start: u64,
    pub(crate) end: u64,
    pub(crate) first_line: u64,
}

/// The slices of a file: its parts if it is plain text of which each record begins with a line of its own, else itself.
pub(crate) fn cuts(path: &Path, format: Format) -> io::Result<Vec<Cut>> {
    cuts_of_size(path, format, SLICE_BYTES)
}

fn cuts_of_size(path: &Path, format: Format, size: u64) -> io::Result<Vec<Cut>> {
    let length = std::fs::metadata(path)?.len();
    let mut cuts = vec![Cut { start: 0, end: length, first_line: 1 }];
    if length <= size {
        return Ok(cuts);
    }
    let mut reader = BufReader::with_capacity(1 << 20, File::open(path)?);
    let beginning = reader.fill_buf()?;
    // A list is one record as far as its brackets go.
    let is_list = beginning.trim_ascii_start().starts_with(b"[");
    if !format.is_cut() || is_list || is_compressed(beginning) {
        return Ok(cuts);
    }
    let (mut at, mut lines) = (0, 0);
    let mut line = Vec::new();
    loop {
        line.clear();
        let taken = reader.read_until(b'\n', &mut line)? as u64;
        if taken == 0 {
            return Ok(cuts);
        }
        let open = cuts.last_mut().expect("there is always one");
        if at - open.start >= size && format.begins_record(&line) {
            open.end = at;
            cuts.push(Cut { start: at, end: length, first_line: lines + 1 });
        }
        at += taken;
        lines += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_lines_are_cut_where_records_begin_and_nothing_else_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        let record = |number: usize| format!("{number}|t|Title\n{number}|a|Text.\n{number}\t0\t5\tTitle\tGene\t1\n\n");
        let text: String = (0..100).map(record).collect();
        std::fs::write(&path, &text).unwrap();
        let cuts = cuts_of_size(&path, Format::PubTator, 500).unwrap();
        assert!(cuts.len() > 3, "{cuts:?}");
        assert_eq!((cuts[0].start, cuts.last().unwrap().end), (0, text.len() as u64));
        for pair in cuts.windows(2) {
            assert_eq!(pair[0].end, pair[1].start);
            let rest = &text[pair[1].start as usize..];
            assert!(rest.lines().next().unwrap().contains("|t|"), "{rest}");
            let lines = text[..pair[1].start as usize].lines().count() as u64;
            assert_eq!(pair[1].first_line, lines + 1);
        }
        for format in [Format::PubMed, Format::Sentences, Format::Text, Format::Gad] {
            assert_eq!(cuts_of_size(&path, format, 500).unwrap().len(), 1, "{format:?}");
        }
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
        io::Write::write_all(&mut encoder, text.as_bytes()).unwrap();
        std::fs::write(&path, encoder.finish().unwrap()).unwrap();
        assert_eq!(cuts_of_size(&path, Format::PubTator, 500).unwrap().len(), 1);
    }
}
