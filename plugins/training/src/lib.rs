//! Language models taught how the two entities of a sentence are related.
//!
//! A run is described by a [`Recipe`], read from a `TRAIN.toml`: a base model, files of labelled sentences, what is
//! trained, and how. [`train`] checks that no test sentence stands among those that are learned from, trains once for
//! each seed, keeps the step that was best on the development set, fits the temperature there, writes a model folder,
//! and loads and scores that folder again before it says that it is done.
//!
//! On the processor a run that was stopped and goes on ends in the same weights, bit for bit, as one that was not.

mod base;
mod data;
mod error;
mod journal;
mod output;
mod recipe;
mod report;
mod run;
mod schedule;
mod score;
mod state;

#[cfg(test)]
mod tests;

pub use error::TrainingError;
pub use recipe::{Choice, Decay, MethodKind, Recipe};
pub use report::{Evaluated, Progress, SeedReport, Summary};
pub use run::{Options, train};
