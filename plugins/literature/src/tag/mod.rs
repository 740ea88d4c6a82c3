//! Tagging: which genes, diseases and chemicals a text names, and under which ids they are known.

mod abbreviation;
mod evaluate;
mod features;
mod learn;
mod lexicon_tagger;
pub(crate) mod matcher;
pub(crate) mod page;
mod regression;
mod reliability;
mod stream;
pub(crate) mod token;
mod write;

pub use evaluate::{Evaluation, Score, evaluate};
pub use learn::{LearnError, learn};
pub use lexicon_tagger::LexiconTagger;
pub use reliability::Reliability;
pub use stream::{TagOptions, TagProgress, tag_corpus};
pub use write::OutputFormat;

use crate::{Annotation, Document};

/// Finds the entities that a document names.
pub trait Tagger: Send + Sync {
    /// The mentions of a document in the order of the text, none of which overlap. Whatever annotations the document
    /// has are passed over.
    fn tag(&self, document: &Document) -> Vec<TaggedMention>;

    /// What its answers depend on, readable: of two taggers that may answer differently, no two say the same. It becomes
    /// part of what a run is known by. The tagger that is built into the program says nothing: the version of the program
    /// is part of that already.
    fn identity(&self) -> Option<String>;

    /// The identifier under which it knows the thing with this one, so that texts annotated under different schemes meet.
    fn canonical(&self, _identifier: &str) -> Option<&str> {
        None
    }
}

/// A mention that a tagger found.
#[derive(Clone, Debug, PartialEq)]
pub struct TaggedMention {
    /// Where it stands and what it most likely names.
    pub annotation: Annotation,
    /// Everything that it may name, the likeliest first.
    pub candidates: Vec<ScoredEntity>,
}

/// An entity with how likely it is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct ScoredEntity {
    /// Its identifier.
    pub identifier: String,
    /// Its label.
    pub label: String,
    /// The probability that it is meant, from 0 to 1.
    pub score: f32,
}

/// Puts the tagger's identifiers in place of others for the same things.
pub(crate) fn link(annotations: &mut [Annotation], tagger: &dyn Tagger) {
    for entity in annotations.iter_mut().flat_map(|annotation| &mut annotation.entities) {
        if let Some(identifier) = tagger.canonical(&entity.identifier) {
            identifier.clone_into(&mut entity.identifier);
        }
    }
}

#[cfg(test)]
mod tests;
