//! An oracle that knows nothing of plans: it lists every path of a small random graph, one step after the other, and
//! says what a query must have answered.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use hopgraph_engine::{Edge, Graph, Node, NodeId, Polarity, RelationType, RelationTypeId};
use hopgraph_query::{Parameters, QueryOptions, Value, query};

const GRAPHS: u64 = 300;
const QUERIES_PER_GRAPH: u64 = 16;

/// Two directed types, a symmetric one and a denied one.
const TYPES: [(&str, Polarity, bool); 4] = [
    ("r", Polarity::Asserted, false),
    ("t", Polarity::Asserted, false),
    ("s", Polarity::Asserted, true),
    ("d", Polarity::Denied, false),
];

/// SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % limit
    }

    pub(crate) fn choose<T: Copy>(&mut self, items: &[T]) -> T {
        items[usize::try_from(self.below(items.len() as u64)).unwrap()]
    }
}

/// An edge as the oracle sees it: type, source, target.
type Arrow = (usize, usize, usize);

/// A graph with nodes `0..labels.len()`, the names of which are their numbers.
#[derive(Debug)]
pub(crate) struct World {
    labels: Vec<Vec<&'static str>>,
    arrows: Vec<Arrow>,
}

impl World {
    pub(crate) fn random(random: &mut Random) -> Self {
        let nodes = 2 + random.below(5);
        let labels = (0..nodes).map(|_| random.choose(&[&["a"][..], &["b"], &["a", "b"], &[]]).to_vec()).collect();
        let mut arrows = Vec::new();
        for _ in 0..random.below(2 * nodes + 2) {
            let ends = [0; 2].map(|_| usize::try_from(random.below(nodes)).unwrap());
            let kind = random.choose(&[0, 0, 1, 1, 2, 2, 3]);
            let arrow = if TYPES[kind].2 {
                (kind, ends[0].min(ends[1]), ends[0].max(ends[1]))
            } else {
                (kind, ends[0], ends[1])
            };
            if !arrows.contains(&arrow) {
                arrows.push(arrow);
            }
        }
        Self { labels, arrows }
    }

    /// Puts this world in place of the one that the graph held before: opening another graph takes longer than all the
    /// questions, and what was kept of the old one must not show.
    pub(crate) fn build(&self, graph: &Graph) {
        answer(graph, "MATCH (n) DETACH DELETE n");
        let mut change = graph.change().unwrap();
        // Every label and type is known, whether something has it or not.
        let known = ["a", "b"].map(|label| (label, change.label(label).unwrap()));
        let types: Vec<RelationTypeId> = TYPES
            .iter()
            .map(|&(name, polarity, symmetric)| {
                change.relation_type(&RelationType { name: name.into(), polarity, symmetric }).unwrap()
            })
            .collect();
        let mut ids: Vec<NodeId> = Vec::new();
        for (number, labels) in self.labels.iter().enumerate() {
            let labels = known.iter().filter(|(label, _)| labels.contains(label)).map(|(_, id)| *id).collect();
            let identifiers = vec![format!("n{number}")];
            ids.push(
                change.add_node(Node { labels, identifiers, name: number.to_string(), ..Node::default() }).unwrap(),
            );
        }
        let hand = change.hand().unwrap();
        for &(kind, source, target) in &self.arrows {
            change.add_fact(Edge { relation: types[kind], source: ids[source], target: ids[target] }, hand).unwrap();
        }
        change.commit().unwrap();
    }

    fn has_label(&self, node: usize, label: &str) -> bool {
        label.is_empty() || self.labels[node].contains(&label)
    }

    /// The steps from a node: the arrow walked, and where it leads.
    fn steps(&self, node: usize, hop: &Hop) -> Vec<(Arrow, usize)> {
        let mut steps = Vec::new();
        for &arrow @ (kind, source, target) in &self.arrows {
            let (name, polarity, symmetric) = TYPES[kind];
            let wanted = if hop.types.is_empty() { polarity == Polarity::Asserted } else { hop.types.contains(&name) };
            let out = source == node && (symmetric || hop.direction != '<');
            let back = target == node && source != target && (symmetric || hop.direction != '>');
            let back_loop = source == target && target == node && hop.direction == '<';
            if wanted && (out || back_loop) {
                steps.push((arrow, target));
            } else if wanted && back {
                steps.push((arrow, source));
            }
        }
        steps
    }

    /// Every walk along some hops, whatever it repeats.
    fn walks(&self, start: usize, hops: &[Hop]) -> Vec<Walk> {
        let mut walks = vec![Walk { nodes: vec![start], arrows: Vec::new(), joints: vec![start] }];
        for hop in hops {
            let mut longer: Vec<Walk> = Vec::new();
            let mut frontier = walks;
            for length in 0..=hop.most {
                if length >= hop.least {
                    longer.extend(frontier.iter().cloned().map(Walk::rest));
                }
                frontier = frontier.iter().flat_map(|walk| self.grown(walk, hop)).collect();
            }
            walks = longer;
        }
        walks
    }

    fn grown(&self, walk: &Walk, hop: &Hop) -> Vec<Walk> {
        let here = walk.nodes[walk.nodes.len() - 1];
        let grow = |(arrow, node)| {
            let mut walk = walk.clone();
            walk.nodes.push(node);
            walk.arrows.push(arrow);
            walk
        };
        self.steps(here, hop).into_iter().map(grow).collect()
    }

    fn is_linked(&self, a: usize, b: usize) -> bool {
        let any = Hop { types: vec![], direction: '-', least: 1, most: 1, is_range: false };
        self.steps(a, &any).iter().any(|&(_, node)| node == b)
    }
}

#[derive(Clone, Debug)]
struct Walk {
    nodes: Vec<usize>,
    arrows: Vec<Arrow>,
    /// Where one relationship of the pattern ends and the next begins.
    joints: Vec<usize>,
}

impl Walk {
    fn rest(mut self) -> Self {
        self.joints.push(self.nodes[self.nodes.len() - 1]);
        self
    }

    fn obeys(&self, mode: &str) -> bool {
        let unlike = |nodes: &[usize]| nodes.iter().enumerate().all(|(place, node)| !nodes[..place].contains(node));
        match mode {
            "WALK" => true,
            "TRAIL" => self.arrows.iter().enumerate().all(|(place, arrow)| !self.arrows[..place].contains(arrow)),
            "ACYCLIC" => unlike(&self.nodes),
            _ => {
                let closed = self.nodes.len() > 1 && self.nodes[0] == self.nodes[self.nodes.len() - 1];
                unlike(if closed { &self.nodes[1..] } else { &self.nodes })
            }
        }
    }
}

/// One relationship of a pattern.
#[derive(Clone, Debug)]
struct Hop {
    types: Vec<&'static str>,
    /// `>`, `<` or `-`.
    direction: char,
    least: usize,
    most: usize,
    is_range: bool,
}

impl Hop {
    fn random(random: &mut Random) -> Self {
        let types = random.choose(&[&[][..], &[], &["r"], &["r", "s"], &["s"], &["t", "d"]]).to_vec();
        let direction = random.choose(&['>', '<', '-', '-']);
        let (least, most) = random.choose(&[(1, 1), (2, 2), (1, 2), (1, 3), (2, 4), (0, 2), (3, 3), (3, 4), (0, 0)]);
        Self { types, direction, least, most, is_range: true }
    }

    fn single(random: &mut Random) -> Self {
        Self { least: 1, most: 1, is_range: false, ..Self::random(random) }
    }

    fn written(&self) -> String {
        let types = if self.types.is_empty() { String::new() } else { format!(":{}", self.types.join("|")) };
        let range = if self.is_range { format!("*{}..{}", self.least, self.most) } else { String::new() };
        match self.direction {
            '>' => format!("-[{types}{range}]->"),
            '<' => format!("<-[{types}{range}]-"),
            _ => format!("-[{types}{range}]-"),
        }
    }
}

/// The rows of a query, each as the numbers in it, with how often it came.
fn answer(graph: &Graph, text: &str) -> BTreeMap<Vec<i64>, usize> {
    let rows = query(graph, text, &Parameters::new(), &QueryOptions::default())
        .unwrap_or_else(|error| panic!("{}", error.report(text)));
    let mut counts = BTreeMap::new();
    for row in rows {
        let row = row.unwrap_or_else(|error| panic!("{}", error.report(text)));
        let numbers = row.iter().map(|value| match value {
            Value::Integer(integer) => *integer,
            Value::Text(text) => text.parse().unwrap(),
            other => panic!("{other:?} is no number"),
        });
        *counts.entry(numbers.collect()).or_insert(0) += 1;
    }
    counts
}

fn counted(rows: impl IntoIterator<Item = Vec<usize>>) -> BTreeMap<Vec<i64>, usize> {
    let mut counts = BTreeMap::new();
    for row in rows {
        *counts.entry(row.into_iter().map(|number| i64::try_from(number).unwrap()).collect()).or_insert(0) += 1;
    }
    counts
}

fn check<T: PartialEq + Debug>(found: &T, expected: &T, text: &str, world: &World, seed: u64) {
    assert_eq!(found, expected, "\nseed {seed}\n{text}\n{world:?}");
}

#[test]
fn every_answer_is_that_of_the_oracle() {
    let graph = Graph::temporary().unwrap();
    for seed in 0..GRAPHS {
        let mut random = Random(seed);
        let world = World::random(&mut random);
        world.build(&graph);
        for _ in 0..QUERIES_PER_GRAPH {
            let question = random.choose(&[
                one_relationship,
                one_relationship,
                several_relationships,
                shortest,
                linked,
                counts,
                pair_conditions,
                lengths,
                written_out,
                ends_of_several,
                around_one,
            ]);
            question(&graph, &world, &mut random, seed);
        }
    }
}

/// All walks between fitting nodes that obey the mode.
fn paths(world: &World, mode: &str, hops: &[Hop], [from, to]: [&str; 2]) -> Vec<Walk> {
    let starts = (0..world.labels.len()).filter(|&node| world.has_label(node, from));
    let walks = starts.flat_map(|start| world.walks(start, hops));
    walks.filter(|walk| walk.obeys(mode) && world.has_label(walk.nodes[walk.nodes.len() - 1], to)).collect()
}

fn ends(walk: &Walk) -> [usize; 2] {
    [walk.nodes[0], walk.nodes[walk.nodes.len() - 1]]
}

/// Pairs of ends with their least number of hops.
fn nearest(paths: &[Walk]) -> BTreeMap<[usize; 2], usize> {
    let mut nearest = BTreeMap::new();
    for walk in paths {
        let least = nearest.entry(ends(walk)).or_insert(usize::MAX);
        *least = walk.arrows.len().min(*least);
    }
    nearest
}

fn labelled(name: &str, label: &str) -> String {
    if label.is_empty() { format!("({name})") } else { format!("({name}:{label})") }
}

/// One relationship: paths one by one, ends with hops, the same in the terse form, and their number.
fn one_relationship(graph: &Graph, world: &World, random: &mut Random, seed: u64) {
    let (mode, hop) = (random.choose(&["WALK", "TRAIL", "ACYCLIC", "SIMPLE"]), Hop::random(random));
    let labels = [random.choose(&["a", "b", ""]), random.choose(&["a", "b", ""])];
    let found = paths(world, mode, std::slice::from_ref(&hop), labels);
    let (from, arrow, to) = (labelled("x", labels[0]), hop.written(), labelled("y", labels[1]));

    let text = format!("MATCH {mode} {from}{arrow}{to} RETURN x.name, y.name");
    check(&answer(graph, &text), &counted(found.iter().map(|walk| ends(walk).to_vec())), &text, world, seed);

    let pairs = nearest(&found);
    let rows = || pairs.iter().map(|([from, to], hops)| vec![*from, *to, *hops]);
    let text = format!("MATCH {mode} {from}{arrow}{to} RETURN x.name, y.name, hops");
    check(&answer(graph, &text), &counted(rows()), &text, world, seed);

    let text = format!("MATCH {mode} {from}{arrow}{to} RETURN DISTINCT x.name, y.name");
    check(&answer(graph, &text), &counted(pairs.keys().map(|pair| pair.to_vec())), &text, world, seed);

    let text = format!("MATCH (x) WHERE EXISTS {{ {mode} (x){arrow}{to} }} RETURN x.name");
    let anywhere = nearest(&paths(world, mode, std::slice::from_ref(&hop), ["", labels[1]]));
    let mut starts: Vec<_> = anywhere.keys().map(|[from, _]| vec![*from]).collect();
    starts.dedup();
    check(&answer(graph, &text), &counted(starts), &text, world, seed);

    if labels[0] != labels[1] && labels.iter().all(|label| !label.is_empty()) {
        let [from, to] = labels;
        let text = format!("MATCH {mode} {from} {arrow} {to} RETURN {from}.name, {to}.name, hops");
        check(&answer(graph, &text), &counted(rows()), &text, world, seed);
        let text = format!("MATCH {mode} {from} {arrow} {to} RETURN count(*)");
        check(&answer(graph, &text), &counted([vec![pairs.len()]]), &text, world, seed);
        let text = format!("MATCH {mode} {from} {arrow} {to} WHERE NOT ({from})--({to}) RETURN count(*)");
        let apart = pairs.keys().filter(|[from, to]| !world.is_linked(*from, *to)).count();
        check(&answer(graph, &text), &counted([vec![apart]]), &text, world, seed);
    }
}

/// What is around one node, which is found by its name or its identifier.
fn around_one(graph: &Graph, world: &World, random: &mut Random, seed: u64) {
    let (mode, hop) = (random.choose(&["WALK", "TRAIL", "ACYCLIC", "SIMPLE"]), Hop::random(random));
    let (label, node) = (random.choose(&["a", "b", ""]), random.below(world.labels.len() as u64) as usize);
    let condition = random.choose(&["", " WHERE x <> y", " WHERE NOT y = x", " WHERE id(x) <> id(y)"]);
    let found = nearest(&paths(world, mode, std::slice::from_ref(&hop), ["", label]));
    let is_asked = |[from, to]: [usize; 2]| from == node && (condition.is_empty() || to != node);
    let around: Vec<_> =
        found.into_iter().filter(|(ends, _)| is_asked(*ends)).map(|([_, to], hops)| (to, hops)).collect();
    let key = if random.below(2) == 0 { format!("name: '{node}'") } else { format!("identifier: 'n{node}'") };
    let (arrow, to) = (hop.written(), labelled("y", label));

    for pattern in [
        format!("MATCH {mode} (x {{{key}}}){arrow}{to}{condition}"),
        format!("MATCH (x {{{key}}}) MATCH {mode} (x){arrow}{to}{condition}"),
    ] {
        for count in ["count(DISTINCT y)", "count(DISTINCT y.name)"] {
            let text = format!("{pattern} RETURN {count}");
            check(&answer(graph, &text), &counted([vec![around.len()]]), &text, world, seed);
        }
        let text = format!("{pattern} WITH DISTINCT y RETURN count(*)");
        check(&answer(graph, &text), &counted([vec![around.len()]]), &text, world, seed);
        let text = format!("{pattern} RETURN DISTINCT y.name");
        check(&answer(graph, &text), &counted(around.iter().map(|(to, _)| vec![*to])), &text, world, seed);
        let text = format!("{pattern} RETURN hops, count(DISTINCT y)");
        let mut by_hops: BTreeMap<usize, usize> = BTreeMap::new();
        around.iter().for_each(|(_, hops)| *by_hops.entry(*hops).or_insert(0) += 1);
        check(&answer(graph, &text), &counted(by_hops.iter().map(|(h, n)| vec![*h, *n])), &text, world, seed);
    }
}

/// Two or three relationships in a row: the mode holds for the path as a whole.
fn several_relationships(graph: &Graph, world: &World, random: &mut Random, seed: u64) {
    let mode = random.choose(&["WALK", "TRAIL", "ACYCLIC", "SIMPLE"]);
    let mut hops = vec![Hop::single(random), Hop::single(random)];
    match random.below(4) {
        0 => hops.push(Hop::single(random)),
        1 => hops[0] = Hop { least: 1, most: 2, is_range: true, ..hops[0].clone() },
        2 => hops[1] = Hop { least: 0, most: 2, is_range: true, ..hops[1].clone() },
        _ => {}
    }
    let label = random.choose(&["a", "b", ""]);
    let found = paths(world, mode, &hops, [label, ""]);
    let names = ["w", "x", "y", "z"];
    let mut pattern = labelled(names[0], label);
    for (hop, name) in hops.iter().zip(&names[1..]) {
        pattern += &format!("{}({name})", hop.written());
    }
    let shown = names[..=hops.len()].iter().map(|name| format!("{name}.name")).collect::<Vec<_>>().join(", ");

    let text = format!("MATCH {mode} {pattern} RETURN {shown}");
    check(&answer(graph, &text), &counted(found.iter().map(|walk| walk.joints.clone())), &text, world, seed);

    let text = format!("MATCH {mode} p = {pattern} RETURN length(p), size(nodes(p)), {shown}");
    let rows = found.iter().map(|walk| {
        let mut row = vec![walk.arrows.len(), walk.nodes.len()];
        row.extend(&walk.joints);
        row
    });
    check(&answer(graph, &text), &counted(rows), &text, world, seed);

    let mut least: BTreeMap<Vec<usize>, usize> = BTreeMap::new();
    for walk in &found {
        let hops = least.entry(walk.joints.clone()).or_insert(usize::MAX);
        *hops = walk.arrows.len().min(*hops);
    }
    let text = format!("MATCH {mode} {pattern} RETURN {shown}, hops");
    let rows = least.into_iter().map(|(mut joints, hops)| {
        joints.push(hops);
        joints
    });
    check(&answer(graph, &text), &counted(rows), &text, world, seed);

    if mode == "TRAIL" && hops.len() == 2 {
        let (first, second) = (hops[0].written(), hops[1].written());
        let text = format!("MATCH {}{first}(x), (x){second}(y) RETURN w.name, x.name, y.name", labelled("w", label));
        check(&answer(graph, &text), &counted(found.iter().map(|walk| walk.joints.clone())), &text, world, seed);
    }
}

fn shortest(graph: &Graph, world: &World, random: &mut Random, seed: u64) {
    let hop = Hop { least: 1, most: 6, is_range: true, ..Hop::random(random) };
    let arrow = hop.written();
    let found = paths(world, "ACYCLIC", std::slice::from_ref(&hop), ["a", "b"]);
    let nearest = nearest(&found);

    let text = format!("MATCH p = shortestPath((x:a){arrow}(y:b)) RETURN x.name, y.name, length(p)");
    let rows = nearest.iter().map(|([from, to], hops)| vec![*from, *to, *hops]);
    check(&answer(graph, &text), &counted(rows), &text, world, seed);

    let text = format!("MATCH p = allShortestPaths((x:a){arrow}(y:b)) RETURN x.name, y.name, length(p)");
    let all = found.iter().filter(|walk| nearest[&ends(walk)] == walk.arrows.len());
    let rows = all.map(|walk| vec![walk.nodes[0], ends(walk)[1], walk.arrows.len()]);
    check(&answer(graph, &text), &counted(rows), &text, world, seed);
}

/// Conditions on pairs of nodes: one hop, and none.
fn linked(graph: &Graph, world: &World, random: &mut Random, seed: u64) {
    let hop = Hop::single(random);
    let arrow = hop.written();
    let nodes = || 0..world.labels.len();
    let pairs = nodes().flat_map(|x| nodes().map(move |y| [x, y]));
    let is_step = |[x, y]: &[usize; 2]| world.steps(*x, &hop).iter().any(|&(_, node)| node == *y);
    let (yes, no): (Vec<_>, Vec<_>) = pairs.partition(is_step);

    let text = format!("MATCH (x), (y) WHERE (x){arrow}(y) RETURN x.name, y.name");
    check(&answer(graph, &text), &counted(yes.iter().map(|pair| pair.to_vec())), &text, world, seed);
    let text = format!("MATCH (x), (y) WHERE NOT (x){arrow}(y) RETURN x.name, y.name");
    check(&answer(graph, &text), &counted(no.iter().map(|pair| pair.to_vec())), &text, world, seed);
    let text = format!("MATCH (x) OPTIONAL MATCH (x){arrow}(y) RETURN x.name, count(y)");
    let rows = nodes().map(|x| vec![x, world.steps(x, &hop).len()]);
    check(&answer(graph, &text), &counted(rows), &text, world, seed);
}

/// One relationship between `x` and `y`, with all paths that fit it, to be asked in many spellings.
struct Asked<'a> {
    graph: &'a Graph,
    world: &'a World,
    seed: u64,
    pattern: String,
    found: Vec<Walk>,
    pairs: BTreeMap<[usize; 2], usize>,
}

impl<'a> Asked<'a> {
    fn random(graph: &'a Graph, world: &'a World, random: &mut Random, seed: u64, name: &str) -> Self {
        let (mode, hop) = (random.choose(&["WALK", "TRAIL", "ACYCLIC", "SIMPLE"]), Hop::random(random));
        let labels = [random.choose(&["a", "b", ""]), random.choose(&["a", "b", ""])];
        let found = paths(world, mode, std::slice::from_ref(&hop), labels);
        let (from, arrow, to) = (labelled("x", labels[0]), hop.written(), labelled("y", labels[1]));
        let pattern = format!("MATCH {mode} {name}{from}{arrow}{to}");
        Self { graph, world, seed, pattern, pairs: nearest(&found), found }
    }

    fn check(&self, rest: &str, rows: &BTreeMap<Vec<i64>, usize>) {
        let text = format!("{} {rest}", self.pattern);
        check(&answer(self.graph, &text), rows, &text, self.world, self.seed);
    }
}

/// How often each key comes.
fn tally(keys: impl Iterator<Item = usize>) -> BTreeMap<Vec<i64>, usize> {
    let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
    keys.for_each(|key| *counts.entry(key).or_insert(0) += 1);
    counted(counts.into_iter().map(|(key, count)| vec![key, count]))
}

/// Pairs counted by hops and by ends.
fn counts(graph: &Graph, world: &World, random: &mut Random, seed: u64) {
    let asked = Asked::random(graph, world, random, seed, "");
    let pairs = &asked.pairs;
    asked.check("RETURN hops, count(*)", &tally(pairs.values().copied()));
    asked.check("WITH DISTINCT x, y RETURN x.name, count(*)", &tally(pairs.keys().map(|pair| pair[0])));
    asked.check("RETURN y.name, count(DISTINCT x)", &tally(pairs.keys().map(|pair| pair[1])));
    let kinds: BTreeSet<[usize; 2]> = pairs.keys().map(|&[x, y]| [world.labels[x].len(), y]).collect();
    asked.check("RETURN size(labels(x)), count(DISTINCT y)", &tally(kinds.iter().map(|kind| kind[0])));
    asked.check("RETURN count(hops), sum(hops)", &counted([vec![pairs.len(), pairs.values().sum()]]));
    let ends: BTreeSet<usize> = pairs.keys().map(|pair| pair[1]).collect();
    asked.check("RETURN DISTINCT y.name", &counted(ends.iter().map(|&end| vec![end])));
    asked.check("RETURN count(DISTINCT y)", &counted([vec![ends.len()]]));
    let bound = usize::try_from(random.below(4)).unwrap();
    let near = pairs.iter().filter(|(_, hops)| **hops <= bound).map(|(pair, _)| pair.to_vec());
    asked.check(&format!("WHERE hops <= {bound} RETURN x.name, y.name"), &counted(near));
    let exact = pairs.values().filter(|hops| **hops == bound).count();
    asked.check(&format!("WHERE hops = {bound} RETURN count(*)"), &counted([vec![exact]]));
    let shortest = pairs.iter().map(|(&[x, y], &hops)| {
        let same = |walk: &&Walk| self::ends(walk) == [x, y] && walk.arrows.len() == hops;
        vec![x, y, hops, asked.found.iter().filter(same).count()]
    });
    asked.check("RETURN x.name, y.name, hops, shortest_paths", &counted(shortest));
}

/// Pairs that are, or are not, joined in another way.
fn pair_conditions(graph: &Graph, world: &World, random: &mut Random, seed: u64) {
    let asked = Asked::random(graph, world, random, seed, "");
    let (mode, hop) = (random.choose(&["WALK", "TRAIL", "ACYCLIC", "SIMPLE"]), Hop::random(random));
    let joined = nearest(&paths(world, mode, std::slice::from_ref(&hop), ["", ""]));
    let exists = format!("EXISTS {{ {mode} (x){}(y) }}", hop.written());
    let both = asked.pairs.keys().filter(|pair| joined.contains_key(*pair)).count();
    asked.check(&format!("WHERE {exists} WITH DISTINCT x, y RETURN count(*)"), &counted([vec![both]]));
    let is_apart = |[x, y]: &[usize; 2]| !joined.contains_key(&[*x, *y]) && !world.is_linked(*x, *y);
    let apart = asked.pairs.iter().filter(|(pair, _)| is_apart(pair)).map(|(pair, hops)| vec![pair[0], pair[1], *hops]);
    let rows = counted(apart);
    asked.check(&format!("WHERE NOT {exists} AND NOT (y)--(x) RETURN x.name, y.name, hops"), &rows);
}

/// Bounds on the length of a path, and its least length.
fn lengths(graph: &Graph, world: &World, random: &mut Random, seed: u64) {
    type Test = fn(usize, usize) -> bool;
    const TESTS: [(&str, Test); 5] = [
        ("<=", |length, bound| length <= bound),
        ("<", |length, bound| length < bound),
        ("=", |length, bound| length == bound),
        (">=", |length, bound| length >= bound),
        (">", |length, bound| length > bound),
    ];
    let asked = Asked::random(graph, world, random, seed, "p = ");
    let rows = asked.pairs.iter().map(|(pair, hops)| vec![pair[0], pair[1], *hops]);
    asked.check("RETURN x.name, y.name, min(length(p))", &counted(rows));
    let bound = usize::try_from(random.below(4)).unwrap();
    let (operator, holds) = random.choose(&TESTS);
    let kept: Vec<Walk> = asked.found.iter().filter(|walk| holds(walk.arrows.len(), bound)).cloned().collect();
    let condition = format!("WHERE length(p) {operator} {bound}");
    let rows = counted(kept.iter().map(|walk| ends(walk).to_vec()));
    asked.check(&format!("{condition} RETURN x.name, y.name"), &rows);
    let rows = counted(nearest(&kept).keys().map(|pair| pair.to_vec()));
    asked.check(&format!("{condition} RETURN DISTINCT x.name, y.name"), &rows);
}

/// Hops that are alike and written out one by one, where nobody asks what lies between.
fn written_out(graph: &Graph, world: &World, random: &mut Random, seed: u64) {
    let mode = random.choose(&["WALK", "TRAIL", "ACYCLIC", "SIMPLE"]);
    let one = Hop::single(random);
    let ranges = [(1, 1, false), (1, 1, false), (1, 2, true), (0, 2, true)];
    let hops: Vec<Hop> = (0..2 + random.below(2))
        .map(|_| {
            let (least, most, is_range) = random.choose(&ranges);
            Hop { least, most, is_range, ..one.clone() }
        })
        .collect();
    let found = nearest(&paths(world, mode, &hops, ["a", ""]));
    let arrows: Vec<String> = hops.iter().map(Hop::written).collect();
    let text = format!("MATCH {mode} (x:a){}(y) RETURN DISTINCT x.name, y.name", arrows.join("()"));
    check(&answer(graph, &text), &counted(found.keys().map(|pair| pair.to_vec())), &text, world, seed);
    let text = format!("MATCH {mode} (x:a){}(y) RETURN x.name, y.name, hops", arrows.join("()"));
    let rows = found.iter().map(|([x, y], hops)| vec![*x, *y, *hops]);
    check(&answer(graph, &text), &counted(rows), &text, world, seed);
    let text = format!("MATCH (x:a) WHERE EXISTS {{ {mode} (x){}() }} RETURN x.name", arrows.join("()"));
    let starts: BTreeSet<usize> = found.keys().map(|pair| pair[0]).collect();
    check(&answer(graph, &text), &counted(starts.into_iter().map(|start| vec![start])), &text, world, seed);
}

/// Several relationships of which only the ends are asked for: those of variable length may be reached apart.
fn ends_of_several(graph: &Graph, world: &World, random: &mut Random, seed: u64) {
    let mode = random.choose(&["WALK", "TRAIL", "TRAIL", "ACYCLIC", "SIMPLE"]);
    let hops = [Hop::random(random), Hop::single(random)];
    let label = random.choose(&["a", "b", ""]);
    let found = paths(world, mode, &hops, [label, ""]);
    let rows: BTreeSet<Vec<usize>> = found.iter().map(|walk| vec![walk.joints[0], walk.joints[2]]).collect();
    let (first, second) = (hops[0].written(), hops[1].written());
    let text = format!("MATCH {mode} {}{first}(x){second}(y) RETURN DISTINCT w.name, y.name", labelled("w", label));
    check(&answer(graph, &text), &counted(rows), &text, world, seed);
    let rows: BTreeSet<Vec<usize>> = found.iter().map(|walk| walk.joints.clone()).collect();
    let text =
        format!("MATCH {mode} {}{first}(x){second}(y) RETURN DISTINCT w.name, x.name, y.name", labelled("w", label));
    check(&answer(graph, &text), &counted(rows), &text, world, seed);
}
