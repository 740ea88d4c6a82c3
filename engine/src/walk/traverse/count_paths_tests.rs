//! Numbers of paths, against every path of small random multigraphs counted out; and on graphs with more than can be listed.

use std::sync::Arc;

use super::oracle::{Random, edges_between, enumerate};
use super::{Hops, Path, PathMode, Reach, count_paths, count_paths_by_hops};
use crate::{Budget, Direction, Edge, NodeId, NodeSet, RelationTypeId, Topology};

#[test]
fn numbers_of_paths_agree_with_the_oracle_on_random_multigraphs() {
    for seed in 0..6_000 {
        let mut random = Random(seed);
        let node_count = 2 + random.below(6);
        let edge_count = random.below(11);
        let mut edges = edges_between(&mut random, node_count, edge_count);
        match random.below(4) {
            0 => edges.retain(|(edge, _)| edge.source < edge.target),
            1 => edges.retain(|(_, symmetric)| !symmetric),
            _ => {}
        }
        let direction = [Direction::Both, Direction::Both, Direction::Out, Direction::In][random.below(4) as usize];
        let topology = Arc::new(Topology::from_edges(edges.iter().copied(), direction));
        let subset = |random: &mut Random| (0..node_count).filter(|_| random.below(3) > 0).map(NodeId::new).collect();
        let (sources, targets): (NodeSet, NodeSet) = (subset(&mut random), subset(&mut random));
        let (least, most) =
            [(0, 2), (1, 3), (2, 4), (3, 5), (1, u32::MAX), (0, u32::MAX), (4, 4)][random.below(7) as usize];
        for mode in PathMode::ALL {
            let most = if mode == PathMode::Walk { most.min(6) } else { most };
            let hops = Hops { least, most };
            let mut expected: Vec<u128> = Vec::new();
            for source in sources.iter() {
                let mut path = Path { nodes: vec![source], edges: Vec::new() };
                enumerate(&edges, direction, &mut path, hops, mode, &mut |path| {
                    if targets.contains(path.nodes[path.nodes.len() - 1]) {
                        expected.resize(expected.len().max(path.edges.len() + 1), 0);
                        expected[path.edges.len()] += 1;
                    }
                });
            }
            let reach = Reach { topology: Arc::clone(&topology), hops, mode };
            let budget = Arc::new(Budget::unlimited());
            let context = format!("seed {seed}, {mode:?} {hops:?} {direction:?}, edges {edges:?}");
            assert_eq!(count_paths_by_hops(&reach, &sources, &targets, &budget).unwrap(), expected, "{context}");
            let sum: u128 = expected.iter().sum();
            assert_eq!(count_paths(&reach, &sources, &targets, &budget).unwrap(), sum, "{context}");
            assert_eq!(budget.memory_bytes(), 0, "all memory is given back, {context}");
        }
    }
}

fn directed(pairs: impl IntoIterator<Item = (u32, u32)>, direction: Direction) -> Arc<Topology> {
    let edge = |(source, target)| Edge {
        relation: RelationTypeId::new(0),
        source: NodeId::new(source),
        target: NodeId::new(target),
    };
    Arc::new(Topology::from_edges(pairs.into_iter().map(|pair| (edge(pair), false)), direction))
}

#[test]
fn paths_of_a_deep_chain_are_counted_in_one_pass_and_those_of_a_ladder_do_not_wrap() {
    let nodes = 30_000_u32;
    let everything: NodeSet = (0..nodes).map(NodeId::new).collect();
    let chain = directed((1..nodes).map(|node| (node - 1, node)), Direction::Out);
    let reach = |topology| Reach { topology, hops: Hops { least: 1, most: u32::MAX }, mode: PathMode::Trail };
    let budget = Arc::new(Budget::unlimited());
    let n = u128::from(nodes);
    assert_eq!(count_paths(&reach(chain), &everything, &everything, &budget).unwrap(), n * (n - 1) / 2);
    assert!(budget.neighbors_touched() < 4 * u64::from(nodes));
    // Two ways from each node to the next: more paths than any number holds.
    let ladder = directed(
        (0..400).flat_map(|node| [(2 * node, 2 * node + 2), (2 * node, 2 * node + 1), (2 * node + 1, 2 * node + 2)]),
        Direction::Out,
    );
    assert_eq!(count_paths(&reach(ladder), &everything, &everything, &budget).unwrap(), u128::MAX);
}

#[test]
fn paths_of_one_node_are_counted_without_listing_their_last_two_hops() {
    // Three layers of 60 nodes, each joined to all of the next: 216,000 paths of 4 hops from a node beside them, and more.
    let layer = 60;
    let between = |first: u32| (0..layer * layer).map(move |pair| (first + pair / layer, first + layer + pair % layer));
    let start = 4 * layer;
    let from_start = (0..layer).map(|node| (start, node));
    let topology = directed(from_start.chain((0..3).flat_map(|of| between(of * layer))), Direction::Both);
    let (sources, targets) =
        (NodeSet::from_iter([NodeId::new(start)]), (0..4 * layer).map(NodeId::new).collect::<NodeSet>());
    let reach = Reach { topology, hops: Hops { least: 2, most: 4 }, mode: PathMode::Trail };
    let budget = Arc::new(Budget::unlimited());
    let counts = count_paths_by_hops(&reach, &sources, &targets, &budget).unwrap();
    // To the second layer; to the third, or back to the first; and from there on, never by an edge again.
    let (n, back) = (u128::from(layer), u128::from(layer) - 1);
    assert_eq!(counts, [0, 0, n * n, n * n * n + n * n * back, n * n * n * n + n * n * n * back + n * n * back * back]);
    assert!(budget.neighbors_touched() < 200_000, "{}", budget.neighbors_touched());
}
