//! How well the splitter finds the sentence boundaries of texts that come as sentences.

use std::collections::{BTreeMap, BTreeSet};

use super::split_sentences;
use crate::tag::Score;
use crate::{Document, PassageKind};

/// Joins the sentences of each document with spaces and compares where the splitter parts them again, by the part of
/// the identifier before its colon, which in a table with a column for the corpus is the corpus. The end of a document
/// does not count: nobody misses it.
pub fn evaluate_sentences(documents: &[Document]) -> BTreeMap<String, Score> {
    let mut scores: BTreeMap<String, Score> = BTreeMap::new();
    for document in documents {
        let is_sentence = |passage: &&crate::Passage| passage.kind == PassageKind::Sentence;
        let sentences: Vec<&str> =
            document.passages.iter().filter(is_sentence).map(|passage| passage.text.trim()).collect();
        if sentences.len() < 2 {
            continue;
        }
        let mut annotated = BTreeSet::new();
        let mut at = 0;
        for sentence in &sentences {
            at += sentence.chars().count();
            annotated.insert(at);
            at += 1;
        }
        annotated.pop_last();
        let mut found: BTreeSet<usize> =
            split_sentences(&sentences.join(" "), &[]).into_iter().map(|sentence| sentence.end).collect();
        found.pop_last();
        let group = document.identifier.split_once(':').map_or("", |(group, _)| group);
        scores.entry(group.to_owned()).or_default().add(&found, &annotated);
    }
    scores
}
