//! How well a tagger does on annotated documents.

use std::collections::{BTreeMap, BTreeSet};

use super::Tagger;
use crate::Document;
use crate::label::is_name_identifier;

/// Counts of what was found and what was to be found, by label.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evaluation {
    /// Spans: the same characters with the same label.
    pub spans: BTreeMap<String, Score>,
    /// Identifiers: the same in the same document, however often and wherever in it.
    pub identifiers: BTreeMap<String, Score>,
}

/// What was found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Score {
    /// Found and annotated.
    pub right: u64,
    /// Found.
    pub found: u64,
    /// Annotated.
    pub annotated: u64,
}

impl Score {
    /// How much of what was found is annotated, from 0 to 1.
    pub fn precision(self) -> f64 {
        ratio(self.right, self.found)
    }

    /// How much of what is annotated was found, from 0 to 1.
    pub fn recall(self) -> f64 {
        ratio(self.right, self.annotated)
    }

    /// The harmonic mean of the two.
    pub fn f1(self) -> f64 {
        ratio(2 * self.right, self.found + self.annotated)
    }

    pub(crate) fn add<T: Ord>(&mut self, found: &BTreeSet<T>, annotated: &BTreeSet<T>) {
        self.right += found.intersection(annotated).count() as u64;
        self.found += found.len() as u64;
        self.annotated += annotated.len() as u64;
    }
}

fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// Compares what a tagger finds with the annotations of documents. Only labels that they use are compared: a corpus of
/// diseases says nothing of genes. Annotations without an id count as spans only.
pub fn evaluate(documents: &[Document], tagger: &dyn Tagger) -> Evaluation {
    let annotations = documents.iter().flat_map(|document| &document.annotations);
    let labels: BTreeSet<&str> = annotations.map(|annotation| annotation.label.as_str()).collect();
    compare(documents, &labels, tagger)
}

/// Compares these labels.
pub(super) fn compare(documents: &[Document], labels: &BTreeSet<&str>, tagger: &dyn Tagger) -> Evaluation {
    let mut evaluation = Evaluation::default();
    for document in documents {
        let mentions = tagger.tag(document);
        for label in labels {
            let found = mentions.iter().map(|mention| &mention.annotation).filter(|found| found.label == *label);
            let annotated = document.annotations.iter().filter(|annotation| annotation.label == *label);
            let spans = |annotations: &[&crate::Annotation]| -> BTreeSet<(usize, usize)> {
                annotations.iter().map(|annotation| (annotation.start, annotation.end)).collect()
            };
            let (found, annotated): (Vec<_>, Vec<_>) = (found.collect(), annotated.collect());
            evaluation.spans.entry((*label).to_owned()).or_default().add(&spans(&found), &spans(&annotated));
            let (found, annotated) = (identifiers(&found), identifiers(&annotated));
            evaluation.identifiers.entry((*label).to_owned()).or_default().add(&found, &annotated);
        }
    }
    evaluation
}

fn identifiers<'a>(annotations: &[&'a crate::Annotation]) -> BTreeSet<&'a str> {
    let entities = annotations.iter().flat_map(|annotation| &annotation.entities);
    entities.map(|entity| entity.identifier.as_str()).filter(|identifier| !is_name_identifier(identifier)).collect()
}
