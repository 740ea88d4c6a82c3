//! Characters of a text by number, since all offsets of this crate count characters and Rust's count bytes.

use std::ops::Range;

use sha2::{Digest, Sha256};

/// A text whose characters (Unicode scalar values) can be found by number.
#[derive(Debug)]
pub(crate) struct NumberedText<'a> {
    text: &'a str,
    /// Byte at which each character starts, and the length of the text; empty if every character is one byte.
    byte_starts: Vec<usize>,
}

impl<'a> NumberedText<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        let byte_starts = if text.is_ascii() { Vec::new() } else { boundaries(text, char::len_utf8) };
        Self { text, byte_starts }
    }

    /// How many characters there are.
    pub(crate) fn len(&self) -> usize {
        if self.byte_starts.is_empty() { self.text.len() } else { self.byte_starts.len() - 1 }
    }

    /// The characters of this range; none if it does not lie within the text.
    pub(crate) fn slice(&self, range: Range<usize>) -> Option<&'a str> {
        if self.byte_starts.is_empty() {
            return self.text.get(range);
        }
        self.text.get(*self.byte_starts.get(range.start)?..*self.byte_starts.get(range.end)?)
    }

    /// The range without the white space at its ends; none if nothing else is left or it does not lie within the text.
    pub(crate) fn trimmed(&self, range: Range<usize>) -> Option<Range<usize>> {
        let slice = self.slice(range.clone())?;
        let leading = slice.chars().take_while(|character| character.is_whitespace()).count();
        let trailing = slice.chars().rev().take_while(|character| character.is_whitespace()).count();
        (range.start + leading < range.end).then(|| range.start + leading..range.end - trailing)
    }
}

/// What an offset counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Unicode scalar values, as Python and this crate count.
    Characters,
    /// Bytes of UTF-8, as C, Go and Rust count.
    Bytes,
    /// Units of UTF-16, as Java and JavaScript count.
    Utf16,
}

impl Unit {
    /// All units, the likeliest first.
    pub(crate) const ALL: [Self; 3] = [Self::Characters, Self::Bytes, Self::Utf16];

    /// Offset of each character of a text in this unit, and that of its end.
    pub(crate) fn boundaries(self, text: &str) -> Vec<usize> {
        match self {
            Self::Characters => boundaries(text, |_| 1),
            Self::Bytes => boundaries(text, char::len_utf8),
            Self::Utf16 => boundaries(text, char::len_utf16),
        }
    }
}

fn boundaries(text: &str, length: impl Fn(char) -> usize) -> Vec<usize> {
    let mut at = 0;
    let starts = text.chars().map(|character| {
        let start = at;
        at += length(character);
        start
    });
    let mut all: Vec<usize> = starts.collect();
    all.push(at);
    all
}

/// A short hash of pieces of bytes in their order, as digits: enough to tell what differs, not to prove what is the same.
pub(crate) fn fingerprint<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut hash = Sha256::new();
    for piece in pieces {
        hash.update((piece.len() as u64).to_le_bytes());
        hash.update(piece);
    }
    hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// A name with each run of white space made one space, and none at its ends.
pub(crate) fn collapse_whitespace(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The beginning of a text, up to this many characters, with a mark where it was cut.
pub(crate) fn cut(text: &str, characters_max: usize) -> String {
    match text.char_indices().nth(characters_max) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_count_characters() {
        for (text, range, expected) in [
            ("abc", 1..2, Some("b")),
            ("abc", 1..4, None),
            ("αβγ", 1..2, Some("β")),
            ("αβγ", 3..3, Some("")),
            ("a🧬b", 1..3, Some("🧬b")),
            ("a🧬b", 3..4, None),
        ] {
            assert_eq!(NumberedText::new(text).slice(range.clone()), expected, "{text} {range:?}");
        }
    }

    #[test]
    fn trimming_keeps_what_is_not_white_space() {
        let text = NumberedText::new("α  β ");
        assert_eq!(text.trimmed(0..5), Some(0..4));
        assert_eq!(text.trimmed(1..4), Some(3..4));
        assert_eq!(text.trimmed(1..3), None);
        assert_eq!(text.trimmed(0..9), None);
    }

    #[test]
    fn units_differ_beyond_ascii() {
        let text = "é🧬x";
        assert_eq!(Unit::Characters.boundaries(text), [0, 1, 2, 3]);
        assert_eq!(Unit::Bytes.boundaries(text), [0, 2, 6, 7]);
        assert_eq!(Unit::Utf16.boundaries(text), [0, 1, 3, 4]);
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        assert_eq!(cut("αβγ", 2), "αβ…");
        assert_eq!(cut("αβγ", 3), "αβγ");
    }
}
