//! Runs the guide to the language: every example of `LANGUAGE.md`, one after the other, on one graph.

use crate::harness::{TestGraph, Value, function_names, procedure_names, repository};

/// The parameters that the examples use.
const PARAMETERS: [(&str, &str); 3] =
    [("names", "['BRCA1', 'TP53']"), ("limit", "5"), ("rows", "[{name: 'BRCA1'}, {name: 'NEW3'}]")];

fn guide() -> String {
    std::fs::read_to_string(repository().join("query/LANGUAGE.md")).unwrap()
}

/// A graph with what the examples speak of.
fn graph() -> TestGraph {
    let graph = TestGraph::new();
    graph.load("literature");
    let chemical = "MATCH (d {named: 'breast cancer'}) CREATE (:chemical {name: 'tamoxifen'})-[:treats]->(d)";
    assert!(graph.query(chemical, &[]).is_ok());
    graph
}

/// The blocks that are marked with a word, each with its line.
fn blocks<'g>(guide: &'g str, mark: &str) -> Vec<(usize, &'g str)> {
    let opening = format!("```{mark}\n");
    let starts = guide.match_indices(&opening);
    let block = |(start, _): (usize, &str)| {
        let inside = &guide[start + opening.len()..];
        let end = inside.find("```").expect("a block is closed");
        (guide[..start].lines().count() + 1, &inside[..end])
    };
    starts.map(block).collect()
}

#[test]
fn every_example_of_the_guide_runs() {
    let (guide, graph) = (guide(), graph());
    let parameters: Vec<(String, Value)> =
        PARAMETERS.iter().map(|(name, value)| ((*name).to_owned(), graph.value(value))).collect();
    let examples = blocks(&guide, "cypher");
    assert!(examples.len() > 40, "{} examples", examples.len());
    let failures: Vec<String> = examples
        .into_iter()
        .filter_map(|(line, text)| {
            graph.query(text, &parameters).err().map(|report| format!("LANGUAGE.md line {line}: {report}"))
        })
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
    assert_eq!(graph.problems(), Vec::<String>::new());
}

#[test]
fn every_example_of_an_error_is_one() {
    let (guide, graph) = (guide(), graph());
    for (line, text) in blocks(&guide, "cypher error") {
        assert!(graph.query(text, &[]).is_err(), "LANGUAGE.md line {line} is no error:\n{text}");
    }
}

#[test]
fn the_guide_names_every_procedure() {
    let guide = guide();
    let missing: Vec<_> = procedure_names().filter(|name| !guide.contains(&format!("`{name}"))).collect();
    assert!(missing.is_empty(), "LANGUAGE.md says nothing of {missing:?}");
}

#[test]
fn the_guide_names_every_function() {
    let guide = guide();
    let missing: Vec<_> = function_names().filter(|name| !guide.contains(&format!("`{name}("))).collect();
    assert!(missing.is_empty(), "LANGUAGE.md says nothing of {missing:?}");
}
