//! Rows of tab-separated text, in which a quote is a letter: cut where they stand, without being copied.

/// Cuts a text into rows and fields as the `csv` crate does without quotes: a row ends at a line feed or a carriage
/// return, and empty lines are none.
pub(crate) struct TabRows<'t> {
    text: &'t str,
    /// How far it is read.
    at: usize,
    /// Line feeds before that.
    line_feeds: u64,
}

impl<'t> TabRows<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        Self { text, at: 0, line_feeds: 0 }
    }

    /// Adds the fields of the next row to `fields`, and gives the number of lines before it; `None` at the end.
    pub(crate) fn read(&mut self, fields: &mut Vec<&'t str>) -> Option<u64> {
        let bytes = self.text.as_bytes();
        while let Some(byte @ (b'\n' | b'\r')) = bytes.get(self.at) {
            self.line_feeds += u64::from(*byte == b'\n');
            self.at += 1;
        }
        if self.at == bytes.len() {
            return None;
        }
        loop {
            let rest = &bytes[self.at..];
            let length = rest.iter().position(|byte| matches!(byte, b'\t' | b'\n' | b'\r')).unwrap_or(rest.len());
            fields.push(&self.text[self.at..self.at + length]);
            self.at += length;
            if rest.get(length) != Some(&b'\t') {
                return Some(self.line_feeds);
            }
            self.at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<(u64, Vec<&str>)> {
        let (mut rows, mut reader) = (Vec::new(), TabRows::new(text));
        let mut fields = Vec::new();
        while let Some(line) = reader.read(&mut fields) {
            rows.push((line, std::mem::take(&mut fields)));
        }
        rows
    }

    #[test]
    fn rows_have_their_fields_and_lines_whatever_breaks_them() {
        assert_eq!(rows("a\tb\r\n\n\"c\t\rd\n"), [(0, vec!["a", "b"]), (2, vec!["\"c", ""]), (2, vec!["d"])]);
        assert_eq!(rows("\t\u{e9}"), [(0, vec!["", "\u{e9}"])]);
        assert_eq!(rows("\n\r\n"), []);
    }

    #[test]
    fn random_texts_are_cut_as_by_the_csv_crate() {
        let mut state = 7_u64;
        for _ in 0..2_000 {
            let mut text = String::new();
            for _ in 0..30 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                text.push(['a', '\u{e9}', '"', '\t', '\n', '\r'][(state >> 33) as usize % 6]);
            }
            let mut reader = csv::ReaderBuilder::new();
            let reader = reader.delimiter(b'\t').quoting(false).flexible(true).has_headers(false);
            let expected: Vec<csv::StringRecord> =
                reader.from_reader(text.as_bytes()).records().map(Result::unwrap).collect();
            let found: Vec<csv::StringRecord> = rows(&text).into_iter().map(|(_, fields)| fields.into()).collect();
            assert_eq!(found, expected, "{text:?}");
        }
    }
}
