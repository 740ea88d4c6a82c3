//! A load that is killed at any moment leaves a sound graph, and run again ends in the graph of an undisturbed one.

use std::collections::hash_map::RandomState;
use std::fmt::Write;
use std::fs;
use std::hash::{BuildHasher, Hasher};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::harness::{Folder, PROGRAM};
use hopgraph::Graph;
use hopgraph::engine::{Direction, View};

/// More than the engine writes at once, so that a kill may fall between two pieces.
const NODES: u32 = 60_000;
const EDGES_A_NODE: u32 = 2;
/// HOPGRAPH_KILLS=100 for the long run.
const KILLS: u64 = 3;

const LOAD: [&str; 6] = ["load", "g", "--nodes", "nodes.tsv", "--edges", "edges.tsv"];

#[test]
fn a_killed_load_goes_on_to_the_same_graph() {
    let folder = Folder::new();
    write_tables(&folder);
    let started = Instant::now();
    assert_eq!(folder.run(&LOAD).code, 0);
    let undisturbed = started.elapsed();
    let expected = digest(&folder);
    let kills = std::env::var("HOPGRAPH_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(KILLS);
    let seed = std::env::var("HOPGRAPH_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or_else(random_seed);
    println!("HOPGRAPH_SEED={seed}");
    let mut random = seed;
    let mut killed = 0;
    for _ in 0..kills {
        let _ = fs::remove_dir_all(folder.path("g"));
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let delay = undisturbed.mul_f64((random >> 40) as f64 / (1_u64 << 24) as f64);
        killed += u32::from(load_and_kill(&folder, delay));
        let check = folder.run(&["check", "g"]);
        // A kill before the graph was made leaves nothing to check.
        assert!(check.code == 0 || check.stderr.contains("there is no graph"), "after {delay:?}: {check:?}");
        let again = folder.run(&LOAD);
        assert_eq!(again.code, 0, "after {delay:?}: {}", again.stderr);
        assert!(digest(&folder) == expected, "another graph after a kill at {delay:?}");
        assert_eq!(folder.run(&["check", "g"]).code, 0);
    }
    assert!(killed > 0, "no load was under way when it was to be killed");
}

fn random_seed() -> u64 {
    RandomState::new().build_hasher().finish()
}

fn write_tables(folder: &Folder) {
    let (mut nodes, mut edges) = (String::from("id\tname\tlabel\n"), String::from("source\ttype\ttarget\n"));
    for node in 0..NODES {
        writeln!(nodes, "N{node}\tnode number {node}\tlabel{}", node % 7).unwrap();
        for edge in 1..=EDGES_A_NODE {
            let target = (node.wrapping_mul(2_654_435_761) ^ (edge * 7919)) % NODES;
            writeln!(edges, "N{node}\ttype{}\tN{target}", edge % 3).unwrap();
        }
    }
    fs::write(folder.path("nodes.tsv"), nodes).unwrap();
    fs::write(folder.path("edges.tsv"), edges).unwrap();
}

/// Whether the load was still under way.
fn load_and_kill(folder: &Folder, delay: Duration) -> bool {
    let mut child = Command::new(PROGRAM)
        .args(LOAD)
        .current_dir(folder.root())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    std::thread::sleep(delay);
    let under_way = child.try_wait().unwrap().is_none();
    child.kill().unwrap();
    child.wait().unwrap();
    under_way
}

/// The nodes with their names and the edges. That each edge has its evidence is for `check` to see.
fn digest(folder: &Folder) -> Vec<String> {
    let graph = Graph::open(folder.path("g")).unwrap();
    let snapshot = graph.snapshot().unwrap();
    let mut lines = vec![format!("{:?}", snapshot.statistics().unwrap())];
    for node in snapshot.nodes().unwrap().iter() {
        lines.push(format!("{:?}", snapshot.node(node).unwrap()));
        for (relation, _) in snapshot.catalog().relation_types() {
            for target in snapshot.neighbors(node, relation, Direction::Out).unwrap().iter() {
                lines.push(format!("{relation} {target}"));
            }
        }
    }
    lines
}
