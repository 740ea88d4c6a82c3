//! What Tab offers: the language says what sort of thing may stand at the cursor, the graph has the names.

use std::collections::BTreeSet;

use hopgraph::engine::{Node, StorageError, View};
use hopgraph::query::completion::{Completion, CompletionKind, completion_at};
use hopgraph::{Graph, query};
use rustyline::completion::Pair;

use crate::command;

/// The most names of entities that are offered at once.
const NAMES_OFFERED: usize = 50;
/// How many names are looked at for those, since other labels and synonyms are among them.
const NAMES_READ: usize = 1000;
/// How many nodes are looked at for the keys of their properties.
const NODES_SAMPLED: usize = 100;

/// What may stand at this byte of the line, and where the word begins that it replaces.
pub(super) fn complete(graph: &Graph, parameters: &[String], line: &str, position: usize) -> (usize, Vec<Pair>) {
    if line.starts_with(':') {
        return complete_command(line, position);
    }
    let completion = completion_at(line, position);
    // A graph that cannot be read is told by the next query, not by Tab.
    let words = words(graph, parameters, &completion, line).unwrap_or_default();
    (completion.span.start, words)
}

fn words(graph: &Graph, parameters: &[String], completion: &Completion, line: &str) -> Result<Vec<Pair>, StorageError> {
    let mut words = Vec::new();
    for kind in &completion.kinds {
        match kind {
            CompletionKind::Keyword => words.extend(keywords(completion)),
            CompletionKind::Label => {
                let snapshot = graph.read()?;
                let labels = snapshot.catalog().labels().map(|(_, label)| label);
                words.extend(plain(labels.filter(|label| fits(label, completion)).map(quoted_name)));
            }
            CompletionKind::RelationType => {
                let snapshot = graph.read()?;
                let types = snapshot.catalog().relation_types().map(|(_, kind)| kind.name.as_str());
                words.extend(plain(types.filter(|name| fits(name, completion)).map(quoted_name)));
            }
            CompletionKind::Variable => {
                words.extend(plain(
                    completion.variables.iter().filter(|name| fits(name, completion)).map(|name| quoted_name(name)),
                ));
            }
            CompletionKind::Function => words.extend(functions(completion)),
            CompletionKind::Procedure => words.extend(procedures(&line[..completion.span.start], completion)),
            CompletionKind::Column => words.extend(columns(line, completion)),
            CompletionKind::PropertyKey => words.extend(property_keys(graph, completion)?),
            CompletionKind::EntityName => words.extend(entity_names(graph, completion, line)?),
            CompletionKind::Parameter => {
                words.extend(plain(parameters.iter().filter(|name| fits(name, completion)).cloned()));
            }
            _ => {}
        }
    }
    Ok(words)
}

fn fits(word: &str, completion: &Completion) -> bool {
    starts_with(word, &completion.prefix)
}

/// Whether a word begins with this, ignoring case.
fn starts_with(word: &str, prefix: &str) -> bool {
    word.to_lowercase().starts_with(&prefix.to_lowercase())
}

fn plain(words: impl Iterator<Item = String>) -> impl Iterator<Item = Pair> {
    words.map(|word| Pair { display: word.clone(), replacement: word })
}

/// Keywords in the case that was begun.
fn keywords(completion: &Completion) -> impl Iterator<Item = Pair> {
    let lower = completion.prefix.chars().next().is_some_and(char::is_lowercase);
    let fitting = completion.keywords.iter().filter(|word| fits(word, completion));
    plain(fitting.map(move |word| if lower { word.to_lowercase() } else { (*word).to_owned() }))
}

fn functions(completion: &Completion) -> impl Iterator<Item = Pair> {
    let fitting = query::functions().iter().filter(|function| fits(function.name, completion));
    fitting.map(|function| Pair {
        display: format!("{}({})", function.name, function.arguments),
        replacement: format!("{}(", function.name),
    })
}

/// Procedures; of one whose name is begun, what stands behind its last dot.
fn procedures(before: &str, completion: &Completion) -> Vec<Pair> {
    let begun = before.rsplit(|letter: char| !letter.is_alphanumeric() && !['.', '_'].contains(&letter)).next();
    let begun = begun.unwrap_or_default().to_owned();
    let typed = format!("{begun}{}", completion.prefix);
    let fitting = query::procedures().iter().filter(|one| starts_with(one.name, &typed));
    fitting
        .map(|one| {
            let bracket = if one.options.is_empty() { "" } else { "({" };
            Pair { display: one.name.to_owned(), replacement: format!("{}{bracket}", &one.name[begun.len()..]) }
        })
        .collect()
}

/// The columns of the procedure that the line calls.
fn columns(line: &str, completion: &Completion) -> Vec<Pair> {
    let before = line[..completion.span.start].to_lowercase();
    let called = before.rfind("call ").map(|place| before[place + 5..].trim_start().to_owned()).unwrap_or_default();
    let is_called = |name: &str| {
        let rest = called.strip_prefix(&name.to_lowercase());
        rest.is_some_and(|rest| !rest.starts_with(|letter: char| letter.is_alphanumeric() || letter == '_'))
    };
    let columns = query::procedures().iter().filter(|one| is_called(one.name)).flat_map(|one| one.columns);
    plain(columns.filter(|column| fits(column, completion)).map(|column| (*column).to_owned())).collect()
}

/// A name as the language takes it: in back-quotes if it is not one word.
fn quoted_name(name: &str) -> String {
    let mut letters = name.chars();
    let begins = letters.next().is_some_and(|letter| letter.is_alphabetic() || letter == '_');
    if begins && letters.all(|letter| letter.is_alphanumeric() || letter == '_') {
        name.to_owned()
    } else {
        format!("`{}`", name.replace('`', "``"))
    }
}

/// The keys that some nodes of the label have, with those that the engine keeps apart.
fn property_keys(graph: &Graph, completion: &Completion) -> Result<Vec<Pair>, StorageError> {
    let snapshot = graph.read()?;
    let nodes = match completion.label.as_deref().and_then(|label| snapshot.catalog().label(label)) {
        Some(label) => snapshot.nodes_with_label(label)?,
        None => snapshot.nodes()?,
    };
    let mut keys: BTreeSet<String> = ["name", "identifiers", "synonyms"].map(str::to_owned).into();
    for node in nodes.iter().take(NODES_SAMPLED) {
        keys.extend(snapshot.node(node)?.unwrap_or_default().properties.into_keys());
    }
    Ok(plain(keys.into_iter().filter(|key| fits(key, completion)).map(|key| quoted_name(&key))).collect())
}

/// Preferred names of entities, and the quote that closes them.
fn entity_names(graph: &Graph, completion: &Completion, line: &str) -> Result<Vec<Pair>, StorageError> {
    if completion.prefix.is_empty() {
        return Ok(Vec::new());
    }
    let snapshot = graph.read()?;
    let label = completion.label.as_deref().and_then(|label| snapshot.catalog().label(label));
    let quote = line.get(..completion.span.start).and_then(|before| before.chars().next_back()).unwrap_or('\'');
    let is_closed = line.get(completion.span.end..).is_some_and(|after| after.starts_with(quote));
    let mut names = BTreeSet::new();
    for (name, node) in snapshot.names_with_prefix(&completion.prefix, NAMES_READ)? {
        let node = snapshot.node(node)?.unwrap_or_default();
        let has_label = |node: &Node| label.is_none_or(|label| node.labels.contains(&label));
        if names.len() < NAMES_OFFERED && node.name == name && has_label(&node) {
            names.insert(name);
        }
    }
    let closing = if is_closed { String::new() } else { quote.to_string() };
    let written = |name: &str| name.replace('\\', "\\\\").replace(quote, &format!("\\{quote}")) + &closing;
    Ok(names.into_iter().map(|name| Pair { replacement: written(&name), display: name }).collect())
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
    use hopgraph::engine::PropertyValue;

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
