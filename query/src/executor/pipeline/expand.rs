//! For each row, each single hop from a node.

use std::sync::Arc;

use hopgraph_engine::{Edge, NodeId, Topology};

use super::{Feed, Spec, Stage};
use crate::executor::column::{Bits, CHUNK_ROWS, Chunk, Column, NULL, Run};
use crate::fault::Result;
use crate::planner::plan::Slot;

/// A hop, with all that it needs to know.
pub(super) struct Expand {
    pub(super) from: Slot,
    pub(super) to: Slot,
    /// Where the edge goes, if somebody reads it.
    pub(super) edge: Option<Slot>,
    /// Whether the row holds the end already, and the hop must lead to it.
    pub(super) into: bool,
    pub(super) topology: Arc<Topology>,
    /// The end must be in all of these sets.
    pub(super) ends: Vec<Bits>,
    /// The slots of relationships whose edges must not be walked again.
    pub(super) unlike: Vec<Slot>,
    /// Each end once, however many edges lead to it.
    pub(super) distinct_ends: bool,
    /// The other slots that somebody reads later.
    pub(super) keep: Vec<Slot>,
}

impl Spec for Expand {
    fn start(self: Arc<Self>, input: Feed) -> Feed {
        Box::new(Expanding { spec: self, input, chunk: Chunk::default(), row: 0, step: 0 })
    }
}

struct Expanding {
    spec: Arc<Expand>,
    input: Feed,
    /// The rows at work, and how far they have been dealt with.
    chunk: Chunk,
    row: usize,
    step: usize,
}

/// The rows that are being made.
#[derive(Default)]
struct Made {
    parents: Vec<u32>,
    ends: Vec<u32>,
    edges: Vec<Edge>,
}

impl Stage for Expanding {
    fn next(&mut self, run: &Run<'_, '_>) -> Result<Option<Chunk>> {
        loop {
            if self.row == self.chunk.rows {
                let Some(chunk) = self.input.next(run)? else { return Ok(None) };
                (self.chunk, self.row, self.step) = (chunk, 0, 0);
            }
            run.budget.check()?;
            let mut made = Made::default();
            let touched = self.fill(&mut made);
            run.touch(touched);
            if !made.parents.is_empty() {
                return Ok(Some(self.finish(made)));
            }
        }
    }
}

impl Expanding {
    /// Makes rows until there are enough of them or no rows left. Says how many neighbours it looked at.
    fn fill(&mut self, made: &mut Made) -> u64 {
        let spec = &*self.spec;
        let Some(from) = self.chunk.get(spec.from) else {
            self.row = self.chunk.rows;
            return 0;
        };
        let plain = spec.edge.is_none() && spec.unlike.is_empty() && !spec.into && !spec.distinct_ends;
        let mut touched = 0;
        while self.row < self.chunk.rows && made.parents.len() < CHUNK_ROWS {
            let Some(source) = from.node(self.row) else {
                self.row += 1;
                continue;
            };
            let source = NodeId::new(source);
            let row = self.row as u32;
            let room = CHUNK_ROWS - made.parents.len();
            let all = spec.topology.ends(source);
            let (first, last) = match spec.into.then(|| self.chunk.get(spec.to).and_then(|to| to.node(self.row))) {
                Some(Some(target)) => matching(all, target),
                Some(None) => (0, 0),
                None => (0, all.len()),
            };
            let start = (first + self.step).min(last);
            let end = (start + room).min(last);
            touched += (end - start) as u64;
            if plain && spec.ends.is_empty() {
                made.ends.extend(&all[start..end]);
                made.parents.resize(made.ends.len(), row);
            } else if plain {
                let fitting = all[start..end].iter().filter(|&&node| spec.fits(node));
                made.ends.extend(fitting);
                made.parents.resize(made.ends.len(), row);
            } else {
                spec.steps(&self.chunk, self.row, source, start..end, made);
            }
            if end < last {
                self.step = end - first;
            } else {
                self.row += 1;
                self.step = 0;
            }
        }
        touched
    }

    fn finish(&self, made: Made) -> Chunk {
        let mut chunk = self.chunk.gather_slots(&made.parents, &self.spec.keep);
        if !self.spec.into {
            chunk.set(self.spec.to, Column::Nodes(made.ends));
        }
        if let Some(edge) = self.spec.edge {
            chunk.set(edge, Column::Edges(made.edges));
        }
        chunk
    }
}

impl Expand {
    fn fits(&self, node: u32) -> bool {
        self.ends.iter().all(|set| set.contains(node))
    }

    /// The steps of one row, looked at one by one.
    fn steps(&self, chunk: &Chunk, row: usize, source: NodeId, places: std::ops::Range<usize>, made: &mut Made) {
        let all = self.topology.ends(source);
        let steps = self.topology.steps(source).skip(places.start).take(places.len());
        for (place, step) in places.clone().zip(steps) {
            let end = step.node.get();
            let repeated = self.distinct_ends && place > 0 && all[place - 1] == end;
            if repeated || !self.into && !self.fits(end) {
                continue;
            }
            let edge = step.edge(source);
            let walked = |slot: &Slot| chunk.get(*slot).and_then(|column| column.edge(row)) == Some(edge);
            if self.unlike.iter().any(walked) {
                continue;
            }
            made.parents.push(row as u32);
            made.ends.push(end);
            if self.edge.is_some() {
                made.edges.push(edge);
            }
        }
    }
}

/// Where the steps to a node stand in a row of ends.
pub(super) fn matching(ends: &[u32], target: u32) -> (usize, usize) {
    if target == NULL {
        return (0, 0);
    }
    let first = ends.partition_point(|&end| end < target);
    (first, first + ends[first..].iter().take_while(|&&end| end == target).count())
}
