//! Whole parts of a graph, one thing after the other, without holding them: for exports and comparisons.

use std::collections::VecDeque;

use crate::storage::cursor::Entries;
use crate::storage::failure::{damaged, malformed};
use crate::storage::family::Family;
use crate::storage::key::{self, Fields, Side};
use crate::storage::lookup;
use crate::storage::pages;
use crate::storage::record;
use crate::{Edge, Node, NodeId, RelationTypeId, SentenceId, Snapshot, StorageError, View};

impl Snapshot {
    /// Shows every node to `visit`, in order, in one pass over their records.
    pub fn for_each_node(&self, mut visit: impl FnMut(NodeId, &Node)) -> Result<(), StorageError> {
        self.store().all(Family::Nodes).for_each(|key, value| {
            let id = Fields(key).u32().ok_or_else(|| malformed(Family::Nodes, key))?;
            let node: Node = record::decode(value).map_err(|reason| damaged(Family::Nodes, key, reason))?;
            visit(NodeId::new(id), &node);
            Ok(())
        })
    }

    /// The edges of a type in order of source and target, each once and in canonical form.
    pub fn edges(&self, relation: RelationTypeId) -> impl Iterator<Item = Result<Edge, StorageError>> + '_ {
        let symmetric = self.catalog().relation_type(relation).is_some_and(|found| found.symmetric);
        let entries = self.store().prefix(Family::Adjacency, key::adjacency_side(relation, Side::Out));
        let mut edges = Edges { relation, symmetric, entries, page: VecDeque::new() };
        std::iter::from_fn(move || edges.next().transpose())
    }

    /// The sentences that mention both nodes, in order: an intersection of two bitmaps.
    pub fn sentences_mentioning_both(&self, one: NodeId, other: NodeId) -> Result<Vec<SentenceId>, StorageError> {
        let sentences = |node| lookup::set(self.store(), Family::Mentioned, key::mentioned(node));
        let both = sentences(one)? & sentences(other)?;
        Ok(both.iter().map(SentenceId::new).collect())
    }
}

/// A cursor over the edges of a type: one page of one set is held at a time.
struct Edges<'s> {
    relation: RelationTypeId,
    symmetric: bool,
    entries: Entries<'s>,
    page: VecDeque<Edge>,
}

impl Edges<'_> {
    fn next(&mut self) -> Result<Option<Edge>, StorageError> {
        while self.page.is_empty() {
            let Some((key, value)) = self.entries.entry()? else { return Ok(None) };
            let (_, _, source) = key::parse_adjacency(key).ok_or_else(|| malformed(Family::Adjacency, key))?;
            let (relation, symmetric, page) = (self.relation, self.symmetric, &mut self.page);
            pages::for_each_member(Family::Adjacency, key, value, |member| {
                let target = NodeId::new(member);
                // An edge of a symmetric type stands at both ends.
                if !symmetric || target >= source {
                    page.push_back(Edge { relation, source, target });
                }
            })?;
            self.entries.advance();
        }
        Ok(self.page.pop_front())
    }
}
