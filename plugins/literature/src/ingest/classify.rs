//! The second stage: the model answers the questions of a block, each distinct one once.

use std::collections::HashMap;
use std::sync::atomic::Ordering;

use hopgraph_inference::{Classification, Classifier, Input, InputError, LabelledSpan, ModelDescription};

use super::Shared;
use super::block::Block;
use crate::IngestError;
use crate::candidate::{Candidate, masked};
use crate::prepare::PreparedSentence;
use crate::slice::{Reading, Verdict};

/// A block whose questions are answered.
#[derive(Debug)]
pub(crate) struct ClassifiedBlock {
    pub(crate) block: Block,
    /// The results of the distinct questions.
    results: Vec<Result<Classification, InputError>>,
    /// For each question of each document, in order, the number of its result.
    result_of_question: Vec<usize>,
}

impl ClassifiedBlock {
    /// How many questions were the same as one before, once masked.
    pub(crate) fn pairs_repeated(&self) -> u64 {
        (self.result_of_question.len() - self.results.len()) as u64
    }

    /// Its documents with what the model says of their questions, behind what was rejected.
    pub(crate) fn into_readings(self) -> Vec<Reading> {
        let Block { documents, rejects, .. } = self.block;
        let mut numbers = self.result_of_question.into_iter();
        let verdict = |number: usize| -> Verdict {
            match &self.results[number] {
                Ok(found) => Ok((found.answer, found.probabilities.clone())),
                Err(error) => Err(error.to_string()),
            }
        };
        let mut readings = Vec::with_capacity(documents.len() + 1);
        if !rejects.is_empty() {
            readings.push(Reading { rejects, ..Reading::default() });
        }
        for document in documents {
            let verdicts = numbers.by_ref().take(document.questions.len()).map(verdict).collect();
            readings.push(Reading { document: Some(document), verdicts, rejects: Vec::new() });
        }
        readings
    }
}

/// Classifies a block, a batch at a time; `None` if the ingestion is to stop.
pub(crate) fn classify(
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
