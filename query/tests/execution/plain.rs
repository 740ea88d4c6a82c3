//! Random queries, each answered twice: by its improved plan, on chunks where that is possible, and by a plan without
//! rules, row by row. Both must give the same rows.

use std::collections::BTreeMap;

use hopgraph_engine::{Edge, Graph, Node, NodeId, Polarity, Properties, PropertyValue, RelationType};
use hopgraph_query::{Parameters, Prepared, QueryOptions, Value};

use crate::oracle::{Random, World};

const SMALL_GRAPHS: u64 = 150;
const QUERIES_PER_SMALL_GRAPH: u64 = 12;
const QUERIES_OF_LARGE_GRAPH: u64 = 60;

/// Nodes of the large graph: more than a morsel, so that several threads take part.
const NODES: u64 = 300;

/// The rows of a query as text, with how often each came.
fn answer(graph: &Graph, text: &str, plain: bool) -> Result<BTreeMap<String, usize>, String> {
    let prepared = if plain { Prepared::plain(graph, text) } else { Prepared::new(graph, text) };
    let prepared = prepared.unwrap_or_else(|error| panic!("{}", error.report(text)));
    let mut counts = BTreeMap::new();
    let rows = prepared.run(graph, &Parameters::new(), &QueryOptions::default()).map_err(|error| error.to_string())?;
    for row in rows {
        let row: Vec<Value> = row.map_err(|error| error.to_string())?.into_values();
        *counts.entry(format!("{row:?}")).or_insert(0) += 1;
    }
    Ok(counts)
}

fn check(graph: &Graph, text: &str, seed: u64) {
    let (improved, plain) = (answer(graph, text, false), answer(graph, text, true));
    assert_eq!(improved, plain, "\nseed {seed}\n{text}");
}

/// A pattern of a few nodes in a line, which may close, and the names of its nodes.
struct Line {
    text: String,
    nodes: Vec<String>,
    edges: Vec<String>,
}

impl Line {
    fn random(random: &mut Random, first: usize, hops: u64) -> Self {
        let mut nodes: Vec<String> = Vec::new();
        let mut edges = Vec::new();
        let mut text = String::new();
        let hops = random.below(hops + 1);
        for place in 0..=hops {
            let closes = place == hops && place > 1 && !nodes.is_empty() && random.below(4) == 0;
            let name = if closes { nodes[0].clone() } else { format!("n{}", first as u64 + place) };
            let label = if closes { "" } else { random.choose(&["", "", ":a", ":b", ":a|b"]) };
            let named = closes || random.below(5) > 0;
            text += &if named { format!("({name}{label})") } else { format!("({label})") };
            if named && !closes {
                nodes.push(name);
            }
            if place < hops {
                let edge = format!("e{}", first as u64 + place);
                let named = random.below(4) == 0;
                let types = random.choose(&["", ":r", ":r", ":s", ":t", ":r|s", ":d"]);
                let inside = if named { format!("[{edge}{types}]") } else { format!("[{types}]") };
                let (left, right) = random.choose(&[("-", "->"), ("<-", "-"), ("-", "-")]);
                text += &format!("{left}{inside}{right}");
                if named {
                    edges.push(edge);
                }
            }
        }
        if nodes.is_empty() {
            text = format!("(n{first}), {text}");
            nodes.push(format!("n{first}"));
        }
        Self { text, nodes, edges }
    }

    fn node(&self, random: &mut Random) -> &str {
        &self.nodes[usize::try_from(random.below(self.nodes.len() as u64)).unwrap()]
    }
}

fn condition(line: &Line, random: &mut Random) -> String {
    let (a, b) = (line.node(random).to_owned(), line.node(random).to_owned());
    match random.below(12) {
        0 => format!("{a}.k < {b}.k"),
        1 => format!("{a}.k = {b}.k"),
        2 => format!("{a} <> {b}"),
        3 => format!("NOT ({a})-[:r]->({b})"),
        4 => format!("EXISTS {{ ({a})--(:b) }}"),
        5 => format!("NOT EXISTS {{ ({a})-[:s]-() }} OR {b}.k > 1"),
        6 => format!("toLower({a}.name) CONTAINS '1'"),
        7 => format!("labels({a})[0] = 'a'"),
        8 => format!("id({a}) < id({b})"),
        9 => format!("{a}.missing IS NULL AND NOT {b}:b"),
        10 => format!("{a}.name IN ['1', '2', '3', '50']"),
        _ => format!("degree({a}, 'r') > {b}.k"),
    }
}

fn value(line: &Line, random: &mut Random) -> String {
    let node = line.node(random).to_owned();
    if let Some(edge) = line.edges.first().filter(|_| random.below(4) == 0) {
        return random.choose(&["type(E)", "E", "E.confidence"]).replace('E', edge);
    }
    random
        .choose(&["N", "N.name", "N.k", "labels(N)", "labels(N)[0]", "id(N)", "N.k + 1", "N.text"])
        .replace('N', &node)
}

fn returned(line: &Line, random: &mut Random) -> String {
    let (x, y, z) = (value(line, random), value(line, random), value(line, random));
    let node = line.node(random).to_owned();
    match random.below(12) {
        0 => "RETURN count(*) AS n".into(),
        1 | 2 => format!("RETURN {x} AS x, count(*) AS n"),
        3 => format!("RETURN {x} AS x, {y} AS y, count(*) AS n ORDER BY n DESC, x, y LIMIT 7"),
        4 => format!("RETURN {x} AS x, count(DISTINCT {y}) AS n, min({z}) AS least"),
        5 => format!("RETURN DISTINCT {x} AS x, {y} AS y"),
        6 => format!("RETURN {x} AS x, {y} AS y, {z} AS z ORDER BY x, y, z LIMIT 5"),
        7 => format!("RETURN {x} AS x, {y} AS y"),
        8 => format!("RETURN {node} AS n, sum({node}.k) AS total, count({y}) AS n2"),
        9 => format!("WITH {x} AS x, count(*) AS k RETURN k, count(*) AS times"),
        10 => format!("WITH DISTINCT {node} AS m, {y} AS y WHERE m.k < 2 RETURN m.name, y, count(*) AS c"),
        _ => format!("RETURN {x} AS x ORDER BY x SKIP 2 LIMIT 3"),
    }
}

fn random_query(random: &mut Random, hops: u64) -> String {
    let mut line = Line::random(random, 0, hops);
    let mut text = format!("MATCH {}", line.text);
    if random.below(5) == 0 {
        let other = Line::random(random, 10, 1);
        let (a, b) = (line.node(random).to_owned(), other.node(random).to_owned());
        text += &format!(", {} WHERE {a}.k = {b}.k", other.text);
        line.nodes.extend(other.nodes);
        line.edges.extend(other.edges);
    } else if random.below(2) == 0 {
        text += &format!(" WHERE {}", condition(&line, random));
        if random.below(3) == 0 {
            text += &format!(" AND {}", condition(&line, random));
        }
    }
    if random.below(5) == 0 {
        let from = line.node(random).to_owned();
        let types = random.choose(&["", ":r", ":s"]);
        text += &format!(" OPTIONAL MATCH ({from})-[{types}]-(o:a)");
        line.nodes.push("o".into());
    }
    format!("{text} {}", returned(&line, random))
}

#[test]
fn improved_plans_answer_as_plain_ones_on_small_graphs() {
    let graph = Graph::temporary().unwrap();
    for seed in 0..SMALL_GRAPHS {
        let mut random = Random(seed + 7_000_000);
        World::random(&mut random).build(&graph);
        let numbered = "MATCH (n) SET n.k = id(n) % 3, n.text = CASE id(n) % 2 WHEN 0 THEN 'even' ELSE NULL END";
        answer(&graph, numbered, false).unwrap();
        for _ in 0..QUERIES_PER_SMALL_GRAPH {
            check(&graph, &random_query(&mut random, 4), seed);
        }
    }
}

/// A graph with many nodes of few degrees, in which names come twice.
fn large(random: &mut Random) -> Graph {
    let graph = Graph::temporary().unwrap();
    let mut change = graph.change().unwrap();
    let labels = ["a", "b"].map(|label| change.label(label).unwrap());
    let types = [
        ("r", Polarity::Asserted, false),
        ("t", Polarity::Asserted, false),
        ("s", Polarity::Asserted, true),
        ("d", Polarity::Denied, false),
    ];
    let types = types.map(|(name, polarity, symmetric)| {
        change.relation_type(&RelationType { name: name.into(), polarity, symmetric }).unwrap()
    });
    let nodes: Vec<NodeId> = (0..NODES)
        .map(|number| {
            let mut properties = Properties::new();
            properties.insert("k".into(), PropertyValue::Integer(i64::try_from(number % 5).unwrap()));
            if number % 2 == 0 {
                properties.insert("text".into(), PropertyValue::Text("even".into()));
            }
            let labels = random.choose(&[&labels[..1], &labels[1..], &labels[..], &[]]).to_vec();
            let (name, identifiers) = ((number % 250).to_string(), vec![format!("n{number}")]);
            change.add_node(Node { labels, name, identifiers, properties, ..Node::default() }).unwrap()
        })
        .collect();
    let hand = change.hand().unwrap();
    for _ in 0..2 * NODES {
        let [source, target] = [0; 2].map(|_| nodes[usize::try_from(random.below(NODES)).unwrap()]);
        let relation = random.choose(&[types[0], types[0], types[1], types[2], types[3]]);
        change.add_fact(Edge { relation, source, target }, hand).unwrap();
    }
    change.commit().unwrap();
    graph
}

#[test]
fn improved_plans_answer_as_plain_ones_on_a_large_graph() {
    let mut random = Random(9_000_000);
    let graph = large(&mut random);
    for seed in 0..QUERIES_OF_LARGE_GRAPH {
        let mut random = Random(seed + 8_000_000);
        check(&graph, &random_query(&mut random, 2), seed);
    }
}

#[test]
fn rows_and_sums_do_not_depend_on_the_number_of_threads() {
    let graph = large(&mut Random(9_000_001));
    let text = "MATCH (a:a)-[:r]-(b)-[:s]-(c) RETURN b.k AS k, sum(c.k * 0.1) AS sum, avg(a.k) AS mean, collect(c.name) AS names";
    let rows = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let prepared = Prepared::new(&graph, text).unwrap();
        let run = || prepared.run(&graph, &Parameters::new(), &QueryOptions::default()).unwrap();
        pool.install(|| run().map(Result::unwrap).collect::<Vec<_>>())
    };
    let one = rows(1);
    assert!(!one.is_empty());
    assert_eq!(one, rows(2));
    assert_eq!(one, rows(5));
}
