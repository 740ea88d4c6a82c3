//! Questions and answers: each file answers one sort of question from the graph, in JSON, and knows nothing of HTTP.

mod ask;
mod complete;
mod correct;
mod describe;
mod discover;
mod document;
mod evidence;
mod expand;
mod export;
mod failure;
mod filter;
mod overview;
mod paths;
mod runs;
mod search;
mod service;
mod strength;
mod text;
mod topics;

pub(crate) use describe::documents;
pub(crate) use export::{ExportQuestion, export};
pub(crate) use failure::{Failure, FailureKind};
pub(crate) use filter::EdgeName;
pub use service::{Limits, Service};
pub(crate) use service::{Request, Stop};
pub(crate) use topics::{Effect, TOPICS, Topic, Weight};

use serde_json::Value as Json;

/// An answer, or why there is none.
pub(crate) type Answer = Result<Json, Failure>;
