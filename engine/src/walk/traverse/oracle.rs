//! The oracle: every path of a small random multigraph, counted out one by one, against the clever walks.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{
    Cost, End, Ends, Hops, Pair, PairSet, Path, PathMode, Reach, ShortestPaths, count_reachable_pairs, paths,
    ranked_paths, reachable_pairs,
};
use crate::{Budget, Direction, Edge, Interruption, NodeId, NodeSet, RelationTypeId, Topology};

/// How many random graphs a default run judges; `HOPGRAPH_JUDGE_GRAPHS` asks for more.
const GRAPHS: u64 = 30_000;

/// One graph in so many is asked about in every way.
const GRAPHS_PER_ALGEBRA: u64 = 10;

/// A small generator with a printable seed (SplitMix64; Steele et al., OOPSLA 2014).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, limit: u32) -> u32 {
        (self.next() % u64::from(limit)) as u32
    }
}

/// A random multigraph: parallel edges of three types, the last one symmetric, and loops.
fn random_edges(random: &mut Random) -> (u32, BTreeSet<(Edge, bool)>) {
    let node_count = 2 + random.below(6);
    let edge_count = random.below(2 * node_count + 2);
    (node_count, edges_between(random, node_count, edge_count))
}

/// So many random edges between nodes.
pub(super) fn edges_between(random: &mut Random, node_count: u32, edge_count: u32) -> BTreeSet<(Edge, bool)> {
    let edges = (0..edge_count).map(|_| {
        let relation = RelationTypeId::new(random.below(3) as u16);
        let symmetric = relation.get() == 2;
        let source = NodeId::new(random.below(node_count));
        // Neighbours close by make triangles and parallel edges likely.
        let target = NodeId::new((source.get() + random.below(3)) % node_count);
        (Edge { relation, source, target }.canonical(symmetric), symmetric)
    });
    edges.collect()
}

/// The steps from a node by the definition of a direction.
pub(super) fn steps(edges: &BTreeSet<(Edge, bool)>, node: NodeId, direction: Direction) -> Vec<(Edge, NodeId)> {
    let mut steps = Vec::new();
    for &(edge, symmetric) in edges {
        let out = symmetric || direction != Direction::In;
        let back = symmetric || direction != Direction::Out;
        if out && edge.source == node {
            steps.push((edge, edge.target));
        }
        if back && edge.target == node && !(out && edge.source == edge.target) {
            steps.push((edge, edge.source));
        }
    }
    steps
}

fn allowed(path: &Path, edge: Edge, node: NodeId, mode: PathMode) -> bool {
    match mode {
        PathMode::Walk => true,
        PathMode::Trail => !path.edges.contains(&edge),
        PathMode::Acyclic => !path.nodes.contains(&node),
        // A closed path is over, so only the first node may come again, and then nothing after it.
        PathMode::Simple => {
            !path.nodes[1..].contains(&node)
                && (path.edges.is_empty() || path.nodes[0] != path.nodes[path.nodes.len() - 1])
        }
    }
}

pub(super) fn enumerate(
    edges: &BTreeSet<(Edge, bool)>,
    direction: Direction,
    path: &mut Path,
    hops: Hops,
    mode: PathMode,
    visit: &mut impl FnMut(&Path),
) {
    if path.edges.len() as u32 >= hops.least {
        visit(path);
    }
    if path.edges.len() as u32 == hops.most {
        return;
    }
    for (edge, node) in steps(edges, path.nodes[path.nodes.len() - 1], direction) {
        if allowed(path, edge, node, mode) {
            path.edges.push(edge);
            path.nodes.push(node);
            enumerate(edges, direction, path, hops, mode, visit);
            path.edges.pop();
            path.nodes.pop();
        }
    }
}

/// A graph with a question, and the answer counted out.
struct Case {
    topology: Arc<Topology>,
    edges: BTreeSet<(Edge, bool)>,
    direction: Direction,
    hops: Hops,
    mode: PathMode,
    sources: NodeSet,
    targets: NodeSet,
}

impl Case {
    fn expected_paths(&self, source: NodeId) -> Vec<Path> {
        let mut found = Vec::new();
        let mut path = Path { nodes: vec![source], edges: Vec::new() };
        enumerate(&self.edges, self.direction, &mut path, self.hops, self.mode, &mut |path| {
            if self.targets.contains(path.nodes[path.nodes.len() - 1]) {
                found.push(path.clone());
            }
        });
        found.sort_unstable();
        found
    }

    /// For each pair that some path joins, the least number of hops and how many paths have it; checks the paths on the
    /// way.
    fn expected_pairs(&self, context: &str) -> BTreeMap<(NodeId, NodeId), (u32, u64)> {
        let budget = Arc::new(Budget::unlimited());
        let mut least: BTreeMap<(NodeId, NodeId), (u32, u64)> = BTreeMap::new();
        let ends = Arc::new(Ends::new(&self.topology, self.targets.clone(), self.hops.most, &budget).unwrap());
        for source in self.sources.iter() {
            let expected = self.expected_paths(source);
            let walk = paths(&self.topology, source, Some(&ends), self.hops, self.mode, &[], &budget);
            let mut found: Vec<Path> = walk.map(Result::unwrap).collect();
            found.sort_unstable();
            assert_eq!(found, expected, "paths from {source}, {context}");
            for path in expected {
                let hops = path.edges.len() as u32;
                let entry = least.entry((source, path.nodes[path.nodes.len() - 1])).or_insert((hops, 0));
                match hops.cmp(&entry.0) {
                    std::cmp::Ordering::Less => *entry = (hops, 1),
                    std::cmp::Ordering::Equal => entry.1 += 1,
                    std::cmp::Ordering::Greater => {}
                }
            }
        }
        least
    }

    fn reach(&self) -> Reach {
        Reach { topology: Arc::clone(&self.topology), hops: self.hops, mode: self.mode }
    }

    /// Pairs and their counts; `other`: further ways to ask, and sets with the pairs of another case.
    fn check(&self, other: Option<&Self>, context: &str) {
        let counted = self.expected_pairs(context);
        let expected: Vec<Pair> =
            counted.iter().map(|(&(source, target), &(hops, _))| Pair { source, target, hops }).collect();
        let set = PairSet::new(self.reach(), &self.sources, &self.targets);
        check_pairs(&set, &expected, context);
        let Some(other) = other else { return };
        check_set(&set, &expected, context);
        let found = set.pairs_with_path_counts(&Arc::new(Budget::unlimited())).map(Result::unwrap);
        let found: BTreeMap<_, _> = found.map(|(pair, n)| ((pair.source, pair.target), (pair.hops, n))).collect();
        assert_eq!(found, counted, "path counts, {context}");
        let apart: Vec<Pair> = expected.iter().filter(|pair| pair.source != pair.target).copied().collect();
        check_set(&set.clone().different(), &apart, &format!("different, {context}"));
        self.check_single_ends(&expected, context);
        self.check_algebra(&expected, other, context);
    }

    /// A question with a single node at one end is answered another way.
    fn check_single_ends(&self, expected: &[Pair], context: &str) {
        for node in self.sources.iter().chain(self.targets.iter()).take(3) {
            let one = NodeSet::from_iter([node]);
            let from: Vec<_> = expected.iter().filter(|pair| pair.source == node).copied().collect();
            let to: Vec<_> = expected.iter().filter(|pair| pair.target == node).copied().collect();
            if self.sources.contains(node) {
                let set = PairSet::new(self.reach(), &one, &self.targets);
                check_set(&set, &from, &format!("from {node}, {context}"));
                let apart: Vec<_> = from.into_iter().filter(|pair| pair.target != node).collect();
                check_set(&set.different(), &apart, &format!("from {node} to others, {context}"));
            }
            if self.targets.contains(node) {
                check_set(&PairSet::new(self.reach(), &self.sources, &one), &to, &format!("to {node}, {context}"));
            }
        }
    }

    fn check_algebra(&self, expected: &[Pair], other: &Self, context: &str) {
        let theirs: BTreeMap<_, _> = other.expected_pairs(context).into_iter().map(|(ends, n)| (ends, n.0)).collect();
        let known = |pair: &&Pair| theirs.contains_key(&(pair.source, pair.target));
        let set = PairSet::new(self.reach(), &self.sources, &self.targets);
        let both: Vec<Pair> = expected.iter().filter(known).copied().collect();
        check_set(&set.clone().and(other.reach()), &both, &format!("and {}, {context}", other.describe()));
        let less: Vec<Pair> = expected.iter().filter(|pair| !known(pair)).copied().collect();
        check_set(&set.clone().and_not(other.reach()), &less, &format!("and not {}, {context}", other.describe()));
        let mut either = theirs.clone();
        for pair in expected {
            let hops = either.entry((pair.source, pair.target)).or_insert(pair.hops);
            *hops = pair.hops.min(*hops);
        }
        let either: Vec<Pair> =
            either.into_iter().map(|((source, target), hops)| Pair { source, target, hops }).collect();
        check_set(&set.or(other.reach()), &either, &format!("or {}, {context}", other.describe()));
    }

    fn describe(&self) -> String {
        format!("{:?} {:?} {:?}", self.mode, self.hops, self.direction)
    }
}

pub(super) fn tally(pairs: &[&Pair]) -> Vec<u64> {
    let mut counts = vec![0_u64; pairs.iter().map(|pair| pair.hops as usize + 1).max().unwrap_or(0)];
    pairs.iter().for_each(|pair| counts[pair.hops as usize] += 1);
    counts
}

/// A set of pairs, listed and counted.
fn check_pairs(set: &PairSet<'_>, expected: &[Pair], context: &str) {
    let budget = Arc::new(Budget::unlimited());
    let mut found: Vec<Pair> = set.pairs(&budget).map(Result::unwrap).collect();
    found.sort_unstable();
    assert_eq!(found, expected, "pairs, {context}");
    let counts = set.count(&budget).unwrap();
    assert_eq!(counts, tally(&expected.iter().collect::<Vec<_>>()), "counts, {context}");
    assert_eq!(set.count_all(&budget).unwrap(), expected.len() as u64, "all counted, {context}");
    assert_eq!(budget.memory_bytes(), 0, "all memory is given back, {context}");
}

/// A set of pairs, listed, counted, and counted by either end, in each way to find them.
pub(super) fn check_set(set: &PairSet<'_>, expected: &[Pair], context: &str) {
    for alone in [None, Some(false), Some(true)] {
        let mut set = set.clone();
        set.alone = alone;
        check_set_in_one_way(&set, expected, &format!("alone: {alone:?}, {context}"));
    }
}

fn check_set_in_one_way(set: &PairSet<'_>, expected: &[Pair], context: &str) {
    check_pairs(set, expected, context);
    let budget = Arc::new(Budget::unlimited());
    for end in [End::Source, End::Target] {
        let mut groups: BTreeMap<NodeId, Vec<&Pair>> = BTreeMap::new();
        for pair in expected {
            groups.entry(if end == End::Source { pair.source } else { pair.target }).or_default().push(pair);
        }
        let groups: Vec<_> = groups.into_iter().map(|(node, pairs)| (node, tally(&pairs))).collect();
        assert_eq!(set.count_by(end, &budget).unwrap(), groups, "counts by {end:?}, {context}");
        let totals = groups.iter().map(|(node, counts)| (*node, counts.iter().sum())).collect::<Vec<(_, u64)>>();
        assert_eq!(set.count_all_by(end, &budget).unwrap(), totals, "all counted by {end:?}, {context}");
    }
    assert_eq!(budget.memory_bytes(), 0, "all memory is given back, {context}");
}

const RANGES: [(u32, u32); 10] = [(0, 2), (1, 1), (1, 3), (2, 2), (2, 3), (2, 4), (3, 3), (3, 5), (4, 4), (1, 6)];

#[test]
fn walks_agree_with_the_oracle_on_random_multigraphs() {
    let graphs = std::env::var("HOPGRAPH_JUDGE_GRAPHS").ok().and_then(|text| text.parse().ok()).unwrap_or(GRAPHS);
    for seed in 0..graphs {
        let mut random = Random(seed);
        let (node_count, edges) = random_edges(&mut random);
        let subset = |random: &mut Random| (0..node_count).filter(|_| random.below(3) > 0).map(NodeId::new).collect();
        let (sources, targets): (NodeSet, NodeSet) = (subset(&mut random), subset(&mut random));
        let direction = [Direction::Both, Direction::Both, Direction::Out, Direction::In][random.below(4) as usize];
        let (least, most) = RANGES[random.below(RANGES.len() as u32) as usize];
        let case = |direction, (least, most), mode| Case {
            topology: Arc::new(Topology::from_edges(edges.iter().copied(), direction)),
            edges: edges.clone(),
            direction,
            hops: Hops { least, most },
            mode,
            sources: sources.clone(),
            targets: targets.clone(),
        };
        let other_direction = [Direction::Both, Direction::Out, Direction::In][random.below(3) as usize];
        let other_mode = PathMode::ALL[random.below(4) as usize];
        let other = case(other_direction, RANGES[random.below(4) as usize], other_mode);
        for mode in PathMode::ALL {
            let context = format!("seed {seed}, {mode:?} {least}..{most} {direction:?}, edges {edges:?}");
            let other = seed.is_multiple_of(GRAPHS_PER_ALGEBRA).then_some(&other);
            case(direction, (least, most), mode).check(other, &context);
        }
    }
}

/// What an edge costs in these tests: sums of quarters are exact.
fn quarters(edge: Edge) -> f64 {
    f64::from((edge.source.get() * 7 + edge.target.get() * 3 + u32::from(edge.relation.get())) % 5) / 4.0
}

#[test]
fn ranked_paths_come_in_order_of_cost_and_all_of_them() {
    for seed in 0..1_000 {
        let mut random = Random(seed);
        let (node_count, edges) = random_edges(&mut random);
        let direction = [Direction::Both, Direction::Out, Direction::In][random.below(3) as usize];
        let topology = Arc::new(Topology::from_edges(edges.iter().copied(), direction));
        let (source, target) = (NodeId::new(random.below(node_count)), NodeId::new(random.below(node_count)));
        let (least, most) = RANGES[random.below(9) as usize];
        let hops = Hops { least, most };
        for mode in PathMode::ALL {
            for cost in [Cost::Hops, Cost::Each(Arc::new(quarters))] {
                let price = |path: &Path| match cost {
                    Cost::Hops => path.edges.len() as f64,
                    Cost::Each(_) => path.edges.iter().map(|&edge| quarters(edge)).sum(),
                };
                let mut expected = Vec::new();
                let mut path = Path { nodes: vec![source], edges: Vec::new() };
                enumerate(&edges, direction, &mut path, hops, mode, &mut |path| {
                    if path.nodes[path.nodes.len() - 1] == target {
                        expected.push(((price(path) * 4.0) as u32, path.edges.len(), path.clone()));
                    }
                });
                let budget = Arc::new(Budget::unlimited());
                let ranked = ranked_paths(&topology, source, target, hops, mode, cost.clone(), &budget);
                let found = ranked.map(Result::unwrap).map(|(path, cost)| {
                    assert_eq!(cost, price(&path));
                    ((cost * 4.0) as u32, path.edges.len(), path)
                });
                let mut found: Vec<_> = found.collect();
                let context = format!("seed {seed}, {mode:?} {cost:?} {hops:?} {direction:?}, edges {edges:?}");
                assert!(found.is_sorted_by_key(|&(cost, hops, _)| (cost, hops)), "{context}");
                found.sort_unstable();
                expected.sort_unstable();
                assert_eq!(found, expected, "{source} to {target}, {context}");
                assert_eq!(budget.memory_bytes(), 0, "all memory is given back");
            }
        }
    }
}

#[test]
fn a_cost_below_zero_is_refused() {
    let edge = Edge { relation: RelationTypeId::new(0), source: NodeId::new(0), target: NodeId::new(1) };
    let topology = Arc::new(Topology::from_edges([(edge, false)], Direction::Out));
    for wrong in [-0.5, f64::NAN] {
        let budget = Arc::new(Budget::unlimited());
        let (hops, cost) = (Hops { least: 1, most: 2 }, Cost::Each(Arc::new(move |_| wrong)));
        let mut ranked = ranked_paths(&topology, edge.source, edge.target, hops, PathMode::Walk, cost, &budget);
        assert_eq!(ranked.next(), Some(Err(Interruption::NegativeCost(edge))));
        assert_eq!(ranked.next(), None);
    }
}

#[test]
fn shortest_paths_agree_with_the_oracle_whether_or_not_pairs_share_an_end() {
    for seed in 0..500 {
        let mut random = Random(seed);
        let (node_count, edges) = random_edges(&mut random);
        let direction = [Direction::Both, Direction::Out, Direction::In][random.below(3) as usize];
        let topology = Arc::new(Topology::from_edges(edges.iter().copied(), direction));
        let budget = Arc::new(Budget::unlimited());
        let mut search = ShortestPaths::new(&topology, &budget);
        let (mut source, mut target) = (NodeId::new(random.below(node_count)), NodeId::new(random.below(node_count)));
        for _ in 0..8 {
            // The end that changes is often the same a few times.
            let end = if random.below(3) > 0 { &mut target } else { &mut source };
            *end = NodeId::new(random.below(node_count + 1));
            let hops = Hops { least: random.below(2), most: 1 + random.below(7) };
            let mut expected = Vec::new();
            let mut path = Path { nodes: vec![source], edges: Vec::new() };
            enumerate(&edges, direction, &mut path, Hops { least: 0, ..hops }, PathMode::Acyclic, &mut |path| {
                if path.nodes[path.nodes.len() - 1] == target {
                    expected.push(path.clone());
                }
            });
            let shortest = expected.iter().map(|path| path.edges.len()).min();
            expected.retain(|path| Some(path.edges.len()) == shortest && path.edges.len() as u32 >= hops.least);
            expected.sort_unstable();
            let context = format!("seed {seed}, {source} to {target}, {hops:?} {direction:?}, edges {edges:?}");
            let mut found: Vec<Path> =
                search.between(source, target, hops, true).unwrap().map(Result::unwrap).collect();
            found.sort_unstable();
            assert_eq!(found, expected, "{context}");
            let one: Vec<Path> = search.between(source, target, hops, false).unwrap().map(Result::unwrap).collect();
            assert_eq!(one.len(), usize::from(!expected.is_empty()), "{context}");
            assert!(one.iter().all(|path| expected.contains(path)), "{context}");
        }
        drop(search);
        assert_eq!(budget.memory_bytes(), 0, "all memory is given back");
    }
}

/// A hub with many leaves, most of them joined to nothing else: the closed rule must decide each pair at once.
#[test]
fn a_hub_with_many_leaves_is_decided_without_searching_it_for_each_leaf() {
    let leaves = 20_000;
    let edge = |source, target| {
        (Edge { relation: RelationTypeId::new(0), source: NodeId::new(source), target: NodeId::new(target) }, true)
    };
    let topology = Arc::new(Topology::from_edges((1..=leaves).map(|leaf| edge(0, leaf)), Direction::Both));
    let budget = Arc::new(Budget::unlimited());
    let (hub, rest) = (NodeSet::from_iter([NodeId::new(0)]), (1..=leaves).map(NodeId::new).collect::<NodeSet>());
    let hops = Hops { least: 2, most: 4 };
    let counts = count_reachable_pairs(&topology, &hub, &rest, hops, PathMode::Trail, &budget).unwrap();
    assert_eq!(counts.iter().sum::<u64>(), 0);
    assert!(budget.neighbors_touched() < 10 * u64::from(leaves), "{} touched", budget.neighbors_touched());
}

/// One start is answered another way than many, and the same.
#[test]
fn a_single_start_agrees_with_a_block_of_starts() {
    let mut random = Random(11);
    let node_count = 3_000;
    let edges = (0..9_000).map(|_| {
        // Every tenth edge is one of a hub.
        let source = if random.below(10) == 0 { random.below(3) } else { random.below(node_count) };
        let (source, target) = (NodeId::new(source), NodeId::new(random.below(node_count)));
        (Edge { relation: RelationTypeId::new(random.below(2) as u16), source, target }, false)
    });
    let edges: BTreeSet<(Edge, bool)> = edges.collect();
    let some: NodeSet = (0..node_count).filter(|_| random.below(5) == 0).map(NodeId::new).collect();
    let starts: NodeSet = (0..60).map(NodeId::new).collect();
    let budget = Arc::new(Budget::unlimited());
    for direction in [Direction::Both, Direction::Out] {
        let topology = Arc::new(Topology::from_edges(edges.iter().copied(), direction));
        for (mode, goals) in [PathMode::Walk, PathMode::Trail].into_iter().zip([&some, &*topology.nodes()]) {
            let reach = Reach { topology: Arc::clone(&topology), hops: Hops { least: 1, most: 4 }, mode };
            let all = PairSet::new(reach.clone(), &starts, goals).different();
            for (start, counts) in all.count_by(End::Source, &budget).unwrap() {
                let start = NodeSet::from_iter([start]);
                let one = PairSet::new(reach.clone(), &start, goals).different();
                assert_eq!(one.count(&budget).unwrap(), counts, "{start:?} {direction:?} {mode:?}");
            }
        }
    }
}

/// Everybody knows everybody: after one hop there is nobody left to look for, and nobody looks at all the neighbours.
#[test]
fn a_single_start_stops_when_it_has_met_every_goal() {
    let nodes = 300;
    let edges = (0..nodes * nodes).map(|pair| {
        let (source, target) = (NodeId::new(pair / nodes), NodeId::new(pair % nodes));
        (Edge { relation: RelationTypeId::new(0), source, target }.canonical(true), true)
    });
    let edges: BTreeSet<(Edge, bool)> = edges.filter(|(edge, _)| edge.source != edge.target).collect();
    let topology = Arc::new(Topology::from_edges(edges, Direction::Both));
    let budget = Arc::new(Budget::unlimited());
    let reach = Reach { topology: Arc::clone(&topology), hops: Hops { least: 1, most: 5 }, mode: PathMode::Trail };
    let (start, all) = (NodeSet::from_iter([NodeId::new(0)]), topology.nodes());
    let found = PairSet::new(reach, &start, &all).different().count(&budget).unwrap();
    assert_eq!(found, [0, u64::from(nodes) - 1]);
    assert!(budget.neighbors_touched() < 2 * u64::from(nodes), "{} touched", budget.neighbors_touched());
}

/// A hub meets most of a graph in two hops: whoever is left finds it, and the others are not asked again.
#[test]
fn a_thick_frontier_is_not_walked_step_by_step() {
    let mut random = Random(5);
    let nodes = 4_000;
    let near = |random: &mut Random| {
        let (source, target) = (NodeId::new(random.below(nodes)), NodeId::new(random.below(nodes)));
        (Edge { relation: RelationTypeId::new(0), source, target }.canonical(true), true)
    };
    let edges: BTreeSet<(Edge, bool)> = (0..20 * nodes).map(|_| near(&mut random)).collect();
    let topology = Arc::new(Topology::from_edges(edges, Direction::Both));
    let budget = Arc::new(Budget::unlimited());
    let reach = Reach { topology: Arc::clone(&topology), hops: Hops { least: 1, most: 4 }, mode: PathMode::Trail };
    let (start, all) = (NodeSet::from_iter([NodeId::new(1)]), topology.nodes());
    let found = PairSet::new(reach, &start, &all).different().count(&budget).unwrap();
    assert_eq!(found.iter().sum::<u64>(), u64::from(nodes) - 1);
    assert!(budget.neighbors_touched() < topology.step_count() / 2, "{} touched", budget.neighbors_touched());
}

/// Layers without a way back: nobody comes home, however many ways lead out.
#[test]
fn a_search_for_a_way_back_that_is_not_there_does_not_try_every_way_out() {
    let (layers, width) = (10, 30);
    let ends = (0..layers - 1).flat_map(|layer| {
        (0..width * width).map(move |pair| (layer * width + pair / width, (layer + 1) * width + pair % width))
    });
    let edges = ends.map(|(source, target)| {
        let (source, target) = (NodeId::new(source), NodeId::new(target));
        (Edge { relation: RelationTypeId::new(0), source, target }, false)
    });
    let topology = Arc::new(Topology::from_edges(edges, Direction::Out));
    let everything: NodeSet = (0..layers * width).map(NodeId::new).collect();
    let budget = Arc::new(Budget::unlimited().with_time_limit(std::time::Duration::from_secs(60)));
    let hops = Hops { least: 1, most: 9 };
    let counts = count_reachable_pairs(&topology, &everything, &everything, hops, PathMode::Trail, &budget).unwrap();
    assert_eq!(counts.iter().sum::<u64>(), u64::from(width * width * layers * (layers - 1) / 2));
}

/// Rows of every width give the same pairs, so that blocks and swapped ends are exercised beyond what tiny graphs reach.
#[test]
fn wide_blocks_agree_with_narrow_ones() {
    let mut random = Random(7);
    let node_count = 6_000;
    let edges = (0..9_000).map(|_| {
        let (source, target) = (NodeId::new(random.below(node_count)), NodeId::new(random.below(node_count)));
        (Edge { relation: RelationTypeId::new(random.below(2) as u16), source, target }, false)
    });
    let edges: BTreeSet<(Edge, bool)> = edges.collect();
    for direction in [Direction::Both, Direction::Out] {
        let topology = Arc::new(Topology::from_edges(edges.iter().copied(), direction));
        let sources: NodeSet = (0..5_000).map(NodeId::new).collect();
        let targets: NodeSet = (900..6_000).map(NodeId::new).collect();
        let hops = Hops { least: 2, most: 3 };
        for mode in [PathMode::Walk, PathMode::Trail] {
            let wide = Arc::new(Budget::unlimited());
            let narrow = Arc::new(Budget::unlimited().with_memory_limit(700_000));
            let pairs = |budget: &Arc<Budget>| {
                let found = reachable_pairs(&topology, &sources, &targets, hops, mode, budget);
                let mut found: Vec<Pair> = found.map(Result::unwrap).collect();
                found.sort_unstable();
                found
            };
            let (first, second) = (pairs(&wide), pairs(&narrow));
            assert!(first.len() > 10_000 && first == second, "{direction:?} {mode:?}: {} pairs", first.len());
            assert!(narrow.memory_peak_bytes() <= 700_000);
            let counts = count_reachable_pairs(&topology, &targets, &sources, hops, mode, &wide).unwrap();
            assert!(direction == Direction::Out || counts.iter().sum::<u64>() == first.len() as u64);
            let reach = Reach { topology: Arc::clone(&topology), hops, mode };
            let mut linked = PairSet::new(reach, &sources, &targets).and_not(Reach::joined(Arc::clone(&topology)));
            // Searches from each start alone take little in either case.
            linked.alone = Some(false);
            let scarce = Arc::new(Budget::unlimited().with_memory_limit(1_500_000));
            let counts = linked.count(&wide).unwrap();
            assert!(counts.iter().sum::<u64>() > 10_000 && counts == linked.count(&scarce).unwrap(), "{counts:?}");
            assert!(scarce.memory_peak_bytes() < wide.memory_peak_bytes() / 4 && scarce.memory_bytes() == 0);
        }
    }
}
