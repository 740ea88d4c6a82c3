//! A topology brought up to date with a few edges: only the chunks that they touch are made anew.

use std::sync::Arc;

use super::chunk::{CHUNK_NODES, Chunk, ChunkBuilder, RawStep};
use super::csr::Topology;
use super::step::{Shape, steps_of};
use crate::{Direction, Edge};

/// An edge that commits have written since a topology was made, as it is now.
#[derive(Clone, Copy, Debug)]
pub(super) struct ChangedEdge {
    pub(super) edge: Edge,
    pub(super) symmetric: bool,
    /// Whether it is in the graph.
    pub(super) exists: bool,
}

/// A step to be put into its row, or to be taken out.
type StepEdit = (RawStep, bool);

impl Topology {
    /// The same topology with these edges as they are now. The chunks of both ends of each are new, even where their
    /// rows stay the same: what is kept beside a chunk is then known to be out of date.
    pub(super) fn patched(&self, edges: &[ChangedEdge], direction: Direction, node_count: usize, shape: Shape) -> Self {
        let mut edits: Vec<StepEdit> = Vec::with_capacity(2 * edges.len());
        for changed in edges {
            let steps = steps_of(changed.edge, changed.symmetric, direction);
            edits.extend(steps.map(|(from, step)| (RawStep::new(from, step), changed.exists)));
        }
        edits.sort_unstable_by_key(|(step, _)| (step.from, step.packed()));
        let node_count = node_count.max(self.node_count);
        let mut chunks = self.chunks.clone();
        if chunks.len() * CHUNK_NODES < node_count {
            chunks.resize(node_count.div_ceil(CHUNK_NODES), Arc::new(Chunk::empty()));
        }
        for edits in edits.chunk_by(|a, b| chunk_of(a) == chunk_of(b)) {
            let chunk = &mut chunks[chunk_of(&edits[0])];
            *chunk = Arc::new(edited(chunk, edits));
        }
        Self::new(chunks, node_count, shape)
    }
}

fn chunk_of((step, _): &StepEdit) -> usize {
    step.from as usize / CHUNK_NODES
}

fn edited(chunk: &Chunk, mut edits: &[StepEdit]) -> Chunk {
    Chunk::from_rows(chunk.ends.len() + edits.len(), |index, rows| {
        let of_row = edits.partition_point(|(step, _)| step.from as usize % CHUNK_NODES <= index);
        let (here, rest) = edits.split_at(of_row);
        edits = rest;
        if here.is_empty() { rows.copy(chunk, chunk.row(index)) } else { merge(chunk, index, here, rows) }
    })
}

/// Appends a row with its edits, both in order.
fn merge(chunk: &Chunk, row: usize, edits: &[StepEdit], rows: &mut ChunkBuilder) {
    let mut edits = edits.iter().peekable();
    for place in chunk.row(row) {
        let step = chunk.step(place);
        let packed = step.packed();
        while let Some((edit, exists)) = edits.next_if(|(edit, _)| edit.packed() < packed) {
            if *exists {
                rows.push(edit.step());
            }
        }
        let kept = edits.next_if(|(edit, _)| edit.packed() == packed).is_none_or(|(_, exists)| *exists);
        if kept {
            rows.push(step);
        }
    }
    edits.filter(|(_, exists)| *exists).for_each(|(edit, _)| rows.push(edit.step()));
}
