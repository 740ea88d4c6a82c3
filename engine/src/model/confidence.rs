//! How sure a graph is of an edge, from the evidence for it.

use std::collections::BTreeMap;

use crate::{DocumentId, Evidence, SentenceId, StorageError};

/// The confidence of an edge, in 0..=1, by this rule:
///
/// - A plain fact is certain: 1.
/// - Sentences of one document are not independent, so a document counts once, with its most probable sentence.
/// - Documents are taken as independent: the edge is wrong only if every document is, so the confidence is
///   1 - Π (1 - p), over the documents ("noisy or"; Pearl, Probabilistic Reasoning in Intelligent Systems, 1988, 4.3.2).
///
/// No evidence: 0.
pub fn confidence(
    evidence: &[Evidence],
    mut document_of: impl FnMut(SentenceId) -> Result<DocumentId, StorageError>,
) -> Result<f64, StorageError> {
    let mut by_document: BTreeMap<DocumentId, f64> = BTreeMap::new();
    for piece in evidence {
        match piece {
            Evidence::Fact { .. } => return Ok(1.0),
            Evidence::Text { sentence, probability, .. } => {
                let best = by_document.entry(document_of(*sentence)?).or_default();
                *best = best.max(f64::from(*probability));
            }
        }
    }
    Ok(1.0 - by_document.values().map(|probability| 1.0 - probability).product::<f64>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RunId;

    fn text(sentence: u32, probability: f32) -> Evidence {
        let (sentence, run) = (SentenceId::new(sentence), RunId::new(0));
        Evidence::Text { sentence, run, probability, probabilities: vec![] }
    }

    #[test]
    fn independent_documents_count_and_repeated_sentences_do_not() {
        // Sentences 0 to 9 belong to document 0, 10 to 19 to document 1.
        let document_of = |sentence: SentenceId| Ok(DocumentId::new(sentence.get() / 10));
        let fact = Evidence::Fact { run: RunId::new(0) };
        for (evidence, expected) in [
            (vec![], 0.0),
            (vec![text(0, 0.5)], 0.5),
            (vec![text(0, 0.5), text(1, 0.25), text(2, 0.5)], 0.5),
            (vec![text(0, 0.5), text(10, 0.5)], 0.75),
            (vec![text(0, 0.5), fact], 1.0),
        ] {
            assert_eq!(confidence(&evidence, document_of).unwrap(), expected, "{evidence:?}");
        }
    }
}
