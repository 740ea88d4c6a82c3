//! How much of a test set stands in a training set.

use std::collections::{HashMap, HashSet};

use serde::Serialize;

use crate::row::{LabelledSentence, folded};

/// How much of a test set stands in a training set. A score on rows that leak shows memory, not reading.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Leak {
    /// Rows of the test set.
    pub test_rows: u64,
    /// Rows of the training set.
    pub train_rows: u64,
    /// Test rows that stand in the training set word for word.
    pub verbatim: u64,
    /// Of these, those that have the same label there, or that label among others.
    pub verbatim_same_label: u64,
    /// The least number of times that a test row that stands there does so.
    pub verbatim_times_least: u64,
    /// Test rows whose source sentence, with whatever masking, stands in the training set; the verbatim ones included.
    pub same_source: u64,
    /// Whether the files tell the source sentences. Where they do not, only verbatim rows can be found.
    pub sources_known: bool,
}

impl Leak {
    /// Whether no test row stands in the training set.
    pub fn is_clean(&self) -> bool {
        self.verbatim == 0 && self.same_source == 0
    }
}

/// Compares a test set with a training set, ignoring case and white space.
pub fn leak(train: &[LabelledSentence], test: &[LabelledSentence]) -> Leak {
    let mut known: HashMap<String, Vec<bool>> = HashMap::new();
    for row in train {
        known.entry(folded(&row.masked)).or_default().push(row.label.is_related());
    }
    let sources: HashSet<String> = train.iter().filter_map(|row| row.source.as_deref()).map(folded).collect();
    let mut leak = Leak {
        test_rows: test.len() as u64,
        train_rows: train.len() as u64,
        sources_known: !sources.is_empty() && test.iter().any(|row| row.source.is_some()),
        verbatim_times_least: u64::MAX,
        ..Leak::default()
    };
    for row in test {
        let labels = known.get(&folded(&row.masked));
        if let Some(labels) = labels {
            leak.verbatim += 1;
            leak.verbatim_same_label += u64::from(labels.contains(&row.label.is_related()));
            leak.verbatim_times_least = leak.verbatim_times_least.min(labels.len() as u64);
        }
        let same_source = row.source.as_deref().is_some_and(|source| sources.contains(&folded(source)));
        leak.same_source += u64::from(same_source || labels.is_some());
    }
    if leak.verbatim == 0 {
        leak.verbatim_times_least = 0;
    }
    leak
}
