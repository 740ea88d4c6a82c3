//! Loading tables: what comes in, what is rejected, what is refused.

#![allow(clippy::unwrap_used, reason = "in a test, a panic is the report")]

mod columns;

use std::fs;
use std::io::Write;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use hopgraph_engine::{Direction, Graph, NodeId, Polarity, PropertyValue, View};
use hopgraph_tabular::{LoadError, LoadOptions, LoadSummary, Progress, load};

/// A folder with files to load.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        path
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
}

fn names(names: &str) -> Option<Vec<String>> {
    Some(names.split(',').map(str::to_owned).collect())
}

fn run(graph: &Graph, options: &LoadOptions) -> LoadSummary {
    load(graph, options, &mut |_| ControlFlow::Continue(())).unwrap()
}

fn id(graph: &Graph, identifier: &str) -> NodeId {
    graph.snapshot().unwrap().node_by_identifier(identifier).unwrap().unwrap_or_else(|| panic!("no node {identifier}"))
}

/// Everything that the graph holds, as text, to tell two graphs apart.
fn contents(graph: &Graph) -> String {
    let snapshot = graph.snapshot().unwrap();
    let catalog = snapshot.catalog();
    let mut lines = Vec::new();
    for node in snapshot.nodes().unwrap().iter() {
        let known = snapshot.node(node).unwrap().unwrap();
        let labels: Vec<_> = known.labels.iter().map(|label| catalog.label_name(*label).unwrap()).collect();
        let identifier = known.identifiers.join(",");
        lines.push(format!("{identifier} {labels:?} {} {:?} {:?}", known.name, known.synonyms, known.properties));
        for (relation, kind) in catalog.relation_types() {
            for end in snapshot.neighbors(node, relation, Direction::Out).unwrap().iter() {
                let edge = hopgraph_engine::Edge { relation, source: node, target: end };
                let properties = snapshot.edge_properties(edge).unwrap();
                let end = snapshot.node(end).unwrap().unwrap().identifiers.join(",");
                lines.push(format!("{identifier} -{}-> {end} {properties:?}", kind.name));
            }
        }
    }
    lines.sort();
    lines.join("\n")
}

#[test]
fn a_header_row_of_neo4j_gives_names_labels_and_properties() {
    let folder = Folder::new();
    let options = LoadOptions {
        nodes: vec![folder.file(
            "nodes.csv",
            "id:ID,name,:LABEL,year:int,score:float,ok:boolean,tags:string[],note:IGNORE,synonyms\n\
             G1,\"BRCA1, \"\"the\"\" gene\",gene;human,1994,0.5,true,a;b,secret,BRCC1|RNF53\n\
             D1,breast cancer,disease,,,,,,\n",
        )],
        edges: vec![folder.file("edges.csv", ":START_ID,:END_ID,:TYPE,year:int\nG1,D1,causes,1994\n")],
        ..LoadOptions::default()
    };
    let graph = Graph::temporary().unwrap();
    let summary = run(&graph, &options);
    assert_eq!((summary.nodes_added, summary.edges, summary.rejected), (2, 1, 0));
    let snapshot = graph.snapshot().unwrap();
    let gene = snapshot.node(id(&graph, "G1")).unwrap().unwrap();
    assert_eq!(gene.name, "BRCA1, \"the\" gene");
    assert_eq!(gene.synonyms, ["BRCC1", "RNF53"]);
    assert_eq!(gene.labels.len(), 2);
    let text = |text: &str| PropertyValue::Text(text.to_owned());
    let expected = [
        ("ok".to_owned(), PropertyValue::Boolean(true)),
        ("score".to_owned(), PropertyValue::Float(0.5)),
        ("tags".to_owned(), PropertyValue::List(vec![text("a"), text("b")])),
        ("year".to_owned(), PropertyValue::Integer(1994)),
    ];
    assert_eq!(gene.properties.into_iter().collect::<Vec<_>>(), expected);
    assert!(snapshot.node(id(&graph, "D1")).unwrap().unwrap().properties.is_empty(), "an empty field is no value");
    assert_eq!(contents(&graph).matches("G1 -causes-> D1 {\"year\": Integer(1994)}").count(), 1);
    assert!(graph.check().unwrap().is_sound());
}

#[test]
fn every_way_to_name_the_columns_gives_the_same_graph() {
    let folder = Folder::new();
    let compressed = |text: &str| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    // Two gzip members one after the other, as bgzip and `cat a.gz b.gz` make them.
    let members = [compressed(":START_ID\t:TYPE\t:END_ID\n"), compressed("G1\tcauses\tD1\n")].concat();
    let plain = ("id\tname\tlabel\nG1\tBRCA1\tgene\nD1\tcancer\tdisease\n", "source\ttype\ttarget\nG1\tcauses\tD1\n");
    let typed = LoadOptions {
        nodes: vec![
            folder.file("typed.tsv", "\u{feff}id:ID\tname\t:LABEL\r\nG1\tBRCA1\tgene\r\nD1\tcancer\tdisease\r\n"),
        ],
        edges: vec![folder.file("typed-edges.gz", members)],
        ..LoadOptions::default()
    };
    let by_name = LoadOptions {
        nodes: vec![folder.file("plain.tsv", plain.0)],
        edges: vec![folder.file("plain-edges.zst", zstd::encode_all(plain.1.as_bytes(), 3).unwrap())],
        ..LoadOptions::default()
    };
    let replaced = LoadOptions {
        nodes: vec![folder.file("other.tsv", plain.0.replace("id\tname\tlabel", "key\ttitle\tkind"))],
        edges: vec![folder.file("other-edges.tsv", plain.1.replace("source\ttype\ttarget", "a\tb\tc"))],
        node_columns: names("id,name,label"),
        edge_columns: names("source,type,target"),
        ..LoadOptions::default()
    };
    let headless = LoadOptions {
        nodes: vec![folder.file("bare.tsv", "x\tG1\tBRCA1\tgene\nx\tD1\tcancer\tdisease\n")],
        edges: vec![folder.file("bare-edges.tsv", "G1\tcauses\tD1\t0.5\n")],
        node_columns: names("-,id,name,label"),
        edge_columns: names("source,type,target,"),
        no_header: true,
        ..LoadOptions::default()
    };
    let mut graphs = Vec::new();
    for options in [typed, by_name, replaced, headless] {
        let graph = Graph::temporary().unwrap();
        let summary = run(&graph, &options);
        assert_eq!((summary.nodes_added, summary.edges, summary.rejected), (2, 1, 0), "{options:?}");
        graphs.push(contents(&graph));
    }
    assert!(graphs[0].contains("G1 [\"gene\"] BRCA1"), "{}", graphs[0]);
    for graph in &graphs[1..] {
        assert_eq!(graph, &graphs[0]);
    }
}

#[test]
fn id_spaces_become_prefixes() {
    let folder = Folder::new();
    let options = LoadOptions {
        nodes: vec![
            folder.file("genes.csv", "id:ID(NCBIGene),name\n672,BRCA1\nNCBIGene:675,BRCA2\n"),
            folder.file("diseases.csv", "id:ID(MESH),name\n672,another 672\n"),
        ],
        edges: vec![folder.file("edges.csv", ":START_ID(NCBIGene),:TYPE,:END_ID(MESH)\n672,causes,672\n")],
        ..LoadOptions::default()
    };
    let graph = Graph::temporary().unwrap();
    assert_eq!(run(&graph, &options).nodes_added, 3);
    assert!(contents(&graph).contains("NCBIGene:672 -causes-> MESH:672"));
    id(&graph, "NCBIGene:675");
}

#[test]
fn wrong_rows_are_rejected_with_line_and_reason_and_the_rest_is_loaded() {
    let folder = Folder::new();
    let rejects = folder.path("rejects.tsv");
    let options = LoadOptions {
        nodes: vec![
            folder.file(
                "nodes.tsv",
                b"id:ID\tname\tyear:int\nG1\tBRCA1\t1994\nG2\tTP53\nG3\tAPC\tlong ago\n\tX\t\nG4\t\xff\t1\n",
            ),
            folder.file("more.csv", "id:ID,name,year:int\nG5,\"two\nlines\",soon\n"),
        ],
        edges: vec![folder.file(
            "edges.tsv",
            ":START_ID\t:TYPE\t:END_ID\nG1\tcauses\tG1\nG1\tcauses\tG9\nG9\tcauses\tG1\nG1\t\tG1\nG1\tcauses\t\n",
        )],
        rejects: Some(rejects.clone()),
        ..LoadOptions::default()
    };
    let graph = Graph::temporary().unwrap();
    let summary = run(&graph, &options);
    assert_eq!((summary.node_rows, summary.edge_rows), (6, 5));
    assert_eq!((summary.nodes_added, summary.edges, summary.rejected), (1, 1, 9));
    assert_eq!(summary.first_rejects.len(), 5);
    assert_eq!(summary.rejects_file.as_ref(), Some(&rejects));
    let text = fs::read_to_string(&rejects).map_err(|error| error.to_string());
    let bytes = fs::read(&rejects).unwrap();
    assert!(text.is_err(), "the row that is no text is kept byte for byte");
    let written = String::from_utf8_lossy(&bytes).replace(&format!("{}/", folder.0.path().display()), "");
    let expected = "file\tline\treason\trow\n\
        nodes.tsv\t3\t2 fields where 3 are expected\tG2\tTP53\n\
        nodes.tsv\t4\tyear: \"long ago\" is not a whole number\tG3\tAPC\tlong ago\n\
        nodes.tsv\t5\tno id\t\tX\t\n\
        nodes.tsv\t6\tfield 2 is not UTF-8 text\tG4\t\u{fffd}\t1\n\
        more.csv\t2\tyear: \"soon\" is not a whole number\tG5,\"two\\nlines\",soon\n\
        edges.tsv\t3\tunknown target \"G9\": no node has this id\tG1\tcauses\tG9\n\
        edges.tsv\t4\tunknown source \"G9\": no node has this id\tG9\tcauses\tG1\n\
        edges.tsv\t5\tno relation type\tG1\t\tG1\n\
        edges.tsv\t6\tno target\tG1\tcauses\t\n";
    assert_eq!(written, expected);
}

#[test]
fn a_clean_load_leaves_no_rejects_file() {
    let folder = Folder::new();
    let rejects = folder.path("rejects.tsv");
    let nodes = vec![folder.file("nodes.tsv", "id\nG1\n")];
    let summary = run(
        &Graph::temporary().unwrap(),
        &LoadOptions { nodes, rejects: Some(rejects.clone()), ..LoadOptions::default() },
    );
    assert_eq!(summary.rejects_file, None);
    assert!(!rejects.exists());
}

#[test]
fn quotes_are_letters_in_a_tab_separated_file() {
    let folder = Folder::new();
    let nodes = vec![folder.file("nodes.tsv", "id\tname\nG1\t\"open\nG2\t5\"-nucleotidase\n")];
    let graph = Graph::temporary().unwrap();
    assert_eq!(run(&graph, &LoadOptions { nodes, ..LoadOptions::default() }).nodes_added, 2);
    let snapshot = graph.snapshot().unwrap();
    assert_eq!(snapshot.node(id(&graph, "G1")).unwrap().unwrap().name, "\"open");
}

#[test]
fn files_that_make_no_sense_are_refused_before_anything_is_written() {
    let folder = Folder::new();
    let good = folder.file("good.tsv", "id\tname\nG1\tBRCA1\n");
    let headless = folder.file("headless.tsv", "G1\tBRCA1\n");
    let edges = folder.file("edges.tsv", "a\tb\n");
    let empty = folder.file("empty.tsv", "");
    // A good file of nodes comes first, and must not be loaded either.
    let with_edges =
        |edges: PathBuf| LoadOptions { nodes: vec![good.clone()], edges: vec![edges], ..LoadOptions::default() };
    let with_nodes =
        |nodes: &PathBuf| LoadOptions { nodes: vec![good.clone(), nodes.clone()], ..LoadOptions::default() };
    let cases = [
        (LoadOptions::default(), "nothing to load"),
        (with_edges(edges), "no column source, type, target among \"a, b\""),
        (with_edges(empty), "is empty"),
        (with_edges(folder.path("missing.tsv")), "missing.tsv: No such file"),
        (with_nodes(&headless), "no column id among \"G1, BRCA1\""),
        (LoadOptions { no_header: true, ..with_nodes(&headless) }, "have to be named with --node-columns"),
        (
            LoadOptions { node_columns: names("id,name,label"), ..with_nodes(&headless) },
            "--node-columns names 3 columns, but the first row has 2",
        ),
        (LoadOptions { node_columns: names("name,label"), ..with_nodes(&headless) }, "no column id"),
    ];
    for (options, expected) in cases {
        let graph = Graph::temporary().unwrap();
        let error = load(&graph, &options, &mut |_| ControlFlow::Continue(())).unwrap_err().to_string();
        assert!(error.contains(expected), "expected {expected:?} in {error:?}");
        assert_eq!(graph.snapshot().unwrap().statistics().unwrap().nodes, 0, "{expected}");
    }
}

#[test]
fn relation_types_are_what_the_options_say_or_what_the_graph_knows() {
    let folder = Folder::new();
    let nodes = vec![folder.file("nodes.tsv", "id\nA\nB\n")];
    let edges = vec![folder.file("edges.tsv", "source\ttype\ttarget\nB\tassociated\tA\nA\tnot_associated\tB\n")];
    let graph = Graph::temporary().unwrap();
    let plain = LoadOptions { nodes, edges, ..LoadOptions::default() };
    let options = LoadOptions {
        symmetric: vec!["Associated".into(), "not_associated".into(), "unheard_of".into()],
        denied: vec!["not_associated".into()],
        ..plain.clone()
    };
    assert_eq!(run(&graph, &options).unused_types, ["unheard_of"]);
    let snapshot = graph.snapshot().unwrap();
    let kind = |name: &str| {
        let catalog = snapshot.catalog();
        let kind = catalog.relation_type(catalog.relation_type_id(name).unwrap()).unwrap();
        (kind.polarity, kind.symmetric)
    };
    assert_eq!(kind("associated"), (Polarity::Asserted, true));
    assert_eq!(kind("not_associated"), (Polarity::Denied, true));
    // Without options, the types stay what they are; with contrary ones, nothing is loaded.
    assert_eq!(run(&graph, &plain).rejected, 0);
    let contrary = LoadOptions { denied: vec!["associated".into()], ..plain };
    let error = load(&graph, &contrary, &mut |_| ControlFlow::Continue(())).unwrap_err();
    assert!(matches!(error, LoadError::Storage(_)), "{error}");
}

#[test]
fn loading_again_changes_nothing() {
    let folder = Folder::new();
    let options = large_load(&folder);
    let graph = Graph::temporary().unwrap();
    run(&graph, &options);
    let before = contents(&graph);
    let again = run(&graph, &options);
    assert_eq!((again.nodes_added, again.nodes_merged), (0, 20_000));
    assert_eq!(contents(&graph), before);
    assert!(graph.check().unwrap().is_sound());
}

/// An observer that stops after some reports.
fn stop_after(mut reports: u32) -> impl FnMut(&Progress<'_>) -> ControlFlow<()> {
    move |progress| {
        assert!(progress.bytes_total.is_some_and(|total| progress.bytes_read <= total));
        reports -= 1;
        if reports == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

#[test]
fn a_load_that_was_stopped_leaves_the_graph_as_it_was() {
    let folder = Folder::new();
    let options = large_load(&folder);
    let first =
        LoadOptions { nodes: vec![folder.file("few.tsv", "id\tname\nN1\tone\nX\tother\n")], ..LoadOptions::default() };
    let undisturbed = Graph::temporary().unwrap();
    run(&undisturbed, &first);
    let before = contents(&undisturbed);
    run(&undisturbed, &options);
    let expected = contents(&undisturbed);
    for reports in [1, 2] {
        let graph = Graph::temporary().unwrap();
        run(&graph, &first);
        let summary = load(&graph, &options, &mut stop_after(reports)).unwrap();
        assert_eq!((summary.stopped, summary.nodes_added, summary.edges), (true, 0, 0));
        assert_eq!(contents(&graph), before, "stopped after {reports} reports");
        assert!(!run(&graph, &options).stopped);
        assert_eq!(contents(&graph), expected, "stopped after {reports} reports");
    }
}

/// 20,000 nodes and as many edges.
fn large_load(folder: &Folder) -> LoadOptions {
    let mut nodes = String::from("id\tname\tlabel\n");
    let mut edges = String::from("source\ttype\ttarget\n");
    for number in 0..20_000 {
        nodes += &format!("N{number}\tnode {number}\t{}\n", if number % 2 == 0 { "even" } else { "odd" });
        edges += &format!("N{number}\tnext\tN{}\n", (number + 7) % 20_000);
    }
    LoadOptions {
        nodes: vec![folder.file("many-nodes.tsv", nodes)],
        edges: vec![folder.file("many-edges.tsv", edges)],
        ..LoadOptions::default()
    }
}

#[test]
fn the_path_mode_gadgets_of_the_repository_load_with_their_header_rows() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/semantics");
    let options = LoadOptions {
        nodes: vec![data.join("nodes.tsv")],
        edges: vec![data.join("edges.tsv")],
        ..LoadOptions::default()
    };
    let summary = run(&Graph::temporary().unwrap(), &options);
    assert_eq!((summary.nodes_added, summary.rejected), (26, 0));
}
