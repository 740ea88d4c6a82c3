//! A citation of PubMed, whichever way it is written, and the documents that follow from it: itself, unless it is a
//! notice, and those that it takes back.
//!
//! A notice about another paper (a retraction, an erratum, an expression of concern) repeats what that paper says, so it
//! is no evidence and is not read. A retraction takes the other paper out; errata and concerns, and retractions of a part
//! of a paper, leave it.

use super::number;
use crate::document::{Document, DocumentStatus, Entity, Location, Passage, PassageKind};
use crate::text::collapse_whitespace;

/// Publication types of notices, in lower case.
const NOTICE_TYPES: [&str; 6] = [
    "retraction of publication",
    "retraction notice",
    "published erratum",
    "erratum",
    "expression of concern",
    "withdrawal notice",
];

/// Publication types of what has been taken back, in lower case.
const RETRACTED_TYPES: [&str; 2] = ["retracted publication", "withdrawn publication"];

/// How many days, written as numbers, a version of PubMed's is ahead of the one before it: more than any day.
const VERSION_STEP: u32 = 100_000_000;

/// The last version that a number of 32 bits can hold; no citation comes near it.
const LAST_VERSION: u32 = 40;

/// What is known of a citation.
#[derive(Debug, Default)]
pub(super) struct Citation {
    /// Its number in PubMed.
    pub(super) pmid: String,
    /// The version that stands with the number: 1 for nearly all.
    pub(super) pmid_version: Option<u32>,
    /// The day of the last revision, such as 20240131.
    pub(super) revised: Option<u32>,
    pub(super) title: String,
    /// The parts of its abstract.
    pub(super) parts: Vec<String>,
    pub(super) year: Option<u16>,
    pub(super) publication_types: Vec<String>,
    /// What its indexers say that it is about.
    pub(super) headings: Vec<Entity>,
    /// Whether it names a notice that retracts it.
    pub(super) is_retracted: bool,
    /// Whether it names a paper that it speaks of as a notice.
    pub(super) is_notice: bool,
    /// The numbers of the papers that it retracts.
    pub(super) retracts: Vec<String>,
}

impl Citation {
    /// The documents that follow from it.
    pub(super) fn documents(self, location: &Location) -> impl Iterator<Item = Document> + use<> {
        let retracts = self.retracts.clone();
        let own = self.document(location);
        let location = location.clone();
        let taken_back = retracts.into_iter().map(move |pmid| withdrawn(&pmid, DocumentStatus::Retracted, &location));
        std::iter::once(own).chain(taken_back)
    }

    fn document(self, location: &Location) -> Document {
        let (identifier, status, version) = (identifier(&self.pmid), self.status(), self.version());
        let mut passages = Vec::new();
        for text in std::iter::once(&self.title).chain(&self.parts) {
            push_passage(&mut passages, collapse_whitespace(text));
        }
        Document {
            identifier,
            title: collapse_whitespace(&self.title),
            year: self.year,
            status,
            version,
            headings: self.headings,
            passages,
            location: location.clone(),
            ..Document::default()
        }
    }

    fn status(&self) -> DocumentStatus {
        let is_of = |known: &[&str]| {
            self.publication_types.iter().any(|kind| known.contains(&kind.trim().to_lowercase().as_str()))
        };
        if self.is_retracted || is_of(&RETRACTED_TYPES) {
            DocumentStatus::Retracted
        } else if self.is_notice || !self.retracts.is_empty() || is_of(&NOTICE_TYPES) {
            DocumentStatus::Notice
        } else {
            DocumentStatus::Current
        }
    }

    /// A number that grows from version to version: first by the version that stands with the PMID, then by the day of the
    /// last revision.
    fn version(&self) -> Option<u32> {
        let steps = self.pmid_version.map(|version| version.clamp(1, LAST_VERSION) - 1);
        match (steps, self.revised) {
            (None | Some(0), None) => None,
            (steps, revised) => Some(steps.unwrap_or(0) * VERSION_STEP + revised.unwrap_or(0).min(VERSION_STEP - 1)),
        }
    }
}

/// The identifier of a citation.
pub(super) fn identifier(pmid: &str) -> String {
    let pmid = pmid.trim();
    number::whole(pmid).map_or_else(|| format!("PMID:{pmid}"), |pmid| format!("PMID:{pmid}"))
}

/// What is known of a citation that is only named as gone.
pub(super) fn withdrawn(pmid: &str, status: DocumentStatus, location: &Location) -> Document {
    Document { identifier: identifier(pmid), status, location: location.clone(), ..Document::default() }
}

fn push_passage(passages: &mut Vec<Passage>, text: String) {
    if text.is_empty() {
        return;
    }
    let start = passages.last().map_or(0, |last: &Passage| last.start + last.text.chars().count() + 1);
    passages.push(Passage { start, text, kind: PassageKind::Prose });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_version_of_a_citation_outranks_every_revision_of_an_earlier_one() {
        let version = |pmid_version, revised| Citation { pmid_version, revised, ..Citation::default() }.version();
        assert_eq!(version(None, Some(20_240_131)), Some(20_240_131));
        assert_eq!(version(Some(1), Some(20_240_131)), Some(20_240_131));
        assert!(version(Some(2), Some(20_100_101)) > version(Some(1), Some(20_240_131)));
        assert!(version(Some(2), None) > version(Some(1), Some(20_240_131)));
        assert!(version(Some(3), Some(20_240_131)) > version(Some(2), Some(20_240_131)));
        assert_eq!((version(None, None), version(Some(1), None)), (None, None));
        assert!(version(Some(u32::MAX), Some(u32::MAX)) > version(Some(2), Some(20_240_131)));
    }
}
