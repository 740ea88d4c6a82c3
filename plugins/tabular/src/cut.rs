//! Where rows end, so that a file can be cut into blocks that are parsed at the same time.

/// The length of the longest beginning of `text` that ends with a row; `None` if it holds no whole row. A line break
/// inside quotes, where quotes mean something, ends no row.
pub(crate) fn whole_rows(text: &[u8], quote_delimiter: Option<u8>) -> Option<usize> {
    match quote_delimiter {
        Some(delimiter) if text.contains(&b'"') => {
            let mut last = None;
            row_ends(text, delimiter, |end| {
                last = Some(end);
                true
            });
            last
        }
        _ => text.iter().rposition(|&byte| byte == b'\n').map(|place| place + 1),
    }
}

/// The length of the first row with its line break; `None` if it is not whole.
pub(crate) fn first_row(text: &[u8], quote_delimiter: Option<u8>) -> Option<usize> {
    let Some(delimiter) = quote_delimiter else {
        return text.iter().position(|&byte| byte == b'\n').map(|place| place + 1);
    };
    let mut first = None;
    row_ends(text, delimiter, |end| {
        first = Some(end);
        false
    });
    first
}

/// Where in a row a byte stands.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    FieldStart,
    Field,
    Quoted,
    /// After a quote inside quotes: the end of the field, or the first half of a doubled quote.
    Quote,
}

/// Calls `visit` with the end of each row, until it returns false. A quote opens a field only where the field begins,
/// as the `csv` crate reads it.
fn row_ends(text: &[u8], delimiter: u8, mut visit: impl FnMut(usize) -> bool) {
    let mut place = Place::FieldStart;
    for (index, &byte) in text.iter().enumerate() {
        place = match (place, byte) {
            (Place::FieldStart, b'"') | (Place::Quote, b'"') => Place::Quoted,
            (Place::Quoted, b'"') => Place::Quote,
            (Place::Quoted, _) => Place::Quoted,
            (_, b'\n') => {
                if !visit(index + 1) {
                    return;
                }
                Place::FieldStart
            }
            (_, other) if other == delimiter => Place::FieldStart,
            _ => Place::Field,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_end_at_line_breaks_outside_of_quotes() {
        let cases: [(&str, Option<usize>, Option<usize>); 8] = [
            ("a,b", None, None),
            ("a\nb\nc", Some(2), Some(4)),
            ("a,\"x\ny\"\nb", Some(8), Some(8)),
            ("a,\"x\ny", None, None),
            ("\"a\"\"\n\"\nb\n", Some(7), Some(9)),
            ("5\"-x\nb\n", Some(5), Some(7)),
            ("a\r\n\"b\r\n", Some(3), Some(3)),
            ("", None, None),
        ];
        for (text, first, whole) in cases {
            assert_eq!(first_row(text.as_bytes(), Some(b',')), first, "{text:?}");
            assert_eq!(whole_rows(text.as_bytes(), Some(b',')), whole, "{text:?}");
        }
        assert_eq!(whole_rows(b"a\t\"x\ny\"\nb", None), Some(8));
        assert_eq!(first_row(b"a\t\"x\ny\"\nb", None), Some(5));
    }

    /// The cuts agree with what the `csv` crate takes for a row, on all short texts of the letters that matter.
    #[test]
    fn cuts_agree_with_the_reader_of_rows() {
        let letters = b"a,\"\n";
        for number in 0..4_usize.pow(8) {
            let text: Vec<u8> = (0..8).map(|place| letters[number >> (2 * place) & 3]).collect();
            let Some(end) = first_row(&text, Some(b',')) else { continue };
            let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(&text[..]);
            let mut row = csv::ByteRecord::new();
            reader.read_byte_record(&mut row).unwrap();
            // Empty lines are no rows: the reader passes over them.
            let start = text.iter().take_while(|&&byte| byte == b'\n').count();
            if start == 0 {
                assert_eq!(reader.position().byte() as usize, end, "{:?}", String::from_utf8_lossy(&text));
            }
        }
    }
}
