//! What documents say of a node: its labels and names, each with the documents that give it, so that it goes with them.
//!
//! The outcome depends on which documents are in the graph, never on the order in which they came. So a graph from which
//! a document was retracted says the same as one that never had it.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::storage::failure::malformed;
use crate::storage::family::Family;
use crate::storage::key;
use crate::storage::pages;
use crate::write::edits::{self, Descriptions};
use crate::{Change, DocumentId, LabelId, Node, NodeId, StorageError, View};

/// What one document says of a node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Description {
    /// What it is; labels are added to the catalog if they are new.
    pub labels: Vec<String>,
    /// Names that a lexicon or the input gives it beside the text.
    pub given: Vec<String>,
    /// The words by which the text mentions it.
    pub mentions: Vec<String>,
    /// A phrase that names it together with others: used for want of anything better.
    pub phrase: Option<String>,
}

/// Kinds of description, as in the keys on disk; of names, the better ones first.
const LABEL: u8 = 0;
const GIVEN: u8 = 1;
const MENTION: u8 = 2;
const PHRASE: u8 = 3;

/// What descriptions make of a node.
#[derive(Debug, Default, PartialEq, Eq)]
struct Shown {
    labels: BTreeSet<LabelId>,
    /// The preferred name first, the others in alphabetical order; no two differ in case only.
    names: Vec<String>,
}

impl Shown {
    fn has_name(&self, name: &str) -> bool {
        let name = name.to_lowercase();
        self.names.iter().any(|known| known.to_lowercase() == name)
    }
}

impl Change {
    /// Notes what a document says of a node, once for each document and node.
    ///
    /// The node's preferred name is the one given by most documents beside their text; without such a one, the word by
    /// which most documents mention it. A name that the node was given otherwise, by a load or by hand, stands before
    /// all of these and stays whatever documents come and go.
    pub fn describe(
        &mut self,
        node: NodeId,
        document: DocumentId,
        description: &Description,
    ) -> Result<(), StorageError> {
        for label in &description.labels {
            self.label(label)?;
        }
        let mut counts = self.descriptions(node)?;
        let before = self.shown(&counts);
        let known = View::node(self, node)?.ok_or(StorageError::UnknownNode(node))?;
        for (kind, text) in entries(description) {
            if self.stands_by_itself(kind, text, &known, &before) {
                continue;
            }
            let entry = (kind, text.to_owned());
            edits::insert(&mut self.edits.descriptions, (node, kind, text.to_owned()), document.get());
            *counts.entry(entry).or_default() += 1;
        }
        let after = self.shown(&counts);
        self.edits.described.insert(node, counts);
        if before == after { Ok(()) } else { self.redescribe(node, known, &before, &after) }
    }

    /// Takes back what a document says of a node. True if nothing else holds the node, and it was deleted.
    pub(crate) fn undescribe(&mut self, node: NodeId, document: DocumentId) -> Result<bool, StorageError> {
        let Some(known) = View::node(self, node)? else { return Ok(false) };
        let mut counts = self.descriptions(node)?;
        let before = self.shown(&counts);
        for ((kind, text), count) in &mut counts {
            if *count > 0 && self.is_described(node, *kind, text, document)? {
                edits::remove(&mut self.edits.descriptions, (node, *kind, text.clone()), document.get());
                *count -= 1;
            }
        }
        counts.retain(|_, count| *count > 0);
        let after = self.shown(&counts);
        let last = counts.is_empty();
        self.edits.described.insert(node, counts);
        if before == after {
            return Ok(false);
        }
        if last && !holds_more(&known, &before) {
            if !self.is_in_use(node)? {
                self.delete_node(node, false)?;
                return Ok(true);
            }
            // Only facts hold it now. What it was called is better than no name at all.
            return Ok(false);
        }
        self.redescribe(node, known, &before, &after)?;
        Ok(false)
    }

    /// Takes back what all documents say of a node that is deleted.
    pub(crate) fn forget_descriptions(&mut self, node: NodeId) -> Result<(), StorageError> {
        let mut stored = Vec::new();
        self.store().prefix(Family::Descriptions, key::descriptions(node)).for_each(|key, value| {
            let (_, kind, text) = key::parse_description(key).ok_or_else(|| malformed(Family::Descriptions, key))?;
            pages::for_each_member(Family::Descriptions, key, value, |document| {
                stored.push((kind, text.to_owned(), document));
            })
        })?;
        let first = (node, 0, String::new());
        self.edits.descriptions.range_mut(first..).take_while(|((of, ..), _)| *of == node).for_each(|(_, edit)| {
            let added = std::mem::take(&mut edit.added);
            edit.removed |= added;
        });
        for (kind, text, document) in stored {
            edits::remove(&mut self.edits.descriptions, (node, kind, text), document);
        }
        self.edits.described.insert(node, Descriptions::new());
        Ok(())
    }

    /// Whether the node has this label or name on another authority than that of documents.
    fn stands_by_itself(&self, kind: u8, text: &str, node: &Node, shown: &Shown) -> bool {
        if kind == LABEL {
            let label = self.catalog.label(text);
            return label.is_some_and(|label| node.labels.contains(&label) && !shown.labels.contains(&label));
        }
        let folded = text.to_lowercase();
        let has = std::iter::once(&node.name).chain(&node.synonyms).any(|name| name.to_lowercase() == folded);
        has && !shown.has_name(text)
    }

    /// Brings a node from what its descriptions showed before to what they show now.
    fn redescribe(&mut self, id: NodeId, mut node: Node, before: &Shown, after: &Shown) -> Result<(), StorageError> {
        node.labels.retain(|label| !before.labels.contains(label));
        node.labels.extend(&after.labels);
        if before.names.contains(&node.name) {
            node.name.clear();
        }
        node.synonyms.retain(|synonym| !before.names.contains(synonym));
        let folded: BTreeSet<String> =
            std::iter::once(&node.name).chain(&node.synonyms).map(|name| name.to_lowercase()).collect();
        for name in after.names.iter().filter(|name| !folded.contains(&name.to_lowercase())) {
            if node.name.is_empty() {
                node.name.clone_from(name);
            } else {
                node.synonyms.push(name.clone());
            }
        }
        self.update_node(id, node)
    }

    /// What documents say of a node, with the edits of this change.
    fn descriptions(&self, node: NodeId) -> Result<Descriptions, StorageError> {
        if let Some(counts) = self.edits.described.get(&node) {
            return Ok(counts.clone());
        }
        // Whatever edits a description also keeps its counts, so the store alone is asked here.
        let mut counts = Descriptions::new();
        self.store().prefix(Family::Descriptions, key::descriptions(node)).for_each(|key, value| {
            let (_, kind, text) = key::parse_description(key).ok_or_else(|| malformed(Family::Descriptions, key))?;
            let mut count = 0;
            pages::for_each_member(Family::Descriptions, key, value, |_| count += 1)?;
            *counts.entry((kind, text.to_owned())).or_default() += count;
            Ok(())
        })?;
        counts.retain(|_, count| *count > 0);
        Ok(counts)
    }

    fn is_described(&self, node: NodeId, kind: u8, text: &str, document: DocumentId) -> Result<bool, StorageError> {
        let place = (node, kind, text.to_owned());
        if let Some(edited) = edits::contains(&self.edits.descriptions, &place, document.get()) {
            return Ok(edited);
        }
        pages::contains(self.store(), Family::Descriptions, key::description(node, kind, text), document.get())
    }

    fn shown(&self, counts: &Descriptions) -> Shown {
        let said = counts.iter().filter(|(_, count)| **count > 0);
        let (labels, names): (Vec<_>, Vec<_>) = said.partition(|((kind, _), _)| *kind == LABEL);
        let labels = labels.iter().filter_map(|((_, text), _)| self.catalog.label(text)).collect();
        // Of spellings that differ in case only, and then of all names, the best kind, most documents, first letters.
        let mut spellings: BTreeMap<String, (u8, Reverse<u64>, &String)> = BTreeMap::new();
        for ((kind, text), count) in names {
            let rank = (*kind, Reverse(*count), text);
            let best = spellings.entry(text.to_lowercase()).or_insert(rank);
            *best = rank.min(*best);
        }
        if spellings.values().any(|(kind, ..)| *kind < PHRASE) {
            spellings.retain(|_, (kind, ..)| *kind < PHRASE);
        }
        let preferred = spellings.values().min().map(|(.., text)| (*text).clone());
        let others = spellings.into_values().map(|(.., text)| text.clone());
        let others: Vec<String> = others.filter(|name| Some(name) != preferred.as_ref()).collect();
        Shown { labels, names: preferred.into_iter().chain(others).collect() }
    }
}

/// Whether a node has something beside what documents said of it.
fn holds_more(node: &Node, shown: &Shown) -> bool {
    let mut names = std::iter::once(&node.name).chain(&node.synonyms).filter(|name| !name.is_empty());
    !node.properties.is_empty()
        || node.labels.iter().any(|label| !shown.labels.contains(label))
        || names.any(|name| !shown.names.contains(name))
}

/// The entries of a description, each once.
fn entries(description: &Description) -> BTreeSet<(u8, &str)> {
    let Description { labels, given, mentions, phrase } = description;
    let all = [(LABEL, labels.as_slice()), (GIVEN, given), (MENTION, mentions), (PHRASE, phrase.as_slice())];
    all.into_iter().flat_map(|(kind, texts)| texts.iter().map(move |text| (kind, text.as_str()))).collect()
}
