//! Several threads that commit at the same time, with a load among them: what they write, and what of it a graph holds.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use hopgraph::engine::{
    BulkNode, Edge, Graph, Node, Polarity, RelationType, Run, RunKind, Snapshot, StorageError, View,
};

use super::workload::{acknowledgements_path, graph_path};

/// How many threads commit, and how often each of them.
pub(super) const THREADS: usize = 8;
const COMMITS_EACH: usize = 12;

/// Nodes of the load.
const LOADED: usize = 3;

/// What a graph holds: how many commits of each thread, and how many nodes of the load.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Held {
    pub(super) commits: [usize; THREADS],
    pub(super) loaded: usize,
}

/// A label of its own, a node with it, and an edge to the node of the thread's commit before.
fn commit(graph: &Graph, thread: usize, number: usize) -> Result<(), StorageError> {
    let mut change = graph.change()?;
    let label = change.label(&format!("label {thread}.{number}"))?;
    let identifiers = vec![identifier(thread, number)];
    let node = change.add_node(Node { labels: vec![label], identifiers, ..Node::default() })?;
    if number > 0 {
        let before =
            change.node_by_identifier(&identifier(thread, number - 1))?.expect("the thread committed it before");
        let (relation, run) = (change.relation_type(&after())?, change.hand()?);
        change.add_fact(Edge { relation, source: node, target: before }, run)?;
    }
    change.commit()
}

fn after() -> RelationType {
    RelationType { name: "after".to_owned(), polarity: Polarity::Asserted, symmetric: false }
}

fn identifier(thread: usize, number: usize) -> String {
    format!("T:{thread}.{number}")
}

/// Nodes with the label of a commit that may still be on its way to the disk.
fn load(graph: &Graph) -> Result<(), StorageError> {
    let kind = RunKind::Load { source: "a table".to_owned() };
    let mut load = graph.bulk_load(&Run { kind, started: String::new(), program: String::new() })?;
    for number in 0..LOADED {
        let (identifier, labels) = (format!("L:{number}"), ["label 0.0", "loaded"]);
        load.add_node(&BulkNode { identifier: &identifier, labels: &labels, ..BulkNode::default() })?;
    }
    load.finish().map(drop)
}

/// Commits in all threads, noting each commit once it is acknowledged; beside them somebody looks, noting what is seen.
pub(super) fn commit_together(root: &Path) {
    let acknowledged = File::create(acknowledgements_path(root)).unwrap();
    let note = |line: String| (&acknowledged).write_all(line.as_bytes()).unwrap();
    let graph = Graph::open(graph_path(root)).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (graph, note) = (&graph, &note);
            scope.spawn(move || {
                for number in 0..COMMITS_EACH {
                    commit(graph, thread, number).unwrap();
                    note(format!("commit {thread}\n"));
                }
            });
        }
        let mut is_loaded = false;
        loop {
            let seen = held(&graph.snapshot().unwrap()).unwrap();
            note(format!("seen {:?} {}\n", seen.commits, seen.loaded));
            let commits: usize = seen.commits.iter().sum();
            if !is_loaded && commits > THREADS * COMMITS_EACH / 3 {
                load(&graph).unwrap();
                note(format!("seen {:?} {LOADED}\n", [0; THREADS]));
                is_loaded = true;
            }
            if commits == THREADS * COMMITS_EACH {
                break;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    });
}

/// Commits in all threads until none can. Says how many commits were acknowledged, what the threads were told, and what
/// further work says.
pub(super) fn commit_together_until_it_fails(root: &Path) -> String {
    let graph = match Graph::open(graph_path(root)) {
        Ok(graph) => graph,
        Err(error) => return format!("0 acknowledged, opening failed: {error:?}"),
    };
    let until_it_fails = |thread: usize| {
        let failed =
            (0..usize::MAX).find_map(|number| commit(&graph, thread, number).err().map(|error| (number, error)));
        failed.expect("the disk fails")
    };
    let told: Vec<(usize, StorageError)> = std::thread::scope(|scope| {
        let until_it_fails = &until_it_fails;
        let threads: Vec<_> = (0..THREADS).map(|thread| scope.spawn(move || until_it_fails(thread))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let acknowledged: usize = told.iter().map(|(count, _)| count).sum();
    let shown = graph.snapshot().and_then(|snapshot| snapshot.nodes()).map(|nodes| nodes.len());
    let next = graph.change().map(drop);
    let errors: Vec<&StorageError> = told.iter().map(|(_, error)| error).collect();
    format!("{acknowledged} acknowledged; then {next:?}; {shown:?} nodes shown; told {errors:?}")
}

/// What the graph holds; every commit must be there whole.
pub(super) fn held(snapshot: &Snapshot) -> Result<Held, StorageError> {
    let mut held = Held::default();
    let relation = snapshot.catalog().relation_type_id("after");
    for (thread, commits) in held.commits.iter_mut().enumerate() {
        let mut before = None;
        while let Some(node) = snapshot.node_by_identifier(&identifier(thread, *commits))? {
            let label = snapshot.catalog().label(&format!("label {thread}.{commits}"));
            let label = label.expect("the label came with the node");
            assert_eq!(snapshot.node(node)?.expect("it has an identifier").labels, [label]);
            assert!(snapshot.nodes_with_label(label)?.contains(node));
            if let Some(target) = before {
                let relation = relation.expect("the type came with the first edge");
                assert!(snapshot.has_edge(Edge { relation, source: node, target })?);
            }
            before = Some(node);
            *commits += 1;
        }
    }
    while snapshot.node_by_identifier(&format!("L:{}", held.loaded))?.is_some() {
        held.loaded += 1;
    }
    Ok(held)
}

/// What a graph must hold at least, given what was noted: what was acknowledged, and what somebody saw.
pub(super) fn promised(noted: &str) -> Held {
    let mut promised = Held::default();
    let mut acknowledged = [0; THREADS];
    for line in noted.lines() {
        let words = line.split(|letter: char| !letter.is_ascii_digit());
        let numbers: Vec<usize> = words.filter_map(|word| word.parse().ok()).collect();
        if let ("commit ", [thread]) = (&line[..7], &numbers[..]) {
            acknowledged[*thread] += 1;
        } else {
            raise(&mut promised.commits, &numbers);
            promised.loaded = promised.loaded.max(numbers[THREADS]);
        }
    }
    raise(&mut promised.commits, &acknowledged);
    promised
}

fn raise(least: &mut [usize], seen: &[usize]) {
    for (least, seen) in least.iter_mut().zip(seen) {
        *least = (*seen).max(*least);
    }
}

/// Fails unless the graph holds what was promised, and of each thread at most the one commit more that was on its way.
pub(super) fn verify(graph: &Graph, promised: &Held, what: &str) {
    assert_eq!(graph.check().unwrap().problems, Vec::<String>::new(), "{what}");
    let snapshot = graph.snapshot().unwrap();
    let held = held(&snapshot).unwrap();
    for (&held, &promised) in held.commits.iter().zip(&promised.commits) {
        assert!(
            (promised..=promised + 1).contains(&held),
            "{what}: {held} commits are there, promised were {promised}"
        );
    }
    assert!([0, LOADED].contains(&held.loaded) && held.loaded >= promised.loaded, "{what}: {held:?}");
    let statistics = snapshot.statistics().unwrap();
    let (nodes, edges) = held
        .commits
        .iter()
        .fold((held.loaded, 0), |(nodes, edges), &commits| (nodes + commits, edges + commits.saturating_sub(1)));
    assert_eq!((statistics.nodes, statistics.edges), (nodes as u64, edges as u64), "{what}");
}
