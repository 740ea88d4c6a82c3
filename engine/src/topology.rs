//! The shape of the graph under some relation types and one direction, as compressed sparse rows: what walks run on.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::storage::family::Family;
use crate::storage::key::{self, Fields, Side};
use crate::storage::set;
use crate::storage::store::{StoreSnapshot, damaged};
use crate::{Budget, Catalog, Direction, Edge, NodeId, Polarity, RelationTypeId, StorageError, read};

/// Which edges a walk may follow.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TopologyKey {
    /// The relation types, sorted, without duplicates; `None`: every asserted type.
    pub relations: Option<Vec<RelationTypeId>>,
    /// Which way.
    pub direction: Direction,
}

/// One step from a node along an edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Step {
    /// Where the step ends.
    pub node: NodeId,
    kind: Kind,
}

/// The relation type of a step in the lower 15 bits; the top bit says that the step goes against the edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Kind(u16);

impl Kind {
    const AGAINST: u16 = 1 << 15;

    fn new(relation: RelationTypeId, against: bool) -> Self {
        Self(relation.get() | if against { Self::AGAINST } else { 0 })
    }

    fn reversed(self) -> Self {
        Self(self.0 ^ Self::AGAINST)
    }
}

impl Step {
    /// The relation type of the edge.
    pub fn relation(self) -> RelationTypeId {
        RelationTypeId::new(self.kind.0 & !Kind::AGAINST)
    }

    /// The edge that the step from this node walks along, in canonical form.
    pub fn edge(self, from: NodeId) -> Edge {
        let (source, target) = if self.kind.0 & Kind::AGAINST == 0 { (from, self.node) } else { (self.node, from) };
        Edge { relation: self.relation(), source, target }
    }
}

/// The steps from every node, sorted by end node, then type. Two parallel edges are two steps; a loop is one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Topology {
    /// `offsets[n]..offsets[n + 1]` are the steps of node `n`.
    offsets: Vec<u64>,
    /// End node of each step.
    ends: Vec<u32>,
    /// Kind of each step.
    kinds: Vec<Kind>,
    /// Whether every step has its counterpart.
    undirected: bool,
}

impl Topology {
    /// A topology of these edges, each with whether its type is symmetric: for tests, and for graphs that are not
    /// stored.
    pub fn from_edges(edges: impl IntoIterator<Item = (Edge, bool)>, direction: Direction) -> Self {
        let mut builder = Builder::default();
        for (edge, symmetric) in edges {
            let edge = edge.canonical(symmetric);
            if symmetric || direction != Direction::In {
                builder.push(edge.source, edge.target, Kind::new(edge.relation, false));
            }
            let back = symmetric || direction != Direction::Out;
            let loop_twice = edge.source == edge.target && (symmetric || direction == Direction::Both);
            if back && !loop_twice {
                builder.push(edge.target, edge.source, Kind::new(edge.relation, true));
            }
        }
        builder.finish(direction == Direction::Both)
    }

    /// Reads a topology from the store.
    pub(crate) fn read(
        store: &StoreSnapshot<'_>,
        catalog: &Catalog,
        key: &TopologyKey,
        budget: &Budget,
    ) -> Result<Self, StorageError> {
        let mut builder = Builder::default();
        let mut undirected = true;
        for (relation, relation_type) in catalog.relation_types() {
            let wanted = match &key.relations {
                Some(relations) => relations.binary_search(&relation).is_ok(),
                None => relation_type.polarity == Polarity::Asserted,
            };
            if wanted {
                undirected &= relation_type.symmetric || key.direction == Direction::Both;
                for &side in read::sides(relation_type.symmetric, key.direction) {
                    let skip_loops = side == Side::In && key.direction == Direction::Both;
                    let read = Read { relation, side, symmetric: relation_type.symmetric, skip_loops };
                    builder.read(store, read, budget)?;
                }
            }
        }
        Ok(builder.finish(undirected))
    }

    /// One more than the largest node that has a step or ends one.
    pub fn node_count(&self) -> usize {
        self.offsets.len().saturating_sub(1)
    }

    /// How many steps there are in all.
    pub fn step_count(&self) -> u64 {
        self.ends.len() as u64
    }

    /// Whether every step can be taken back.
    pub fn is_undirected(&self) -> bool {
        self.undirected
    }

    fn range(&self, node: NodeId) -> std::ops::Range<usize> {
        match (self.offsets.get(node.index()), self.offsets.get(node.index() + 1)) {
            (Some(&start), Some(&end)) => start as usize..end as usize,
            _ => 0..0,
        }
    }

    /// The steps from a node, in order of end node, then type; none for a node without edges.
    pub fn steps(&self, node: NodeId) -> impl ExactSizeIterator<Item = Step> + '_ {
        self.range(node).map(|index| self.step(index))
    }

    /// Where in the list of all steps those of a node stand, for a walk that keeps its place.
    pub(crate) fn step_range(&self, node: NodeId) -> std::ops::Range<usize> {
        self.range(node)
    }

    /// The step at a place in the list of all steps.
    pub(crate) fn step(&self, index: usize) -> Step {
        Step { node: NodeId::new(self.ends[index]), kind: self.kinds[index] }
    }

    /// The end nodes of the steps from a node, in order; one for each step.
    pub fn ends(&self, node: NodeId) -> &[u32] {
        &self.ends[self.range(node)]
    }

    /// How many steps lead from a node.
    pub fn degree(&self, node: NodeId) -> usize {
        self.range(node).len()
    }

    /// How many steps lead from one node to the other.
    pub fn multiplicity(&self, from: NodeId, to: NodeId) -> usize {
        let ends = self.ends(from);
        let start = ends.partition_point(|&end| end < to.get());
        ends[start..].iter().take_while(|&&end| end == to.get()).count()
    }

    /// Whether some step leads from one node to the other.
    pub fn connects(&self, from: NodeId, to: NodeId) -> bool {
        self.ends(from).binary_search(&to.get()).is_ok()
    }

    /// The same graph with only those edges that the caller keeps; each edge is asked for once.
    pub fn filtered(&self, mut keep: impl FnMut(Edge) -> Result<bool, StorageError>) -> Result<Self, StorageError> {
        let mut answers: HashMap<Edge, bool> = HashMap::new();
        let mut builder = Builder::default();
        for node in (0..self.node_count() as u32).map(NodeId::new) {
            for step in self.steps(node) {
                let edge = step.edge(node);
                let kept = match answers.get(&edge) {
                    Some(&known) => known,
                    None => {
                        let answer = keep(edge)?;
                        // Only the step back, which is still to come, will ask again.
                        if step.node > node {
                            answers.insert(edge, answer);
                        }
                        answer
                    }
                };
                if kept {
                    builder.push(node, step.node, step.kind);
                }
            }
        }
        Ok(builder.finish(self.undirected))
    }

    /// The same steps taken from their other end.
    pub fn reversed(&self) -> Self {
        if self.undirected {
            return self.clone();
        }
        let mut builder = Builder::default();
        for node in (0..self.node_count() as u32).map(NodeId::new) {
            for step in self.steps(node) {
                builder.push(step.node, node, step.kind.reversed());
            }
        }
        builder.finish(false)
    }

    /// About how many bytes it takes in memory.
    pub fn memory_bytes(&self) -> u64 {
        self.offsets.len() as u64 * 8 + self.step_count() * 6
    }
}

/// One side of one relation type to be read.
#[derive(Clone, Copy)]
struct Read {
    relation: RelationTypeId,
    side: Side,
    symmetric: bool,
    skip_loops: bool,
}

/// Steps in any order, to be sorted into rows.
#[derive(Default)]
struct Builder {
    /// From, to, kind.
    steps: Vec<(u32, u32, Kind)>,
}

impl Builder {
    fn push(&mut self, from: NodeId, to: NodeId, kind: Kind) {
        self.steps.push((from.get(), to.get(), kind));
    }

    fn read(&mut self, store: &StoreSnapshot<'_>, read: Read, budget: &Budget) -> Result<(), StorageError> {
        store.prefix(Family::Adjacency, key::adjacency_side(read.relation, read.side)).for_each(|entry, value| {
            budget.check()?;
            let mut fields = Fields(entry);
            let (_, _, from) = (fields.u16(), fields.u8(), fields.u32());
            let from = from.ok_or_else(|| damaged(Family::Adjacency, entry, "the key is malformed"))?;
            let start = key::page_start(read::page_of_key(Family::Adjacency, entry)?);
            set::for_each_member(value, |member| {
                let to = start + member;
                let against = read.side == Side::In || (read.symmetric && to < from);
                if !(read.skip_loops && to == from) {
                    self.steps.push((from, to, Kind::new(read.relation, against)));
                }
            })
            .map_err(|error| damaged(Family::Adjacency, entry, error))
        })
    }

    /// Sorts by start, end and kind, and notes where the steps of each node begin.
    fn finish(mut self, undirected: bool) -> Topology {
        let node_count = self.steps.iter().map(|&(from, to, _)| from.max(to) as usize + 1).max().unwrap_or(0);
        self.steps.sort_unstable();
        let mut offsets = vec![0_u64; if node_count == 0 { 0 } else { node_count + 1 }];
        for &(from, ..) in &self.steps {
            offsets[from as usize + 1] += 1;
        }
        for index in 1..offsets.len() {
            offsets[index] += offsets[index - 1];
        }
        Topology {
            offsets,
            ends: self.steps.iter().map(|&(_, to, _)| to).collect(),
            kinds: self.steps.iter().map(|&(.., kind)| kind).collect(),
            undirected,
        }
    }
}

/// Topologies of the newest state of the graph that somebody asked for.
#[derive(Debug, Default)]
pub(crate) struct TopologyCache {
    entries: Mutex<CacheEntries>,
}

#[derive(Debug, Default)]
struct CacheEntries {
    /// The edge generation that the entries belong to.
    generation: u64,
    /// Most recently used last.
    topologies: Vec<(TopologyKey, Arc<Topology>)>,
}

/// Topologies kept at once.
const CACHED_MAX: usize = 8;

impl TopologyCache {
    /// The topology under this key at this generation. Two threads that ask at once may both build it.
    pub(crate) fn get_or_build(
        &self,
        key: &TopologyKey,
        generation: u64,
        build: impl FnOnce() -> Result<Topology, StorageError>,
    ) -> Result<Arc<Topology>, StorageError> {
        if let Some(found) = self.lock().get(key, generation) {
            return Ok(found);
        }
        let topology = Arc::new(build()?);
        self.lock().put(key, generation, &topology);
        Ok(topology)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, CacheEntries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CacheEntries {
    fn get(&mut self, key: &TopologyKey, generation: u64) -> Option<Arc<Topology>> {
        if generation != self.generation {
            return None;
        }
        let index = self.topologies.iter().position(|(known, _)| known == key)?;
        let entry = self.topologies.remove(index);
        let found = Arc::clone(&entry.1);
        self.topologies.push(entry);
        Some(found)
    }

    /// Keeps a topology unless it belongs to an older state than the others.
    fn put(&mut self, key: &TopologyKey, generation: u64, topology: &Arc<Topology>) {
        if generation < self.generation {
            return;
        }
        if generation > self.generation {
            self.generation = generation;
            self.topologies.clear();
        }
        self.topologies.retain(|(known, _)| known != key);
        if self.topologies.len() == CACHED_MAX {
            self.topologies.remove(0);
        }
        self.topologies.push((key.clone(), Arc::clone(topology)));
    }
}
