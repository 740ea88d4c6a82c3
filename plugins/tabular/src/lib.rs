//! Plain facts from delimited files: `load` reads tables of nodes and edges into a graph.
//!
//! A file is tab- or comma-separated, plain or gzipped. Its columns are named by its header row, or by
//! [`LoadOptions::node_columns`] and [`LoadOptions::edge_columns`] in place of it; see [`columns`](crate::Columns) for
//! the names. Rows that cannot be loaded are counted and written to a file of rejects; everything that is wrong with a
//! file as a whole is found before the first row is written.
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

mod cell;
mod columns;
mod error;
mod load;
mod options;
mod progress;
mod rejects;
mod source;

pub use columns::{Column, Columns, PropertyKind, ScalarKind};
pub use error::LoadError;
pub use load::{LoadSummary, Tables, load};
pub use options::LoadOptions;
pub use progress::Progress;
pub use rejects::Reject;
