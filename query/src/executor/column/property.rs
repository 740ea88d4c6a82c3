//! A property of many nodes: from a column in memory, or node by node while few have been asked for.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use hopgraph_engine::{Node, NodeId, Snapshot, View};

use super::{Column, Dictionary, NULL, NodeColumn};
use crate::executor::compute::node_property;
use crate::fault::Result;
use crate::value::Cell;

/// One in so many nodes has to be asked for before the whole column is read, which is a pass over all node records.
const NODES_FOR_ONE_READ: u64 = 32;

/// How many node records are kept while they are read one by one.
const RECORDS_KEPT: usize = 4096;

/// Answers for one property in one query, on any number of threads.
#[derive(Debug)]
pub(in crate::executor) struct PropertyReader {
    key: Arc<str>,
    column: OnceLock<Arc<NodeColumn>>,
    /// How many nodes were asked for, by all queries on this moment of the graph.
    asked: Arc<AtomicU64>,
    /// After so many the column is read.
    enough: u64,
    records: Arc<Records>,
}

/// Node records that were read one by one.
#[derive(Debug, Default)]
pub(in crate::executor) struct Records(Mutex<HashMap<u32, Option<Arc<Node>>>>);

impl Records {
    fn get(&self, snapshot: &Snapshot, node: u32) -> Result<Option<Arc<Node>>> {
        if let Some(found) = self.lock().get(&node) {
            return Ok(found.clone());
        }
        let found = snapshot.node(NodeId::new(node))?.map(Arc::new);
        let mut records = self.lock();
        if records.len() >= RECORDS_KEPT {
            records.clear();
        }
        records.insert(node, found.clone());
        Ok(found)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<u32, Option<Arc<Node>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl PropertyReader {
    /// A reader of this property. `expected` nodes are going to be asked for, as far as is known.
    pub(in crate::executor) fn new(
        snapshot: &Snapshot,
        key: &Arc<str>,
        records: &Arc<Records>,
        expected: u64,
    ) -> Result<Self> {
        let name = format!("asked for {key}");
        let asked = snapshot.kept(&name).unwrap_or_else(|| {
            let asked = Arc::new(AtomicU64::new(0));
            snapshot.keep(&name, Arc::clone(&asked), 0);
            asked
        });
        let enough = snapshot.node_bound()? / NODES_FOR_ONE_READ;
        let records = Arc::clone(records);
        let reader = Self { key: Arc::clone(key), column: OnceLock::new(), asked, enough, records };
        if let Some(column) = snapshot.kept(&column_name(key)) {
            let _ = reader.column.set(column);
        } else if expected > enough {
            reader.load(snapshot)?;
        }
        Ok(reader)
    }

    /// The whole column; read if it is not in memory.
    pub(in crate::executor) fn load(&self, snapshot: &Snapshot) -> Result<&Arc<NodeColumn>> {
        if let Some(column) = self.column.get() {
            return Ok(column);
        }
        let mut values = vec![Cell::Null; usize::try_from(snapshot.node_bound()?).unwrap_or(0)];
        snapshot.for_each_node(|id, node| {
            if let Some(place) = values.get_mut(id.index()) {
                *place = node_property(node, &self.key);
            }
        })?;
        let column = Arc::new(NodeColumn::new(values));
        snapshot.keep(&column_name(&self.key), Arc::clone(&column), column.bytes());
        Ok(self.column.get_or_init(|| column))
    }

    /// The property of nodes.
    pub(in crate::executor) fn read(&self, snapshot: &Snapshot, nodes: &[u32]) -> Result<Column> {
        if self.column.get().is_none() {
            let asked = self.asked.fetch_add(nodes.len() as u64, Ordering::Relaxed) + nodes.len() as u64;
            if asked <= self.enough {
                let values = nodes.iter().map(|&node| self.one(snapshot, node));
                return values.collect::<Result<_>>().map(Column::Cells);
            }
        }
        let column = self.load(snapshot)?;
        if column.is_text() {
            return Ok(Column::Coded(nodes.to_vec(), Dictionary::Texts(Arc::clone(column))));
        }
        Ok(Column::Cells(nodes.iter().map(|&node| column.cell(node)).collect()))
    }

    fn one(&self, snapshot: &Snapshot, node: u32) -> Result<Cell> {
        if node == NULL {
            return Ok(Cell::Null);
        }
        Ok(self.records.get(snapshot, node)?.map_or(Cell::Null, |node| node_property(&node, &self.key)))
    }
}

fn column_name(key: &str) -> String {
    format!("property {key}")
}
