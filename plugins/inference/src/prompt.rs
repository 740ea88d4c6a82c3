//! The prompt: its template, where it may be cut, and the tokens of its answers.

use std::path::Path;

use crate::{Answer, InferenceError};
use hopgraph_model::ModelError;
use hopgraph_model::tokenizer::Tokenizer;

/// Where a template wants the sentence.
const SENTENCE: &str = "{sentence}";

/// What stands in a template of an encoder between two texts.
const SEPARATOR: &str = "[SEP]";

/// A prompt with a place for the sentence, on a line of its own.
///
/// The line of its own is not for looks. A sentence is tokenized apart from the prompt around it, and the tokens of the
/// prompt's beginning are computed once for all sentences. That is right only where tokens do not cross the cut: at line
/// breaks they do not, at spaces they nearly always do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Template {
    before: String,
    /// Begins with the line break that ends the sentence's line, if there is one.
    after: String,
}

impl Template {
    /// Reads a template; the error says what is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let Some((before, after)) = text.split_once(SENTENCE) else {
            return Err("`prompt` has no {sentence}; put it on a line of its own".to_owned());
        };
        if after.contains(SENTENCE) {
            return Err("`prompt` has more than one {sentence}; keep one".to_owned());
        }
        let starts_line = before.is_empty() || before.ends_with('\n');
        let ends_line = after.is_empty() || after.starts_with('\n');
        if !starts_line || !ends_line {
            return Err("`prompt` must have {sentence} on a line of its own, with no character beside it".to_owned());
        }
        Ok(Self { before: before.to_owned(), after: after.to_owned() })
    }

    /// The template as it was written.
    pub(crate) fn text(&self) -> String {
        self.fill(SENTENCE)
    }

    /// The text, or the two texts, that an encoder is to read; [`SEPARATOR`] stands between them. A line break is only a
    /// space there.
    pub(crate) fn texts(&self, sentence: &str) -> (String, Option<String>) {
        match (self.before.split_once(SEPARATOR), self.after.split_once(SEPARATOR)) {
            (Some((first, before)), _) => (first.to_owned(), Some(format!("{before}{sentence}{}", self.after))),
            (None, Some((after, second))) => (format!("{}{sentence}{after}", self.before), Some(second.to_owned())),
            (None, None) => (self.fill(sentence), None),
        }
    }

    /// The whole prompt for a sentence.
    pub(crate) fn fill(&self, sentence: &str) -> String {
        format!("{}{sentence}{}", self.before, self.after)
    }
}

/// A template in the tokens of one model.
pub(crate) struct Prompt {
    template: Template,
    /// None if this tokenizer does not allow the cuts.
    cut: Option<Cut>,
    answers: Vec<u32>,
}

/// The tokens around the sentence.
struct Cut {
    before: Vec<u32>,
    after: Vec<u32>,
}

/// Sentences that have broken cuts: spaces at the ends, punctuation, digits, line-like and rare characters. None is
/// empty, as no sentence with two masks is: Gemma has a token for two line breaks, which an empty line would make.
const PROBES: [&str; 11] = [
    "a",
    " a ",
    "  ",
    "@GENE$ causes @DISEASE$.",
    "@DISEASE$",
    "#",
    "###",
    "12 % (p<0.05), ",
    "\u{2581}\t|",
    "\u{e9}\u{301}\u{1f9ec}",
    "</s>",
];

impl Prompt {
    /// Tokenizes the template and finds the token that begins each answer.
    pub(crate) fn new(
        template: Template,
        answers: &[Answer],
        tokenizer: &Tokenizer,
        settings: &Path,
    ) -> Result<Self, InferenceError> {
        let answers = answer_tokens(&template, answers, tokenizer, settings)?;
        let cut = find_cut(&template, tokenizer)?;
        Ok(Self { template, cut, answers })
    }

    /// The tokens that all prompts begin with; empty if the template could not be cut.
    pub(crate) fn shared(&self) -> &[u32] {
        self.cut.as_ref().map_or(&[], |cut| &cut.before)
    }

    /// Whether the template could be cut, so that its beginning is computed once.
    pub(crate) fn is_shared(&self) -> bool {
        self.cut.is_some()
    }

    /// The first token of each answer.
    pub(crate) fn answers(&self) -> &[u32] {
        &self.answers
    }

    /// The tokens after the shared ones for a sentence, which must be on one line.
    pub(crate) fn own(&self, sentence: &str, tokenizer: &Tokenizer) -> Result<Vec<u32>, InferenceError> {
        let Some(cut) = &self.cut else { return Ok(tokenizer.whole(&self.template.fill(sentence))?) };
        let Some(mut tokens) = tokenizer.after_line_break(sentence)? else {
            let problem = format!("the tokenizer joins a line break to the sentence {sentence}");
            return Err(ModelError::Compute(problem).into());
        };
        tokens.extend_from_slice(&cut.after);
        Ok(tokens)
    }
}

/// Cuts the template at the line breaks around the sentence, if the parts have the same tokens as the whole.
fn find_cut(template: &Template, tokenizer: &Tokenizer) -> Result<Option<Cut>, InferenceError> {
    // At the start of a text a tokenizer may put a space before it, so the sentence must not stand there.
    if template.before.is_empty() || tokenizer.joins_line_breaks() {
        return Ok(None);
    }
    let before = tokenizer.whole(&template.before)?;
    let Some(after) = tokenizer.after_line_break(&template.after)? else { return Ok(None) };
    let cut = Cut { before, after };
    for probe in PROBES {
        let Some(sentence) = tokenizer.after_line_break(probe)? else { return Ok(None) };
        if [cut.before.as_slice(), &sentence, &cut.after].concat() != tokenizer.whole(&template.fill(probe))? {
            return Ok(None);
        }
    }
    Ok(Some(cut))
}

/// The first token of each answer after the filled template. Found by tokenizing both together, since a word at the
/// start of a text has other tokens than the same word after a line break.
fn answer_tokens(
    template: &Template,
    answers: &[Answer],
    tokenizer: &Tokenizer,
    settings: &Path,
) -> Result<Vec<u32>, InferenceError> {
    let problem = |problem: String| InferenceError::Settings { path: settings.to_owned(), problem };
    let filled = template.fill(PROBES[0]);
    let asked = tokenizer.whole(&filled)?;
    let mut tokens: Vec<u32> = Vec::with_capacity(answers.len());
    for answer in answers {
        let answered = tokenizer.whole(&format!("{filled}{}", answer.text))?;
        let Some(&token) = answered.strip_prefix(asked.as_slice()).and_then(<[u32]>::first) else {
            return Err(problem(format!(
                "the answer `{}` joins the end of the prompt in one token; end `prompt` with a line break, or move \
                 the space at its end to the start of each answer",
                answer.text
            )));
        };
        if let Some(same) = tokens.iter().position(|&other| other == token) {
            return Err(problem(format!(
                "the answers `{}` and `{}` begin with the same token, so one forward pass cannot tell them apart; \
                 choose words that begin differently",
                answers[same].text, answer.text
            )));
        }
        tokens.push(token);
    }
    Ok(tokens)
}

#[cfg(test)]
mod tests;
