//! Values of a key as small numbers: equal values have equal numbers.

use std::collections::HashMap;

use crate::executor::column::{Column, Dictionary, NULL, NodeColumn};
use crate::value::{Cell, Key};
use std::sync::Arc;

/// Gives numbers to the values of one key of a group or of DISTINCT.
#[derive(Default)]
pub(super) struct Interner {
    kind: Kind,
    /// About how many bytes the values take that it holds.
    bytes: u64,
}

/// Nodes and codes are numbers already. Which kind a key is shows in its first chunk; values of any other kind go on as
/// values.
#[derive(Default)]
enum Kind {
    #[default]
    Unknown,
    Nodes,
    /// Texts by the first node that has the same.
    Texts(Arc<NodeColumn>),
    Coded(Arc<[Cell]>),
    Values(HashMap<Key, u32, foldhash::fast::FixedState>, Vec<Cell>),
}

impl Interner {
    /// The numbers of the values in some rows. `many`: whether it is worth to look at all nodes first.
    pub(super) fn codes(&mut self, column: &Column, rows: usize, many: bool, codes: &mut Vec<u32>) {
        codes.clear();
        if matches!(self.kind, Kind::Unknown) {
            self.kind = match column {
                Column::Nodes(_) => Kind::Nodes,
                Column::Coded(_, Dictionary::Texts(texts)) if many => Kind::Texts(Arc::clone(texts)),
                Column::Coded(_, Dictionary::Cells(cells)) => Kind::Coded(Arc::clone(cells)),
                _ => Kind::Values(HashMap::default(), Vec::new()),
            };
        }
        match (&mut self.kind, column) {
            (Kind::Nodes, Column::Nodes(nodes)) => codes.extend(nodes),
            (Kind::Texts(known), Column::Coded(more, Dictionary::Texts(texts))) if Arc::ptr_eq(known, texts) => {
                let canonical = texts.canonical();
                codes.extend(more.iter().map(|&code| canonical.get(code as usize).copied().unwrap_or(NULL)));
            }
            (Kind::Coded(known), Column::Coded(more, Dictionary::Cells(cells))) if Arc::ptr_eq(known, cells) => {
                codes.extend(more);
            }
            (Kind::Values(..), column) => codes.extend((0..rows).map(|row| self.intern(column.cell(row)))),
            (_, column) => unreachable!("a slot keeps its kind of column, and {column:?} is of another"),
        }
    }

    fn intern(&mut self, cell: Cell) -> u32 {
        let Kind::Values(known, values) = &mut self.kind else { unreachable!("only values are interned") };
        let key = Key(Box::new([cell]));
        if let Some(&code) = known.get(&key) {
            return code;
        }
        let code = values.len() as u32;
        values.push(key.0[0].clone());
        self.bytes += 3 * size_of::<Cell>() as u64 + key.0[0].held_bytes();
        known.insert(key, code);
        code
    }

    /// The column of some numbers.
    pub(super) fn column(&self, codes: Vec<u32>) -> Column {
        match &self.kind {
            Kind::Unknown => Column::Constant(Cell::Null),
            Kind::Nodes => Column::Nodes(codes),
            Kind::Texts(texts) => Column::Coded(codes, Dictionary::Texts(Arc::clone(texts))),
            Kind::Coded(cells) => Column::Coded(codes, Dictionary::Cells(Arc::clone(cells))),
            Kind::Values(_, values) => {
                Column::Cells(codes.into_iter().map(|code| values[code as usize].clone()).collect())
            }
        }
    }

    /// About how many bytes the values take that it holds.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The number of different values that a coded key can have, null included; `None` if it may be large.
    pub(super) fn bound(&self) -> Option<usize> {
        match &self.kind {
            Kind::Coded(cells) => Some(cells.len() + 1),
            _ => None,
        }
    }
}
