//! A second process opens a graph for reading only while the first writes it, and follows it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use hopgraph::engine::{Budget, Direction, TopologyKey, View};
use hopgraph::{Access, Graph, GraphOptions, Parameters, StorageError, Value};

use crate::commits::{COMMITS, commit, expected_dumps};
use crate::dump::dump;
use crate::random::scratch;

/// Names the graph in the environment of the process that writes.
const GRAPH: &str = "HOPGRAPH_TEST_FOLLOWED";

/// Not a test by itself: the process that writes begins here.
#[test]
fn writes_in_a_process_of_its_own() {
    let Some(path) = std::env::var_os(GRAPH) else { return };
    let graph = hopgraph::engine::Graph::open(&path).unwrap();
    let seen = || std::fs::read_to_string(seen_path(Path::new(&path))).ok().and_then(|text| text.parse().ok());
    let start = Instant::now();
    for number in 0..COMMITS {
        // Not so fast that nobody can follow, and not for ever if nobody does.
        let is_seen = || seen().is_some_and(|seen: usize| seen >= number);
        while number % 8 == 7 && !is_seen() && start.elapsed() < Duration::from_secs(60) {
            std::thread::sleep(Duration::from_millis(5));
        }
        commit(&graph, number).unwrap();
        if number % 5 == 4 {
            graph.flush().unwrap();
        }
    }
}

/// Where the follower notes how many commits it has seen.
fn seen_path(graph: &Path) -> PathBuf {
    graph.with_extension("seen")
}

fn open(path: &Path) -> Result<Graph, StorageError> {
    Graph::open_with(path, &GraphOptions { access: Access::ReadOnly, ..GraphOptions::default() })
}

fn wait_until_there(path: &Path) -> Graph {
    let start = Instant::now();
    loop {
        match open(path) {
            Ok(graph) => return graph,
            Err(StorageError::Missing { .. }) if start.elapsed() < Duration::from_secs(20) => {
                std::thread::sleep(Duration::from_millis(5));
            }
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn a_second_process_follows_the_one_that_writes_and_sees_whole_commits_only() {
    let folder = scratch();
    let path: PathBuf = folder.path().join("graph");
    // Before the writer begins: they take about as long as it does.
    let dumps = expected_dumps();
    let mut writer = Command::new(std::env::current_exe().unwrap())
        .args(["follow::writes_in_a_process_of_its_own", "--exact"])
        .env(GRAPH, &path)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let graph = wait_until_there(&path);
    let mut locked = false;
    let (mut held, mut states) = (0, 0);
    while held < COMMITS {
        let now = dump(graph.engine());
        let position = dumps.iter().position(|expected| *expected == now).expect("a number of whole commits");
        assert!(position >= held, "from {held} commits back to {position}");
        states += usize::from(position > held);
        held = position;
        std::fs::write(seen_path(&path), held.to_string()).unwrap();
        if !locked && writer.try_wait().unwrap().is_none() {
            let expected = format!("process id {}", writer.id());
            match Graph::open(&path) {
                Err(error @ StorageError::Locked { .. }) => locked |= error.to_string().contains(&expected),
                // It has ended in between.
                other => assert!(other.is_ok() && writer.wait().unwrap().success()),
            }
        }
        // A snapshot taken before stays as it is while others catch up.
        let snapshot = graph.read().unwrap();
        let nodes = snapshot.nodes().unwrap().len();
        graph.catch_up().unwrap();
        assert_eq!(snapshot.nodes().unwrap().len(), nodes);
        drop(snapshot);
        graph.catch_up().unwrap();
    }
    assert!(writer.wait().unwrap().success());
    assert!(states >= COMMITS / 8, "only {states} states were seen");
    assert!(locked, "the lock error names the process");
    assert!(!graph.catch_up().unwrap(), "nothing is new any more");
}

#[test]
fn a_follower_sees_new_labels_and_walks_over_new_edges() {
    let folder = scratch();
    let path = folder.path().join("graph");
    let writer = Graph::open(&path).unwrap();
    let run = |graph: &Graph, text: &str| -> Vec<Vec<Value>> {
        graph.query(text, &Parameters::new()).unwrap().map(|row| row.unwrap().into_values()).collect()
    };
    run(&writer, "CREATE (:gene {name: 'A'})-[:associated]->(:disease {name: 'B'})");
    let follower = open(&path).unwrap();
    let reach = "MATCH (g:gene)-[*1..2]-(d) RETURN count(*)";
    assert_eq!(run(&follower, reach), [[Value::Integer(1)]]);
    run(&writer, "MATCH (d:disease {name: 'B'}) CREATE (d)-[:treated_by]->(:drug {name: 'C'})");
    assert_eq!(run(&follower, reach), [[Value::Integer(1)]], "nothing moves by itself");
    assert!(follower.catch_up().unwrap());
    assert_eq!(run(&follower, reach), [[Value::Integer(2)]]);
    assert_eq!(run(&follower, "MATCH (d:drug) RETURN d.name"), [[Value::Text("C".to_owned())]]);
    let key = TopologyKey { relations: None, direction: Direction::Out };
    let steps = |graph: &Graph| graph.read().unwrap().topology(&key, &Budget::unlimited()).unwrap().step_count();
    assert_eq!(steps(&follower), steps(&writer));
    run(&writer, "MATCH (d:drug) DETACH DELETE d");
    follower.catch_up().unwrap();
    assert_eq!(run(&follower, reach), [[Value::Integer(1)]]);
}

#[test]
fn a_follower_writes_nothing() {
    let folder = scratch();
    let path = folder.path().join("graph");
    assert!(matches!(open(&path), Err(StorageError::Missing { .. })));
    assert!(!path.exists());
    drop(Graph::open(&path).unwrap());
    let names = || {
        let mut names: Vec<_> =
            std::fs::read_dir(path.join("store")).unwrap().map(|entry| entry.unwrap().path()).collect();
        names.sort();
        names
    };
    let before = names();
    let graph = open(&path).unwrap();
    assert!(!graph.is_writable());
    graph.query("MATCH (n) RETURN count(*)", &Parameters::new()).unwrap().for_each(|row| drop(row.unwrap()));
    assert_eq!(names(), before);
    assert!(matches!(graph.write(), Err(StorageError::ReadOnly { .. })));
    assert!(graph.query("CREATE (:gene)", &Parameters::new()).unwrap_err().to_string().contains("reading only"));
    // It is no writer, so another one may come, and its hint stays when the follower goes.
    let writer = Graph::open(&path).unwrap();
    drop(graph);
    assert!(path.join("WRITER").exists());
    drop(writer);
    assert!(!path.join("WRITER").exists());
}
