//! A check in progress: what is known of the graph so far, and what was found wrong.

use roaring::RoaringBitmap;

use crate::storage::counter::{Counters, counter};
use crate::storage::failure::place;
use crate::storage::family::{Content, Family};
use crate::storage::pages;
use crate::storage::set;
use crate::storage::snapshot::StoreSnapshot;
use crate::{Catalog, Edge, StorageError};

/// Problems listed before the report says only that there are more.
const PROBLEMS_MAX: usize = 1_000;

/// What [`crate::Graph::check`] found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckReport {
    /// What is wrong, one line each, with its place. Empty: the graph is sound.
    pub problems: Vec<String>,
    /// How many records were looked at.
    pub records: u64,
}

impl CheckReport {
    /// Whether nothing is wrong.
    pub fn is_sound(&self) -> bool {
        self.problems.is_empty()
    }
}

/// A check in progress.
pub(super) struct Checker<'c> {
    pub(super) store: &'c StoreSnapshot,
    pub(super) catalog: Catalog,
    pub(super) counters: Counters,
    /// The nodes that exist.
    pub(super) nodes: RoaringBitmap,
    /// How many pieces of evidence there are.
    pub(super) evidence: u64,
    pub(super) report: CheckReport,
}

impl<'c> Checker<'c> {
    pub(super) fn new(store: &'c StoreSnapshot, catalog: Catalog, report: CheckReport) -> Self {
        Self { store, catalog, counters: Counters::default(), nodes: RoaringBitmap::new(), evidence: 0, report }
    }

    pub(super) fn problem(&mut self, text: String) {
        match self.report.problems.len() {
            count if count < PROBLEMS_MAX => self.report.problems.push(text),
            PROBLEMS_MAX => self.report.problems.push(format!("and more: only the first {PROBLEMS_MAX} are listed")),
            _ => {}
        }
    }

    pub(super) fn problem_at(&mut self, family: Family, key: &[u8], reason: &str) {
        self.problem(format!("{}: {reason}", place(family, key)));
    }

    /// Turns damage into a problem, so that the check goes on.
    pub(super) fn note<T>(&mut self, result: Result<T, StorageError>) -> Result<Option<T>, StorageError> {
        match result {
            Ok(value) => Ok(Some(value)),
            Err(error @ StorageError::Damaged { .. }) => {
                self.problem(error.to_string());
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Visits every entry of a family.
    pub(super) fn visit(
        &mut self,
        family: Family,
        mut visit: impl FnMut(&mut Self, &[u8], &[u8]) -> Result<(), StorageError>,
    ) -> Result<(), StorageError> {
        let store = self.store;
        let result = store.all(family).for_each(|key, value| {
            self.report.records += 1;
            visit(self, key, value)
        });
        self.note(result).map(|_| ())
    }

    pub(super) fn read_counters(&mut self) -> Result<(), StorageError> {
        let mut counters = Counters::default();
        for (name, value) in counters.named() {
            let read = counter(self.store, name);
            *value = self.note(read)?.unwrap_or_default();
        }
        self.counters = counters;
        // Reading by key passes over what a newer value hides; a visit reads every block.
        self.visit(Family::Counters, |_, _, _| Ok(()))
    }

    /// Every page of every set decodes, and its key ends in a page number.
    pub(super) fn check_pages(&mut self) -> Result<(), StorageError> {
        for family in Family::ALL.into_iter().filter(|family| family.content() == Content::Sets) {
            self.visit(family, |checker, key, value| {
                let page = pages::page_of_key(family, key);
                checker.note(page)?;
                if let Err(error) = set::for_each_member(value, |_| ()) {
                    checker.problem_at(family, key, &error.to_string());
                }
                Ok(())
            })?;
        }
        Ok(())
    }

    pub(super) fn check_id(&mut self, kind: &str, id: u32, next: u64) {
        if u64::from(id) >= next {
            self.problem(format!("{kind} {id} exists, but the next free id is {next}"));
        }
    }

    /// The members of one page as ids; a page that does not decode has been reported already.
    pub(super) fn members(family: Family, key: &[u8], value: &[u8]) -> Vec<u32> {
        let mut members = Vec::new();
        let whole = pages::for_each_member(family, key, value, |member| members.push(member));
        if whole.is_ok() { members } else { Vec::new() }
    }

    pub(super) fn describe(&self, edge: Edge) -> String {
        let name = self.catalog.relation_type(edge.relation).map_or("of unknown type", |found| &found.name);
        format!("edge {} -[{name}]-> {}", edge.source, edge.target)
    }
}
