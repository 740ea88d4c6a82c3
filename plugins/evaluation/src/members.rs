//! The members of an ensemble: what each scores alone, and how much each should count.

use hopgraph_inference::Classifier;
use serde::Serialize;

use crate::evaluate::{Meaning, read_all};
use crate::{BinaryScores, EvaluationError, LabelledSentence};

/// Steps of the search for weights; each makes the labels more probable, and the weights settle in far fewer.
const STEPS: usize = 500;

/// What a member of an ensemble scores alone.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MemberScores {
    /// Its name.
    pub model: String,
    /// Its share of the whole, from 0 to 1.
    pub share: f64,
    /// What it scores.
    pub related: BinaryScores,
}

/// What each member of a classifier scores; nothing if it has none.
pub(crate) fn score_members(
    classifier: &dyn Classifier,
    rows: &[LabelledSentence],
) -> Result<Vec<MemberScores>, EvaluationError> {
    let score = |(member, share): (&dyn Classifier, f32)| {
        let meaning = Meaning::of(member.description())?;
        let answers = read_all(member, rows)?;
        let said = answers.iter().map(|answer| meaning.related(&answer.weights) >= 0.5);
        let related = BinaryScores::count(said.zip(rows.iter().map(|row| row.label.is_related())));
        Ok(MemberScores { model: member.description().name.clone(), share: f64::from(share), related })
    };
    classifier.members().into_iter().map(score).collect()
}

/// Finds the weights of an ensemble's members at which the labels of these rows are most probable. They sum to 1. The
/// rows must not be those that a member was trained on, nor those that the ensemble is tested on.
///
/// By expectation and maximization (Dempster and others 1977, Journal of the Royal Statistical Society B 39(1):1-38):
/// the likelihood of a mixture is concave in its weights, so there is one best.
///
/// # Errors
/// As [`crate::evaluate`], and [`EvaluationError::Empty`] if the classifier joins no others.
pub fn fit_weights(classifier: &dyn Classifier, rows: &[LabelledSentence]) -> Result<Vec<f64>, EvaluationError> {
    let members = classifier.members();
    if members.is_empty() {
        return Err(EvaluationError::Empty { reason: "the model has no [[members]] to weigh".into() });
    }
    let agreeing = |(member, _): &(&dyn Classifier, f32)| {
        let meaning = Meaning::of(member.description())?;
        let probability = |(answer, row): (crate::evaluate::Answer, &LabelledSentence)| {
            let weights = answer.weights.iter().enumerate();
            let agreeing = weights.filter(|(answer, _)| meaning.agrees(*answer, row.label));
            agreeing.map(|(_, &weight)| f64::from(weight)).sum::<f64>().max(1e-9)
        };
        Ok(read_all(*member, rows)?.into_iter().zip(rows).map(probability).collect())
    };
    let probabilities: Vec<Vec<f64>> = members.iter().map(agreeing).collect::<Result<_, EvaluationError>>()?;
    Ok(mixture(&probabilities))
}

/// The weights of the mixture; `probabilities` has a row for each member.
fn mixture(probabilities: &[Vec<f64>]) -> Vec<f64> {
    let members = probabilities.len();
    let of_row = |row: usize| probabilities.iter().map(|member| member[row]).collect();
    let rows: Vec<Vec<f64>> = (0..probabilities[0].len()).map(of_row).collect();
    let mut weights = vec![1.0 / members as f64; members];
    for _ in 0..STEPS {
        let mut sums = vec![0.0; members];
        for row in &rows {
            let parts: Vec<f64> = weights.iter().zip(row).map(|(weight, probability)| weight * probability).collect();
            let whole: f64 = parts.iter().sum();
            sums.iter_mut().zip(parts).for_each(|(sum, part)| *sum += part / whole);
        }
        weights = sums.into_iter().map(|sum| sum / rows.len() as f64).collect();
    }
    weights
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_those_at_which_the_labels_are_most_probable() {
        let first = vec![0.9, 0.8, 0.9, 0.2, 0.7, 0.9];
        let second = vec![0.5, 0.6, 0.4, 0.9, 0.6, 0.3];
        let likelihood = |weight: f64| -> f64 {
            first.iter().zip(&second).map(|(one, other)| (weight * one + (1.0 - weight) * other).ln()).sum()
        };
        let found = mixture(&[first.clone(), second.clone()]);
        assert!((found[0] + found[1] - 1.0).abs() < 1e-9);
        let best =
            (0..=1000).map(|step| f64::from(step) / 1000.0).max_by(|a, b| likelihood(*a).total_cmp(&likelihood(*b)));
        assert!((found[0] - best.unwrap()).abs() < 2e-3, "{found:?} {best:?}");
        assert_eq!(mixture(&[vec![0.9; 3], vec![0.1; 3]])[0].round(), 1.0, "who is always better gets all");
    }
}
