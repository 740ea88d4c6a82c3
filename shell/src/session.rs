//! What holds from statement to statement: the graph, the format, the parameters, the limits.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use hopgraph::engine::View;
use hopgraph::query::Summary;
use hopgraph::{Graph, ImportFolder, ModelVerifier, Parameters, QueryOptions, ReadTransaction, Row, WriteTransaction};

use crate::arguments::AnswerArguments;
use crate::quantity::{counted, grouped, spoken};
use crate::render::{self, Format, Layout, Notation, QueryFailure, WriteError, Written};
use crate::script::{self, Boundary};
use crate::subcommand::write_model_warnings;

/// A graph and how its answers are shown.
pub(crate) struct Session<'g> {
    /// The graph.
    pub(crate) graph: &'g Graph,
    /// How rows are written.
    pub(crate) format: Format,
    /// What rows are written on.
    pub(crate) layout: Layout,
    /// Parameters by name.
    pub(crate) parameters: Parameters,
    /// Most rows that are shown of one answer.
    pub(crate) row_limit: Option<u64>,
    /// Whether a line under a table says how many rows there were, and how long they took.
    pub(crate) footer: bool,
    options: QueryOptions,
    transaction: Option<Transaction>,
}

/// What `BEGIN` has begun.
enum Transaction {
    /// On a graph that is open for reading only: one moment of it.
    Read(ReadTransaction),
    Write(Box<WriteTransaction>),
}

impl<'g> Session<'g> {
    /// A session as the arguments have it; the flag stops what is running.
    pub(crate) fn new(graph: &'g Graph, arguments: &AnswerArguments, cancel: Arc<AtomicBool>) -> Self {
        Self {
            graph,
            format: arguments.format,
            layout: crate::terminal::layout(),
            parameters: arguments.parameters.iter().cloned().collect(),
            row_limit: None,
            footer: crate::terminal::stdout_is_terminal(),
            options: QueryOptions {
                memory_limit_bytes: arguments.memory_limit.0,
                time_limit: arguments.time_limit.0,
                cancel: Some(cancel),
                verifier: None,
                csv_files: None,
            },
            transaction: None,
        }
    }

    /// Lets LOAD CSV read the folder that the arguments name.
    pub(crate) fn open_import_folder(&mut self, arguments: &AnswerArguments) -> Result<()> {
        if let Some(path) = &arguments.import_dir {
            let folder = ImportFolder::open(path).with_context(|| format!("--import-dir {}", path.display()))?;
            self.options.csv_files = Some(Arc::new(folder));
        }
        Ok(())
    }

    /// Loads the model that VERIFY reads with, if one is named.
    pub(crate) fn load_model(&mut self, arguments: &AnswerArguments, threshold: Option<f32>) -> Result<()> {
        if let Some(folder) = &arguments.model {
            let model = hopgraph::inference::load(folder)?;
            write_model_warnings(&model)?;
            self.options.verifier = Some(Arc::new(ModelVerifier::new(Arc::new(model), threshold)));
        }
        Ok(())
    }

    /// Whether `BEGIN` has begun a transaction that is neither committed nor rolled back.
    pub(crate) fn is_in_transaction(&self) -> bool {
        self.transaction.is_some()
    }

    /// Runs one statement: rows to `out`, what was written into the graph to `notes`.
    pub(crate) fn run(&mut self, text: &str, out: &mut dyn Write, notes: &mut dyn Write) -> Result<()> {
        if let Some(cancel) = &self.options.cancel {
            // A Ctrl-C that came too late for the last statement is not meant for this one.
            cancel.store(false, Ordering::Relaxed);
        }
        if let Some(boundary) = script::boundary(text) {
            return self.cross(boundary, notes);
        }
        let started = Instant::now();
        let failed = |error| QueryFailure::new(error, text);
        let mut rows = match &mut self.transaction {
            None => {
                self.graph.catch_up()?;
                self.graph.query_with(text, &self.parameters, &self.options)
            }
            Some(Transaction::Read(moment)) => moment.query_with(text, &self.parameters, &self.options),
            Some(Transaction::Write(writing)) => writing.query_with(text, &self.parameters, &self.options),
        }
        .map_err(failed)?;
        let notation = match &self.transaction {
            None => Notation::new(self.graph.read()?.catalog()),
            Some(Transaction::Read(moment)) => Notation::new(moment.catalog()),
            Some(Transaction::Write(writing)) => Notation::new(writing.catalog()),
        };
        let columns = rows.columns().to_vec();
        let written = if self.format == Format::Csv {
            render::write_csv(&mut rows, self.row_limit, out)
        } else {
            let mut values = rows.by_ref().map(|row| row.map(Row::into_values));
            render::write_rows(&columns, &mut values, self.format, &self.layout, &notation, self.row_limit, out)
        };
        let written = written.map_err(|error| match error {
            WriteError::Query(error) => anyhow::Error::new(failed(error)),
            WriteError::Output(error) => anyhow::Error::new(error),
        })?;
        self.write_footer(&columns, written, started, out, notes)?;
        for notice in rows.notices() {
            writeln!(notes, "note: {}", notice.report(text))?;
        }
        if let Some(note) = note(&rows.summary()) {
            let time = if self.footer { format!(" in {}", spoken(started.elapsed())) } else { String::new() };
            writeln!(notes, "{note}{time}")?;
        }
        Ok(())
    }

    /// Begins or ends a transaction.
    fn cross(&mut self, boundary: Boundary, notes: &mut dyn Write) -> Result<()> {
        match (boundary, self.transaction.take()) {
            (Boundary::Begin, None) if self.graph.is_writable() => {
                self.transaction = Some(Transaction::Write(Box::new(self.graph.write_with(&self.options)?)));
            }
            (Boundary::Begin, None) => {
                self.graph.catch_up()?;
                self.transaction = Some(Transaction::Read(self.graph.read()?));
            }
            (Boundary::Begin, open) => {
                self.transaction = open;
                bail!("a transaction is open already; COMMIT or ROLLBACK ends it");
            }
            (Boundary::Commit, Some(Transaction::Write(writing))) => writing.commit()?,
            (Boundary::Rollback, Some(Transaction::Write(writing))) => {
                writing.rollback();
                writeln!(notes, "rolled back")?;
            }
            (_, Some(Transaction::Read(_))) => {}
            (_, None) => bail!("no transaction is open; BEGIN begins one"),
        }
        Ok(())
    }

    /// Under a table: how many rows, and how long they took. That rows were left out is told for every format.
    fn write_footer(
        &self,
        columns: &[String],
        written: Written,
        started: Instant,
        out: &mut dyn Write,
        notes: &mut dyn Write,
    ) -> Result<()> {
        if self.footer && self.format == Format::Table && !columns.is_empty() {
            writeln!(out, "\n{} in {}", counted(written.rows, "row"), spoken(started.elapsed()))?;
        }
        if written.more {
            writeln!(notes, "there are more than these {} rows: `:limit none` shows all", grouped(written.rows))?;
        }
        Ok(())
    }
}

/// What a statement wrote, in words; nothing if it only read.
fn note(summary: &Summary) -> Option<String> {
    let parts = [
        ("created", summary.nodes_created, "node"),
        ("created", summary.relationships_created, "relationship"),
        ("deleted", summary.nodes_deleted, "node"),
        ("deleted", summary.relationships_deleted, "relationship"),
        ("set", summary.properties_set, "property"),
        ("set", summary.labels_set, "label"),
    ];
    let words: Vec<String> = parts
        .iter()
        .filter(|(_, count, _)| *count > 0)
        .map(|&(verb, count, noun)| match (noun, count) {
            ("property", 2..) => format!("{verb} {} properties", grouped(count)),
            _ => format!("{verb} {}", counted(count, noun)),
        })
        .collect();
    if words.is_empty() { None } else { Some(words.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_are_told_in_words() {
        assert_eq!(note(&Summary::default()), None);
        let summary = Summary { nodes_created: 2, relationships_created: 1, properties_set: 3, ..Summary::default() };
        assert_eq!(note(&summary).unwrap(), "created 2 nodes, created 1 relationship, set 3 properties");
    }
}
