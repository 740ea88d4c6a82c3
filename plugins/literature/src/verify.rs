//! From a pair that a query found to its proof: the sentences that mention both ends are read again, and only those.

use std::collections::BTreeMap;
use std::ops::Range;

use hopgraph_engine::{
    Evidence, Interruption, NodeId, Polarity, RelationType, Run, RunId, Sentence, SentenceId, Snapshot, StorageError,
    View, confidence,
};
use hopgraph_inference::{Classification, Classifier, Input, LabelledSpan, ModelDescription};

use crate::IngestError;
use crate::candidate::{EntityMention, candidates};
use crate::identity::Identity;
use crate::ingest::{relation_type, run_of, threshold_of};

/// The most sentences that the model is given at once.
const BATCH_SENTENCES: usize = 128;

/// What the sentences of a graph say of a pair of nodes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PairVerdict {
    /// The relation that is most sure, by the rule of [`confidence`] over the sentences that state it; none if no
    /// sentence states one.
    pub relation: Option<(RelationType, f64)>,
    /// Each sentence that mentions both and that the model could read, in order.
    pub readings: Vec<PairReading>,
}

/// What a model says of a pair in one sentence.
#[derive(Clone, Debug, PartialEq)]
pub struct PairReading {
    /// The sentence.
    pub sentence: SentenceId,
    /// The pair with the node that has the first of the model's labels first.
    pub pair: [NodeId; 2],
    /// The model's answer.
    pub classification: Classification,
    /// The relation that the answer states; none if it states none, or less surely than the threshold asks.
    pub relation: Option<RelationType>,
}

/// Reads the sentences that mention both nodes of each pair. A pair whose nodes do not have the labels that the model
/// reads, in either order, has no readings; nor does a sentence whose mentions of the two overlap.
///
/// # Errors
/// If the graph or the model fails, or `may_go_on` says that it may not.
pub fn verify_pairs(
    snapshot: &Snapshot,
    pairs: &[[NodeId; 2]],
    classifier: &dyn Classifier,
    threshold: Option<f32>,
    may_go_on: &mut dyn FnMut() -> Result<(), Interruption>,
) -> Result<Vec<PairVerdict>, IngestError> {
    let description = classifier.description();
    let threshold = threshold_of(description, threshold);
    let mut questions = Vec::new();
    for (number, pair) in pairs.iter().enumerate() {
        if let Some(pair) = in_order(snapshot, *pair, &description.labels)? {
            questions.extend(questions_of(snapshot, number, pair, &description.labels)?);
        }
    }
    let mut verdicts = vec![PairVerdict::default(); pairs.len()];
    for batch in questions.chunks(BATCH_SENTENCES) {
        may_go_on().map_err(StorageError::from)?;
        let inputs: Vec<Input> = batch.iter().map(|question| question.input.clone()).collect();
        for (question, result) in batch.iter().zip(classifier.classify(&inputs)?) {
            // What the model cannot read says nothing; an ingestion would list it as a reject.
            let Ok(classification) = result else { continue };
            let relation = stated(description, &classification, threshold);
            let Question { number, sentence, pair, .. } = *question;
            verdicts[number].readings.push(PairReading { sentence, pair, classification, relation });
        }
    }
    for verdict in &mut verdicts {
        verdict.relation = most_sure(snapshot, &verdict.readings)?;
    }
    Ok(verdicts)
}

/// The run under which the readings of this model are written: that of an ingestion with it of documents whose mentions
/// are given.
pub fn verification_run(classifier: &dyn Classifier, threshold: Option<f32>) -> Run {
    run_of(classifier.description(), &Identity::of(classifier, None), threshold)
}

/// A sentence to be read for a pair.
struct Question {
    /// Number of the pair.
    number: usize,
    sentence: SentenceId,
    pair: [NodeId; 2],
    input: Input,
}

/// The pair with the model's first label first; none if the nodes do not have the two labels.
fn in_order(
    snapshot: &Snapshot,
    [one, other]: [NodeId; 2],
    labels: &[String; 2],
) -> Result<Option<[NodeId; 2]>, StorageError> {
    let has = |node: NodeId, label: &String| -> Result<bool, StorageError> {
        let Some(label) = snapshot.catalog().label(label) else { return Ok(false) };
        Ok(snapshot.node(node)?.is_some_and(|node| node.labels.contains(&label)))
    };
    for pair in [[one, other], [other, one]] {
        if has(pair[0], &labels[0])? && has(pair[1], &labels[1])? {
            return Ok(Some(pair));
        }
    }
    Ok(None)
}

fn questions_of(
    snapshot: &Snapshot,
    number: usize,
    pair: [NodeId; 2],
    labels: &[String; 2],
) -> Result<Vec<Question>, StorageError> {
    let mut questions = Vec::new();
    for id in snapshot.sentences_mentioning_both(pair[0], pair[1])? {
        let Some(sentence) = snapshot.sentence(id)? else { continue };
        if let Some(input) = input(&sentence, pair, labels) {
            questions.push(Question { number, sentence: id, pair, input });
        }
    }
    Ok(questions)
}

/// The question that an ingestion of the sentence would ask of the pair.
fn input(sentence: &Sentence, pair: [NodeId; 2], labels: &[String; 2]) -> Option<Input> {
    let mentions: Vec<EntityMention> = sentence
        .mentions
        .iter()
        .filter_map(|mention| {
            let entity = pair.iter().position(|node| *node == mention.node)?;
            let span = mention.start as usize..mention.end as usize;
            Some(EntityMention { entity, label: labels[entity].to_lowercase(), span })
        })
        .collect();
    let candidate = candidates(&mentions, labels).into_iter().next()?;
    let [source, target] = candidate.spans;
    let span = |Range { start, end }, label: &String| LabelledSpan { start, end, label: label.clone() };
    Some(Input::Pair { text: sentence.text.clone(), spans: [span(source, &labels[0]), span(target, &labels[1])] })
}

fn stated(description: &ModelDescription, classification: &Classification, threshold: f32) -> Option<RelationType> {
    let relation = description.answers.get(classification.answer)?.relation.as_ref()?;
    let probability = classification.probabilities.get(classification.answer)?;
    (*probability >= threshold).then(|| relation_type(relation))
}

fn most_sure(snapshot: &Snapshot, readings: &[PairReading]) -> Result<Option<(RelationType, f64)>, StorageError> {
    let mut by_relation: BTreeMap<(&str, Polarity), (&RelationType, Vec<Evidence>)> = BTreeMap::new();
    for PairReading { sentence, classification, relation, .. } in readings {
        let Some(relation) = relation else { continue };
        let evidence = Evidence::Text {
            sentence: *sentence,
            run: RunId::default(),
            probability: classification.probabilities[classification.answer],
            probabilities: Vec::new(),
        };
        let entry = by_relation.entry((&relation.name, relation.polarity));
        entry.or_insert_with(|| (relation, Vec::new())).1.push(evidence);
    }
    let document_of = |id: SentenceId| {
        let sentence = snapshot.sentence(id)?;
        Ok(sentence.map(|sentence| sentence.document).unwrap_or_default())
    };
    let mut best: Option<(RelationType, f64)> = None;
    for (relation, evidence) in by_relation.into_values() {
        let sure = confidence(&evidence, document_of)?;
        if best.as_ref().is_none_or(|(_, known)| sure > *known) {
            best = Some((relation.clone(), sure));
        }
    }
    Ok(best)
}

#[cfg(test)]
mod tests;
