//! Masks: the words of a prompt that stand for the two entities.

use crate::{Input, InputError, LabelledSpan};

/// The two labels that a model reads, each with the word that stands for such an entity in its sentences.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Masks {
    labels: [String; 2],
    masks: [String; 2],
}

impl Masks {
    /// Takes labels and masks in the same order.
    pub(crate) fn new(labels: [String; 2], masks: [String; 2]) -> Self {
        Self { labels, masks }
    }

    pub(crate) fn labels(&self) -> &[String; 2] {
        &self.labels
    }

    /// The two words, in the order of the labels.
    pub(crate) fn words(&self) -> &[String; 2] {
        &self.masks
    }

    /// The sentence of an input as the model is to read it: masked, on one line.
    pub(crate) fn sentence(&self, input: &Input) -> Result<String, InputError> {
        match input {
            Input::Masked(text) => self.require_both(text).map(|()| on_one_line(text)),
            Input::Pair { text, spans } => self.replace(text, spans).map(|masked| on_one_line(&masked)),
        }
    }

    /// A sentence without one of the masks asks about an entity that it does not have.
    fn require_both(&self, text: &str) -> Result<(), InputError> {
        for (label, mask) in self.labels.iter().zip(&self.masks) {
            if !text.contains(mask.as_str()) {
                return Err(InputError::MaskMissing { mask: mask.clone(), label: label.clone() });
            }
        }
        Ok(())
    }

    fn replace(&self, text: &str, spans: &[LabelledSpan; 2]) -> Result<String, InputError> {
        let chosen = [self.index_of(&spans[0].label)?, self.index_of(&spans[1].label)?];
        if chosen[0] == chosen[1] {
            let label = spans[0].label.clone();
            return Err(InputError::SameLabel { label, known: self.labels.clone() });
        }
        let [first, second] = if spans[0].start <= spans[1].start { [0, 1] } else { [1, 0] };
        let ranges = [byte_range(text, &spans[first])?, byte_range(text, &spans[second])?];
        if ranges[1].start < ranges[0].end {
            return Err(InputError::SpansOverlap {
                first_start: spans[first].start,
                first_end: spans[first].end,
                second_start: spans[second].start,
                second_end: spans[second].end,
            });
        }
        // From the right, so that the offsets of the left one stay true.
        let mut masked = text.to_owned();
        masked.replace_range(ranges[1].clone(), &self.masks[chosen[second]]);
        masked.replace_range(ranges[0].clone(), &self.masks[chosen[first]]);
        Ok(masked)
    }

    fn index_of(&self, label: &str) -> Result<usize, InputError> {
        let wanted = label.to_lowercase();
        self.labels
            .iter()
            .position(|known| known.to_lowercase() == wanted)
            .ok_or_else(|| InputError::UnknownLabel { label: label.to_owned(), known: self.labels.clone() })
    }
}

/// Where a span, counted in characters, lies in the bytes of its text.
fn byte_range(text: &str, span: &LabelledSpan) -> Result<std::ops::Range<usize>, InputError> {
    let (label, start, end) = (&span.label, span.start, span.end);
    let length = text.chars().count();
    if start > length || end > length {
        return Err(InputError::SpanOutside { label: label.clone(), start, end, length });
    }
    if start >= end {
        return Err(InputError::SpanEmpty { label: label.clone(), start, end });
    }
    let byte_of = |character: usize| text.char_indices().nth(character).map_or(text.len(), |(byte, _)| byte);
    Ok(byte_of(start)..byte_of(end))
}

/// The text with each run of white space that holds a line break made one space, since a line break would end the
/// sentence's line in the prompt. Such a run at either end goes away; all other white space stays.
fn on_one_line(text: &str) -> String {
    if !text.contains(is_line_break) {
        return text.to_owned();
    }
    let mut line = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(char::is_whitespace) {
        let run_length = rest[start..].find(|c: char| !c.is_whitespace()).unwrap_or(rest.len() - start);
        let (before, run) = (&rest[..start], &rest[start..start + run_length]);
        rest = &rest[start + run_length..];
        line.push_str(before);
        if !run.contains(is_line_break) {
            line.push_str(run);
        } else if !line.is_empty() && !rest.is_empty() {
            line.push(' ');
        }
    }
    line.push_str(rest);
    line
}

fn is_line_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masks() -> Masks {
        Masks::new(["gene".into(), "disease".into()], ["@GENE$".into(), "@DISEASE$".into()])
    }

    fn span(start: usize, end: usize, label: &str) -> LabelledSpan {
        LabelledSpan { start, end, label: label.into() }
    }

    fn pair(text: &str, first: LabelledSpan, second: LabelledSpan) -> Result<String, InputError> {
        masks().sentence(&Input::Pair { text: text.into(), spans: [first, second] })
    }

    #[test]
    fn spans_count_characters_and_come_in_any_order() {
        let text = "Überall: TNF-α und naïve β-Thalassämie.";
        let (gene, disease) = (span(9, 14, "gene"), span(25, 38, "Disease"));
        let expected = "Überall: @GENE$ und naïve @DISEASE$.";
        assert_eq!(pair(text, gene.clone(), disease.clone()).unwrap(), expected);
        assert_eq!(pair(text, disease, gene).unwrap(), expected);
    }

    #[test]
    fn spans_that_touch_are_apart() {
        assert_eq!(pair("ab", span(0, 1, "gene"), span(1, 2, "disease")).unwrap(), "@GENE$@DISEASE$");
    }

    #[test]
    fn spans_that_cannot_be_masked_say_why() {
        let cases = [
            (span(0, 2, "gene"), span(1, 3, "disease"), "overlap"),
            (span(1, 3, "disease"), span(0, 2, "gene"), "overlap"),
            (span(0, 1, "gene"), span(2, 5, "disease"), "outside the text, which has 4 characters"),
            (span(0, 1, "gene"), span(9, 9, "disease"), "outside the text"),
            (span(0, 1, "gene"), span(3, 3, "disease"), "is empty"),
            (span(3, 1, "gene"), span(3, 4, "disease"), "is empty"),
            (span(0, 1, "gene"), span(2, 3, "planet"), "no mask for the label `planet`; it reads gene and disease"),
            (span(0, 1, "gene"), span(2, 3, "GENE"), "both entities are labelled"),
        ];
        for (first, second, expected) in cases {
            let message = pair("abcd", first, second).unwrap_err().to_string();
            assert!(message.contains(expected), "{message}");
        }
    }

    #[test]
    fn a_masked_sentence_holds_both_masks() {
        let both = Input::Masked("@GENE$ and @DISEASE$".into());
        assert_eq!(masks().sentence(&both).unwrap(), "@GENE$ and @DISEASE$");
        for (text, missing) in [("@GENE$ alone", "@DISEASE$"), ("@DISEASE$", "@GENE$"), ("", "@GENE$")] {
            let message = masks().sentence(&Input::Masked(text.into())).unwrap_err().to_string();
            assert!(message.contains(missing), "{message}");
        }
    }

    #[test]
    fn line_breaks_become_single_spaces() {
        let cases = [
            ("a b", "a b"),
            ("a  b\tc", "a  b\tc"),
            ("a\nb", "a b"),
            ("a \r\n\t b  c", "a b  c"),
            ("\n a\u{2028}b\n", "a b"),
            (" a\u{85}b ", " a b "),
            ("\n\n", ""),
        ];
        for (text, expected) in cases {
            assert_eq!(on_one_line(text), expected, "{text:?}");
        }
    }
}
