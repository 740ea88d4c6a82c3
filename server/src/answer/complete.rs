//! What may be put in at the cursor of the editor.

use hopgraph::query::candidate::candidates;
use hopgraph::query::completion::CompletionKind;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::text::{byte_of_utf16, utf16_range};
use super::{Answer, Request};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CompleteQuestion {
    text: String,
    /// In UTF-16 units, as browsers count.
    cursor: usize,
    #[serde(default)]
    parameters: Vec<String>,
}

/// The words that may stand at the cursor, and the place that they take.
pub(crate) fn complete(request: &Request<'_>, question: CompleteQuestion) -> Answer {
    let snapshot = request.snapshot()?;
    let cursor = byte_of_utf16(&question.text, question.cursor);
    let (span, words) = candidates(&snapshot, &question.parameters, &question.text, cursor)?;
    let [from, to] = utf16_range(&question.text, span.start, span.end);
    let words: Vec<Json> = words
        .into_iter()
        .map(|word| json!({ "label": word.display, "apply": word.replacement, "kind": kind_name(word.kind) }))
        .collect();
    Ok(json!({ "from": from, "to": to, "words": words }))
}

fn kind_name(kind: CompletionKind) -> &'static str {
    match kind {
        CompletionKind::Keyword => "keyword",
        CompletionKind::Label => "label",
        CompletionKind::RelationType => "type",
        CompletionKind::Variable => "variable",
        CompletionKind::Function => "function",
        CompletionKind::PropertyKey => "property",
        CompletionKind::EntityName => "name",
        CompletionKind::Parameter => "parameter",
        CompletionKind::Procedure => "procedure",
        CompletionKind::Column => "column",
        _ => "word",
    }
}
