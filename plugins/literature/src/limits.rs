//! The limits of what is read, each with its reason. What passes one goes to the rejects, and the rest is read.

/// The longest line, in bytes: longer than any article, and short enough to be held.
pub const LINE_BYTES_MAX: usize = 64 << 20;

/// The longest record of a file of XML or JSON, in bytes, for the same reason.
pub const RECORD_BYTES_MAX: usize = 64 << 20;

/// The deepest that elements may nest in a record of XML: no text needs a tenth of it, and what walks them is recursive.
pub const ELEMENT_DEPTH_MAX: usize = 200;

/// About how much plain text of a file makes a document, in bytes: a longer file becomes several, so that it need not be
/// held.
pub const DOCUMENT_BYTES_MAX: usize = 1 << 20;

/// The longest sentence, in bytes. Longer ones come from data that was taken for text, and no model reads a hundredth of it.
pub const SENTENCE_BYTES_MAX: usize = 1 << 20;

/// The most pairs of mentions that a sentence may have. More come from lists and tables that were taken for a sentence.
pub const PAIRS_PER_SENTENCE_MAX: usize = 10_000;

/// The longest name of a lexicon, in bytes; longer ones are left out, since no text has them to the letter.
pub const LEXICON_NAME_BYTES_MAX: usize = 160;

/// The longest name of a lexicon, in words and signs, for the same reason.
pub const LEXICON_NAME_TOKENS_MAX: usize = 24;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reader::Format;
    use crate::reader::corpus::tests::read_text;

    /// What is told of a file whose first record is too long, and how many documents follow.
    fn after_a_long_one(format: Format, text: &str) -> (String, usize) {
        let mut found = read_text(format, text).into_iter();
        let reject = found.next().unwrap().unwrap_err();
        (reject.reason, found.map(Result::unwrap).count())
    }

    #[test]
    fn a_line_that_is_too_long_is_rejected_and_the_next_one_read() {
        let good = r#"{"id":"1","text":"BRCA1 causes cancer."}"#;
        let (reason, documents) =
            after_a_long_one(Format::JsonLines, &format!("{}\n{good}\n", "x".repeat(LINE_BYTES_MAX)));
        assert!(reason.contains(&format!("longer than {} MiB", LINE_BYTES_MAX >> 20)), "{reason}");
        assert_eq!(documents, 1);
    }

    #[test]
    fn a_record_that_is_too_long_is_rejected_and_the_next_one_read() {
        // XML is read in pieces, and a record that ends in the piece that passes the limit is taken.
        let long = "x".repeat(RECORD_BYTES_MAX + (1 << 20));
        let good = r#"{"id":"1","passages":[{"offset":0,"text":"BRCA1 causes cancer."}]}"#;
        let json = format!(r#"{{"documents":[{{"id":"0","x":"{long}","passages":[]}},{good}]}}"#);
        let good =
            "<document><id>1</id><passage><offset>0</offset><text>BRCA1 causes cancer.</text></passage></document>";
        let xml = format!("<collection><document><id>0</id>{long}</document>{good}</collection>");
        for (format, text) in [(Format::BiocJson, json), (Format::BiocXml, xml)] {
            let (reason, documents) = after_a_long_one(format, &text);
            assert!(reason.contains(&format!("longer than {} MiB", RECORD_BYTES_MAX >> 20)), "{reason}");
            assert_eq!(documents, 1);
        }
    }

    #[test]
    fn a_plain_text_that_is_too_long_becomes_several_documents() {
        let paragraph = format!("{}\n\n", "word ".repeat(DOCUMENT_BYTES_MAX / 20));
        let documents = read_text(Format::Text, &paragraph.repeat(6));
        assert_eq!(documents.into_iter().map(Result::unwrap).count(), 2);
    }
}
