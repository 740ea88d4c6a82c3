//! One value while a query runs: small, cheap to copy, and not yet looked up in the graph.

use std::collections::BTreeMap;
use std::sync::Arc;

use hopgraph_engine::traverse::Path;
use hopgraph_engine::{Edge, NodeId, Temporal};

/// A value in a slot of a row. Nodes and relationships are numbers here; what is known of them is read when it is
/// asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Cell {
    #[default]
    Null,
    Boolean(bool),
    Integer(i64),
    Float(f64),
    Text(Arc<str>),
    Temporal(Arc<Temporal>),
    List(Arc<[Cell]>),
    Map(Arc<BTreeMap<String, Cell>>),
    Node(NodeId),
    Relationship(Edge),
    Path(Arc<Path>),
}

impl Cell {
    /// A text.
    pub(crate) fn text(text: &str) -> Self {
        Self::Text(text.into())
    }

    /// A list.
    pub(crate) fn list(cells: impl IntoIterator<Item = Self>) -> Self {
        Self::List(cells.into_iter().collect())
    }

    /// A map.
    pub(crate) fn map<K: Into<String>>(entries: impl IntoIterator<Item = (K, Self)>) -> Self {
        Self::Map(Arc::new(entries.into_iter().map(|(key, cell)| (key.into(), cell)).collect()))
    }

    /// A count as a whole number.
    pub(crate) fn count(count: u64) -> Self {
        Self::Integer(i64::try_from(count).unwrap_or(i64::MAX))
    }

    /// Whether it is null.
    pub(crate) fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// What it is, in words, with its article: for errors.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean(_) => "a boolean",
            Self::Integer(_) => "an integer",
            Self::Float(_) => "a float",
            Self::Text(_) => "a text",
            Self::Temporal(temporal) => in_words(temporal),
            Self::List(_) => "a list",
            Self::Map(_) => "a map",
            Self::Node(_) => "a node",
            Self::Relationship(_) => "a relationship",
            Self::Path(_) => "a path",
        }
    }

    /// About how many bytes it holds beyond its own place in a row.
    pub(crate) fn held_bytes(&self) -> u64 {
        let own = size_of::<Self>();
        let bytes = match self {
            Self::Text(text) => 16 + text.len(),
            Self::Temporal(_) => 16 + size_of::<Temporal>(),
            Self::List(cells) => {
                return 16 + cells.iter().map(|cell| own as u64 + cell.held_bytes()).sum::<u64>();
            }
            Self::Map(map) => {
                return map.iter().map(|(key, cell)| (own + 48 + key.len()) as u64 + cell.held_bytes()).sum();
            }
            Self::Path(path) => 64 + path.nodes.len() * size_of::<NodeId>() + path.edges.len() * size_of::<Edge>(),
            _ => 0,
        };
        bytes as u64
    }
}

/// A value of time in words, with its article.
pub(super) fn in_words(temporal: &Temporal) -> &'static str {
    match temporal {
        Temporal::Date(_) => "a date",
        Temporal::LocalTime(_) => "a localtime",
        Temporal::Time { .. } => "a time",
        Temporal::LocalDateTime { .. } => "a localdatetime",
        Temporal::DateTime { .. } => "a datetime",
        Temporal::Duration { .. } => "a duration",
    }
}

impl From<Temporal> for Cell {
    fn from(temporal: Temporal) -> Self {
        Self::Temporal(Arc::new(temporal))
    }
}

impl From<bool> for Cell {
    fn from(truth: bool) -> Self {
        Self::Boolean(truth)
    }
}

impl From<Option<bool>> for Cell {
    /// Unknown is null: the third value of logic.
    fn from(truth: Option<bool>) -> Self {
        truth.map_or(Self::Null, Self::Boolean)
    }
}
