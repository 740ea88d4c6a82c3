//! Rows as text: one file per format.

mod csv;
mod error;
mod evaluation;
mod json;
mod table;
mod value;

use std::io::{self, BufWriter, Write};
use std::time::{Duration, Instant};

use hopgraph::query::Rows;
use hopgraph::{QueryError, Value};

pub(crate) use error::{QueryFailure, is_broken_pipe, is_interruption, report};
pub(crate) use evaluation::{EvaluationReport, reliability_chart};
pub(crate) use table::{Layout, plain_table};
pub(crate) use value::Notation;

/// How rows are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// Aligned columns for people
    #[default]
    Table,
    /// Comma-separated values (RFC 4180), lists and nodes as JSON
    Csv,
    /// One JSON array of objects
    Json,
    /// One JSON object a line, as soon as it is found
    Jsonl,
}

impl Format {
    /// All formats in the order of their explanation.
    pub(crate) const ALL: [Self; 4] = [Self::Table, Self::Csv, Self::Json, Self::Jsonl];

    /// Its name on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Jsonl => "jsonl",
        }
    }
}

/// The values of one row, in the order of the columns.
pub(crate) type Row = Vec<Value>;

/// Writes the rows of one answer in one format.
trait RowWriter {
    /// Called once, before any row.
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()>;
    /// Takes one row.
    fn row(&mut self, row: &Row, out: &mut dyn Write) -> io::Result<()>;
    /// Called once, after the last row, also when the query failed half way.
    fn end(&mut self, out: &mut dyn Write) -> io::Result<()>;
}

/// What became of the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Written {
    /// How many were written.
    pub(crate) rows: u64,
    /// Whether there were more than the limit allows.
    pub(crate) more: bool,
}

/// Writes rows of a subcommand, which hold no nodes or relationships.
pub(crate) fn write_values(
    columns: &[&str],
    rows: &mut dyn Iterator<Item = Result<Row, QueryError>>,
    format: Format,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let columns: Vec<String> = columns.iter().map(|&name| name.to_owned()).collect();
    let (layout, notation) = (crate::terminal::layout(), Notation::new(&hopgraph::engine::Catalog::default()));
    match write_rows(&columns, rows, format, &layout, &notation, None, out) {
        Ok(_) => Ok(()),
        Err(WriteError::Query(error)) => Err(error.into()),
        Err(WriteError::Output(error)) => Err(error.into()),
    }
}

/// Why rows could not be written to their end.
#[derive(Debug)]
pub(crate) enum WriteError {
    /// The query failed; the rows before that were written.
    Query(QueryError),
    /// They cannot be put out.
    Output(io::Error),
}

impl From<io::Error> for WriteError {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

/// How long rows may wait to be written together with others.
const ROWS_WAIT: Duration = Duration::from_millis(100);

/// Rows that do not wait.
const FIRST_ROWS: u32 = 64;

/// Bytes that are written together.
const BUFFER_BYTES: usize = 1 << 16;

/// Gathers what is written for a short time: a reader at the other end of a pipe sees rows soon, and many rows do
/// not need a call of the system each.
struct Burst<'o> {
    out: BufWriter<&'o mut dyn Write>,
    /// When it was written out last, and how many rows there have been.
    last: Instant,
    rows: u32,
}

impl<'o> Burst<'o> {
    fn new(out: &'o mut dyn Write) -> Self {
        Self { out: BufWriter::with_capacity(BUFFER_BYTES, out), last: Instant::now(), rows: 0 }
    }

    /// To be called after each row.
    fn row_done(&mut self) -> io::Result<()> {
        self.rows = self.rows.saturating_add(1);
        // What finds few rows may take long over each: the first are written at once.
        if self.rows <= FIRST_ROWS || self.last.elapsed() > ROWS_WAIT {
            self.out.flush()?;
            self.last = Instant::now();
        }
        Ok(())
    }
}

/// Writes the rows of a query as comma-separated values, at most `limit` of them.
pub(crate) fn write_csv(rows: &mut Rows, limit: Option<u64>, out: &mut dyn Write) -> Result<Written, WriteError> {
    let columns = rows.columns().to_vec();
    let mut writer = csv::CsvWriter::new(&columns);
    let mut burst = Burst::new(out);
    let mut written = Written { rows: 0, more: false };
    writer.begin(&mut burst.out)?;
    let ended = loop {
        let is_full = limit.is_some_and(|limit| written.rows == limit);
        let mut outcome = Ok(());
        let found = rows.show_next(&mut |fields| {
            if !is_full {
                outcome = writer.fields(fields, &mut burst.out);
            }
        });
        outcome?;
        match found {
            Ok(true) if is_full => {
                written.more = true;
                break Ok(());
            }
            Ok(true) => written.rows += 1,
            Ok(false) => break Ok(()),
            Err(error) => break Err(WriteError::Query(error)),
        }
        burst.row_done()?;
    };
    burst.out.flush()?;
    ended.map(|()| written)
}

/// Writes rows as they come, at most `limit` of them.
pub(crate) fn write_rows(
    columns: &[String],
    rows: &mut dyn Iterator<Item = Result<Row, QueryError>>,
    format: Format,
    layout: &Layout,
    notation: &Notation,
    limit: Option<u64>,
    out: &mut dyn Write,
) -> Result<Written, WriteError> {
    let mut writer: Box<dyn RowWriter + '_> = match format {
        Format::Table => Box::new(table::TableWriter::new(columns, layout, notation)),
        Format::Csv => Box::new(csv::CsvWriter::new(columns)),
        Format::Json => Box::new(json::JsonWriter::new(columns, json::Style::Array)),
        Format::Jsonl => Box::new(json::JsonWriter::new(columns, json::Style::Lines)),
    };
    let mut written = Written { rows: 0, more: false };
    let mut failure = None;
    let mut burst = Burst::new(out);
    writer.begin(&mut burst.out)?;
    for row in rows {
        if limit.is_some_and(|limit| written.rows == limit) {
            written.more = true;
            break;
        }
        match row {
            Ok(row) => writer.row(&row, &mut burst.out)?,
            Err(error) => {
                failure = Some(error);
                break;
            }
        }
        written.rows += 1;
        burst.row_done()?;
    }
    writer.end(&mut burst.out)?;
    burst.out.flush()?;
    failure.map_or(Ok(written), |error| Err(WriteError::Query(error)))
}

#[cfg(test)]
mod tests;
