//! The third stage: what was read and answered is written into the graph, block by block.

use hopgraph_engine::{
    Change, Document, DocumentId, DocumentSet, Edge, Graph, Mention, NewDocument, NewSentence, Node, NodeId, Polarity,
    RelationType, RelationTypeId, Run, RunId, RunKind, SentenceId, StorageError, View,
};
use hopgraph_inference::{Answer, AnswerRelation, Classification, InputError, ModelDescription};

use super::IngestSummary;
use super::classify::ClassifiedBlock;
use super::prepare::{PreparedDocument, PreparedEntity, PreparedSentence, Question};
use crate::{Reject, RejectKind};

/// The name of this program and its version, as kept with a run.
const PROGRAM: &str = concat!("hopgraph ", env!("CARGO_PKG_VERSION"));

/// What a question was answered.
type Reading<'a> = &'a Result<Classification, InputError>;

/// Where a document goes that is to be written.
enum Place {
    /// The graph has no version of it, or none any more.
    Free,
    /// The graph has this very version, which another run has read.
    Taken(DocumentId, Document),
    /// There is nothing to write.
    Nowhere,
    /// The same input has had another text under its identifier, and no version says which of the two stands.
    Disputed,
}

/// Whether this version comes before the one that is known. Without numbers, what comes in a later ingestion is newer.
pub(super) fn is_older(version: Option<u32>, known: Option<u32>) -> bool {
    version.zip(known).is_some_and(|(version, known)| version < known)
}

/// Writes blocks under one run and counts what it wrote.
pub(super) struct Writer<'g> {
    graph: &'g Graph,
    run: RunId,
    /// For each answer of the model, the relation that it states.
    relations: Vec<Option<RelationTypeId>>,
    threshold: f32,
    /// The documents that this ingestion has met in the state that they have now.
    met: DocumentSet,
    pub(super) summary: IngestSummary,
}

impl<'g> Writer<'g> {
    /// Finds or begins the run of this model.
    pub(super) fn begin(
        graph: &'g Graph,
        description: &ModelDescription,
        threshold: Option<f32>,
    ) -> Result<Self, StorageError> {
        let mut change = graph.change()?;
        let run = change.begin_run(&run_of(description, threshold))?;
        let relations =
            description.answers.iter().map(|answer| relation(&mut change, answer)).collect::<Result<_, _>>()?;
        change.commit()?;
        let answers = description.answers.iter().map(|answer| (answer.text.clone(), 0)).collect();
        let summary = IngestSummary { answers, ..IngestSummary::default() };
        Ok(Self {
            graph,
            run,
            relations,
            threshold: threshold_of(description, threshold),
            met: DocumentSet::default(),
            summary,
        })
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
        if !block.documents.is_empty() || !block.finished.is_empty() {
            let mut change = self.graph.change()?;
            for (id, version) in &block.finished {
                self.meet(&mut change, *id, *version)?;
            }
            for document in &block.documents {
                let readings: Vec<Reading<'_>> = readings.by_ref().take(document.questions.len()).collect();
                self.write_document(&mut change, document, &readings, &mut block.rejects)?;
            }
            change.commit()?;
        }
        self.summary.documents += block.documents_read;
        self.summary.documents_skipped += block.documents_skipped + block.finished.len() as u64;
        self.summary.documents_withheld += block.documents_withheld;
        self.summary.count_rejects(&block.rejects);
        Ok(block.rejects)
    }

    fn write_document(
        &mut self,
        change: &mut Change,
        document: &PreparedDocument,
        readings: &[Reading<'_>],
        rejects: &mut Vec<Reject>,
    ) -> Result<(), StorageError> {
        // The reader has looked already, but another writer may have come between.
        let stored = match change.document_by_identifier(&document.identifier)? {
            Some(id) => change.document(id)?.map(|stored| (id, stored)),
            None => None,
        };
        if document.withdrawal.is_some() {
            return self.withdraw(change, document, stored);
        }
        let stored = match self.place(change, document, stored)? {
            Place::Taken(id, stored) => Some((id, stored)),
            Place::Free => None,
            Place::Nowhere => return Ok(()),
            Place::Disputed => {
                rejects.push(disputed(document));
                return Ok(());
            }
        };
        let nodes: Vec<NodeId> =
            document.entities.iter().map(|entity| ensure_node(change, entity)).collect::<Result<_, _>>()?;
        let (id, first_sentence) = match stored {
            Some((id, stored)) => {
                self.summary.documents_known += 1;
                (id, stored.first_sentence)
            }
            None => self.add_document(change, document, &nodes)?,
        };
        for (question, reading) in document.questions.iter().zip(readings) {
            let sentence = SentenceId::new(first_sentence.get() + question.sentence as u32);
            self.summary.pairs += 1;
            match reading {
                Ok(reading) => self.write_reading(change, question, reading, &nodes, sentence)?,
                Err(error) => rejects.push(unread(document, question, error)),
            }
        }
        self.met.insert(id);
        change.mark_document(self.run, id)
    }

    /// Notes that a document that the run had finished has come again.
    fn meet(&mut self, change: &mut Change, id: DocumentId, version: Option<u32>) -> Result<(), StorageError> {
        self.met.insert(id);
        let stored = change.document(id)?;
        if stored.is_some_and(|stored| is_older(stored.version, version)) {
            change.set_document_version(id, version)?;
        }
        Ok(())
    }

    /// Notes that a document does not stand, and takes out the version of it that the graph has.
    fn withdraw(
        &mut self,
        change: &mut Change,
        document: &PreparedDocument,
        stored: Option<(DocumentId, Document)>,
    ) -> Result<(), StorageError> {
        let Some(withdrawal) = document.withdrawal else { return Ok(()) };
        let known = change.withdrawal(&document.identifier)?;
        let joined = known.map_or(withdrawal, |known| known.joined(withdrawal));
        if known != Some(joined) {
            change.note_withdrawal(&document.identifier, joined)?;
        } else {
            self.summary.documents_skipped += 1;
        }
        if let Some((id, _)) = stored.filter(|(_, stored)| joined.holds_for(stored.version)) {
            change.retract_document(id)?;
            self.summary.documents_withdrawn += 1;
        }
        Ok(())
    }

    /// Where a document goes. An older version of it is taken out of the graph.
    fn place(
        &mut self,
        change: &mut Change,
        document: &PreparedDocument,
        stored: Option<(DocumentId, Document)>,
    ) -> Result<Place, StorageError> {
        let version = document.version;
        if change.withdrawal(&document.identifier)?.is_some_and(|withdrawal| withdrawal.holds_for(version)) {
            self.summary.documents_withheld += 1;
            return Ok(Place::Nowhere);
        }
        let Some((id, stored)) = stored else { return Ok(Place::Free) };
        if stored.content_hash == document.content_hash {
            self.meet(change, id, version)?;
            if change.run_has_document(self.run, id)? {
                self.summary.documents_skipped += 1;
                return Ok(Place::Nowhere);
            }
            return Ok(Place::Taken(id, stored));
        }
        if is_older(version, stored.version) {
            self.summary.documents_skipped += 1;
            return Ok(Place::Nowhere);
        }
        // Of two texts that nothing ranks, one input must not write now this and now that.
        if self.met.contains(id) && !is_older(stored.version, version) {
            return Ok(Place::Disputed);
        }
        change.retract_document(id)?;
        self.summary.documents_replaced += 1;
        Ok(Place::Free)
    }

    fn add_document(
        &mut self,
        change: &mut Change,
        document: &PreparedDocument,
        nodes: &[NodeId],
    ) -> Result<(DocumentId, SentenceId), StorageError> {
        self.summary.documents_added += 1;
        self.summary.sentences += document.sentences.len() as u64;
        let id = change.add_document(&new_document(document, nodes))?;
        for (entity, &node) in document.entities.iter().zip(nodes) {
            change.describe(node, id, &entity.description)?;
        }
        let stored = change.document(id)?.expect("a document that was added is there");
        Ok((id, stored.first_sentence))
    }

    fn write_reading(
        &mut self,
        change: &mut Change,
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

/// The least probability at which an answer makes an edge: the given one, or the model's own. A run keeps it in
/// thousandths, so that is what holds: two runs that count as one must act as one.
pub(crate) fn threshold_of(description: &ModelDescription, threshold: Option<f32>) -> f32 {
    thousandths(description, threshold) as f32 / 1000.0
}

fn thousandths(description: &ModelDescription, threshold: Option<f32>) -> u32 {
    (threshold.unwrap_or(description.threshold).clamp(0.0, 1.0) * 1000.0).round() as u32
}

/// The run of a model.
pub(crate) fn run_of(description: &ModelDescription, threshold: Option<f32>) -> Run {
    let relation_of = |answer: &Answer| answer.relation.as_ref().map(|relation| relation.name.clone());
    Run {
        kind: RunKind::Model {
            model: description.name.clone(),
            weights_hash: description.weights_hash.clone(),
            quantization: description.quantization.clone(),
            prompt: description.prompt.clone(),
            answers: description.answers.iter().map(|answer| (answer.text.clone(), relation_of(answer))).collect(),
            threshold_thousandths: thousandths(description, threshold),
        },
        started: jiff::Timestamp::now().to_string(),
        program: PROGRAM.to_owned(),
    }
}

fn relation(change: &mut Change, answer: &Answer) -> Result<Option<RelationTypeId>, StorageError> {
    let Some(relation) = &answer.relation else { return Ok(None) };
    change.relation_type(&relation_type(relation)).map(Some)
}

/// The relation type that an answer states.
pub(crate) fn relation_type(relation: &AnswerRelation) -> RelationType {
    let polarity = if relation.denied { Polarity::Denied } else { Polarity::Asserted };
    RelationType { name: relation.name.clone(), polarity, symmetric: relation.symmetric }
}

/// The node of an entity, added if it is new.
fn ensure_node(change: &mut Change, entity: &PreparedEntity) -> Result<NodeId, StorageError> {
    match change.node_by_identifier(&entity.identifier)? {
        Some(known) => Ok(known),
        None => change.add_node(Node { identifiers: vec![entity.identifier.clone()], ..Node::default() }),
    }
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
        version: document.version,
        sentences: document.sentences.iter().map(sentence).collect(),
    }
}

/// The reject for a document whose identifier came before with another text.
fn disputed(document: &PreparedDocument) -> Reject {
    let reason = "its id came before in this input with another text, which is kept; give each text an id of its own, or \
                  a `version` that grows";
    let first = document.sentences.first().map_or("", |sentence| sentence.text.as_str());
    Reject::new(RejectKind::Record, document.location.clone(), &document.identifier, reason, first)
}

/// The reject for a pair that the model could not read.
fn unread(document: &PreparedDocument, question: &Question, error: &InputError) -> Reject {
    let sentence = &document.sentences[question.sentence];
    let [source, target] = [question.candidate.source, question.candidate.target].map(|at| &document.entities[at]);
    let reason =
        format!("sentence {}, {} and {}: {error}", question.sentence + 1, source.identifier, target.identifier);
    Reject::new(RejectKind::Pair, document.location.clone(), &document.identifier, reason, &sentence.text)
}
