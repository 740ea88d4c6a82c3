//! How good a model is while it is trained.

use hopgraph_compute::training::Learner;
use hopgraph_evaluation::{BinaryScores, Meaning};
use hopgraph_labelled::LabelledSentence;

use crate::TrainingError;
use crate::data::Examples;

/// What a model says of the development rows.
pub(crate) struct Scored {
    pub(crate) scores: BinaryScores,
    /// The mean cost of a row.
    pub(crate) cost: f64,
    /// The probability of "related" of each row.
    pub(crate) related: Vec<f64>,
}

/// Lets a model read the development rows, with nothing dropped.
pub(crate) fn score(
    learner: &Learner,
    examples: &Examples,
    rows: &[LabelledSentence],
    meaning: &Meaning,
) -> Result<Scored, TrainingError> {
    let logits = learner.logits(&examples.sequences)?;
    let cost: f64 = logits.iter().zip(&examples.truths).map(|(logits, truth)| truth.cost(logits).0).sum();
    let related: Vec<f64> = logits.iter().map(|logits| meaning.related(&softmax(logits))).collect();
    let said = related.iter().map(|&probability| probability >= 0.5);
    let pairs = said.zip(rows.iter().map(|row| row.label.is_related()));
    Ok(Scored { scores: BinaryScores::count(pairs), cost: cost / rows.len() as f64, related })
}

/// As inference has it, to the last bit that counts.
fn softmax(logits: &[f32]) -> Vec<f32> {
    let greatest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let weights: Vec<f32> = logits.iter().map(|logit| (logit - greatest).exp()).collect();
    let sum: f32 = weights.iter().sum();
    weights.iter().map(|weight| weight / sum).collect()
}
