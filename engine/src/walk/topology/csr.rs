//! Compressed sparse rows: the steps from every node, one after the other.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use super::chunk::{self, CHUNK_NODES, Chunk, RawStep};
use super::step::{Shape, Step, steps_of};
use crate::{Budget, Charge, Direction, Edge, Interruption, NodeId, NodeSet, StorageError};

/// The steps from every node, sorted by end node, then type. Two parallel edges are two steps; a loop is one.
#[derive(Clone, Debug, Default)]
pub struct Topology {
    pub(super) chunks: Vec<Arc<Chunk>>,
    pub(super) node_count: usize,
    step_count: u64,
    pub(super) shape: Shape,
    /// The same steps from their other end, once somebody has asked for them.
    reversed: OnceLock<Arc<Topology>>,
    /// All numbers of nodes, once somebody has asked for them.
    nodes: OnceLock<Arc<NodeSet>>,
    /// What it takes of the budget of the work that made it for itself; `None` for one that all share, and in tests.
    held: Option<Arc<Charge>>,
}

/// Bytes of a chunk beside its rows.
const CHUNK_BYTES: u64 = size_of::<Chunk>() as u64 + 32;

/// About how many bytes an answer to whether an edge is kept takes.
const ANSWER_BYTES: u64 = 2 * size_of::<(Edge, bool)>() as u64;

/// The lower bits of the number of a step in the list of all steps are its place in its chunk, the upper ones the chunk.
const STEP_BITS: u32 = u32::BITS;

impl Topology {
    /// A topology of these edges, each with whether its type is symmetric: for tests, and for graphs that are not
    /// stored.
    pub fn from_edges(edges: impl IntoIterator<Item = (Edge, bool)>, direction: Direction) -> Self {
        let (mut steps, mut symmetry) = (Vec::new(), Vec::new());
        for (edge, symmetric) in edges {
            steps.extend(steps_of(edge, symmetric, direction).map(|(from, step)| RawStep::new(from, step)));
            symmetry.push(symmetric);
        }
        Self::from_steps(&steps, Shape::new(direction, symmetry.into_iter()))
    }

    fn from_steps(steps: &[RawStep], shape: Shape) -> Self {
        let node_count = steps.iter().map(|step| step.from.max(step.end) as usize + 1).max().unwrap_or(0);
        Self::new(chunk::chunks(steps, 0, node_count), node_count, shape)
    }

    pub(super) fn new(chunks: Vec<Arc<Chunk>>, node_count: usize, shape: Shape) -> Self {
        let step_count = chunks.iter().map(|chunk| chunk.ends.len() as u64).sum();
        Self { chunks, node_count, step_count, shape, reversed: OnceLock::new(), nodes: OnceLock::new(), held: None }
    }

    /// The same, held from a budget.
    pub(super) fn holding(self, mut held: Charge) -> Result<Self, Interruption> {
        held.resize(self.memory_bytes())?;
        Ok(Self { held: Some(Arc::new(held)), ..self })
    }

    /// All nodes that have a step or end one are below this number.
    pub fn node_count(&self) -> usize {
        self.node_count
    }

    /// All numbers below that count, whether the graph has such nodes or not; made once, then kept.
    pub fn nodes(&self) -> Arc<NodeSet> {
        Arc::clone(self.nodes.get_or_init(|| Arc::new(NodeSet::first(self.node_count))))
    }

    /// How many steps there are in all.
    pub fn step_count(&self) -> u64 {
        self.step_count
    }

    /// Whether every step can be taken back.
    pub fn is_undirected(&self) -> bool {
        self.shape == Shape::Undirected
    }

    /// Whether no step but a loop can be taken back along its edge.
    pub(crate) fn is_one_way(&self) -> bool {
        self.shape == Shape::OneWay
    }

    /// The chunk of a node, and where its row stands in it.
    fn row(&self, node: NodeId) -> Option<(&Chunk, Range<usize>)> {
        let chunk = self.chunks.get(node.index() / CHUNK_NODES)?;
        Some((&**chunk, chunk.row(node.index() % CHUNK_NODES)))
    }

    /// The steps from a node, in order of end node, then type; none for a node without edges.
    pub fn steps(&self, node: NodeId) -> impl ExactSizeIterator<Item = Step> + '_ {
        self.step_range(node).map(|index| self.step(index))
    }

    /// Where in the list of all steps those of a node stand, for a walk that keeps its place.
    pub(crate) fn step_range(&self, node: NodeId) -> Range<usize> {
        let base = (node.index() / CHUNK_NODES) << STEP_BITS;
        self.row(node).map_or(0..0, |(_, row)| base + row.start..base + row.end)
    }

    /// The step at a place in the list of all steps.
    pub(crate) fn step(&self, index: usize) -> Step {
        self.chunks[index >> STEP_BITS].step(index & ((1 << STEP_BITS) - 1))
    }

    /// The end nodes of the steps from a node, in order; one for each step.
    pub fn ends(&self, node: NodeId) -> &[u32] {
        self.row(node).map_or(&[], |(chunk, row)| &chunk.ends[row])
    }

    /// How many steps lead from a node.
    pub fn degree(&self, node: NodeId) -> usize {
        self.row(node).map_or(0, |(_, row)| row.len())
    }

    /// How many steps lead from one node to the other.
    pub fn multiplicity(&self, from: NodeId, to: NodeId) -> usize {
        let ends = self.ends(from);
        let start = ends.partition_point(|&end| end < to.get());
        ends[start..].iter().take_while(|&&end| end == to.get()).count()
    }

    /// The steps from one node to the other.
    pub(crate) fn steps_to(&self, from: NodeId, to: NodeId) -> impl Iterator<Item = Step> + '_ {
        let ends = self.ends(from);
        let first = self.step_range(from).start + ends.partition_point(|&end| end < to.get());
        (first..first + self.multiplicity(from, to)).map(|index| self.step(index))
    }

    /// Whether some step leads from one node to the other.
    pub fn connects(&self, from: NodeId, to: NodeId) -> bool {
        self.ends(from).binary_search(&to.get()).is_ok()
    }

    /// The same graph with only those edges that the caller keeps; each edge is asked for once. What is made is held from
    /// the budget as long as it lives.
    pub fn filtered(
        &self,
        budget: &Budget,
        mut keep: impl FnMut(Edge) -> Result<bool, StorageError>,
    ) -> Result<Self, StorageError> {
        let mut held = Charge::new(budget);
        let mut answers_held = Charge::new(budget);
        let mut answers: HashMap<Edge, bool> = HashMap::new();
        let mut steps = Vec::new();
        for node in (0..self.node_count() as u32).map(NodeId::new) {
            for step in self.steps(node) {
                let edge = step.edge(node);
                let kept = match answers.get(&edge) {
                    Some(&known) => known,
                    None => {
                        let answer = keep(edge)?;
                        // Only the step back, which is still to come, will ask again.
                        if step.node > node {
                            answers_held.grow(ANSWER_BYTES)?;
                            answers.insert(edge, answer);
                        }
                        answer
                    }
                };
                if kept {
                    held.push(&mut steps, RawStep::new(node, step))?;
                }
            }
        }
        drop((answers, answers_held));
        let _sorting = budget.charge(chunk::sorting_bytes(steps.len(), self.node_count()))?;
        Ok(Self::from_steps(&steps, self.shape).holding(held)?)
    }

    /// The same steps taken from their other end; found once, then kept.
    pub fn backward(self: &Arc<Self>, budget: &Budget) -> Result<Arc<Self>, Interruption> {
        if self.is_undirected() {
            return Ok(Arc::clone(self));
        }
        if let Some(known) = self.reversed.get() {
            return Ok(Arc::clone(known));
        }
        // Not inside of the cell: this runs on all cores, and a worker that waits for the others may take up work that
        // asks for the same cell. So two threads may both do it.
        let reversed = Arc::new(self.reversed(budget)?);
        Ok(Arc::clone(self.reversed.get_or_init(|| reversed)))
    }

    fn reversed(&self, budget: &Budget) -> Result<Self, Interruption> {
        let held = budget.charge(self.memory_bytes())?;
        let steps_bytes = self.step_count * size_of::<RawStep>() as u64;
        let sorting_bytes = chunk::sorting_bytes(self.step_count as usize, self.node_count());
        let _sorting = budget.charge(steps_bytes + sorting_bytes)?;
        let mut steps = Vec::with_capacity(self.step_count as usize);
        for node in (0..self.node_count() as u32).map(NodeId::new) {
            let back = |step: Step| RawStep::new(step.node, step.reversed(node));
            steps.extend(self.steps(node).map(back));
        }
        let reversed = Self::from_steps(&steps, self.shape);
        if self.held.is_some() { reversed.holding(held) } else { Ok(reversed) }
    }

    /// About how many bytes it takes in memory, with the same steps from their other end if those were asked for.
    pub fn memory_bytes(&self) -> u64 {
        let own = self.chunks.len() as u64 * ((CHUNK_NODES as u64 + 1) * 4 + CHUNK_BYTES) + self.step_count * 6;
        own + self.reversed.get().map_or(0, |reversed| reversed.memory_bytes())
    }
}

/// Two topologies are the same if they have the same steps.
impl PartialEq for Topology {
    fn eq(&self, other: &Self) -> bool {
        let nodes = self.node_count.max(other.node_count) as u32;
        self.shape == other.shape && (0..nodes).map(NodeId::new).all(|node| self.steps(node).eq(other.steps(node)))
    }
}
