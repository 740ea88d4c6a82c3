//! The things a graph holds: nodes, relation types, edges, documents, evidence, runs.

use std::collections::BTreeMap;

use crate::{DocumentId, LabelId, NodeId, Properties, RelationTypeId, RunId, SentenceId};

/// A node (an entity): what it is called, what it is, and under which ids the world knows it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Node {
    /// What it is; most nodes have one label. Sorted, without duplicates.
    pub labels: Vec<LabelId>,
    /// The preferred name; empty if it has none.
    pub name: String,
    /// Other names that it is found by.
    pub synonyms: Vec<String>,
    /// External ids such as `NCBIGene:672` or `MESH:D001943`; each belongs to one node only.
    pub identifiers: Vec<String>,
    /// Everything else.
    pub properties: Properties,
}

/// Whether a relation states that something holds, or that it does not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Polarity {
    /// The text says that the relation holds.
    #[default]
    Asserted,
    /// The text says that the relation does **not** hold. Never walked unless its type is named.
    Denied,
}

/// A type of relation.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RelationType {
    /// Its name, such as `associated`. Looked up ignoring case.
    pub name: String,
    /// Asserted or denied.
    pub polarity: Polarity,
    /// Whether both directions mean the same. Such an edge is stored once and walked both ways, whatever the arrow.
    pub symmetric: bool,
}

/// An edge is known by what it says: source, type, target. There is at most one of each; two edges between the same
/// nodes differ in type or direction. An edge of a symmetric type has its smaller node as source: see
/// [`Edge::canonical`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Edge {
    /// Its type.
    pub relation: RelationTypeId,
    /// Where it starts.
    pub source: NodeId,
    /// Where it ends.
    pub target: NodeId,
}

impl Edge {
    /// The one way to write this edge: an edge of a symmetric type starts at the smaller node.
    #[must_use]
    pub fn canonical(self, symmetric: bool) -> Self {
        if symmetric && self.source > self.target {
            Self { source: self.target, target: self.source, ..self }
        } else {
            self
        }
    }
}

/// Which way edges are followed from a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Direction {
    /// From source to target.
    Out,
    /// From target to source.
    In,
    /// Either way.
    Both,
}

impl Direction {
    /// The same steps seen from the other end.
    #[must_use]
    pub fn reversed(self) -> Self {
        match self {
            Self::Out => Self::In,
            Self::In => Self::Out,
            Self::Both => Self::Both,
        }
    }
}

/// A document as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Its external id, such as `PMID:12345`.
    pub identifier: String,
    /// Its title; may be empty.
    pub title: String,
    /// The year it was published, if known.
    pub year: Option<u16>,
    /// Hash of the text and mentions it was made from, to tell a newer version from the same one.
    pub content_hash: u64,
    /// A number that grows with each version of the document, if its source has one.
    pub version: Option<u32>,
    /// The first of its sentences.
    pub first_sentence: SentenceId,
    /// How many sentences it has; their ids follow the first one.
    pub sentence_count: u32,
}

impl Document {
    /// The numbers of its sentences.
    pub fn sentences(&self) -> impl Iterator<Item = SentenceId> + use<> {
        let first = self.first_sentence.get();
        (first..first + self.sentence_count).map(SentenceId::new)
    }
}

/// A sentence as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sentence {
    /// The document it belongs to.
    pub document: DocumentId,
    /// Where it starts in its document, in characters (Unicode scalar values).
    pub start: u32,
    /// Its text.
    pub text: String,
    /// The entities it mentions, in order of their start.
    pub mentions: Vec<Mention>,
}

/// An entity named in a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mention {
    /// The entity.
    pub node: NodeId,
    /// First character of the span, counted from the start of the sentence in Unicode scalar values.
    pub start: u32,
    /// One past the last character of the span.
    pub end: u32,
}

/// A document to be added, with its sentences.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewDocument {
    /// See [`Document::identifier`].
    pub identifier: String,
    /// See [`Document::title`].
    pub title: String,
    /// See [`Document::year`].
    pub year: Option<u16>,
    /// See [`Document::content_hash`].
    pub content_hash: u64,
    /// See [`Document::version`].
    pub version: Option<u32>,
    /// Its sentences in order.
    pub sentences: Vec<NewSentence>,
}

/// A sentence to be added with its document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewSentence {
    /// See [`Sentence::start`].
    pub start: u32,
    /// See [`Sentence::text`].
    pub text: String,
    /// See [`Sentence::mentions`].
    pub mentions: Vec<Mention>,
}

/// Why an edge is in the graph.
#[derive(Clone, Debug, PartialEq)]
pub enum Evidence {
    /// A run stated it as a plain fact: loaded from a file or written by hand.
    Fact {
        /// The load, or the hand.
        run: RunId,
    },
    /// A model read it in a sentence.
    Text {
        /// The sentence.
        sentence: SentenceId,
        /// The run of the model.
        run: RunId,
        /// Probability of the answer that made this edge, in 0..=1.
        probability: f32,
        /// Probability of each answer, in the order of the run's `answers`.
        probabilities: Vec<f32>,
    },
}

impl Evidence {
    /// The run that stands for it.
    #[must_use]
    pub fn run(&self) -> RunId {
        match self {
            Self::Fact { run } | Self::Text { run, .. } => *run,
        }
    }
}

/// What put edges into the graph. Two runs that differ in nothing but their date are the same run, so that an
/// interrupted command goes on under the run it began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// What kind of run, with what identifies it.
    pub kind: RunKind,
    /// When it began, RFC 3339 in UTC.
    pub started: String,
    /// Program and version that made it.
    pub program: String,
}

/// The kinds of run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunKind {
    /// Corrections written by hand in the query language.
    Hand,
    /// A load of plain facts.
    Load {
        /// The file or other source, as given.
        source: String,
    },
    /// A model over texts.
    Model {
        /// Name of the model, as its folder says.
        model: String,
        /// SHA-256 of the weights file, in hexadecimal.
        weights_hash: String,
        /// Quantization of the weights, such as `Q8_0`.
        quantization: String,
        /// The prompt template, whole.
        prompt: String,
        /// The model's answers in order, each with the relation type it makes; none: no edge.
        answers: Vec<(String, Option<String>)>,
        /// Least probability, in thousandths, at which an answer makes an edge.
        threshold_thousandths: u32,
    },
}

/// Names and numbers of a graph, for people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Nodes in all.
    pub nodes: u64,
    /// Nodes of each label.
    pub nodes_by_label: BTreeMap<String, u64>,
    /// Edges in all.
    pub edges: u64,
    /// Edges of each relation type.
    pub edges_by_type: BTreeMap<String, u64>,
    /// Documents.
    pub documents: u64,
    /// Sentences.
    pub sentences: u64,
    /// Pieces of evidence read in sentences.
    pub evidence: u64,
    /// Runs.
    pub runs: u64,
}
