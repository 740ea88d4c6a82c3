//! Nodes and the indexes that lead to them say the same.

use std::collections::BTreeMap;

use roaring::RoaringBitmap;

use super::checker::Checker;
use crate::model::name::folded_names;
use crate::storage::family::Family;
use crate::storage::key::{self, Fields};
use crate::storage::lookup;
use crate::storage::record;
use crate::{LabelId, Node, NodeId, StorageError};

impl Checker<'_> {
    pub(super) fn check_nodes(&mut self) -> Result<(), StorageError> {
        let mut labels: BTreeMap<LabelId, RoaringBitmap> = BTreeMap::new();
        let (mut names, mut identifiers) = (0, 0);
        self.visit(Family::Nodes, |checker, key, value| {
            let Some(id) = Fields(key).u32().map(NodeId::new) else {
                checker.problem_at(Family::Nodes, key, "the key is malformed");
                return Ok(());
            };
            checker.nodes.insert(id.get());
            checker.check_id("node", id.get(), checker.counters.nodes);
            match record::decode::<Node>(value) {
                Ok(node) => {
                    node.labels.iter().for_each(|&label| {
                        labels.entry(label).or_default().insert(id.get());
                    });
                    names += checker.check_names(id, &node)?;
                    identifiers += checker.check_identifiers(id, &node)?;
                }
                Err(reason) => checker.problem_at(Family::Nodes, key, &reason),
            }
            Ok(())
        })?;
        self.check_labels(&labels)?;
        self.check_count(Family::Names, names)?;
        self.check_count(Family::Identifiers, identifiers)
    }

    fn check_names(&mut self, id: NodeId, node: &Node) -> Result<u64, StorageError> {
        let names = folded_names(node);
        for (name, kind) in &names {
            let stored = self.store.get(Family::Names, key::name(name, id))?;
            if stored.as_deref() != Some(&[*kind]) {
                self.problem(format!("node {id} is not found by its name {name:?}"));
            }
        }
        Ok(names.len() as u64)
    }

    fn check_identifiers(&mut self, id: NodeId, node: &Node) -> Result<u64, StorageError> {
        for identifier in &node.identifiers {
            let stored = lookup::node_by_identifier(self.store, identifier);
            if self.note(stored)?.flatten() != Some(id) {
                self.problem(format!("node {id} is not found by its identifier {identifier:?}"));
            }
        }
        Ok(node.identifiers.len() as u64)
    }

    fn check_labels(&mut self, expected: &BTreeMap<LabelId, RoaringBitmap>) -> Result<(), StorageError> {
        for &label in expected.keys().filter(|label| self.catalog.label_name(**label).is_none()).collect::<Vec<_>>() {
            self.problem(format!("nodes have label {label}, which the catalog does not know"));
        }
        let mut stored: BTreeMap<LabelId, RoaringBitmap> = BTreeMap::new();
        self.visit(Family::Labels, |_, key, value| {
            let label = Fields(key).u16().map(LabelId::new).unwrap_or_default();
            stored.entry(label).or_default().extend(Self::members(Family::Labels, key, value));
            Ok(())
        })?;
        stored.retain(|_, nodes| !nodes.is_empty());
        if stored == *expected {
            return Ok(());
        }
        for label in stored.keys().chain(expected.keys()).collect::<std::collections::BTreeSet<_>>() {
            let (empty, name) = (RoaringBitmap::new(), self.catalog.label_name(*label).unwrap_or("?").to_owned());
            let difference = stored.get(label).unwrap_or(&empty) ^ expected.get(label).unwrap_or(&empty);
            for node in difference {
                self.problem(format!("node {node} and the index of label {name:?} do not agree"));
            }
        }
        Ok(())
    }

    /// An index has as many entries as the nodes account for: with every one of those found, none is left over.
    fn check_count(&mut self, family: Family, expected: u64) -> Result<(), StorageError> {
        let mut count = 0;
        self.visit(family, |_, _, _| {
            count += 1;
            Ok(())
        })?;
        if count != expected {
            self.problem(format!("column family {}: {count} entries, but nodes have {expected}", family.name()));
        }
        Ok(())
    }
}
