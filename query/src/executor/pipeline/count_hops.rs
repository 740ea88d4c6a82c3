//! How many hops lead on from a node, without listing them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use hopgraph_engine::{Edge, NodeId, Topology};

use super::expand::matching;
use super::{Feed, Spec, Stage};
use crate::executor::column::{Bits, Chunk, Column, Run};
use crate::executor::compute::Held;
use crate::fault::{Result, value};
use crate::planner::plan::Slot;
use crate::syntax::ast::Span;

/// Counts are remembered for graphs of up to so many nodes.
const NODES_REMEMBERED: usize = 1 << 24;

/// Multiplies the weight of each row by the number of ways to go on from a node; rows without a way are left out.
pub(super) struct CountHops {
    pub(super) from: Slot,
    pub(super) branch: Branch,
    /// The slots of relationships whose edges must not be walked again.
    pub(super) unlike: Vec<Slot>,
    pub(super) before: Option<Slot>,
    pub(super) weight: Slot,
    /// The bytes of what is remembered.
    pub(super) _held: Held,
}

/// A hop and what goes on from its end.
pub(super) struct Branch {
    topology: Arc<Topology>,
    /// The end must be in all of these sets.
    ends: Vec<Bits>,
    inner: Vec<Branch>,
    /// One more than the count of each node; 0 is not known yet. Empty: nothing is worth remembering.
    known: Vec<AtomicU64>,
}

impl Branch {
    pub(super) fn new(topology: Arc<Topology>, ends: Vec<Bits>, inner: Vec<Self>) -> Self {
        let nodes = topology.node_count();
        let simple = ends.is_empty() && inner.is_empty();
        let remembered = if simple || nodes > NODES_REMEMBERED { 0 } else { nodes };
        Self { topology, ends, inner, known: std::iter::repeat_with(AtomicU64::default).take(remembered).collect() }
    }

    /// About how many bytes it remembers.
    pub(super) fn bytes(&self) -> u64 {
        self.known.len() as u64 * 8 + self.inner.iter().map(Self::bytes).sum::<u64>()
    }

    /// The ways to go on from a node; `None` if there are more than an integer can count.
    fn count(&self, node: u32, run: &Run<'_, '_>) -> Option<u64> {
        let node = NodeId::new(node);
        if self.ends.is_empty() && self.inner.is_empty() {
            return Some(self.topology.degree(node) as u64);
        }
        let known = self.known.get(node.index());
        if let Some(count) = known.map(|known| known.load(Ordering::Relaxed)).and_then(|known| known.checked_sub(1)) {
            return Some(count);
        }
        let ends = self.topology.ends(node);
        run.touch(ends.len() as u64);
        let mut total = 0_u64;
        for &end in ends.iter().filter(|&&end| self.fits(end)) {
            let mut ways = 1_u64;
            for branch in &self.inner {
                ways = ways.checked_mul(branch.count(end, run)?)?;
            }
            total = total.checked_add(ways)?;
        }
        if let Some(known) = known {
            known.store(total.checked_add(1)?, Ordering::Relaxed);
        }
        Some(total)
    }

    fn fits(&self, node: u32) -> bool {
        self.ends.iter().all(|set| set.contains(node))
    }

    /// Whether a hop from the node goes along this edge.
    fn has(&self, node: u32, edge: Edge) -> bool {
        let node = NodeId::new(node);
        let end = if edge.source == node { edge.target } else { edge.source };
        let (first, last) = matching(self.topology.ends(node), end.get());
        let mut steps = self.topology.steps(node).skip(first).take(last - first);
        self.fits(end.get()) && steps.any(|step| step.edge(node) == edge)
    }
}

impl Spec for CountHops {
    fn start(self: Arc<Self>, input: Feed) -> Feed {
        Box::new(Counting { spec: self, input })
    }
}

struct Counting {
    spec: Arc<CountHops>,
    input: Feed,
}

impl Stage for Counting {
    fn next(&mut self, run: &Run<'_, '_>) -> Result<Option<Chunk>> {
        while let Some(chunk) = self.input.next(run)? {
            run.budget.check()?;
            let (mut rows, mut weights) = (Vec::new(), Vec::new());
            for row in 0..chunk.rows {
                let ways = self.spec.ways(&chunk, row, run);
                let weight = ways.and_then(|ways| i64::try_from(ways).ok());
                let Some(weight) = weight else {
                    return Err(value(Span::default(), "the number of rows is too large for an integer"));
                };
                if weight > 0 {
                    rows.push(row as u32);
                    weights.push(weight);
                }
            }
            if rows.is_empty() {
                continue;
            }
            let mut counted = if rows.len() == chunk.rows { chunk } else { chunk.gather(&rows) };
            counted.set(self.spec.weight, Column::Integers(weights));
            return Ok(Some(counted));
        }
        Ok(None)
    }
}

impl CountHops {
    fn ways(&self, chunk: &Chunk, row: usize, run: &Run<'_, '_>) -> Option<u64> {
        let Some(node) = chunk.get(self.from).and_then(|column| column.node(row)) else { return Some(0) };
        let mut ways = self.branch.count(node, run)?;
        for slot in &self.unlike {
            let walked = chunk.get(*slot).and_then(|column| column.edge(row));
            ways -= u64::from(walked.is_some_and(|edge| self.branch.has(node, edge)));
        }
        ways.checked_mul(weight(chunk, self.before, row).unsigned_abs())
    }
}

/// For how many rows a row stands.
pub(super) fn weight(chunk: &Chunk, slot: Option<Slot>, row: usize) -> i64 {
    match slot.and_then(|slot| chunk.get(slot)) {
        Some(Column::Integers(weights)) => weights[row],
        Some(column) => match column.cell(row) {
            crate::value::Cell::Integer(weight) => weight,
            _ => 1,
        },
        None => 1,
    }
}
