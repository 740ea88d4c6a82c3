//! One property of all nodes, in memory.

use std::collections::HashMap;
use std::sync::OnceLock;

use super::{Bits, NULL};
use crate::value::{Cell, Key};

/// The values of one property by the number of the node. Texts lie one after the other; what is no text is kept as it
/// is.
#[derive(Debug)]
pub(in crate::executor) struct NodeColumn {
    values: Values,
    /// For each node the first node with the same value, once somebody has asked for it.
    canonical: OnceLock<Vec<u32>>,
}

#[derive(Debug)]
enum Values {
    Texts { ends: Vec<u32>, bytes: String, present: Bits },
    Cells(Vec<Cell>),
}

impl NodeColumn {
    /// The column of these values; `values[n]` is that of node `n`.
    pub(in crate::executor) fn new(values: Vec<Cell>) -> Self {
        Self { values: texts(&values).unwrap_or(Values::Cells(values)), canonical: OnceLock::new() }
    }

    /// Whether all its values are texts or null.
    pub(in crate::executor) fn is_text(&self) -> bool {
        matches!(self.values, Values::Texts { .. })
    }

    /// The text of a node, if it has one.
    pub(in crate::executor) fn text(&self, node: u32) -> Option<&str> {
        match &self.values {
            Values::Texts { ends, bytes, present } if present.contains(node) => {
                let start = node.checked_sub(1).map_or(0, |before| ends[before as usize]);
                Some(&bytes[start as usize..ends[node as usize] as usize])
            }
            Values::Texts { .. } => None,
            Values::Cells(cells) => match cells.get(node as usize) {
                Some(Cell::Text(text)) => Some(text),
                _ => None,
            },
        }
    }

    /// The value of a node.
    pub(in crate::executor) fn cell(&self, node: u32) -> Cell {
        match &self.values {
            Values::Texts { .. } => self.text(node).map_or(Cell::Null, Cell::text),
            Values::Cells(cells) => cells.get(node as usize).cloned().unwrap_or_default(),
        }
    }

    /// For each node the first node with the same value; [`NULL`] for one without. Takes a pass over all nodes once.
    pub(in crate::executor) fn canonical(&self) -> &[u32] {
        self.canonical.get_or_init(|| match &self.values {
            Values::Texts { ends, .. } => {
                let mut first: HashMap<&str, u32, foldhash::fast::FixedState> = HashMap::default();
                let codes = (0..ends.len() as u32).map(|node| match self.text(node) {
                    Some(text) => *first.entry(text).or_insert(node),
                    None => NULL,
                });
                codes.collect()
            }
            Values::Cells(cells) => {
                let mut first: HashMap<Key, u32> = HashMap::new();
                let codes = (0..).zip(cells).map(|(node, cell)| match cell {
                    Cell::Null => NULL,
                    cell => *first.entry(Key(Box::new([cell.clone()]))).or_insert(node),
                });
                codes.collect()
            }
        })
    }

    /// Whether no two of these nodes have the same value, null included.
    pub(in crate::executor) fn is_unique(&self, nodes: &[u32]) -> bool {
        let canonical = self.canonical();
        let mut seen = Bits::default();
        let mut nulls = 0;
        nodes.iter().all(|&node| match canonical.get(node as usize) {
            Some(&code) if code != NULL => {
                let new = !seen.contains(code);
                seen.insert(code);
                new
            }
            _ => {
                nulls += 1;
                nulls < 2
            }
        })
    }

    /// About how many bytes it takes in memory, what may be added later included.
    pub(in crate::executor) fn bytes(&self) -> u64 {
        match &self.values {
            Values::Texts { ends, bytes, .. } => (ends.len() * 9 + bytes.len()) as u64,
            Values::Cells(cells) => cells.iter().map(|cell| size_of::<Cell>() as u64 + 4 + cell.held_bytes()).sum(),
        }
    }
}

/// The texts one after the other; `None` if some value is no text, or there are 4 GiB of them.
fn texts(values: &[Cell]) -> Option<Values> {
    let (mut ends, mut bytes, mut present) = (Vec::with_capacity(values.len()), String::new(), Bits::default());
    for (node, value) in (0..).zip(values) {
        match value {
            Cell::Null => {}
            Cell::Text(text) => {
                bytes.push_str(text);
                present.insert(node);
            }
            _ => return None,
        }
        ends.push(u32::try_from(bytes.len()).ok()?);
    }
    Some(Values::Texts { ends, bytes, present })
}
