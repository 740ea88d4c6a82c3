//! Readers: one file for each format, each an iterator of documents and rejects, so that a bad record ends nothing.

mod bioc;
mod citation;
pub(crate) mod corpus;
mod cut;
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
pub(crate) use corpus::{SourceFile, Worked};
pub(crate) use cut::{Cut, cuts};
pub use format::Format;
pub(crate) use input::Meter;
pub(crate) use input::{BadLine, Input as LineSource};
pub(crate) use json_lines::explain;
pub(crate) use paths::expand;

use crate::document::{Annotation, Entity, StatedRelation};
use crate::label;
use crate::{Document, Reject};

/// What a reader gives, in the order of its file.
pub(crate) type Documents<'a> = Box<dyn Iterator<Item = Result<Document, Reject>> + Send + 'a>;

/// A relation between things by their raw ids, if both are annotated in the document: an id means what the annotation with
/// it says.
fn relation(name: &str, raw_ends: [&str; 2], document: &str, annotations: &[Annotation]) -> Option<StatedRelation> {
    let identifier = |raw: &str| {
        let annotated = |label: &str| {
            let identifiers = label::identifiers(label, raw, document);
            let is_known = |identifier: &String| {
                annotations.iter().flat_map(|known| &known.entities).any(|entity| entity.identifier == *identifier)
            };
            identifiers.into_iter().find(is_known)
        };
        annotations.iter().find_map(|annotation| annotated(&annotation.label))
    };
    let [one, other] = raw_ends.map(identifier);
    Some(StatedRelation { name: name.trim().to_owned(), ends: [one?, other?] })
}

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
