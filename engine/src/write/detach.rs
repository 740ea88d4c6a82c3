//! All edges of a node deleted at once: what stands at them is found by going through each family in order of key, not by
//! looking up one edge after the other. So a hub takes time in the number of its edges.

use crate::storage::cursor::Entries;
use crate::storage::failure::{damaged, malformed};
use crate::storage::family::Family;
use crate::storage::key::{self, Side};
use crate::storage::lookup;
use crate::storage::set;
use crate::write::change::Change;
use crate::write::edits;
use crate::{Direction, Edge, NodeId, NodeSet, RelationTypeId, RunId, SentenceId, StorageError};

/// The edges between a node and others, of one type and on one side of it.
struct EdgesOfSide {
    relation: RelationTypeId,
    node: NodeId,
    /// The targets of edges of which the node is the source, in canonical form.
    targets: NodeSet,
    /// The sources of those of which it is the target.
    sources: NodeSet,
}

impl EdgesOfSide {
    /// The edges in order.
    fn edges(&self) -> impl Iterator<Item = Edge> + '_ {
        let (relation, node) = (self.relation, self.node);
        let into = self.sources.iter().map(move |source| Edge { relation, source, target: node });
        into.chain(self.targets.iter().map(move |target| Edge { relation, source: node, target }))
    }
}

impl Change {
    /// Deletes every edge of a node, with evidence and properties.
    pub(crate) fn delete_edges_of(&mut self, node: NodeId) -> Result<(), StorageError> {
        let types: Vec<_> = self.catalog.relation_types().map(|(id, found)| (id, found.symmetric)).collect();
        let runs = self.fact_run_ids()?;
        for (relation, symmetric) in types {
            for &side in lookup::sides(symmetric, Direction::Both) {
                let others = self.adjacent(relation, side, node)?;
                if others.is_empty() {
                    continue;
                }
                let (mut sources, mut targets) = (NodeSet::new(), NodeSet::new());
                if symmetric {
                    sources = others.iter().filter(|&other| other < node).collect();
                    targets = others.clone();
                    targets.subtract(&sources);
                } else if side == Side::Out {
                    targets = others.clone();
                } else {
                    sources = others.clone();
                }
                let edges = EdgesOfSide { relation, node, targets, sources };
                self.forget_facts(&edges, &runs)?;
                self.forget_readings(&edges)?;
                self.forget_properties(&edges)?;
                let back = if symmetric || side == Side::In { Side::Out } else { Side::In };
                for other in others.iter() {
                    edits::remove(&mut self.edits.adjacency, (relation, back, other), node.get());
                }
                edits::remove_all(&mut self.edits.adjacency, (relation, side, node), others.into());
            }
        }
        Ok(())
    }

    fn forget_facts(&mut self, edges: &EdgesOfSide, runs: &[RunId]) -> Result<(), StorageError> {
        let EdgesOfSide { relation, node, targets, sources } = edges;
        for &run in runs {
            let stored = lookup::set(self.store(), Family::Facts, key::facts(run, *relation, *node))?;
            let place = (run, *relation, *node);
            let mut stated: NodeSet = edits::apply(&self.edits.facts, &place, stored).into();
            stated.intersect_with(targets);
            if !stated.is_empty() {
                edits::remove_all(&mut self.edits.facts, place, stated.into());
            }
            let (page, member) = (key::page_of(node.get()), node.get());
            let wanted = member - key::page_start(page);
            let mut entries = self.store().prefix(Family::Facts, key::facts_of_type(run, *relation));
            let mut stating = Vec::new();
            for source in sources.iter() {
                let key = key::facts(run, *relation, source).page(page);
                let is_stored = match value_of(&mut entries, key.as_ref())? {
                    Some(value) => {
                        set::contains(value, wanted).map_err(|error| damaged(Family::Facts, key.as_ref(), error))?
                    }
                    None => false,
                };
                let edited = edits::contains(&self.edits.facts, &(run, *relation, source), member);
                stating.extend(edited.unwrap_or(is_stored).then_some(source));
            }
            drop(entries);
            for source in stating {
                edits::remove(&mut self.edits.facts, (run, *relation, source), member);
            }
        }
        Ok(())
    }

    fn forget_readings(&mut self, edges: &EdgesOfSide) -> Result<(), StorageError> {
        let mut found: Vec<(Edge, SentenceId, RunId)> = Vec::new();
        let mut entries = self.store().prefix(Family::Evidence, key::edges_of_type(edges.relation));
        for edge in edges.edges() {
            let prefix = key::edge(edge);
            entries.seek(prefix.as_ref());
            while let Some((entry, _)) = entries.entry()?.filter(|(entry, _)| entry.starts_with(prefix.as_ref())) {
                let (_, sentence, run) =
                    key::parse_evidence(entry).ok_or_else(|| malformed(Family::Evidence, entry))?;
                found.push((edge, sentence, run));
                entries.advance();
            }
            if !self.edits.evidence.is_empty() {
                let first = (edge, SentenceId::default(), RunId::default());
                let added = self.edits.evidence.range(first..).take_while(|((of, ..), _)| *of == edge);
                found.extend(added.map(|(place, _)| *place));
            }
        }
        drop(entries);
        for (edge, sentence, run) in found {
            self.set_reading(edge, sentence, run, None);
        }
        Ok(())
    }

    fn forget_properties(&mut self, edges: &EdgesOfSide) -> Result<(), StorageError> {
        let mut found = Vec::new();
        let mut entries = self.store().prefix(Family::EdgeProperties, key::edges_of_type(edges.relation));
        for edge in edges.edges() {
            let is_stored = value_of(&mut entries, key::edge(edge).as_ref())?.is_some();
            if is_stored || self.edits.edge_properties.contains_key(&edge) {
                found.push(edge);
            }
        }
        drop(entries);
        self.edits.edge_properties.extend(found.into_iter().map(|edge| (edge, None)));
        Ok(())
    }
}

/// The value of a key, where keys are asked for in order.
fn value_of<'e>(entries: &'e mut Entries<'_>, key: &[u8]) -> Result<Option<&'e [u8]>, StorageError> {
    entries.seek(key);
    Ok(entries.entry()?.filter(|(at, _)| *at == key).map(|(_, value)| value))
}
