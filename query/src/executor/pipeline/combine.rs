//! Rows that agree in what is still read become one, with the sum of their weights.

use std::sync::Arc;

use super::count_hops::weight;
use super::{Feed, Spec, Stage};
use crate::executor::column::{Chunk, Column, NULL, Run};
use crate::fault::Result;
use crate::planner::plan::Slot;

/// Rows that come one after the other and agree in `run` are combined by the node in `node`; the rest of them is not
/// read any more. It is an improvement only, so that it may stop at any row: what it gives is right if equal rows come
/// more than once.
pub(super) struct Combine {
    pub(super) run: Option<Slot>,
    pub(super) node: Slot,
    pub(super) before: Option<Slot>,
    pub(super) weight: Slot,
}

impl Spec for Combine {
    fn start(self: Arc<Self>, input: Feed) -> Feed {
        let combining = Combining { spec: self, input, pending: None, current: NULL, sums: Sums::default() };
        Box::new(combining)
    }
}

struct Combining {
    spec: Arc<Combine>,
    input: Feed,
    /// Rows that are not dealt with yet, and from which one on.
    pending: Option<(Chunk, usize)>,
    /// The node of the run at work.
    current: u32,
    sums: Sums,
}

/// Sums by node, as a plain array with the places that are in use.
#[derive(Default)]
pub(super) struct Sums {
    sums: Vec<i64>,
    pub(super) used: Vec<u32>,
}

impl Sums {
    /// Adds to the sum of a node.
    pub(super) fn add(&mut self, node: u32, weight: i64) {
        let place = node as usize;
        if place >= self.sums.len() {
            self.sums.resize((place + 1).next_power_of_two(), 0);
        }
        if self.sums[place] == 0 {
            self.used.push(node);
        }
        self.sums[place] = self.sums[place].saturating_add(weight);
    }

    /// Takes out the sum of a node.
    pub(super) fn take(&mut self, node: u32) -> i64 {
        std::mem::take(&mut self.sums[node as usize])
    }
}

impl Stage for Combining {
    fn next(&mut self, run: &Run<'_, '_>) -> Result<Option<Chunk>> {
        loop {
            if self.pending.is_none() {
                self.pending = self.input.next(run)?.map(|chunk| (chunk, 0));
            }
            let Some((chunk, first)) = self.pending.take() else { return Ok(self.flush()) };
            let last = self.take_run(&chunk, first);
            if last < chunk.rows {
                self.pending = Some((chunk, last));
                if let Some(made) = self.flush() {
                    return Ok(Some(made));
                }
            }
        }
    }
}

impl Combining {
    /// Takes in the rows of one run. Says where the next begins.
    fn take_run(&mut self, chunk: &Chunk, first: usize) -> usize {
        let runs = self.spec.run.and_then(|slot| chunk.get(slot));
        let nodes = chunk.get(self.spec.node);
        let run_of = |row: usize| runs.and_then(|runs| runs.node(row)).unwrap_or(NULL);
        if self.sums.used.is_empty() {
            self.current = run_of(first);
        }
        for row in first..chunk.rows {
            if run_of(row) != self.current {
                return row;
            }
            if let Some(node) = nodes.and_then(|nodes| nodes.node(row)) {
                self.sums.add(node, weight(chunk, self.spec.before, row));
            }
        }
        chunk.rows
    }

    fn flush(&mut self) -> Option<Chunk> {
        if self.sums.used.is_empty() {
            return None;
        }
        let mut nodes = std::mem::take(&mut self.sums.used);
        nodes.sort_unstable();
        let mut chunk = Chunk::new(nodes.len());
        let weights = nodes.iter().map(|&node| self.sums.take(node)).collect();
        if let Some(run) = self.spec.run {
            chunk.set(run, Column::Nodes(vec![self.current; nodes.len()]));
        }
        chunk.set(self.spec.node, Column::Nodes(nodes));
        chunk.set(self.spec.weight, Column::Integers(weights));
        Some(chunk)
    }
}
