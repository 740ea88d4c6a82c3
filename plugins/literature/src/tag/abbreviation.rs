//! Abbreviations that a text defines: `coronary artery disease (CAD)`.
//!
//! Source: A. S. Schwartz and M. A. Hearst, "A simple algorithm for identifying abbreviation definitions in biomedical
//! text", Pacific Symposium on Biocomputing 2003.

use std::ops::Range;

/// An abbreviation with what it stands for. Both are ranges of bytes of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Definition {
    pub(crate) short: Range<usize>,
    pub(crate) long: Range<usize>,
}

/// The longest short form, in characters.
const SHORT_CHARACTERS_MAX: usize = 10;

/// How far before its bracket a long form may begin, in bytes.
const LONG_BYTES_MAX: usize = 240;

/// The definitions of a text, in order.
pub(crate) fn definitions(text: &str) -> Vec<Definition> {
    let mut found = Vec::new();
    for (open, _) in text.match_indices('(') {
        let Some(length) = text[open..].find([')', ';', ',']).filter(|length| *length > 1) else { continue };
        let inner = trimmed(text, open + 1..open + length);
        let Some(short) = inner.filter(|inner| is_short_form(&text[inner.clone()])) else { continue };
        if let Some(long) = long_form(text, &text[short.clone()], open) {
            found.push(Definition { short, long });
        }
    }
    found
}

fn trimmed(text: &str, range: Range<usize>) -> Option<Range<usize>> {
    let slice = &text[range.clone()];
    let start = range.start + (slice.len() - slice.trim_start().len());
    (!slice.trim().is_empty()).then(|| start..start + slice.trim().len())
}

/// Two to ten characters of at most two words, the first a letter or a digit, with at least one letter.
fn is_short_form(text: &str) -> bool {
    let characters = text.chars().count();
    (2..=SHORT_CHARACTERS_MAX).contains(&characters)
        && text.split_whitespace().count() <= 2
        && text.chars().any(char::is_alphabetic)
        && text.chars().next().is_some_and(char::is_alphanumeric)
}

/// The words before the bracket in which the characters of the short form stand in order, the first at the beginning of
/// a word.
fn long_form(text: &str, short: &str, open: usize) -> Option<Range<usize>> {
    let reach = (open.saturating_sub(LONG_BYTES_MAX)..=open).find(|at| text.is_char_boundary(*at)).unwrap_or(open);
    let sentence = text[reach..open].rfind([';', ':']).map_or(reach, |at| reach + at + 1);
    let before = text[sentence..open].trim_end();
    let letters: Vec<char> = short.chars().filter(|character| character.is_alphanumeric()).collect();
    let words_max = (letters.len() + 5).min(letters.len() * 2);
    let candidate: Vec<(usize, char)> = before.char_indices().collect();
    let mut at = candidate.len();
    for (number, letter) in letters.iter().enumerate().rev() {
        let is_first = number == 0;
        loop {
            at = at.checked_sub(1)?;
            let same = candidate[at].1.to_lowercase().eq(letter.to_lowercase());
            let begins_word = at == 0 || !candidate[at - 1].1.is_alphanumeric();
            if same && (!is_first || begins_word) {
                break;
            }
        }
    }
    let start = before[..candidate[at].0].rfind(char::is_whitespace).map_or(0, |at| at + 1);
    let start = if before[start..].starts_with(['(', '[']) { candidate[at].0 } else { start };
    let long = &before[start..];
    let is_fit = long.split_whitespace().count() <= words_max
        && long.chars().count() > short.chars().count()
        && !long.split_whitespace().any(|word| word == short);
    is_fit.then(|| sentence + start..sentence + before.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn definitions_are_found_and_other_brackets_are_not() {
        let cases: [(&str, &[(&str, &str)]); 10] = [
            ("Patients with coronary artery disease (CAD) were", &[("CAD", "coronary artery disease")]),
            ("the heat shock protein (HSP) family", &[("HSP", "heat shock protein")]),
            ("tumor necrosis factor-alpha (TNF-alpha)", &[("TNF-alpha", "tumor necrosis factor-alpha")]),
            ("systemic lupus erythematosus (SLE, n = 3)", &[("SLE", "systemic lupus erythematosus")]),
            (
                "Alzheimer's disease (AD) and Parkinson disease (PD)",
                &[("AD", "Alzheimer's disease"), ("PD", "Parkinson disease")],
            ),
            ("β-thalassemia major (βTM)", &[("βTM", "β-thalassemia major")]),
            ("in mice (12)", &[]),
            ("were seen (see below)", &[]),
            ("unrelated words (XYZ)", &[]),
            ("()", &[]),
        ];
        for (text, expected) in cases {
            let found = definitions(text);
            let found: Vec<(&str, &str)> =
                found.iter().map(|d| (&text[d.short.clone()], &text[d.long.clone()])).collect();
            assert_eq!(found, expected, "{text}");
        }
    }
}
