//! The part of a graph that walks from a few nodes can see, read from the store page by page: for one question about a
//! neighbourhood in a large graph that nobody has decoded.

use std::sync::Arc;

use super::cache::TopologyCache;
use super::chunk::{CHUNK_NODES, Chunk, RawStep};
use super::csr::Topology;
use super::decode::Part;
use super::moment::Moment;
use super::step::{Shape, TopologyKey, steps_of};
use crate::storage::failure::malformed;
use crate::storage::family::Family;
use crate::storage::key::{self, Side};
use crate::storage::pages;
use crate::storage::snapshot::StoreSnapshot;
use crate::sync::atomic::Ordering;
use crate::{Budget, Catalog, Charge, Edge, NodeId, NodeSet, StorageError};

/// Neighbours that are decoded in the time that it takes to find the page of a node.
const NEIGHBORS_A_PAGE: u64 = 32;

/// A graph whose edges take fewer bytes is decoded whole for any question.
const BYTES_READ_WHOLE: u64 = if cfg!(test) { 1 } else { 4 << 20 };

/// About how many bytes of edges are decoded, both ways, in the time that a neighbour takes to be read by itself.
const BYTES_A_NEIGHBOR: u64 = if cfg!(test) { 1 } else { 2 };

/// What a reading may cost, in neighbours.
#[derive(Clone, Copy, Debug)]
struct ReadingCost {
    most: u64,
    spent: u64,
}

impl TopologyCache {
    /// The edges under this key that walks of at most so many hops from some nodes can take, or more of them. Reads their
    /// pages only, as long as all such readings together have cost less than decoding the whole graph once would.
    pub(crate) fn get_around(
        &self,
        key: &TopologyKey,
        starts: &NodeSet,
        hops: u32,
        moment: Moment<'_>,
        budget: &Budget,
    ) -> Result<Arc<Topology>, StorageError> {
        let bytes = moment.store.approximate_bytes(Family::Adjacency);
        let spent = self.spent.load(Ordering::Relaxed);
        let mut cost = ReadingCost { most: (bytes / BYTES_A_NEIGHBOR).saturating_sub(spent), spent: 0 };
        if bytes < BYTES_READ_WHOLE || starts.len() > cost.most || self.has(key, moment.generation) {
            return self.get(key, moment, budget);
        }
        let found = Topology::read_around((moment.store, moment.catalog), key, starts, hops, &mut cost, budget)?;
        self.spent.fetch_add(cost.spent, Ordering::Relaxed);
        found.map_or_else(|| self.get(key, moment, budget), |found| Ok(Arc::new(found)))
    }
}

impl Topology {
    /// The edges that walks of at most so many hops from some nodes can take: so every such walk in the graph is one in
    /// this topology, and the other way round. `None` if it costs more than it may; what was spent is noted either way.
    fn read_around(
        (store, catalog): (&StoreSnapshot, &Catalog),
        key: &TopologyKey,
        starts: &NodeSet,
        hops: u32,
        cost: &mut ReadingCost,
        budget: &Budget,
    ) -> Result<Option<Self>, StorageError> {
        let parts = key.parts(catalog);
        let mut held = Charge::new(budget);
        let mut edges: Vec<(Edge, bool)> = Vec::new();
        let (mut seen, mut frontier) = (starts.clone(), starts.clone());
        for _ in 0..hops {
            let mut ends = NodeSet::new();
            for &part in &parts {
                let mut reader = SideReader { store, part, edges: &mut edges, ends: &mut ends, held: &mut held };
                if !reader.read(&frontier, cost)? {
                    return Ok(None);
                }
            }
            ends.subtract(&seen);
            seen.union_with(&ends);
            frontier = ends;
            if frontier.is_empty() {
                break;
            }
        }
        // An edge between two nodes of the neighbourhood was found at both of its ends.
        edges.sort_unstable();
        edges.dedup();
        let steps_bytes = 2 * edges.len() * size_of::<RawStep>();
        let _sorting = budget.charge(steps_bytes as u64)?;
        let shape = Shape::new(key.direction, edges.iter().map(|(_, symmetric)| *symmetric));
        let steps = edges.iter().flat_map(|&(edge, symmetric)| steps_of(edge, symmetric, key.direction));
        let steps = steps.map(|(from, step)| RawStep::new(from, step)).collect();
        drop((edges, held));
        let topology = Self::from_few_steps(steps, shape);
        let held = Charge::new(budget);
        Ok(Some(topology.holding(held)?))
    }

    /// A topology of which most chunks are empty: those are one and the same.
    fn from_few_steps(mut steps: Vec<RawStep>, shape: Shape) -> Self {
        steps.sort_unstable_by_key(|step| (step.from, step.packed()));
        let node_count = steps.iter().map(|step| step.from.max(step.end) as usize + 1).max().unwrap_or(0);
        let empty = Arc::new(Chunk::empty());
        let mut chunks = vec![empty; node_count.div_ceil(CHUNK_NODES)];
        let chunk_of = |step: &RawStep| step.from as usize / CHUNK_NODES;
        for steps in steps.chunk_by(|one, other| chunk_of(one) == chunk_of(other)) {
            let mut rest = steps.iter().peekable();
            chunks[chunk_of(&steps[0])] = Arc::new(Chunk::from_rows(steps.len(), |row, rows| {
                while let Some(step) = rest.next_if(|step| step.from as usize % CHUNK_NODES == row) {
                    rows.push(step.step());
                }
            }));
        }
        Self::new(chunks, node_count, shape)
    }
}

/// Reads one side of one relation type.
struct SideReader<'r> {
    store: &'r StoreSnapshot,
    part: Part,
    edges: &'r mut Vec<(Edge, bool)>,
    ends: &'r mut NodeSet,
    held: &'r mut Charge,
}

impl SideReader<'_> {
    /// Reads the sets of these nodes; false if that costs too much. The cursor moves over nodes that have none at once.
    fn read(&mut self, nodes: &NodeSet, cost: &mut ReadingCost) -> Result<bool, StorageError> {
        let side = key::adjacency_side(self.part.relation, self.part.side);
        let mut entries = self.store.prefix(Family::Adjacency, side);
        let mut next = nodes.iter().next();
        while let Some(node) = next {
            let wanted = key::adjacency(self.part.relation, self.part.side, node);
            entries.seek(wanted.as_ref());
            cost.spent += NEIGHBORS_A_PAGE;
            self.held.budget().check()?;
            let mut at = None;
            while let Some((entry, value)) = entries.entry()? {
                let from = node_of(entry)?;
                if from != node {
                    at = Some(from);
                    break;
                }
                cost.spent += self.read_page(node, entry, value)?;
                if cost.spent > cost.most {
                    return Ok(false);
                }
                entries.advance();
            }
            // `None`: no node from here on has a set.
            next = at.and_then(|at| nodes.iter_from(at).next());
        }
        Ok(true)
    }

    fn read_page(&mut self, node: NodeId, entry: &[u8], value: &[u8]) -> Result<u64, StorageError> {
        let Part { relation, side, symmetric, .. } = self.part;
        let before = self.edges.len();
        let (edges, ends) = (&mut *self.edges, &mut *self.ends);
        pages::for_each_member(Family::Adjacency, entry, value, |end| {
            let end = NodeId::new(end);
            let (source, target) = if side == Side::Out { (node, end) } else { (end, node) };
            edges.push((Edge { relation, source, target }.canonical(symmetric), symmetric));
            ends.insert(end);
        })?;
        self.held.resize((self.edges.capacity() * size_of::<(Edge, bool)>()) as u64)?;
        Ok((self.edges.len() - before) as u64)
    }
}

fn node_of(entry: &[u8]) -> Result<NodeId, StorageError> {
    let (_, _, node) = key::parse_adjacency(entry).ok_or_else(|| malformed(Family::Adjacency, entry))?;
    Ok(node)
}
