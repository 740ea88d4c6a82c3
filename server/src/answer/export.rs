//! All rows of a query as a file: CSV, JSON Lines, Arrow, Parquet. Nothing is cut: a file ends whole or breaks off.

use std::sync::Arc;

use arrow_array::builder::{BooleanBuilder, Float64Builder, Int64Builder, StringBuilder};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_ipc::writer::StreamWriter;
use arrow_schema::{DataType, Field, Schema};
use hopgraph::query::{QueryError, Value, json as values};
use parquet::arrow::ArrowWriter;
use serde::Deserialize;
use serde_json::{Map, Value as Json};

use super::{Failure, FailureKind, Request, ask};

/// About how many bytes are sent at once.
const PIECE_BYTES: usize = 64 << 10;
/// Rows of a record batch.
const BATCH_ROWS: usize = 65_536;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExportQuestion {
    text: String,
    #[serde(default)]
    parameters: Map<String, Json>,
    pub(crate) format: Table,
}

/// The format of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Table {
    Csv,
    Jsonl,
    Arrow,
    Parquet,
}

impl Table {
    pub(crate) fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Jsonl => "application/x-ndjson",
            Self::Arrow => "application/vnd.apache.arrow.stream",
            Self::Parquet => "application/vnd.apache.parquet",
        }
    }

    pub(crate) fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Jsonl => "jsonl",
            Self::Arrow => "arrows",
            Self::Parquet => "parquet",
        }
    }
}

/// Takes a piece of the file; false if nobody wants more.
pub(crate) type Sink<'s> = dyn FnMut(Vec<u8>) -> bool + 's;

/// Runs a query and hands the file on, piece by piece. Rows of CSV and JSON Lines come as they are found; the types of the
/// columns of Arrow and Parquet are known once all rows are, so that these are held until then.
pub(crate) fn export(request: &Request<'_>, question: &ExportQuestion, sink: &mut Sink<'_>) -> Result<(), Failure> {
    let parameters = ask::parameters(question.parameters.clone())?;
    let failed = |error: QueryError| Failure::of_query(&error, &question.text);
    let graph = request.service.graph();
    let mut rows = graph.query_with(&question.text, &parameters, &request.options()).map_err(failed)?;
    let columns = rows.columns().to_vec();
    let mut rows = rows.by_ref().map(|row| row.map(hopgraph::query::Row::into_values).map_err(failed));
    match question.format {
        Table::Csv => csv(&columns, &mut rows, sink),
        Table::Jsonl => json_lines(&columns, &mut rows, sink),
        Table::Arrow | Table::Parquet => {
            let mut held = Vec::new();
            let budget = request.budget();
            for row in rows {
                let row = row?;
                budget.reserve(row.iter().map(size).sum())?;
                held.push(row);
            }
            let batches = batches(&columns, &held).map_err(broken)?;
            if question.format == Table::Arrow { arrow(&batches, sink) } else { parquet(&batches, sink) }
        }
    }
}

/// The values of one row.
type Row = Vec<Value>;

type Rows<'r> = dyn Iterator<Item = Result<Row, Failure>> + 'r;

fn stopped() -> Failure {
    Failure { kind: FailureKind::Stopped, ..Failure::question("the reader of the file has gone") }
}

fn broken(error: impl std::fmt::Display) -> Failure {
    Failure { kind: FailureKind::Internal, ..Failure::question(format!("the file could not be written: {error}")) }
}

/// Hands on what has been written if it is enough.
fn hand_on(buffer: &mut Vec<u8>, least: usize, sink: &mut Sink<'_>) -> Result<(), Failure> {
    if buffer.is_empty() || buffer.len() < least || sink(std::mem::take(buffer)) { Ok(()) } else { Err(stopped()) }
}

fn csv(columns: &[String], rows: &mut Rows<'_>, sink: &mut Sink<'_>) -> Result<(), Failure> {
    let mut buffer = Vec::new();
    write_record(&mut buffer, columns.iter().cloned())?;
    for row in rows {
        write_record(&mut buffer, row?.iter().map(field))?;
        hand_on(&mut buffer, PIECE_BYTES, sink)?;
    }
    hand_on(&mut buffer, 0, sink)
}

fn write_record(buffer: &mut Vec<u8>, fields: impl Iterator<Item = String>) -> Result<(), Failure> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(buffer);
    writer.write_record(fields).map_err(broken)?;
    writer.flush().map_err(broken)
}

/// A null is an empty field; what is no scalar is JSON.
fn field(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Text(text) => text.clone(),
        Value::Float(float) if !float.is_finite() => float.to_string(),
        other => values::plain(other).to_string(),
    }
}

fn json_lines(columns: &[String], rows: &mut Rows<'_>, sink: &mut Sink<'_>) -> Result<(), Failure> {
    let mut buffer = Vec::new();
    for row in rows {
        let row = row?;
        let object: Map<String, Json> = columns.iter().cloned().zip(row.iter().map(values::plain)).collect();
        serde_json::to_writer(&mut buffer, &object).map_err(broken)?;
        buffer.push(b'\n');
        hand_on(&mut buffer, PIECE_BYTES, sink)?;
    }
    hand_on(&mut buffer, 0, sink)
}

/// About how many bytes a value takes.
fn size(value: &Value) -> u64 {
    let inside = match value {
        Value::Text(text) => text.len() as u64,
        Value::List(values) => values.iter().map(size).sum(),
        Value::Map(map) => map.iter().map(|(key, value)| key.len() as u64 + size(value)).sum(),
        Value::Node(node) => node.properties.iter().map(|(key, value)| key.len() as u64 + size(value)).sum(),
        Value::Relationship(_) => 64,
        Value::Path(path) => 256 * path.nodes.len() as u64,
        _ => 0,
    };
    inside + size_of::<Value>() as u64
}

/// What a column holds: one type of scalars, or JSON as text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Unknown,
    Boolean,
    Integer,
    Float,
    Text,
}

impl Kind {
    fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::Unknown,
            Value::Boolean(_) => Self::Boolean,
            Value::Integer(_) => Self::Integer,
            Value::Float(_) => Self::Float,
            _ => Self::Text,
        }
    }

    fn with(self, other: Self) -> Self {
        match (self, other) {
            (Self::Unknown, kind) | (kind, Self::Unknown) => kind,
            (one, two) if one == two => one,
            (Self::Integer, Self::Float) | (Self::Float, Self::Integer) => Self::Float,
            _ => Self::Text,
        }
    }
}

fn batches(columns: &[String], rows: &[Row]) -> Result<Vec<RecordBatch>, arrow_schema::ArrowError> {
    let kinds: Vec<Kind> = (0..columns.len())
        .map(|column| rows.iter().fold(Kind::Unknown, |kind, row| kind.with(Kind::of(&row[column]))))
        .collect();
    let field = |(name, kind): (&String, &Kind)| {
        let data_type = match kind {
            Kind::Boolean => DataType::Boolean,
            Kind::Integer => DataType::Int64,
            Kind::Float => DataType::Float64,
            Kind::Text | Kind::Unknown => DataType::Utf8,
        };
        Field::new(name, data_type, true)
    };
    let schema = Arc::new(Schema::new(columns.iter().zip(&kinds).map(field).collect::<Vec<_>>()));
    let empty: &[Row] = &[];
    let chunks: Vec<&[Row]> = if rows.is_empty() { vec![empty] } else { rows.chunks(BATCH_ROWS).collect() };
    chunks
        .into_iter()
        .map(|rows| {
            let arrays = kinds.iter().enumerate().map(|(index, kind)| array(*kind, rows.iter().map(|row| &row[index])));
            RecordBatch::try_new(Arc::clone(&schema), arrays.collect())
        })
        .collect()
}

fn array<'v>(kind: Kind, cells: impl Iterator<Item = &'v Value>) -> ArrayRef {
    match kind {
        Kind::Boolean => {
            let mut builder = BooleanBuilder::new();
            cells.for_each(|value| {
                builder.append_option(if let Value::Boolean(value) = value { Some(*value) } else { None })
            });
            Arc::new(builder.finish())
        }
        Kind::Integer => {
            let mut builder = Int64Builder::new();
            cells.for_each(|value| {
                builder.append_option(if let Value::Integer(value) = value { Some(*value) } else { None })
            });
            Arc::new(builder.finish())
        }
        Kind::Float => {
            let mut builder = Float64Builder::new();
            cells.for_each(|value| {
                builder.append_option(match value {
                    Value::Float(value) => Some(*value),
                    Value::Integer(value) => Some(*value as f64),
                    _ => None,
                });
            });
            Arc::new(builder.finish())
        }
        Kind::Text | Kind::Unknown => {
            let mut builder = StringBuilder::new();
            cells.for_each(|value| {
                builder.append_option(if *value == Value::Null { None } else { Some(field(value)) });
            });
            Arc::new(builder.finish())
        }
    }
}

fn arrow(batches: &[RecordBatch], sink: &mut Sink<'_>) -> Result<(), Failure> {
    let Some(first) = batches.first() else { return Ok(()) };
    let mut writer = StreamWriter::try_new(Vec::new(), &first.schema()).map_err(broken)?;
    for batch in batches {
        writer.write(batch).map_err(broken)?;
        hand_on(writer.get_mut(), PIECE_BYTES, sink)?;
    }
    writer.finish().map_err(broken)?;
    hand_on(writer.get_mut(), 0, sink)
}

fn parquet(batches: &[RecordBatch], sink: &mut Sink<'_>) -> Result<(), Failure> {
    let Some(first) = batches.first() else { return Ok(()) };
    let mut writer = ArrowWriter::try_new(Vec::new(), first.schema(), None).map_err(broken)?;
    for batch in batches {
        writer.write(batch).map_err(broken)?;
    }
    let mut file = writer.into_inner().map_err(broken)?;
    hand_on(&mut file, 0, sink)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_has_the_narrowest_type_that_holds_all_of_it() {
        let rows: Vec<Row> = vec![
            vec![Value::Integer(1), Value::Integer(1), Value::Null, Value::Boolean(true), Value::Null],
            vec![Value::Float(0.5), Value::Text("x".to_owned()), Value::Null, Value::Null, Value::Integer(2)],
        ];
        let columns = ["a", "b", "c", "d", "e"].map(str::to_owned);
        let batch = &batches(&columns, &rows).unwrap()[0];
        let types: Vec<String> = batch.schema().fields().iter().map(|field| field.data_type().to_string()).collect();
        assert_eq!(types, ["Float64", "Utf8", "Utf8", "Boolean", "Int64"]);
        assert_eq!((batch.num_rows(), batch.column(2).null_count()), (2, 2));
        assert_eq!(batches(&columns, &[]).unwrap()[0].num_rows(), 0);
    }

    #[test]
    fn what_would_break_a_field_of_csv_is_quoted() {
        let mut written = Vec::new();
        let rows = vec![vec![Value::Text("a, \"b\"\nc".to_owned()), Value::Null, Value::List(vec![Value::Integer(1)])]];
        let mut rows = rows.into_iter().map(Ok);
        csv(&["x", "y", "z"].map(str::to_owned), &mut rows, &mut |piece| {
            written.extend(piece);
            true
        })
        .unwrap();
        assert_eq!(String::from_utf8(written).unwrap(), "x,y,z\r\n\"a, \"\"b\"\"\nc\",,[1]\r\n");
    }

    #[test]
    fn a_reader_that_leaves_ends_the_work() {
        let mut rows = (0..).map(|number| Ok(vec![Value::Integer(number)]));
        let failure = json_lines(&["n".to_owned()], &mut rows, &mut |_| false).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Stopped);
    }
}
