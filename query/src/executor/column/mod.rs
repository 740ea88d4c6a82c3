//! Values by column: what the operators of a pipeline hand to each other, some thousand rows at a time.

mod bits;
mod chunk;
mod compile;
mod kernel;
mod labels;
mod node_column;
mod property;

use std::cmp::Ordering;
use std::sync::Arc;

use hopgraph_engine::{Edge, NodeId};

pub(super) use bits::Bits;
pub(super) use chunk::{CHUNK_ROWS, Chunk};
pub(super) use compile::Compiler;
pub(super) use kernel::{Kernel, Run};
pub(super) use labels::LabelColumn;
pub(super) use node_column::NodeColumn;
pub(super) use property::{PropertyReader, Records};

use crate::value::{Cell, order};

/// The code of null in a column of nodes or codes. No node has this number.
pub(super) const NULL: u32 = u32::MAX;

/// The values of one slot in the rows of a chunk.
#[derive(Clone, Debug)]
pub(super) enum Column {
    /// The same value in every row.
    Constant(Cell),
    /// Nodes by number; [`NULL`] is null.
    Nodes(Vec<u32>),
    /// Relationships, none of them null.
    Edges(Vec<Edge>),
    /// Whole numbers, none of them null.
    Integers(Vec<i64>),
    /// Truth values; `None` is null.
    Truths(Vec<Option<bool>>),
    /// Values by their place in a dictionary; [`NULL`] is null.
    Coded(Vec<u32>, Dictionary),
    /// Any values.
    Cells(Vec<Cell>),
}

/// What the codes of a column stand for.
#[derive(Clone, Debug)]
pub(super) enum Dictionary {
    /// The texts of a property, by node.
    Texts(Arc<NodeColumn>),
    /// Values that are all different.
    Cells(Arc<[Cell]>),
}

impl Dictionary {
    /// The value of a code.
    pub(super) fn cell(&self, code: u32) -> Cell {
        match self {
            _ if code == NULL => Cell::Null,
            Self::Texts(column) => column.cell(code),
            Self::Cells(cells) => cells[code as usize].clone(),
        }
    }

    /// The text of a code, if it is one.
    pub(super) fn text(&self, code: u32) -> Option<&str> {
        match self {
            _ if code == NULL => None,
            Self::Texts(column) => column.text(code),
            Self::Cells(cells) => match &cells[code as usize] {
                Cell::Text(text) => Some(text),
                _ => None,
            },
        }
    }

    /// Whether both are the same dictionary, so that equal codes mean equal values.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Texts(one), Self::Texts(other)) => Arc::ptr_eq(one, other),
            (Self::Cells(one), Self::Cells(other)) => Arc::ptr_eq(one, other),
            _ => false,
        }
    }
}

impl Column {
    /// The value in a row.
    pub(super) fn cell(&self, row: usize) -> Cell {
        match self {
            Self::Constant(cell) => cell.clone(),
            Self::Nodes(nodes) if nodes[row] == NULL => Cell::Null,
            Self::Nodes(nodes) => Cell::Node(NodeId::new(nodes[row])),
            Self::Edges(edges) => Cell::Relationship(edges[row]),
            Self::Integers(integers) => Cell::Integer(integers[row]),
            Self::Truths(truths) => truths[row].into(),
            Self::Coded(codes, dictionary) => dictionary.cell(codes[row]),
            Self::Cells(cells) => cells[row].clone(),
        }
    }

    /// The text in a row, if it is one.
    pub(super) fn text(&self, row: usize) -> Option<&str> {
        match self {
            Self::Coded(codes, dictionary) => dictionary.text(codes[row]),
            Self::Constant(Cell::Text(text)) => Some(text),
            Self::Cells(cells) => match &cells[row] {
                Cell::Text(text) => Some(text),
                _ => None,
            },
            _ => None,
        }
    }

    /// The node in a row, if it is one.
    pub(super) fn node(&self, row: usize) -> Option<u32> {
        match self {
            Self::Nodes(nodes) => Some(nodes[row]).filter(|&node| node != NULL),
            Self::Constant(Cell::Node(node)) => Some(node.get()),
            Self::Cells(cells) => match &cells[row] {
                Cell::Node(node) => Some(node.get()),
                _ => None,
            },
            _ => None,
        }
    }

    /// The relationship in a row, if it is one.
    pub(super) fn edge(&self, row: usize) -> Option<Edge> {
        match self {
            Self::Edges(edges) => Some(edges[row]),
            Self::Constant(Cell::Relationship(edge)) => Some(*edge),
            Self::Cells(cells) => match &cells[row] {
                Cell::Relationship(edge) => Some(*edge),
                _ => None,
            },
            _ => None,
        }
    }

    /// Whether the value in a row is null.
    pub(super) fn is_null(&self, row: usize) -> bool {
        match self {
            Self::Constant(cell) => cell.is_null(),
            Self::Nodes(codes) => codes[row] == NULL,
            Self::Coded(codes, Dictionary::Texts(column)) => codes[row] == NULL || column.text(codes[row]).is_none(),
            Self::Coded(codes, Dictionary::Cells(_)) => codes[row] == NULL,
            Self::Edges(_) | Self::Integers(_) => false,
            Self::Truths(truths) => truths[row].is_none(),
            Self::Cells(cells) => cells[row].is_null(),
        }
    }

    /// How the value in a row stands to another, in the order of ORDER BY; texts are compared where they are.
    pub(super) fn order(&self, row: usize, other: &Cell) -> Ordering {
        match (self, other) {
            (Self::Integers(integers), Cell::Integer(other)) => integers[row].cmp(other),
            (Self::Coded(..), Cell::Text(other)) => match self.text(row) {
                Some(text) => text.cmp(other),
                None => order(&self.cell(row), &Cell::Text(Arc::clone(other))),
            },
            (Self::Cells(cells), other) => order(&cells[row], other),
            _ => order(&self.cell(row), other),
        }
    }

    /// The values of some rows.
    pub(super) fn gather(&self, rows: &[u32]) -> Self {
        fn pick<T: Clone>(values: &[T], rows: &[u32]) -> Vec<T> {
            rows.iter().map(|&row| values[row as usize].clone()).collect()
        }
        match self {
            Self::Constant(cell) => Self::Constant(cell.clone()),
            Self::Nodes(nodes) => Self::Nodes(pick(nodes, rows)),
            Self::Edges(edges) => Self::Edges(pick(edges, rows)),
            Self::Integers(integers) => Self::Integers(pick(integers, rows)),
            Self::Truths(truths) => Self::Truths(pick(truths, rows)),
            Self::Coded(codes, dictionary) => Self::Coded(pick(codes, rows), dictionary.clone()),
            Self::Cells(cells) => Self::Cells(pick(cells, rows)),
        }
    }

    /// A column of these values; as nodes, if that is what the slot holds.
    pub(super) fn of_cells(cells: Vec<Cell>, is_node: bool) -> Self {
        let node = |cell: &Cell| if let Cell::Node(node) = cell { node.get() } else { NULL };
        if is_node { Self::Nodes(cells.iter().map(node).collect()) } else { Self::Cells(cells) }
    }

    /// The values of one column after those of another, which may be of another kind.
    pub(super) fn append(&mut self, rows: usize, other: &Self, other_rows: usize) {
        match (&mut *self, other) {
            (Self::Nodes(mine), Self::Nodes(more)) => mine.extend(more),
            (Self::Edges(mine), Self::Edges(more)) => mine.extend(more),
            (Self::Integers(mine), Self::Integers(more)) => mine.extend(more),
            (Self::Truths(mine), Self::Truths(more)) => mine.extend(more),
            (Self::Cells(mine), Self::Cells(more)) => mine.extend(more.iter().cloned()),
            (Self::Coded(mine, one), Self::Coded(more, other)) if one.is_same(other) => mine.extend(more),
            _ => {
                let mine = (0..rows).map(|row| self.cell(row));
                *self = Self::Cells(mine.chain((0..other_rows).map(|row| other.cell(row))).collect());
            }
        }
    }

    /// About how many bytes it takes in memory.
    pub(super) fn bytes(&self) -> u64 {
        let bytes = match self {
            Self::Constant(cell) => return size_of::<Cell>() as u64 + cell.held_bytes(),
            Self::Nodes(codes) | Self::Coded(codes, _) => size_of_val(&codes[..]),
            Self::Edges(edges) => size_of_val(&edges[..]),
            Self::Integers(integers) => size_of_val(&integers[..]),
            Self::Truths(truths) => size_of_val(&truths[..]),
            Self::Cells(cells) => {
                return cells.iter().map(|cell| size_of::<Cell>() as u64 + cell.held_bytes()).sum();
            }
        };
        bytes as u64
    }
}
