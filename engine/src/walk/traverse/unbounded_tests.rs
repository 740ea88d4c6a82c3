//! Walks without an upper limit, against every path of small random multigraphs counted out; and on graphs that are deep.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::oracle::{Random, check_set, edges_between, enumerate, steps};
use super::{End, Hops, Pair, PairSet, Path, PathMode, Reach, ShortestPaths};
use crate::{Budget, Direction, Edge, Interruption, NodeId, NodeSet, RelationTypeId, Topology};

type Edges = BTreeSet<(Edge, bool)>;

const RANGES: [(u32, u32); 7] =
    [(0, u32::MAX), (1, u32::MAX), (1, 9), (2, u32::MAX), (3, u32::MAX), (5, u32::MAX), (6, 12)];

/// A walk of the mode WALK that is longer than this in these graphs has a shorter one of the range.
const WALK_HOPS: u32 = 30;

/// The least number of hops of the range of any path between nodes.
fn expected(
    edges: &Edges,
    node_count: u32,
    direction: Direction,
    hops: Hops,
    mode: PathMode,
) -> BTreeMap<(u32, u32), u32> {
    let mut least = BTreeMap::new();
    for source in 0..node_count {
        if mode == PathMode::Walk {
            let mut ends = BTreeSet::from([source]);
            for length in 0..=hops.most.min(WALK_HOPS) {
                if length >= hops.least {
                    for &end in &ends {
                        least.entry((source, end)).or_insert(length);
                    }
                }
                let onward = |&node: &u32| steps(edges, NodeId::new(node), direction);
                ends = ends.iter().flat_map(onward).map(|(_, end)| end.get()).collect();
            }
            continue;
        }
        let mut path = Path { nodes: vec![NodeId::new(source)], edges: Vec::new() };
        enumerate(edges, direction, &mut path, hops, mode, &mut |path| {
            let (end, length) = (path.nodes[path.nodes.len() - 1].get(), path.edges.len() as u32);
            let known = least.entry((source, end)).or_insert(length);
            *known = length.min(*known);
        });
    }
    least
}

#[test]
fn walks_without_a_limit_agree_with_the_oracle_on_random_multigraphs() {
    for seed in 0..4_000 {
        let mut random = Random(seed);
        let node_count = 2 + random.below(7);
        let edge_count = random.below(10);
        let mut edges = edges_between(&mut random, node_count, edge_count);
        if random.below(3) == 0 {
            // Chains and trees: every edge leads to a larger number, and few close a cycle.
            edges.retain(|(edge, _)| edge.source < edge.target);
        }
        if random.below(2) == 0 {
            edges.retain(|(_, symmetric)| !symmetric);
        }
        let direction = [Direction::Both, Direction::Out, Direction::In][random.below(3) as usize];
        let topology = Arc::new(Topology::from_edges(edges.iter().copied(), direction));
        let subset = |random: &mut Random| (0..node_count).filter(|_| random.below(4) > 0).map(NodeId::new).collect();
        let (sources, targets): (NodeSet, NodeSet) = (subset(&mut random), subset(&mut random));
        let (least, most) = RANGES[random.below(RANGES.len() as u32) as usize];
        let hops = Hops { least, most };
        for mode in PathMode::ALL {
            let context = format!("seed {seed}, {mode:?} {hops:?} {direction:?}, edges {edges:?}");
            let wanted = expected(&edges, node_count, direction, hops, mode).into_iter();
            let pairs = wanted.map(|((source, target), hops)| Pair {
                source: NodeId::new(source),
                target: NodeId::new(target),
                hops,
            });
            let pairs: Vec<Pair> =
                pairs.filter(|pair| sources.contains(pair.source) && targets.contains(pair.target)).collect();
            let reach = Reach { topology: Arc::clone(&topology), hops, mode };
            let set = PairSet::new(reach.clone(), &sources, &targets);
            check_set(&set, &pairs, &context);
            let apart: Vec<Pair> = pairs.iter().copied().filter(|pair| pair.source != pair.target).collect();
            check_set(&set.different(), &apart, &format!("different, {context}"));
            if let Some(first) = sources.iter().next() {
                let one = NodeSet::from_iter([first]);
                let from: Vec<Pair> = pairs.iter().copied().filter(|pair| pair.source == first).collect();
                check_set(&PairSet::new(reach, &one, &targets), &from, &format!("from {first}, {context}"));
            }
        }
    }
}

/// Edges between numbers, of one directed type.
fn directed(pairs: impl IntoIterator<Item = (u32, u32)>, direction: Direction) -> Arc<Topology> {
    let edge = |(source, target)| Edge {
        relation: RelationTypeId::new(0),
        source: NodeId::new(source),
        target: NodeId::new(target),
    };
    Arc::new(Topology::from_edges(pairs.into_iter().map(|pair| (edge(pair), false)), direction))
}

fn chain(nodes: u32, direction: Direction) -> Arc<Topology> {
    directed((1..nodes).map(|node| (node - 1, node)), direction)
}

fn all(nodes: u32) -> NodeSet {
    (0..nodes).map(NodeId::new).collect()
}

fn unlimited(topology: &Arc<Topology>, least: u32, mode: PathMode) -> Reach {
    Reach { topology: Arc::clone(topology), hops: Hops { least, most: u32::MAX }, mode }
}

#[test]
fn pairs_of_a_deep_chain_are_counted_over_components_and_not_found() {
    let nodes = 20_000;
    for direction in [Direction::Out, Direction::Both] {
        let (topology, everything) = (chain(nodes, direction), all(nodes));
        for mode in PathMode::ALL {
            let budget = Arc::new(Budget::unlimited());
            let pairs =
                PairSet::new(unlimited(&topology, 1, mode), &everything, &everything).count_all(&budget).unwrap();
            let n = u64::from(nodes);
            let itself = if matches!(mode, PathMode::Walk | PathMode::Simple) { n } else { 0 };
            let expected = if direction == Direction::Out { n * (n - 1) / 2 } else { n * (n - 1) + itself };
            assert_eq!(pairs, expected, "{mode:?} {direction:?}");
            let touched = budget.neighbors_touched();
            assert!(touched < 20 * n, "{mode:?} {direction:?}: {touched} neighbours for {expected} pairs");
        }
    }
}

#[test]
fn a_few_pairs_of_a_deep_graph_cost_a_few_searches() {
    let nodes = 20_000;
    for (direction, mode) in [(Direction::Out, PathMode::Trail), (Direction::Both, PathMode::Trail)] {
        let (topology, everything) = (chain(nodes, direction), all(nodes));
        let budget = Arc::new(Budget::unlimited());
        let set = PairSet::new(unlimited(&topology, 1, mode), &everything, &everything);
        assert_eq!(set.pairs(&budget).take(3).map(Result::unwrap).count(), 3);
        assert!(budget.neighbors_touched() < 40 * u64::from(nodes), "{}", budget.neighbors_touched());
    }
}

#[test]
fn each_hop_of_a_chain_is_counted_from_each_start_alone() {
    let nodes = 3_000;
    let (topology, everything) = (chain(nodes, Direction::Out), all(nodes));
    let budget = Arc::new(Budget::unlimited());
    let set = PairSet::new(unlimited(&topology, 1, PathMode::Trail), &everything, &everything);
    let counts = set.count(&budget).unwrap();
    assert_eq!(counts.len() as u32, nodes);
    assert!((1..nodes).all(|hops| counts[hops as usize] == u64::from(nodes - hops)));
    let pairs = u64::from(nodes) * u64::from(nodes - 1) / 2;
    assert!(budget.neighbors_touched() < 2 * pairs, "{} for {pairs} pairs", budget.neighbors_touched());
}

#[test]
fn least_lengths_are_exact_in_deep_graphs_without_cycles() {
    // Beside the chain, steps that skip one: every length between two bounds joins two nodes.
    let nodes = 2_000_u32;
    let skips = (2..nodes).map(|node| (node - 2, node));
    let topology = directed((1..nodes).map(|node| (node - 1, node)).chain(skips), Direction::Out);
    let everything = all(nodes);
    let budget = Arc::new(Budget::unlimited());
    let counts =
        PairSet::new(unlimited(&topology, 5, PathMode::Trail), &everything, &everything).count(&budget).unwrap();
    for (hops, &count) in counts.iter().enumerate() {
        let hops = hops as u32;
        // Nodes at a distance of d are joined by ceil(d / 2) to d hops.
        let fits = |distance: u32| distance >= 5 && hops == distance.div_ceil(2).max(5);
        let expected: u64 =
            (1..nodes).filter(|&distance| fits(distance)).map(|distance| u64::from(nodes - distance)).sum();
        assert_eq!(count, expected, "{hops} hops");
    }
    assert!(budget.neighbors_touched() < 8 * u64::from(nodes) * u64::from(nodes));
}

#[test]
fn no_trail_of_a_deep_tree_is_longer_than_the_way() {
    let nodes = 20_000;
    for topology in [chain(nodes, Direction::Both), directed((1..nodes).map(|leaf| (0, leaf)), Direction::Both)] {
        let everything = all(nodes);
        let near: NodeSet = (0..50).map(NodeId::new).collect();
        let budget = Arc::new(Budget::unlimited());
        let set = PairSet::new(unlimited(&topology, 5, PathMode::Trail), &near, &everything);
        let pairs = set.pairs(&budget).map(Result::unwrap);
        assert!(pairs.into_iter().all(|pair| pair.hops == pair.source.get().abs_diff(pair.target.get())));
        assert!(budget.neighbors_touched() < 500 * u64::from(nodes), "{}", budget.neighbors_touched());
    }
}

#[test]
fn a_ring_brings_each_node_back_to_itself_once_around() {
    let nodes = 3_000;
    for direction in [Direction::Out, Direction::Both] {
        let topology = directed((0..nodes).map(|node| (node, (node + 1) % nodes)), direction);
        let everything = all(nodes);
        let budget = Arc::new(Budget::unlimited());
        let set = PairSet::new(unlimited(&topology, 1, PathMode::Trail), &everything, &everything);
        assert_eq!(set.count_all(&budget).unwrap(), u64::from(nodes) * u64::from(nodes));
        let one = NodeSet::from_iter([NodeId::new(7)]);
        let back: Vec<Pair> = PairSet::new(unlimited(&topology, 1, PathMode::Trail), &one, &one)
            .pairs(&budget)
            .collect::<Result<_, _>>()
            .unwrap();
        assert_eq!(back.iter().map(|pair| pair.hops).collect::<Vec<_>>(), [nodes], "{direction:?}");
    }
}

#[test]
fn a_search_that_is_hard_ends_with_the_budget_and_not_with_a_guess() {
    // A complete graph whose nodes all lie nearer than the range: trails of a thousand hops through it exist, or do not.
    let nodes = 60;
    let pairs = (0..nodes).flat_map(|one| (0..one).map(move |other| (other, one)));
    let topology = directed(pairs, Direction::Both);
    let everything = all(nodes);
    let ask = |least| {
        let budget = Arc::new(Budget::unlimited().with_time_limit(Duration::from_millis(300)));
        let hops = Hops { least, most: u32::MAX };
        let reach = Reach { topology: Arc::clone(&topology), hops, mode: PathMode::Trail };
        let counted = PairSet::new(reach, &everything, &everything).count_all(&budget);
        assert_eq!(budget.memory_bytes(), 0);
        counted
    };
    // There are 1,770 edges; of 60 nodes with 59 each, 58 must leave one of theirs out.
    assert!(matches!(ask(1_750), Err(Interruption::TimedOut { .. })), "not decided, and not guessed");
    assert_eq!(ask(1_771), Ok(0), "longer than all edges together");
    assert_eq!(ask(40), Ok(3_600));
}

#[test]
fn memory_is_asked_for_before_it_is_taken_whatever_the_shape() {
    let nodes = 3_000;
    let star = directed((1..nodes).map(|leaf| (0, leaf)), Direction::Both);
    let dag = directed((1..nodes).flat_map(|node| [(node / 2, node), (node / 3, node)]), Direction::Out);
    for topology in [chain(nodes, Direction::Out), chain(nodes, Direction::Both), star, dag] {
        for limit in [1 << 12, 1 << 16, 1 << 18, 1 << 20] {
            let everything = all(nodes);
            let budget = || Arc::new(Budget::unlimited().with_memory_limit(limit));
            let set = PairSet::new(unlimited(&topology, 1, PathMode::Trail), &everything, &everything);
            let ask = |what: &str, answer: &dyn Fn(&Arc<Budget>) -> Result<(), Interruption>| {
                let budget = budget();
                match answer(&budget) {
                    Ok(()) | Err(Interruption::OutOfMemory { .. }) => {}
                    Err(other) => panic!("{what} under {limit}: {other}"),
                }
                assert!(budget.memory_peak_bytes() <= limit, "{what}");
                assert_eq!(budget.memory_bytes(), 0, "{what}");
            };
            ask("count", &|budget| set.count(budget).map(drop));
            ask("count all", &|budget| set.count_all(budget).map(drop));
            ask("count by source", &|budget| set.count_by(End::Source, budget).map(drop));
            ask("count all by target", &|budget| set.count_all_by(End::Target, budget).map(drop));
            ask("three pairs", &|budget| set.pairs(budget).take(3).try_for_each(|pair| pair.map(drop)));
            ask("path counts", &|budget| {
                set.pairs_with_path_counts(budget).take(3).try_for_each(|pair| pair.map(drop))
            });
        }
    }
}

#[test]
fn shortest_paths_from_one_node_to_all_are_one_search() {
    let nodes = 20_000;
    let topology = directed((1..nodes).map(|node| ((node - 1) / 2, node)), Direction::Both);
    for turned in [false, true] {
        let budget = Arc::new(Budget::unlimited());
        let mut search = ShortestPaths::new(&topology, &budget);
        let mut hops = 0;
        for node in 0..nodes {
            let (source, target) = if turned { (node, 5) } else { (5, node) };
            let (source, target) = (NodeId::new(source), NodeId::new(target));
            let found = search.between(source, target, Hops { least: 0, most: u32::MAX }, true).unwrap();
            hops += found.map(|path| path.unwrap().edges.len()).sum::<usize>() as u64;
        }
        let touched = budget.neighbors_touched();
        assert!(touched < 10 * u64::from(nodes) + 10 * hops, "{touched} neighbours for paths of {hops} hops");
    }
}
