//! For each row, each of some nodes: a scan that is not the first.

use std::sync::Arc;

use super::{Feed, Spec, Stage};
use crate::executor::column::{CHUNK_ROWS, Chunk, Column, Run};
use crate::fault::Result;
use crate::planner::plan::Slot;

/// The nodes that each row meets.
pub(super) struct Scan {
    pub(super) slot: Slot,
    pub(super) nodes: Arc<[u32]>,
}

impl Spec for Scan {
    fn start(self: Arc<Self>, input: Feed) -> Feed {
        Box::new(Scanning { spec: self, input, chunk: Chunk::default(), row: 0, place: 0 })
    }
}

struct Scanning {
    spec: Arc<Scan>,
    input: Feed,
    chunk: Chunk,
    row: usize,
    place: usize,
}

impl Stage for Scanning {
    fn next(&mut self, run: &Run<'_, '_>) -> Result<Option<Chunk>> {
        run.budget.check()?;
        let nodes = &self.spec.nodes;
        if nodes.is_empty() {
            return Ok(None);
        }
        if self.place == nodes.len() {
            (self.row, self.place) = (self.row + 1, 0);
        }
        if self.row == self.chunk.rows {
            let Some(chunk) = self.input.next(run)? else { return Ok(None) };
            (self.chunk, self.row, self.place) = (chunk, 0, 0);
        }
        let end = (self.place + CHUNK_ROWS).min(nodes.len());
        let part = nodes[self.place..end].to_vec();
        let mut chunk = self.chunk.gather(&vec![self.row as u32; part.len()]);
        chunk.set(self.spec.slot, Column::Nodes(part));
        self.place = end;
        Ok(Some(chunk))
    }
}
