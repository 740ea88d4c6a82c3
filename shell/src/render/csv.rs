//! Comma-separated values as RFC 4180 has them.

use std::io::{self, Write};

use hopgraph::Value;
use hopgraph::query::json;

use super::{Row, RowWriter};

/// Writes a header row and the rows. A null is an empty field; lists, maps, nodes, relationships and paths are JSON.
pub(super) struct CsvWriter<'a> {
    columns: &'a [String],
    buffer: Vec<u8>,
}

impl<'a> CsvWriter<'a> {
    pub(super) fn new(columns: &'a [String]) -> Self {
        Self { columns, buffer: Vec::new() }
    }

    fn record(&mut self, fields: impl Iterator<Item = String>, out: &mut dyn Write) -> io::Result<()> {
        self.buffer.clear();
        // The terminator of RFC 4180 would be CRLF; tools of today expect the newline alone and every reader takes it.
        let mut writer = csv::WriterBuilder::new().from_writer(&mut self.buffer);
        writer.write_record(fields)?;
        writer.flush()?;
        drop(writer);
        out.write_all(&self.buffer)
    }
}

impl RowWriter for CsvWriter<'_> {
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        if self.columns.is_empty() { Ok(()) } else { self.record(self.columns.iter().cloned(), out) }
    }

    fn row(&mut self, row: &Row, out: &mut dyn Write) -> io::Result<()> {
        self.record(row.iter().map(field), out)
    }

    fn end(&mut self, _: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }
}

fn field(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Text(text) => text.clone(),
        Value::Float(number) => format!("{number:?}"),
        other => json::plain(other).to_string(),
    }
}
