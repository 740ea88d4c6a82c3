//! A classifier without a model: it replays recorded answers, for tests of what stands around a classifier.

use std::collections::HashMap;

use crate::mask::Masks;
use crate::{Classification, Classifier, InferenceError, Input, InputError, ModelDescription};

/// Gives the probabilities of the answers for a masked sentence; None if it has no answer.
type Rule = Box<dyn Fn(&str) -> Option<Vec<f32>> + Send + Sync>;

/// Answers from a record or by a rule, masks and refuses inputs as a model does, and needs no weights.
///
/// ```
/// use hopgraph_inference::{Answer, Classifier, Input, ModelDescription, RecordedClassifier};
///
/// let answer = |text: &str| Answer { text: text.into(), relation: None };
/// let description = ModelDescription {
///     name: "recorded".into(),
///     weights_hash: "0".repeat(64),
///     quantization: "none".into(),
///     prompt: "{sentence}".into(),
///     labels: ["gene".into(), "disease".into()],
///     answers: vec![answer("True"), answer("False")],
///     threshold: 0.0,
/// };
/// let masks = ["@GENE$".into(), "@DISEASE$".into()];
/// let classifier = RecordedClassifier::by_rule(description, masks, |sentence| {
///     Some(if sentence.contains("causes") { vec![0.9, 0.1] } else { vec![0.2, 0.8] })
/// });
/// let results = classifier.classify(&[Input::Masked("@GENE$ causes @DISEASE$".into())])?;
/// assert_eq!(results[0].as_ref().map(|result| result.answer), Ok(0));
/// # Ok::<(), hopgraph_inference::InferenceError>(())
/// ```
pub struct RecordedClassifier {
    description: ModelDescription,
    masks: Masks,
    rule: Rule,
}

impl RecordedClassifier {
    /// Replays the probabilities recorded for masked sentences. `masks` are in the order of the description's labels.
    ///
    /// A sentence that is not in the record makes [`Classifier::classify`] fail as a whole, as a broken model would.
    pub fn new(
        description: ModelDescription,
        masks: [String; 2],
        record: HashMap<String, Vec<f32>>,
    ) -> RecordedClassifier {
        Self::by_rule(description, masks, move |sentence| record.get(sentence).cloned())
    }

    /// Answers by a rule from a masked sentence to the probabilities of the answers, in the description's order; None
    /// makes [`Classifier::classify`] fail as a whole.
    pub fn by_rule(
        description: ModelDescription,
        masks: [String; 2],
        rule: impl Fn(&str) -> Option<Vec<f32>> + Send + Sync + 'static,
    ) -> RecordedClassifier {
        let masks = Masks::new(description.labels.clone(), masks);
        Self { description, masks, rule: Box::new(rule) }
    }

    fn answer(&self, sentence: &str) -> Result<Classification, InferenceError> {
        let probabilities = (self.rule)(sentence)
            .filter(|probabilities| probabilities.len() == self.description.answers.len())
            .ok_or_else(|| InferenceError::NotRecorded { sentence: sentence.to_owned() })?;
        let logits = probabilities.iter().map(|probability| probability.ln()).collect();
        Ok(Classification::from_logits(logits, 1.0, Vec::new()))
    }
}

impl Classifier for RecordedClassifier {
    fn description(&self) -> &ModelDescription {
        &self.description
    }

    fn classify(&self, inputs: &[Input]) -> Result<Vec<Result<Classification, InputError>>, InferenceError> {
        let answer = |input| match self.masks.sentence(input) {
            Ok(sentence) => self.answer(&sentence).map(Ok),
            Err(problem) => Ok(Err(problem)),
        };
        inputs.iter().map(answer).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Answer, LabelledSpan};

    fn classifier() -> RecordedClassifier {
        let answer = |text: &str| Answer { text: text.into(), relation: None };
        let description = ModelDescription {
            name: "recorded".into(),
            weights_hash: String::new(),
            quantization: String::new(),
            prompt: String::new(),
            labels: ["gene".into(), "disease".into()],
            answers: vec![answer("True"), answer("Denied"), answer("False")],
            threshold: 0.0,
        };
        let record = [("@GENE$ causes @DISEASE$".to_owned(), vec![0.25, 0.5, 0.25])];
        RecordedClassifier::new(description, ["@GENE$".into(), "@DISEASE$".into()], record.into())
    }

    #[test]
    fn replays_what_was_recorded() {
        let span = |start, end, label: &str| LabelledSpan { start, end, label: label.into() };
        let pair = Input::Pair { text: "TNF causes RA".into(), spans: [span(0, 3, "gene"), span(11, 13, "disease")] };
        let classification = classifier().classify(&[pair]).unwrap().remove(0).unwrap();
        assert_eq!(classification.answer, 1);
        for (found, expected) in classification.probabilities.iter().zip([0.25, 0.5, 0.25]) {
            assert!((found - expected).abs() < 1e-6);
        }
    }

    #[test]
    fn refuses_an_input_in_its_own_place_and_an_unknown_sentence_as_a_whole() {
        let results =
            classifier().classify(&[Input::Masked("no masks".into()), Input::Masked("@GENE$ causes @DISEASE$".into())]);
        let results = results.unwrap();
        assert!(results[0].is_err() && results[1].is_ok());
        let unknown = classifier().classify(&[Input::Masked("@GENE$, @DISEASE$".into())]);
        assert!(matches!(unknown, Err(InferenceError::NotRecorded { .. })));
    }
}
