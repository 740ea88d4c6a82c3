//! Topologies that somebody asked for, kept current: a commit says which edges it wrote, and whoever asks next has just
//! those looked up.

use std::collections::{BTreeMap, HashSet};

use super::csr::Topology;
use super::edge_filter::EdgeFilter;
use super::evidence::{self, EvidenceTable};
use super::moment::Moment;
use super::patch::ChangedEdge;
use super::step::TopologyKey;
use crate::storage::counter::{NEXT_NODE, counter};
use crate::storage::lookup;
use crate::sync::atomic::{AtomicU64, Ordering};
use crate::sync::{Arc, Mutex, MutexGuard, PoisonError};
use crate::{Budget, Edge, StorageError};

/// Bytes that the topologies kept, whole and limited, and the evidence may take. What was made last is kept even if it
/// alone takes more: whoever asked for it had the memory to make it, and will ask again.
const CACHED_BYTES_MAX: u64 = if cfg!(test) { 256 << 10 } else { 2 << 30 };

/// Edges remembered as written; with more, the oldest commits are forgotten, and topologies older than those decoded.
const LOGGED_EDGES_MAX: usize = 1 << 18;

/// A topology is decoded whole rather than patched if more than one in this many of its steps has changed.
const PATCHED_SHARE: u64 = 8;

/// The topologies of a graph.
#[derive(Debug, Default)]
pub(crate) struct TopologyCache {
    state: Mutex<State>,
    /// What readings of parts have cost since a topology was decoded whole, in neighbours.
    pub(super) spent: AtomicU64,
    work: Work,
}

/// What was done, for tests.
#[derive(Debug, Default)]
pub(crate) struct Work {
    /// Topologies decoded whole.
    pub(crate) decoded: AtomicU64,
    /// Edges looked up one by one.
    pub(crate) looked_up: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    /// Most recently used last.
    entries: Vec<Entry>,
    /// The evidence of all edges, with its generation, once somebody has asked.
    evidence: Option<(u64, Arc<EvidenceTable>)>,
    /// Most recently used last.
    limited: Vec<Limited>,
    /// The edges written by each commit that is newer than some entry or the evidence, by its generation. A commit that did not say
    /// what it wrote is missing here.
    log: BTreeMap<u64, Vec<Edge>>,
    logged_edges: usize,
}

#[derive(Clone, Debug)]
struct Entry {
    key: TopologyKey,
    generation: u64,
    topology: Arc<Topology>,
}

/// A topology under a filter. It is made in one pass from the whole one, so it is not kept current but made again.
#[derive(Clone, Debug)]
struct Limited {
    key: TopologyKey,
    filter: EdgeFilter,
    generation: u64,
    topology: Arc<Topology>,
}

impl TopologyCache {
    /// Notes which edges, in canonical form, the commit of this generation writes: called before the commit shows, so
    /// that nobody who sees it finds it missing.
    pub(crate) fn note_commit(&self, generation: u64, edges: Vec<Edge>) {
        self.lock().note_commit(generation, edges);
    }

    /// The topology under this key at this moment. Two threads that ask at once may both make it.
    pub(crate) fn get(
        &self,
        key: &TopologyKey,
        moment: Moment<'_>,
        budget: &Budget,
    ) -> Result<Arc<Topology>, StorageError> {
        let known = self.lock().take(key, moment.generation);
        let topology = match known {
            Some((topology, edges)) if edges.is_empty() => topology,
            Some((topology, edges)) if edges.len() as u64 <= topology.step_count() / PATCHED_SHARE => {
                Arc::new(self.patch(&topology, key, &edges, moment)?)
            }
            _ => {
                self.work.decoded.fetch_add(1, Ordering::Relaxed);
                self.spent.store(0, Ordering::Relaxed);
                Arc::new(Topology::read(moment.store, moment.catalog, key, budget)?)
            }
        };
        let entry = Entry { key: key.clone(), generation: moment.generation, topology: Arc::clone(&topology) };
        self.lock().put(entry);
        Ok(topology)
    }

    /// Whether the topology under this key at the moment of this generation is in memory, or needs only be patched.
    pub(super) fn has(&self, key: &TopologyKey, generation: u64) -> bool {
        self.lock().take(key, generation).is_some()
    }

    /// The topology under this key at the moment of this generation, if it is in memory as it was then. Nothing is read.
    pub(crate) fn known(&self, key: &TopologyKey, generation: u64) -> Option<Arc<Topology>> {
        self.lock().take_known(key, generation)
    }

    /// The topology under this key and filter at this moment.
    pub(crate) fn get_limited(
        &self,
        key: &TopologyKey,
        filter: &EdgeFilter,
        moment: Moment<'_>,
        budget: &Budget,
    ) -> Result<Arc<Topology>, StorageError> {
        if filter.is_empty() {
            return self.get(key, moment, budget);
        }
        if let Some(found) = self.lock().take_limited(key, filter, moment.generation) {
            return Ok(found);
        }
        let whole = self.get(key, moment, budget)?;
        let evidence = self.evidence(moment, budget)?;
        let facts = match &filter.runs {
            Some(runs) if filter.lets_facts_through() => evidence::facts_of(moment.store, runs, budget)?,
            _ => HashSet::new(),
        };
        let topology = Arc::new(whole.limited(filter, &evidence, &facts, budget)?);
        let (key, filter, generation) = (key.clone(), filter.clone(), moment.generation);
        self.lock().put_limited(Limited { key, filter, generation, topology: Arc::clone(&topology) });
        Ok(topology)
    }

    /// The evidence of all edges at this moment.
    pub(crate) fn evidence(&self, moment: Moment<'_>, budget: &Budget) -> Result<Arc<EvidenceTable>, StorageError> {
        let known = self.lock().take_evidence(moment.generation);
        let evidence = match known {
            Some((evidence, edges)) if edges.is_empty() => return Ok(evidence),
            Some((evidence, edges)) if !evidence.is_due_for_rereading(edges.len()) => {
                evidence.patched(&edges, moment, budget)?
            }
            _ => EvidenceTable::read(moment.store, budget)?,
        };
        let evidence = Arc::new(evidence);
        self.lock().put_evidence(moment.generation, &evidence);
        Ok(evidence)
    }

    fn patch(
        &self,
        topology: &Topology,
        key: &TopologyKey,
        edges: &[Edge],
        moment: Moment<'_>,
    ) -> Result<Topology, StorageError> {
        let mut changed = Vec::new();
        for &edge in edges {
            let relation_type = moment.catalog.relation_type(edge.relation);
            let Some(relation_type) = relation_type.filter(|found| key.wants(edge.relation, found)) else { continue };
            let exists = lookup::has_edge(moment.store, edge)?;
            changed.push(ChangedEdge { edge, symmetric: relation_type.symmetric, exists });
        }
        self.work.looked_up.fetch_add(changed.len() as u64, Ordering::Relaxed);
        let node_count = counter(moment.store, NEXT_NODE)? as usize;
        // A type that is new since then may be directed.
        Ok(topology.patched(&changed, key.direction, node_count, key.shape(moment.catalog)))
    }

    /// What was done so far.
    #[cfg(test)]
    pub(crate) fn work(&self) -> &Work {
        &self.work
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The topology under this key with the edges that were written since it was made; `None` if it is not known, is
    /// newer than the moment asked for, or some commit since then did not say what it wrote.
    fn take(&self, key: &TopologyKey, generation: u64) -> Option<(Arc<Topology>, Vec<Edge>)> {
        let fitting = self.entries.iter().filter(|entry| entry.key == *key && entry.generation <= generation);
        let entry = fitting.max_by_key(|entry| entry.generation)?;
        Some((Arc::clone(&entry.topology), self.written(entry.generation, generation)?))
    }

    fn take_known(&mut self, key: &TopologyKey, generation: u64) -> Option<Arc<Topology>> {
        let fits = |known: &Entry| known.generation == generation && known.key == *key;
        let entry = self.entries.iter().position(fits).map(|index| self.entries.remove(index))?;
        self.entries.push(entry.clone());
        Some(entry.topology)
    }

    fn take_evidence(&self, generation: u64) -> Option<(Arc<EvidenceTable>, Vec<Edge>)> {
        let (known, evidence) = self.evidence.as_ref().filter(|(known, _)| *known <= generation)?;
        Some((Arc::clone(evidence), self.written(*known, generation)?))
    }

    /// The edges written after one generation and up to another.
    fn written(&self, after: u64, until: u64) -> Option<Vec<Edge>> {
        let commits: Vec<&Vec<Edge>> = self.log.range(after + 1..until + 1).map(|(_, edges)| edges).collect();
        if commits.len() as u64 != until - after {
            return None;
        }
        let mut edges = commits.into_iter().flatten().copied().collect::<Vec<_>>();
        edges.sort_unstable();
        edges.dedup();
        Some(edges)
    }

    fn take_limited(&mut self, key: &TopologyKey, filter: &EdgeFilter, generation: u64) -> Option<Arc<Topology>> {
        let fits = |known: &Limited| known.generation == generation && known.key == *key && known.filter == *filter;
        let entry = self.limited.iter().position(fits).map(|index| self.limited.remove(index))?;
        self.limited.push(entry.clone());
        Some(entry.topology)
    }

    /// Keeps a topology as the one used last; those of older moments will not be asked for again.
    fn put_limited(&mut self, limited: Limited) {
        if self.limited.iter().any(|known| known.generation > limited.generation) {
            return;
        }
        self.limited.retain(|known| known.generation == limited.generation);
        self.limited.push(limited);
        self.forget_what_takes_too_much(1, 0);
    }

    /// About how many bytes all that is kept takes.
    fn bytes(&self) -> u64 {
        let entries = self.entries.iter().map(|entry| &entry.topology);
        let limited = self.limited.iter().map(|limited| &limited.topology);
        let topologies: u64 = entries.chain(limited).map(|topology| topology.memory_bytes()).sum();
        topologies + self.evidence.as_ref().map_or(0, |(_, evidence)| evidence.memory_bytes())
    }

    /// Forgets what was used longest ago until the rest fits; first limited topologies, which are made from whole ones, and
    /// of each kind at least so many stay.
    fn forget_what_takes_too_much(&mut self, limited_kept: usize, entries_kept: usize) {
        while self.bytes() > CACHED_BYTES_MAX {
            if self.limited.len() > limited_kept {
                self.limited.remove(0);
            } else if self.entries.len() > entries_kept {
                self.entries.remove(0);
            } else {
                break;
            }
        }
        self.forget_commits_that_all_know();
    }

    fn put_evidence(&mut self, generation: u64, evidence: &Arc<EvidenceTable>) {
        if self.evidence.as_ref().is_none_or(|(known, _)| *known < generation) {
            self.evidence = Some((generation, Arc::clone(evidence)));
            self.forget_commits_that_all_know();
        }
    }

    /// Keeps a topology as the one used last. Of a key the newest two are kept: readers see the last commit that is on the
    /// disk, and writers start from the last one that was written. Two versions share the chunks that are alike.
    fn put(&mut self, entry: Entry) {
        self.entries.retain(|known| (&known.key, known.generation) != (&entry.key, entry.generation));
        let mut others: Vec<u64> =
            self.entries.iter().filter(|known| known.key == entry.key).map(|known| known.generation).collect();
        others.sort_unstable();
        if let [older, _] = others[..] {
            if entry.generation < older {
                return;
            }
            self.entries.retain(|known| (&known.key, known.generation) != (&entry.key, older));
        }
        self.entries.push(entry);
        self.forget_what_takes_too_much(0, 1);
    }

    fn forget_commits_that_all_know(&mut self) {
        let evidence = self.evidence.iter().map(|(generation, _)| *generation);
        let oldest = self.entries.iter().map(|entry| entry.generation).chain(evidence).min().unwrap_or(u64::MAX);
        while self.log.first_key_value().is_some_and(|(&generation, _)| generation <= oldest) {
            self.forget_oldest_commit();
        }
    }

    fn note_commit(&mut self, generation: u64, edges: Vec<Edge>) {
        if self.entries.is_empty() && self.evidence.is_none() {
            return;
        }
        self.logged_edges += edges.len();
        self.log.insert(generation, edges);
        while self.logged_edges > LOGGED_EDGES_MAX {
            self.forget_oldest_commit();
        }
    }

    fn forget_oldest_commit(&mut self) {
        if let Some((_, edges)) = self.log.pop_first() {
            self.logged_edges -= edges.len();
        }
    }
}
