//! Scores from counts of right and wrong answers.

use serde::Serialize;
use serde::ser::{SerializeStruct, Serializer};

use crate::Class;

/// How often "related" was said and true.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BinaryScores {
    /// Said and true.
    pub true_positives: u64,
    /// Said and not true.
    pub false_positives: u64,
    /// Not said and not true.
    pub true_negatives: u64,
    /// Not said and true.
    pub false_negatives: u64,
}

impl BinaryScores {
    /// Counts pairs of what was said and what is true.
    pub fn count(pairs: impl IntoIterator<Item = (bool, bool)>) -> Self {
        let mut scores = Self::default();
        for pair in pairs {
            let counter = match pair {
                (true, true) => &mut scores.true_positives,
                (true, false) => &mut scores.false_positives,
                (false, false) => &mut scores.true_negatives,
                (false, true) => &mut scores.false_negatives,
            };
            *counter += 1;
        }
        scores
    }

    /// How many were counted.
    pub fn total(&self) -> u64 {
        self.true_positives + self.false_positives + self.true_negatives + self.false_negatives
    }

    /// Of those said, the share that is true; 0 if none was said.
    pub fn precision(&self) -> f64 {
        share(self.true_positives, self.true_positives + self.false_positives)
    }

    /// Of those true, the share that was said; 0 if none is true.
    pub fn recall(&self) -> f64 {
        share(self.true_positives, self.true_positives + self.false_negatives)
    }

    /// The harmonic mean of precision and recall.
    pub fn f1(&self) -> f64 {
        share(2 * self.true_positives, 2 * self.true_positives + self.false_positives + self.false_negatives)
    }

    /// The share that is right.
    pub fn accuracy(&self) -> f64 {
        share(self.true_positives + self.true_negatives, self.total())
    }

    /// Matthews correlation coefficient (Matthews 1975, Biochimica et Biophysica Acta 405(2):442-451): 1 for all right,
    /// 0 for what guessing by shares gives, which is where always giving the same answer ends.
    pub fn matthews(&self) -> f64 {
        let [tp, fp, tn, fn_] =
            [self.true_positives, self.false_positives, self.true_negatives, self.false_negatives].map(to_float);
        let product = (tp + fp) * (tp + fn_) * (tn + fp) * (tn + fn_);
        if product == 0.0 { 0.0 } else { (tp * tn - fp * fn_) / product.sqrt() }
    }
}

impl Serialize for BinaryScores {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("BinaryScores", 9)?;
        fields.serialize_field("precision", &self.precision())?;
        fields.serialize_field("recall", &self.recall())?;
        fields.serialize_field("f1", &self.f1())?;
        fields.serialize_field("mcc", &self.matthews())?;
        fields.serialize_field("accuracy", &self.accuracy())?;
        fields.serialize_field("true_positives", &self.true_positives)?;
        fields.serialize_field("false_positives", &self.false_positives)?;
        fields.serialize_field("true_negatives", &self.true_negatives)?;
        fields.serialize_field("false_negatives", &self.false_negatives)?;
        fields.end()
    }
}

/// How often each class was said where each was true.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ClassScores {
    /// `confusion[true][said]`, in the order of [`Class::ALL`].
    pub confusion: [[u64; 3]; 3],
}

impl ClassScores {
    /// Counts pairs of what was said and what is true.
    pub fn count(pairs: impl IntoIterator<Item = (Class, Class)>) -> Self {
        let mut scores = Self::default();
        for (said, truth) in pairs {
            scores.confusion[truth as usize][said as usize] += 1;
        }
        scores
    }

    /// One class against the others.
    pub fn one(&self, class: Class) -> BinaryScores {
        let class = class as usize;
        let mut scores = BinaryScores::default();
        for (truth, row) in self.confusion.iter().enumerate() {
            for (said, &count) in row.iter().enumerate() {
                let counter = match (said == class, truth == class) {
                    (true, true) => &mut scores.true_positives,
                    (true, false) => &mut scores.false_positives,
                    (false, false) => &mut scores.true_negatives,
                    (false, true) => &mut scores.false_negatives,
                };
                *counter += count;
            }
        }
        scores
    }

    /// The mean of the F1 of those classes that occur.
    pub fn macro_f1(&self) -> f64 {
        let occurring = Class::ALL.map(|class| self.one(class)).into_iter().filter(|one| {
            // A class that is never true and never said says nothing of the model.
            one.total() > one.true_negatives
        });
        let scores: Vec<f64> = occurring.map(|one| one.f1()).collect();
        if scores.is_empty() { 0.0 } else { scores.iter().sum::<f64>() / to_float(scores.len() as u64) }
    }

    /// The share that is right.
    pub fn accuracy(&self) -> f64 {
        let total: u64 = self.confusion.iter().flatten().sum();
        share((0..3).map(|class| self.confusion[class][class]).sum(), total)
    }
}

fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { to_float(part) / to_float(whole) }
}

/// Counts of rows are far below 2^53.
#[expect(clippy::cast_precision_loss, reason = "counts of rows are far below 2^53")]
pub(crate) fn to_float(count: u64) -> f64 {
    count as f64
}
