//! What a run tells: while it goes on, and afterwards.

use hopgraph_chart::{Axis, Chart, Series};
use hopgraph_evaluation::{BinaryScores, Evaluation};
use serde::{Deserialize, Serialize};

/// Where a run is.
#[derive(Clone, Debug)]
pub struct Progress {
    /// The seed of this run, and how many runs come before it and in all.
    pub seed: u64,
    /// How many seeds are finished.
    pub finished_seeds: usize,
    /// How many seeds there are.
    pub seeds: usize,
    /// Steps that were taken.
    pub step: u64,
    /// All steps.
    pub steps: u64,
    /// Sentences that were learned from since the program began.
    pub sentences: u64,
    /// The mean cost of the last step.
    pub cost: f64,
    /// The last evaluation.
    pub dev: Option<Evaluated>,
    /// The best so far.
    pub best: Option<Evaluated>,
}

/// A score on the development rows after some steps.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct Evaluated {
    /// Steps that were taken.
    pub step: u64,
    /// The mean cost of a row.
    pub cost: f64,
    /// F1 of "related".
    pub f1: f64,
    /// Matthews' correlation of "related".
    pub mcc: f64,
}

impl Evaluated {
    pub(crate) fn new(step: u64, cost: f64, scores: &BinaryScores) -> Self {
        Self { step, cost, f1: scores.f1(), mcc: scores.matthews() }
    }
}

/// A line of `metrics.jsonl`.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub(crate) enum Metric {
    /// A step.
    Step {
        seed: u64,
        step: u64,
        epoch: f64,
        cost: f64,
        rate: f32,
        /// The norm of the gradient before it was clipped.
        norm: f64,
    },
    /// An evaluation on the development rows.
    Dev {
        seed: u64,
        #[serde(flatten)]
        evaluated: Evaluated,
    },
}

impl Metric {
    pub(crate) fn place(&self) -> (u64, u64) {
        match self {
            Self::Step { seed, step, .. } => (*seed, *step),
            Self::Dev { seed, evaluated } => (*seed, evaluated.step),
        }
    }
}

/// What came of one seed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SeedReport {
    /// The seed.
    pub seed: u64,
    /// Its best step on the development rows.
    pub best: Evaluated,
    /// Its last.
    pub last: Evaluated,
    /// What its best step scores on the test rows, if these were to be scored.
    pub test: Option<Evaluation>,
}

/// What came of a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// Whether it was stopped; the same command with `--resume` goes on.
    pub interrupted: bool,
    /// Each seed that is finished.
    pub seeds: Vec<SeedReport>,
    /// The model folder, once all seeds are finished: the best step of the best seed.
    pub model: Option<std::path::PathBuf>,
    /// Its score on the development rows, after it was written and loaded again.
    pub dev: Option<Evaluation>,
    /// What its logits are divided by.
    pub temperature: Option<f64>,
    /// What the user should know.
    pub warnings: Vec<String>,
}

/// The mean, and the deviation from it of one seed.
pub(crate) fn mean_and_deviation(numbers: &[f64]) -> (f64, f64) {
    let count = numbers.len().max(1) as f64;
    let mean = numbers.iter().sum::<f64>() / count;
    let squares: f64 = numbers.iter().map(|number| (number - mean).powi(2)).sum();
    (mean, if numbers.len() > 1 { (squares / (count - 1.0)).sqrt() } else { 0.0 })
}

impl Summary {
    /// The mean F1 on the development rows over the seeds, and its deviation.
    pub fn dev_f1(&self) -> (f64, f64) {
        mean_and_deviation(&self.seeds.iter().map(|seed| seed.best.f1).collect::<Vec<_>>())
    }

    /// The mean of Matthews' correlation on the development rows over the seeds, and its deviation.
    pub fn dev_mcc(&self) -> (f64, f64) {
        mean_and_deviation(&self.seeds.iter().map(|seed| seed.best.mcc).collect::<Vec<_>>())
    }

    /// The mean F1 and Matthews' correlation on the test rows, each with its deviation, if these were scored.
    pub fn test(&self) -> Option<[(f64, f64); 2]> {
        let tests: Vec<&Evaluation> = self.seeds.iter().filter_map(|seed| seed.test.as_ref()).collect();
        let of = |score: fn(&BinaryScores) -> f64| {
            mean_and_deviation(&tests.iter().map(|test| score(&test.related)).collect::<Vec<_>>())
        };
        (!tests.is_empty()).then(|| [of(BinaryScores::f1), of(BinaryScores::matthews)])
    }
}

/// The curves of a run: the cost of steps, averaged over a fiftieth of the run, and the scores.
pub(crate) fn curves(name: &str, metrics: &[Metric]) -> Chart {
    let mut series = Vec::new();
    let mut seeds: Vec<u64> = metrics.iter().map(|metric| metric.place().0).collect();
    seeds.dedup();
    for seed in seeds {
        let own = metrics.iter().filter(|metric| metric.place().0 == seed);
        let costs: Vec<(f64, f64)> = own
            .clone()
            .filter_map(|metric| match metric {
                Metric::Step { step, cost, .. } => Some((*step as f64, *cost)),
                Metric::Dev { .. } => None,
            })
            .collect();
        let window = costs.len().div_ceil(50).max(1);
        let mean = |part: &[(f64, f64)], which: fn(&(f64, f64)) -> f64| {
            part.iter().map(which).sum::<f64>() / part.len() as f64
        };
        let smooth = costs.chunks(window).map(|part| (mean(part, |point| point.0), mean(part, |point| point.1)));
        series.push(Series::line(format!("cost, seed {seed}"), smooth.collect()));
        let scores = |score: fn(&Evaluated) -> f64| {
            let point = |metric: &Metric| match metric {
                Metric::Dev { evaluated, .. } => Some((evaluated.step as f64, score(evaluated))),
                Metric::Step { .. } => None,
            };
            own.clone().filter_map(point).collect()
        };
        series.push(Series::dashed(format!("dev F1, seed {seed}"), scores(|evaluated| evaluated.f1)));
        series.push(Series::dashed(format!("dev MCC, seed {seed}"), scores(|evaluated| evaluated.mcc)));
    }
    Chart { title: name.to_owned(), x: Axis::linear("step"), y: Axis::linear("cost, F1, MCC"), series }
}
