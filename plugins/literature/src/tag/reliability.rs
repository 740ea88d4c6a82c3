//! How far names can be trusted: what annotated corpora say of each, and what follows for names that they do not know.

use std::collections::HashMap;
use std::fmt::Write;

use super::features::{FEATURES, Values};
use super::matcher::{Key, NumberMap};
use super::token::Tokenizer;
use crate::lexicon::{Lexicon, LexiconBuilder};

/// What was learned from annotated corpora. It does not depend on the lexicon that it is used with: names are kept as
/// text, kinds of concepts by their name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reliability {
    pub(super) labels: Vec<LabelReliability>,
    /// Names that the corpora use: label, identifier, text, in how many documents.
    pub(super) annotated: Vec<AnnotatedName>,
    /// Names of which the corpora have an opinion: label, text, in how many documents they occur and are annotated.
    pub(super) seen: Vec<SeenName>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct LabelReliability {
    pub(super) label: String,
    /// The least probability at which a name counts as a mention.
    pub(super) threshold: f32,
    /// Weights by the name of the feature or, behind `kind:`, of the kind.
    pub(super) weights: Vec<(String, f32)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct AnnotatedName {
    pub(super) label: String,
    pub(super) identifier: String,
    pub(super) text: String,
    pub(super) documents: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SeenName {
    pub(super) label: String,
    pub(super) text: String,
    pub(super) seen: u32,
    pub(super) annotated: u32,
}

/// What the corpora say of a name: in documents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// It occurs in the text.
    pub(super) seen: u32,
    /// It is annotated, whatever it stands for.
    pub(super) annotated: u32,
    /// It is annotated as this concept.
    pub(super) as_concept: u32,
    /// The concept is annotated, by whatever name.
    pub(super) concept_seen: u32,
}

const INCLUDED: &[u8] = include_bytes!("../../../../data/lexicon/reliability.tsv.zst");

impl Reliability {
    /// What was learned from the training parts of the corpora that ship with the program.
    ///
    /// # Errors
    /// If the program's tables are damaged, with what is wrong.
    pub fn included() -> Result<Self, String> {
        let text = crate::lexicon::unpack(INCLUDED).map_err(|error| error.to_string())?;
        text.parse()
    }

    /// Adds the names that the corpora use to a lexicon.
    pub fn add_names_to(&self, builder: &mut LexiconBuilder) {
        for name in &self.annotated {
            builder.add_annotated(&name.label, &name.identifier, &name.text, name.documents);
        }
    }

    /// As text that is read back by `parse`.
    pub fn to_table(&self) -> String {
        let mut table = String::new();
        for LabelReliability { label, threshold, weights } in &self.labels {
            let _ = writeln!(table, "threshold\t{label}\t{threshold:.3}");
            for (feature, weight) in weights {
                let _ = writeln!(table, "weight\t{label}\t{feature}\t{weight:.4}");
            }
        }
        for AnnotatedName { label, identifier, text, documents } in &self.annotated {
            let _ = writeln!(table, "name\t{label}\t{identifier}\t{text}\t{documents}");
        }
        for SeenName { label, text, seen, annotated } in &self.seen {
            let _ = writeln!(table, "seen\t{label}\t{text}\t{seen}\t{annotated}");
        }
        table
    }

    fn label(&mut self, label: &str) -> &mut LabelReliability {
        let at = self.labels.iter().position(|known| known.label == label).unwrap_or_else(|| {
            self.labels.push(LabelReliability { label: label.to_owned(), ..LabelReliability::default() });
            self.labels.len() - 1
        });
        &mut self.labels[at]
    }

    fn take_line(&mut self, line: &str) -> Option<()> {
        let fields: Vec<&str> = line.split('\t').collect();
        match fields.as_slice() {
            ["threshold", label, value] => self.label(label).threshold = value.parse().ok()?,
            ["weight", label, feature, value] => {
                let weight = ((*feature).to_owned(), value.parse().ok()?);
                self.label(label).weights.push(weight);
            }
            ["name", label, identifier, text, documents] => {
                let [label, identifier, text] = [label, identifier, text].map(|field| (*field).to_owned());
                self.annotated.push(AnnotatedName { label, identifier, text, documents: documents.parse().ok()? });
            }
            ["seen", label, text, seen, annotated] => {
                let [label, text] = [label, text].map(|field| (*field).to_owned());
                let (seen, annotated) = (seen.parse().ok()?, annotated.parse().ok()?);
                self.seen.push(SeenName { label, text, seen, annotated });
            }
            _ => return None,
        }
        Some(())
    }
}

impl std::str::FromStr for Reliability {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut reliability = Self::default();
        for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.is_empty()) {
            let taken = reliability.take_line(line);
            taken.ok_or_else(|| format!("line {}: {line:?} is no threshold, weight or name", number + 1))?;
        }
        Ok(reliability)
    }
}

/// [`Reliability`] by the numbers of a lexicon.
#[derive(Debug, Default)]
pub(super) struct Judge {
    /// For each label of the lexicon.
    pub(super) models: Vec<Option<LinearModel>>,
    pub(super) tallies: Tallies,
}

/// Weights of one label, by the numbers of the features.
#[derive(Clone, Debug, Default)]
pub(super) struct LinearModel {
    pub(super) threshold: f32,
    pub(super) weights: Vec<f32>,
}

impl LinearModel {
    /// The weight of features together.
    pub(super) fn sum(&self, values: &Values) -> f32 {
        values.iter().map(|(feature, value)| self.weights[*feature as usize] * value).sum()
    }
}

/// The probability that a weight speaks for.
pub(super) fn probability(sum: f32) -> f32 {
    1.0 / (1.0 + (-sum).exp())
}

/// What is known of names and concepts, by their numbers.
#[derive(Debug, Default)]
pub(super) struct Tallies {
    /// By label and key: in how many documents it occurs, and is annotated.
    names: NumberMap<(u32, u32)>,
    /// By key and concept.
    as_concept: NumberMap<u32>,
    concepts: NumberMap<u32>,
}

impl Tallies {
    pub(super) fn of(&self, label: u16, key: Key, concept: u32) -> Tally {
        let (seen, annotated) = self.names.get(&pair(u32::from(label), key)).copied().unwrap_or_default();
        let as_concept = self.as_concept.get(&pair(key, concept)).copied().unwrap_or_default();
        let concept_seen = self.concepts.get(&u64::from(concept)).copied().unwrap_or_default();
        Tally { seen, annotated, as_concept, concept_seen }
    }

    /// The entry of a name under a label.
    pub(super) fn name(&mut self, label: u16, key: Key) -> &mut (u32, u32) {
        self.names.entry(pair(u32::from(label), key)).or_default()
    }

    /// The names under their labels.
    pub(super) fn names(&self) -> impl Iterator<Item = (u16, Key, (u32, u32))> {
        self.names.iter().map(|(pair, counts)| ((pair >> 32) as u16, *pair as u32, *counts))
    }

    /// Counts documents in which a concept goes by a name.
    pub(super) fn add_concept(&mut self, key: Key, concept: u32, documents: u32) {
        *self.as_concept.entry(pair(key, concept)).or_default() += documents;
        *self.concepts.entry(u64::from(concept)).or_default() += documents;
    }
}

fn pair(high: u32, low: u32) -> u64 {
    (u64::from(high) << 32) | u64::from(low)
}

impl Judge {
    pub(super) fn new(reliability: &Reliability, lexicon: &Lexicon) -> Self {
        let mut tokenizer = Tokenizer::default();
        let label = |label: &str| lexicon.labels().iter().position(|known| known == label).map(|at| at as u16);
        let mut judge = Self { models: vec![None; lexicon.labels().len()], ..Self::default() };
        for model in &reliability.labels {
            if let Some(label) = label(&model.label) {
                judge.models[label as usize] = Some(linear_model(model, lexicon));
            }
        }
        for name in &reliability.annotated {
            let key = lexicon.key_of(&name.text, &mut tokenizer);
            if let Some((key, concept)) = key.zip(lexicon.concept_number(&name.identifier)) {
                judge.tallies.add_concept(key, concept, name.documents);
            }
        }
        for name in &reliability.seen {
            if let Some((label, key)) = label(&name.label).zip(lexicon.key_of(&name.text, &mut tokenizer)) {
                *judge.tallies.name(label, key) = (name.seen, name.annotated);
            }
        }
        judge
    }
}

/// What speaks for a name of a lexicon that a user brings: he means it, and the corpora cannot know it.
const OWN_LEXICON_WEIGHT: f32 = 2.0;

/// Kinds that the corpora do not know count as none.
fn linear_model(model: &LabelReliability, lexicon: &Lexicon) -> LinearModel {
    let kinds = lexicon.kinds().iter().map(|kind| format!("kind:{kind}"));
    let names = FEATURES.iter().map(|feature| (*feature).to_owned()).chain(kinds);
    let own = std::iter::once(("kind:user", OWN_LEXICON_WEIGHT));
    let learned = model.weights.iter().map(|(feature, weight)| (feature.as_str(), *weight));
    let known: HashMap<&str, f32> = own.chain(learned).collect();
    let weights = names.map(|name| known.get(name.as_str()).copied().unwrap_or(0.0)).collect();
    LinearModel { threshold: model.threshold, weights }
}
