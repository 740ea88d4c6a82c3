//! What a completions endpoint answers, in the two shapes that are in use.

use serde_json::Value;

use crate::InputError;

/// A token that could have come next.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub(super) text: String,
    /// Natural logarithm of its probability.
    pub(super) log_probability: f32,
}

/// The tokens that could have come next. The error says what the answer lacks.
pub(super) fn tokens(answer: &Value) -> Result<Vec<Token>, String> {
    let choice = &answer["choices"][0];
    let log_probabilities = &choice["logprobs"];
    let tokens = match (&log_probabilities["top_logprobs"][0], &log_probabilities["content"][0]["top_logprobs"]) {
        // OpenAI's own completions and vLLM's: an object from token to number.
        (Value::Object(map), _) => map.iter().filter_map(|(text, number)| token(text, number)).collect(),
        // The shape of chats, in which newer versions of llama-server answer completions too: a list of objects.
        (_, Value::Array(list)) => {
            list.iter().filter_map(|one| token(one["token"].as_str()?, &one["logprob"])).collect()
        }
        _ => Vec::new(),
    };
    if tokens.is_empty() {
        return Err("the answer has no log-probabilities; the server must support `logprobs`".to_owned());
    }
    Ok(tokens)
}

fn token(text: &str, number: &Value) -> Option<Token> {
    #[expect(clippy::cast_possible_truncation, reason = "a log-probability loses nothing that counts")]
    let log_probability = number.as_f64()? as f32;
    Some(Token { text: text.to_owned(), log_probability })
}

/// The log-probability of each answer: the sum over the tokens that may begin it, whatever white space stands before
/// them. An answer that is not among the tokens is less probable than each of them, and has no more than what they leave
/// over, so it is given the smaller of the two.
pub(super) fn logits(tokens: &[Token], answers: &[&str]) -> Result<Vec<f32>, InputError> {
    let begins = |token: &Token, answer: &str| {
        let word = token.text.trim_start_matches([' ', '\u{2581}', '\u{120}', '\n']);
        !word.is_empty() && (answer.trim().starts_with(word) || word.starts_with(answer.trim()))
    };
    let found: Vec<Option<f32>> = answers
        .iter()
        .map(|answer| {
            let parts = tokens.iter().filter(|token| begins(token, answer)).map(|token| token.log_probability);
            parts.reduce(|sum, part| (sum.exp() + part.exp()).ln())
        })
        .collect();
    if found.iter().all(Option::is_none) {
        let said = tokens.iter().max_by(|a, b| a.log_probability.total_cmp(&b.log_probability));
        return Err(InputError::NoAnswer { said: said.map(|token| token.text.clone()).unwrap_or_default() });
    }
    let least = tokens.iter().map(|token| token.log_probability).fold(f32::INFINITY, f32::min);
    let left_over = 1.0 - tokens.iter().map(|token| token.log_probability.exp()).sum::<f32>();
    let absent = least.min(left_over.max(f32::MIN_POSITIVE).ln());
    Ok(found.into_iter().map(|logit| logit.unwrap_or(absent)).collect())
}
