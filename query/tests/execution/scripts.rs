//! Runs every script of `tests/scripts/`: queries as data, each with what it must answer.
//!
//! A script is a list of blocks with blank lines between them; lines that begin with `#` are comments.
//!
//! ```text
//! graph                     each line is run as a query; together they make the graph
//! CREATE (:gene {name: 'BRCA1'})
//!
//! fixture semantics         or a graph that the harness makes
//!
//! query                     then lines `parameter name = expression`, if there are any, and the query
//! MATCH (g:gene)
//! RETURN g.name
//! ----
//! g.name
//! 'BRCA1'
//! ```
//!
//! What is expected is the columns, then the rows: as they come if the query has ORDER BY or gives a plan, else sorted.
//! A query that writes tells what it wrote, and an error is told as the shell tells it. The queries of a script run on
//! one graph, one after the other. `UPDATE_EXPECT=1 cargo test` writes down what was answered; read it before you commit.

use std::path::Path;

use crate::harness::{TestGraph, repository};

/// Between a query and what it must answer.
const RULE: &str = "----";

#[test]
fn scripts_answer_as_they_say() {
    let mut paths: Vec<_> =
        std::fs::read_dir(repository().join("tests/scripts")).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "test"));
    paths.sort();
    assert!(!paths.is_empty(), "there are no scripts");
    let failures: Vec<String> = paths.iter().flat_map(|path| run(path)).collect();
    let hint = "UPDATE_EXPECT=1 writes down what was answered";
    assert!(failures.is_empty(), "{} answers differ ({hint}):\n\n{}", failures.len(), failures.join("\n\n"));
}

/// Runs a script. Gives what differs.
fn run(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap();
    let graph = TestGraph::new();
    let mut failures = Vec::new();
    let mut blocks = Vec::new();
    for block in text.trim_end().split("\n\n") {
        let answered = answered(block, &graph);
        if answered != block {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            failures.push(format!("{name}: expected\n{block}\n\nanswered\n{answered}"));
        }
        blocks.push(answered);
    }
    let problems = graph.problems();
    assert!(problems.is_empty(), "{} leaves a damaged graph: {problems:?}", path.display());
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(path, blocks.join("\n\n") + "\n").unwrap();
        failures.clear();
    }
    failures
}

/// The block as it should be.
fn answered(block: &str, graph: &TestGraph) -> String {
    let lines: Vec<&str> = block.lines().collect();
    let start = lines.iter().position(|line| !line.starts_with('#')).unwrap_or(lines.len());
    match lines.get(start).copied().unwrap_or_default() {
        "" => block.to_owned(),
        "graph" => {
            for line in lines[start + 1..].iter().filter(|line| !line.starts_with('#')) {
                graph.query(line, &[]).unwrap_or_else(|error| panic!("{line}: {error}"));
            }
            block.to_owned()
        }
        "query" => {
            let end = lines.iter().position(|line| *line == RULE).unwrap_or(lines.len());
            let answer = ask(&lines[start + 1..end], graph);
            format!("{}\n{RULE}\n{answer}", lines[..end].join("\n"))
        }
        other => match other.strip_prefix("fixture ") {
            Some(fixture) => {
                graph.load(fixture);
                block.to_owned()
            }
            None => panic!("a block begins with graph, fixture or query, not with {other:?}"),
        },
    }
}

/// What a query answers, as the script has it.
fn ask(lines: &[&str], graph: &TestGraph) -> String {
    let mut parameters = Vec::new();
    let mut query = Vec::new();
    for line in lines {
        match line.strip_prefix("parameter ").and_then(|rest| rest.split_once(" = ")) {
            Some((name, expression)) => parameters.push((name.to_owned(), graph.value(expression))),
            None => query.push(*line),
        }
    }
    let query = query.join("\n");
    let mut answer = match graph.query(&query, &parameters) {
        Ok(answer) => answer,
        Err(report) => return format!("error: {report}"),
    };
    let keeps_order = ["ORDER BY", "EXPLAIN", "PROFILE"].iter().any(|word| query.contains(word));
    if !keeps_order {
        answer.rows.sort();
    }
    let mut told = Vec::new();
    if !answer.columns.is_empty() {
        told.push(answer.columns.join(" | "));
        if answer.rows.is_empty() {
            told.push("(no rows)".into());
        }
    }
    let is_plan = answer.columns == ["plan"];
    told.extend(answer.rows.into_iter().map(|row| if is_plan { plan_line(&row) } else { row }));
    if !answer.written.is_empty() {
        told.push(format!("({})", answer.written));
    }
    told.extend(answer.notices.iter().map(|notice| format!("note: {notice}")));
    if told.is_empty() { "(nothing)".into() } else { told.join("\n") }
}

/// A line of a plan without the quotes, and without the time, which differs from run to run.
fn plan_line(row: &str) -> String {
    let line = row.trim_matches('\'');
    match line.split_once("took ") {
        Some((before, after)) => {
            let unit = after.split_once(' ').map_or("", |(_, unit)| unit);
            format!("{before}took _ {unit}")
        }
        None => line.to_owned(),
    }
}
