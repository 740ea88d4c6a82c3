//! Loads files of nodes and edges into a new graph, then a second time into the graph that holds them, and prints what
//! each took: time, edges a second, memory, bytes on the disk.
//!
//!     cargo bench -p hopgraph-tabular --bench load -- NODES EDGES FOLDER [MIB]
//!
//! NODES has the columns id, name, label, EDGES source, type, target, both with a header row, in any form that can be
//! loaded; MIB is the memory for sorting. Results that count are kept in `benches/record`.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    missing_docs,
    reason = "a benchmark prints, and stops at the first surprise"
)]

use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

use hopgraph_engine::Graph;
use hopgraph_tabular::{LoadOptions, load};

fn main() {
    let given: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let [nodes, edges, folder, memory @ ..] = &given[..] else {
        println!("usage: load NODES EDGES FOLDER [MIB]");
        return;
    };
    let names = |names: &str| Some(names.split(',').map(str::to_owned).collect());
    let options = LoadOptions {
        nodes: vec![nodes.into()],
        edges: vec![edges.into()],
        node_columns: names("id,name,label"),
        edge_columns: names("source,type,target"),
        memory_bytes: memory.first().map(|mib| mib.parse::<usize>().unwrap() << 20),
        ..LoadOptions::default()
    };
    let path = Path::new(folder).join("load-benchmark.hopgraph");
    let graph = Graph::open(&path).unwrap();
    for what in ["into a new graph", "into the same graph again"] {
        let start = Instant::now();
        let mut read = None;
        let summary = load(&graph, &options, &mut |progress| {
            if progress.writing {
                read = Some(start.elapsed().as_secs_f64());
            }
            ControlFlow::Continue(())
        });
        let (summary, seconds) = (summary.unwrap(), start.elapsed().as_secs_f64());
        assert_eq!(summary.rejected, 0, "{:?}", summary.first_rejects);
        let (nodes, bytes) = (summary.nodes_added + summary.nodes_merged, disk_bytes(&path));
        println!(
            "{what}: {nodes} nodes, {} edges in {seconds:.2} s ({:.2} s to read), {:.2} M edges/s, at most {:.0} MiB of \
             memory, {:.2} bytes an edge on the disk",
            summary.edges,
            read.unwrap_or_default(),
            summary.edges as f64 / seconds / 1e6,
            peak_mib(),
            bytes as f64 / summary.edges as f64,
        );
    }
    drop(graph);
    std::fs::remove_dir_all(&path).unwrap();
}

/// The most memory that the process has had.
fn peak_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap_or(f64::NAN) / 1024.0
}

fn disk_bytes(path: &Path) -> u64 {
    let entries = std::fs::read_dir(path).unwrap().map(Result::unwrap);
    let bytes = |entry: std::fs::DirEntry| match entry.file_type().unwrap().is_dir() {
        true => disk_bytes(&entry.path()),
        false => entry.metadata().unwrap().len(),
    };
    entries.map(bytes).sum()
}
