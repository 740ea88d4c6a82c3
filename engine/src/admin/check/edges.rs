//! Adjacency is the same seen from both ends, and every edge has a reason. One relation type at a time, so that memory
//! is bounded by the largest type.

use roaring::RoaringBitmap;

use super::checker::Checker;
use crate::storage::family::Family;
use crate::storage::key::{self, Fields, Side};
use crate::storage::record::{self, Reading};
use crate::{Edge, NodeId, Properties, RelationTypeId, Run, RunId, RunKind, SentenceId, StorageError};

impl Checker<'_> {
    pub(super) fn check_edges(&mut self) -> Result<(), StorageError> {
        let runs = self.check_runs()?;
        self.check_types(&runs)?;
        let types: Vec<_> = self.catalog.relation_types().map(|(id, found)| (id, found.symmetric)).collect();
        for (relation, symmetric) in types {
            let edges = self.check_adjacency(relation, symmetric)?;
            self.check_ends(&edges);
            self.check_reasons(relation, &edges, &runs)?;
            self.check_properties(relation, &edges)?;
        }
        Ok(())
    }

    /// The runs that exist, each with whether it states plain facts.
    pub(super) fn check_runs(&mut self) -> Result<Vec<(RunId, bool)>, StorageError> {
        let mut runs = Vec::new();
        self.visit(Family::Runs, |checker, key, value| {
            let id = Fields(key).u32().unwrap_or(u32::MAX);
            checker.check_id("run", id, checker.counters.runs);
            match record::decode::<Run>(value) {
                Ok(run) => runs.push((RunId::new(id), !matches!(run.kind, RunKind::Model { .. }))),
                Err(reason) => checker.problem_at(Family::Runs, key, &reason),
            }
            Ok(())
        })?;
        Ok(runs)
    }

    /// Keys name relation types and runs that exist.
    fn check_types(&mut self, runs: &[(RunId, bool)]) -> Result<(), StorageError> {
        let count = self.catalog.relation_type_count();
        let known = |relation: Option<u16>| relation.is_some_and(|relation| usize::from(relation) < count);
        for family in [Family::Adjacency, Family::EdgeProperties, Family::Evidence] {
            self.visit(family, |checker, key, _| {
                if !known(Fields(key).u16()) {
                    checker.problem_at(family, key, "the relation type is not in the catalog");
                }
                Ok(())
            })?;
        }
        self.visit(Family::Facts, |checker, key, value| {
            // What is left of a run that was retracted.
            if Self::members(Family::Facts, key, value).is_empty() {
                return Ok(());
            }
            let mut fields = Fields(key);
            let (run, relation) = (fields.u32().map(RunId::new), fields.u16());
            if !runs.iter().any(|&(id, facts)| facts && Some(id) == run) {
                checker.problem_at(Family::Facts, key, "there is no such run, or it is not one that states facts");
            }
            if !known(relation) {
                checker.problem_at(Family::Facts, key, "the relation type is not in the catalog");
            }
            Ok(())
        })
    }

    /// The edges of a type in order, after comparing both sides.
    fn check_adjacency(&mut self, relation: RelationTypeId, symmetric: bool) -> Result<Vec<Edge>, StorageError> {
        let out = self.edges_on(relation, Side::Out)?;
        let back = self.edges_on(relation, Side::In)?;
        let (edges, mirrored): (Vec<Edge>, Vec<Edge>) = if symmetric {
            back.iter().for_each(|edge| {
                self.problem(format!(
                    "{} has an entry on the in side, though its type is symmetric",
                    self.describe(*edge)
                ));
            });
            let forward = out.iter().copied().filter(|edge| edge.source <= edge.target).collect();
            let backward = out.iter().filter(|edge| edge.source >= edge.target).map(|edge| edge.canonical(true));
            (forward, backward.collect())
        } else {
            (out, back)
        };
        let mut mirrored = mirrored;
        mirrored.sort_unstable();
        self.compare(
            &edges,
            &mirrored,
            "is known at its source but not at its target",
            "is known at its target but not at its source",
        );
        Ok(edges)
    }

    fn edges_on(&mut self, relation: RelationTypeId, side: Side) -> Result<Vec<Edge>, StorageError> {
        let mut edges = Vec::new();
        let entries = self.store.prefix(Family::Adjacency, key::adjacency_side(relation, side));
        entries.for_each(|key, value| {
            let mut fields = Fields(key);
            let (_, _, node) = (fields.u16(), fields.u8(), fields.u32());
            let node = NodeId::new(node.unwrap_or(u32::MAX));
            for other in Self::members(Family::Adjacency, key, value).into_iter().map(NodeId::new) {
                let (source, target) = if side == Side::Out { (node, other) } else { (other, node) };
                edges.push(Edge { relation, source, target });
            }
            Ok(())
        })?;
        edges.sort_unstable();
        Ok(edges)
    }

    fn check_ends(&mut self, edges: &[Edge]) {
        let ends: RoaringBitmap = edges.iter().flat_map(|edge| [edge.source.get(), edge.target.get()]).collect();
        for node in ends - &self.nodes {
            self.problem(format!("edges hang on node {node}, which does not exist"));
        }
    }

    /// An edge exists if and only if a run states it or a model read it.
    fn check_reasons(
        &mut self,
        relation: RelationTypeId,
        edges: &[Edge],
        runs: &[(RunId, bool)],
    ) -> Result<(), StorageError> {
        let mut reasons = self.check_evidence(relation, runs)?;
        for &(run, _) in runs.iter().filter(|(_, facts)| *facts) {
            self.store.prefix(Family::Facts, key::facts_of_type(run, relation)).for_each(|key, value| {
                let mut fields = Fields(key);
                let (_, _, source) = (fields.u32(), fields.u16(), fields.u32());
                let source = NodeId::new(source.unwrap_or(u32::MAX));
                let targets = Self::members(Family::Facts, key, value).into_iter().map(NodeId::new);
                reasons.extend(targets.map(|target| Edge { relation, source, target }));
                Ok(())
            })?;
        }
        reasons.sort_unstable();
        reasons.dedup();
        self.compare(
            edges,
            &reasons,
            "has neither a fact nor evidence",
            "has a fact or evidence, but is not in adjacency",
        );
        Ok(())
    }

    /// The edges of a type that have evidence, which is verified on the way.
    fn check_evidence(&mut self, relation: RelationTypeId, runs: &[(RunId, bool)]) -> Result<Vec<Edge>, StorageError> {
        let mut edges = Vec::new();
        let store = self.store;
        store.prefix(Family::Evidence, key::edges_of_type(relation)).for_each(|key, value| {
            let mut fields = Fields(key);
            let (edge, sentence, run) = (fields.edge(), fields.u32(), fields.u32());
            let (Some(edge), Some(sentence), Some(run)) = (edge, sentence, run) else {
                self.problem_at(Family::Evidence, key, "the key is malformed");
                return Ok(());
            };
            edges.push(edge);
            let reading = key::reading(SentenceId::new(sentence), RunId::new(run), edge);
            if store.get(Family::Readings, reading)?.is_none() {
                self.problem_at(Family::Evidence, key, "it is not found by its sentence");
            }
            self.evidence += 1;
            if !runs.iter().any(|&(id, facts)| id == RunId::new(run) && !facts) {
                self.problem_at(Family::Evidence, key, "there is no such run of a model");
            }
            if store.get(Family::Sentences, key::sentence(SentenceId::new(sentence)))?.is_none() {
                self.problem_at(Family::Evidence, key, "there is no such sentence");
            }
            match record::decode::<Reading>(value) {
                Ok(reading) if is_probable(&reading) => {}
                Ok(_) => self.problem_at(Family::Evidence, key, "a probability is not in 0..=1"),
                Err(reason) => self.problem_at(Family::Evidence, key, &reason),
            }
            Ok(())
        })?;
        edges.dedup();
        Ok(edges)
    }

    fn check_properties(&mut self, relation: RelationTypeId, edges: &[Edge]) -> Result<(), StorageError> {
        let store = self.store;
        store.prefix(Family::EdgeProperties, key::edges_of_type(relation)).for_each(|key, value| {
            match Fields(key).edge() {
                Some(edge) if edges.binary_search(&edge).is_ok() => {}
                _ => self.problem_at(Family::EdgeProperties, key, "properties of an edge that does not exist"),
            }
            if let Err(reason) = record::decode::<Properties>(value) {
                self.problem_at(Family::EdgeProperties, key, &reason);
            }
            Ok(())
        })
    }

    /// Reports what stands in only one of two sorted lists.
    fn compare(&mut self, first: &[Edge], second: &[Edge], only_first: &str, only_second: &str) {
        let mut difference = |these: &[Edge], those: &[Edge], reason: &str| {
            for edge in these.iter().filter(|edge| those.binary_search(edge).is_err()) {
                self.problem(format!("{} {reason}", self.describe(*edge)));
            }
        };
        if first != second {
            difference(first, second, only_first);
            difference(second, first, only_second);
        }
    }
}

fn is_probable(reading: &Reading) -> bool {
    let fits = |probability: &f32| (0.0..=1.0).contains(probability);
    fits(&reading.probability) && reading.probabilities.iter().all(fits)
}
