//! A fast model first, and a slower one only for what the first is not sure of.

use std::ops::RangeInclusive;

use sha2::{Digest, Sha256};

use crate::description::Answer;
use crate::{Classification, Classifier, InferenceError, Input, InputError, ModelDescription};

/// Two classifiers as one: the first reads everything, the second only those inputs for which the first gives
/// "related" a probability within a band.
///
/// The answers are those of the second. Each answer of the first must mean what one of these means: the same relation,
/// or none.
pub struct Cascade {
    first: Box<dyn Classifier>,
    second: Box<dyn Classifier>,
    band: RangeInclusive<f32>,
    /// For each answer of the first, the place of the same one among those of the second.
    places: Vec<usize>,
    description: ModelDescription,
}

impl Cascade {
    /// Joins two classifiers. The band is the range of probabilities, 0 to 1, in which the first is not sure.
    ///
    /// # Errors
    /// [`InferenceError::Cascade`] if the two read other labels, or if the first has an answer that means nothing to the
    /// second.
    pub fn new(
        first: Box<dyn Classifier>,
        second: Box<dyn Classifier>,
        band: RangeInclusive<f32>,
    ) -> Result<Self, InferenceError> {
        let (fast, slow) = (first.description(), second.description());
        if fast.labels != slow.labels {
            let problem = format!("{} reads {:?}, {} reads {:?}", fast.name, fast.labels, slow.name, slow.labels);
            return Err(InferenceError::Cascade(problem));
        }
        let place = |answer: &Answer| {
            let same = slow.answers.iter().position(|other| other.relation == answer.relation);
            same.ok_or_else(|| {
                let problem = format!("the answer `{}` of {} means no answer of {}", answer.text, fast.name, slow.name);
                InferenceError::Cascade(problem)
            })
        };
        let places = fast.answers.iter().map(place).collect::<Result<_, _>>()?;
        let description = describe(fast, slow, &band);
        Ok(Self { first, second, band, places, description })
    }

    /// Whether the first is not sure of this.
    fn is_open(&self, found: &Classification) -> bool {
        let answers = self.first.description().answers.iter().zip(&found.probabilities);
        let related: f32 = answers.filter(|(answer, _)| answer.relation.is_some()).map(|(_, weight)| weight).sum();
        self.band.contains(&related)
    }

    /// What the first found, in the answers of the second. Those that it does not have get nothing.
    fn translate(&self, found: Classification) -> Classification {
        let count = self.description.answers.len();
        let (mut probabilities, mut logits) = (vec![0.0; count], vec![f32::NEG_INFINITY; count]);
        for ((&place, probability), logit) in self.places.iter().zip(found.probabilities).zip(found.logits) {
            probabilities[place] += probability;
            logits[place] = logits[place].max(logit);
        }
        Classification { answer: self.places[found.answer], probabilities, logits, token_ids: found.token_ids }
    }
}

impl Classifier for Cascade {
    fn description(&self) -> &ModelDescription {
        &self.description
    }

    fn classify(&self, inputs: &[Input]) -> Result<Vec<Result<Classification, InputError>>, InferenceError> {
        let found = self.first.classify(inputs)?;
        // What the first cannot read, the second perhaps can.
        let open =
            |found: &Result<Classification, InputError>| found.as_ref().map_or(true, |found| self.is_open(found));
        let again: Vec<Input> =
            inputs.iter().zip(&found).filter(|(_, found)| open(found)).map(|(input, _)| input.clone()).collect();
        let mut second = if again.is_empty() { Vec::new() } else { self.second.classify(&again)? }.into_iter();
        let answer = |found: Result<Classification, InputError>| {
            if open(&found) { second.next().unwrap_or(found) } else { found.map(|found| self.translate(found)) }
        };
        Ok(found.into_iter().map(answer).collect())
    }

    fn settings(&self) -> Vec<(String, String)> {
        let named = |which: &str, of: &dyn Classifier| {
            let settings = of.settings().into_iter();
            settings.map(|(name, text)| (format!("{which} {name}"), text)).collect::<Vec<_>>()
        };
        [named("first model", &*self.first), named("second model", &*self.second)].concat()
    }

    fn warnings(&self) -> Vec<String> {
        let both = [self.first.warnings(), self.second.warnings()];
        both.concat()
    }
}

/// The second, with all that the first adds: another first model, or another band, is another cascade.
fn describe(first: &ModelDescription, second: &ModelDescription, band: &RangeInclusive<f32>) -> ModelDescription {
    let hash = Sha256::digest(format!("{}\n{}", first.weights_hash, second.weights_hash).as_bytes());
    let (least, most) = (band.start(), band.end());
    ModelDescription {
        name: format!("{}, then {}", first.name, second.name),
        weights_hash: hash.iter().map(|byte| format!("{byte:02x}")).collect(),
        quantization: format!("{}, then {} from {least} to {most}", first.quantization, second.quantization),
        prompt: format!("{}\n---\n{}", first.prompt, second.prompt),
        ..second.clone()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::{AnswerRelation, RecordedClassifier};

    fn description(name: &str, answers: &[(&str, Option<bool>)]) -> ModelDescription {
        let relation = |denied| AnswerRelation { name: format!("denied: {denied}"), denied, symmetric: true };
        ModelDescription {
            name: name.into(),
            weights_hash: name.into(),
            quantization: "none".into(),
            prompt: name.into(),
            labels: ["gene".into(), "disease".into()],
            answers: answers
                .iter()
                .map(|&(text, denied)| Answer { text: text.into(), relation: denied.map(relation) })
                .collect(),
            threshold: 0.0,
        }
    }

    /// A first model that is sure of "sure" and "never", and a second that finds everything denied and counts.
    fn cascade(first: &[(&str, Option<bool>)]) -> (Result<Cascade, InferenceError>, Arc<AtomicUsize>) {
        let masks = || ["G".to_owned(), "D".to_owned()];
        let fast = RecordedClassifier::by_rule(description("fast", first), masks(), |sentence| {
            Some(if sentence.contains("sure") {
                vec![0.05, 0.95]
            } else if sentence.contains("never") {
                vec![0.9, 0.1]
            } else {
                vec![0.45, 0.55]
            })
        });
        let read = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&read);
        let answers = [("True", Some(false)), ("Denied", Some(true)), ("False", None)];
        let slow = RecordedClassifier::by_rule(description("slow", &answers), masks(), move |_| {
            counted.fetch_add(1, Ordering::SeqCst);
            Some(vec![0.1, 0.8, 0.1])
        });
        (Cascade::new(Box::new(fast), Box::new(slow), 0.2..=0.8), read)
    }

    #[test]
    fn the_second_reads_only_what_the_first_is_not_sure_of() {
        let (cascade, read) = cascade(&[("no", None), ("yes", Some(false))]);
        let cascade = cascade.unwrap();
        let sentences = ["G sure D", "G perhaps D", "G never D", "no entity", "G maybe D"];
        let inputs = sentences.map(|text| Input::Masked(text.into()));
        let found = cascade.classify(&inputs).unwrap();
        let answers: Vec<Option<usize>> = found.iter().map(|one| one.as_ref().ok().map(|one| one.answer)).collect();
        assert_eq!(answers, [Some(0), Some(1), Some(2), None, Some(1)]);
        assert_eq!(found[0].as_ref().unwrap().probabilities, [0.95, 0.0, 0.05], "in the answers of the second");
        assert_eq!(read.load(Ordering::SeqCst), 2);
        let description = cascade.description();
        assert_eq!((description.name.as_str(), description.answers.len()), ("fast, then slow", 3));
        assert!(description.quantization.ends_with("from 0.2 to 0.8"), "{}", description.quantization);
    }

    #[test]
    fn models_that_do_not_fit_are_refused() {
        let (refused, _) = cascade(&[("no", None), ("yes", Some(true)), ("other", None)]);
        assert!(refused.is_ok(), "two answers may mean the same");
        let unknown = AnswerRelation { name: "treats".into(), denied: false, symmetric: true };
        let mut fast = description("fast", &[("no", None)]);
        fast.answers.push(Answer { text: "cures".into(), relation: Some(unknown) });
        let one = |description| {
            Box::new(RecordedClassifier::by_rule(description, ["G".into(), "D".into()], |_| Some(vec![0.5, 0.5])))
        };
        let slow = description("slow", &[("no", None), ("yes", Some(false))]);
        let error = Cascade::new(one(fast), one(slow.clone()), 0.2..=0.8).err().unwrap().to_string();
        assert!(error.contains("the answer `cures` of fast means no answer of slow"), "{error}");
        let other = ModelDescription { labels: ["drug".into(), "disease".into()], ..slow.clone() };
        let error = Cascade::new(one(other), one(slow), 0.2..=0.8).err().unwrap().to_string();
        assert!(error.contains("reads [\"drug\", \"disease\"]"), "{error}");
    }
}
