//! Damaged and shuffled inputs for everything that reads what people write: no input may make it panic, hang, or leave a
//! graph that is not sound.
//!
//! Inputs are mutations of good ones. `HOPGRAPH_FUZZ_SECONDS=600 cargo test --release -p hopgraph-tests fuzz` runs each
//! target for ten minutes; `make fuzz` does so. What fails is kept in a file, and is told with its seed.

use std::fs;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

use hopgraph::literature::{Corpus, Format};
use hopgraph::query::completion::completion_at;
use hopgraph::query::highlight::tokens;
use hopgraph::query::parse::parse;
use hopgraph::{Graph, LoadOptions, Parameters, QueryOptions};

use crate::program::repository;
use crate::random::{Random, scratch, setting};

/// Inputs in an everyday run, for a target that takes microseconds and for one that takes milliseconds.
const MANY: u64 = 10_000;
const FEW: u64 = 60;

/// Gives a target one mutated input after the other, until the time or the number is reached.
fn fuzz(target: &str, inputs: u64, corpus: &[Vec<u8>], test: impl Fn(&[u8])) {
    let seed = setting("HOPGRAPH_SEED", u64::from(std::process::id()));
    let time =
        std::env::var_os("HOPGRAPH_FUZZ_SECONDS").map(|_| Duration::from_secs(setting("HOPGRAPH_FUZZ_SECONDS", 0)));
    let mut random = Random(seed);
    let start = Instant::now();
    let mut number = 0;
    while time.map_or(number < inputs, |time| start.elapsed() < time) {
        let input = mutated(corpus, &mut random);
        number += 1;
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| test(&input))) {
            let kept = std::env::temp_dir().join(format!("hopgraph-fuzz-{target}-{seed}-{number}"));
            fs::write(&kept, &input).unwrap();
            println!("HOPGRAPH_SEED={seed}: input {number} of {target} is kept in {}", kept.display());
            resume_unwind(panic);
        }
    }
}

/// One of the good inputs, or what is left of it.
fn mutated(corpus: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut input = corpus[random.below(corpus.len())].clone();
    for _ in 0..random.below(6) {
        let at = random.below(input.len() + 1);
        let end = (at + 1 + random.below(12)).min(input.len());
        match random.below(8) {
            0 if at < input.len() => input[at] ^= 1 << random.below(8),
            1 => drop(input.drain(at..end)),
            2 => input.truncate(at),
            3 => drop(input.splice(at..at, [b"\t\n\"'`\\\0,;|{}[]()*-<>:=$."[random.below(24)]])),
            4 => {
                let copied = input[at..end].to_vec();
                drop(input.splice(at..at, copied));
            }
            5 => {
                let other = &corpus[random.below(corpus.len())];
                let from = random.below(other.len());
                let piece = other[from..(from + 1 + random.below(40)).min(other.len())].to_vec();
                drop(input.splice(at..end, piece));
            }
            6 => {
                let words = ["", "-1", "99999999999999999999", "1e999", "\u{301}", "é", "\u{0}", "NaN", "\u{1F600}"];
                drop(input.splice(at..end, words[random.below(words.len())].bytes()));
            }
            _ => {
                let repeated = input[at..end].repeat(1 + random.below(100));
                drop(input.splice(at..end, repeated));
            }
        }
    }
    input
}

/// The queries of the scripts and of the guide.
fn queries() -> Vec<Vec<u8>> {
    let mut queries = Vec::new();
    for path in fs::read_dir(repository().join("tests/scripts")).unwrap().map(|entry| entry.unwrap().path()) {
        let text = fs::read_to_string(path).unwrap();
        queries.extend(text.split("\n\n").filter(|text| text.len() < 2_000).map(|text| text.as_bytes().to_vec()));
    }
    let guide = fs::read_to_string(repository().join("query/LANGUAGE.md")).unwrap();
    queries
        .extend(guide.split("```cypher\n").skip(1).map(|rest| rest.split("\n```").next().unwrap().as_bytes().to_vec()));
    let lines: Vec<Vec<u8>> =
        queries.iter().flat_map(|text| text.split(|&byte| byte == b'\n')).map(<[u8]>::to_vec).collect();
    queries.extend(lines.into_iter().filter(|line| line.len() > 8));
    assert!(queries.len() > 100);
    queries
}

#[test]
fn any_text_parses_or_is_refused_at_a_place_in_it() {
    fuzz("parse", MANY, &queries(), |input| {
        let text = String::from_utf8_lossy(input);
        let _ = tokens(&text);
        let _ = completion_at(&text, text.char_indices().map(|(at, _)| at).nth(text.len() / 3).unwrap_or(0));
        match parse(&text) {
            Ok(statement) => {
                let printed = statement.to_string();
                let again =
                    parse(&printed).unwrap_or_else(|error| panic!("{text}\nprints as\n{}", error.report(&printed)));
                assert_eq!(again.to_string(), printed, "{text}");
            }
            Err(error) => assert!(!error.report(&text).is_empty()),
        }
    });
}

#[test]
fn any_query_ends_with_rows_or_an_error_and_leaves_the_graph_sound() {
    let graph = Graph::temporary().unwrap();
    let fill = "UNWIND range(1, 6) AS i CREATE (:gene {name: 'g' + toString(i), x: i})-[:associated {w: i}]->(:disease {name: 'd'})";
    graph.query(fill, &Parameters::new()).unwrap().for_each(|row| drop(row.unwrap()));
    let limits = QueryOptions {
        time_limit: Some(Duration::from_millis(50)),
        memory_limit_bytes: Some(8 << 20),
        ..QueryOptions::default()
    };
    fuzz("query", MANY, &queries(), |input| {
        let text = String::from_utf8_lossy(input);
        let start = Instant::now();
        if let Ok(rows) = graph.query_with(&text, &Parameters::new(), &limits) {
            let _ = rows.take(1_000).take_while(Result::is_ok).count();
        }
        assert!(start.elapsed() < Duration::from_secs(20), "the time limit holds");
    });
    assert_eq!(graph.check().unwrap().problems, Vec::<String>::new());
}

/// The first documents of a file of the repository.
fn beginning(path: &str) -> Vec<u8> {
    let bytes = fs::read(repository().join("data").join(path)).unwrap();
    let end = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1).nth(25);
    bytes[..end.unwrap_or(bytes.len())].to_vec()
}

#[test]
fn any_annotated_text_is_read_or_rejected() {
    let json = r#"{"id":"1","text":"BRCA1 causes cancer.","entities":[{"start":0,"end":5,"label":"gene","id":"672"}]}"#;
    let inputs = [
        (Format::PubTator, beginning("biored/Dev.PubTator")),
        (Format::Gad, beginning("gad/gad.tsv")),
        (Format::EuAdr, beginning("eu-adr/gene_disease.tsv")),
        (Format::JsonLines, format!("{json}\n{json}\n").into_bytes()),
    ];
    let folder = scratch();
    for (format, good) in inputs {
        let path = folder.path().join(format.name());
        fuzz(format.name(), MANY / 10, &[good], |input| {
            fs::write(&path, input).unwrap();
            if let Ok(corpus) = Corpus::open(std::slice::from_ref(&path), Some(format)) {
                for document in corpus.flatten() {
                    assert!(!document.identifier.is_empty());
                }
            }
        });
    }
}

#[test]
fn any_table_is_loaded_or_rejected_and_leaves_the_graph_sound() {
    let corpus = [
        beginning("semantics/nodes.tsv"),
        beginning("semantics/edges.tsv"),
        b"id:ID,name,:LABEL,year:int,tags:string[]\n1,\"a, b\",gene;disease,1999,x;y\n2,b,gene,,\n".to_vec(),
        b":START_ID,:TYPE,:END_ID,w:float\n1,t,2,0.5\n2,t,1,\n".to_vec(),
    ];
    let folder = scratch();
    let graph = Graph::temporary().unwrap();
    fuzz("table", FEW, &corpus, |input| load(&graph, folder.path(), input));
    assert_eq!(graph.check().unwrap().problems, Vec::<String>::new());
}

/// Loads the same bytes as nodes and as edges, on top of what was loaded before.
fn load(graph: &Graph, folder: &Path, input: &[u8]) {
    let (nodes, edges) = (folder.join("nodes"), folder.join("edges"));
    fs::write(&nodes, input).unwrap();
    fs::write(&edges, input).unwrap();
    for (nodes, edges) in [(vec![nodes], vec![]), (vec![], vec![edges])] {
        let options = LoadOptions { nodes, edges, rejects: Some(folder.join("rejects")), ..LoadOptions::default() };
        let _ = graph.load(&options, &mut |_| ControlFlow::Continue(()));
    }
}
