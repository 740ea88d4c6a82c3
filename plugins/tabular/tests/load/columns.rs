//! Column files and record batches: the same graph as from text, types kept, nothing dropped in silence.

use std::fs::File;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;

use arrow_array::builder::{ListBuilder, StringBuilder};
use arrow_array::{
    ArrayRef, BooleanArray, Float32Array, Int32Array, LargeStringArray, RecordBatch, StringArray, UInt64Array,
};
use hopgraph_engine::{Graph, View};
use hopgraph_tabular::{LoadError, LoadOptions, load, load_batches};
use parquet::arrow::ArrowWriter;

use super::{Folder, contents, id, names, run};

fn texts(values: &[Option<&str>]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true))).unwrap()
}

fn parquet(folder: &Folder, name: &str, batch: &RecordBatch) -> PathBuf {
    let path = folder.path(name);
    let mut writer = ArrowWriter::try_new(File::create(&path).unwrap(), batch.schema(), None).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
    path
}

fn lists(rows: &[Option<&[&str]>]) -> ArrayRef {
    let mut builder = ListBuilder::new(StringBuilder::new());
    for row in rows {
        if let Some(texts) = row {
            texts.iter().for_each(|text| builder.values().append_value(text));
        }
        builder.append(row.is_some());
    }
    Arc::new(builder.finish())
}

fn sample() -> (RecordBatch, RecordBatch) {
    let nodes = batch(vec![
        ("id:ID", texts(&[Some("G1"), Some("D1")])),
        ("name", texts(&[Some("BRCA1"), Some("cancer")])),
        (":LABEL", lists(&[Some(&["gene", "human"]), Some(&["disease"])])),
        ("synonyms", texts(&[Some("BRCC1|RNF53"), None])),
        ("year", Arc::new(Int32Array::from(vec![Some(1994), None]))),
        ("score", Arc::new(Float32Array::from(vec![Some(0.5), None]))),
        ("ok", Arc::new(BooleanArray::from(vec![Some(true), None]))),
        ("tags", lists(&[Some(&["a", "b"]), None])),
        ("large", Arc::new(UInt64Array::from(vec![Some(u64::MAX), None]))),
        ("written:int", texts(&[Some("7"), None])),
    ]);
    let edges = batch(vec![
        (":START_ID", Arc::new(LargeStringArray::from(vec!["G1", "D1"]))),
        (":TYPE", texts(&[Some("causes"), Some("names")])),
        (":END_ID", texts(&[Some("D1"), Some("G1")])),
        ("since:int", Arc::new(Int32Array::from(vec![Some(1990), None]))),
    ]);
    (nodes, edges)
}

#[test]
fn parquet_text_and_batches_give_the_same_graph() {
    let folder = Folder::new();
    let (nodes, edges) = sample();
    let from_text = Graph::temporary().unwrap();
    let header =
        "id:ID\tname\t:LABEL\tsynonyms\tyear:int\tscore:float\tok:boolean\ttags:string[]\tlarge\twritten:int\n";
    let rows = "G1\tBRCA1\tgene;human\tBRCC1|RNF53\t1994\t0.5\ttrue\ta;b\t18446744073709551615\t7\nD1\tcancer\tdisease\t\t\t\t\t\t\t\n";
    let options = LoadOptions {
        nodes: vec![folder.file("nodes.tsv", format!("{header}{rows}"))],
        edges: vec![
            folder.file("edges.tsv", ":START_ID\t:TYPE\t:END_ID\tsince:int\nG1\tcauses\tD1\t1990\nD1\tnames\tG1\t\n"),
        ],
        ..LoadOptions::default()
    };
    run(&from_text, &options);
    let expected = contents(&from_text);
    assert!(expected.contains("\"large\": Text(\"18446744073709551615\")"), "{expected}");

    let from_parquet = Graph::temporary().unwrap();
    let options = LoadOptions {
        nodes: vec![parquet(&folder, "nodes.parquet", &nodes)],
        edges: vec![parquet(&folder, "edges.whatever", &edges)],
        ..LoadOptions::default()
    };
    let summary = run(&from_parquet, &options);
    assert_eq!((summary.nodes_added, summary.edges, summary.rejected), (2, 2, 0));
    assert_eq!(contents(&from_parquet), expected);

    let from_memory = Graph::temporary().unwrap();
    let options = LoadOptions::default();
    let summary =
        load_batches(&from_memory, "a data frame", [nodes], [edges], &options, &mut |_| ControlFlow::Continue(()))
            .unwrap();
    assert_eq!((summary.node_rows, summary.edge_rows, summary.rejected), (2, 2, 0));
    assert_eq!(contents(&from_memory), expected);
    assert!(from_memory.check().unwrap().is_sound());
}

#[test]
fn names_given_by_hand_stand_in_place_of_those_of_the_file() {
    let folder = Folder::new();
    let nodes =
        batch(vec![("key", Arc::new(Int32Array::from(vec![672, 675]))), ("secret", texts(&[Some("x"), Some("y")]))]);
    let options = LoadOptions {
        nodes: vec![parquet(&folder, "nodes.parquet", &nodes)],
        node_columns: names("id:ID(NCBIGene),-"),
        ..LoadOptions::default()
    };
    let graph = Graph::temporary().unwrap();
    assert_eq!(run(&graph, &options).nodes_added, 2);
    let node = graph.snapshot().unwrap().node(id(&graph, "NCBIGene:672")).unwrap().unwrap();
    assert!(node.properties.is_empty());
    let wrong = LoadOptions { node_columns: names("id"), ..options };
    let error = load(&graph, &wrong, &mut |_| ControlFlow::Continue(())).unwrap_err();
    assert!(matches!(error, LoadError::Columns { .. }), "{error}");
}

#[test]
fn cells_that_do_not_fit_are_rejected_with_their_row() {
    let folder = Folder::new();
    let nodes = batch(vec![
        ("id:ID", texts(&[Some("A"), None, Some("B"), Some("C")])),
        ("year:int", texts(&[Some("1994"), Some("1"), Some("soon"), None])),
    ]);
    let edges = batch(vec![
        ("source", texts(&[Some("A"), Some("A")])),
        ("type", texts(&[Some("causes"), Some("causes")])),
        ("target", texts(&[Some("C"), Some("Z")])),
    ]);
    let rejects = folder.path("rejects.tsv");
    let options = LoadOptions { rejects: Some(rejects.clone()), ..LoadOptions::default() };
    let graph = Graph::temporary().unwrap();
    let summary =
        load_batches(&graph, "memory", [nodes], [edges], &options, &mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!((summary.nodes_added, summary.edges, summary.rejected), (2, 1, 3));
    let expected = "file\tline\treason\trow\n\
        memory\t2\tno id\t\t1\n\
        memory\t3\tyear: \"soon\" is not a whole number\tB\tsoon\n\
        memory\t2\tunknown target \"Z\": no node has this id\tA\tcauses\tZ\n";
    assert_eq!(std::fs::read_to_string(rejects).unwrap(), expected);
}

#[test]
fn a_file_that_only_begins_like_parquet_is_refused_with_its_name() {
    let folder = Folder::new();
    let options =
        LoadOptions { nodes: vec![folder.file("nodes.parquet", "PAR1 and no more")], ..LoadOptions::default() };
    let error = load(&Graph::temporary().unwrap(), &options, &mut |_| ControlFlow::Continue(())).unwrap_err();
    assert!(matches!(error, LoadError::ColumnFile { .. }), "{error}");
    assert!(error.to_string().contains("nodes.parquet"), "{error}");
}

/// What fits no whole batch and no single chunk: several batches, numbered through.
#[test]
fn rows_are_numbered_through_the_batches() {
    let part = |number: usize| {
        let ids: Vec<Option<String>> = (0..1000).map(|row| Some(format!("n{}", number * 1000 + row))).collect();
        let ids: Vec<Option<&str>> = ids
            .iter()
            .map(Option::as_deref)
            .enumerate()
            .map(|(row, text)| if row == 7 { None } else { text })
            .collect();
        batch(vec![("id", texts(&ids))])
    };
    let graph = Graph::temporary().unwrap();
    let options = LoadOptions::default();
    let summary =
        load_batches(&graph, "memory", (0..30).map(part), [], &options, &mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!((summary.nodes_added, summary.rejected), (30 * 999, 30));
    assert_eq!(summary.first_rejects.iter().map(|reject| reject.line).collect::<Vec<_>>(), [8, 1008, 2008, 3008, 4008]);
    assert_eq!(id(&graph, "n29999").get(), 30 * 999 - 1, "ids follow the rows");
}
