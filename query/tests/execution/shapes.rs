//! Many spellings of one question get one plan: reachability, with no path listed, and the same answer.

use std::collections::BTreeSet;

use hopgraph_engine::Graph;
use hopgraph_query::{Parameters, QueryOptions, Value, query};

/// Genes in a ring, each with a disease, and diseases that share chemicals.
fn graph() -> Graph {
    let graph = Graph::temporary().unwrap();
    let build = [
        "UNWIND range(0, 19) AS i CREATE (:gene {name: 'G' + i, i: i}), (:disease {name: 'D' + i, i: i})",
        "MATCH (a:gene), (b:gene) WHERE b.i = (a.i + 1) % 20 CREATE (a)-[:binds]->(b)",
        "MATCH (g:gene), (d:disease) WHERE g.i = d.i CREATE (g)-[:causes]->(d)",
        "MATCH (a:gene), (b:gene) WHERE b.i = (a.i + 7) % 20 CREATE (a)-[:binds]->(b)",
    ];
    build.iter().for_each(|text| drop(rows(&graph, text)));
    graph
}

fn rows(graph: &Graph, text: &str) -> Vec<Vec<Value>> {
    let rows = query(graph, text, &Parameters::new(), &QueryOptions::default())
        .unwrap_or_else(|error| panic!("{}", error.report(text)));
    rows.map(|row| row.unwrap_or_else(|error| panic!("{}", error.report(text))).into_values()).collect()
}

/// The lines of EXPLAIN or PROFILE.
fn plan(graph: &Graph, text: &str) -> Vec<String> {
    let line = |row: Vec<Value>| if let Value::Text(line) = &row[0] { line.clone() } else { panic!("{row:?}") };
    rows(graph, text).into_iter().map(line).collect()
}

/// The plan has this operator, and none that goes from node to node.
fn assert_reaches(graph: &Graph, text: &str, operator: &str) {
    let lines = plan(graph, &format!("EXPLAIN {text}"));
    let walks = |line: &String| line.contains("Expand") || line.contains("ShortestPath");
    assert!(
        lines.iter().any(|line| line.trim_start().starts_with(operator)) && !lines.iter().any(walks),
        "{text}\nhas no {operator}, or walks:\n{}",
        lines.join("\n")
    );
}

/// Pairs as rows: both ends are listed.
#[test]
fn pairs_are_reached_however_they_are_asked_for() {
    let graph = graph();
    let spellings = [
        "MATCH gene -[*2..4]- disease RETURN gene, disease",
        "MATCH gene -[*2..4]- disease RETURN gene, disease, hops",
        "MATCH (g:gene)-[*2..4]-(d:disease) RETURN g, d, hops",
        "MATCH (g:gene)-[*2..4]-(d:disease) RETURN DISTINCT g, d",
        "MATCH (d:disease)-[*2..4]-(g:gene) RETURN DISTINCT g, d",
        "MATCH (g:gene)-[*2..4]-(d:disease) WITH DISTINCT g, d RETURN g, d",
        "MATCH (g:gene)-[*1..3]-()--(d:disease) RETURN DISTINCT g, d",
        "MATCH (g:gene)--()-[*1..3]-(d:disease) RETURN DISTINCT g, d",
        "MATCH (g:gene)--(x)-[*1..3]-(d:disease) RETURN DISTINCT g, d",
        "MATCH (g:gene)--()-[*..2]-()-[*0..1]-(d:disease) RETURN DISTINCT g, d",
        "MATCH p = (g:gene)-[*2..4]-(d:disease) RETURN DISTINCT g, d",
        "MATCH p = (g:gene)-[*2..]-(d:disease) WHERE length(p) <= 4 RETURN DISTINCT g, d",
        "MATCH p = (g:gene)-[*]-(d:disease) WHERE 2 <= length(p) <= 4 RETURN DISTINCT g, d",
        "MATCH p = (g:gene)-[*]-(d:disease) WHERE length(p) > 1 AND 5 > length(p) RETURN DISTINCT g, d",
        "MATCH (g:gene)-[r*2..9]-(d:disease) WHERE size(r) < 5 RETURN DISTINCT g, d",
        "MATCH (g:gene)-[*2..]-(d:disease) WHERE hops <= 4 RETURN g, d",
        "MATCH p = (g:gene)-[*2..4]-(d:disease) RETURN g, d, min(length(p))",
        "MATCH (g:gene)-[r*2..4]-(d:disease) RETURN g, d, min(size(r)) AS least ORDER BY least",
        "MATCH (g:gene)-[*2..4]-(d:disease) UNWIND [1, 1] AS twice RETURN DISTINCT g, d",
        "MATCH (g:gene) MATCH (g)-[*2..4]-(d:disease) RETURN DISTINCT g, d",
        "MATCH (g:gene), (d:disease) WHERE (g)-[*2..4]-(d) RETURN g, d",
        "MATCH (g:gene), (d:disease) WHERE EXISTS { (g)-[*1..3]-()--(d) } RETURN g, d",
        "MATCH (d:disease) MATCH (g:gene) MATCH (g)-[*2..4]-(d) RETURN DISTINCT g, d",
    ];
    let count = rows(&graph, spellings[0]).len();
    assert!(count > 100, "{count} pairs");
    for text in spellings {
        assert_reaches(&graph, text, "Reach TRAIL");
        assert_eq!(rows(&graph, text).len(), count, "{text}");
    }
}

/// Among other relationships, where it cannot walk what they walk.
#[test]
fn a_part_of_a_pattern_is_reached_where_that_is_the_same() {
    let graph = graph();
    let cases = [
        (
            "MATCH (g:gene)-[:binds*2..3]-(h:gene)-[:causes]-(d:disease)",
            "MATCH (g:gene)-[:binds*2..3]-(h:gene) WITH DISTINCT g, h MATCH (h)-[:causes]-(d:disease)",
            "Reach TRAIL (g:gene)",
        ),
        (
            "MATCH (d:disease)<-[:causes]-(h:gene), (h)-[:binds*2..3]-(g:gene) WHERE g.i > h.i",
            "MATCH (d:disease)<-[:causes]-(h:gene) MATCH (h)-[:binds*2..3]-(g:gene) WHERE g.i > h.i",
            "Reach TRAIL (h:gene)",
        ),
        (
            "MATCH (d:disease {name: 'D3'})-[:causes]-(h:gene)-[:binds*..3]->(g:gene)",
            "MATCH (d:disease {name: 'D3'})-[:causes]-(h:gene) MATCH (h)-[:binds*..3]->(g:gene)",
            "Reach TRAIL (h)",
        ),
        (
            "MATCH WALK (d:disease {name: 'D3'})--(h:gene)-[*..3]-(g:gene)",
            "MATCH (d:disease {name: 'D3'})--(h:gene) MATCH WALK (h)-[*..3]-(g:gene)",
            "Reach WALK (h)",
        ),
    ];
    for (text, same, operator) in cases {
        let text = format!("{text} RETURN DISTINCT g.name AS g, d.name AS d ORDER BY g, d");
        let lines = plan(&graph, &format!("EXPLAIN {text}"));
        let reaches = lines.iter().any(|line| line.trim_start().starts_with(operator));
        assert!(reaches && !lines.iter().any(|line| line.contains("ExpandPaths")), "{text}\n{}", lines.join("\n"));
        let found = rows(&graph, &text);
        assert!(!found.is_empty(), "{text}");
        assert_eq!(
            found,
            rows(&graph, &format!("{same} RETURN DISTINCT g.name AS g, d.name AS d ORDER BY g, d")),
            "{text}"
        );
    }
    // One that may walk what the other walks stays with it.
    let text = "MATCH (g:gene)-[*2..3]-(h:gene)--(d:disease) RETURN DISTINCT g, d";
    assert!(plan(&graph, &format!("EXPLAIN {text}")).iter().any(|line| line.contains("ExpandPaths")));
}

/// The length of any shortest path is a number of hops.
#[test]
fn lengths_of_shortest_paths_are_reached() {
    let graph = graph();
    let spellings = [
        "MATCH p = shortestPath((g:gene)-[*..4]-(d:disease)) RETURN g.name, d.name, length(p)",
        "MATCH p = ANY SHORTEST (g:gene)-[*..4]-(d:disease) RETURN g.name, d.name, length(p)",
        "MATCH p = ANY SHORTEST (g:gene)-[*]-(d:disease) WHERE length(p) < 5 RETURN g.name, d.name, length(p)",
        "MATCH ANY SHORTEST (g:gene)-[r*..4]-(d:disease) RETURN g.name, d.name, size(r)",
        "MATCH ANY SHORTEST (g:gene)-[*..4]-(d:disease) RETURN g.name, d.name, hops",
        "MATCH p = ALL SHORTEST (g:gene)-[*..4]-(d:disease) RETURN DISTINCT g.name, d.name, length(p)",
        "MATCH p = ALL SHORTEST (g:gene)-[*..4]-(d:disease) RETURN g.name, d.name, min(length(p))",
        "MATCH ACYCLIC (g:gene)-[*..4]-(d:disease) RETURN g.name, d.name, hops",
    ];
    let sorted = |text: &str| {
        let mut lines: Vec<String> = rows(&graph, text).iter().map(|row| format!("{row:?}")).collect();
        lines.sort();
        lines
    };
    let expected = sorted(
        "MATCH p = ANY SHORTEST (g:gene)-[r*..4]-(d:disease) WHERE size(nodes(p)) > 0 RETURN g.name, d.name, length(p)",
    );
    assert!(expected.len() > 100, "{} pairs", expected.len());
    for text in spellings {
        assert_reaches(&graph, text, "Reach ACYCLIC");
        assert_eq!(sorted(text), expected, "{text}");
    }
}

/// Numbers of pairs: none is listed.
#[test]
fn pairs_are_counted_without_being_listed() {
    let graph = graph();
    let pairs = rows(&graph, "MATCH gene -[*2..4]- disease").len();
    let spellings = [
        "MATCH gene -[*2..4]- disease RETURN count(*)",
        "MATCH gene -[*2..4]- disease RETURN count(gene)",
        "MATCH (g:gene)-[*2..4]-(d:disease) WITH DISTINCT g, d RETURN count(*)",
        "MATCH (g:gene)-[*2..4]-(d:disease) WITH DISTINCT g AS x, d AS y RETURN count(y)",
        "MATCH (g:gene)-[*2..4]-(d:disease) WITH g, d, hops RETURN count(hops)",
        "MATCH (g:gene)-[*2..4]-(d:disease) WITH hops, count(*) AS n RETURN sum(n)",
        "MATCH (g:gene)-[*2..4]-(d:disease) WITH g, count(DISTINCT d) AS n RETURN sum(n)",
        "MATCH (g:gene)-[*2..4]-(d:disease) WITH d, count(DISTINCT g) AS n RETURN sum(n)",
        "MATCH (g:gene)-[*2..4]-(d:disease) WITH g.name AS name, count(DISTINCT d) AS n RETURN sum(n)",
        "MATCH p = (g:gene)-[*]-(d:disease) WHERE 2 <= length(p) <= 4 WITH DISTINCT g, d RETURN count(*)",
        "MATCH (g:gene)--()-[*1..3]-(d:disease) WITH DISTINCT g, d RETURN count(*)",
    ];
    for text in spellings {
        assert_reaches(&graph, text, "CountReach TRAIL");
        assert_eq!(rows(&graph, text), [[Value::Integer(pairs as i64)]], "{text}");
    }
}

/// What is around one node is counted, however it is asked and however the node is found; none of it is listed.
#[test]
fn what_is_around_one_node_is_counted_without_being_listed() {
    let graph = graph();
    assert_eq!(rows(&graph, "MATCH (a {name: 'G7'}) RETURN id(a)"), [[Value::Integer(14)]]);
    let around = rows(&graph, "MATCH (a {name: 'G7'})-[*1..3]-(b) WHERE a <> b RETURN DISTINCT b").len();
    let spellings = [
        "MATCH (a {name: 'G7'})-[*1..3]-(b) WHERE a <> b RETURN count(DISTINCT b)",
        "MATCH (a:gene {name: 'G7'})-[*1..3]-(b) WHERE NOT a = b RETURN count(DISTINCT b)",
        "MATCH (b)-[*1..3]-(a) WHERE id(b) <> id(a) AND a.name = 'G7' RETURN count(DISTINCT b)",
        "MATCH (a {name: 'G7'})-[*1..3]-(b) WHERE a <> b WITH DISTINCT b RETURN count(*)",
        "MATCH (a {name: 'G7'})-[*1..3]-(b) WHERE a <> b WITH DISTINCT b RETURN count(b)",
        "MATCH (a {name: 'G7'})-[*1..3]-(b) WHERE a <> b AND hops > 0 WITH DISTINCT b RETURN count(*)",
        "MATCH (a {name: 'G7'}) MATCH (a)-[*1..3]-(b) WHERE a <> b RETURN count(DISTINCT b)",
        "MATCH (a {name: 'G7'}) MATCH (b)-[*1..3]-(a) WHERE b <> a WITH DISTINCT b RETURN count(*)",
        "MATCH (a:gene) WHERE a.name = 'G7' WITH a MATCH (a)-[*1..3]-(b) WHERE b <> a RETURN a, count(DISTINCT b)",
        "MATCH (a)-[*1..3]-(b) WHERE id(a) = 14 AND a <> b WITH hops, count(DISTINCT b) AS n RETURN sum(n)",
    ];
    for text in spellings {
        let lines = plan(&graph, &format!("EXPLAIN {text}"));
        let counts = lines.iter().any(|line| line.contains("CountReach TRAIL") && line.contains(", different nodes"));
        let found = rows(&graph, text);
        assert_eq!(found[0].last(), Some(&Value::Integer(around as i64)), "{text}");
        assert!(counts, "{text}\n{}", lines.join("\n"));
    }
}

/// What is asked of one end only, or of the number of hops only, is answered for it only.
#[test]
fn what_is_asked_of_one_end_is_counted_for_that_end() {
    let graph = graph();
    let listed = |text: &str| {
        rows(&graph, &format!("MATCH gene -[*2..4]- disease WITH gene, disease, hops ORDER BY hops {text}"))
    };
    let cases = [
        ("RETURN hops, count(*) AS n ORDER BY hops", ", each number of hops"),
        ("RETURN min(hops), max(hops), sum(hops), avg(hops), count(*)", ", each number of hops"),
        ("RETURN gene.name AS name, count(*) AS n, min(hops) ORDER BY name", ", each gene, each number of hops"),
        ("RETURN gene.i % 3 AS third, count(*) AS n, sum(hops) ORDER BY third", ", each gene, each number of hops"),
        ("RETURN gene.i % 3 AS third, count(DISTINCT disease) AS n ORDER BY third", ", each gene.i % 3"),
        ("RETURN disease.i AS i, count(DISTINCT gene) AS n ORDER BY i", ", each disease.i"),
        ("RETURN count(DISTINCT disease)", ", each disease"),
        ("RETURN DISTINCT disease.name AS name ORDER BY name", ", each disease"),
        ("RETURN DISTINCT disease AS d ORDER BY id(d)", ", each disease"),
        ("RETURN DISTINCT hops ORDER BY hops", ", each number of hops"),
        ("WITH hops WHERE hops > 2 RETURN count(*)", ", each number of hops"),
        ("RETURN disease.i > 10 AS high, collect(DISTINCT hops)[0..1] AS some ORDER BY high", ", each disease"),
    ];
    for (text, by) in cases {
        let asked = format!("MATCH gene -[*2..4]- disease {text}");
        let lines = plan(&graph, &format!("EXPLAIN {asked}"));
        let counted = lines.iter().find(|line| line.contains("CountReach"));
        assert!(counted.is_some_and(|line| line.contains(by)), "{asked}\n{}", lines.join("\n"));
        assert_eq!(rows(&graph, &asked), listed(text), "{asked}");
    }
}

/// A condition that two ends are joined in another way is asked within the Reach.
#[test]
fn conditions_on_pairs_are_asked_of_all_pairs_at_once() {
    let graph = graph();
    let pairs = |text: &str| -> BTreeSet<String> {
        let text = format!("{text} RETURN DISTINCT gene.name, disease.name");
        rows(&graph, &text).iter().map(|row| format!("{row:?}")).collect()
    };
    let reached = pairs("MATCH gene -[*2..4]- disease");
    let linked = pairs("MATCH gene -- disease");
    let near = pairs("MATCH gene -[:binds|causes*1..2]- disease");
    let caused = pairs("MATCH gene -[:causes]-> disease");
    let cases = [
        ("NOT (gene)--(disease)", &reached - &linked),
        ("(gene)--(disease)", &reached & &linked),
        ("NOT (disease)--(gene)", &reached - &linked),
        ("NOT (disease)<-[:causes]-(gene)", &reached - &caused),
        ("NOT (disease)-[:causes]->(gene)", reached.clone()),
        ("NOT EXISTS { (gene)-[:binds|causes*1..2]-(disease) }", &reached - &near),
        ("EXISTS { MATCH (disease)-[:binds|causes*1..2]-(gene) }", &reached & &near),
        ("EXISTS { (gene)-[:binds|causes*1..2]-(disease) } AND NOT (gene)--(disease)", &(&reached & &near) - &linked),
        ("NOT EXISTS { (gene)--(disease) }", &reached - &linked),
    ];
    for (condition, expected) in cases {
        let text = format!("MATCH gene -[*2..4]- disease WHERE {condition}");
        assert_eq!(pairs(&text), expected, "{text}");
        let count = format!("{text} RETURN count(*)");
        assert_eq!(rows(&graph, &count), [[Value::Integer(expected.len() as i64)]], "{count}");
        let lines = plan(&graph, &format!("EXPLAIN {count}"));
        assert!(lines.len() == 2 && lines[1].trim_start().starts_with("CountReach"), "{count}\n{}", lines.join("\n"));
    }
}

/// What needs the paths, or both ends, does not get less.
#[test]
fn what_needs_paths_or_pairs_gets_them() {
    let graph = graph();
    let walking = [
        "MATCH (g:gene)-[*2..3]-(d:disease) RETURN g, d",
        "MATCH p = (g:gene)-[*2..3]-(d:disease) RETURN g, d, max(length(p))",
        "MATCH p = (g:gene)-[*2..3]-(d:disease) RETURN g, d, min(length(p)), count(*)",
        "MATCH p = (g:gene)-[*2..3]-(d:disease) RETURN DISTINCT g, d, length(p)",
        "MATCH (g:gene)--(x)--(d:disease) RETURN DISTINCT g, x, d",
        "MATCH (g:gene)--(x:gene)--(d:disease) RETURN DISTINCT g, d",
        "MATCH (g:gene)-[:binds]-()-[:causes]-(d:disease) RETURN DISTINCT g, d",
        "MATCH (g:gene)-->()<--(d:gene) RETURN DISTINCT g, d",
        "MATCH (g:gene)--(x)--(d:disease) RETURN g.name, d.name, hops",
    ];
    for text in walking {
        let lines = plan(&graph, &format!("EXPLAIN {text}"));
        assert!(lines.iter().any(|line| line.contains("Expand")), "{text}\n{}", lines.join("\n"));
    }
    let lines = plan(&graph, "EXPLAIN MATCH (g:gene)-[*2..3]-(d:disease) RETURN count(d)");
    assert!(lines.iter().any(|line| line.contains("CountPaths")), "{}", lines.join("\n"));
    let listing = [
        "MATCH gene -[*2..4]- disease RETURN gene.i = disease.i AS same, count(*)",
        "MATCH gene -[*2..4]- disease RETURN count(DISTINCT gene), count(DISTINCT disease)",
        "MATCH gene -[*2..4]- disease RETURN gene.name, collect(hops)",
        "MATCH gene -[*2..4]- disease WITH * LIMIT 5 RETURN count(*)",
    ];
    for text in listing {
        let lines = plan(&graph, &format!("EXPLAIN {text}"));
        assert!(lines.iter().any(|line| line.trim_start().starts_with("Reach")), "{text}\n{}", lines.join("\n"));
    }
}

/// What a search would read first is every edge; the store knows those of one node.
#[test]
fn a_single_hop_from_a_node_that_is_looked_up_is_a_hop_however_it_is_written() {
    let graph = graph();
    for text in [
        "MATCH (g:gene {name: 'G3'})-[*1..1]-(x) WHERE x <> g RETURN count(DISTINCT x)",
        "MATCH (x)-[*1]-(g {name: 'G3'}) RETURN count(DISTINCT x)",
        "MATCH WALK (g {name: 'G3'})-[*..1]-(x) RETURN count(DISTINCT x)",
    ] {
        let lines = plan(&graph, &format!("EXPLAIN {text}"));
        let has = |operator: &str| lines.iter().any(|line| line.trim_start().starts_with(operator));
        assert!(has("Expand") && !has("Reach") && !has("CountReach"), "{text}\n{}", lines.join("\n"));
        assert_eq!(rows(&graph, text), [[Value::Integer(5)]], "{text}");
    }
}

#[test]
fn a_profile_shows_the_neighbours_that_a_search_touched() {
    let graph = graph();
    for (text, operator) in
        [("MATCH gene -[*2..4]- disease", "Reach"), ("MATCH gene -[*2..4]- disease RETURN count(*)", "CountReach")]
    {
        let lines = plan(&graph, &format!("PROFILE {text}"));
        let line = lines.iter().find(|line| line.trim_start().starts_with(operator)).unwrap();
        assert!(line.contains("touched ") && !line.contains("touched 0 "), "{line}");
    }
}
