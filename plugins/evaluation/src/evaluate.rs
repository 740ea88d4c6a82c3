//! Lets a model read labelled sentences and scores what it says.

use hopgraph_inference::{Classifier, Input, ModelDescription};
use serde::Serialize;

use crate::members::{MemberScores, score_members};

use crate::{
    BinaryScores, Calibration, Class, ClassScores, EvaluationError, Label, LabelledSentence, Leak, baseline, leak,
};

/// How many sentences the model is given at once.
const BATCH_SENTENCES: usize = 512;

/// How good a model is on a test set, beside what scores without reading.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Evaluation {
    /// Name of the model.
    pub model: String,
    /// Rows of the test set.
    pub rows: u64,
    /// Related or not. "Related" is said where the answers that state a relation, denied or not, have half of the
    /// probability or more.
    pub related: BinaryScores,
    /// The three classes, where rows and model tell them apart. The class said is that of the most probable answer.
    pub classes: Option<ClassScores>,
    /// What always saying "related" scores.
    pub always_related: BinaryScores,
    /// What looking the sentence up in the training set scores, if there is one.
    pub lookup: Option<BinaryScores>,
    /// How much of the test set stands in the training set, if there is one.
    pub leak: Option<Leak>,
    /// Whether the stated probability of "related" is honest.
    pub calibration: Calibration,
    /// What each member of an ensemble scores alone; empty for other models.
    pub members: Vec<MemberScores>,
}

/// Evaluates a model on test rows, beside the baselines; with the rows that it was trained on, if they are given, the
/// leak between the two is told and looking up becomes a baseline.
///
/// # Errors
/// If there are no rows, if the model refuses one of them, if it states no relation at all, or if it fails.
pub fn evaluate(
    classifier: &dyn Classifier,
    test: &[LabelledSentence],
    train: Option<&[LabelledSentence]>,
) -> Result<Evaluation, EvaluationError> {
    let answers = read_all(classifier, test)?;
    let meaning = Meaning::of(classifier.description())?;
    let stated: Vec<(f64, bool)> = answers
        .iter()
        .zip(test)
        .map(|(answer, row)| (meaning.related(&answer.weights), row.label.is_related()))
        .collect();
    Ok(Evaluation {
        model: classifier.description().name.clone(),
        rows: test.len() as u64,
        related: BinaryScores::count(stated.iter().map(|&(stated, related)| (stated >= 0.5, related))),
        classes: meaning.score_classes(&answers, test),
        always_related: baseline::always_related(test),
        lookup: train.map(|train| baseline::lookup(train, test)),
        leak: train.map(|train| leak(train, test)),
        calibration: Calibration::of(&stated),
        members: score_members(classifier, test)?,
    })
}

/// What the model says of one sentence.
pub(crate) struct Answer {
    /// The most probable answer.
    pub(crate) said: usize,
    /// Probability of each answer.
    pub(crate) weights: Vec<f32>,
    /// The logits before any temperature.
    pub(crate) logits: Vec<f32>,
}

/// What the model says of each row, in order.
pub(crate) fn read_all(classifier: &dyn Classifier, rows: &[LabelledSentence]) -> Result<Vec<Answer>, EvaluationError> {
    if rows.is_empty() {
        return Err(EvaluationError::Empty {
            reason: "the set, or the part of it that was asked for, is empty".into(),
        });
    }
    let mut answers = Vec::with_capacity(rows.len());
    for batch in rows.chunks(BATCH_SENTENCES) {
        let inputs: Vec<Input> = batch.iter().map(|row| Input::Masked(row.masked.clone())).collect();
        for (row, outcome) in batch.iter().zip(classifier.classify(&inputs)?) {
            let refused = |problem: hopgraph_inference::InputError| EvaluationError::Input {
                line: row.line,
                problem: problem.to_string(),
            };
            let found = outcome.map_err(refused)?;
            answers.push(Answer { said: found.answer, weights: found.probabilities, logits: found.logits });
        }
    }
    Ok(answers)
}

/// What the answers of a model mean for labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meaning {
    classes: Vec<Class>,
}

impl Meaning {
    /// Told from the relations that the answers state.
    ///
    /// # Errors
    /// [`EvaluationError::Answers`] if no answer states a relation, or all do.
    pub fn of(description: &ModelDescription) -> Result<Self, EvaluationError> {
        let named = || EvaluationError::Answers { model: description.name.clone() };
        Self::of_answers(&description.answers).ok_or_else(named)
    }

    /// The same of answers alone. None if none of them states a relation, or all do.
    pub fn of_answers(answers: &[hopgraph_inference::Answer]) -> Option<Self> {
        let classes: Vec<Class> = answers
            .iter()
            .map(|answer| match &answer.relation {
                Some(relation) if relation.denied => Class::Denied,
                Some(_) => Class::Associated,
                None => Class::Unrelated,
            })
            .collect();
        let tells = classes.contains(&Class::Unrelated) && classes.iter().any(|&class| class != Class::Unrelated);
        tells.then_some(Self { classes })
    }

    /// The probability that the model gives to a relation, denied or not.
    pub fn related(&self, weights: &[f32]) -> f64 {
        let related = self.classes.iter().zip(weights).filter(|(class, _)| **class != Class::Unrelated);
        related.map(|(_, &weight)| f64::from(weight)).sum()
    }

    /// Whether an answer agrees with a label, as far as the label goes and the model can tell.
    pub fn agrees(&self, answer: usize, label: Label) -> bool {
        let said = self.classes[answer];
        match label.class().filter(|class| self.classes.contains(class)) {
            Some(class) => said == class,
            None => (said != Class::Unrelated) == label.is_related(),
        }
    }

    fn score_classes(&self, answers: &[Answer], rows: &[LabelledSentence]) -> Option<ClassScores> {
        if !self.classes.contains(&Class::Denied) {
            return None;
        }
        let pairs = answers.iter().zip(rows).map(|(answer, row)| Some((self.classes[answer.said], row.label.class()?)));
        pairs.collect::<Option<Vec<_>>>().map(ClassScores::count)
    }
}
