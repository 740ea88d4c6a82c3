//! Comma-separated values as RFC 4180 has them.

use std::io::{self, Write};

use hopgraph::Value;
use hopgraph::query::{Field, json};

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

    /// Writes the fields of one row.
    pub(super) fn fields(&mut self, fields: &[Field<'_>], out: &mut dyn Write) -> io::Result<()> {
        self.buffer.clear();
        for (place, field) in fields.iter().enumerate() {
            if place > 0 {
                self.buffer.push(b',');
            }
            match field {
                Field::Text(text) => quoted(text, &mut self.buffer),
                Field::Value(value) => quoted(&written(value), &mut self.buffer),
            }
        }
        if self.buffer.is_empty() && fields.len() == 1 {
            // An empty line would be no row.
            self.buffer.extend(b"\"\"");
        }
        // The terminator of RFC 4180 would be CRLF; tools of today expect the newline alone and every reader takes it.
        self.buffer.push(b'\n');
        out.write_all(&self.buffer)
    }
}

impl RowWriter for CsvWriter<'_> {
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let names: Vec<Field<'_>> = self.columns.iter().map(|name| Field::Text(name)).collect();
        if names.is_empty() { Ok(()) } else { self.fields(&names, out) }
    }

    fn row(&mut self, row: &Row, out: &mut dyn Write) -> io::Result<()> {
        self.fields(&row.iter().map(Field::from).collect::<Vec<_>>(), out)
    }

    fn end(&mut self, _: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }
}

/// A field, between quotes if it needs them.
fn quoted(text: &str, buffer: &mut Vec<u8>) {
    if !text.bytes().any(|byte| matches!(byte, b'"' | b',' | b'\n' | b'\r')) {
        buffer.extend(text.as_bytes());
        return;
    }
    buffer.push(b'"');
    for byte in text.bytes() {
        if byte == b'"' {
            buffer.push(b'"');
        }
        buffer.push(byte);
    }
    buffer.push(b'"');
}

fn written(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Text(text) => text.clone(),
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => format!("{number:?}"),
        other => json::plain(other).to_string(),
    }
}
