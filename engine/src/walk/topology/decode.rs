//! Reads a topology from the store: each relation type and side comes in order of node, so rows are only merged.

use std::ops::Range;
use std::sync::Arc;

use rayon::prelude::*;

use super::chunk::{self, CHUNK_NODES, Chunk, RawStep};
use super::csr::Topology;
use super::step::{Kind, Shape, Step, TopologyKey};
use crate::storage::counter::{NEXT_NODE, counter};
use crate::storage::failure::malformed;
use crate::storage::family::Family;
use crate::storage::key::{self, Side};
use crate::storage::lookup;
use crate::storage::pages;
use crate::storage::snapshot::StoreSnapshot;
use crate::{Budget, Catalog, Charge, Direction, NodeId, Polarity, RelationType, RelationTypeId, StorageError};

/// Nodes that are decoded in one go, at least: each go opens a cursor for every type and side.
const SPAN_NODES_MIN: usize = 16 * CHUNK_NODES;

/// Goes into which a large graph is cut, so that all cores have work to the end.
const SPANS: usize = 32;

/// Sets read between two looks at the budget.
const ENTRIES_PER_CHECK: u32 = 1024;

/// One side of one relation type to be read.
#[derive(Clone, Copy)]
pub(super) struct Part {
    pub(super) relation: RelationTypeId,
    pub(super) side: Side,
    pub(super) symmetric: bool,
    skip_loops: bool,
}

impl TopologyKey {
    /// Whether edges of a type are walked.
    pub(super) fn wants(&self, relation: RelationTypeId, relation_type: &RelationType) -> bool {
        match &self.relations {
            Some(relations) => relations.binary_search(&relation).is_ok(),
            None => relation_type.polarity == Polarity::Asserted,
        }
    }

    /// Whether steps can be taken back, by the types that are walked.
    pub(super) fn shape(&self, catalog: &Catalog) -> Shape {
        let wanted = catalog.relation_types().filter(|(id, found)| self.wants(*id, found));
        Shape::new(self.direction, wanted.map(|(_, found)| found.symmetric))
    }

    pub(super) fn parts(&self, catalog: &Catalog) -> Vec<Part> {
        let mut parts = Vec::new();
        for (relation, relation_type) in catalog.relation_types().filter(|(id, found)| self.wants(*id, found)) {
            let symmetric = relation_type.symmetric;
            for &side in lookup::sides(symmetric, self.direction) {
                let skip_loops = side == Side::In && self.direction == Direction::Both;
                parts.push(Part { relation, side, symmetric, skip_loops });
            }
        }
        parts
    }
}

impl Topology {
    /// Reads a topology from the store.
    pub(crate) fn read(
        store: &StoreSnapshot,
        catalog: &Catalog,
        key: &TopologyKey,
        budget: &Budget,
    ) -> Result<Self, StorageError> {
        let parts = key.parts(catalog);
        // Every node in use is below the counter.
        let node_count = counter(store, NEXT_NODE)? as usize;
        let span = node_count.div_ceil(SPANS).next_multiple_of(CHUNK_NODES).max(SPAN_NODES_MIN);
        let spans: Vec<_> = (0..node_count).step_by(span).map(|first| first..node_count.min(first + span)).collect();
        let decoded = spans.into_par_iter().map(|nodes| decode(store, &parts, nodes, node_count, budget));
        // What has been decoded is held from the budget until all is; then it belongs to whoever keeps it.
        let (chunks, _held): (Vec<_>, Vec<Charge>) = decoded.collect::<Result<Vec<_>, _>>()?.into_iter().unzip();
        Ok(Self::new(chunks.concat(), node_count, key.shape(catalog)))
    }
}

/// The chunks of a span of nodes that begins at a chunk.
fn decode(
    store: &StoreSnapshot,
    parts: &[Part],
    nodes: Range<usize>,
    node_count: usize,
    budget: &Budget,
) -> Result<(Vec<Arc<Chunk>>, Charge), StorageError> {
    let (mut steps, mut held) = (Vec::new(), Charge::new(budget));
    for &part in parts {
        decode_part(store, part, &nodes, &mut steps, &mut held)?;
    }
    if steps.iter().any(|step| step.end as usize >= node_count) {
        let place = format!("column family {}, nodes {nodes:?}", Family::Adjacency.name());
        return Err(StorageError::Damaged { place, reason: "an edge leads to a node that was never made".to_owned() });
    }
    let _sorting = budget.charge(chunk::sorting_bytes(steps.len(), nodes.len()))?;
    let chunks = chunk::chunks(&steps, nodes.start, nodes.len());
    held.resize(6 * steps.len() as u64 + 4 * nodes.len() as u64)?;
    Ok((chunks, held))
}

fn decode_part(
    store: &StoreSnapshot,
    part: Part,
    nodes: &Range<usize>,
    steps: &mut Vec<RawStep>,
    held: &mut Charge,
) -> Result<(), StorageError> {
    let mut entries = 0_u32;
    let key = |node: usize| key::adjacency(part.relation, part.side, NodeId::new(node as u32));
    store.range(Family::Adjacency, key(nodes.start), key(nodes.end)).for_each(|entry, value| {
        let (_, _, from) = key::parse_adjacency(entry).ok_or_else(|| malformed(Family::Adjacency, entry))?;
        pages::for_each_member(Family::Adjacency, entry, value, |end| {
            let end = NodeId::new(end);
            let against = part.side == Side::In || (part.symmetric && end < from);
            if !(part.skip_loops && end == from) {
                steps.push(RawStep::new(from, Step { node: end, kind: Kind::new(part.relation, against) }));
            }
        })?;
        // A page has been decoded before it is known how much it takes.
        held.resize((steps.capacity() * size_of::<RawStep>()) as u64)?;
        entries += 1;
        if entries.is_multiple_of(ENTRIES_PER_CHECK) { Ok(held.budget().check()?) } else { Ok(()) }
    })
}
