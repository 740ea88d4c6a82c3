//! What every operator and expression of a running query may ask: the graph, the limits, the parameters.

use std::cell::{Cell as Counter, OnceCell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, Hasher};
use std::marker::PhantomData;
use std::sync::Arc;

use hopgraph_engine::{
    Budget, Change, Charge, Direction, Edge, EvidenceTable, LabelId, Node, NodeId, NodeSet, Polarity, RelationTypeId,
    Snapshot, StorageError, Topology, TopologyKey, View,
};

use regex::Regex;

use super::adjacency::Adjacency;
use super::{Held, to_cell};
use crate::fault::{Failure, Result};
use crate::planner::plan::{Hop, Label, RelationName};
use crate::value::Cell;
use crate::{CsvFiles, Parameters, Summary};

/// How many node records are kept at hand: few at first, since a query for one node must not pay for the others, and
/// more each time that two want the same place.
const NODES_KEPT_FIRST: usize = 16;
const NODES_KEPT_MOST: usize = 4096;

/// How many calls of [`Context::tick`] pass between two looks at the clock.
const TICKS_BETWEEN_CHECKS: u32 = 256;

/// A node record at hand, if there is one in this place, with the edits that it knows of.
type KeptNode = Option<(u64, NodeId, Arc<Node>)>;

/// One run of one query: its moment of the graph, its change if it writes, its limits, and small caches.
pub(crate) struct Context<'g> {
    snapshot: Snapshot,
    change: Option<RefCell<Change>>,
    budget: Arc<Budget>,
    parameters: BTreeMap<String, Cell>,
    /// When somebody first asked what time it is.
    now: OnceCell<i128>,
    /// The state of `rand()`; 0 before it is first called.
    random: Counter<u64>,
    /// Grows with every edit, so that what was computed before it is not used after it.
    version: Counter<u64>,
    ticks: Counter<u32>,
    nodes: RefCell<Vec<KeptNode>>,
    all_nodes: RefCell<Option<Arc<NodeSet>>>,
    labels: RefCell<HashMap<LabelId, Arc<NodeSet>>>,
    topologies: RefCell<HashMap<TopologyKey, Arc<Topology>>>,
    /// What the edits take.
    edits_held: RefCell<Charge>,
    /// The evidence of all edges, once many have been asked for.
    evidence: RefCell<Option<Arc<EvidenceTable>>>,
    /// Regular expressions by their text, each compiled once.
    patterns: RefCell<HashMap<Arc<str>, Arc<Regex>>>,
    /// Where LOAD CSV finds its files.
    csv_files: Option<Arc<dyn CsvFiles>>,
    /// For pattern predicates, by the slot of the hop's edge.
    connections: RefCell<Vec<Adjacency>>,
    pub(crate) summary: RefCell<Summary>,
    _graph: PhantomData<&'g ()>,
}

impl Context<'_> {
    /// A run on this moment; with a change, everything is read from the change.
    pub(crate) fn new(
        snapshot: Snapshot,
        change: Option<Change>,
        budget: Arc<Budget>,
        parameters: &Parameters,
    ) -> Self {
        let edited = change.as_ref().is_some_and(Change::has_edits);
        let edits_held = RefCell::new(Charge::new(&budget));
        Self {
            snapshot,
            change: change.map(RefCell::new),
            budget,
            parameters: parameters.iter().map(|(name, value)| (name.clone(), to_cell(value))).collect(),
            now: OnceCell::new(),
            random: Counter::new(0),
            // What was edited before is no part of the snapshot either.
            version: Counter::new(edited.into()),
            ticks: Counter::new(0),
            nodes: RefCell::default(),
            all_nodes: RefCell::default(),
            labels: RefCell::default(),
            topologies: RefCell::default(),
            edits_held,
            evidence: RefCell::default(),
            patterns: RefCell::default(),
            csv_files: None,
            connections: RefCell::default(),
            summary: RefCell::default(),
            _graph: PhantomData,
        }
    }

    /// The limits.
    pub(crate) fn budget(&self) -> &Arc<Budget> {
        &self.budget
    }

    /// The moment before any edit of this query.
    pub(crate) fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// A parameter by name.
    pub(crate) fn parameter(&self, name: &str) -> Option<&Cell> {
        self.parameters.get(name)
    }

    /// This moment in nanoseconds since 1970: the same each time, so that all rows tell the same.
    pub(crate) fn now(&self) -> i128 {
        *self.now.get_or_init(crate::value::now)
    }

    /// A random number from 0 up to 1 (Guy Steele, SplitMix64).
    pub(crate) fn random(&self) -> f64 {
        let mut state = self.random.get();
        if state == 0 {
            // Keys of hash maps are seeded by the operating system.
            state = std::collections::hash_map::RandomState::new().build_hasher().finish();
        }
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        self.random.set(state);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// How many edits there have been.
    pub(crate) fn version(&self) -> u64 {
        self.version.get()
    }

    /// The same with files for LOAD CSV.
    pub(crate) fn with_csv_files(self, csv_files: Option<Arc<dyn CsvFiles>>) -> Self {
        Self { csv_files, ..self }
    }

    /// A regular expression that a whole text must fit.
    pub(crate) fn pattern(&self, text: &Arc<str>) -> Result<Arc<Regex>, String> {
        if let Some(known) = self.patterns.borrow().get(text) {
            return Ok(Arc::clone(known));
        }
        let made = Regex::new(&format!("^(?s:{text})$")).map_err(|_| match Regex::new(text) {
            Err(error) => format!("this is no regular expression: {}", last_line(&error.to_string())),
            Ok(_) => "this is no regular expression".to_owned(),
        })?;
        let made = Arc::new(made);
        self.patterns.borrow_mut().insert(Arc::clone(text), Arc::clone(&made));
        Ok(made)
    }

    /// Fails if what was just made does not fit in what is left of the memory. Whoever keeps it charges it for as long.
    pub(crate) fn charge(&self, cell: &Cell) -> Result<()> {
        self.charge_bytes(cell.held_bytes())
    }

    /// The same of so many bytes that are about to be made.
    pub(crate) fn charge_bytes(&self, bytes: u64) -> Result<()> {
        self.budget.reserve(bytes)?;
        self.budget.release(bytes);
        Ok(())
    }

    /// The rows of a file, of lists or of maps.
    pub(crate) fn csv_rows(&self, name: &str, headers: bool, separator: Option<&str>) -> Result<Cell, Failure> {
        let Some(files) = &self.csv_files else {
            return Err(Failure::Value(
                "LOAD CSV needs a folder of files: start the program with --import-dir".to_owned(),
            ));
        };
        let separator = match separator.map(|separator| separator.as_bytes()) {
            None => b',',
            Some(&[letter]) => letter,
            Some(_) => return Err(Failure::Value("FIELDTERMINATOR is one letter".to_owned())),
        };
        let (mut rows, mut names, mut held) = (Vec::new(), None::<Vec<String>>, Held::nothing());
        let mut failure = None;
        files
            .read(name, separator, &mut |fields| {
                let cell = |field: &String| if field.is_empty() { Cell::Null } else { Cell::text(field) };
                let row = match &names {
                    Some(names) => Cell::map(names.iter().cloned().zip(fields.iter().map(cell))),
                    None if headers => {
                        names = Some(fields.to_vec());
                        return true;
                    }
                    None => Cell::list(fields.iter().map(cell)),
                };
                let charged = self.tick().and_then(|()| {
                    held.grow_by_cells(&self.budget, std::slice::from_ref(&row)).map_err(crate::QueryError::from)
                });
                failure = charged.err();
                rows.push(row);
                failure.is_none()
            })
            .map_err(Failure::Value)?;
        match failure {
            Some(error) => Err(error.into()),
            None => Ok(Cell::List(rows.into())),
        }
    }

    /// To be called once for each row or so: now and then it asks whether the query may go on.
    pub(crate) fn tick(&self) -> Result<()> {
        let ticks = self.ticks.get().wrapping_add(1);
        self.ticks.set(ticks);
        if ticks.is_multiple_of(TICKS_BETWEEN_CHECKS) {
            self.budget.check()?;
        }
        Ok(())
    }

    /// Asks the graph, the edits of this query included.
    pub(crate) fn view<T>(&self, ask: impl FnOnce(&dyn View) -> std::result::Result<T, StorageError>) -> Result<T> {
        match &self.change {
            Some(change) => Ok(ask(&*change.borrow())?),
            None => Ok(ask(&self.snapshot)?),
        }
    }

    /// Edits the graph.
    pub(crate) fn edit<T>(&self, edit: impl FnOnce(&mut Change) -> std::result::Result<T, StorageError>) -> Result<T> {
        let change = self.change.as_ref().expect("a plan with writes runs under a change");
        self.version.set(self.version.get() + 1);
        self.all_nodes.borrow_mut().take();
        self.labels.borrow_mut().clear();
        self.topologies.borrow_mut().clear();
        let mut change = change.borrow_mut();
        let edited = edit(&mut change)?;
        self.edits_held.borrow_mut().resize(change.memory_bytes())?;
        Ok(edited)
    }

    /// Whether all is read from a snapshot, and nothing from a change.
    pub(crate) fn reads_a_snapshot(&self) -> bool {
        self.change.is_none()
    }

    /// Whether the graph as read here may differ from the snapshot.
    pub(crate) fn is_edited(&self) -> bool {
        self.version() > 0
    }

    /// The change, with the edits of this query.
    pub(crate) fn into_change(self) -> Option<Change> {
        self.change.map(RefCell::into_inner)
    }

    /// What is known of a node; `None` if it has been deleted.
    pub(crate) fn node(&self, id: NodeId) -> Result<Option<Arc<Node>>> {
        let place = |nodes: &[KeptNode]| id.index() % nodes.len().max(1);
        let nodes = self.nodes.borrow();
        if let Some(Some((version, kept, node))) = nodes.get(place(&nodes))
            && (*version, *kept) == (self.version(), id)
        {
            return Ok(Some(Arc::clone(node)));
        }
        drop(nodes);
        let Some(node) = self.view(|view| view.node(id))?.map(Arc::new) else { return Ok(None) };
        let mut nodes = self.nodes.borrow_mut();
        if nodes.is_empty() {
            nodes.resize(NODES_KEPT_FIRST, None);
        } else if nodes[place(&nodes)].is_some() && nodes.len() < NODES_KEPT_MOST {
            let more = nodes.len() * 4;
            nodes.clear();
            nodes.resize(more, None);
        }
        let place = place(&nodes);
        nodes[place] = Some((self.version(), id, Arc::clone(&node)));
        Ok(Some(node))
    }

    /// Whether a node has a label of each list, by its record. [`Context::nodes_with_label`] answers it for many nodes.
    pub(crate) fn has_labels(&self, id: NodeId, labels: &[Vec<Label>]) -> Result<bool> {
        if labels.is_empty() {
            return Ok(true);
        }
        let Some(node) = self.node(id)? else { return Ok(false) };
        for alternatives in labels {
            let wanted = alternatives.iter().map(|label| self.label(label)).collect::<Result<Vec<_>>>()?;
            if !wanted.into_iter().flatten().any(|label| node.labels.contains(&label)) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// All nodes.
    pub(crate) fn all_nodes(&self) -> Result<Arc<NodeSet>> {
        if let Some(set) = &*self.all_nodes.borrow() {
            return Ok(Arc::clone(set));
        }
        let set = match self.is_edited() {
            true => Arc::new(self.view(|view| view.nodes())?),
            false => self.snapshot.shared_nodes()?,
        };
        *self.all_nodes.borrow_mut() = Some(Arc::clone(&set));
        Ok(set)
    }

    /// The nodes with a label; empty if no node can have it yet.
    pub(crate) fn nodes_with_label(&self, label: &Label) -> Result<Arc<NodeSet>> {
        let Some(id) = self.label(label)? else { return Ok(Arc::default()) };
        if let Some(set) = self.labels.borrow().get(&id) {
            return Ok(Arc::clone(set));
        }
        let set = match self.is_edited() {
            true => Arc::new(self.view(|view| view.nodes_with_label(id))?),
            false => self.snapshot.shared_nodes_with_label(id)?,
        };
        self.labels.borrow_mut().insert(id, Arc::clone(&set));
        Ok(set)
    }

    fn label(&self, label: &Label) -> Result<Option<LabelId>> {
        match label.id {
            Some(id) => Ok(Some(id)),
            None => self.view(|view| Ok(view.catalog().label(&label.name))),
        }
    }

    /// The numbers of these relation types, sorted; those that do not exist yet are left out. `None` for no names:
    /// every asserted type.
    pub(crate) fn relations(&self, names: &[RelationName]) -> Result<Option<Vec<RelationTypeId>>> {
        if names.is_empty() {
            return Ok(None);
        }
        let find =
            |name: &RelationName, view: &dyn View| name.id.or_else(|| view.catalog().relation_type_id(&name.name));
        let mut ids: Vec<_> =
            self.view(|view| Ok(names.iter().filter_map(|name| find(name, view)).collect::<Vec<_>>()))?;
        ids.sort_unstable();
        ids.dedup();
        Ok(Some(ids))
    }

    /// Whether some hop leads from one node to the other.
    pub(crate) fn connects(&self, hop: &Hop, from: NodeId, to: NodeId) -> Result<bool> {
        let mut connections = self.connections.borrow_mut();
        if connections.len() <= hop.edge.0 {
            connections.resize_with(hop.edge.0 + 1, Adjacency::default);
        }
        connections[hop.edge.0].connects(self, hop, from, to)
    }

    /// Reads the confidence of every edge at once, for whoever is going to ask for many.
    pub(crate) fn confidences(&self) -> Result<()> {
        if !self.is_edited() && self.evidence.borrow().is_none() {
            *self.evidence.borrow_mut() = Some(self.snapshot.evidence_table(&self.budget)?);
        }
        Ok(())
    }

    /// How sure the graph is of an edge.
    pub(crate) fn confidence(&self, edge: Edge) -> Result<f64> {
        match &*self.evidence.borrow() {
            Some(table) if !self.is_edited() => Ok(table.confidence(edge)),
            _ => self.view(|view| view.confidence(edge)),
        }
    }

    /// The shape of the graph under a key, edits included.
    pub(crate) fn topology(&self, key: &TopologyKey) -> Result<Arc<Topology>> {
        if let Some(topology) = self.topologies.borrow().get(key) {
            return Ok(Arc::clone(topology));
        }
        let topology = match &self.change {
            Some(_) if self.is_edited() => Arc::new(self.edited_topology(key)?),
            _ => self.snapshot.topology(key, &self.budget)?,
        };
        self.topologies.borrow_mut().insert(key.clone(), Arc::clone(&topology));
        Ok(topology)
    }

    /// The shape of the graph under a key, if it is in memory already and there are no edits.
    pub(crate) fn known_topology(&self, key: &TopologyKey) -> Option<Arc<Topology>> {
        if self.is_edited() { None } else { self.snapshot.known_topology(key) }
    }
}

/// What is wrong stands behind the picture of the place.
fn last_line(message: &str) -> &str {
    message.lines().last().unwrap_or(message).trim_start_matches("error: ")
}

impl Context<'_> {
    /// The shape of the graph with the edits of this query, which no snapshot holds: read node by node.
    fn edited_topology(&self, key: &TopologyKey) -> Result<Topology> {
        let mut edges = Vec::new();
        let mut held = Held::nothing();
        let nodes = self.all_nodes()?;
        let relations = self.view(|view| {
            let wanted = view.catalog().relation_types().filter(|(id, relation)| match &key.relations {
                Some(ids) => ids.contains(id),
                None => relation.polarity == Polarity::Asserted,
            });
            Ok(wanted.map(|(id, relation)| (id, relation.symmetric)).collect::<Vec<_>>())
        })?;
        for source in nodes.iter() {
            self.tick()?;
            for &(relation, symmetric) in &relations {
                let ends = self.view(|view| view.neighbors(source, relation, Direction::Out))?;
                let found = ends.iter().filter(|&target| !symmetric || source <= target);
                let before = edges.len();
                edges.extend(found.map(|target| (Edge { relation, source, target }, symmetric)));
                held.grow(&self.budget, ((edges.len() - before) * size_of::<(Edge, bool)>()) as u64)?;
            }
        }
        Ok(Topology::from_edges(edges, key.direction))
    }
}
