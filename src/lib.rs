//! An embedded graph database that reads the biomedical literature.
//!
//! A [`Graph`] lives in one directory and one process. Facts come in by [`Graph::write`] (statements and edits that become
//! true together),
//! [`Graph::load`] (tables) and [`Graph::ingest`] (annotated literature, read by a language model); questions
//! are asked with [`Graph::query`] in openCypher or its terse form.
//!
//! ```
//! use hopgraph::engine::{Edge, Node, Polarity, RelationType};
//! use hopgraph::{Graph, params};
//!
//! let graph = Graph::temporary()?;
//!
//! // A transaction shows as a whole once it is committed, or not at all.
//! let mut change = graph.write()?;
//! let gene = change.label("gene")?;
//! let disease = change.label("disease")?;
//! let brca1 = change.add_node(Node { labels: vec![gene], name: "BRCA1".into(), ..Node::default() })?;
//! let cancer = change.add_node(Node { labels: vec![disease], name: "breast cancer".into(), ..Node::default() })?;
//! let associated =
//!     RelationType { name: "associated".into(), polarity: Polarity::Asserted, symmetric: true };
//! let relation = change.relation_type(&associated)?;
//! let hand = change.hand()?;
//! change.add_fact(Edge { relation, source: brca1, target: cancer }, hand)?;
//! change.commit()?;
//!
//! let parameters = params! { name: "BRCA1" };
//! let mut rows = graph.query("MATCH (g:gene {name: $name})-[:associated]-(d) RETURN d.name AS disease", &parameters)?;
//! let row = rows.next().transpose()?.expect("there is one");
//! assert_eq!(row.get::<String>("disease")?, "breast cancer");
//!
//! // Several queries on one moment, whatever is committed meanwhile.
//! let moment = graph.read()?;
//! graph.query("MATCH (g:gene) DETACH DELETE g", &params! {})?;
//! assert_eq!(moment.query("MATCH (g:gene) RETURN g", &params! {})?.count(), 1);
//!
//! // What is asked many times is parsed and planned once.
//! let neighbors = graph.prepare("MATCH (g:gene {name: $name})-[*1..3]-(d) RETURN d.name, hops")?;
//! assert_eq!(graph.run(&neighbors, &parameters)?.count(), 0);
//! # Ok::<(), hopgraph::Error>(())
//! ```
//!
//! This crate holds no logic of its own. It hands on what the crates below it do, under one name each: [`engine`] (the
//! graph), [`query`] (the language), [`inference`] (models), [`literature`] (texts), [`tabular`] (tables) and [`chart`]
//! (plots).

mod error;
mod graph;
mod import_folder;
mod verifier;

pub use error::Error;
pub use graph::Graph;
pub use import_folder::ImportFolder;
pub use verifier::ModelVerifier;

pub use hopgraph_chart as chart;
pub use hopgraph_discovery as discovery;
pub use hopgraph_engine as engine;
pub use hopgraph_evaluation as evaluation;
pub use hopgraph_inference as inference;
pub use hopgraph_literature as literature;
pub use hopgraph_query as query;
pub use hopgraph_tabular as tabular;
pub use hopgraph_training as training;

pub use hopgraph_engine::{Access, Durability, GraphOptions, StorageError};
pub use hopgraph_literature::{Corpus, IngestError, IngestOptions, IngestSummary};
pub use hopgraph_query::{
    FromValue, NodeValue, Parameters, PathValue, Prepared, QueryError, QueryOptions, ReadTransaction,
    RelationshipValue, Row, Rows, Value, WriteTransaction, params,
};
pub use hopgraph_tabular::{LoadError, LoadOptions, LoadSummary};
