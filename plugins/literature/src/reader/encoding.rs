//! What a file is that is not text in UTF-8, told by its first bytes, so that its user knows what to do about it.

/// The first words of a pointer that Git Large File Storage leaves in place of a file.
const LFS_POINTER: &[u8] = b"version https://git-lfs.github.com/spec/";

/// Bytes by which a compressed or binary file that is not read begins, with what it is.
const UNREAD: [(&[u8], &str); 5] = [
    (b"PK\x03\x04", "a ZIP archive; unpack it"),
    (b"BZh", "compressed with bzip2; unpack it"),
    (b"\xfd7zXZ\0", "compressed with xz; unpack it"),
    (b"%PDF-", "a PDF; extract its text, for example with pdftotext"),
    (b"PAR1", "a Parquet table, which `hopgraph load` reads"),
];

/// Why a file that begins so cannot be read; none if it may be text.
pub(super) fn why_unreadable(beginning: &[u8]) -> Option<String> {
    if beginning.starts_with(LFS_POINTER) {
        return Some("it is a Git LFS pointer and not the file itself; fetch that with `git lfs pull`".to_owned());
    }
    if let Some((_, what)) = UNREAD.iter().find(|(magic, _)| beginning.starts_with(magic)) {
        return Some(format!("it is {what}"));
    }
    utf16(beginning)
        .map(|name| format!("it is {name} text and not UTF-8; convert it, for example with `iconv -f {name} -t UTF-8`"))
}

/// Which UTF-16 a text is in: by its byte order mark or, where it has none, by every other byte being zero.
fn utf16(beginning: &[u8]) -> Option<&'static str> {
    match beginning {
        [0xff, 0xfe, ..] => return Some("UTF-16"),
        [0xfe, 0xff, ..] => return Some("UTF-16"),
        _ => {}
    }
    let sample = &beginning[..beginning.len().min(64) & !1];
    let zeros = |at: usize| sample.iter().skip(at).step_by(2).filter(|byte| **byte == 0).count();
    let pairs = sample.len() / 2;
    if pairs < 4 {
        None
    } else if zeros(1) * 4 >= pairs * 3 && zeros(0) == 0 {
        Some("UTF-16LE")
    } else if zeros(0) * 4 >= pairs * 3 && zeros(1) == 0 {
        Some("UTF-16BE")
    } else {
        None
    }
}

/// What is wrong with a line or a record that is not UTF-8, with the encoding that it is most likely in.
pub(super) fn not_utf8(bytes: &[u8]) -> String {
    let at = std::str::from_utf8(bytes).err().map_or(0, |error| error.valid_up_to());
    let byte = bytes.get(at).copied().unwrap_or_default();
    // In Latin-1 a byte is the character of its number; below 0xa0 there are no letters, but Windows has signs there.
    let guess = match byte {
        0xa0.. => format!(" ({:?} in Latin-1)", char::from(byte)),
        0x80.. => " (a sign of Windows-1252?)".to_owned(),
        _ => String::new(),
    };
    format!("is not UTF-8 text at byte {at}, which is 0x{byte:02x}{guess}; convert the file, for example with `iconv`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_text_is_told_by_its_first_bytes() {
        let utf16: Vec<u8> = "1|t|A title".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let marked = [&[0xff, 0xfe], utf16.as_slice()].concat();
        for (beginning, word) in [
            (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n".as_slice(), "git lfs pull"),
            (&utf16, "UTF-16LE"),
            (&marked, "UTF-16"),
            (b"PK\x03\x04xx", "ZIP"),
        ] {
            let reason = why_unreadable(beginning).unwrap();
            assert!(reason.contains(word), "{reason}");
        }
        for text in ["", "a", "1|t|A title", "\u{feff}{}", "version 2"] {
            assert_eq!(why_unreadable(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn a_line_in_another_encoding_is_told_with_its_byte() {
        assert!(not_utf8(b"Sj\xf6gren").contains("byte 2, which is 0xf6 ('ö' in Latin-1)"));
        assert!(not_utf8(b"\x93word\x94").contains("Windows-1252"));
    }
}
