//! Whether stated probabilities are honest, and the temperature that makes them so.

use hopgraph_inference::Classifier;
use serde::Serialize;

use crate::evaluate::{Answer, Meaning, read_all};
use crate::score::to_float;
use crate::{EvaluationError, LabelledSentence};

/// How many bins of equal width the probabilities fall into.
const BINS: usize = 10;

/// The temperatures between which the best is looked for.
const TEMPERATURES: (f64, f64) = (0.05, 20.0);

/// Steps of the search: each narrows the logarithm of the range to 0.62 of it, so that three digits are right.
const SEARCH_STEPS: usize = 40;

/// Whether the probability stated for "related" is the share of related sentences among those it is stated of.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Calibration {
    /// Expected calibration error: the distance between stated and observed, averaged over the rows by bin (Naeini and
    /// others 2015, AAAI, "Obtaining Well Calibrated Probabilities Using Bayesian Binning"). 0 is best.
    pub expected_error: f64,
    /// The mean squared distance of the stated probability from the truth, which is 0 or 1 (Brier 1950, Monthly Weather
    /// Review 78(1):1-3). 0 is best, and always stating one half scores 0.25.
    pub brier: f64,
    /// Bins of equal width from 0 to 1; those without rows are left out.
    pub bins: Vec<ReliabilityBin>,
}

/// Rows of which about the same was stated.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ReliabilityBin {
    /// Where the bin begins; it is a tenth wide.
    pub from: f64,
    /// How many rows fall into it.
    pub rows: u64,
    /// The mean of the stated probabilities.
    pub stated: f64,
    /// The share of rows that are related.
    pub observed: f64,
}

impl Calibration {
    /// From the probability stated of each row and whether it is related.
    pub fn of(stated: &[(f64, bool)]) -> Self {
        let mut sums = [(0_u64, 0.0_f64, 0_u64); BINS];
        let mut brier = 0.0;
        for &(probability, related) in stated {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the product lies in 0..=10")]
            let bin = ((probability.clamp(0.0, 1.0) * to_float(BINS as u64)) as usize).min(BINS - 1);
            let (rows, sum, related_rows) = &mut sums[bin];
            *rows += 1;
            *sum += probability;
            *related_rows += u64::from(related);
            brier += (probability - f64::from(u8::from(related))).powi(2);
        }
        let total = to_float(stated.len().max(1) as u64);
        let occupied = sums.iter().enumerate().filter(|(_, (rows, ..))| *rows > 0);
        let bins: Vec<ReliabilityBin> = occupied
            .map(|(bin, &(rows, sum, related))| ReliabilityBin {
                from: to_float(bin as u64) / to_float(BINS as u64),
                rows,
                stated: sum / to_float(rows),
                observed: to_float(related) / to_float(rows),
            })
            .collect();
        let expected_error =
            bins.iter().map(|bin| to_float(bin.rows) / total * (bin.stated - bin.observed).abs()).sum();
        Self { expected_error, brier: brier / total, bins }
    }
}

/// A temperature and what it does.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TemperatureFit {
    /// What the logits are to be divided by.
    pub temperature: f64,
    /// Calibration of the logits as they are.
    pub before: Calibration,
    /// Calibration at the temperature on the rows that it was fitted on.
    pub after: Calibration,
    /// Calibration with each half of the rows at the temperature fitted on the other half: what to expect of other
    /// rows.
    pub held_out: Calibration,
}

/// Finds the temperature at which the labels of these rows are most probable (Guo and others 2017, "On Calibration of
/// Modern Neural Networks", section 4.2). It changes no answer, only how sure the model says it is. The rows must not
/// be those that the model was trained on, nor those that it is tested on.
///
/// # Errors
/// As [`crate::evaluate`].
pub fn fit_temperature(
    classifier: &dyn Classifier,
    rows: &[LabelledSentence],
) -> Result<TemperatureFit, EvaluationError> {
    let answers = read_all(classifier, rows)?;
    let meaning = Meaning::of(classifier.description())?;
    let all: Vec<Judged<'_>> = answers.iter().zip(rows).map(|(answer, row)| Judged { answer, row }).collect();
    let temperature = best_temperature(&all, &meaning);
    let halves: [Vec<Judged<'_>>; 2] = halves(&all);
    let crossed = [(0, 1), (1, 0)].into_iter().flat_map(|(fitted, judged)| {
        let temperature = best_temperature(&halves[fitted], &meaning);
        stated(&halves[judged], &meaning, temperature)
    });
    Ok(TemperatureFit {
        temperature,
        before: Calibration::of(&stated(&all, &meaning, 1.0)),
        after: Calibration::of(&stated(&all, &meaning, temperature)),
        held_out: Calibration::of(&crossed.collect::<Vec<_>>()),
    })
}

/// A row with what the model says of it.
#[derive(Clone, Copy)]
struct Judged<'a> {
    answer: &'a Answer,
    row: &'a LabelledSentence,
}

/// Two halves, all rows of a source sentence in one.
fn halves<'a>(all: &[Judged<'a>]) -> [Vec<Judged<'a>>; 2] {
    let mut origins: Vec<String> = all.iter().map(|one| one.row.origin()).collect();
    origins.sort_unstable();
    origins.dedup();
    let mut halves = [Vec::new(), Vec::new()];
    for one in all {
        let place = origins.binary_search(&one.row.origin()).unwrap_or_default();
        halves[place % 2].push(*one);
    }
    halves
}

fn stated(rows: &[Judged<'_>], meaning: &Meaning, temperature: f64) -> Vec<(f64, bool)> {
    rows.iter()
        .map(|one| {
            let weights: Vec<f32> = softmax(&one.answer.logits, temperature)
                .map(
                    #[expect(clippy::cast_possible_truncation, reason = "a probability loses nothing that counts")]
                    |weight| weight as f32,
                )
                .collect();
            (meaning.related(&weights), one.row.label.is_related())
        })
        .collect()
}

/// Golden-section search (Kiefer 1953) over the logarithm of the temperature. Where every label names one answer, the
/// negative log-likelihood is convex in the inverse of the temperature, so that the minimum is the only one.
fn best_temperature(rows: &[Judged<'_>], meaning: &Meaning) -> f64 {
    const RATIO: f64 = 0.618_033_988_749_894_9;
    let (mut low, mut high) = (TEMPERATURES.0.ln(), TEMPERATURES.1.ln());
    for _ in 0..SEARCH_STEPS {
        let (left, right) = (high - RATIO * (high - low), low + RATIO * (high - low));
        if surprise(rows, meaning, left.exp()) <= surprise(rows, meaning, right.exp()) {
            high = right;
        } else {
            low = left;
        }
    }
    f64::midpoint(low, high).exp()
}

/// The negative log-likelihood of the labels.
fn surprise(rows: &[Judged<'_>], meaning: &Meaning, temperature: f64) -> f64 {
    let of_row = |one: &Judged<'_>| {
        let weights = softmax(&one.answer.logits, temperature).enumerate();
        let agreeing = weights.filter(|(answer, _)| meaning.agrees(*answer, one.row.label));
        -agreeing.map(|(_, weight)| weight).sum::<f64>().max(f64::MIN_POSITIVE).ln()
    };
    rows.iter().map(of_row).sum()
}

fn softmax(logits: &[f32], temperature: f64) -> impl Iterator<Item = f64> + '_ {
    let greatest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let weight = move |&logit: &f32| (f64::from(logit - greatest) / temperature).exp();
    let sum: f64 = logits.iter().map(weight).sum();
    logits.iter().map(move |logit| weight(logit) / sum)
}
