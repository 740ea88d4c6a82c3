//! The walls between the crates and the habits inside them, checked.
//!
//! Each rule is a function from text to complaints. A test applies it to the repository and then to an example that breaks it,
//! so that no rule can fall silent. Who may name what stands in `ARCHITECTURE.md`, and is read from there.

use std::collections::BTreeSet;

use crate::{
    program::repository,
    source::{FOLDERS, File, code_only, files, functions, paths, test_modules, words},
};

/// Which crates of the workspace a crate may depend on.
const EDGES: [(&str, &[&str]); 17] = [
    ("hopgraph-chart", &[]),
    ("hopgraph-engine", &[]),
    ("hopgraph-query", &["hopgraph-engine"]),
    ("hopgraph-evaluation", &["hopgraph-inference", "hopgraph-labelled"]),
    ("hopgraph-labelled", &[]),
    (
        "hopgraph-training",
        &[
            "hopgraph-model",
            "hopgraph-compute",
            "hopgraph-inference",
            "hopgraph-labelled",
            "hopgraph-evaluation",
            "hopgraph-chart",
        ],
    ),
    ("hopgraph-model", &[]),
    ("hopgraph-compute", &["hopgraph-model"]),
    ("hopgraph-discovery", &["hopgraph-engine"]),
    ("hopgraph-inference", &["hopgraph-model", "hopgraph-compute"]),
    ("hopgraph-literature", &["hopgraph-engine", "hopgraph-inference"]),
    ("hopgraph-tabular", &["hopgraph-engine"]),
    (
        "hopgraph",
        &[
            "hopgraph-engine",
            "hopgraph-query",
            "hopgraph-inference",
            "hopgraph-literature",
            "hopgraph-tabular",
            "hopgraph-chart",
            "hopgraph-evaluation",
            "hopgraph-discovery",
            "hopgraph-training",
        ],
    ),
    ("hopgraph-server", &["hopgraph"]),
    ("hopgraph-shell", &["hopgraph", "hopgraph-server"]),
    ("hopgraph-schedules", &[]),
    ("hopgraph-tests", &["hopgraph"]),
];

/// Most lines of a function, tests excepted.
const FUNCTION_LINES_MAX: usize = 70;

/// Functions that are longer nevertheless, and how long. The list may only shrink: who shortens one lowers its figure here.
const LONG_FUNCTIONS: [(&str, &str, usize); 0] = [];

/// Most lines of a source file.
const FILE_LINES_MAX: usize = 700;

/// Marks of work that was put off. Written in two halves so that this file does not complain of itself.
const LEFTOVERS: [&str; 6] = [
    concat!("FIX", "ME"),
    concat!("TO", "DO"),
    concat!("X", "XX"),
    concat!("to", "do!("),
    concat!("unimple", "mented!("),
    concat!("db", "g!("),
];

/// Constants named `..._MAX` that are no limits of what people give: they say how much hopgraph itself does at once, keeps, tries
/// or shows, and what passes them goes on by other means.
const INNER_MAXIMA: [(&str, &str); 35] = [
    ("engine/src/admin/check/checker.rs", "PROBLEMS_MAX"),
    ("engine/src/admin/check/repair.rs", "ENTRIES_PENDING_MAX"),
    ("engine/src/read/node_sets.rs", "MOMENTS_MAX"),
    ("engine/src/storage/backup.rs", "ATTEMPTS_MAX"),
    ("engine/src/storage/follower.rs", "ATTEMPTS_MAX"),
    ("engine/src/storage/key.rs", "LENGTH_MAX"),
    ("engine/src/storage/page_cache.rs", "PAGES_KEPT_MAX"),
    ("engine/src/storage/set.rs", "LISTED_MAX"),
    ("engine/src/storage/set.rs", "RAW_MEMBERS_MAX"),
    ("engine/src/storage/snapshot.rs", "CURSORS_KEPT_MAX"),
    ("engine/src/walk/budget.rs", "AHEAD_BYTES_MAX"),
    ("engine/src/walk/topology/cache.rs", "CACHED_BYTES_MAX"),
    ("engine/src/walk/topology/cache.rs", "LOGGED_EDGES_MAX"),
    ("engine/src/walk/traverse/each_start.rs", "PROBED_NODES_MAX"),
    ("engine/src/walk/traverse/pairs.rs", "STARTS_AT_ONCE_MAX"),
    ("engine/src/write/retract.rs", "PIECE_EDITS_MAX"),
    ("plugins/discovery/src/growth.rs", "HOPS_MAX"),
    ("plugins/discovery/src/ranking.rs", "HOPS_MAX"),
    ("plugins/inference/src/inspect.rs", "PROBLEMS_MAX"),
    ("plugins/inference/src/remote/client.rs", "TRIES_MAX"),
    ("plugins/inference/src/remote/client.rs", "WAIT_MAX"),
    ("plugins/literature/src/ingest/block.rs", "DOCUMENTS_MAX"),
    ("plugins/literature/src/ingest/block.rs", "REJECTS_MAX"),
    ("plugins/literature/src/ingest/block.rs", "TEXT_BYTES_MAX"),
    ("plugins/literature/src/ingest/mod.rs", "BLOCKS_IN_FLIGHT_MAX"),
    ("plugins/literature/src/lexicon/build.rs", "EXACT_LETTERS_MAX"),
    ("plugins/literature/src/rejects.rs", "TEXT_CHARACTERS_MAX"),
    ("plugins/literature/src/tag/abbreviation.rs", "LONG_BYTES_MAX"),
    ("plugins/literature/src/tag/abbreviation.rs", "SHORT_CHARACTERS_MAX"),
    ("plugins/literature/src/tag/lexicon_tagger.rs", "CANDIDATES_MAX"),
    ("plugins/literature/src/tag/page.rs", "CONCEPTS_OF_NAME_MAX"),
    ("plugins/literature/src/tag/token.rs", "WORD_BYTES_MAX"),
    ("plugins/tabular/src/export/cypher.rs", "STATEMENTS_MAX"),
    ("query/src/syntax/excerpt.rs", "COLUMNS_MAX"),
    ("query/src/syntax/parse/error.rs", "LETTERS_MAX"),
];

#[test]
fn crates_depend_downwards_only() {
    let manifests: Vec<File> = files(repository(), "Cargo.toml");
    assert_eq!(manifests.len(), EDGES.len(), "each crate has a manifest and a line in EDGES");
    assert_none(manifests.iter().flat_map(|file| wrong_edges(&file.text)));

    let upward = "[package]\nname = 'hopgraph-engine'\n[dev-dependencies]\nhopgraph-query.workspace = true";
    assert_eq!(wrong_edges(upward), ["hopgraph-engine must not depend on hopgraph-query"]);
    let hidden = "[package]\nname = 'hopgraph-query'\n[target.'cfg(unix)'.dependencies]\nhopgraph = '1'";
    assert_eq!(wrong_edges(hidden), ["hopgraph-query must not depend on hopgraph"]);
    assert_eq!(wrong_edges("[package]\nname = 'hopgraph-new'"), ["hopgraph-new has no line in EDGES"]);
}

fn wrong_edges(manifest: &str) -> Vec<String> {
    let manifest: toml::Table = manifest.parse().unwrap();
    let name = manifest["package"]["name"].as_str().unwrap();
    let Some((_, allowed)) = EDGES.iter().find(|(crate_name, _)| *crate_name == name) else {
        return vec![format!("{name} has no line in EDGES")];
    };
    dependencies(&manifest)
        .into_iter()
        .filter(|dependency| dependency.starts_with("hopgraph") && !allowed.contains(&dependency.as_str()))
        .map(|dependency| format!("{name} must not depend on {dependency}"))
        .collect()
}

/// The names in every dependency section, wherever it stands: `[dependencies]`, `[dev-dependencies]`, for one target only.
fn dependencies(table: &toml::Table) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (key, value) in table {
        let Some(inner) = value.as_table() else { continue };
        if key.ends_with("dependencies") {
            names.extend(inner.keys().cloned());
        } else if key != "workspace" {
            names.extend(dependencies(inner));
        }
    }
    names
}

/// The rooms of `query`, each with those that it may name.
const QUERY_ROOMS: [(&str, &[&str]); 4] = [
    ("syntax", &[]),
    ("value", &["syntax"]),
    ("planner", &["syntax", "value"]),
    ("executor", &["syntax", "value", "planner"]),
];

#[test]
fn the_rooms_of_the_language_depend_downwards_only() {
    let sources = files(repository(), ".rs");
    assert_none(sources.iter().flat_map(wrong_rooms));

    let upward = File { path: "query/src/planner/bind/mod.rs".into(), text: "use crate::executor::lower;".into() };
    assert_eq!(wrong_rooms(&upward), ["query/src/planner/bind/mod.rs:1 names `executor`, which planner may not"]);
}

/// Each line of a room of `query` that names a room which it must not know.
fn wrong_rooms(file: &File) -> Vec<String> {
    let room = file.path.strip_prefix("query/src/").and_then(|path| path.split_once('/')).map(|(room, _)| room);
    let Some((room, allowed)) = QUERY_ROOMS.iter().find(|(name, _)| Some(*name) == room) else { return Vec::new() };
    let others = QUERY_ROOMS.iter().map(|(other, _)| *other).filter(|other| other != room && !allowed.contains(other));
    let mut wrong = Vec::new();
    for other in others {
        let named = file.text.lines().enumerate().filter(|(_, line)| line.contains(&format!("crate::{other}::")));
        wrong
            .extend(named.map(|(line, _)| format!("{}:{} names `{other}`, which {room} may not", file.path, line + 1)));
    }
    wrong
}

#[test]
fn every_crate_takes_the_lints_of_the_workspace() {
    assert_none(files(repository(), "Cargo.toml").iter().filter_map(|file| {
        let manifest: toml::Table = file.text.parse().unwrap();
        let inherits = manifest.get("lints").and_then(|lints| lints.get("workspace")) == Some(&true.into());
        (!inherits).then(|| format!("{} does not say `[lints] workspace = true`", file.path))
    }));
}

#[test]
fn outside_crates_are_named_only_where_the_map_says() {
    let map = std::fs::read_to_string(repository().join("ARCHITECTURE.md")).unwrap();
    let rules = naming_rules(&map);
    let sources = files(repository(), ".rs");
    assert_none(sources.iter().flat_map(|file| wrong_names(file, &rules)));
    assert_none(unruled(&std::fs::read_to_string(repository().join("Cargo.toml")).unwrap(), &rules));

    let rules =
        naming_rules("| outside crate | only in |\n|---|---|\n| `nom` | `query/src/parse/` |\n| `csv` | anywhere |\n");
    assert_eq!(rules, [("nom".to_owned(), vec!["query/src/parse/".to_owned()]), ("csv".to_owned(), vec![])]);
    let named = |path: &str, text: &str| wrong_names(&File { path: path.to_owned(), text: text.to_owned() }, &rules);
    let complaint = ["engine/src/lib.rs:2 names `nom`, which only query/src/parse/ may"];
    assert_eq!(named("engine/src/lib.rs", "//! nom::\nuse nom::IResult;"), complaint);
    assert_eq!(named("engine/src/lib.rs", "\nuse {nom, csv};"), complaint);
    assert_eq!(named("engine/src/lib.rs", "\npub extern crate nom as n;"), complaint);
    assert_eq!(named("engine/src/lib.rs", "\nuse nom as n;"), complaint);
    assert_eq!(named("engine/src/lib.rs", "use crate::{nom, csv};\nuse crate::nom;"), [""; 0]);
    assert_eq!(named("query/src/parse/mod.rs", "use nom::IResult;"), [""; 0]);
    assert_eq!(named("engine/src/lib.rs", "let nom = \"nom::\"; economy::nom(x.nom)"), [""; 0]);
    assert_eq!(
        unruled("[workspace.dependencies]\nnom = '8'\nfast-nom = '1'", &rules),
        ["ARCHITECTURE.md does not say who may name `fast_nom`"]
    );
}

/// The rows of the table "outside crate, only in": the crates, as code names them, and the beginnings of the paths that may.
fn naming_rules(map: &str) -> Vec<(String, Vec<String>)> {
    let rows = map.lines().skip_while(|line| !line.starts_with("| outside crate")).skip(2);
    let mut rules = Vec::new();
    for row in rows.take_while(|line| line.starts_with('|')) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').collect();
        assert!(cells.len() >= 2, "a row of the table of outside crates is incomplete: {row}");
        let places: Vec<String> = quoted(cells[1]).map(str::to_owned).collect();
        rules.extend(quoted(cells[0]).map(|name| (name.replace('-', "_"), places.clone())));
    }
    rules
}

fn wrong_names(file: &File, rules: &[(String, Vec<String>)]) -> Vec<String> {
    let code = code_only(&file.text);
    let mut complaints = Vec::new();
    for (name, places) in rules.iter().filter(|(_, places)| !places.is_empty()) {
        if places.iter().any(|place| file.path.starts_with(place.as_str())) {
            continue;
        }
        if let Some(line) = line_naming_crate(&code, name) {
            complaints.push(format!("{}:{line} names `{name}`, which only {} may", file.path, places.join(", ")));
        }
    }
    complaints
}

/// The first line on which `name` can only be a crate: it begins a path, or stands first in a `use` or `extern crate`.
fn line_naming_crate(code: &str, name: &str) -> Option<usize> {
    let (at, _) = words(code).find(|&(at, word)| {
        let before = code[..at].trim_end();
        let after = &code[at + word.len()..];
        word == name
            && !before.ends_with([':', '.'])
            && (after.starts_with("::") || before.ends_with("extern crate") || is_first_in_use(before))
    })?;
    Some(1 + code[..at].matches('\n').count())
}

/// Whether the next word begins a path of a `use`: inside of braces only if nothing stands before them.
fn is_first_in_use(before: &str) -> bool {
    let statement = before.rsplit([';', '}']).next().unwrap_or_default();
    let path = statement.rsplit([',', '{']).next().unwrap_or_default().trim();
    let imports = words(statement).next().is_some_and(|(_, first)| first == "use");
    imports && (path.is_empty() || path == "use") && !statement.contains("::{")
}

/// Outside crates of the workspace for which there is no rule.
fn unruled(manifest: &str, rules: &[(String, Vec<String>)]) -> Vec<String> {
    let manifest: toml::Table = manifest.parse().unwrap();
    let known = manifest["workspace"]["dependencies"].as_table().unwrap();
    known
        .keys()
        .filter(|name| !name.starts_with("hopgraph"))
        .map(|name| name.replace('-', "_"))
        .filter(|name| !rules.iter().any(|(ruled, _)| ruled == name))
        .map(|name| format!("ARCHITECTURE.md does not say who may name `{name}`"))
        .collect()
}

#[test]
fn documents_name_only_paths_that_exist() {
    let everything = paths(repository());
    let exists = |path: &str| everything.iter().any(|file| file == path || file.starts_with(&format!("{path}/")));
    let named = |name: &str| everything.iter().any(|file| file.rsplit('/').next() == Some(name));
    let documents = files(repository(), ".md");
    assert!(documents.len() >= 4, "README, ARCHITECTURE, CHANGELOG and data/README are there");
    for document in documents.iter().filter(|document| document.path != "CHANGELOG.md") {
        assert_none(dead_paths(document, exists, named));
    }

    let text = "`engine/src/lib.rs`, `engine/src/gone.rs`, `gone.rs`, `lib.rs`, `a / b`, `MATCH (a)`\n```\n`engine/code`\n```\n\
                `engine/` [a](b.md#c) [a](#c)";
    let document = File { path: "A.md".to_owned(), text: text.to_owned() };
    let dead = dead_paths(&document, |path| ["engine", "engine/src/lib.rs"].contains(&path), |name| name == "lib.rs");
    let gone = ["b.md", "engine/src/gone.rs", "gone.rs"].map(|path| format!("A.md names `{path}`, which is not there"));
    assert_eq!(dead, gone);
}

/// Targets of links that are not there, and back-quoted words that look like a path of the repository and are none.
fn dead_paths(document: &File, exists: impl Fn(&str) -> bool, named: impl Fn(&str) -> bool) -> Vec<String> {
    let folder = document.path.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
    let alive = |token: &str| {
        let path = token.trim_end_matches('/');
        exists(path) || exists(&format!("{folder}{path}")) || (!token.contains('/') && named(token))
    };
    let links = prose(&document.text).flat_map(linked).filter(|target| !target.contains("://"));
    let tokens = prose(&document.text).flat_map(quoted).filter(|token| looks_like_a_path(token));
    links
        .chain(tokens)
        .filter(|token| !alive(token))
        .map(|token| format!("{} names `{token}`, which is not there", document.path))
        .collect()
}

fn looks_like_a_path(token: &str) -> bool {
    let plain = token.chars().all(|character| character.is_ascii_alphanumeric() || "_-./".contains(character));
    let rooted = FOLDERS.iter().any(|folder| token.starts_with(&format!("{folder}/")));
    let source = [".rs", ".md"].iter().any(|extension| token.ends_with(extension) && token.len() > extension.len());
    plain && (rooted || source)
}

/// The lines of a document that stand outside its fenced blocks.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut fenced = false;
    text.lines().filter(move |line| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        !fenced && !fence
    })
}

/// The targets of the links on a line, without their anchors.
fn linked(line: &str) -> impl Iterator<Item = &str> {
    line.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next()).filter(|target| !target.is_empty())
}

/// What stands between back-quotes on a line.
fn quoted(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

#[test]
fn every_source_file_begins_with_what_it_is_for() {
    assert_none(files(repository(), ".rs").iter().filter_map(headless));
    assert!(headless(&File { path: "a.rs".to_owned(), text: "// A remark.\n//! Late.\n".to_owned() }).is_some());
    assert!(headless(&File { path: "a.rs".to_owned(), text: "//! stub\n".to_owned() }).is_some());
}

fn headless(file: &File) -> Option<String> {
    let first = file.text.lines().next().unwrap_or_default();
    let is_sentence = first.strip_prefix("//! ").is_some_and(|sentence| sentence.split(' ').count() >= 3);
    (!is_sentence).then(|| format!("{} does not begin with `//!` and a sentence that says what it is for", file.path))
}

#[test]
fn nothing_is_left_for_later() {
    assert_none(files(repository(), ".rs").iter().flat_map(leftovers));
    for leftover in LEFTOVERS {
        assert_eq!(leftovers(&File { path: "a.rs".to_owned(), text: format!("\n{leftover}") }).len(), 1, "{leftover}");
        assert!(leftovers(&File { path: "a.rs".to_owned(), text: format!("\\u{leftover}") }).is_empty(), "{leftover}");
    }
}

fn leftovers(file: &File) -> Vec<String> {
    let found = |line: &str| LEFTOVERS.iter().any(|leftover| stands_alone(line, leftover));
    let lines = file.text.lines().enumerate().filter(|(_, line)| found(line));
    lines.map(|(index, line)| format!("{}:{} {}", file.path, index + 1, line.trim())).collect()
}

/// Whether a line has this text, not as the end or the middle of a longer word.
fn stands_alone(line: &str, text: &str) -> bool {
    let continues = |character: char| character.is_alphanumeric();
    line.match_indices(text).any(|(at, _)| {
        let (before, after) = (&line[..at], &line[at + text.len()..]);
        !before.ends_with(continues) && (!text.ends_with(continues) || !after.starts_with(continues))
    })
}

#[test]
fn functions_fit_on_a_screen_and_files_in_a_head() {
    let sources = files(repository(), ".rs");
    assert_none(sources.iter().flat_map(|file| long_functions(file, &LONG_FUNCTIONS)));
    assert_none(stale_exceptions(&sources, &LONG_FUNCTIONS));
    assert_none(sources.iter().filter_map(|file| {
        let lines = file.text.lines().count();
        (lines > FILE_LINES_MAX).then(|| format!("{} has {lines} lines, the most is {FILE_LINES_MAX}", file.path))
    }));

    let long = File { path: "a.rs".to_owned(), text: format!("fn f() {{{}}}", "\n".repeat(FUNCTION_LINES_MAX)) };
    assert_eq!(long_functions(&long, &[]), ["a.rs:1 `f` has 71 lines, the most is 70"]);
    assert_eq!(long_functions(&long, &[("a.rs", "f", 71)]), [""; 0]);
    assert_eq!(long_functions(&long, &[("a.rs", "f", 70)]).len(), 1);
    assert_eq!(
        stale_exceptions(&[long], &[("a.rs", "f", 80)]),
        ["`f` of a.rs no longer has 80 lines: lower its figure, or strike it off"]
    );
}

fn long_functions(file: &File, exceptions: &[(&str, &str, usize)]) -> Vec<String> {
    if is_test(&file.path) {
        return Vec::new();
    }
    let allowed = |name: &str, lines: usize| exceptions.contains(&(file.path.as_str(), name, lines));
    functions(&code_only(&file.text))
        .into_iter()
        .filter(|function| function.lines > FUNCTION_LINES_MAX && !allowed(&function.name, function.lines))
        .map(|function| {
            let (path, name) = (&file.path, &function.name);
            format!("{path}:{} `{name}` has {} lines, the most is {FUNCTION_LINES_MAX}", function.line, function.lines)
        })
        .collect()
}

fn stale_exceptions(sources: &[File], exceptions: &[(&str, &str, usize)]) -> Vec<String> {
    let stands = |path: &str, name: &str, lines: usize| {
        let file = sources.iter().find(|file| file.path == path);
        file.is_some_and(|file| functions(&code_only(&file.text)).iter().any(|f| f.name == name && f.lines == lines))
    };
    exceptions
        .iter()
        .filter(|&&(path, name, lines)| !stands(path, name, lines))
        .map(|(path, name, lines)| {
            format!("`{name}` of {path} no longer has {lines} lines: lower its figure, or strike it off")
        })
        .collect()
}

#[test]
fn limits_stand_in_one_file_of_each_crate_and_a_test_passes_each() {
    let sources = files(repository(), ".rs");
    assert_none(sources.iter().flat_map(|file| scattered_limits(file, &INNER_MAXIMA)));
    assert_none(
        INNER_MAXIMA
            .iter()
            .filter(|(path, name)| !has_maximum(&sources, path, name))
            .map(|(path, name)| format!("{path} has no constant `{name}` any more: strike it off")),
    );
    assert_none(untested_limits(&sources));

    let file = |path: &str, text: &str| File { path: path.to_owned(), text: text.to_owned() };
    let scattered =
        file("a/src/b.rs", "const LINE_MAX: usize = 1;\n#[cfg(test)]\nmod tests { const CASES_MAX: usize = 2; }");
    assert_eq!(scattered_limits(&scattered, &[]), ["a/src/b.rs has a limit `LINE_MAX`, which belongs in limits.rs"]);
    assert_eq!(scattered_limits(&scattered, &[("a/src/b.rs", "LINE_MAX")]), [""; 0]);
    let limits = file("a/src/limits.rs", "pub const LINE_MAX: usize = 1; pub const ROWS_MAX: usize = 1;");
    let test = file("a/src/b/tests.rs", "use crate::limits::LINE_MAX;");
    assert_eq!(untested_limits(&[limits, test]), ["no test of a/ names `ROWS_MAX`"]);
}

/// The constants named `..._MAX` outside of tests.
fn maxima(file: &File) -> Vec<String> {
    let code = code_only(&file.text);
    let tests = test_modules(&code);
    let named: Vec<(usize, &str)> = words(&code).collect();
    let of = named.windows(2).filter(|pair| pair[0].1 == "const" && pair[1].1.ends_with("_MAX"));
    let outside = of.filter(|pair| !is_test(&file.path) && !tests.iter().any(|module| module.contains(&pair[1].0)));
    outside.map(|pair| pair[1].1.to_owned()).collect()
}

fn scattered_limits(file: &File, inner: &[(&str, &str)]) -> Vec<String> {
    let at_home = |name: &String| {
        file.path.ends_with("/limits.rs") || inner.iter().any(|&(path, of)| path == file.path && of == name)
    };
    let scattered = maxima(file).into_iter().filter(|name| !at_home(name));
    scattered.map(|name| format!("{} has a limit `{name}`, which belongs in limits.rs", file.path)).collect()
}

fn has_maximum(sources: &[File], path: &str, name: &str) -> bool {
    sources.iter().any(|file| file.path == path && maxima(file).iter().any(|found| found == name))
}

/// Limits that no test of their crate names.
fn untested_limits(sources: &[File]) -> Vec<String> {
    let mut complaints = Vec::new();
    for limits in sources.iter().filter(|file| file.path.ends_with("/src/limits.rs")) {
        let home = limits.path.trim_end_matches("src/limits.rs");
        let tests: Vec<String> = sources.iter().filter(|file| file.path.starts_with(home)).map(test_code).collect();
        let is_named = |limit: &String| tests.iter().any(|code| words(code).any(|(_, word)| word == limit));
        let untested = maxima(limits).into_iter().filter(|limit| !is_named(limit));
        complaints.extend(untested.map(|limit| format!("no test of {home} names `{limit}`")));
    }
    complaints
}

/// The part of a file that is compiled for tests only.
fn test_code(file: &File) -> String {
    let code = code_only(&file.text);
    if is_test(&file.path) { code } else { test_modules(&code).into_iter().map(|module| &code[module]).collect() }
}

/// Tests beside the code are `tests.rs` or lie in a folder `tests`.
pub(crate) fn is_test(path: &str) -> bool {
    path.split('/').any(|part| part == "tests" || part == "tests.rs" || part.ends_with("_tests.rs"))
}

/// Fails with every complaint at once.
pub(crate) fn assert_none(complaints: impl IntoIterator<Item = String>) {
    let complaints: Vec<String> = complaints.into_iter().collect();
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}
