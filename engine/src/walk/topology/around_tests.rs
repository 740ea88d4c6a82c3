//! What walks from a few nodes find in the part of a graph that was read for them is what they find in the whole graph.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::traverse::{Hops, PairSet, PathMode, Reach};
use crate::walk::traverse::oracle::Random;
use crate::{
    Budget, Change, Direction, Edge, Graph, Node, NodeId, NodeSet, Polarity, RelationType, RelationTypeId, TopologyKey,
};

fn graph(nodes: u32, edges: impl IntoIterator<Item = Edge>) -> Graph {
    let graph = Graph::temporary().unwrap();
    let mut change = graph.change().unwrap();
    for (name, symmetric) in [("a", false), ("b", false), ("c", true)] {
        let polarity = Polarity::Asserted;
        change.relation_type(&RelationType { name: name.to_owned(), polarity, symmetric }).unwrap();
    }
    for _ in 0..nodes {
        change.add_node(Node::default()).unwrap();
    }
    let run = change.hand().unwrap();
    let add = |change: &mut Change, edge| change.add_fact(edge, run).unwrap();
    for edge in edges {
        add(&mut change, edge);
    }
    change.commit().unwrap();
    graph
}

fn edge(relation: u16, source: u32, target: u32) -> Edge {
    Edge { relation: RelationTypeId::new(relation), source: NodeId::new(source), target: NodeId::new(target) }
}

#[test]
fn walks_from_some_nodes_find_the_same_in_what_is_read_around_them() {
    for seed in 0..60 {
        let random = &mut Random(seed);
        let nodes = 3_000;
        // Sparse, so that some hops do not reach everything; and far apart, so that chunks stay empty.
        let near = |random: &mut Random| random.below(40) * 70;
        let edges: Vec<Edge> = (0..55).map(|_| edge(random.below(3) as u16, near(random), near(random))).collect();
        let graph = graph(nodes, edges);
        let everything: NodeSet = (0..nodes).map(NodeId::new).collect();
        for direction in [Direction::Both, Direction::Out, Direction::In] {
            for relations in [None, Some(vec![RelationTypeId::new(0), RelationTypeId::new(2)])] {
                let (key, budget) = (TopologyKey { relations, direction }, Arc::new(Budget::unlimited()));
                let starts: NodeSet = (0..1 + random.below(3)).map(|_| NodeId::new(near(random))).collect();
                let (least, most) = [(0, 1), (1, 2), (2, 3), (1, 4), (3, 4)][random.below(5) as usize];
                let hops = Hops { least, most };
                let snapshot = graph.snapshot().unwrap();
                let decoded = graph.core().shared.topologies.work().decoded.load(Ordering::Relaxed);
                let around = snapshot.topology_around(&key, &starts, most, &budget).unwrap();
                let read_whole = graph.core().shared.topologies.work().decoded.load(Ordering::Relaxed) - decoded;
                assert_eq!(read_whole, 0, "seed {seed}, {key:?}: only what is around is read");
                let whole = snapshot.decode(&key);
                for mode in PathMode::ALL {
                    let pairs = |topology: &Arc<_>| {
                        let reach = Reach { topology: Arc::clone(topology), hops, mode };
                        let set = PairSet::new(reach, &starts, &everything);
                        let mut pairs: Vec<_> = set.pairs(&budget).map(Result::unwrap).collect();
                        pairs.sort_unstable();
                        pairs
                    };
                    let context = format!("seed {seed}, {key:?}, {hops:?}, {mode:?}");
                    assert_eq!(pairs(&around), pairs(&Arc::new(whole.clone())), "{context}");
                }
                drop(around);
                assert_eq!(budget.memory_bytes(), 0, "seed {seed}, {key:?}");
            }
        }
    }
}

#[test]
fn many_questions_of_neighbourhoods_end_in_one_decoding() {
    let nodes = 2_000;
    let graph = graph(nodes, (1..nodes).map(|node| edge(0, node - 1, node)));
    let key = TopologyKey { relations: None, direction: Direction::Both };
    let decoded = || graph.core().shared.topologies.work().decoded.load(Ordering::Relaxed);
    for node in (0..nodes).cycle().take(100_000).take_while(|_| decoded() == 0) {
        let starts = NodeSet::from_iter([NodeId::new(node)]);
        let snapshot = graph.snapshot().unwrap();
        snapshot.topology_around(&key, &starts, 2, &Budget::unlimited()).unwrap();
    }
    assert_eq!(decoded(), 1, "each reads a little, until all of them would have paid for the whole");
}
