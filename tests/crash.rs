//! The program is killed at random moments while it loads and ingests. The graph must reopen, be sound, and end the same
//! as after an undisturbed run once the same command is given again.

use std::fmt::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use hopgraph::engine::Graph;

use crate::dump::dump;
use crate::program::{hopgraph, repository};

/// How often each command is killed; `HOPGRAPH_CRASH_KILLS` asks for another number, as `.ci/run` does.
const KILLS: u32 = 10;

fn kills() -> u32 {
    std::env::var("HOPGRAPH_CRASH_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(KILLS)
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(hopgraph());
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

fn run(arguments: &[&str]) -> Duration {
    let start = Instant::now();
    let output = Command::new(hopgraph()).args(arguments).stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    start.elapsed()
}

/// Starts the command and kills it after this long; false if it had ended by itself.
fn kill_after(arguments: &[&str], wait: Duration) -> bool {
    let mut child = command(arguments).spawn().unwrap();
    std::thread::sleep(wait);
    let running = child.try_wait().unwrap().is_none();
    child.kill().unwrap();
    child.wait().unwrap();
    running
}

/// Kills a command again and again, each time further into its work, on one graph until it is done, then on a new one.
fn survives_kills(folder: &Path, arguments: impl Fn(&str) -> Vec<String>) {
    let path_of = |name: &str| folder.join(name).to_string_lossy().into_owned();
    let with = |name: &str| arguments(&path_of(name));
    let undisturbed = with("undisturbed");
    let whole = run(&undisturbed.iter().map(String::as_str).collect::<Vec<_>>());
    let expected = dump(&Graph::open(path_of("undisturbed")).unwrap());
    assert!(expected.lines().count() > 100, "the command does something");

    let (kills, mut killed, mut graphs) = (kills(), 0, 0);
    let seed = u64::from(std::process::id());
    let mut state = seed;
    while killed < kills {
        let name = format!("killed-{graphs}");
        let given = with(&name);
        let given: Vec<&str> = given.iter().map(String::as_str).collect();
        // Up to six kills hit one graph, so that a resumed run is killed too.
        for _ in 0..6 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let share = (state >> 33) as f64 / f64::from(1_u32 << 31);
            if !kill_after(&given, whole.mul_f64(share)) {
                break;
            }
            killed += 1;
            let graph = Graph::open(path_of(&name)).unwrap();
            assert_eq!(graph.check().unwrap().problems, Vec::<String>::new(), "seed {seed}, kill {killed}");
        }
        // Once to finish, once more to add nothing.
        for _ in 0..2 {
            run(&given);
            let graph = Graph::open(path_of(&name)).unwrap();
            assert_eq!(graph.check().unwrap().problems, Vec::<String>::new(), "seed {seed}");
            assert!(dump(&graph) == expected, "seed {seed}: {name} is not the graph of an undisturbed run");
        }
        graphs += 1;
    }
}

#[test]
fn a_killed_load_ends_in_the_same_graph() {
    let folder = tempfile::tempdir().unwrap();
    let (nodes, edges) = (folder.path().join("nodes.tsv"), folder.path().join("edges.tsv"));
    let mut text = String::from("id:ID\tname\t:LABEL\n");
    for node in 0..20_000 {
        writeln!(text, "n{node}\tname {node}\t{}", ["gene", "disease"][node % 2]).unwrap();
    }
    std::fs::write(&nodes, text).unwrap();
    let mut text = String::from(":START_ID\t:TYPE\t:END_ID\tweight:float\n");
    for edge in 0_u64..60_000 {
        let (source, target) = (edge * 7919 % 20_000, edge * edge % 19_997);
        let weight = if edge % 5 == 0 { "0.5" } else { "" };
        writeln!(text, "n{source}\tt{}\tn{target}\t{weight}", edge % 3).unwrap();
    }
    std::fs::write(&edges, text).unwrap();
    let [nodes, edges] = [nodes, edges].map(|path| path.to_string_lossy().into_owned());
    survives_kills(folder.path(), |graph| {
        ["load", graph, "--nodes", &nodes, "--edges", &edges].map(str::to_owned).to_vec()
    });
}

#[test]
fn a_killed_ingestion_ends_in_the_same_graph() {
    let folder = tempfile::tempdir().unwrap();
    let corpus = std::fs::read_to_string(repository().join("data/biored/Dev.PubTator")).unwrap();
    let some: String = corpus.split("\n\n").take(8).map(|document| format!("{document}\n\n")).collect();
    let file = folder.path().join("some.PubTator");
    std::fs::write(&file, some).unwrap();
    let file = file.to_string_lossy().into_owned();
    let model = repository().join("data/models/starter-llama-15m").to_string_lossy().into_owned();
    survives_kills(folder.path(), |graph| ["ingest", graph, &file, "--model", &model].map(str::to_owned).to_vec());
}
