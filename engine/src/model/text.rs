//! Documents, their sentences, and the entities that these mention.

use crate::{DocumentId, NodeId, SentenceId};

/// A document as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Its external id, such as `PMID:12345`.
    pub identifier: String,
    /// Its title; may be empty.
    pub title: String,
    /// The year it was published, if known.
    pub year: Option<u16>,
    /// Hash of the text and mentions it was made from, to tell a newer version from the same one.
    pub content_hash: u64,
    /// A number that grows with each version of the document, if its source has one.
    pub version: Option<u32>,
    /// The first of its sentences.
    pub first_sentence: SentenceId,
    /// How many sentences it has; their ids follow the first one.
    pub sentence_count: u32,
}

impl Document {
    /// The numbers of its sentences.
    pub fn sentences(&self) -> impl Iterator<Item = SentenceId> + use<> {
        let first = self.first_sentence.get();
        (first..first + self.sentence_count).map(SentenceId::new)
    }
}

/// A sentence as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sentence {
    /// The document it belongs to.
    pub document: DocumentId,
    /// Where it starts in its document, in characters (Unicode scalar values).
    pub start: u32,
    /// Its text.
    pub text: String,
    /// The entities it mentions, in order of their start.
    pub mentions: Vec<Mention>,
}

/// An entity named in a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mention {
    /// The entity.
    pub node: NodeId,
    /// First character of the span, counted from the start of the sentence in Unicode scalar values.
    pub start: u32,
    /// One past the last character of the span.
    pub end: u32,
}

/// A document to be added, with its sentences.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewDocument {
    /// See [`Document::identifier`].
    pub identifier: String,
    /// See [`Document::title`].
    pub title: String,
    /// See [`Document::year`].
    pub year: Option<u16>,
    /// See [`Document::content_hash`].
    pub content_hash: u64,
    /// See [`Document::version`].
    pub version: Option<u32>,
    /// Its sentences in order.
    pub sentences: Vec<NewSentence>,
}

/// A sentence to be added with its document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewSentence {
    /// See [`Sentence::start`].
    pub start: u32,
    /// See [`Sentence::text`].
    pub text: String,
    /// See [`Sentence::mentions`].
    pub mentions: Vec<Mention>,
}
