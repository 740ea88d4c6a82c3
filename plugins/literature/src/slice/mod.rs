//! Reading at scale: input cut into slices, each read by itself into a file, and the files collected into a graph.
//!
//! ```text
//! files ──► plan of slices ──► read (any number of workers, no graph) ──► results ──► collect (one writer)
//! ```
//!
//! What a worker does depends on its slice alone, so that it may be killed, repeated, or run twice at once. A result is a
//! Parquet file with a record beside it that is written last: without the record there is no result.

mod collect;
mod columns;
mod files;
mod plan;
mod read;
mod record;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

pub use collect::{CollectOptions, CollectSummary, collect};
pub use plan::{Slice, make_plan};
pub use read::{ReadOptions, ReadOutcome, read_slice};
pub use record::Record;

use crate::prepare::PreparedDocument;
use crate::{IngestError, Reject};

/// What the model says of a question: the number of its answer with the probabilities of all, or why it cannot read it.
pub(crate) type Verdict = Result<(usize, Vec<f32>), String>;

/// A document with what the model says of its questions, and what was rejected before it.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Reading {
    /// None where there are only rejects.
    pub(crate) document: Option<PreparedDocument>,
    /// One for each question of the document.
    pub(crate) verdicts: Vec<Verdict>,
    /// What was rejected before the document.
    pub(crate) rejects: Vec<Reject>,
}

impl Reading {
    /// Fails if numbers in it lead nowhere, which a file that was made or changed by another program may have.
    pub(crate) fn check(&self, answers: usize) -> Result<(), String> {
        let Some(document) = &self.document else { return Ok(()) };
        let (entities, sentences) = (document.entities.len(), document.sentences.len());
        let mentions = document.sentences.iter().flat_map(|sentence| &sentence.mentions);
        let questions = document.questions.iter();
        let is_sound = mentions.map(|mention| mention.entity).all(|entity| entity < entities)
            && questions.clone().all(|question| question.sentence < sentences)
            && questions.flat_map(|q| [q.candidate.source, q.candidate.target]).all(|entity| entity < entities)
            && self.verdicts.len() == document.questions.len()
            && self.verdicts.iter().flatten().all(|(answer, all)| *answer < answers && all.len() == answers);
        is_sound.then_some(()).ok_or_else(|| format!("document {} has numbers that lead nowhere", document.identifier))
    }
}

/// Why a plan, a slice or its result cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// A file could not be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A file could not be written.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A file of a plan or a result is not what it should be.
    #[error("{}: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The folder has another plan.
    #[error("{} holds a plan of other input; give this one a folder of its own", path.display())]
    OtherPlan {
        /// The folder.
        path: PathBuf,
    },
    /// The input of a slice has changed.
    #[error("{} has changed since the plan was made (slice {number}); make the plan again", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
        /// The number of the slice.
        number: usize,
    },
    /// Two results of one slice differ.
    #[error("{} and {} are results of the same slice and differ; remove the one that is wrong", first.display(), second.display())]
    Differ {
        /// The record of the first.
        first: PathBuf,
        /// The record of the second.
        second: PathBuf,
    },
    /// A folder holds results of more than one model.
    #[error("{} and {} were read by different models or settings; collect them apart", first.display(), second.display())]
    OtherRun {
        /// The record of the first.
        first: PathBuf,
        /// The record of the second.
        second: PathBuf,
    },
    /// The folders hold no result.
    #[error("there are no finished slices in {}", path.display())]
    Nothing {
        /// The first folder.
        path: PathBuf,
    },
    /// Reading or writing the graph failed.
    #[error(transparent)]
    Ingest(#[from] IngestError),
}

impl PlanError {
    fn read(path: &Path, source: std::io::Error) -> Self {
        Self::Read { path: path.to_owned(), source }
    }

    fn write(path: &Path, source: std::io::Error) -> Self {
        Self::Write { path: path.to_owned(), source }
    }
}
