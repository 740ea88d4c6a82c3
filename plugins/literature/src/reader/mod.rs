//! Readers: one file for each format, each an iterator of documents and rejects, so that a bad record ends nothing.

mod bioc;
mod citation;
pub(crate) mod corpus;
mod encoding;
mod eu_adr;
mod format;
mod gad;
mod input;
mod json_cutter;
mod json_lines;
mod medline;
mod number;
mod paths;
mod plain_text;
mod pubmed;
mod pubtator;
mod sentence_table;
mod table;
mod xml;

pub use corpus::Corpus;
#[cfg(test)]
pub(crate) use corpus::tests::read_text;
pub use format::Format;
pub(crate) use input::{BadLine, Input as LineSource};
pub(crate) use json_lines::explain;

use crate::document::Entity;
use crate::label;
use crate::{Document, Reject};

/// What a reader gives, in the order of its file.
pub(crate) type Documents<'a> = Box<dyn Iterator<Item = Result<Document, Reject>> + Send + 'a>;

/// The entities behind raw ids; without any id, the one that the mention names.
fn entities<'a>(
    label: &str,
    raw_ids: impl IntoIterator<Item = &'a str>,
    document: &str,
    name: Option<&str>,
    mention: &str,
) -> Vec<Entity> {
    let mut identifiers: Vec<String> = Vec::new();
    for identifier in raw_ids.into_iter().flat_map(|raw| label::identifiers(label, raw, document)) {
        if !identifiers.contains(&identifier) {
            identifiers.push(identifier);
        }
    }
    if identifiers.is_empty() {
        identifiers.push(label::name_identifier(label, name.unwrap_or(mention)));
    }
    let name = name.filter(|_| identifiers.len() == 1);
    identifiers.into_iter().map(|identifier| Entity { identifier, name: name.map(str::to_owned) }).collect()
}
