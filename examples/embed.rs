//! hopgraph inside your own program: write, ask, and read two sentences with a model.
//!
//!     cargo run --release --example embed
//!     cargo run --release --example embed -- data/models/starter-llama-15m

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::ops::ControlFlow;
use std::path::Path;

use hopgraph::engine::{Edge, Node, Polarity, RelationType};
use hopgraph::literature::{Annotation, Corpus, Document, Entity, IngestOptions, Passage, PassageKind};
use hopgraph::{Error, Graph, params};

fn main() -> Result<(), Error> {
    // Graph::open("my.hopgraph") keeps what is written; this one is deleted at the end.
    let graph = Graph::temporary()?;
    write(&graph)?;
    ask(&graph)?;
    write_together(&graph)?;
    if let Some(model) = std::env::args().nth(1) {
        read(&graph, Path::new(&model))?;
    }
    Ok(())
}

/// Adds three nodes and two edges. Others see all of it once it is committed, and nothing before.
fn write(graph: &Graph) -> Result<(), Error> {
    let mut change = graph.write()?;
    let gene = change.label("gene")?;
    let disease = change.label("disease")?;
    let mut node = |label, name: &str, identifier: &str| {
        change.add_node(Node {
            labels: vec![label],
            name: name.to_owned(),
            identifiers: vec![identifier.to_owned()],
            ..Node::default()
        })
    };
    let brca1 = node(gene, "BRCA1", "NCBIGene:672")?;
    let tp53 = node(gene, "TP53", "NCBIGene:7157")?;
    let cancer = node(disease, "breast cancer", "MESH:D001943")?;
    let relation = change.relation_type(&RelationType {
        name: "associated".to_owned(),
        polarity: Polarity::Asserted,
        symmetric: true,
    })?;
    let hand = change.hand()?;
    for source in [brca1, tp53] {
        change.add_fact(Edge { relation, source, target: cancer }, hand)?;
    }
    change.commit()?;
    Ok(())
}

/// Asks with a parameter. Rows come one by one, as they are found.
fn ask(graph: &Graph) -> Result<(), Error> {
    let text = "MATCH (a:gene {name: $name})-[:associated*2]-(b:gene) RETURN b.name, hops";
    for row in graph.query(text, &params! { name: "BRCA1" })? {
        let row = row?;
        println!("{} hops from BRCA1: {}", row.get::<i64>("hops")?, row.get::<String>("b.name")?);
    }
    Ok(())
}

/// Several statements that become true together: the second sees what the first wrote, and nobody else does until the
/// commit.
fn write_together(graph: &Graph) -> Result<(), Error> {
    let mut writing = graph.write()?;
    writing.query("MERGE (:gene {name: $name, identifier: $id})", &params! { name: "PTEN", id: "NCBIGene:5728" })?;
    writing.query("MATCH (g:gene {name: 'PTEN'}), (d:disease) MERGE (g)-[:associated]-(d)", &params! {})?;
    writing.commit()?;
    Ok(())
}

/// Lets a model read two sentences and shows what it made of them.
fn read(graph: &Graph, model: &Path) -> Result<(), Error> {
    let classifier = hopgraph::inference::load(model)?;
    let documents = [
        document("PMID:1", "Mutations in PTEN are associated with melanoma.", "PTEN", "NCBIGene:5728"),
        document("PMID:2", "We found no association of APOE variants with melanoma.", "APOE", "NCBIGene:348"),
    ];
    let corpus = Corpus::from_documents(documents.map(Ok));
    let summary = graph.ingest(corpus, &classifier, &IngestOptions::default(), &mut |_| ControlFlow::Continue(()))?;
    println!("the model read {} pairs and made {} edges", summary.pairs, summary.edges_added);
    let text = "MATCH (g:gene)-[r:associated|not_associated]-(d:disease {name: 'melanoma'}) \
                UNWIND evidence(r) AS e RETURN g.name, type(r), e.probability, e.sentence ORDER BY g.name";
    for row in graph.query(text, &params! {})? {
        println!("{:?}", row?);
    }
    Ok(())
}

/// A document of one sentence in which a gene and melanoma are marked.
fn document(identifier: &str, text: &str, gene: &str, gene_identifier: &str) -> Document {
    let mark = |label: &str, name: &str, identifier: &str| {
        let start = text.find(name).expect("the sentence names both; it is ASCII, so bytes are characters");
        let entity = Entity { identifier: identifier.to_owned(), name: None };
        Annotation {
            start,
            end: start + name.len(),
            label: label.to_owned(),
            text: name.to_owned(),
            entities: vec![entity],
        }
    };
    Document {
        identifier: identifier.to_owned(),
        passages: vec![Passage { start: 0, text: text.to_owned(), kind: PassageKind::Sentence }],
        annotations: vec![mark("gene", gene, gene_identifier), mark("disease", "melanoma", "MESH:D008545")],
        ..Document::default()
    }
}
