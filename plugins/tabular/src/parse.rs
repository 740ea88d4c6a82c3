//! Turns a block of text into rows of nodes or edges. Blocks are parsed at the same time, so nothing here changes the
//! graph.

use csv::ByteRecord;
use hopgraph_engine::Properties;

use crate::columns::{Column, Columns};
use crate::rejects::Rejected;
use crate::rows::{Edges, EdgesOfType, EndLookup, NodeRow, Nodes, Parsed, ROWS_AT_ONCE, RowError, is_end};
use crate::source::Block;
use crate::tabs::TabRows;
use crate::{LoadError, cell};

/// The delimiter, if quotes mean something beside it. A quote in a tab-separated file is a letter: names such as
/// 5"-nucleotidase would swallow lines.
pub(crate) fn quoting(delimiter: u8) -> Option<u8> {
    (delimiter != b'\t').then_some(delimiter)
}

/// How many line breaks a text holds.
pub(crate) fn lines(text: &[u8]) -> u64 {
    text.iter().filter(|&&byte| byte == b'\n').count() as u64
}

/// The first row of a text; `None` if there is none.
pub(crate) fn first(text: &[u8], delimiter: u8) -> Option<ByteRecord> {
    let mut row = ByteRecord::new();
    let found = reader(text, delimiter).read_byte_record(&mut row).expect("reading from memory does not fail");
    found.then_some(row)
}

fn reader(text: &[u8], delimiter: u8) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .quoting(quoting(delimiter).is_some())
        .flexible(true)
        .has_headers(false)
        .buffer_capacity(1 << 16)
        .from_reader(text)
}

/// The nodes of a block.
pub(crate) fn nodes(block: &Block, columns: &Columns) -> Result<Parsed<Nodes>, LoadError> {
    let mut nodes = Nodes::default();
    let parsed = rows(block, columns, &[], |_| (), |fields| node(fields, columns, &mut nodes))?;
    Ok(parsed.with(nodes))
}

/// The edges of a block by type, their ends looked up.
pub(crate) fn edges(
    block: &Block,
    columns: &Columns,
    ends: &dyn EndLookup,
) -> Result<Parsed<Vec<EdgesOfType>>, LoadError> {
    let mut edges = Edges::new(ends);
    let end_columns: Vec<usize> =
        (0..).zip(columns.iter()).filter(|(_, column)| is_end(column)).map(|(i, _)| i).collect();
    let expect = |texts: &[&str]| ends.expect(texts);
    let parsed = rows(block, columns, &end_columns, expect, |fields| edge(fields, columns, &mut edges))?;
    Ok(parsed.with(edges.by_type))
}

/// Hands the fields of each row to `take`, and keeps the rows that it rejects. Before that, of some rows at a time, what
/// stands in the columns to be looked up is handed to `expect`.
fn rows(
    block: &Block,
    columns: &Columns,
    looked_up: &[usize],
    expect: impl Fn(&[&str]),
    take: impl FnMut(&[&str]) -> Result<(), RowError>,
) -> Result<Parsed<()>, LoadError> {
    match std::str::from_utf8(&block.text) {
        Ok(text) if quoting(block.delimiter).is_none() => tab_rows(block, text, columns, looked_up, expect, take),
        _ => csv_rows(block, columns, looked_up, expect, take),
    }
}

fn tab_rows(
    block: &Block,
    text: &str,
    columns: &Columns,
    looked_up: &[usize],
    expect: impl Fn(&[&str]),
    mut take: impl FnMut(&[&str]) -> Result<(), RowError>,
) -> Result<Parsed<()>, LoadError> {
    let (mut parsed, mut reader) = (Parsed::default(), TabRows::new(text));
    let (mut fields, mut rows, mut expected) = (Vec::new(), Vec::new(), Vec::<&str>::new());
    loop {
        fields.clear();
        rows.clear();
        expected.clear();
        while rows.len() < ROWS_AT_ONCE {
            let start = fields.len();
            let Some(line) = reader.read(&mut fields) else { break };
            expected.extend(looked_up.iter().filter_map(|&column| fields[start..].get(column).copied()));
            rows.push((line, start..fields.len()));
        }
        expect(&expected);
        for (line, row) in &rows {
            let row = &fields[row.clone()];
            let taken = check_count(row.len(), columns).and_then(|()| take(row));
            let line = block.first_line + line;
            parsed.note(taken, |reason| Rejected {
                line,
                delimiter: block.delimiter,
                row: row.to_vec().into(),
                reason,
            })?;
        }
        if rows.len() < ROWS_AT_ONCE {
            return Ok(parsed);
        }
    }
}

fn csv_rows(
    block: &Block,
    columns: &Columns,
    looked_up: &[usize],
    expect: impl Fn(&[&str]),
    mut take: impl FnMut(&[&str]) -> Result<(), RowError>,
) -> Result<Parsed<()>, LoadError> {
    let mut parsed = Parsed::default();
    let mut reader = reader(&block.text, block.delimiter);
    let mut records = vec![ByteRecord::new(); ROWS_AT_ONCE];
    loop {
        let count = read_records(&mut reader, &mut records);
        let fields = records[..count].iter().flat_map(|row| looked_up.iter().filter_map(|&column| row.get(column)));
        expect(&fields.filter_map(|field| std::str::from_utf8(field).ok()).collect::<Vec<_>>());
        let mut texts = Vec::new();
        for row in &records[..count] {
            texts.clear();
            let taken = read_fields(row, columns, &mut texts).and_then(|()| take(&texts));
            parsed.note(taken, |reason| rejected(block, row, reason))?;
        }
        if count < records.len() {
            return Ok(parsed);
        }
    }
}

/// Reads as many rows as there is room for; fewer only at the end.
fn read_records(reader: &mut csv::Reader<&[u8]>, records: &mut [ByteRecord]) -> usize {
    let mut count = 0;
    for row in records {
        if !reader.read_byte_record(row).expect("reading from memory does not fail") {
            break;
        }
        count += 1;
    }
    count
}

fn rejected(block: &Block, row: &ByteRecord, reason: String) -> Rejected {
    let line = block.first_line + row.position().map_or(0, |position| position.line() - 1);
    Rejected { line, delimiter: block.delimiter, row: row.clone(), reason }
}

/// The fields of a row, as many as there are columns.
fn read_fields<'r>(row: &'r ByteRecord, columns: &Columns, fields: &mut Vec<&'r str>) -> Result<(), RowError> {
    check_count(row.len(), columns)?;
    for (index, field) in row.iter().enumerate() {
        fields.push(std::str::from_utf8(field).map_err(|_| format!("field {} is not UTF-8 text", index + 1))?);
    }
    Ok(())
}

fn check_count(fields: usize, columns: &Columns) -> Result<(), RowError> {
    if fields == columns.len() {
        return Ok(());
    }
    Err(format!("{fields} fields where {} are expected", columns.len()).into())
}

fn node(fields: &[&str], columns: &Columns, nodes: &mut Nodes) -> Result<(), RowError> {
    let mut row = NodeRow::default();
    let (mut identifier, mut space) = ("", &None);
    for (&field, column) in fields.iter().zip(columns.iter()) {
        match column {
            Column::Identifier(of) => (identifier, space) = (field, of),
            Column::Name => field.clone_into(&mut row.name),
            Column::Labels => row.labels.extend(cell::labels(field).map(str::to_owned)),
            Column::Synonyms => row.synonyms.extend(cell::synonyms(field).map(str::to_owned)),
            Column::Property { name, kind } => {
                let value = cell::property(field, *kind).map_err(|reason| format!("{name}: {reason}"))?;
                row.properties.extend(value.map(|value| (name.clone(), value)));
            }
            Column::Source(_) | Column::Target(_) | Column::Type | Column::Ignored => {}
        }
    }
    nodes.push(identifier, space, row)
}

fn edge(fields: &[&str], columns: &Columns, edges: &mut Edges<'_>) -> Result<(), RowError> {
    let (mut source, mut target, mut relation) = ("", "", "");
    let (mut source_space, mut target_space) = (&None, &None);
    let mut properties = Properties::new();
    for (&field, column) in fields.iter().zip(columns.iter()) {
        match column {
            Column::Source(space) => (source, source_space) = (field, space),
            Column::Target(space) => (target, target_space) = (field, space),
            Column::Type => relation = field.trim(),
            Column::Property { name, kind } => {
                let value = cell::property(field, *kind).map_err(|reason| format!("{name}: {reason}"))?;
                properties.extend(value.map(|value| (name.clone(), value)));
            }
            Column::Identifier(_) | Column::Name | Column::Labels | Column::Synonyms | Column::Ignored => {}
        }
    }
    edges.push((source, source_space), relation, (target, target_space), properties)
}
