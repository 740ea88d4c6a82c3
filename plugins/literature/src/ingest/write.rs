//! The third stage: what was read and answered is written into the graph, block by block.

use hopgraph_engine::{
    Change, Document, DocumentId, DocumentSet, Edge, Graph, Mention, NewDocument, NewSentence, Node, NodeId, Polarity,
    RelationType, RelationTypeId, Run, RunId, RunKind, SentenceId, StorageError, View,
};
use hopgraph_inference::{Answer, AnswerRelation, ModelDescription};

use super::IngestSummary;
use super::classify::ClassifiedBlock;
use crate::identity::Identity;
use crate::prepare::{PreparedDocument, PreparedEntity, PreparedSentence, Question};
use crate::slice::{Reading, Verdict};
use crate::{PROGRAM, Reject, RejectKind};

/// What is written together.
pub(crate) struct ReadBlock {
    readings: Vec<Reading>,
    /// Documents that are in the graph as they are, with the version that came now.
    finished: Vec<(DocumentId, Option<u32>)>,
    documents_read: u64,
    documents_skipped: u64,
    documents_withheld: u64,
    pairs_repeated: u64,
}

impl ReadBlock {
    /// Readings that come from elsewhere.
    pub(crate) fn of(readings: Vec<Reading>) -> Self {
        let documents_read = readings.iter().filter(|reading| reading.document.is_some()).count() as u64;
        let (finished, documents_skipped, documents_withheld, pairs_repeated) = (Vec::new(), 0, 0, 0);
        Self { readings, finished, documents_read, documents_skipped, documents_withheld, pairs_repeated }
    }
}

impl From<ClassifiedBlock> for ReadBlock {
    fn from(mut classified: ClassifiedBlock) -> Self {
        let block = &mut classified.block;
        Self {
            finished: std::mem::take(&mut block.finished),
            documents_read: block.documents_read,
            documents_skipped: block.documents_skipped,
            documents_withheld: block.documents_withheld,
            pairs_repeated: classified.pairs_repeated(),
            readings: classified.into_readings(),
        }
    }
}

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
pub(crate) struct Writer<'g> {
    graph: &'g Graph,
    run: RunId,
    /// For each answer of the model, the relation that it states.
    relations: Vec<Option<RelationTypeId>>,
    threshold: f32,
    /// The documents that this ingestion has met in the state that they have now.
    met: DocumentSet,
    pub(crate) summary: IngestSummary,
}

impl<'g> Writer<'g> {
    /// Finds or begins the run of this model.
    pub(crate) fn begin(
        graph: &'g Graph,
        description: &ModelDescription,
        identity: &Identity,
        threshold: Option<f32>,
    ) -> Result<Self, StorageError> {
        let mut change = graph.change()?;
        let run = change.begin_run(&run_of(description, identity, threshold))?;
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
    pub(crate) fn run(&self) -> RunId {
        self.run
    }

    /// Writes a block in one change, with the note that this input has been taken whole if its name is given. Gives back
    /// everything that was rejected in it.
    pub(crate) fn write(&mut self, block: ReadBlock, input: Option<&str>) -> Result<Vec<Reject>, StorageError> {
        let mut rejects = Vec::new();
        if input.is_some() || !block.finished.is_empty() || block.readings.iter().any(|r| r.document.is_some()) {
            let mut change = self.graph.change()?;
            for (id, version) in &block.finished {
                self.meet(&mut change, *id, *version)?;
            }
            for Reading { document, verdicts, rejects: before } in block.readings {
                rejects.extend(before);
                if let Some(document) = document {
                    self.write_document(&mut change, &document, &verdicts, &mut rejects)?;
                }
            }
            if let Some(name) = input {
                change.note_input(self.run, name)?;
            }
            change.commit()?;
        } else {
            rejects.extend(block.readings.into_iter().flat_map(|reading| reading.rejects));
        }
        self.summary.documents += block.documents_read;
        self.summary.documents_skipped += block.documents_skipped + block.finished.len() as u64;
        self.summary.documents_withheld += block.documents_withheld;
        self.summary.pairs_repeated += block.pairs_repeated;
        self.summary.count_rejects(&rejects);
        Ok(rejects)
    }

    /// Notes documents of this input that were written before, by their identifiers.
    pub(crate) fn meet_all(
        &mut self,
        view: &dyn View,
        identifiers: impl Iterator<Item = String>,
    ) -> Result<(), StorageError> {
        for identifier in identifiers {
            if let Some(id) = view.document_by_identifier(&identifier)? {
                self.met.insert(id);
            }
        }
        Ok(())
    }

    fn write_document(
        &mut self,
        change: &mut Change,
        document: &PreparedDocument,
        verdicts: &[Verdict],
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
        for (question, verdict) in document.questions.iter().zip(verdicts) {
            let sentence = SentenceId::new(first_sentence.get() + question.sentence as u32);
            self.summary.pairs += 1;
            match verdict {
                Ok((answer, probabilities)) => {
                    self.write_verdict(change, question, (*answer, probabilities), &nodes, sentence)?;
                }
                Err(reason) => rejects.push(unread(document, question, reason)),
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

    fn write_verdict(
        &mut self,
        change: &mut Change,
        question: &Question,
        (answer, probabilities): (usize, &[f32]),
        nodes: &[NodeId],
        sentence: SentenceId,
    ) -> Result<(), StorageError> {
        self.summary.answers[answer].1 += 1;
        let Some(relation) = self.relations[answer] else { return Ok(()) };
        let probability = probabilities[answer];
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
        change.add_evidence(edge, sentence, self.run, probability, probabilities)
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
pub(crate) fn run_of(description: &ModelDescription, identity: &Identity, threshold: Option<f32>) -> Run {
    let relation_of = |answer: &Answer| answer.relation.as_ref().map(|relation| relation.name.clone());
    Run {
        kind: RunKind::Model {
            model: description.name.clone(),
            weights_hash: description.weights_hash.clone(),
            quantization: description.quantization.clone(),
            prompt: with_parts(&description.prompt, identity),
            answers: description.answers.iter().map(|answer| (answer.text.clone(), relation_of(answer))).collect(),
            threshold_thousandths: thousandths(description, threshold),
        },
        started: jiff::Timestamp::now().to_string(),
        program: PROGRAM.to_owned(),
    }
}

/// The prompt with the other parts of the identity below it, a line each: the record of a run has no place of their own
/// for them.
fn with_parts(prompt: &str, identity: &Identity) -> String {
    let parts = identity.parts().iter().map(|(name, text)| format!("\n[{name}] {text}"));
    std::iter::once(prompt.to_owned()).chain(parts).collect()
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
fn unread(document: &PreparedDocument, question: &Question, error: &str) -> Reject {
    let sentence = &document.sentences[question.sentence];
    let [source, target] = [question.candidate.source, question.candidate.target].map(|at| &document.entities[at]);
    let reason =
        format!("sentence {}, {} and {}: {error}", question.sentence + 1, source.identifier, target.identifier);
    Reject::new(RejectKind::Pair, document.location.clone(), &document.identifier, reason, &sentence.text)
}
