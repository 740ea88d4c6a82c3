//! Aligned tables that fit the terminal.

use std::io::{self, Write};

use comfy_table::{
    Attribute, Cell, CellAlignment, ContentArrangement, ContentLineStyle, LineStyle, Row as TableRow, Table, TableStyle,
};
use hopgraph::Value;

use super::{Notation, Row, RowWriter};

/// How many rows are aligned together. A longer answer comes as several tables, so that its first rows show at once and
/// it never has to fit into memory.
const ROWS_TOGETHER: usize = 1000;

/// How many lines a wrapped cell may have before it is cut.
const LINES_A_ROW: usize = 8;

/// What a table is drawn on.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Layout {
    /// Columns of the terminal; `None`: as wide as the content, for pipes and files.
    pub(crate) width: Option<u16>,
    /// Whether letters may be bold.
    pub(crate) styled: bool,
}

/// Columns set apart by space, a line under the header: easy to read, and to copy from.
const STYLE: TableStyle = TableStyle::new()
    .header_lines(ContentLineStyle::none())
    .header_separator(LineStyle::none().fill('─').junction('─'))
    .content_lines(ContentLineStyle::none());

/// Blanks to the left and right of a cell; the vertical lines that are not drawn leave one more between columns.
const PADDING: (u16, u16) = (1, 0);

/// Collects rows and writes them as tables.
pub(super) struct TableWriter<'a> {
    columns: &'a [String],
    layout: &'a Layout,
    notation: &'a Notation,
    rows: Vec<Row>,
    tables: usize,
}

impl<'a> TableWriter<'a> {
    pub(super) fn new(columns: &'a [String], layout: &'a Layout, notation: &'a Notation) -> Self {
        Self { columns, layout, notation, rows: Vec::new(), tables: 0 }
    }

    fn write_table(&mut self, out: &mut dyn Write) -> io::Result<()> {
        if self.tables > 0 {
            writeln!(out)?;
        }
        let mut table = empty_table(self.columns, self.layout);
        for row in &self.rows {
            let mut cells = TableRow::from(row.iter().map(|value| Cell::new(self.notation.cell(value))));
            if self.layout.width.is_some() {
                cells.max_height(LINES_A_ROW);
            }
            table.add_row(cells);
        }
        for (index, column) in table.column_iter_mut().enumerate() {
            if is_numeric(self.rows.iter().filter_map(|row| row.get(index))) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        self.tables += 1;
        self.rows.clear();
        write_lines(&table, out)
    }
}

impl RowWriter for TableWriter<'_> {
    fn begin(&mut self, _: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    fn row(&mut self, row: &Row, out: &mut dyn Write) -> io::Result<()> {
        self.rows.push(row.clone());
        if self.rows.len() == ROWS_TOGETHER { self.write_table(out) } else { Ok(()) }
    }

    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        // An answer without rows shows its columns, a statement without columns shows nothing.
        let nothing_left = self.rows.is_empty() && self.tables > 0;
        if self.columns.is_empty() || nothing_left { Ok(()) } else { self.write_table(out) }
    }
}

/// A table of text for people, such as the labels of a graph; the columns in `numbers` are aligned to the right.
pub(crate) fn plain_table(
    header: &[&str],
    rows: &[Vec<String>],
    numbers: &[usize],
    layout: &Layout,
    out: &mut dyn Write,
) -> io::Result<()> {
    let header: Vec<String> = header.iter().map(|&name| name.to_owned()).collect();
    let mut table = empty_table(&header, layout);
    table.add_rows(rows.iter().map(|row| row.iter().map(|text| super::value::escape_controls(text))));
    for &index in numbers {
        if let Some(column) = table.column_mut(index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    write_lines(&table, out)
}

fn empty_table(columns: &[String], layout: &Layout) -> Table {
    let mut table = Table::new();
    table.load_style(STYLE).set_truncation_indicator("…");
    match layout.width {
        Some(width) => table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width),
        None => table.set_content_arrangement(ContentArrangement::Disabled),
    };
    if layout.styled {
        table.enforce_styling();
    } else {
        table.force_no_tty();
    }
    let name = |name: &String| {
        let cell = Cell::new(super::value::escape_controls(name));
        if layout.styled { cell.add_attribute(Attribute::Bold) } else { cell }
    };
    table.set_header(columns.iter().map(name));
    for column in table.column_iter_mut() {
        column.set_padding(PADDING);
    }
    table
}

fn write_lines(table: &Table, out: &mut dyn Write) -> io::Result<()> {
    for line in table.lines() {
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

fn is_numeric<'v>(values: impl Iterator<Item = &'v Value>) -> bool {
    let mut some = false;
    for value in values {
        match value {
            Value::Integer(_) | Value::Float(_) => some = true,
            Value::Null => {}
            _ => return false,
        }
    }
    some
}
