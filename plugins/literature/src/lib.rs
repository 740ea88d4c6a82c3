//! Reads annotated literature into a graph: documents in, sentences, pairs of entities, a model's answers, edges out.
//!
//! A [`Corpus`] gives [`Document`]s in which entities are marked; [`ingest`] splits them into sentences, asks a
//! [`Classifier`](hopgraph_inference::Classifier) about every pair of entities of its two labels that stand in one
//! sentence, and writes what it states as edges, each with its sentence as evidence. What cannot be taken is a
//! [`Reject`] with its place and reason. [`classify_lines`] does without a graph.
//!
//! ```
//! use std::ops::ControlFlow;
//!
//! use hopgraph_engine::{Graph, View};
//! use hopgraph_inference::{Answer, AnswerRelation, ModelDescription, RecordedClassifier};
//! use hopgraph_literature::{Corpus, IngestOptions, ingest};
//!
//! let relation = AnswerRelation { name: "associated".into(), denied: false, symmetric: true };
//! let description = ModelDescription {
//!     name: "causes".into(),
//!     weights_hash: "0".repeat(64),
//!     quantization: "none".into(),
//!     prompt: "{sentence}".into(),
//!     labels: ["gene".into(), "disease".into()],
//!     answers: vec![
//!         Answer { text: "True".into(), relation: Some(relation) },
//!         Answer { text: "False".into(), relation: None },
//!     ],
//!     threshold: 0.5,
//! };
//! // A model folder is read by `hopgraph_inference::load`; here a rule stands in for it.
//! let classifier = RecordedClassifier::by_rule(description, ["@GENE$".into(), "@DISEASE$".into()], |sentence| {
//!     Some(if sentence.contains("causes") { vec![0.9, 0.1] } else { vec![0.2, 0.8] })
//! });
//!
//! let folder = tempfile::tempdir()?;
//! let file = folder.path().join("one.pubtator");
//! let lines = ["1|t|HFE causes iron overload.", "1|a|", "1\t0\t3\tHFE\tGene\t3077", "1\t11\t24\tiron overload\tDisease\tD019190"];
//! std::fs::write(&file, lines.join("\n"))?;
//!
//! let graph = Graph::temporary()?;
//! let corpus = Corpus::open(&[file], None)?;
//! let options = IngestOptions::default();
//! let summary = ingest(&graph, corpus, &classifier, &options, &mut |_| ControlFlow::Continue(()))?;
//! assert_eq!((summary.pairs, summary.edges_added), (1, 1));
//! assert!(graph.snapshot()?.node_by_identifier("NCBIGene:3077")?.is_some());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod candidate;
mod classify_lines;
mod document;
mod error;
mod evaluate_relations;
mod identity;
mod ingest;
mod label;
mod lexicon;
pub mod limits;
mod prepare;
mod reader;
mod rejects;
mod sentence;
mod slice;
mod spelling;
mod tag;
mod text;
mod verify;

/// The name of this program and its version, as kept with a run.
pub(crate) const PROGRAM: &str = concat!("hopgraph ", env!("CARGO_PKG_VERSION"));

pub use classify_lines::{ClassifyError, ClassifyOptions, ClassifySummary, classify_lines};
pub use document::{Annotation, Document, DocumentStatus, Entity, Location, Passage, PassageKind, StatedRelation};
pub use error::IngestError;
pub use evaluate_relations::{LabelPair, Losses, RelationEvaluation, RelationScores, evaluate_relations};
pub use identity::Identity;
pub use ingest::{IngestOptions, IngestSummary, Progress, RejectCounts, ingest};
pub use lexicon::{Concept, Lexicon, LexiconBuilder, LexiconError};
pub use reader::{Corpus, Format};
pub use rejects::{Reject, RejectKind, write_reject};
pub use sentence::{Cues, cues, evaluate_sentences, split_sentences};
pub use slice::{
    CollectOptions, CollectSummary, PlanError, ReadOptions, ReadOutcome, Record, Slice, collect, make_plan, read_slice,
};
pub use tag::{
    Evaluation, LearnError, LexiconTagger, OutputFormat, Reliability, Score, ScoredEntity, TagOptions, TagProgress,
    TaggedMention, Tagger, evaluate, learn, tag_corpus,
};
pub use verify::{PairReading, PairVerdict, verification_run, verify_pairs};
