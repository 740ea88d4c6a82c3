//! The language of hopgraph: text becomes a syntax tree (`syntax`), a tree a plan (`planner`), a plan rows (`executor`).

pub mod candidate;
mod error;
mod execute;
mod executor;
mod fault;
pub mod json;
pub mod limits;
mod notice;
mod planner;
mod row;
mod syntax;
mod transaction;
mod value;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use hopgraph_engine::{Budget, Graph};

pub use error::{QueryError, QueryErrorKind};
pub use execute::{Prepared, Rows};
pub use executor::function::functions;
pub use executor::procedure::procedures;
pub use executor::verification::{SentenceReading, Verdict, Verifier, VerifierError};
pub use notice::Notice;
pub use planner::plan::{FunctionDescription, ProcedureDescription};
pub use row::{ColumnIndex, FromValue, Row};
pub use syntax::keyword::KEYWORDS;
pub use syntax::{ast, completion, highlight, parse, suggest};
pub use transaction::{ReadTransaction, WriteTransaction};
pub use value::{Field, NodeValue, Parameters, PathValue, RelationshipValue, Value};

/// Files that LOAD CSV may read; whoever runs the query says which. Without any, LOAD CSV is refused.
pub trait CsvFiles: std::fmt::Debug + Send + Sync {
    /// Shows each record of a file to `row`, fields apart, until that gives false. The error says what is wrong with the
    /// file, such as that it is none of those that may be read.
    fn read(&self, name: &str, separator: u8, row: &mut dyn FnMut(&[String]) -> bool) -> Result<(), String>;
}

/// What a query may use, and how it is told to stop.
#[derive(Clone, Debug)]
pub struct QueryOptions {
    /// Most bytes that it may hold at once.
    pub memory_limit_bytes: Option<u64>,
    /// How long it may run.
    pub time_limit: Option<Duration>,
    /// Set to true from another thread to stop it.
    pub cancel: Option<Arc<AtomicBool>>,
    /// What VERIFY reads sentences with.
    pub verifier: Option<Arc<dyn Verifier>>,
    /// What LOAD CSV may read.
    pub csv_files: Option<Arc<dyn CsvFiles>>,
}

impl Default for QueryOptions {
    /// One GiB, no time limit, no flag.
    fn default() -> Self {
        Self { memory_limit_bytes: Some(1 << 30), time_limit: None, cancel: None, verifier: None, csv_files: None }
    }
}

impl QueryOptions {
    /// The limits as a budget, whose time begins now.
    pub fn budget(&self) -> Budget {
        let mut budget = Budget::unlimited();
        if let Some(bytes) = self.memory_limit_bytes {
            budget = budget.with_memory_limit(bytes);
        }
        if let Some(limit) = self.time_limit {
            budget = budget.with_time_limit(limit);
        }
        match &self.cancel {
            Some(flag) => budget.with_cancel_flag(Arc::clone(flag)),
            None => budget,
        }
    }
}

/// What a query wrote.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Nodes made.
    pub nodes_created: u64,
    /// Nodes deleted.
    pub nodes_deleted: u64,
    /// Relationships made.
    pub relationships_created: u64,
    /// Relationships deleted.
    pub relationships_deleted: u64,
    /// Properties set or removed.
    pub properties_set: u64,
    /// Labels set or removed.
    pub labels_set: u64,
}

/// Runs a query. A query that writes has written everything, or nothing, when this returns. EXPLAIN and PROFILE give
/// the plan as rows of one column, `plan`.
pub fn query(graph: &Graph, text: &str, parameters: &Parameters, options: &QueryOptions) -> Result<Rows, QueryError> {
    execute::query(graph, text, parameters, options)
}
