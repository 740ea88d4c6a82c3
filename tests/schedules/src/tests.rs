//! Readers beside a writer, and followers that move on, in many orders.

use std::collections::BTreeSet;

use shuttle::rand::{Rng, thread_rng};
use shuttle::thread;

use crate::read::shared::Shared;
use crate::storage::snapshot::{Data, StoreSnapshot};
use crate::storage::store::Store;
use crate::storage::versioned::Versioned;
use crate::sync::atomic::Ordering;
use crate::sync::{Arc, Mutex};
use crate::walk::topology::{Direction, EdgeFilter, Moment, TopologyKey};
use crate::{Budget, Catalog, Edge, orders};

/// A graph that is a store and what its threads share.
struct Graph {
    store: Store,
    shared: Arc<Shared>,
    writer: Mutex<()>,
}

/// What one commit does.
#[derive(Clone, Copy)]
struct Commit {
    /// Each turned into one that is there or is not.
    edges: &'static [u8],
    /// Adds a relation type, and gives it an edge.
    new_relation: bool,
    /// Says which edges it wrote.
    said: bool,
}

impl Graph {
    fn new() -> Arc<Self> {
        let shared = Arc::new(Shared::new(Catalog { relation_types: 1 }));
        Arc::new(Self { store: Store::default(), shared, writer: Mutex::default() })
    }

    fn commit(&self, commit: Commit) {
        let _one = self.writer.lock().unwrap();
        self.write(commit);
    }

    fn write(&self, Commit { edges, new_relation, said }: Commit) {
        let mut catalog = self.shared.catalog();
        let mut written: Vec<Edge> = edges.iter().map(|&number| Edge { relation: 0, number }).collect();
        if new_relation {
            written.push(Edge { relation: catalog.relation_types, number: 0 });
            Arc::make_mut(&mut catalog).relation_types += 1;
        }
        let before = self.store.now();
        let generation = before.generation + 1;
        self.shared.show(&catalog, said.then(|| (generation, written.clone())), || {
            self.store.write(|data| {
                written.iter().for_each(|&edge| turn(data, edge));
                data.generation = generation;
                data.nodes.insert(generation as u32);
            });
        });
        let after = self.store.now();
        self.shared.node_sets.follow(before.sequence, after.sequence, said, |_, nodes| {
            Arc::make_mut(nodes).insert(generation as u32);
        });
    }

    /// As a bulk load: edges are there before the generation that tells of them.
    fn load(&self) {
        let _one = self.writer.lock().unwrap();
        Shared::show_in_parts(&self.shared, &self.shared.catalog(), || {
            self.store.write(|data| {
                data.in_parts = true;
                turn(data, Edge { relation: 0, number: 9 });
            });
            self.store.write(|data| {
                data.in_parts = false;
                data.generation += 1;
            });
        });
    }

    /// As a large retraction: several commits, of which nobody sees some.
    fn retract(&self) {
        let _one = self.writer.lock().unwrap();
        let _hidden = Shared::hide(&self.shared);
        for in_parts in [true, false] {
            self.write(Commit { edges: &[1, 2], new_relation: false, said: true });
            self.store.write(|data| data.in_parts = in_parts);
        }
    }

    /// A snapshot, which must show one moment, under a catalog that knows it.
    fn snapshot(&self) -> (StoreSnapshot, Arc<Catalog>) {
        let (snapshot, catalog) = self.shared.moment(&Budget, || Ok(self.store.snapshot())).unwrap();
        assert!(!snapshot.data.in_parts, "a snapshot shows some of a write in parts");
        let known = |edge: &Edge| catalog.relation_type(edge.relation).is_some();
        assert!(snapshot.data.edges.keys().all(known), "a snapshot shows an edge of an unknown type");
        (snapshot, catalog)
    }

    /// One of the questions, which must be answered from the moment of the snapshot.
    fn ask(&self, (snapshot, catalog): &(StoreSnapshot, Arc<Catalog>), question: u32) {
        let data = &snapshot.data;
        let moment = Moment { store: snapshot, catalog, generation: data.generation };
        let topologies = &self.shared.topologies;
        let key = |relation| TopologyKey { relation, direction: Direction };
        let filter = EdgeFilter { least_weight: 2, ..EdgeFilter::default() };
        let expected = |wanted: fn(Edge, u8) -> bool| {
            let edges = data.edges.iter().filter(|&(&edge, &weight)| wanted(edge, weight));
            edges.map(|(&edge, _)| edge).collect::<BTreeSet<Edge>>()
        };
        match question {
            0 => {
                let found = topologies.get(&key(None), moment, &Budget).unwrap();
                assert_eq!(found.edges, expected(|_, _| true), "a topology of another moment");
            }
            1 => {
                let found = topologies.get(&key(Some(1)), moment, &Budget).unwrap();
                assert_eq!(found.edges, expected(|edge, _| edge.relation == 1), "a topology of another moment");
            }
            2 => {
                let found = topologies.get_limited(&key(None), &filter, moment, &Budget).unwrap();
                assert_eq!(found.edges, expected(|_, weight| weight >= 2), "a limited topology of another moment");
            }
            3 => {
                let found = topologies.evidence(moment, &Budget).unwrap();
                assert_eq!(found.weights, data.edges, "evidence of another moment");
            }
            4 => {
                let read = || Ok(data.nodes.clone());
                let found = self.shared.node_sets.get_or_read(None, snapshot.sequence, read).unwrap();
                assert_eq!(*found, data.nodes, "nodes of another moment");
            }
            _ => {
                let known = topologies.known(&key(None), data.generation);
                let fits = known.is_none_or(|known| known.edges == expected(|_, _| true));
                assert!(fits, "a known topology of another moment");
            }
        }
    }
}

/// Adds an edge, makes it heavier, and takes it out.
fn turn(data: &mut Data, edge: Edge) {
    match data.edges.get(&edge) {
        None => data.edges.insert(edge, 1),
        Some(1) => data.edges.insert(edge, 2),
        Some(_) => data.edges.remove(&edge),
    };
}

/// How many questions [`Graph::ask`] knows.
const QUESTIONS: u32 = 6;

const COMMITS: [Commit; 5] = [
    Commit { edges: &[1], new_relation: false, said: true },
    Commit { edges: &[1, 2, 3], new_relation: true, said: true },
    Commit { edges: &[2], new_relation: false, said: false },
    Commit { edges: &[1, 2, 3, 4, 5, 6], new_relation: false, said: true },
    Commit { edges: &[], new_relation: true, said: true },
];

fn readers_beside_two_writers() {
    let graph = Graph::new();
    let mut threads = Vec::new();
    for writer in 0..2 {
        let graph = Arc::clone(&graph);
        threads.push(thread::spawn(move || {
            for _ in 0..4 {
                match thread_rng().gen_range(0..8) {
                    number @ 0..5 => graph.commit(COMMITS[number]),
                    5 | 6 if writer == 0 => graph.load(),
                    _ => graph.retract(),
                }
            }
        }));
    }
    for _ in 0..3 {
        let graph = Arc::clone(&graph);
        threads.push(thread::spawn(move || {
            let first = graph.snapshot();
            for _ in 0..3 {
                let snapshot = graph.snapshot();
                graph.ask(&snapshot, thread_rng().gen_range(0..QUESTIONS));
                graph.ask(&snapshot, thread_rng().gen_range(0..QUESTIONS));
                graph.ask(&first, thread_rng().gen_range(0..QUESTIONS));
            }
        }));
    }
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    (0..QUESTIONS).for_each(|question| graph.ask(&graph.snapshot(), question));
}

#[test]
fn no_reader_gets_what_belongs_to_another_moment_than_its_own() {
    orders::random(readers_beside_two_writers);
}

/// One reader and one commit that it may see or not, with a topology kept from before.
fn a_reader_beside_a_commit(question: u32, commit: Commit) {
    let graph = Graph::new();
    graph.commit(COMMITS[0]);
    graph.ask(&graph.snapshot(), question);
    let reader = {
        let graph = Arc::clone(&graph);
        thread::spawn(move || graph.ask(&graph.snapshot(), question))
    };
    graph.write(commit);
    reader.join().unwrap();
    graph.ask(&graph.snapshot(), question);
    let work = graph.shared.topologies.work();
    let decoded = work.decoded.load(Ordering::Relaxed);
    assert!(question > 0 || decoded == 1, "a topology that was kept was decoded again");
}

#[test]
fn one_reader_beside_one_commit_is_right_in_every_order() {
    orders::all(|| a_reader_beside_a_commit(0, COMMITS[1]));
    orders::all(|| a_reader_beside_a_commit(1, COMMITS[1]));
    orders::all(|| a_reader_beside_a_commit(2, COMMITS[0]));
    orders::all(|| a_reader_beside_a_commit(3, COMMITS[0]));
    orders::all(|| a_reader_beside_a_commit(4, COMMITS[0]));
}

fn a_reader_beside_a_load() {
    let graph = Graph::new();
    let reader = {
        let graph = Arc::clone(&graph);
        thread::spawn(move || graph.ask(&graph.snapshot(), 0))
    };
    graph.load();
    reader.join().unwrap();
}

#[test]
fn one_reader_beside_a_write_in_parts_sees_all_or_nothing_in_many_orders() {
    orders::random(a_reader_beside_a_load);
}

/// A store followed from another process: a number that grows, and a catalog that has to know it.
fn followers_that_move_on() {
    let written = Arc::new(Mutex::new(0));
    let shown = Arc::new((Versioned::new(0), Mutex::new(0)));
    let mut threads = vec![thread::spawn({
        let written = Arc::clone(&written);
        move || (0..3).for_each(|_| *written.lock().unwrap() += 1)
    })];
    for _ in 0..2 {
        let (written, shown) = (Arc::clone(&written), Arc::clone(&shown));
        threads.push(thread::spawn(move || {
            let (moving, catalog) = &*shown;
            let mut before = 0;
            for _ in 0..2 {
                let open = |old: &i32| Ok(Some(*written.lock().unwrap()).filter(|new| new != old));
                let prepare = |new: &Arc<i32>| {
                    *catalog.lock().unwrap() = **new;
                    Ok::<_, ()>(())
                };
                if let Some([old, new]) = moving.move_on(open, prepare).unwrap() {
                    assert!(*old < *new, "a follower moves from {old} to {new}");
                }
                let now = *moving.current();
                assert!(now >= before, "a follower moves back from {before} to {now}");
                let known = *catalog.lock().unwrap();
                assert!(known >= now, "the catalog of {known} does not know {now}");
                before = now;
            }
        }));
    }
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

#[test]
fn followers_never_move_back_nor_past_their_catalog() {
    orders::random(followers_that_move_on);
}
