//! Rows of nodes and edges as they go into the graph, wherever they came from.

use std::collections::HashMap;

use hopgraph_engine::{NodeId, Properties, StorageError, check_name};

use crate::LoadError;
use crate::columns::Column;
use crate::rejects::Rejected;

/// Why a row was not taken: its own fault, or one that ends the load.
pub(crate) enum RowError {
    Reject(String),
    Fatal(LoadError),
}

impl From<StorageError> for RowError {
    fn from(error: StorageError) -> Self {
        match error {
            // The graph does not take this name; the next row may be fine.
            StorageError::InvalidName { .. } => Self::Reject(error.to_string()),
            other => Self::Fatal(other.into()),
        }
    }
}

impl From<String> for RowError {
    fn from(reason: String) -> Self {
        Self::Reject(reason)
    }
}

/// What became of some rows.
#[derive(Default)]
pub(crate) struct Parsed<T> {
    /// How many rows there were, rejected ones included.
    pub(crate) rows: u64,
    pub(crate) rejects: Vec<Rejected>,
    pub(crate) content: T,
}

impl Parsed<()> {
    pub(crate) fn with<T>(self, content: T) -> Parsed<T> {
        Parsed { rows: self.rows, rejects: self.rejects, content }
    }

    /// Counts a row, and keeps it if it was rejected.
    pub(crate) fn note(
        &mut self,
        taken: Result<(), RowError>,
        rejected: impl FnOnce(String) -> Rejected,
    ) -> Result<(), LoadError> {
        self.rows += 1;
        match taken {
            Ok(()) => Ok(()),
            Err(RowError::Fatal(error)) => Err(error),
            Err(RowError::Reject(reason)) => {
                self.rejects.push(rejected(reason));
                Ok(())
            }
        }
    }
}

/// A node but for its identifier.
#[derive(Default)]
pub(crate) struct NodeRow {
    pub(crate) name: String,
    pub(crate) labels: Vec<String>,
    pub(crate) synonyms: Vec<String>,
    pub(crate) properties: Properties,
}

/// Nodes in the order of their rows.
#[derive(Default)]
pub(crate) struct Nodes(pub(crate) Vec<(String, NodeRow)>);

impl Nodes {
    /// Takes a row, if the graph can.
    pub(crate) fn push(&mut self, identifier: &str, space: &Option<String>, row: NodeRow) -> Result<(), RowError> {
        if identifier.is_empty() {
            return Err(RowError::Reject("no id".to_owned()));
        }
        let mut buffer = String::new();
        let identifier = in_space(identifier, space, &mut buffer);
        check_name("the identifier", identifier)?;
        for name in std::iter::once(&row.name).chain(&row.synonyms).filter(|name| !name.is_empty()) {
            check_name("the name", name)?;
        }
        row.labels.iter().try_for_each(|label| check_name("a label", label))?;
        self.0.push((identifier.to_owned(), row));
        Ok(())
    }
}

/// Where the ends of edges are looked up.
pub(crate) trait EndLookup: Sync {
    fn node(&self, identifier: &str) -> Result<Option<NodeId>, StorageError>;

    /// Tells that these are looked up next.
    fn expect(&self, identifiers: &[&str]);
}

/// How many rows are read before the ends of their edges are looked up, so that memory is waited for once and not for
/// each of them.
pub(crate) const ROWS_AT_ONCE: usize = 32;

/// Whether a column holds ends of edges as they are looked up: without an id space to be put before them.
pub(crate) fn is_end(column: &Column) -> bool {
    matches!(column, Column::Source(None) | Column::Target(None))
}

impl EndLookup for hopgraph_engine::BulkLoad {
    fn node(&self, identifier: &str) -> Result<Option<NodeId>, StorageError> {
        hopgraph_engine::BulkLoad::node(self, identifier)
    }

    fn expect(&self, identifiers: &[&str]) {
        self.expect_look_ups(identifiers);
    }
}

/// Edges of one type.
pub(crate) struct EdgesOfType {
    pub(crate) relation: String,
    pub(crate) ends: Vec<(NodeId, NodeId)>,
    /// Those of them that have properties, once more.
    pub(crate) with_properties: Vec<(NodeId, NodeId, Properties)>,
}

/// Edges by type, in the order in which the types first came.
pub(crate) struct Edges<'l> {
    lookup: &'l dyn EndLookup,
    /// Files are mostly sorted by source, so the last one is remembered.
    last_source: (String, NodeId),
    types: HashMap<String, usize>,
    last_type: usize,
    buffer: String,
    pub(crate) by_type: Vec<EdgesOfType>,
}

/// An identifier and the id space that its column names.
pub(crate) type End<'e> = (&'e str, &'e Option<String>);

impl<'l> Edges<'l> {
    pub(crate) fn new(lookup: &'l dyn EndLookup) -> Self {
        Self {
            lookup,
            last_source: (String::new(), NodeId::default()),
            types: HashMap::new(),
            last_type: 0,
            buffer: String::new(),
            by_type: Vec::new(),
        }
    }

    /// Takes a row, if both ends are known.
    pub(crate) fn push(
        &mut self,
        source: End<'_>,
        relation: &str,
        target: End<'_>,
        properties: Properties,
    ) -> Result<(), RowError> {
        if relation.is_empty() {
            return Err(RowError::Reject("no relation type".to_owned()));
        }
        let source = self.source(source)?;
        let target = node(self.lookup, in_space(target.0, target.1, &mut self.buffer), "target")?;
        let index = self.type_index(relation)?;
        let edges = &mut self.by_type[index];
        edges.ends.push((source, target));
        if !properties.is_empty() {
            edges.with_properties.push((source, target, properties));
        }
        Ok(())
    }

    fn source(&mut self, (identifier, space): End<'_>) -> Result<NodeId, RowError> {
        let identifier = in_space(identifier, space, &mut self.buffer);
        if identifier.is_empty() || self.last_source.0 != identifier {
            let id = node(self.lookup, identifier, "source")?;
            identifier.clone_into(&mut self.last_source.0);
            self.last_source.1 = id;
        }
        Ok(self.last_source.1)
    }

    fn type_index(&mut self, relation: &str) -> Result<usize, RowError> {
        if self.by_type.get(self.last_type).is_none_or(|last| last.relation != relation) {
            self.last_type = match self.types.get(relation) {
                Some(&known) => known,
                None => {
                    check_name("a relation type", relation)?;
                    self.types.insert(relation.to_owned(), self.by_type.len());
                    let relation = relation.to_owned();
                    self.by_type.push(EdgesOfType { relation, ends: Vec::new(), with_properties: Vec::new() });
                    self.by_type.len() - 1
                }
            };
        }
        Ok(self.last_type)
    }
}

fn node(lookup: &dyn EndLookup, identifier: &str, end: &str) -> Result<NodeId, RowError> {
    if identifier.is_empty() {
        return Err(RowError::Reject(format!("no {end}")));
    }
    let found = lookup.node(identifier)?;
    found.ok_or_else(|| RowError::Reject(format!("unknown {end} {identifier:?}: no node has this id")))
}

/// An identifier with the prefix of its id space, unless it has it already.
fn in_space<'a>(identifier: &'a str, space: &Option<String>, buffer: &'a mut String) -> &'a str {
    let Some(space) = space.as_ref().filter(|_| !identifier.is_empty()) else { return identifier };
    if identifier.strip_prefix(space.as_str()).is_some_and(|rest| rest.starts_with(':')) {
        return identifier;
    }
    buffer.clear();
    buffer.push_str(space);
    buffer.push(':');
    buffer.push_str(identifier);
    buffer
}
