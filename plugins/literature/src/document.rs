//! A document as every reader gives it: text in passages, and the entities that the input has marked in it.

use std::fmt;
use std::sync::Arc;

/// A document with its annotations. All offsets count characters (Unicode scalar values) from its beginning.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Document {
    /// Its external id, such as `PMID:12345`.
    pub identifier: String,
    /// Its title; may be empty.
    pub title: String,
    /// The year it was published, if known.
    pub year: Option<u16>,
    /// Whether what it says still stands.
    pub status: DocumentStatus,
    /// A number that grows from one version of it to the next, where its source tells; for PubMed the day of the last
    /// revision, such as 20240131, and more for a later version of the same PMID.
    pub version: Option<u32>,
    /// What its indexers say that it is about, such as MeSH headings.
    pub headings: Vec<Entity>,
    /// Its text, in order and without overlap. No sentence goes beyond the passage it starts in.
    pub passages: Vec<Passage>,
    /// The entities marked in it, in any order.
    pub annotations: Vec<Annotation>,
    /// What its annotators say of how entities in it are related. Only evaluations look at it: what a graph states, a model
    /// decides.
    pub relations: Vec<StatedRelation>,
    /// Where it was read, for reports.
    pub location: Location,
}

impl Document {
    /// The identifier for an id as lists and corpora have it: `PMID:` before a bare number, others as they are.
    pub fn identifier_of(id: &str) -> String {
        let is_number = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
        if is_number { format!("PMID:{id}") } else { id.to_owned() }
    }
}

/// Whether what a document says still stands, as its source tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DocumentStatus {
    /// It stands.
    #[default]
    Current,
    /// Its authors or publisher have taken it back. It may come with its text or, from the notice that retracts it,
    /// without.
    Retracted,
    /// Its source has deleted the record. It comes without text.
    Deleted,
    /// It is about another document, which it retracts or corrects, and repeats what that one says: it is not to be read.
    Notice,
}

/// A stretch of text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Passage {
    /// Where it starts in its document.
    pub start: usize,
    /// Its text.
    pub text: String,
    /// Whether it still has to be split into sentences.
    pub kind: PassageKind,
}

/// What a passage holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PassageKind {
    /// Any number of sentences.
    #[default]
    Prose,
    /// One sentence, whatever stands in it.
    Sentence,
}

/// A stretch of text that names entities.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Annotation {
    /// First character, counted from the beginning of the document.
    pub start: usize,
    /// One past the last character.
    pub end: usize,
    /// What the entities are: a lower-case word such as `gene`.
    pub label: String,
    /// The words of the span.
    pub text: String,
    /// The entities: one, or several where one phrase names them together, as "breast and ovarian cancer" does.
    pub entities: Vec<Entity>,
}

/// That two entities of a document are related, as its annotators say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatedRelation {
    /// What the annotators call the relation, such as `Association`.
    pub name: String,
    /// The identifiers of the two entities.
    pub ends: [String; 2],
}

/// Something that a text is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entity {
    /// Its external id, such as `NCBIGene:672`.
    pub identifier: String,
    /// Its preferred name, if the input gives one beside the words of the text.
    pub name: Option<String>,
}

/// A place in the input.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Location {
    /// The file, as it was named.
    pub file: Arc<str>,
    /// The line, counted from 1; 0 if there is none.
    pub line: u64,
}

impl fmt::Display for Location {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line == 0 { self.file.fmt(formatter) } else { write!(formatter, "{}:{}", self.file, self.line) }
    }
}
