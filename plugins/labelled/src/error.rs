//! What can be wrong with labelled sentences.

use std::io;
use std::path::PathBuf;

/// Why labelled sentences cannot be read, or not be split.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LabelledError {
    /// The file cannot be opened or breaks off.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The file is no set of labelled sentences.
    #[error("{}: {problem}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong, and what was expected.
        problem: String,
    },
    /// A row has no sentence or no label that can be read.
    #[error("{}:{line}: {problem}", path.display())]
    Row {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: u64,
        /// What is wrong.
        problem: String,
    },
    /// A file has no rows.
    #[error("{} has no rows", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// A row does not say which part of a named split it belongs to.
    #[error(
        "the row of line {line} does not say its set and its group, by which the split `clean` divides; the tables of GAD \
         and EU-ADR do (columns `group` and `associationType`)"
    )]
    NoPart {
        /// The line, counted from 1; 0 if it comes from no file.
        line: u64,
    },
}
