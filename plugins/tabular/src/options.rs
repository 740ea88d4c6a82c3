//! What to load, and how to read it.

use std::path::PathBuf;

/// What to load, and how to read it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoadOptions {
    /// Files of nodes, each text or Parquet; all of them are read before the first file of edges.
    pub nodes: Vec<PathBuf>,
    /// Files of edges.
    pub edges: Vec<PathBuf>,
    /// Names of the columns of every nodes file, in place of those in its header row; see [`crate::Columns`].
    pub node_columns: Option<Vec<String>>,
    /// Names of the columns of every edges file, in place of those in its header row.
    pub edge_columns: Option<Vec<String>>,
    /// The text files have no header row: their first row is data. Needs the names of the columns.
    pub no_header: bool,
    /// What separates the fields. By default a tab or a comma, by the name of the file (`.tsv`, `.tab`, `.csv`) or,
    /// failing that, by whichever is more frequent in its first line. Quotes have a meaning only where it is not a tab.
    pub delimiter: Option<u8>,
    /// Relation types that mean the same both ways. A type that the graph knows already keeps what it is.
    pub symmetric: Vec<String>,
    /// Relation types that state that something does **not** hold.
    pub denied: Vec<String>,
    /// Bytes of memory for sorting; what is more is sorted on the disk. `None`: as [`hopgraph_engine::BulkOptions`] has it.
    pub memory_bytes: Option<usize>,
    /// Where rows go that cannot be loaded; made anew when there is the first one. `None`: they are only counted, and
    /// the first few are in the summary.
    pub rejects: Option<PathBuf>,
}
