//! Reads annotated literature into a graph: documents in, sentences, pairs of entities, a model's answers, edges out.

mod candidate;
mod classify_lines;
mod document;
mod error;
mod ingest;
mod label;
mod reader;
mod rejects;
mod sentence;
mod text;

pub use classify_lines::{ClassifyError, ClassifyOptions, ClassifySummary, classify_lines};
pub use document::{Annotation, Document, Entity, Location, Passage, PassageKind};
pub use error::IngestError;
pub use ingest::{IngestOptions, IngestSummary, Progress, RejectCounts, ingest};
pub use reader::{Corpus, Format};
pub use rejects::{Reject, RejectKind};
pub use sentence::split_sentences;
