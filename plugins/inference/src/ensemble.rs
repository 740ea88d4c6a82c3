//! Several models as one: the weighted mean of what they say.

use sha2::{Digest, Sha256};

use crate::{Answer, Classification, Classifier, InferenceError, Input, InputError, ModelDescription};

/// Classifiers that are all asked, and the weight of each.
///
/// They must read the same two labels. The answers are those of the first; each answer of another must mean what one of
/// these means, and those that mean the same are added up. Costs as much as all of them.
pub struct Ensemble {
    members: Vec<Member>,
    description: ModelDescription,
    temperature: f32,
}

struct Member {
    classifier: Box<dyn Classifier>,
    /// Of all, from 0 to 1.
    share: f32,
    /// For each of its answers, the place of the same one among those of the first.
    places: Vec<usize>,
}

impl Ensemble {
    /// Joins classifiers under a name, each with a weight of 0 or more; only the proportions count.
    ///
    /// # Errors
    /// [`InferenceError::Ensemble`] if there is none, if they read other labels, if an answer of one means nothing to the
    /// first, or if no weight is above 0.
    pub fn new(
        name: &str,
        members: Vec<(Box<dyn Classifier>, f32)>,
        threshold: f32,
        temperature: f32,
    ) -> Result<Self, InferenceError> {
        let total: f32 = members.iter().map(|(_, weight)| weight).sum();
        if !(total > 0.0 && total.is_finite()) || members.iter().any(|&(_, weight)| weight < 0.0) {
            return Err(InferenceError::Ensemble("the weights of its members must be 0 or more, one above 0".into()));
        }
        let first = members[0].0.description().clone();
        let member = |(classifier, weight): (Box<dyn Classifier>, f32)| {
            let places = places(classifier.description(), &first)?;
            Ok(Member { classifier, share: weight / total, places })
        };
        let members: Vec<Member> = members.into_iter().map(member).collect::<Result<_, InferenceError>>()?;
        let description = ModelDescription { threshold, ..describe(name, &members, temperature) };
        Ok(Self { members, description, temperature })
    }

    /// The mean of what the members say of one input.
    fn mean(&self, said: &[&Classification]) -> Classification {
        let mut probabilities = vec![0.0_f32; self.description.answers.len()];
        for (member, said) in self.members.iter().zip(said) {
            for (&place, probability) in member.places.iter().zip(&said.probabilities) {
                probabilities[place] += member.share * probability;
            }
        }
        // What no member thinks possible keeps a finite logit.
        let logits = probabilities.iter().map(|probability| probability.max(f32::MIN_POSITIVE).ln()).collect();
        Classification::from_logits(logits, self.temperature, said[0].token_ids.clone())
    }
}

/// Where each answer of a member stands among those of the first.
fn places(member: &ModelDescription, first: &ModelDescription) -> Result<Vec<usize>, InferenceError> {
    if member.labels != first.labels {
        let problem = format!("{} reads {:?}, {} reads {:?}", first.name, first.labels, member.name, member.labels);
        return Err(InferenceError::Ensemble(problem));
    }
    let place = |answer: &Answer| {
        let same = first.answers.iter().position(|other| other.relation == answer.relation);
        same.ok_or_else(|| {
            let problem = format!("the answer `{}` of {} means no answer of {}", answer.text, member.name, first.name);
            InferenceError::Ensemble(problem)
        })
    };
    member.answers.iter().map(place).collect()
}

fn own(member: &Member) -> &ModelDescription {
    member.classifier.description()
}

/// All members, each with its weight: another member, or another weight, is another model.
fn describe(name: &str, members: &[Member], temperature: f32) -> ModelDescription {
    let part = |of: &dyn Fn(&Member) -> String, between: &str| members.iter().map(of).collect::<Vec<_>>().join(between);
    let hashes = part(&|member| format!("{} {}", member.share, own(member).weights_hash), "\n");
    let hash = Sha256::digest(hashes.as_bytes());
    let numbers = part(&|member| format!("{} {} ({})", member.share, own(member).name, own(member).quantization), ", ");
    ModelDescription {
        name: name.to_owned(),
        weights_hash: hash.iter().map(|byte| format!("{byte:02x}")).collect(),
        quantization: crate::description::numbers(&numbers, temperature),
        prompt: part(&|member| own(member).prompt.clone(), "\n---\n"),
        ..own(&members[0]).clone()
    }
}

impl Classifier for Ensemble {
    fn description(&self) -> &ModelDescription {
        &self.description
    }

    fn classify(&self, inputs: &[Input]) -> Result<Vec<Result<Classification, InputError>>, InferenceError> {
        let said: Vec<Vec<Result<Classification, InputError>>> =
            self.members.iter().map(|member| member.classifier.classify(inputs)).collect::<Result<_, _>>()?;
        // What one member cannot read has no mean.
        let of_input = |place: usize| {
            let all: Vec<&Classification> = said
                .iter()
                .map(|member| member[place].as_ref())
                .collect::<Result<_, _>>()
                .map_err(InputError::clone)?;
            Ok(self.mean(&all))
        };
        Ok((0..inputs.len()).map(of_input).collect())
    }

    fn warnings(&self) -> Vec<String> {
        self.members.iter().flat_map(|member| member.classifier.warnings()).collect()
    }

    fn members(&self) -> Vec<(&dyn Classifier, f32)> {
        self.members.iter().map(|member| (&*member.classifier, member.share)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AnswerRelation, RecordedClassifier};

    fn member(name: &str, answers: &[(&str, bool)], weights: &[f32]) -> Box<dyn Classifier> {
        let relation = AnswerRelation { name: "associated".into(), denied: false, symmetric: true };
        let answer = |&(text, related): &(&str, bool)| Answer {
            text: text.to_owned(),
            relation: related.then(|| relation.clone()),
        };
        let description = ModelDescription {
            name: name.into(),
            weights_hash: name.repeat(4),
            quantization: "Q8_0".into(),
            prompt: format!("{name}: {{sentence}}"),
            labels: ["gene".into(), "disease".into()],
            answers: answers.iter().map(answer).collect(),
            threshold: 0.0,
        };
        let weights = weights.to_vec();
        let masks = ["@GENE$".into(), "@DISEASE$".into()];
        Box::new(RecordedClassifier::by_rule(description, masks, move |sentence| {
            (!sentence.contains("odd")).then(|| weights.clone())
        }))
    }

    const YES_NO: [(&str, bool); 2] = [("yes", true), ("no", false)];
    const NO_YES: [(&str, bool); 2] = [("0", false), ("1", true)];

    fn input() -> [Input; 1] {
        [Input::Masked("@GENE$ @DISEASE$".into())]
    }

    #[test]
    fn says_the_weighted_mean_in_the_answers_of_the_first() {
        let members = vec![(member("a", &YES_NO, &[0.9, 0.1]), 1.0), (member("b", &NO_YES, &[0.6, 0.4]), 3.0)];
        let ensemble = Ensemble::new("both", members, 0.7, 1.0).unwrap();
        let found = ensemble.classify(&input()).unwrap().remove(0).unwrap();
        assert!((found.probabilities[0] - 0.525).abs() < 1e-6, "{found:?}");
        assert_eq!((found.answer, ensemble.description().threshold), (0, 0.7));
        let description = ensemble.description();
        assert!(description.prompt.contains("a: {sentence}") && description.prompt.contains("b: {sentence}"));
        assert!(description.quantization.contains("0.25 a (Q8_0)"), "{}", description.quantization);
        assert_eq!(ensemble.members().iter().map(|(_, share)| *share).collect::<Vec<_>>(), [0.25, 0.75]);

        let members = vec![(member("a", &YES_NO, &[0.9, 0.1]), 1.0), (member("b", &NO_YES, &[0.6, 0.4]), 1.0)];
        let other = Ensemble::new("both", members, 0.7, 1.0).unwrap();
        assert_ne!(other.description().weights_hash, description.weights_hash, "other weights, another model");
    }

    #[test]
    fn members_that_do_not_fit_say_why() {
        let problem = |members| Ensemble::new("e", members, 0.0, 1.0).err().unwrap().to_string();
        let three = [("yes", true), ("no", false), ("never", false)];
        assert!(
            Ensemble::new(
                "e",
                vec![(member("a", &YES_NO, &[1.0, 0.0]), 1.0), (member("b", &three, &[0.2; 3]), 1.0)],
                0.0,
                1.0
            )
            .is_ok()
        );
        let alone = [("maybe", true), ("yes", true)];
        let text = problem(vec![(member("a", &alone, &[1.0, 0.0]), 1.0), (member("b", &YES_NO, &[0.5, 0.5]), 1.0)]);
        assert!(text.contains("`no` of b means no answer of a"), "{text}");
        assert!(problem(vec![(member("a", &YES_NO, &[1.0, 0.0]), 0.0)]).contains("one above 0"));
    }
}
