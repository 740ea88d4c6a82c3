//! Why an edge is in the graph.

use crate::{RunId, SentenceId};

/// Why an edge is in the graph.
#[derive(Clone, Debug, PartialEq)]
pub enum Evidence {
    /// A run stated it as a plain fact: loaded from a file or written by hand.
    Fact {
        /// The load, or the hand.
        run: RunId,
    },
    /// A model read it in a sentence.
    Text {
        /// The sentence.
        sentence: SentenceId,
        /// The run of the model.
        run: RunId,
        /// Probability of the answer that made this edge, in 0..=1.
        probability: f32,
        /// Probability of each answer, in the order of the run's `answers`.
        probabilities: Vec<f32>,
    },
}

impl Evidence {
    /// The run that stands for it.
    #[must_use]
    pub fn run(&self) -> RunId {
        match self {
            Self::Fact { run } | Self::Text { run, .. } => *run,
        }
    }
}
