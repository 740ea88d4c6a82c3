//! Plain facts from tables: `load` reads files of nodes and edges into a graph, [`load_batches`] what a program has in
//! memory.
//!
//! A file is tab- or comma-separated, plain or compressed (gzip, Zstandard), or Parquet. Its columns are named by its header row, or by
//! [`LoadOptions::node_columns`] and [`LoadOptions::edge_columns`] in place of it; see [`columns`](crate::Columns) for
//! the names. Rows that cannot be loaded are counted and written to a file of rejects; everything that is wrong with a
//! file as a whole is found before the first row is read. A load becomes true as a whole at its end.
//!
//! ```no_run
//! use std::ops::ControlFlow;
//!
//! use hopgraph_engine::Graph;
//! use hopgraph_tabular::{LoadOptions, load};
//!
//! let graph = Graph::open("hetionet.hopgraph")?;
//! let options = LoadOptions {
//!     nodes: vec!["nodes.tsv".into()],
//!     edges: vec!["edges.tsv.gz".into()],
//!     ..LoadOptions::default()
//! };
//! let summary = load(&graph, &options, &mut |_| ControlFlow::Continue(()))?;
//! println!("{} nodes, {} edges, {} rows rejected", summary.nodes_added, summary.edges, summary.rejected);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod batch;
mod cell;
mod columns;
mod cut;
mod error;
mod export;
mod folder;
mod input;
pub mod limits;
mod load;
mod options;
mod parquet_file;
mod parse;
mod progress;
mod rejects;
mod rows;
mod source;
mod tabs;
mod types;

pub use arrow_array;
pub use arrow_schema;
pub use columns::{Column, Columns, PropertyKind, ScalarKind};
pub use error::LoadError;
pub use export::{Destination, ExportError, ExportFormat, ExportSummary, export};
pub use folder::Folder;
pub use load::{LoadSummary, Tables, load, load_batches};
pub use options::LoadOptions;
pub use progress::Progress;
pub use rejects::Reject;
