//! What Tab offers: the language says what sort of thing may stand at the cursor, the graph has the names.

use hopgraph::Graph;
use hopgraph::engine::StorageError;
use hopgraph::query::candidate::{Candidate, candidates};
use rustyline::completion::Pair;

use crate::command;

/// What may stand at this byte of the line, and where the word begins that it replaces.
pub(super) fn complete(graph: &Graph, parameters: &[String], line: &str, position: usize) -> (usize, Vec<Pair>) {
    if line.starts_with(':') {
        return complete_command(line, position);
    }
    let found = || -> Result<_, StorageError> { candidates(&*graph.read()?, parameters, line, position) };
    // A graph that cannot be read is told by the next query, not by Tab.
    let Ok((span, words)) = found() else { return (position, Vec::new()) };
    let pair = |Candidate { display, replacement, .. }| Pair { display, replacement };
    (span.start, words.into_iter().map(pair).collect())
}

/// Whether a word begins with this, ignoring case.
fn starts_with(word: &str, prefix: &str) -> bool {
    word.to_lowercase().starts_with(&prefix.to_lowercase())
}

fn plain(words: impl Iterator<Item = String>) -> impl Iterator<Item = Pair> {
    words.map(|word| Pair { display: word.clone(), replacement: word })
}

/// Names of commands, and the words that their argument may be.
fn complete_command(line: &str, position: usize) -> (usize, Vec<Pair>) {
    let typed = line.get(1..position).unwrap_or_default();
    match typed.split_once(' ') {
        None => {
            let fitting = command::ALL.iter().filter(|command| starts_with(command.name(), typed));
            (1, plain(fitting.map(|command| command.name().to_owned())).collect())
        }
        Some((name, argument)) => {
            let choices = command::find(name).map(|command| command.choices()).unwrap_or_default();
            let fitting = choices.iter().filter(|choice| starts_with(choice, argument));
            (position - argument.len(), plain(fitting.map(|&choice| choice.to_owned())).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use hopgraph::engine::{Node, PropertyValue};

    use super::*;

    fn graph() -> Graph {
        let graph = Graph::temporary().unwrap();
        let mut change = graph.write().unwrap();
        let gene = change.label("gene").unwrap();
        let cell_line = change.label("cell line").unwrap();
        let year = ("year".to_owned(), PropertyValue::Integer(1994));
        for (label, name) in [(gene, "BRCA1"), (gene, "BRCA2"), (cell_line, "BR5's line"), (gene, "TP53")] {
            let properties = [year.clone()].into();
            let synonyms = vec!["BRx".to_owned()];
            let node = Node { labels: vec![label], name: name.to_owned(), synonyms, properties, ..Node::default() };
            change.add_node(node).unwrap();
        }
        for name in ["associated", "not_associated"] {
            let kind = hopgraph::engine::RelationType {
                name: name.to_owned(),
                polarity: hopgraph::engine::Polarity::Asserted,
                symmetric: true,
            };
            change.relation_type(&kind).unwrap();
        }
        change.commit().unwrap();
        graph
    }

    /// Completes at the bar; gives the whole line for each word that is offered.
    fn lines(graph: &Graph, text: &str) -> Vec<String> {
        let position = text.find('|').unwrap();
        let line = text.replacen('|', "", 1);
        let (start, words) = complete(graph, &["name".to_owned()], &line, position);
        words.iter().map(|word| format!("{}{}{}", &line[..start], word.replacement, &line[position..])).collect()
    }

    #[test]
    fn tab_offers_what_fits() {
        let graph = graph();
        let cases: [(&str, &[&str]); 12] = [
            ("MAT|", &["MATCH"]),
            ("mat|", &["match"]),
            ("MATCH (g:g|) RETURN g", &["MATCH (g:gene) RETURN g"]),
            ("MATCH (g:`cell|", &["MATCH (g:`cell line`"]),
            ("MATCH (g:ce|", &["MATCH (g:`cell line`"]),
            ("MATCH (a)-[:as|", &["MATCH (a)-[:associated"]),
            ("MATCH (g:gene {name: 'br|", &["MATCH (g:gene {name: 'BRCA1'", "MATCH (g:gene {name: 'BRCA2'"]),
            ("MATCH (g:gene {name: 'brca1|'})", &["MATCH (g:gene {name: 'BRCA1'})"]),
            ("MATCH (g:`cell line` {name: 'BR|", &["MATCH (g:`cell line` {name: 'BR5\\'s line'"]),
            ("MATCH (g:gene {y|", &["MATCH (g:gene {year"]),
            ("MATCH (g:gene) WHERE g.name = $n|", &["MATCH (g:gene) WHERE g.name = $name"]),
            ("MATCH (g:gene) RETURN collec|", &["MATCH (g:gene) RETURN collect("]),
        ];
        for (text, expected) in cases {
            assert_eq!(lines(&graph, text), expected, "{text}");
        }
    }

    #[test]
    fn commands_and_their_arguments_complete() {
        let graph = graph();
        let cases: [(&str, &[&str]); 4] = [
            (":fo|", &[":format"]),
            (":format j|", &[":format json", ":format jsonl"]),
            (":timing |", &[":timing on", ":timing off"]),
            (":nothing x|", &[]),
        ];
        for (text, expected) in cases {
            assert_eq!(lines(&graph, text), expected, "{text}");
        }
    }
}
