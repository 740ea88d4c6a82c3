//! Compressed sparse rows of a thousand nodes, and how they are made from steps in any order.

use std::ops::Range;
use std::sync::Arc;

use rayon::prelude::*;

use super::step::{Kind, Step};
use crate::NodeId;

/// Nodes of a chunk. A commit copies the chunks that it touches, some 100 KB each where nodes have twenty steps.
pub(super) const CHUNK_NODES: usize = 1024;

/// The steps of some consecutive nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Chunk {
    /// `offsets[n]..offsets[n + 1]` are the steps of the chunk's node `n`.
    offsets: Box<[u32]>,
    /// End node of each step.
    pub(super) ends: Vec<u32>,
    /// Kind of each step.
    pub(super) kinds: Vec<Kind>,
}

/// A step with where it starts, not yet in its row.
#[derive(Clone, Copy, Debug)]
pub(super) struct RawStep {
    pub(super) from: u32,
    pub(super) end: u32,
    kind: Kind,
}

impl RawStep {
    pub(super) fn new(from: NodeId, step: Step) -> Self {
        Self { from: from.get(), end: step.node.get(), kind: step.kind }
    }

    pub(super) fn step(self) -> Step {
        Step { node: NodeId::new(self.end), kind: self.kind }
    }

    pub(super) fn packed(self) -> u64 {
        self.step().packed()
    }
}

impl Chunk {
    pub(super) fn row(&self, row: usize) -> Range<usize> {
        self.offsets[row] as usize..self.offsets[row + 1] as usize
    }

    pub(super) fn step(&self, place: usize) -> Step {
        Step { node: NodeId::new(self.ends[place]), kind: self.kinds[place] }
    }

    /// A chunk without steps.
    pub(super) fn empty() -> Self {
        Self::from_rows(0, |_, _| {})
    }

    /// The chunk whose rows `row` appends, one after the other; there are about so many steps in all.
    pub(super) fn from_rows(steps: usize, mut row: impl FnMut(usize, &mut ChunkBuilder)) -> Self {
        let mut rows = ChunkBuilder { ends: Vec::with_capacity(steps), kinds: Vec::with_capacity(steps) };
        let mut offsets = Vec::with_capacity(CHUNK_NODES + 1);
        offsets.push(0);
        for index in 0..CHUNK_NODES {
            row(index, &mut rows);
            let length = u32::try_from(rows.ends.len());
            offsets.push(length.expect("a thousand nodes have fewer than four billion steps"));
        }
        rows.ends.shrink_to_fit();
        rows.kinds.shrink_to_fit();
        Self { offsets: offsets.into(), ends: rows.ends, kinds: rows.kinds }
    }
}

/// The steps of a chunk in the making.
pub(super) struct ChunkBuilder {
    ends: Vec<u32>,
    kinds: Vec<Kind>,
}

impl ChunkBuilder {
    pub(super) fn push(&mut self, step: Step) {
        self.ends.push(step.node.get());
        self.kinds.push(step.kind);
    }

    /// Appends a row as it stands in another chunk.
    pub(super) fn copy(&mut self, chunk: &Chunk, row: Range<usize>) {
        self.ends.extend_from_slice(&chunk.ends[row.clone()]);
        self.kinds.extend_from_slice(&chunk.kinds[row]);
    }
}

/// Bytes that [`chunks`] takes for a while beside its steps, with the chunks themselves.
pub(super) fn sorting_bytes(steps: usize, node_count: usize) -> u64 {
    (steps * (8 + 6) + node_count.next_multiple_of(CHUNK_NODES) * (16 + 4)) as u64
}

/// The chunks of `node_count` nodes from `first` on, which begins a chunk. The steps come in any order; fastest where
/// those of each node come in a few sorted runs.
pub(super) fn chunks(steps: &[RawStep], first: usize, node_count: usize) -> Vec<Arc<Chunk>> {
    if steps.is_empty() {
        let empty = Arc::new(Chunk::empty());
        return vec![empty; node_count.div_ceil(CHUNK_NODES)];
    }
    let row_count = node_count.next_multiple_of(CHUNK_NODES);
    let mut offsets = vec![0_usize; row_count + 1];
    for step in steps {
        offsets[step.from as usize - first + 1] += 1;
    }
    for index in 1..offsets.len() {
        offsets[index] += offsets[index - 1];
    }
    let mut places = offsets.clone();
    let mut packed = vec![0_u64; steps.len()];
    for step in steps {
        let place = &mut places[step.from as usize - first];
        packed[*place] = step.packed();
        *place += 1;
    }
    drop(places);
    let mut parts = Vec::new();
    let mut rest = &mut packed[..];
    for offsets in offsets.windows(CHUNK_NODES + 1).step_by(CHUNK_NODES) {
        let (part, after) = rest.split_at_mut(offsets[CHUNK_NODES] - offsets[0]);
        parts.push((offsets, part));
        rest = after;
    }
    parts.into_par_iter().map(|(offsets, part)| Arc::new(chunk(offsets, part))).collect()
}

fn chunk(offsets: &[usize], packed: &mut [u64]) -> Chunk {
    Chunk::from_rows(packed.len(), |index, rows| {
        let row = &mut packed[offsets[index] - offsets[0]..offsets[index + 1] - offsets[0]];
        // The stable sort makes use of sorted runs.
        row.sort();
        rows.ends.extend(row.iter().map(|step| (step >> 16) as u32));
        rows.kinds.extend(row.iter().map(|&step| Kind(step as u16)));
    })
}
