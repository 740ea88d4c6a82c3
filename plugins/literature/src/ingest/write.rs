//! The third stage: what was read and answered is written into the graph, block by block.

use hopgraph_engine::{
    Change, Edge, Graph, Mention, NewDocument, NewSentence, Node, NodeId, Polarity, RelationType, RelationTypeId, Run,
    RunId, RunKind, SentenceId, StorageError, View,
};
use hopgraph_inference::{Answer, Classification, InputError, ModelDescription};

use super::IngestSummary;
use super::block::conflict;
use super::classify::ClassifiedBlock;
use super::prepare::{PreparedDocument, PreparedEntity, PreparedSentence, Question};
use crate::{Reject, RejectKind};

/// The name of this program and its version, as kept with a run.
const PROGRAM: &str = concat!("hopgraph ", env!("CARGO_PKG_VERSION"));

/// What a question was answered.
type Reading<'a> = &'a Result<Classification, InputError>;

/// Writes blocks under one run and counts what it wrote.
pub(super) struct Writer<'g> {
    graph: &'g Graph,
    run: RunId,
    /// For each answer of the model, the relation that it states.
    relations: Vec<Option<RelationTypeId>>,
    threshold: f32,
    pub(super) summary: IngestSummary,
}

impl<'g> Writer<'g> {
    /// Finds or begins the run of this model.
    pub(super) fn begin(
        graph: &'g Graph,
        description: &ModelDescription,
        threshold: Option<f32>,
    ) -> Result<Self, StorageError> {
        // A run keeps its threshold in thousandths, so that is what holds: two runs that count as one must act as one.
        let thousandths = (threshold.unwrap_or(description.threshold).clamp(0.0, 1.0) * 1000.0).round() as u32;
        let mut change = graph.change()?;
        let run = change.begin_run(&describe(description, thousandths))?;
        let relations =
            description.answers.iter().map(|answer| relation(&mut change, answer)).collect::<Result<_, _>>()?;
        change.commit()?;
        let answers = description.answers.iter().map(|answer| (answer.text.clone(), 0)).collect();
        let summary = IngestSummary { answers, ..IngestSummary::default() };
        Ok(Self { graph, run, relations, threshold: thousandths as f32 / 1000.0, summary })
    }

    /// The run that is written under.
    pub(super) fn run(&self) -> RunId {
        self.run
    }

    /// Writes a block in one change. Gives back everything that was rejected in it.
    pub(super) fn write(&mut self, classified: ClassifiedBlock) -> Result<Vec<Reject>, StorageError> {
        let ClassifiedBlock { mut block, results, result_of_question } = classified;
        self.summary.pairs_repeated += (result_of_question.len() - results.len()) as u64;
        let mut readings = result_of_question.into_iter().map(|number| &results[number]);
        if !block.documents.is_empty() {
            let mut change = self.graph.change()?;
            for document in &block.documents {
                let readings: Vec<Reading<'_>> = readings.by_ref().take(document.questions.len()).collect();
                self.write_document(&mut change, document, &readings, &mut block.rejects)?;
            }
            change.commit()?;
        }
        self.summary.documents += block.documents_read;
        self.summary.documents_skipped += block.documents_skipped;
        block.rejects.iter().for_each(|reject| self.summary.rejects.count(reject.kind));
        Ok(block.rejects)
    }

    fn write_document(
        &mut self,
        change: &mut Change<'_>,
        document: &PreparedDocument,
        readings: &[Reading<'_>],
        rejects: &mut Vec<Reject>,
    ) -> Result<(), StorageError> {
        // The reader has looked already, but another writer may have come between.
        let stored = match change.document_by_identifier(&document.identifier)? {
            Some(id) => change.document(id)?.map(|stored| (id, stored)),
            None => None,
        };
        if stored.as_ref().is_some_and(|(_, stored)| stored.content_hash != document.content_hash) {
            rejects.push(conflict(document));
            return Ok(());
        }
        let entities = document.entities.iter().map(|entity| ensure_node(change, entity));
        let nodes: Vec<NodeId> = entities.collect::<Result<_, _>>()?;
        let (id, first_sentence) = match stored {
            Some((id, stored)) => {
                self.summary.documents_known += 1;
                (id, stored.first_sentence)
            }
            None => {
                self.summary.documents_added += 1;
                self.summary.sentences += document.sentences.len() as u64;
                let id = change.add_document(&new_document(document, &nodes))?;
                let stored = change.document(id)?.expect("a document that was added is there");
                (id, stored.first_sentence)
            }
        };
        for (question, reading) in document.questions.iter().zip(readings) {
            let sentence = SentenceId::new(first_sentence.get() + question.sentence as u32);
            self.summary.pairs += 1;
            match reading {
                Ok(reading) => self.write_reading(change, question, reading, &nodes, sentence)?,
                Err(error) => rejects.push(unread(document, question, error)),
            }
        }
        change.mark_document(self.run, id)
    }

    fn write_reading(
        &mut self,
        change: &mut Change<'_>,
        question: &Question,
        reading: &Classification,
        nodes: &[NodeId],
        sentence: SentenceId,
    ) -> Result<(), StorageError> {
        self.summary.answers[reading.answer].1 += 1;
        let Some(relation) = self.relations[reading.answer] else { return Ok(()) };
        let probability = reading.probabilities[reading.answer];
        if probability < self.threshold {
            self.summary.below_threshold += 1;
            return Ok(());
        }
        let edge =
            Edge { relation, source: nodes[question.candidate.source], target: nodes[question.candidate.target] };
        if !change.has_edge(edge)? {
            self.summary.edges_added += 1;
        }
        self.summary.evidence += 1;
        change.add_evidence(edge, sentence, self.run, probability, &reading.probabilities)
    }
}

/// The run of a model.
fn describe(description: &ModelDescription, threshold_thousandths: u32) -> Run {
    let relation_of = |answer: &Answer| answer.relation.as_ref().map(|relation| relation.name.clone());
    Run {
        kind: RunKind::Model {
            model: description.name.clone(),
            weights_hash: description.weights_hash.clone(),
            quantization: description.quantization.clone(),
            prompt: description.prompt.clone(),
            answers: description.answers.iter().map(|answer| (answer.text.clone(), relation_of(answer))).collect(),
            threshold_thousandths,
        },
        started: jiff::Timestamp::now().to_string(),
        program: PROGRAM.to_owned(),
    }
}

fn relation(change: &mut Change<'_>, answer: &Answer) -> Result<Option<RelationTypeId>, StorageError> {
    let Some(relation) = &answer.relation else { return Ok(None) };
    let polarity = if relation.denied { Polarity::Denied } else { Polarity::Asserted };
    let relation_type = RelationType { name: relation.name.clone(), polarity, symmetric: relation.symmetric };
    change.relation_type(&relation_type).map(Some)
}

/// The node of an entity, added if it is new; a node that was there learns the labels and names it did not have.
fn ensure_node(change: &mut Change<'_>, entity: &PreparedEntity) -> Result<NodeId, StorageError> {
    let labels = entity.labels.iter().map(|label| change.label(label)).collect::<Result<Vec<_>, _>>()?;
    let known = change.node_by_identifier(&entity.identifier)?;
    let mut node = match known {
        Some(id) => change.node(id)?.ok_or(StorageError::UnknownNode(id))?,
        None => Node { identifiers: vec![entity.identifier.clone()], ..Node::default() },
    };
    let before = (node.labels.len(), node.synonyms.len(), node.name.is_empty());
    for label in labels {
        if !node.labels.contains(&label) {
            node.labels.push(label);
        }
    }
    for name in &entity.names {
        if node.name.is_empty() {
            node.name.clone_from(name);
        } else if !is_named(&node, name) {
            node.synonyms.push(name.clone());
        }
    }
    let changed = before != (node.labels.len(), node.synonyms.len(), node.name.is_empty());
    match known {
        None => change.add_node(node),
        Some(id) if changed => change.update_node(id, node).map(|()| id),
        Some(id) => Ok(id),
    }
}

/// Whether the node goes by this name, ignoring case.
fn is_named(node: &Node, name: &str) -> bool {
    let name = name.to_lowercase();
    node.name.to_lowercase() == name || node.synonyms.iter().any(|synonym| synonym.to_lowercase() == name)
}

fn new_document(document: &PreparedDocument, nodes: &[NodeId]) -> NewDocument {
    let sentence = |sentence: &PreparedSentence| NewSentence {
        start: sentence.start as u32,
        text: sentence.text.clone(),
        mentions: sentence
            .mentions
            .iter()
            .map(|mention| Mention {
                node: nodes[mention.entity],
                start: mention.span.start as u32,
                end: mention.span.end as u32,
            })
            .collect(),
    };
    NewDocument {
        identifier: document.identifier.clone(),
        title: document.title.clone(),
        year: document.year,
        content_hash: document.content_hash,
        sentences: document.sentences.iter().map(sentence).collect(),
    }
}

/// The reject for a pair that the model could not read.
fn unread(document: &PreparedDocument, question: &Question, error: &InputError) -> Reject {
    let sentence = &document.sentences[question.sentence];
    let [source, target] = [question.candidate.source, question.candidate.target].map(|at| &document.entities[at]);
    let reason =
        format!("sentence {}, {} and {}: {error}", question.sentence + 1, source.identifier, target.identifier);
    Reject::new(RejectKind::Pair, document.location.clone(), &document.identifier, reason, &sentence.text)
}
