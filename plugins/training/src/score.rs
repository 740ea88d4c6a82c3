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
    /// Whether "related" was said of each row.
    pub(crate) said: Vec<bool>,
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
    let said: Vec<bool> = logits.iter().map(|logits| meaning.related(&softmax(logits)) >= 0.5).collect();
    let pairs = said.iter().copied().zip(rows.iter().map(|row| row.label.is_related()));
    Ok(Scored { scores: BinaryScores::count(pairs), cost: cost / rows.len() as f64, said })
}

/// As inference has it, to the last bit that counts.
fn softmax(logits: &[f32]) -> Vec<f32> {
    let greatest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let weights: Vec<f32> = logits.iter().map(|logit| (logit - greatest).exp()).collect();
    let sum: f32 = weights.iter().sum();
    weights.iter().map(|weight| weight / sum).collect()
}
