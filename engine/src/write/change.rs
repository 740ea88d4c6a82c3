//! A batch of edits: committed whole or not at all.

use std::sync::{Arc, OnceLock};

use crate::limits::{IDS_MAX, LABELS_MAX, RELATION_TYPES_MAX};
use crate::model::name::folded_names;
use crate::read::shared::{Hidden, Shared};
use crate::storage::batch::Batch;
use crate::storage::counter::Counters;
use crate::storage::family::Family;
use crate::storage::group_sync::Ticket;
use crate::storage::key::{self, Key, Side};
use crate::storage::lookup;
use crate::storage::pages;
use crate::storage::record::{self, Reading};
use crate::storage::snapshot::StoreSnapshot;
use crate::storage::staging::Staging;
use crate::write::core::Lease;
use crate::write::edits::{self, Edits};
use crate::{
    Catalog, Direction, Document, DocumentId, Edge, LabelId, Mention, NewDocument, NewSentence, Node, NodeId, NodeSet,
    Properties, RelationType, RelationTypeId, Run, RunId, RunKind, Sentence, SentenceId, Snapshot, StorageError, View,
    Withdrawal, check_name,
};

/// The name of this program and its version, as kept with a run.
const PROGRAM: &str = concat!("hopgraph ", env!("CARGO_PKG_VERSION"));

/// A batch of edits. Nothing shows to others until [`Change::commit`]; dropped, it leaves no trace. It answers the
/// questions of [`crate::View`] with its own edits included.
#[derive(Debug)]
pub struct Change {
    /// Held while pieces of a large retraction are written, so that nobody sees some of them.
    hidden: Option<Hidden>,
    lease: Lease,
    /// What the edits start from: the last commit that was written, whether or not it is on the disk yet.
    base: Snapshot,
    /// The runs in the store that can state facts, once they have been asked for.
    stored_fact_runs: OnceLock<Vec<RunId>>,
    pub(crate) catalog: Arc<Catalog>,
    /// Labels and relation types below these numbers are on disk.
    catalog_stored: (usize, usize),
    counters: Counters,
    pub(crate) edits: Edits,
}

impl Change {
    /// A change by whoever has the writer.
    pub(crate) fn new(lease: Lease) -> Result<Self, StorageError> {
        let core = &lease.core;
        let catalog = core.shared.catalog();
        let base = core.snapshot(core.store.snapshot(), Arc::clone(&catalog))?;
        Ok(Self {
            hidden: None,
            base,
            stored_fact_runs: OnceLock::new(),
            catalog_stored: (catalog.label_count(), catalog.relation_type_count()),
            catalog,
            counters: lease.counters,
            lease,
            edits: Edits::default(),
        })
    }

    /// The graph as it was when the change began, for what is asked of a snapshot alone. No other writer can have come
    /// in between, so a decision that is made on it holds until the commit.
    pub fn base(&self) -> &Snapshot {
        &self.base
    }

    /// About how many bytes the edits take in memory until they are committed.
    pub fn memory_bytes(&self) -> u64 {
        self.edits.memory_bytes()
    }

    /// Whether something has been edited.
    pub fn has_edits(&self) -> bool {
        let (labels, relation_types) = self.catalog_stored;
        !self.edits.is_empty()
            || (labels, relation_types) != (self.catalog.label_count(), self.catalog.relation_type_count())
    }

    pub(crate) fn store(&self) -> &StoreSnapshot {
        self.base.store()
    }

    /// The label of this name, added if it is new.
    pub fn label(&mut self, name: &str) -> Result<LabelId, StorageError> {
        if let Some(label) = self.catalog.label(name) {
            return Ok(label);
        }
        check_name("a label", name)?;
        check_space("label", self.catalog.label_count() as u64, LABELS_MAX)?;
        Ok(Arc::make_mut(&mut self.catalog).push_label(name))
    }

    /// The relation type of this name, added if it is new; fails if one of the name exists with another polarity or
    /// symmetry.
    pub fn relation_type(&mut self, relation_type: &RelationType) -> Result<RelationTypeId, StorageError> {
        if let Some(id) = self.catalog.relation_type_id(&relation_type.name) {
            let existing = self.catalog.relation_type(id).expect("the catalog knows its own ids");
            let same = (existing.polarity, existing.symmetric) == (relation_type.polarity, relation_type.symmetric);
            return if same { Ok(id) } else { Err(conflict(existing, relation_type)) };
        }
        check_name("a relation type", &relation_type.name)?;
        check_space("relation type", self.catalog.relation_type_count() as u64, RELATION_TYPES_MAX)?;
        Ok(Arc::make_mut(&mut self.catalog).push_relation_type(relation_type.clone()))
    }

    /// Adds a node.
    pub fn add_node(&mut self, node: Node) -> Result<NodeId, StorageError> {
        let id = NodeId::new(next_id("node", &mut self.counters.nodes)?);
        self.replace_node(id, &Node::default(), node)?;
        Ok(id)
    }

    /// Replaces what is known of a node.
    pub fn update_node(&mut self, id: NodeId, node: Node) -> Result<(), StorageError> {
        let old = self.node_or_fail(id)?;
        self.replace_node(id, &old, node)
    }

    /// Deletes a node; with `detach` its edges too, else they make it fail.
    pub fn delete_node(&mut self, id: NodeId, detach: bool) -> Result<(), StorageError> {
        let old = self.node_or_fail(id)?;
        if detach {
            self.delete_edges_of(id)?;
        } else if self.has_edges(id)? {
            return Err(StorageError::NodeHasEdges(id));
        }
        self.forget_mentions(id)?;
        self.forget_descriptions(id)?;
        self.index_node(id, &old, &Node::default());
        self.edits.nodes.insert(id, None);
        Ok(())
    }

    fn node_or_fail(&self, id: NodeId) -> Result<Node, StorageError> {
        View::node(self, id)?.ok_or(StorageError::UnknownNode(id))
    }

    fn replace_node(&mut self, id: NodeId, old: &Node, mut node: Node) -> Result<(), StorageError> {
        node.labels.sort_unstable();
        node.labels.dedup();
        self.check_node(id, &node)?;
        self.index_node(id, old, &node);
        let names = std::iter::once(&node.name).chain(&node.synonyms).chain(&node.identifiers);
        let texts = names.map(|name| 3 * name.len() as u64).sum::<u64>();
        self.edits.note_content(texts + edits::bytes_of(&node.properties));
        self.edits.nodes.insert(id, Some(node));
        Ok(())
    }

    fn check_node(&self, id: NodeId, node: &Node) -> Result<(), StorageError> {
        for name in std::iter::once(&node.name).chain(&node.synonyms).filter(|name| !name.is_empty()) {
            check_name("the name", name)?;
        }
        for identifier in &node.identifiers {
            check_name("the identifier", identifier)?;
            let owner = View::node_by_identifier(self, identifier)?.filter(|&owner| owner != id);
            if let Some(owner) = owner {
                return Err(StorageError::IdentifierTaken { identifier: identifier.clone(), owner });
            }
        }
        Ok(())
    }

    /// Brings the indexes from what the old node said to what the new one says.
    fn index_node(&mut self, id: NodeId, old: &Node, new: &Node) {
        for label in old.labels.iter().filter(|label| !new.labels.contains(label)) {
            edits::remove(&mut self.edits.labels, *label, id.get());
        }
        for label in new.labels.iter().filter(|label| !old.labels.contains(label)) {
            edits::insert(&mut self.edits.labels, *label, id.get());
        }
        for identifier in &old.identifiers {
            self.edits.identifiers.insert(identifier.clone(), None);
        }
        for identifier in &new.identifiers {
            self.edits.identifiers.insert(identifier.clone(), Some(id));
        }
        for (name, _) in folded_names(old) {
            self.edits.names.insert((name, id), None);
        }
        for (name, kind) in folded_names(new) {
            self.edits.names.insert((name, id), Some(kind));
        }
    }

    fn forget_mentions(&mut self, id: NodeId) -> Result<(), StorageError> {
        let mentioned = lookup::set(self.store(), Family::Mentioned, key::mentioned(id))?;
        for sentence in edits::apply(&self.edits.mentioned, &id, mentioned) {
            let number = SentenceId::new(sentence);
            if let Some(mut record) = View::sentence(self, number)? {
                record.mentions.retain(|mention| mention.node != id);
                self.edits.sentences.insert(number, Some(record));
            }
            edits::remove(&mut self.edits.mentioned, id, sentence);
        }
        Ok(())
    }

    /// Every edge of a node, in canonical form.
    pub(crate) fn edges_of(&self, id: NodeId) -> Result<Vec<Edge>, StorageError> {
        let mut edges = Vec::new();
        for (relation, relation_type) in self.catalog.relation_types() {
            for &side in lookup::sides(relation_type.symmetric, Direction::Both) {
                for other in self.adjacent(relation, side, id)?.iter() {
                    let (source, target) = if side == Side::Out { (id, other) } else { (other, id) };
                    edges.push(Edge { relation, source, target }.canonical(relation_type.symmetric));
                }
            }
        }
        edges.sort_unstable();
        edges.dedup();
        Ok(edges)
    }

    /// Whether a node has an edge.
    pub(crate) fn has_edges(&self, id: NodeId) -> Result<bool, StorageError> {
        for (relation, relation_type) in self.catalog.relation_types() {
            for &side in lookup::sides(relation_type.symmetric, Direction::Both) {
                if !self.adjacent(relation, side, id)?.is_empty() {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    pub(crate) fn adjacent(&self, relation: RelationTypeId, side: Side, node: NodeId) -> Result<NodeSet, StorageError> {
        let stored = lookup::adjacent(self.store(), relation, side, node)?;
        Ok(edits::apply(&self.edits.adjacency, &(relation, side, node), stored).into())
    }

    /// The one way to write an edge, if its ends exist.
    fn checked(&self, edge: Edge) -> Result<Edge, StorageError> {
        self.check_exists(edge.source)?;
        self.check_exists(edge.target)?;
        Ok(self.canonical(edge))
    }

    fn check_exists(&self, id: NodeId) -> Result<(), StorageError> {
        let exists = match self.edits.nodes.get(&id) {
            Some(edited) => edited.is_some(),
            None => lookup::node_exists(self.store(), id)?,
        };
        if exists { Ok(()) } else { Err(StorageError::UnknownNode(id)) }
    }

    fn check_mentions(&self, sentence: &NewSentence) -> Result<(), StorageError> {
        let length = sentence.text.chars().count();
        for &Mention { node, start, end } in &sentence.mentions {
            if start >= end || end as usize > length {
                return Err(StorageError::MentionOutside { start, end, length });
            }
            self.check_exists(node)?;
        }
        Ok(())
    }

    pub(crate) fn is_symmetric(&self, relation: RelationTypeId) -> bool {
        self.catalog.relation_type(relation).is_some_and(|found| found.symmetric)
    }

    pub(crate) fn canonical(&self, edge: Edge) -> Edge {
        edge.canonical(self.is_symmetric(edge.relation))
    }

    /// The sets that an edge in canonical form stands in.
    fn places(&self, edge: Edge) -> [((RelationTypeId, Side, NodeId), u32); 2] {
        let back = if self.is_symmetric(edge.relation) { Side::Out } else { Side::In };
        [
            ((edge.relation, Side::Out, edge.source), edge.target.get()),
            ((edge.relation, back, edge.target), edge.source.get()),
        ]
    }

    /// States an edge as a plain fact on the authority of a run; false if that run had stated it before.
    pub fn add_fact(&mut self, edge: Edge, run: RunId) -> Result<bool, StorageError> {
        let edge = self.checked(edge)?;
        if self.has_fact(edge, run)? {
            return Ok(false);
        }
        for (place, member) in self.places(edge) {
            edits::insert(&mut self.edits.adjacency, place, member);
        }
        edits::insert(&mut self.edits.facts, (run, edge.relation, edge.source), edge.target.get());
        Ok(true)
    }

    pub(crate) fn has_fact(&self, edge: Edge, run: RunId) -> Result<bool, StorageError> {
        let edited = edits::contains(&self.edits.facts, &(run, edge.relation, edge.source), edge.target.get());
        edited.map_or_else(|| lookup::has_fact(self.store(), run, edge), Ok)
    }

    /// States an edge because a model read it in a sentence. A second reading by the same run replaces the first.
    pub fn add_evidence(
        &mut self,
        edge: Edge,
        sentence: SentenceId,
        run: RunId,
        probability: f32,
        probabilities: &[f32],
    ) -> Result<(), StorageError> {
        let edge = self.checked(edge)?;
        if u64::from(sentence.get()) >= self.counters.sentences {
            return Err(StorageError::UnknownSentence(sentence));
        }
        let is_probability = |value: &&f32| (0.0..=1.0).contains(*value);
        if let Some(&wrong) = probabilities.iter().chain([&probability]).find(|value| !is_probability(value)) {
            return Err(StorageError::NotAProbability(wrong));
        }
        for (place, member) in self.places(edge) {
            edits::insert(&mut self.edits.adjacency, place, member);
        }
        let reading = Reading { probability, probabilities: probabilities.to_vec() };
        self.set_reading(edge, sentence, run, Some(reading));
        Ok(())
    }

    /// Writes what a run read of an edge in a sentence, or takes it back.
    pub(crate) fn set_reading(&mut self, edge: Edge, sentence: SentenceId, run: RunId, reading: Option<Reading>) {
        self.edits.readings.insert((sentence, run, edge), reading.is_some());
        self.edits.evidence.insert((edge, sentence, run), reading);
    }

    /// Replaces the properties of an edge.
    pub fn set_edge_properties(&mut self, edge: Edge, properties: &Properties) -> Result<(), StorageError> {
        let edge = self.checked(edge)?;
        let value = (!properties.is_empty()).then(|| properties.clone());
        self.edits.note_content(edits::bytes_of(properties));
        self.edits.edge_properties.insert(edge, value);
        Ok(())
    }

    /// Deletes an edge with all its evidence and properties; false if there was none.
    pub fn delete_edge(&mut self, edge: Edge) -> Result<bool, StorageError> {
        let edge = self.canonical(edge);
        if !View::has_edge(self, edge)? {
            return Ok(false);
        }
        for (place, member) in self.places(edge) {
            edits::remove(&mut self.edits.adjacency, place, member);
        }
        for run in self.fact_runs(edge)? {
            edits::remove(&mut self.edits.facts, (run, edge.relation, edge.source), edge.target.get());
        }
        for (sentence, run, _) in self.readings(edge)? {
            self.set_reading(edge, sentence, run, None);
        }
        self.edits.edge_properties.insert(edge, None);
        Ok(true)
    }

    /// The runs that state an edge as a fact.
    pub(crate) fn fact_runs(&self, edge: Edge) -> Result<Vec<RunId>, StorageError> {
        let mut found = Vec::new();
        for run in self.fact_run_ids()? {
            if self.has_fact(edge, run)? {
                found.push(run);
            }
        }
        Ok(found)
    }

    /// The runs that can state facts: all but those of models.
    pub(crate) fn fact_run_ids(&self) -> Result<Vec<RunId>, StorageError> {
        let states_facts = |run: &Run| !matches!(run.kind, RunKind::Model { .. });
        let stored = match self.stored_fact_runs.get() {
            Some(stored) => stored,
            None => {
                let runs = lookup::runs(self.store())?.into_iter().filter(|(_, run)| states_facts(run));
                let found = runs.map(|(id, _)| id).collect();
                self.stored_fact_runs.get_or_init(|| found)
            }
        };
        let mut runs = stored.clone();
        runs.retain(|id| !self.edits.runs.contains_key(id));
        let edited = self.edits.runs.iter().filter(|(_, run)| run.as_ref().is_some_and(states_facts));
        runs.extend(edited.map(|(id, _)| *id));
        Ok(runs)
    }

    /// What models read of an edge, with the edits of this change.
    pub(crate) fn readings(&self, edge: Edge) -> Result<Vec<(SentenceId, RunId, Reading)>, StorageError> {
        let edited = |sentence, run| self.edits.evidence.contains_key(&(edge, sentence, run));
        let mut readings = lookup::readings(self.store(), edge)?;
        readings.retain(|(sentence, run, _)| !edited(*sentence, *run));
        let first = (edge, SentenceId::default(), RunId::default());
        let added = self.edits.evidence.range(first..).take_while(|((of, ..), _)| *of == edge);
        readings.extend(added.filter_map(|(&(_, sentence, run), reading)| Some((sentence, run, reading.clone()?))));
        readings.sort_by_key(|(sentence, run, _)| (*sentence, *run));
        Ok(readings)
    }

    /// Adds a document with its sentences; fails if its identifier is taken, or a mention lies outside of its sentence.
    pub fn add_document(&mut self, document: &NewDocument) -> Result<DocumentId, StorageError> {
        check_name("the identifier", &document.identifier)?;
        if View::document_by_identifier(self, &document.identifier)?.is_some() {
            let (what, text) = ("the document identifier", document.identifier.clone());
            return Err(StorageError::InvalidName { what, text, reason: "a document with it exists already" });
        }
        document.sentences.iter().try_for_each(|sentence| self.check_mentions(sentence))?;
        let sentence_count = u32::try_from(document.sentences.len()).unwrap_or(u32::MAX);
        check_space("sentence", self.counters.sentences + u64::from(sentence_count), IDS_MAX)?;
        let id = DocumentId::new(next_id("document", &mut self.counters.documents)?);
        let first_sentence = SentenceId::new(self.counters.sentences as u32);
        for sentence in &document.sentences {
            let number = SentenceId::new(next_id("sentence", &mut self.counters.sentences)?);
            for mention in &sentence.mentions {
                edits::insert(&mut self.edits.mentioned, mention.node, number.get());
            }
            let (start, text, mentions) = (sentence.start, sentence.text.clone(), sentence.mentions.clone());
            self.edits.sentences.insert(number, Some(Sentence { document: id, start, text, mentions }));
        }
        let record = Document {
            identifier: document.identifier.clone(),
            title: document.title.clone(),
            year: document.year,
            content_hash: document.content_hash,
            version: document.version,
            first_sentence,
            sentence_count,
        };
        self.edits.document_identifiers.insert(record.identifier.clone(), Some(id));
        self.edits.documents.insert(id, Some(record));
        Ok(id)
    }

    /// Notes that this run has taken the input of this name whole, so that it is not taken again. It is forgotten with the
    /// run.
    pub fn note_input(&mut self, run: RunId, name: &str) -> Result<(), StorageError> {
        check_name("the name of the input", name)?;
        self.edits.run_inputs.insert((run, name.to_owned()), Some(()));
        Ok(())
    }

    /// Gives a document another version number, where its source has sent the same text under a new one.
    pub fn set_document_version(&mut self, id: DocumentId, version: Option<u32>) -> Result<(), StorageError> {
        let document = View::document(self, id)?.ok_or(StorageError::UnknownDocument(id))?;
        self.edits.documents.insert(id, Some(Document { version, ..document }));
        self.edits.renumbered.insert(id);
        Ok(())
    }

    /// Whether this run has finished with this document.
    pub fn run_has_document(&self, run: RunId, document: DocumentId) -> Result<bool, StorageError> {
        let edited = edits::contains(&self.edits.run_documents, &run, document.get());
        let stored = || pages::contains(self.store(), Family::RunDocuments, key::run(run), document.get());
        edited.map_or_else(stored, Ok)
    }

    /// Notes that the document with this identifier does not stand, beside what was noted of it before. A document that the
    /// graph has stays: [`Change::retract_document`] takes it out.
    pub fn note_withdrawal(&mut self, identifier: &str, withdrawal: Withdrawal) -> Result<(), StorageError> {
        check_name("the identifier", identifier)?;
        let known = View::withdrawal(self, identifier)?;
        let joined = known.map_or(withdrawal, |known| known.joined(withdrawal));
        self.edits.withdrawals.insert(identifier.to_owned(), Some(joined));
        Ok(())
    }

    /// The run equal to this one in all but its date, added if there is none.
    pub fn begin_run(&mut self, run: &Run) -> Result<RunId, StorageError> {
        let known = self.runs()?;
        if let Some((id, _)) = known.iter().find(|(_, known)| known.kind == run.kind && known.program == run.program) {
            return Ok(*id);
        }
        let id = RunId::new(next_id("run", &mut self.counters.runs)?);
        self.edits.runs.insert(id, Some(run.clone()));
        Ok(id)
    }

    /// The run under which corrections by hand are written.
    pub fn hand(&mut self) -> Result<RunId, StorageError> {
        self.begin_run(&Run { kind: RunKind::Hand, started: String::new(), program: PROGRAM.to_owned() })
    }

    pub(crate) fn runs(&self) -> Result<Vec<(RunId, Run)>, StorageError> {
        let mut runs = lookup::runs(self.store())?;
        runs.retain(|(id, _)| !self.edits.runs.contains_key(id));
        runs.extend(self.edits.runs.iter().filter_map(|(id, run)| Some((*id, run.clone()?))));
        Ok(runs)
    }

    /// Notes that this run has finished with this document.
    pub fn mark_document(&mut self, run: RunId, document: DocumentId) -> Result<(), StorageError> {
        edits::insert(&mut self.edits.run_documents, run, document.get());
        Ok(())
    }

    /// Makes the edits true, all at once. Where many threads commit, one sync of the disk serves all that wait for it.
    pub fn commit(mut self) -> Result<(), StorageError> {
        let (core, before) = (Arc::clone(&self.lease.core), self.store().sequence());
        let ticket = self.write(|_| ())?;
        let (node_sets, after) = (&core.shared.node_sets, core.store.sequence());
        // Until the commit is on the disk, readers see what was before it, and the next change what is after it.
        node_sets.follow(before, after, core.store.commits_wait(), |label, set| self.edits.apply_to(label, set));
        let touches_nodes = self.edits.touches_nodes();
        // The next change need not wait for the disk.
        drop(self);
        core.store.wait_for_disk(ticket)?;
        core.shared.node_sets.forget_before(after);
        core.shared.kept.follow(before, after, touches_nodes);
        Ok(())
    }

    /// Commits what has been edited so far, with further writes in the same batch, and goes on from there.
    pub(crate) fn flush_with(&mut self, write: impl FnOnce(&mut Batch<'_>)) -> Result<(), StorageError> {
        let ticket = self.write(write)?;
        self.lease.core.store.wait_for_disk(ticket)?;
        self.catalog_stored = (self.catalog.label_count(), self.catalog.relation_type_count());
        let after = self.lease.core.store.snapshot();
        let node_sets = &self.lease.core.shared.node_sets;
        let keep = false;
        node_sets.follow(self.store().sequence(), after.sequence(), keep, |label, set| self.edits.apply_to(label, set));
        let touches_nodes = self.edits.touches_nodes();
        self.lease.core.shared.kept.follow(self.store().sequence(), after.sequence(), touches_nodes);
        self.edits = Edits::default();
        self.stored_fact_runs = OnceLock::new();
        self.base = self.lease.core.snapshot(after, Arc::clone(&self.catalog))?;
        Ok(())
    }

    /// Writes what has been edited so far, with further writes in the same batch.
    pub(crate) fn write(&mut self, write: impl FnOnce(&mut Batch<'_>)) -> Result<Ticket, StorageError> {
        // A document written again may have another year, and which edges that concerns is not known. The evidence of one
        // that is retracted is among the edits.
        let is_known = |id: DocumentId| u64::from(id.get()) < self.lease.counters.documents;
        let is_rewritten = |id: &DocumentId| is_known(*id) && !self.edits.renumbered.contains(id);
        let rewritten = self.edits.documents.iter().any(|(id, document)| document.is_some() && is_rewritten(id));
        if rewritten || self.edits.change_edges() {
            self.counters.edge_generation += 1;
        }
        let written = (!rewritten && self.edits.change_edges()).then(|| {
            let edges = self.edits.changed_edges(|relation| self.is_symmetric(relation));
            (self.counters.edge_generation, edges)
        });
        let core = Arc::clone(&self.lease.core);
        let mut batch = core.store.batch();
        for (key, value) in self.new_catalog_entries() {
            batch.put(Family::Catalog, key, value);
        }
        self.edits.write(&mut batch);
        write(&mut batch);
        batch.check()?;
        for (name, counter) in self.counters.named() {
            batch.put(Family::Counters, name, counter.to_le_bytes());
        }
        let ticket = core.write(&mut self.lease, batch, &self.catalog, written)?;
        self.lease.counters = self.counters;
        Ok(ticket)
    }

    /// From here on nobody gets a new snapshot until this change ends.
    pub(crate) fn hide_from_others(&mut self) {
        if self.hidden.is_none() {
            self.hidden = Some(Shared::hide(&self.lease.core.shared));
        }
    }

    /// Makes the sorted files of a bulk load true, with the runs, the catalog and the counters of this change.
    pub(crate) fn publish(mut self, staging: Staging, edges_changed: bool) -> Result<(), StorageError> {
        self.counters.edge_generation += u64::from(edges_changed);
        let runs = self
            .edits
            .runs
            .iter()
            .filter_map(|(id, run)| Some((key::run(*id), record::encode(run.as_ref()?))))
            .collect();
        write_entries(&staging, Family::Runs, runs)?;
        write_entries(&staging, Family::Catalog, self.new_catalog_entries())?;
        let mut counters = self.counters.named();
        counters.sort_unstable_by_key(|(name, _)| *name);
        staging.write(Family::Counters, |file| {
            counters.iter().try_for_each(|(name, counter)| file.put(name, counter.to_le_bytes()))
        })?;
        let core = Arc::clone(&self.lease.core);
        core.publish(&mut self.lease, staging, &self.catalog)?;
        self.lease.counters = self.counters;
        Ok(())
    }

    /// The labels and relation types that are not yet on disk, in order of their keys.
    fn new_catalog_entries(&self) -> Vec<(Key, Vec<u8>)> {
        let (labels, relation_types) = self.catalog_stored;
        let labels = self.catalog.labels().skip(labels);
        let labels = labels.map(|(id, name)| (key::catalog_label(id), record::encode(&name.to_owned())));
        let relation_types = self.catalog.relation_types().skip(relation_types);
        let relation_types = relation_types.map(|(id, kind)| (key::catalog_relation_type(id), record::encode(kind)));
        labels.chain(relation_types).collect()
    }

    /// The id that the next node will have.
    pub(crate) fn next_node(&self) -> NodeId {
        NodeId::new(self.counters.nodes as u32)
    }

    /// Hands out the id of a node that is written by other means.
    pub(crate) fn take_node_id(&mut self) -> Result<NodeId, StorageError> {
        next_id("node", &mut self.counters.nodes).map(NodeId::new)
    }

    #[cfg(test)]
    pub(crate) fn fail_next_write(&mut self) {
        self.lease.fail_after = Some(0);
    }

    /// The directory of the graph.
    pub(crate) fn path(&self) -> &std::path::Path {
        self.lease.core.path()
    }
}

fn write_entries(staging: &Staging, family: Family, entries: Vec<(Key, Vec<u8>)>) -> Result<(), StorageError> {
    if entries.is_empty() {
        return Ok(());
    }
    staging.write(family, |file| entries.iter().try_for_each(|(key, value)| file.put(key, value)))
}

fn next_id(kind: &'static str, counter: &mut u64) -> Result<u32, StorageError> {
    let id = u32::try_from(*counter).ok().filter(|&id| u64::from(id) < IDS_MAX);
    let id = id.ok_or(StorageError::IdSpaceFull { kind, limit: IDS_MAX })?;
    *counter += 1;
    Ok(id)
}

fn check_space(kind: &'static str, used: u64, limit: u64) -> Result<(), StorageError> {
    if used < limit { Ok(()) } else { Err(StorageError::IdSpaceFull { kind, limit }) }
}

fn conflict(existing: &RelationType, wanted: &RelationType) -> StorageError {
    let describe = |relation_type: &RelationType| {
        let polarity = format!("{:?}", relation_type.polarity).to_lowercase();
        format!("{polarity} and {}", if relation_type.symmetric { "symmetric" } else { "directed" })
    };
    let (existing, wanted) = (describe(existing), (wanted.name.clone(), describe(wanted)));
    StorageError::RelationTypeConflict { name: wanted.0, existing, wanted: wanted.1 }
}
