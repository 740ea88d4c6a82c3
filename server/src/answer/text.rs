//! Places in texts, and names as the language takes them.

/// A range of bytes as UTF-16 units, which is how browsers count. A bound within a letter goes back to its start.
pub(crate) fn utf16_range(text: &str, from: usize, to: usize) -> [usize; 2] {
    [from, to].map(|byte| text[..boundary(text, byte)].encode_utf16().count())
}

/// A place in UTF-16 units as a byte; past the end it is the end.
pub(crate) fn byte_of_utf16(text: &str, units: usize) -> usize {
    let mut passed = 0;
    for (byte, letter) in text.char_indices() {
        if passed >= units {
            return byte;
        }
        passed += letter.len_utf16();
    }
    text.len()
}

fn boundary(text: &str, byte: usize) -> usize {
    (0..=byte.min(text.len())).rev().find(|&byte| text.is_char_boundary(byte)).unwrap_or(0)
}

/// A name as it stands in a query, whatever is in it.
pub(crate) fn quoted(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

/// A name as people write it in a query: in back-quotes only if it is not one word.
pub(crate) fn name(text: &str) -> String {
    let mut letters = text.chars();
    let begins = letters.next().is_some_and(|letter| letter.is_alphabetic() || letter == '_');
    let plain = begins && letters.all(|letter| letter.is_alphanumeric() || letter == '_');
    if plain { text.to_owned() } else { quoted(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_as_browsers_do_and_come_back() {
        let text = "aβ😀d";
        for (byte, units) in [(0, 0), (1, 1), (3, 2), (7, 4), (8, 5)] {
            assert_eq!(utf16_range(text, byte, byte), [units, units]);
            assert_eq!(byte_of_utf16(text, units), byte);
        }
        assert_eq!(utf16_range(text, 5, 100), [2, 5]);
        assert_eq!(byte_of_utf16(text, 99), 8);
    }

    #[test]
    fn names_cannot_end_their_quotes() {
        assert_eq!(quoted("a`b"), "`a``b`");
        assert_eq!((name("gene"), name("cell line")), ("gene".to_owned(), "`cell line`".to_owned()));
    }
}
