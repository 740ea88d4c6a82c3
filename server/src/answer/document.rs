//! A document with all its sentences and what they mention.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use hopgraph::engine::View;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::{Answer, Failure, Request, describe};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DocumentQuestion {
    identifier: String,
}

/// The document with this identifier: title, year, sentences in order with their mentions, and the nodes mentioned.
pub(crate) fn document(request: &Request<'_>, question: DocumentQuestion) -> Answer {
    let snapshot = request.snapshot()?;
    let missing = || Failure::missing(format!("there is no document {:?}", question.identifier));
    let id = snapshot.document_by_identifier(&question.identifier)?.ok_or_else(missing)?;
    let document = snapshot.document(id)?.ok_or_else(missing)?;
    let mut nodes = BTreeMap::<u32, Json>::new();
    let mut sentences = Vec::new();
    let budget = request.budget();
    for number in document.sentences() {
        budget.check()?;
        let Some(sentence) = snapshot.sentence(number)? else { continue };
        for mention in &sentence.mentions {
            if let Entry::Vacant(entry) = nodes.entry(mention.node.get()) {
                entry.insert(describe::node(&snapshot, mention.node)?);
            }
        }
        sentences.push(json!({
            "sentence": number.get(),
            "start": sentence.start,
            "text": sentence.text,
            "mentions": mentions(&sentence.mentions),
        }));
    }
    Ok(json!({
        "identifier": document.identifier,
        "title": document.title,
        "year": document.year,
        "sentences": sentences,
        "nodes": nodes.into_values().collect::<Vec<_>>(),
    }))
}

/// Mentions with their places in characters (Unicode scalar values).
pub(super) fn mentions(mentions: &[hopgraph::engine::Mention]) -> Vec<Json> {
    mentions
        .iter()
        .map(|mention| json!({ "node": mention.node.get(), "start": mention.start, "end": mention.end }))
        .collect()
}
