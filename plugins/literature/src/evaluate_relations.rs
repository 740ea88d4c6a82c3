//! How much of what curators found in documents a graph has that was read from them, and at which stage the rest is lost.
//!
//! Documents with gold relations are ingested into a graph of their own twice: with the mentions that the curators
//! marked, and from the text alone. What counts is whether two things are related in a document, whatever the sentence.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::ControlFlow;
use std::sync::Arc;

use hopgraph_engine::{Direction, DocumentId, Edge, Evidence, Graph, NodeId, Polarity, Snapshot, StorageError, View};
use hopgraph_inference::Classifier;

use crate::ingest::{IngestOptions, ingest};
use crate::prepare::{PreparedDocument, prepare};
use crate::tag::{self, Score, Tagger};
use crate::{Corpus, Document, IngestError};

/// A pair of labels in alphabetical order, such as disease and gene.
pub type LabelPair = [String; 2];

/// Two identifiers in alphabetical order.
type Pair = [String; 2];

/// How a graph compares with what curators found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RelationEvaluation {
    /// With the curators' mentions.
    pub given: RelationScores,
    /// From the text alone.
    pub from_text: RelationScores,
}

/// Scores of one way to read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RelationScores {
    /// Documents with at least one gold relation, or at least one relation in the graph.
    pub documents: u64,
    /// Related or not, by the labels of the ends.
    pub pairs: BTreeMap<LabelPair, Score>,
    /// Related in the same way, by the labels of the ends.
    pub typed: BTreeMap<LabelPair, Score>,
    /// All pairs of these labels that stand in one sentence.
    pub in_a_sentence: BTreeMap<LabelPair, Score>,
    /// All pairs of these labels that stand in one document.
    pub in_a_document: BTreeMap<LabelPair, Score>,
    /// Gold pairs that the graph does not have, by the stage that loses them.
    pub lost: BTreeMap<LabelPair, Losses>,
}

/// Gold pairs that are not in the graph, by the first stage that loses them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Losses {
    /// No mention stands where the curators have one of an end.
    pub not_found: u64,
    /// Mentions stand there, and are taken for something else.
    pub linked_wrongly: u64,
    /// The model was not asked: it reads other labels, or the ends do not stand in one sentence.
    pub not_offered: u64,
    /// The model was asked, and states no relation.
    pub denied: u64,
}

/// Ingests documents with gold relations and compares. All label pairs of gold relations count, so that a model that reads
/// one of them loses the others.
///
/// # Errors
/// As [`ingest`].
pub fn evaluate_relations(
    documents: &[Document],
    tagger: &Arc<dyn Tagger>,
    classifier: &dyn Classifier,
    options: &IngestOptions,
) -> Result<RelationEvaluation, IngestError> {
    let gold: Vec<Gold> = documents.iter().map(|document| Gold::of(document, &**tagger)).collect();
    let given: Vec<Document> = documents
        .iter()
        .map(|document| {
            let mut document = document.clone();
            tag::link(&mut document.annotations, &**tagger);
            document
        })
        .collect();
    let tagged: Vec<Document> = documents
        .iter()
        .map(|document| {
            let annotations = tagger.tag(document).into_iter().map(|mention| mention.annotation).collect();
            Document { annotations, ..document.clone() }
        })
        .collect();
    Ok(RelationEvaluation {
        given: scores(&given, &gold, classifier, options)?,
        from_text: scores(&tagged, &gold, classifier, options)?,
    })
}

/// What curators found in a document.
struct Gold {
    /// Related pairs with the kinds of relation.
    pairs: BTreeMap<Pair, BTreeSet<String>>,
    /// The label of each thing.
    labels: HashMap<String, String>,
    /// Where each thing is mentioned.
    spans: HashMap<String, Vec<(usize, usize)>>,
}

impl Gold {
    fn of(document: &Document, tagger: &dyn Tagger) -> Self {
        let canonical = |id: &str| tagger.canonical(id).unwrap_or(id).to_owned();
        let mut gold = Self { pairs: BTreeMap::new(), labels: HashMap::new(), spans: HashMap::new() };
        for annotation in &document.annotations {
            for entity in &annotation.entities {
                let identifier = canonical(&entity.identifier);
                gold.labels.entry(identifier.clone()).or_insert_with(|| annotation.label.clone());
                gold.spans.entry(identifier).or_default().push((annotation.start, annotation.end));
            }
        }
        for relation in &document.relations {
            let [one, other] = relation.ends.each_ref().map(|end| canonical(end));
            if one != other && gold.labels.contains_key(&one) && gold.labels.contains_key(&other) {
                gold.pairs.entry(sorted(one, other)).or_default().insert(relation_name(&relation.name));
            }
        }
        gold
    }

    fn labels_of(&self, pair: &Pair) -> LabelPair {
        let [one, other] = pair.each_ref().map(|end| self.labels.get(end).cloned().unwrap_or_default());
        sorted(one, other)
    }
}

fn sorted(one: String, other: String) -> [String; 2] {
    if one <= other { [one, other] } else { [other, one] }
}

/// The name of a relation as models have it: `associated` for BioRED's `Association`, others in small letters.
fn relation_name(name: &str) -> String {
    match name.to_lowercase().as_str() {
        "association" => "associated".to_owned(),
        other => other.replace(['-', ' '], "_"),
    }
}

/// What a graph states of one document: pairs with the names of their relations and the labels of their ends.
type Stated = BTreeMap<Pair, (BTreeSet<String>, LabelPair)>;

fn scores(
    documents: &[Document],
    gold: &[Gold],
    classifier: &dyn Classifier,
    options: &IngestOptions,
) -> Result<RelationScores, IngestError> {
    let graph = Graph::temporary()?;
    let corpus = Corpus::from_documents(documents.iter().cloned().map(Ok).collect::<Vec<_>>());
    ingest(&graph, corpus, classifier, options, &mut |_| ControlFlow::Continue(()))?;
    let stated = stated(&graph.snapshot()?)?;
    let none = Stated::new();
    let wanted: BTreeSet<LabelPair> =
        gold.iter().flat_map(|gold| gold.pairs.keys().map(|pair| gold.labels_of(pair))).collect();
    let mut scores = RelationScores::default();
    for (document, gold) in documents.iter().zip(gold) {
        let stated = stated.get(&document.identifier).unwrap_or(&none);
        scores.documents += u64::from(!gold.pairs.is_empty() || !stated.is_empty());
        let prepared = prepare(document.clone(), &classifier.description().labels, &mut Vec::new());
        scores.add_pairs(gold, stated, &wanted);
        scores.add_baselines(gold, prepared.as_ref(), &wanted);
        scores.add_losses(gold, stated, document, prepared.as_ref());
    }
    Ok(scores)
}

/// What the graph asserts, by document.
fn stated(snapshot: &Snapshot) -> Result<HashMap<String, Stated>, StorageError> {
    let mut stated: HashMap<String, Stated> = HashMap::new();
    let asserted: Vec<_> = snapshot
        .catalog()
        .relation_types()
        .filter(|(_, kind)| kind.polarity == Polarity::Asserted)
        .map(|(id, kind)| (id, kind.name.clone()))
        .collect();
    for source in snapshot.nodes()?.iter() {
        for (relation, name) in &asserted {
            for target in snapshot.neighbors(source, *relation, Direction::Out)?.iter() {
                let edge = Edge { relation: *relation, source, target };
                for document in documents_of(snapshot, edge)? {
                    let Some(document) = snapshot.document(document)? else { continue };
                    let (pair, labels) = ends(snapshot, [source, target])?;
                    let of_document = stated.entry(document.identifier).or_default();
                    of_document.entry(pair).or_insert_with(|| (BTreeSet::new(), labels)).0.insert(name.clone());
                }
            }
        }
    }
    Ok(stated)
}

fn documents_of(snapshot: &Snapshot, edge: Edge) -> Result<BTreeSet<DocumentId>, StorageError> {
    let mut documents = BTreeSet::new();
    for piece in snapshot.evidence(edge)? {
        if let Evidence::Text { sentence, .. } = piece {
            documents.extend(snapshot.sentence(sentence)?.map(|sentence| sentence.document));
        }
    }
    Ok(documents)
}

/// The identifiers of two nodes and their labels.
fn ends(snapshot: &Snapshot, nodes: [NodeId; 2]) -> Result<(Pair, LabelPair), StorageError> {
    let mut identifiers = Vec::new();
    let mut labels = Vec::new();
    for id in nodes {
        let node = snapshot.node(id)?.unwrap_or_default();
        identifiers.push(node.identifiers.first().cloned().unwrap_or_default());
        let label = node.labels.first().and_then(|label| snapshot.catalog().label_name(*label));
        labels.push(label.unwrap_or_default().to_owned());
    }
    let pair = |mut both: Vec<String>| {
        both.sort();
        <[String; 2]>::try_from(both).unwrap_or_default()
    };
    Ok((pair(identifiers), pair(labels)))
}

impl RelationScores {
    fn add_pairs(&mut self, gold: &Gold, stated: &Stated, wanted: &BTreeSet<LabelPair>) {
        for (pair, kinds) in &gold.pairs {
            let labels = gold.labels_of(pair);
            let found = stated.get(pair);
            let score = self.pairs.entry(labels.clone()).or_default();
            score.annotated += 1;
            score.right += u64::from(found.is_some());
            let typed = self.typed.entry(labels).or_default();
            typed.annotated += kinds.len() as u64;
            typed.right += found.map_or(0, |(names, _)| names.intersection(kinds).count() as u64);
        }
        for (names, labels) in stated.values().filter(|(_, labels)| wanted.contains(labels)) {
            self.pairs.entry(labels.clone()).or_default().found += 1;
            self.typed.entry(labels.clone()).or_default().found += names.len() as u64;
        }
    }

    fn add_baselines(&mut self, gold: &Gold, prepared: Option<&PreparedDocument>, wanted: &BTreeSet<LabelPair>) {
        let Some(prepared) = prepared else { return };
        let label = |entity: usize| prepared.entities[entity].description.labels.first().cloned().unwrap_or_default();
        let identifier = |entity: usize| prepared.entities[entity].identifier.clone();
        let in_sentences = prepared
            .sentences
            .iter()
            .map(|sentence| sentence.mentions.iter().map(|mention| mention.entity).collect::<BTreeSet<usize>>());
        let whole: BTreeSet<usize> = (0..prepared.entities.len()).collect();
        let in_sentences: Vec<BTreeSet<usize>> = in_sentences.collect();
        let all = [(in_sentences, &mut self.in_a_sentence), (vec![whole], &mut self.in_a_document)];
        for (groups, scores) in all {
            let mut pairs: BTreeMap<Pair, LabelPair> = BTreeMap::new();
            for (one, other) in groups.iter().flat_map(combinations) {
                let labels = sorted(label(one), label(other));
                if wanted.contains(&labels) {
                    pairs.insert(sorted(identifier(one), identifier(other)), labels);
                }
            }
            for pair in gold.pairs.keys() {
                scores.entry(gold.labels_of(pair)).or_default().annotated += 1;
            }
            for (pair, labels) in pairs {
                let score = scores.entry(labels).or_default();
                score.found += 1;
                score.right += u64::from(gold.pairs.contains_key(&pair));
            }
        }
    }

    fn add_losses(&mut self, gold: &Gold, stated: &Stated, document: &Document, prepared: Option<&PreparedDocument>) {
        for pair in gold.pairs.keys().filter(|pair| !stated.contains_key(*pair)) {
            let losses = self.lost.entry(gold.labels_of(pair)).or_default();
            let ends = pair.each_ref().map(|end| found(gold, document, end));
            let is_offered = prepared.is_some_and(|prepared| is_offered(prepared, pair));
            *match ends {
                _ if ends.contains(&Found::Nowhere) => &mut losses.not_found,
                _ if ends.contains(&Found::AsAnother) => &mut losses.linked_wrongly,
                _ if !is_offered => &mut losses.not_offered,
                _ => &mut losses.denied,
            } += 1;
        }
    }
}

fn combinations(group: &BTreeSet<usize>) -> impl Iterator<Item = (usize, usize)> + '_ {
    group.iter().flat_map(move |one| group.range(one + 1..).map(move |other| (*one, *other)))
}

/// How a thing that the curators marked was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    Nowhere,
    AsAnother,
    AsItself,
}

fn found(gold: &Gold, document: &Document, end: &str) -> Found {
    let named = |annotation: &crate::Annotation| annotation.entities.iter().any(|entity| entity.identifier == end);
    if document.annotations.iter().any(named) {
        return Found::AsItself;
    }
    let spans = gold.spans.get(end).map_or(&[][..], Vec::as_slice);
    let overlaps = |annotation: &crate::Annotation| {
        spans.iter().any(|(start, end)| annotation.start < *end && *start < annotation.end)
    };
    if document.annotations.iter().any(overlaps) { Found::AsAnother } else { Found::Nowhere }
}

/// Whether the model is asked about a pair.
fn is_offered(prepared: &PreparedDocument, pair: &Pair) -> bool {
    prepared.questions.iter().any(|question| {
        let [source, target] = [question.candidate.source, question.candidate.target]
            .map(|entity| prepared.entities[entity].identifier.clone());
        sorted(source, target) == *pair
    })
}
