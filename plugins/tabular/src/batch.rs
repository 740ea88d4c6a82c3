//! Turns a record batch into rows of nodes or edges.

use std::ops::Range;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef, RecordBatch, StringArray};
use arrow_cast::display::array_value_to_string;
use arrow_cast::{CastOptions, cast_with_options};
use arrow_schema::{DataType, Schema};
use csv::ByteRecord;
use hopgraph_engine::{Properties, PropertyValue};

use crate::columns::{Column, Columns, PropertyKind, ScalarKind};
use crate::rejects::Rejected;
use crate::rows::{Edges, EdgesOfType, EndLookup, NodeRow, Nodes, Parsed, ROWS_AT_ONCE, RowError, is_end};
use crate::{LoadError, cell};

/// Some rows of a column file, or of what a program has in memory.
pub(crate) struct Batch {
    pub(crate) rows: RecordBatch,
    /// The number of its first row, counted from 1.
    pub(crate) first_row: u64,
}

/// The names of the columns.
pub(crate) fn names_of(schema: &Schema) -> Vec<String> {
    schema.fields().iter().map(|field| field.name().clone()).collect()
}

/// The nodes of a batch.
pub(crate) fn nodes(batch: &Batch, columns: &Columns) -> Result<Parsed<Nodes>, LoadError> {
    let mut nodes = Nodes::default();
    let parsed = rows(
        batch,
        columns,
        |_, _| (),
        |cells, row| {
            let (mut node, mut identifier, mut space) = (NodeRow::default(), "", &None);
            for (cells, column) in cells.iter().zip(columns.iter()) {
                match column {
                    Column::Identifier(of) => (identifier, space) = (cells.text(row), of),
                    Column::Name => cells.text(row).clone_into(&mut node.name),
                    Column::Labels => node.labels.extend(cells.texts(row, cell::labels)),
                    Column::Synonyms => node.synonyms.extend(cells.texts(row, cell::synonyms)),
                    Column::Property { name, .. } => cells.property(row, name, &mut node.properties)?,
                    Column::Source(_) | Column::Target(_) | Column::Type | Column::Ignored => {}
                }
            }
            nodes.push(identifier, space, node)
        },
    )?;
    Ok(parsed.with(nodes))
}

/// The edges of a batch by type, their ends looked up.
pub(crate) fn edges(
    batch: &Batch,
    columns: &Columns,
    ends: &dyn EndLookup,
) -> Result<Parsed<Vec<EdgesOfType>>, LoadError> {
    let mut edges = Edges::new(ends);
    let expect = |cells: &[Cells], rows: Range<usize>| {
        let of_ends = cells.iter().zip(columns.iter()).filter(|(_, column)| is_end(column));
        let texts: Vec<&str> = of_ends.flat_map(|(cells, _)| rows.clone().map(|row| cells.text(row))).collect();
        ends.expect(&texts);
    };
    let parsed = rows(batch, columns, expect, |cells, row| {
        let (mut source, mut target, mut relation) = (("", &None), ("", &None), "");
        let mut properties = Properties::new();
        for (cells, column) in cells.iter().zip(columns.iter()) {
            match column {
                Column::Source(space) => source = (cells.text(row), space),
                Column::Target(space) => target = (cells.text(row), space),
                Column::Type => relation = cells.text(row).trim(),
                Column::Property { name, .. } => cells.property(row, name, &mut properties)?,
                Column::Identifier(_) | Column::Name | Column::Labels | Column::Synonyms | Column::Ignored => {}
            }
        }
        edges.push(source, relation, target, properties)
    })?;
    Ok(parsed.with(edges.by_type))
}

fn rows(
    batch: &Batch,
    columns: &Columns,
    prepare: impl Fn(&[Cells], Range<usize>),
    mut take: impl FnMut(&[Cells], usize) -> Result<(), RowError>,
) -> Result<Parsed<()>, LoadError> {
    let mut parsed = Parsed::default();
    let cells: Result<Vec<Cells>, String> =
        columns.iter().zip(batch.rows.columns()).map(|(column, array)| Cells::of(column, array)).collect();
    for row in 0..batch.rows.num_rows() {
        if let (0, Ok(cells)) = (row % ROWS_AT_ONCE, &cells) {
            prepare(cells, row..batch.rows.num_rows().min(row + ROWS_AT_ONCE));
        }
        let taken = match &cells {
            _ if batch.rows.num_columns() != columns.len() => Err(RowError::Reject(format!(
                "{} columns where {} are expected",
                batch.rows.num_columns(),
                columns.len()
            ))),
            Ok(cells) => take(cells, row),
            Err(reason) => Err(RowError::Reject(reason.clone())),
        };
        let line = batch.first_row + row as u64;
        parsed.note(taken, |reason| Rejected { line, delimiter: b'\t', row: as_text(&batch.rows, row), reason })?;
    }
    Ok(parsed)
}

/// A row as text, for people.
fn as_text(batch: &RecordBatch, row: usize) -> ByteRecord {
    let texts: Vec<String> =
        batch.columns().iter().map(|column| array_value_to_string(column, row).unwrap_or_default()).collect();
    texts.iter().collect()
}

/// A column in one of the few forms that are read from it.
enum Cells {
    Text(StringArray),
    /// Text that stands for values of this kind.
    Written(StringArray, PropertyKind),
    Integer(ArrayRef),
    Float(ArrayRef),
    Boolean(ArrayRef),
    /// The elements of each row.
    List(ArrayRef, Box<Self>),
    Ignored,
}

impl Cells {
    /// The cells of a column, cast to what the column means. A property keeps the type of its array unless its column
    /// names another than text.
    fn of(column: &Column, array: &ArrayRef) -> Result<Self, String> {
        let is_text = own_kind(array.data_type()) == Some(ScalarKind::Text);
        let form = match column {
            Column::Ignored => return Ok(Self::Ignored),
            Column::Property { kind, .. } if is_text && *kind != PropertyKind::One(ScalarKind::Text) => {
                return Ok(Self::Written(texts(array)?, *kind));
            }
            Column::Labels | Column::Synonyms if is_list(array.data_type()) => {
                return Self::list(ScalarKind::Text, array);
            }
            Column::Property { kind: PropertyKind::List(scalar), .. } => return Self::list(*scalar, array),
            Column::Property { kind: PropertyKind::One(ScalarKind::Text), .. } => own_kind(array.data_type()),
            Column::Property { kind: PropertyKind::One(scalar), .. } => Some(*scalar),
            _ => Some(ScalarKind::Text),
        };
        match form {
            Some(scalar) => Self::scalars(scalar, array),
            None => Self::list(ScalarKind::Text, array),
        }
        .map_err(|reason| format!("column {column}: {reason}"))
    }

    fn scalars(kind: ScalarKind, array: &ArrayRef) -> Result<Self, String> {
        Ok(match kind {
            ScalarKind::Text => Self::Text(texts(array)?),
            ScalarKind::Integer => Self::Integer(to_type(array, &DataType::Int64)?),
            ScalarKind::Float => Self::Float(to_type(array, &DataType::Float64)?),
            ScalarKind::Boolean => Self::Boolean(to_type(array, &DataType::Boolean)?),
        })
    }

    fn list(named: ScalarKind, array: &ArrayRef) -> Result<Self, String> {
        let array = match array.data_type() {
            DataType::List(_) => array.clone(),
            DataType::LargeList(field) | DataType::FixedSizeList(field, _) => {
                to_type(array, &DataType::List(field.clone()))?
            }
            other => return Err(format!("{other} is no list")),
        };
        let values = array.as_list::<i32>().values().clone();
        let kind = match named {
            ScalarKind::Text => own_kind(values.data_type()).ok_or("a list of lists cannot be kept")?,
            named => named,
        };
        let values = Self::scalars(kind, &values)?;
        Ok(Self::List(array, Box::new(values)))
    }

    /// The text of a cell; empty for one without a value.
    fn text(&self, row: usize) -> &str {
        match self {
            Self::Text(array) if array.is_valid(row) => array.value(row),
            _ => "",
        }
    }

    /// The texts of a cell: the elements of a list, or what `split` makes of a text.
    fn texts<'t, I: Iterator<Item = &'t str>>(&'t self, row: usize, split: impl Fn(&'t str) -> I) -> Vec<String> {
        match self {
            Self::List(..) => match self.value(row).unwrap_or_default() {
                Some(PropertyValue::List(values)) => values
                    .into_iter()
                    .filter_map(|value| match value {
                        PropertyValue::Text(text) if !text.is_empty() => Some(text),
                        _ => None,
                    })
                    .collect(),
                _ => Vec::new(),
            },
            _ => split(self.text(row)).map(str::to_owned).collect(),
        }
    }

    fn property(&self, row: usize, name: &str, properties: &mut Properties) -> Result<(), String> {
        let value = self.value(row).map_err(|reason| format!("{name}: {reason}"))?;
        properties.extend(value.map(|value| (name.to_owned(), value)));
        Ok(())
    }

    /// The value of a cell. An empty text is no value, as in a text file.
    fn value(&self, row: usize) -> Result<Option<PropertyValue>, String> {
        Ok(match self {
            Self::Text(_) => {
                Some(self.text(row)).filter(|text| !text.is_empty()).map(|text| PropertyValue::Text(text.to_owned()))
            }
            Self::Written(array, _) if array.is_null(row) => None,
            Self::Written(array, kind) => cell::property(array.value(row), *kind)?,
            Self::Integer(array) if array.is_valid(row) => {
                Some(PropertyValue::Integer(array.as_primitive::<Int64Type>().value(row)))
            }
            Self::Float(array) if array.is_valid(row) => {
                Some(PropertyValue::Float(array.as_primitive::<Float64Type>().value(row)))
            }
            Self::Boolean(array) if array.is_valid(row) => Some(PropertyValue::Boolean(array.as_boolean().value(row))),
            Self::List(array, values) if array.is_valid(row) => {
                let offsets = array.as_list::<i32>().value_offsets();
                let mut elements = (offsets[row] as usize..offsets[row + 1] as usize).map(|index| values.value(index));
                let found: Result<Vec<_>, _> = elements.by_ref().filter_map(Result::transpose).collect();
                Some(PropertyValue::List(found?))
            }
            _ => None,
        })
    }
}

fn texts(array: &ArrayRef) -> Result<StringArray, String> {
    Ok(to_type(array, &DataType::Utf8)?.as_string::<i32>().clone())
}

/// Fails where a value does not fit, in place of dropping it.
fn to_type(array: &ArrayRef, kind: &DataType) -> Result<ArrayRef, String> {
    let options = CastOptions { safe: false, ..CastOptions::default() };
    cast_with_options(array, kind, &options).map_err(|error| error.to_string())
}

fn is_list(kind: &DataType) -> bool {
    matches!(kind, DataType::List(_) | DataType::LargeList(_) | DataType::FixedSizeList(..))
}

/// The kind that an array's own type stands for; `None` for a list.
fn own_kind(kind: &DataType) -> Option<ScalarKind> {
    match kind {
        kind if is_list(kind) => None,
        DataType::Boolean => Some(ScalarKind::Boolean),
        // Larger numbers than an integer holds become text, digit for digit.
        DataType::UInt64 => Some(ScalarKind::Text),
        kind if kind.is_integer() => Some(ScalarKind::Integer),
        kind if kind.is_floating() => Some(ScalarKind::Float),
        _ => Some(ScalarKind::Text),
    }
}
