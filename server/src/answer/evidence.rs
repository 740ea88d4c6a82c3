//! Why two nodes are related: every sentence that a model read of them, supporting and denying.

use std::collections::BTreeMap;

use hopgraph::engine::{
    Direction, Document, DocumentId, Edge, Evidence, NodeId, Polarity, Run, RunId, RunKind, Sentence, Snapshot,
    StorageError, View,
};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::document::mentions;
use super::filter::Filter;
use super::{Answer, Failure, Request, describe};
use crate::limits::PIECES_MAX;

/// Sentences read between two looks at the budget.
const PIECES_PER_CHECK: usize = 256;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EvidenceQuestion {
    source: u32,
    target: u32,
    /// Only evidence of these relation types; empty: all, denied ones too.
    #[serde(default)]
    types: Vec<String>,
    /// Only sentences, titles and identifiers of documents that have this text within, ignoring case.
    #[serde(default)]
    search: String,
    /// Only what denies, or only what supports; both if it is left out.
    denied: Option<bool>,
    #[serde(default)]
    sort: Sort,
    #[serde(default)]
    offset: usize,
    #[serde(default = "fifty")]
    limit: usize,
}

fn fifty() -> usize {
    50
}

/// In which order pieces of evidence come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Sort {
    /// The most probable first.
    #[default]
    Probability,
    /// The newest first; unknown years last.
    Newest,
    /// The oldest first; unknown years last.
    Oldest,
    /// By the identifier of the document.
    Document,
}

/// The relations between two nodes, both ways, and one page of the evidence for them.
pub(crate) fn evidence(request: &Request<'_>, question: EvidenceQuestion) -> Answer {
    let snapshot = request.snapshot()?;
    let (source, target) =
        (describe::existing(&snapshot, question.source)?, describe::existing(&snapshot, question.target)?);
    let filter = Filter { types: question.types.clone(), polarity: super::filter::Which::Both, ..Filter::default() };
    let relations = between(&snapshot, source, target, &filter)?;
    let mut reader = Reader::new(&snapshot, [source, target]);
    let mut pieces = Vec::new();
    let mut edges = Vec::new();
    for edge in relations {
        let evidence = snapshot.evidence(edge)?;
        edges.push(describe::edge_with(&snapshot, edge, snapshot.confidence(edge)?, &evidence));
        pieces.extend(evidence.into_iter().map(|evidence| (edge, evidence)));
    }
    let all = pieces.len();
    let needle = question.search.trim().to_lowercase();
    let budget = request.budget();
    let mut kept = Vec::new();
    for (index, (edge, evidence)) in pieces.into_iter().enumerate() {
        if index % PIECES_PER_CHECK == 0 {
            budget.check()?;
        }
        let piece = reader.piece(edge, evidence)?;
        if needle.is_empty() || piece.has_within(&needle) {
            kept.push(piece);
        }
    }
    sort(&mut kept, question.sort);
    let total = kept.len();
    let denying = kept.iter().filter(|piece| piece.denied).count();
    if let Some(denied) = question.denied {
        kept.retain(|piece| piece.denied == denied);
    }
    let limit = question.limit.clamp(1, PIECES_MAX);
    let page = kept.into_iter().skip(question.offset).take(limit);
    let page = page.map(|piece| reader.json(piece)).collect::<Result<Vec<_>, _>>()?;
    Ok(json!({
        "source": describe::node(&snapshot, source)?,
        "target": describe::node(&snapshot, target)?,
        "edges": edges,
        "pieces": page,
        "all": all,
        "total": total,
        "supporting": total - denying,
        "denying": denying,
        "offset": question.offset,
        "together": snapshot.sentences_mentioning_both(source, target)?.len(),
    }))
}

/// The edges between two nodes, whichever way they point.
pub(super) fn between(snapshot: &Snapshot, one: NodeId, other: NodeId, filter: &Filter) -> Result<Vec<Edge>, Failure> {
    let mut edges = Vec::new();
    for relation in filter.relations(snapshot)? {
        let symmetric = snapshot.catalog().relation_type(relation).is_some_and(|kind| kind.symmetric);
        for (source, target) in [(one, other), (other, one)] {
            let edge = Edge { relation, source, target }.canonical(symmetric);
            if !edges.contains(&edge) && snapshot.has_edge(edge)? {
                edges.push(edge);
            }
        }
    }
    Ok(edges)
}

/// A piece of evidence with what it is sorted and searched by.
struct Piece {
    edge: Edge,
    denied: bool,
    evidence: Evidence,
    sentence: Option<Sentence>,
    document: Option<Document>,
}

impl Piece {
    fn probability(&self) -> f32 {
        match self.evidence {
            Evidence::Text { probability, .. } => probability,
            _ => 1.0,
        }
    }

    fn year(&self) -> Option<u16> {
        self.document.as_ref().and_then(|document| document.year)
    }

    fn identifier(&self) -> &str {
        self.document.as_ref().map_or("", |document| &document.identifier)
    }

    fn has_within(&self, needle: &str) -> bool {
        let texts = [
            self.sentence.as_ref().map(|sentence| &sentence.text),
            self.document.as_ref().map(|document| &document.title),
            self.document.as_ref().map(|document| &document.identifier),
        ];
        texts.into_iter().flatten().any(|text| text.to_lowercase().contains(needle))
    }
}

fn sort(pieces: &mut [Piece], sort: Sort) {
    let surer = |one: &Piece, other: &Piece| other.probability().total_cmp(&one.probability());
    match sort {
        Sort::Probability => pieces.sort_by(surer),
        Sort::Newest => pieces.sort_by(|one, other| other.year().cmp(&one.year()).then(surer(one, other))),
        Sort::Oldest => {
            let age = |piece: &Piece| piece.year().unwrap_or(u16::MAX);
            pieces.sort_by(|one, other| age(one).cmp(&age(other)).then(surer(one, other)));
        }
        Sort::Document => {
            pieces.sort_by(|one, other| one.identifier().cmp(other.identifier()).then(surer(one, other)));
        }
    }
}

/// Reads pieces of evidence; documents and runs are read once.
struct Reader<'r> {
    snapshot: &'r Snapshot,
    ends: [NodeId; 2],
    documents: BTreeMap<DocumentId, Option<Document>>,
    runs: BTreeMap<RunId, Option<Run>>,
}

impl<'r> Reader<'r> {
    fn new(snapshot: &'r Snapshot, ends: [NodeId; 2]) -> Self {
        Self { snapshot, ends, documents: BTreeMap::new(), runs: BTreeMap::new() }
    }

    fn piece(&mut self, edge: Edge, evidence: Evidence) -> Result<Piece, StorageError> {
        let sentence = match evidence {
            Evidence::Text { sentence, .. } => self.snapshot.sentence(sentence)?,
            _ => None,
        };
        let document = match &sentence {
            Some(sentence) => self.document(sentence.document)?,
            None => None,
        };
        let kind = self.snapshot.catalog().relation_type(edge.relation);
        let denied = kind.is_some_and(|kind| kind.polarity == Polarity::Denied);
        Ok(Piece { edge, denied, evidence, sentence, document })
    }

    fn document(&mut self, id: DocumentId) -> Result<Option<Document>, StorageError> {
        if let Some(known) = self.documents.get(&id) {
            return Ok(known.clone());
        }
        let document = self.snapshot.document(id)?;
        self.documents.insert(id, document.clone());
        Ok(document)
    }

    fn run(&mut self, id: RunId) -> Result<Option<Run>, StorageError> {
        if let Some(known) = self.runs.get(&id) {
            return Ok(known.clone());
        }
        let run = self.snapshot.run(id)?;
        self.runs.insert(id, run.clone());
        Ok(run)
    }

    fn json(&mut self, piece: Piece) -> Result<Json, StorageError> {
        let run = self.run(piece.evidence.run())?;
        let kind = self.snapshot.catalog().relation_type(piece.edge.relation);
        let mut json = json!({
            "type": kind.map_or("", |kind| &kind.name),
            "source": piece.edge.source.get(),
            "target": piece.edge.target.get(),
            "denied": piece.denied,
            "probability": piece.probability(),
            "run": run.as_ref().map(|run| describe::run(piece.evidence.run(), run)),
            "document": piece.document.as_ref().map(|document| json!({
                "identifier": document.identifier, "title": document.title, "year": document.year,
            })),
        });
        if let Evidence::Text { sentence, probabilities, .. } = &piece.evidence {
            json["sentence"] = json!(sentence.get());
            json["answers"] = answers(run.as_ref(), probabilities);
        }
        if let Some(sentence) = &piece.sentence {
            json["text"] = json!(sentence.text);
            json["mentions"] = json!(mentions(&sentence.mentions));
            let ends = |node: NodeId| sentence.mentions.iter().any(|mention| mention.node == node);
            json["marked"] = json!(self.ends.iter().all(|&end| ends(end)));
        }
        Ok(json)
    }
}

/// The probability of each answer that the model could have given, with the relation that the answer states.
fn answers(run: Option<&Run>, probabilities: &[f32]) -> Json {
    let named = match run.map(|run| &run.kind) {
        Some(RunKind::Model { answers, .. }) => answers.clone(),
        _ => Vec::new(),
    };
    let bars = probabilities.iter().enumerate().map(|(index, probability)| {
        let (answer, relation) = named.get(index).cloned().unwrap_or_default();
        json!({ "answer": answer, "relation": relation, "probability": probability })
    });
    Json::Array(bars.collect())
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SentencesQuestion {
    nodes: Vec<u32>,
    #[serde(default = "fifty")]
    limit: usize,
    #[serde(default)]
    offset: usize,
}

/// The sentences that mention one node, or both of two, whether a model found a relation in them or not.
pub(crate) fn sentences(request: &Request<'_>, question: SentencesQuestion) -> Answer {
    let snapshot = request.snapshot()?;
    let found = match question.nodes[..] {
        [one] => snapshot.sentences_mentioning(NodeId::new(one))?,
        [one, other] => snapshot.sentences_mentioning_both(NodeId::new(one), NodeId::new(other))?,
        _ => return Err(Failure::question("`nodes` names one node or two")),
    };
    let total = found.len();
    let mut list = Vec::new();
    for id in found.into_iter().skip(question.offset).take(question.limit.clamp(1, PIECES_MAX)) {
        let Some(sentence) = snapshot.sentence(id)? else { continue };
        let document = snapshot.document(sentence.document)?;
        list.push(json!({
            "sentence": id.get(),
            "text": sentence.text,
            "mentions": mentions(&sentence.mentions),
            "document": document.map(|document| json!({
                "identifier": document.identifier, "title": document.title, "year": document.year,
            })),
        }));
    }
    Ok(json!({ "sentences": list, "total": total }))
}

/// How many neighbours a node has under a filter; for the question that is asked before an expansion.
pub(super) fn degree_of(snapshot: &Snapshot, node: NodeId, filter: &Filter) -> Result<u64, Failure> {
    let mut count = 0;
    for relation in filter.relations(snapshot)? {
        count += snapshot.neighbors(node, relation, Direction::Both)?.len();
    }
    Ok(count)
}
