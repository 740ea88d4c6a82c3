//! A graph that is exported and loaded again is the same graph; every format holds every node and edge.

#![allow(clippy::unwrap_used, reason = "in a test, a panic is the report")]

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::Path;

use hopgraph_engine::{
    Edge, Graph, Mention, NewDocument, NewSentence, Node, NodeId, Polarity, Properties, PropertyValue, RelationType,
    Run, RunKind, SentenceId, View,
};
use hopgraph_tabular::{Destination, ExportFormat, ExportSummary, LoadOptions, export, load};

fn run(kind: RunKind) -> Run {
    Run { kind, started: String::new(), program: "test".to_owned() }
}

/// Names that need quoting, a denied edge that a model read, a symmetric one with properties, a node without a name.
fn sample() -> Graph {
    let graph = Graph::temporary().unwrap();
    let mut change = graph.change().unwrap();
    let labels = ["gene", "disease"].map(|name| change.label(name).unwrap());
    let mut node = |label: usize, identifier: &str, name: &str, synonyms: &[&str], properties: Properties| {
        let synonyms = synonyms.iter().map(|synonym| (*synonym).to_owned()).collect();
        let (name, identifiers) = (name.to_owned(), vec![identifier.to_owned()]);
        change.add_node(Node { labels: vec![labels[label]], name, synonyms, identifiers, properties }).unwrap()
    };
    let properties = Properties::from([
        ("chromosome".to_owned(), PropertyValue::Integer(17)),
        ("score".to_owned(), PropertyValue::Float(0.5)),
        (
            "tags".to_owned(),
            PropertyValue::List(vec![PropertyValue::Text("a".into()), PropertyValue::Text("b".into())]),
        ),
        ("old".to_owned(), PropertyValue::Boolean(false)),
    ]);
    let brca1 = node(0, "NCBIGene:672", "BRCA1", &["RNF53", "a \"b\", <c> & d"], properties);
    let cancer = node(1, "MESH:D001943", "Krebs; der Brust, 'früh'", &["a;b", "c"], Properties::new());
    let bare = node(1, "X:1", "", &[], Properties::from([("score".to_owned(), PropertyValue::Integer(2))]));
    let relation_type = |name: &str, polarity, symmetric| RelationType { name: name.to_owned(), polarity, symmetric };
    let associated = change.relation_type(&relation_type("associated", Polarity::Asserted, true)).unwrap();
    let denied = change.relation_type(&relation_type("not associated", Polarity::Denied, false)).unwrap();
    let load = change.begin_run(&run(RunKind::Load { source: "facts.tsv".to_owned() })).unwrap();
    let fact = Edge { relation: associated, source: bare, target: brca1 };
    change.add_fact(fact, load).unwrap();
    let since = Properties::from([("since".to_owned(), PropertyValue::Integer(1999))]);
    change.set_edge_properties(fact, &since).unwrap();
    let model = RunKind::Model {
        model: "m".to_owned(),
        weights_hash: String::new(),
        quantization: String::new(),
        prompt: String::new(),
        answers: vec![],
        threshold_thousandths: 0,
    };
    let model = change.begin_run(&run(model)).unwrap();
    let mentions = |nodes: [NodeId; 2]| nodes.map(|node| Mention { node, start: 0, end: 3 }).to_vec();
    for (number, probability) in [(1, 0.5), (2, 0.75)] {
        let text = format!("Sentence {number}, \"quoted\" & <marked>.");
        let sentences = vec![NewSentence { start: 0, text, mentions: mentions([brca1, cancer]) }];
        let document =
            NewDocument { identifier: format!("PMID:{number}"), year: Some(2000), sentences, ..NewDocument::default() };
        let document = change.add_document(&document).unwrap();
        let sentence: SentenceId = change.document(document).unwrap().unwrap().first_sentence;
        let edge = Edge { relation: denied, source: brca1, target: cancer };
        change.add_evidence(edge, sentence, model, probability, &[probability, 1.0 - probability]).unwrap();
    }
    change.commit().unwrap();
    graph
}

fn export_to(graph: &Graph, format: ExportFormat, path: &Path, evidence: bool) -> ExportSummary {
    let destination = Destination::Path(path.to_owned());
    let snapshot = graph.snapshot().unwrap();
    export(&snapshot, format, destination, evidence, &mut |_| ControlFlow::Continue(())).unwrap()
}

/// A graph loaded from what another was exported to.
fn loaded(summary: &ExportSummary) -> Graph {
    let graph = Graph::temporary().unwrap();
    let options = LoadOptions {
        nodes: vec![summary.files[0].clone()],
        edges: vec![summary.files[1].clone()],
        symmetric: summary.symmetric.iter().cloned().collect(),
        denied: summary.denied.iter().cloned().collect(),
        ..LoadOptions::default()
    };
    let loaded = load(&graph, &options, &mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!((loaded.rejected, loaded.nodes_added, loaded.edges), (0, summary.nodes, summary.edges));
    graph
}

/// What a CSV export has to say of a graph, but for what is computed from evidence.
fn facts(graph: &Graph) -> BTreeSet<String> {
    let snapshot = graph.snapshot().unwrap();
    let mut facts = BTreeSet::new();
    let name = |id: NodeId| snapshot.node(id).unwrap().unwrap().identifiers.concat();
    for id in snapshot.nodes().unwrap().iter() {
        let node = snapshot.node(id).unwrap().unwrap();
        let labels: Vec<_> = node.labels.iter().map(|&label| snapshot.catalog().label_name(label).unwrap()).collect();
        facts.insert(format!("{} {labels:?} {:?} {:?} {:?}", name(id), node.name, node.synonyms, node.properties));
    }
    for (relation, relation_type) in snapshot.catalog().relation_types() {
        for edge in snapshot.edges(relation) {
            let edge = edge.unwrap();
            let mut ends = [name(edge.source), name(edge.target)];
            if relation_type.symmetric {
                ends.sort_unstable();
            }
            let mut properties = snapshot.edge_properties(edge).unwrap();
            for computed in ["polarity", "confidence", "evidence", "documents"] {
                properties.remove(computed);
            }
            facts.insert(format!("{ends:?} {relation_type:?} {properties:?}"));
        }
    }
    facts
}

#[test]
fn tables_load_back_into_the_same_graph() {
    let graph = sample();
    for format in [ExportFormat::Csv, ExportFormat::Parquet] {
        let folder = tempfile::tempdir().unwrap();
        let summary = export_to(&graph, format, &folder.path().join("out"), true);
        assert_eq!((summary.nodes, summary.edges, summary.evidence), (3, 2, 3));
        let again = loaded(&summary);
        // A property of one kind in one node and another in the next has one column, of the wider kind.
        let expected: BTreeSet<String> =
            facts(&graph).into_iter().map(|fact| fact.replace("Integer(2)", "Float(2.0)")).collect();
        assert_eq!(facts(&again), expected, "{format}");
    }
}

#[test]
fn evidence_comes_row_by_row() {
    let folder = tempfile::tempdir().unwrap();
    let summary = export_to(&sample(), ExportFormat::Csv, folder.path(), true);
    let evidence = std::fs::read_to_string(&summary.files[2]).unwrap();
    let rows: Vec<&str> = evidence.lines().collect();
    assert_eq!(rows[0], "source,type,target,document,year,sentence,probability,run,by");
    // The ends of a symmetric relationship come in order.
    assert!(rows.contains(&"NCBIGene:672,associated,X:1,,,,1,0,facts.tsv"), "{evidence}");
    let quoted =
        "NCBIGene:672,not associated,MESH:D001943,PMID:1,2000,\"Sentence 1, \"\"quoted\"\" & <marked>.\",0.5,1,m";
    assert!(rows.contains(&quoted), "{evidence}");
}

#[test]
fn confidences_and_counts_come_with_the_edges() {
    let folder = tempfile::tempdir().unwrap();
    let summary = export_to(&sample(), ExportFormat::Csv, folder.path(), false);
    let edges = std::fs::read_to_string(&summary.files[1]).unwrap();
    let rows: Vec<&str> = edges.lines().collect();
    assert_eq!(rows[0], ":START_ID,:END_ID,:TYPE,polarity,confidence:double,evidence:int,documents:int,since:int");
    assert!(rows.contains(&"NCBIGene:672,MESH:D001943,not associated,denied,0.875,2,2,"), "{edges}");
    assert!(rows[1..].iter().any(|row| row.contains(",associated,asserted,1,1,0,1999")), "{edges}");
    assert_eq!(summary.files.len(), 2, "no evidence was asked for");
}

#[test]
fn every_stream_holds_every_node_and_edge() {
    let graph = sample();
    for (format, patterns) in [
        (ExportFormat::JsonLines, ["\"type\":\"node\"", "\"type\":\"relationship\""]),
        (ExportFormat::GraphMl, ["<node id=", "<edge source="]),
        (ExportFormat::Cypher, ["CREATE (:Entity", " CREATE (a)-["]),
    ] {
        for evidence in [false, true] {
            let mut text = Vec::new();
            let snapshot = graph.snapshot().unwrap();
            let destination = Destination::Writer(&mut text);
            let summary = export(&snapshot, format, destination, evidence, &mut |_| ControlFlow::Continue(())).unwrap();
            let text = String::from_utf8(text).unwrap();
            let counts = patterns.map(|pattern| text.matches(pattern).count() as u64);
            assert_eq!(counts, [summary.nodes, summary.edges], "{format}: {text}");
            assert_eq!(text.contains("PMID:2"), evidence, "{format}: {text}");
        }
    }
}

#[test]
fn a_stream_is_well_formed_whatever_names_hold() {
    let graph = sample();
    let text = |format| {
        let mut text = Vec::new();
        let snapshot = graph.snapshot().unwrap();
        let destination = Destination::Writer(&mut text);
        export(&snapshot, format, destination, true, &mut |_| ControlFlow::Continue(())).unwrap();
        String::from_utf8(text).unwrap()
    };
    let objects: Vec<serde_json::Value> =
        text(ExportFormat::JsonLines).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let denied = objects.iter().find(|object| object["relation"] == "not associated").unwrap();
    assert_eq!(denied["evidence"][1]["sentence"], "Sentence 2, \"quoted\" & <marked>.");
    assert_eq!(denied["confidence"], 0.875);
    let graphml = text(ExportFormat::GraphMl);
    assert!(graphml.contains("a &quot;b&quot;, &lt;c&gt; &amp; d"), "{graphml}");
    assert!(graphml.contains("edgedefault=\"directed\"") && !graphml.contains(" directed="), "{graphml}");
    for tag in ["graphml", "graph", "node", "edge", "data"] {
        let (open, close) = (format!("<{tag} "), format!("</{tag}>"));
        assert_eq!(graphml.matches(&open).count(), graphml.matches(&close).count(), "{tag}: {graphml}");
    }
    let cypher = text(ExportFormat::Cypher);
    assert!(cypher.contains("'Krebs; der Brust, \\'früh\\''") && cypher.contains("[:`not associated` {"), "{cypher}");
    assert_eq!(cypher.matches(":begin").count(), cypher.matches(":commit").count());
}

#[test]
fn a_folder_of_files_cannot_go_into_a_stream() {
    let graph = sample();
    let snapshot = graph.snapshot().unwrap();
    let mut out = Vec::new();
    let error =
        export(&snapshot, ExportFormat::Csv, Destination::Writer(&mut out), false, &mut |_| ControlFlow::Continue(()))
            .unwrap_err();
    assert!(error.to_string().contains("--out"), "{error}");
}
