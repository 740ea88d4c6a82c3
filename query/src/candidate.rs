//! The words that may be put in at the cursor: the language says of what sort they are, the graph has the names.

use std::collections::BTreeSet;

use hopgraph_engine::{Node, Snapshot, StorageError, View};

use crate::ast::Span;
use crate::completion::{Completion, CompletionKind, completion_at};
use crate::{functions, procedures};

/// The most names of entities that are offered at once.
const NAMES_OFFERED: usize = 50;
/// How many names are looked at for those, since other labels and synonyms are among them.
const NAMES_READ: usize = 1000;
/// How many nodes are looked at for the keys of their properties.
const NODES_SAMPLED: usize = 100;

/// A word that may be put in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// As it is shown in a list.
    pub display: String,
    /// What takes the place of what was typed.
    pub replacement: String,
    /// What sort of thing it is.
    pub kind: CompletionKind,
}

/// What may stand at this byte of a text, and the place that it takes. `parameters` are the names of those that are set.
pub fn candidates(
    snapshot: &Snapshot,
    parameters: &[String],
    text: &str,
    cursor: usize,
) -> Result<(Span, Vec<Candidate>), StorageError> {
    let completion = completion_at(text, cursor);
    let mut found = Vec::new();
    for &kind in &completion.kinds {
        let words = match kind {
            CompletionKind::Keyword => keywords(&completion),
            CompletionKind::Label => {
                let labels = snapshot.catalog().labels().map(|(_, label)| label);
                plain(labels.filter(|label| fits(label, &completion)).map(quoted_name))
            }
            CompletionKind::RelationType => {
                let types = snapshot.catalog().relation_types().map(|(_, kind)| kind.name.as_str());
                plain(types.filter(|name| fits(name, &completion)).map(quoted_name))
            }
            CompletionKind::Variable => {
                plain(completion.variables.iter().filter(|name| fits(name, &completion)).map(|name| quoted_name(name)))
            }
            CompletionKind::Function => function_names(&completion),
            CompletionKind::Procedure => procedure_names(&text[..completion.span.start], &completion),
            CompletionKind::Column => columns(text, &completion),
            CompletionKind::PropertyKey => property_keys(snapshot, &completion)?,
            CompletionKind::EntityName => entity_names(snapshot, &completion, text)?,
            CompletionKind::Parameter => plain(parameters.iter().filter(|name| fits(name, &completion)).cloned()),
        };
        found.extend(words.into_iter().map(|(display, replacement)| Candidate { display, replacement, kind }));
    }
    Ok((completion.span, found))
}

/// What is shown, and what is put in.
type Words = Vec<(String, String)>;

fn fits(word: &str, completion: &Completion) -> bool {
    starts_with(word, &completion.prefix)
}

/// Whether a word begins with this, ignoring case.
fn starts_with(word: &str, prefix: &str) -> bool {
    word.to_lowercase().starts_with(&prefix.to_lowercase())
}

fn plain(words: impl Iterator<Item = String>) -> Words {
    words.map(|word| (word.clone(), word)).collect()
}

/// Keywords in the case that was begun.
fn keywords(completion: &Completion) -> Words {
    let lower = completion.prefix.chars().next().is_some_and(char::is_lowercase);
    let fitting = completion.keywords.iter().filter(|word| fits(word, completion));
    plain(fitting.map(move |word| if lower { word.to_lowercase() } else { (*word).to_owned() }))
}

fn function_names(completion: &Completion) -> Words {
    let fitting = functions().iter().filter(|function| fits(function.name, completion));
    fitting
        .map(|function| (format!("{}({})", function.name, function.arguments), format!("{}(", function.name)))
        .collect()
}

/// Procedures; of one whose name is begun, what stands behind its last dot.
fn procedure_names(before: &str, completion: &Completion) -> Words {
    let begun = before.rsplit(|letter: char| !letter.is_alphanumeric() && !['.', '_'].contains(&letter)).next();
    let begun = begun.unwrap_or_default().to_owned();
    let typed = format!("{begun}{}", completion.prefix);
    let fitting = procedures().iter().filter(|one| starts_with(one.name, &typed));
    fitting
        .map(|one| {
            let bracket = if one.options.is_empty() { "" } else { "({" };
            (one.name.to_owned(), format!("{}{bracket}", &one.name[begun.len()..]))
        })
        .collect()
}

/// The columns of the procedure that the text calls.
fn columns(text: &str, completion: &Completion) -> Words {
    let before = text[..completion.span.start].to_lowercase();
    let called = before.rfind("call ").map(|place| before[place + 5..].trim_start().to_owned()).unwrap_or_default();
    let is_called = |name: &str| {
        let rest = called.strip_prefix(&name.to_lowercase());
        rest.is_some_and(|rest| !rest.starts_with(|letter: char| letter.is_alphanumeric() || letter == '_'))
    };
    let columns = procedures().iter().filter(|one| is_called(one.name)).flat_map(|one| one.columns);
    plain(columns.filter(|column| fits(column, completion)).map(|column| (*column).to_owned()))
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
fn property_keys(snapshot: &Snapshot, completion: &Completion) -> Result<Words, StorageError> {
    let nodes = match completion.label.as_deref().and_then(|label| snapshot.catalog().label(label)) {
        Some(label) => snapshot.nodes_with_label(label)?,
        None => snapshot.nodes()?,
    };
    let mut keys: BTreeSet<String> = ["name", "identifiers", "synonyms"].map(str::to_owned).into();
    for node in nodes.iter().take(NODES_SAMPLED) {
        keys.extend(snapshot.node(node)?.unwrap_or_default().properties.into_keys());
    }
    Ok(plain(keys.into_iter().filter(|key| fits(key, completion)).map(|key| quoted_name(&key))))
}

/// Preferred names of entities, and the quote that closes them.
fn entity_names(snapshot: &Snapshot, completion: &Completion, text: &str) -> Result<Words, StorageError> {
    if completion.prefix.is_empty() {
        return Ok(Vec::new());
    }
    let label = completion.label.as_deref().and_then(|label| snapshot.catalog().label(label));
    let quote = text.get(..completion.span.start).and_then(|before| before.chars().next_back()).unwrap_or('\'');
    let is_closed = text.get(completion.span.end..).is_some_and(|after| after.starts_with(quote));
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
    Ok(names.into_iter().map(|name| (name.clone(), written(&name))).collect())
}
