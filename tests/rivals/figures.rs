//! Measures hopgraph on one graph, and prints a line `figure<TAB>value` for each figure, as `measure.py` does for its
//! rivals; `run.py` beside it runs all of them.
//!
//!     cargo bench -p hopgraph-tests --bench figures -- NODES EDGES SOURCES TARGET_LABEL FOLDER
//!
//! NODES has the columns id, name, label, EDGES source, type, target, both with a header row; SOURCES is one id a line,
//! all of one label. The graph is made in FOLDER, which is better not in memory: commits are measured on its disk.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    missing_docs,
    reason = "a benchmark prints, and stops at the first surprise"
)]

use std::collections::BTreeMap;
use std::io::Write;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use hopgraph::engine::{BulkNode, Edge, NodeId, Polarity, RelationType, Run, RunKind, View};
use hopgraph::{Durability, Graph, GraphOptions, LoadOptions, Parameters, Prepared, Value};

/// How many look-ups and commits are timed.
const LOOK_UPS: usize = 200_000;
const COMMITS: u32 = 400;
const GROUP: u32 = 100;

/// How many threads commit at the same time.
const THREADS: [u32; 2] = [16, 64];

/// Sources of the questions about one node.
const ONE_NODE_SOURCES: usize = 20;

/// All pairs are counted three times, unless that takes longer than this.
const PAIRS_TIME_MAX: Duration = Duration::from_secs(10);

struct Arguments {
    nodes: PathBuf,
    edges: PathBuf,
    sources: Vec<String>,
    label: String,
    graph: PathBuf,
    folder: PathBuf,
}

fn main() {
    let given: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let [nodes, edges, sources, label, folder] = &given[..] else {
        println!("usage: figures NODES EDGES SOURCES TARGET_LABEL FOLDER");
        return;
    };
    let arguments = Arguments {
        nodes: nodes.into(),
        edges: edges.into(),
        sources: std::fs::read_to_string(sources).unwrap().lines().map(str::to_owned).collect(),
        label: label.clone(),
        graph: Path::new(folder).join("graph"),
        folder: folder.into(),
    };
    tell("version", env!("CARGO_PKG_VERSION"));
    load(&arguments);
    opening(&arguments);
    let graph = Graph::open(&arguments.graph).unwrap();
    look_ups(&graph, &arguments.sources);
    around_one_node(&graph, &arguments.sources);
    pairs(&graph, &arguments);
    drop(graph);
    tell("peak_mib", peak_mib());
    commits(&arguments);
    load_from_memory(&arguments);
}

fn tell(figure: &str, value: impl std::fmt::Display) {
    println!("{figure}\t{value}");
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// The most memory that the process has had.
fn peak_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap_or(f64::NAN) / 1024.0
}

fn load(arguments: &Arguments) {
    let names = |names: &str| Some(names.split(',').map(str::to_owned).collect());
    let options = LoadOptions {
        nodes: vec![arguments.nodes.clone()],
        edges: vec![arguments.edges.clone()],
        node_columns: names("id,name,label"),
        edge_columns: names("source,type,target"),
        ..LoadOptions::default()
    };
    let graph = Graph::open(&arguments.graph).unwrap();
    let start = Instant::now();
    let summary = graph.load(&options, &mut |_| ControlFlow::Continue(())).unwrap();
    let seconds = start.elapsed().as_secs_f64();
    drop(graph);
    assert_eq!(summary.rejected, 0, "{:?}", summary.first_rejects);
    tell("nodes", summary.nodes_added);
    tell("edges", summary.edges);
    tell("load_s", seconds);
    tell("load_edges_per_s", summary.edges as f64 / seconds);
    tell("load_peak_mib", peak_mib());
    let bytes = disk_bytes(&arguments.graph);
    tell("disk_bytes", bytes);
    tell("disk_bytes_per_edge", bytes as f64 / summary.edges as f64);
}

/// What an application does that has nodes and edges in memory: the rows of the files, one after the other, into a graph
/// that is thrown away.
fn load_from_memory(arguments: &Arguments) {
    let [nodes, edges] = [&arguments.nodes, &arguments.edges].map(|path| std::fs::read_to_string(path).unwrap());
    let rows = |text: &'static str| text.lines().skip(1).map(|row| row.split('\t').collect()).collect::<Vec<Vec<_>>>();
    // The program ends soon.
    let (nodes, edges) = (rows(nodes.leak()), rows(edges.leak()));
    let folder = tempfile::tempdir_in(&arguments.folder).unwrap();
    let graph = Graph::open(folder.path().join("graph")).unwrap();
    let start = Instant::now();
    let kind = RunKind::Load { source: "memory".to_owned() };
    let mut load = graph.bulk_load(&Run { kind, started: String::new(), program: String::new() }).unwrap();
    for row in &nodes {
        let node = BulkNode { identifier: row[0], name: row[1], labels: &row[2..3], ..BulkNode::default() };
        load.add_node(&node).unwrap();
    }
    let mut of_type: BTreeMap<&str, Vec<(NodeId, NodeId)>> = BTreeMap::new();
    for row in &edges {
        let ends = [row[0], row[2]].map(|identifier| load.node(identifier).unwrap().unwrap());
        of_type.entry(row[1]).or_default().push(ends.into());
    }
    for (name, ends) in of_type {
        let kind = RelationType { name: name.to_owned(), polarity: Polarity::Asserted, symmetric: false };
        let relation = load.relation_type(&kind).unwrap();
        load.add_edges(relation, ends).unwrap();
    }
    let summary = load.finish().unwrap();
    tell("load_from_memory_s", start.elapsed().as_secs_f64());
    assert_eq!(summary.nodes_added, nodes.len() as u64);
}

fn disk_bytes(path: &Path) -> u64 {
    let entries = std::fs::read_dir(path).unwrap().map(Result::unwrap);
    let bytes = |entry: std::fs::DirEntry| match entry.file_type().unwrap().is_dir() {
        true => disk_bytes(&entry.path()),
        false => entry.metadata().unwrap().len(),
    };
    entries.map(bytes).sum()
}

fn number(graph: &Graph, text: &str, parameters: &[(&str, &str)]) -> i64 {
    run(graph, &graph.prepare(text).unwrap(), parameters)
}

fn run(graph: &Graph, prepared: &Prepared, parameters: &[(&str, &str)]) -> i64 {
    let parameters: Parameters =
        parameters.iter().map(|&(name, value)| (name.to_owned(), Value::Text(value.to_owned()))).collect();
    let mut sum = 0;
    for row in graph.run(prepared, &parameters).unwrap() {
        let Value::Integer(count) = row.unwrap().into_values().pop().unwrap() else {
            panic!("a row should be a number")
        };
        sum += count;
    }
    sum
}

fn reached_text(hops: u32) -> String {
    format!("MATCH (a {{identifier: $id}})-[*1..{hops}]-(b) WHERE a <> b RETURN count(DISTINCT b)")
}

fn reached(graph: &Graph, source: &str, hops: u32) -> i64 {
    number(graph, &reached_text(hops), &[("id", source)])
}

/// From a closed graph to its first answer: one hop, then many.
fn opening(arguments: &Arguments) {
    let mut times = Vec::new();
    for _ in 0..5 {
        let start = Instant::now();
        let graph = Graph::open(&arguments.graph).unwrap();
        reached(&graph, &arguments.sources[0], 1);
        times.push(start.elapsed());
    }
    times.sort();
    tell("open_to_answer_ms", milliseconds(times[times.len() / 2]));
    let start = Instant::now();
    let graph = Graph::open(&arguments.graph).unwrap();
    reached(&graph, &arguments.sources[0], 2);
    tell("open_to_multi_hop_ms", milliseconds(start.elapsed()));
}

fn look_ups(graph: &Graph, sources: &[String]) {
    let snapshot = graph.read().unwrap();
    let ids: Vec<NodeId> = sources.iter().map(|source| snapshot.node_by_identifier(source).unwrap().unwrap()).collect();
    let names: Vec<String> = ids.iter().map(|&id| snapshot.node(id).unwrap().unwrap().name).collect();
    let look_up = |figure: &str, look: &dyn Fn(usize)| {
        (0..sources.len()).for_each(look);
        let start = Instant::now();
        (0..LOOK_UPS).for_each(|turn| look(turn % sources.len()));
        tell(figure, start.elapsed().as_secs_f64() * 1e6 / LOOK_UPS as f64);
    };
    look_up("look_up_by_number_us", &|turn| assert!(snapshot.node(ids[turn]).unwrap().is_some()));
    look_up("look_up_by_name_us", &|turn| assert!(!snapshot.nodes_by_name(&names[turn]).unwrap().is_empty()));
    // What the rivals are asked: a property of the node with an id.
    look_up("look_up_us", &|turn| {
        let id = snapshot.node_by_identifier(&sources[turn]).unwrap().unwrap();
        assert!(!snapshot.node(id).unwrap().unwrap().labels.is_empty());
    });
}

/// As an application asks that has the same question of many nodes: prepared once.
fn around_one_node(graph: &Graph, sources: &[String]) {
    reached(graph, &sources[0], 2);
    for hops in [1, 2, 3] {
        let prepared = graph.prepare(&reached_text(hops)).unwrap();
        let (mut times, mut sum) = (Vec::new(), 0);
        for source in sources.iter().take(ONE_NODE_SOURCES) {
            let start = Instant::now();
            sum += run(graph, &prepared, &[("id", source)]);
            times.push(start.elapsed());
        }
        times.sort();
        tell(&format!("hops{hops}_ms"), milliseconds(times[times.len() / 2]));
        tell(&format!("hops{hops}_sum_of_{}", times.len()), sum);
    }
}

fn pairs(graph: &Graph, arguments: &Arguments) {
    // As many as the rivals answer, to compare what they find.
    let label = &arguments.label;
    let one = format!("MATCH WALK (a {{identifier: $id}})-[*1..4]-(b:`{label}`) WHERE a <> b RETURN count(DISTINCT b)");
    let found: Vec<i64> = arguments.sources.iter().map(|source| number(graph, &one, &[("id", source)])).collect();
    for count in [8, 32, 128, 512].into_iter().filter(|&count| count <= found.len()) {
        tell(&format!("pairs_of_{count}"), found[..count].iter().sum::<i64>());
    }
    let snapshot = graph.read().unwrap();
    let first = snapshot.node_by_identifier(&arguments.sources[0]).unwrap().unwrap();
    let from = snapshot.node(first).unwrap().unwrap().labels[0];
    let of_label = snapshot.nodes_with_label(from).unwrap().len();
    let from = snapshot.catalog().label_name(from).unwrap();
    for (mode, figure) in [("TRAIL", "pairs_all"), ("WALK", "pairs_all_walk")] {
        let all = format!("MATCH {mode} (a:`{from}`)-[*2..4]-(b:`{label}`) RETURN hops, count(*)");
        let mut times = Vec::new();
        let mut sum = 0;
        while times.len() < 3 && times.iter().sum::<Duration>() < PAIRS_TIME_MAX {
            let start = Instant::now();
            sum = number(graph, &all, &[]);
            times.push(start.elapsed());
        }
        times.sort();
        tell(figure, sum);
        let middle = milliseconds(times[times.len() / 2]);
        tell(&format!("{figure}_ms"), middle);
        tell(&format!("{figure}_ms_per_source"), middle / of_label as f64);
    }
    tell("sources_of_all_pairs", of_label);
}

/// Synced and unsynced, one by one and in groups; beside them what the disk itself can do.
fn commits(arguments: &Arguments) {
    tell("disk_fdatasyncs_per_s", fdatasyncs_per_second(&arguments.folder));
    for (durability, name) in [(Durability::Synced, "synced"), (Durability::Buffered, "unsynced")] {
        let options = GraphOptions { durability, ..GraphOptions::default() };
        let graph = Graph::open_with(&arguments.graph, &options).unwrap();
        for size in [1, GROUP] {
            let start = Instant::now();
            for commit in 0..COMMITS {
                commit_edges(&graph, name, commit * size..(commit + 1) * size);
            }
            let seconds = start.elapsed().as_secs_f64();
            let figure =
                if size == 1 { format!("commits_{name}_per_s") } else { format!("grouped_edges_{name}_per_s") };
            tell(&figure, f64::from(COMMITS * size) / seconds);
        }
    }
    for threads in THREADS {
        let per_second = commits_by_threads(&arguments.graph, threads);
        tell(&format!("commits_synced_by_{threads}_threads_per_s"), per_second);
    }
}

/// Single edges, each committed and on the disk before its thread goes on.
fn commits_by_threads(graph: &Path, threads: u32) -> f64 {
    let graph = Graph::open(graph).unwrap();
    let start = Instant::now();
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let (graph, name) = (&graph, format!("synced by {threads}"));
            scope.spawn(move || {
                for commit in 0..COMMITS {
                    let number = thread * COMMITS + commit;
                    commit_edges(graph, &name, number..number + 1);
                }
            });
        }
    });
    f64::from(threads * COMMITS) / start.elapsed().as_secs_f64()
}

fn commit_edges(graph: &Graph, name: &str, numbers: std::ops::Range<u32>) {
    let mut change = graph.write().unwrap();
    let kind = RelationType { name: format!("{name} by hand"), polarity: Polarity::Asserted, symmetric: false };
    let relation = change.relation_type(&kind).unwrap();
    let run = change.hand().unwrap();
    for number in numbers {
        // Small graphs have few nodes: the ends go round.
        let (source, target) = (NodeId::new(number / 97 % 500), NodeId::new(number % 97));
        change.add_fact(Edge { relation, source, target }, run).unwrap();
    }
    change.commit().unwrap();
}

fn fdatasyncs_per_second(folder: &Path) -> f64 {
    let mut file = tempfile::tempfile_in(folder).unwrap();
    let start = Instant::now();
    for _ in 0..COMMITS {
        file.write_all(&[1; 128]).unwrap();
        file.sync_data().unwrap();
    }
    f64::from(COMMITS) / start.elapsed().as_secs_f64()
}
