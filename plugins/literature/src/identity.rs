//! What a run is known by, beside its model's name, weights, prompt, answers and threshold: all else that decides which
//! edges it makes. It is put together here and nowhere else, so that nothing that changes an edge is left out of one run
//! and not of another.

use hopgraph_inference::{Answer, Classifier};

use crate::tag::Tagger;

/// The parts of a run's identity, readable, each with its name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    parts: Vec<(String, String)>,
}

impl Identity {
    /// Of a classifier over documents; if mentions are tagged, with the tagger and whether it tags annotated documents
    /// too.
    pub fn of(classifier: &dyn Classifier, tagger: Option<(&dyn Tagger, bool)>) -> Self {
        let description = classifier.description();
        let mut parts = vec![
            ("labels".to_owned(), description.labels.join(", ")),
            ("relations".to_owned(), description.answers.iter().map(stated).collect::<Vec<_>>().join(", ")),
        ];
        parts.extend(classifier.settings());
        if let Some((tagger, fresh)) = tagger {
            if fresh {
                parts.push(("tagged".to_owned(), "all documents".to_owned()));
            }
            parts.extend(tagger.identity().map(|identity| ("tagger".to_owned(), identity)));
        }
        Self::from_parts(parts)
    }

    /// From parts that were stored.
    pub fn from_parts(mut parts: Vec<(String, String)>) -> Self {
        parts.sort();
        Self { parts }
    }

    /// The parts in order of name.
    pub fn parts(&self) -> &[(String, String)] {
        &self.parts
    }
}

/// What an answer states, with what the name of the relation does not say.
fn stated(answer: &Answer) -> String {
    match &answer.relation {
        None => format!("{}: none", answer.text),
        Some(relation) => {
            let denied = if relation.denied { ", denied" } else { "" };
            let symmetric = if relation.symmetric { ", symmetric" } else { "" };
            format!("{}: {}{denied}{symmetric}", answer.text, relation.name)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::tests::Rule;
    use crate::lexicon::Lexicon;
    use crate::tag::{LexiconTagger, Reliability};

    fn tagger(names: &[&str]) -> LexiconTagger {
        let mut builder = Lexicon::builder();
        builder.add("gene", "X:1", "apoe", names, &[]);
        LexiconTagger::new(builder.build(), &Reliability::default())
    }

    #[test]
    fn whatever_changes_edges_is_part_of_it() {
        let mut identities = vec![Identity::of(&Rule::new(), None)];
        let mut other = |change: &dyn Fn(&mut Rule)| {
            let mut rule = Rule::new();
            change(&mut rule);
            identities.push(Identity::of(&rule, None));
        };
        other(&|rule| rule.description.labels.swap(0, 1));
        other(&|rule| rule.description.answers[0].relation.as_mut().unwrap().symmetric = false);
        other(&|rule| rule.description.answers[1].relation.as_mut().unwrap().denied = false);
        for (names, fresh) in [(&[][..], false), (&[][..], true), (&["ad2"][..], false)] {
            identities.push(Identity::of(&Rule::new(), Some((&tagger(names), fresh))));
        }
        identities.push(Identity::of(&Rule::new(), Some((&LexiconTagger::plain(Lexicon::default()), false))));
        for (at, one) in identities.iter().enumerate() {
            assert!(identities[..at].iter().all(|other| other != one), "{one:?}");
        }
        assert_eq!(identities[0], Identity::of(&Rule::new(), None));
        assert_eq!(identities[4], Identity::of(&Rule::new(), Some((&tagger(&[]), false))));
    }
}
