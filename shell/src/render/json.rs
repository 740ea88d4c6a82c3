//! JSON: an array of objects, or an object a line.

use std::io::{self, Write};

use hopgraph::query::json;
use serde_json::{Map, Value as Json};

use super::{Row, RowWriter};

/// How the objects are put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// One array.
    Array,
    /// One object a line.
    Lines,
}

/// Writes each row as an object whose keys are the columns.
pub(super) struct JsonWriter<'a> {
    columns: &'a [String],
    style: Style,
    rows: u64,
}

impl<'a> JsonWriter<'a> {
    pub(super) fn new(columns: &'a [String], style: Style) -> Self {
        Self { columns, style, rows: 0 }
    }
}

impl RowWriter for JsonWriter<'_> {
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        if self.style == Style::Array { out.write_all(b"[") } else { Ok(()) }
    }

    fn row(&mut self, row: &Row, out: &mut dyn Write) -> io::Result<()> {
        let object: Map<String, Json> = self.columns.iter().cloned().zip(row.iter().map(json::plain)).collect();
        if self.style == Style::Array {
            out.write_all(if self.rows == 0 { b"\n" } else { b",\n" })?;
        }
        self.rows += 1;
        write!(out, "{}", Json::Object(object))?;
        if self.style == Style::Lines { out.write_all(b"\n") } else { Ok(()) }
    }

    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        match self.style {
            Style::Array if self.rows == 0 => out.write_all(b"]\n"),
            Style::Array => out.write_all(b"\n]\n"),
            Style::Lines => Ok(()),
        }
    }
}
