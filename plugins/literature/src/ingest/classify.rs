//! The second stage: the model answers the questions of a block, each distinct one once.

use std::collections::HashMap;
use std::sync::atomic::Ordering;

use hopgraph_inference::{Classification, Classifier, Input, InputError, LabelledSpan, ModelDescription};

use super::Shared;
use super::block::Block;
use super::prepare::PreparedSentence;
use crate::IngestError;
use crate::candidate::{Candidate, masked};

/// A block whose questions are answered.
#[derive(Debug)]
pub(super) struct ClassifiedBlock {
    pub(super) block: Block,
    /// The results of the distinct questions.
    pub(super) results: Vec<Result<Classification, InputError>>,
    /// For each question of each document, in order, the number of its result.
    pub(super) result_of_question: Vec<usize>,
}

/// Classifies a block, a batch at a time; `None` if the ingestion is to stop.
pub(super) fn classify(
    block: Block,
    classifier: &dyn Classifier,
    batch_pairs: usize,
    shared: &Shared,
) -> Result<Option<ClassifiedBlock>, IngestError> {
    let description = classifier.description();
    let (inputs, result_of_question) = distinct_inputs(&block, &description.labels);
    let repeated = result_of_question.len() - inputs.len();
    let mut results = Vec::with_capacity(inputs.len());
    for batch in inputs.chunks(batch_pairs) {
        if shared.gives_up() {
            return Ok(None);
        }
        results.extend(classify_batch(classifier, description, batch)?);
        shared.pairs.fetch_add(batch.len() as u64, Ordering::Relaxed);
    }
    shared.pairs.fetch_add(repeated as u64, Ordering::Relaxed);
    Ok(Some(ClassifiedBlock { block, results, result_of_question }))
}

fn distinct_inputs(block: &Block, labels: &[String; 2]) -> (Vec<Input>, Vec<usize>) {
    let mut inputs = Vec::new();
    let mut results = Vec::new();
    let mut by_text: HashMap<String, usize> = HashMap::new();
    for document in &block.documents {
        for question in &document.questions {
            let sentence = &document.sentences[question.sentence];
            let number = *by_text.entry(masked(&sentence.text, &question.candidate, labels)).or_insert(inputs.len());
            if number == inputs.len() {
                inputs.push(input(sentence, &question.candidate, labels));
            }
            results.push(number);
        }
    }
    (inputs, results)
}

fn input(sentence: &PreparedSentence, candidate: &Candidate, labels: &[String; 2]) -> Input {
    let [source, target] = &candidate.spans;
    let span = |span: &std::ops::Range<usize>, label: &String| LabelledSpan {
        start: span.start,
        end: span.end,
        label: label.clone(),
    };
    Input::Pair { text: sentence.text.clone(), spans: [span(source, &labels[0]), span(target, &labels[1])] }
}

/// Classifies a batch and holds the results against the contract, since they come from foreign code.
fn classify_batch(
    classifier: &dyn Classifier,
    description: &ModelDescription,
    batch: &[Input],
) -> Result<Vec<Result<Classification, InputError>>, IngestError> {
    let results = classifier.classify(batch)?;
    let wrong =
        |what, found, expected| IngestError::WrongCount { model: description.name.clone(), what, found, expected };
    if results.len() != batch.len() {
        return Err(wrong("results", results.len(), batch.len()));
    }
    let due = description.answers.len();
    for result in results.iter().flatten() {
        if result.probabilities.len() != due || result.answer >= due {
            return Err(wrong("probabilities", result.probabilities.len(), due));
        }
    }
    Ok(results)
}
