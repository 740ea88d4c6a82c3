//! Whether an annotation means the words that stand at its offsets, though it spells them in another way.
//!
//! Taggers write Greek letters by their names or by a Latin letter (`TNF-alpha`, `TNF-a` for `TNF-α`), drop accents, and
//! put another sign for one that their encoding lacks. The offsets of such an annotation are right; only its text differs.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::tag::token::greek;

/// How a Greek letter is written in Latin ones.
#[derive(Clone, Copy)]
enum Greek {
    /// By its name: `alpha`.
    Name,
    /// By one letter: `a`.
    Letter,
}

/// More than this part of the longer spelling both have in common, from their beginnings and their ends.
const COMMON_PART: f64 = 0.5;

/// Whether the words that stand in the text are those that an annotation states, however it spells them. Linear.
pub(crate) fn is_alike(found: &str, stated: &str) -> bool {
    if found.trim() == stated.trim() {
        return true;
    }
    [Greek::Name, Greek::Letter].into_iter().any(|way| {
        let (found, stated) = (folded(found, way), folded(stated, way));
        let longer = found.len().max(stated.len());
        longer > 0 && common(&found, &stated) as f64 > COMMON_PART * longer as f64
    })
}

/// Letters and digits only, in lower case and without accents.
fn folded(text: &str, way: Greek) -> Vec<char> {
    let plain = text.nfkd().filter(|character| !is_combining_mark(*character));
    let mut folded = Vec::with_capacity(text.len());
    for character in plain.flat_map(char::to_lowercase) {
        match greek(character) {
            Some(name) => folded.extend(match way {
                Greek::Name => name.chars().take(name.len()),
                Greek::Letter => name.chars().take(1),
            }),
            None if character.is_alphanumeric() => folded.push(character),
            None => {}
        }
    }
    folded
}

/// How many characters two spellings have in common at their beginnings and their ends together.
fn common(one: &[char], other: &[char]) -> usize {
    let shorter = one.len().min(other.len());
    let leading = one.iter().zip(other).take_while(|(a, b)| a == b).count();
    let trailing = one.iter().rev().zip(other.iter().rev()).take_while(|(a, b)| a == b).count();
    leading + trailing.min(shorter - leading)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_the_same_words_are_alike_and_other_words_are_not() {
        for (found, stated) in [
            ("TNF-α", "TNF-a"),
            ("TNF-α", "TNF-alpha"),
            ("TNF-α", "TNF-?"),
            ("β", "b"),
            ("NF-κB", "NFkB"),
            ("μ-opioid receptor", "mu-opioid receptor"),
            ("Sjögren's syndrome", "Sjogren's syndrome"),
            ("Sjo\u{308}gren", "Sjögren"),
            ("tumour", "tumor"),
            ("interleukin 2", "interleukin-2"),
            ("IFN\u{2010}γ", "IFN-gamma"),
        ] {
            assert!(is_alike(found, stated), "{found} {stated}");
        }
        for (found, stated) in [("causes", "BRCA1"), ("flu", "cancer"), ("", "x"), ("-", "+"), ("the gene", "APOE")] {
            assert!(!is_alike(found, stated), "{found} {stated}");
        }
    }
}
