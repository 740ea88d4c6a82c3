//! Which edges a walk may follow, by their evidence.

use std::ops::RangeInclusive;

use crate::{DocumentId, DocumentSet, RunId};

/// Which edges a walk may follow, by their evidence: those that would still stand, and be sure enough, if only the
/// evidence from these years, documents and runs counted. Without a condition, all of them.
///
/// A plain fact has no document, so a condition on years or documents leaves it out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EdgeFilter {
    /// The least confidence, computed from the evidence that counts. Compared to the precision in which models give
    /// it: what a model put at 0.9 passes 0.9.
    pub min_confidence: Option<f64>,
    /// Years in which the document of a piece of evidence was published; one of unknown year does not count.
    pub years: Option<RangeInclusive<u16>>,
    /// Documents from which evidence counts.
    pub documents: Option<DocumentSet>,
    /// Runs whose evidence counts.
    pub runs: Option<Vec<RunId>>,
}

impl EdgeFilter {
    /// Whether it lets every edge through.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    pub(super) fn lets_facts_through(&self) -> bool {
        self.years.is_none() && self.documents.is_none()
    }

    pub(super) fn lets_through(&self, document: DocumentId, year: u16, run: RunId) -> bool {
        self.runs.as_ref().is_none_or(|runs| runs.contains(&run))
            && self.years.as_ref().is_none_or(|years| year != 0 && years.contains(&year))
            && self.documents.as_ref().is_none_or(|documents| documents.contains(document))
    }

    /// The least single-precision confidence that passes; `None` if every one does.
    pub(super) fn threshold(&self) -> Option<f32> {
        let least = self.min_confidence?;
        #[allow(clippy::cast_possible_truncation, reason = "confidences are compared as models give them")]
        let nearest = least as f32;
        let around = [nearest.next_down(), nearest, nearest.next_up()];
        Some(around.into_iter().find(|&number| shortest(number) >= least).unwrap_or(f32::INFINITY))
    }
}

/// The float with the fewest digits that stands for the same single-precision number.
fn shortest(number: f32) -> f64 {
    number.to_string().parse().unwrap_or_else(|_| f64::from(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_threshold_lets_through_what_is_shown_as_at_least_that() {
        for (least, passing, failing) in
            [(0.9, 0.9_f32, 0.899_999_9_f32), (0.7, 0.7, 0.699_999_9), (0.0, 0.0, -0.1), (1.0, 1.0, 0.999_999_94)]
        {
            let threshold = EdgeFilter { min_confidence: Some(least), ..EdgeFilter::default() }.threshold().unwrap();
            assert!(passing >= threshold && failing < threshold, "{least}: {threshold}");
        }
        assert_eq!(EdgeFilter::default().threshold(), None);
    }
}
