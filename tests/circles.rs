//! Imports run one way: what a file imports never leads back to it, and the folders of the engine stand one upon the other.
//!
//! A re-export is a door and no import: a name that comes through `mod.rs` or `lib.rs` is followed to the file that has it.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    architecture::{assert_none, is_test},
    program::repository,
    source::{File, code_only, files, test_modules, words},
};

/// Crates whose files import one way.
const CRATES: [&str; 1] = ["engine"];

#[test]
fn files_do_not_import_each_other_in_circles() {
    for name in CRATES {
        let sources = of_crate(name);
        assert!(sources.len() > 50, "{name} has its files where this test looks");
        assert_none(circles(&sources, &format!("{name}/src/")));
    }

    let file = |path: &str, text: &str| File { path: path.to_owned(), text: text.to_owned() };
    let example = |there: &str| {
        [
            file("a/src/lib.rs", "mod b;\nmod c;\npub use b::{One, two};\npub(crate) use c::Three;"),
            file("a/src/b/mod.rs", "mod d;\npub use d::One;\npub fn two() {}"),
            file("a/src/b/d.rs", "pub struct One;"),
            file("a/src/c.rs", there),
        ]
    };
    let with_d = |text: &str, there: &str| {
        let mut sources = example(there);
        sources[2].text.push_str(text);
        circles(&sources, "a/src/")
    };
    let circle = ["a/src/b/d.rs -> a/src/c.rs -> a/src/b/d.rs"];
    assert_eq!(with_d("use crate::Three;", "use crate::One;"), circle);
    assert_eq!(with_d("use super::super::c::{self, Three};", "fn f() -> crate::b::One {}"), circle);
    assert_eq!(with_d("use crate::c;\nfn f(x: c::Three) {}", "use crate::{b::{One as Other}};"), circle);
    assert_eq!(with_d("use super::two;", "use crate::{One, two};"), [""; 0]);
    assert_eq!(with_d("#[cfg(test)]\nmod tests { use crate::Three; }", "use crate::One;"), [""; 0]);
    assert_eq!(with_d("use super::two;\npub use crate::c::Three;", "use crate::One;"), [""; 0], "a door is no import");
}

/// The folders of the engine: each imports from itself and from those before it.
const ROOMS: [&str; 6] = ["model", "storage", "walk", "read", "write", "admin"];

#[test]
fn folders_of_the_engine_import_from_those_below_them() {
    let sources = of_crate("engine");
    for room in ROOMS {
        assert!(sources.iter().any(|file| file.path.starts_with(&format!("engine/src/{room}/"))), "{room} is there");
    }
    assert_none(climbing(&sources, "engine/src/", &ROOMS));

    let file = |path: &str, text: &str| File { path: path.to_owned(), text: text.to_owned() };
    let example = [
        file("a/src/lib.rs", "mod low;\nmod high;\npub use low::Low;\npub use high::High;"),
        file("a/src/low.rs", "use crate::High;\npub struct Low;"),
        file("a/src/high/mod.rs", "pub mod part;\npub use part::High;"),
        file("a/src/high/part.rs", "use crate::Low;\npub struct High;"),
    ];
    assert_eq!(climbing(&example, "a/src/", &["low", "high"]), ["a/src/low.rs imports a/src/high/part.rs"]);
}

fn of_crate(name: &str) -> Vec<File> {
    let root = format!("{name}/src/");
    files(repository(), ".rs").into_iter().filter(|file| file.path.starts_with(&root)).collect()
}

/// Files that import from a folder that stands upon their own.
fn climbing(sources: &[File], root: &str, rooms: &[&str]) -> Vec<String> {
    let known = Crate::new(sources, root);
    let rank = |path: &str| {
        let first = path.strip_prefix(root)?.split(['/', '.']).next()?;
        rooms.iter().position(|room| *room == first)
    };
    let arrows = known.arrows();
    let pairs = arrows.iter().flat_map(|(from, to)| to.iter().map(move |target| (*from, *target)));
    let climbing = pairs.filter(|(from, to)| rank(from).zip(rank(to)).is_some_and(|(from, to)| from < to));
    climbing.map(|(from, to)| format!("{from} imports {to}")).collect()
}

/// The path of a module from the root of its crate.
type Module = Vec<String>;

/// What a file imports.
#[derive(Debug, PartialEq)]
struct Import {
    path: Vec<String>,
    /// The name by which the file knows it.
    name: String,
    /// Whether it is there for others.
    is_door: bool,
}

/// The files of a crate, by their modules.
struct Crate<'f> {
    files: BTreeMap<Module, &'f File>,
    imports: BTreeMap<Module, Vec<Import>>,
}

/// Each circle as the files on its way.
fn circles(sources: &[File], root: &str) -> Vec<String> {
    let known = Crate::new(sources, root);
    let mut arrows = known.arrows();
    // Files that import nothing, or only such files, are on no circle.
    loop {
        let ended: BTreeSet<&str> = arrows.iter().filter(|(_, to)| to.is_empty()).map(|(from, _)| *from).collect();
        if ended.is_empty() {
            break;
        }
        arrows.retain(|from, _| !ended.contains(from));
        arrows.values_mut().for_each(|to| to.retain(|target| !ended.contains(target)));
    }
    let mut found = Vec::new();
    while let Some((&first, _)) = arrows.first_key_value() {
        let mut way = vec![first];
        let start = loop {
            let next = *arrows[way[way.len() - 1]].first().expect("a file that imports nothing was taken away");
            if let Some(start) = way.iter().position(|file| *file == next) {
                break start;
            }
            way.push(next);
        };
        let circle = &way[start..];
        found.push(format!("{} -> {}", circle.join(" -> "), circle[0]));
        way.iter().for_each(|file| drop(arrows.remove(file)));
        arrows.values_mut().for_each(|to| to.retain(|target| !way.contains(target)));
        arrows.retain(|_, to| !to.is_empty());
    }
    found
}

impl<'f> Crate<'f> {
    fn new(sources: &'f [File], root: &str) -> Self {
        let tests: BTreeSet<String> = sources.iter().flat_map(|file| test_files(file, root)).collect();
        let plain = sources.iter().filter(|file| !is_test(&file.path) && !tests.contains(&file.path));
        let files: BTreeMap<Module, &File> = plain.map(|file| (module_of(&file.path, root), file)).collect();
        let imports = files.iter().map(|(module, file)| (module.clone(), imports(&file.text))).collect();
        Self { files, imports }
    }

    /// From each file to those that it imports.
    fn arrows(&self) -> BTreeMap<&'f str, BTreeSet<&'f str>> {
        let mut arrows: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (module, imports) in &self.imports {
            let from = self.files[module].path.as_str();
            let wanted = imports.iter().filter(|import| !import.is_door);
            let targets = wanted.filter_map(|import| self.file_of(module, &import.path, 0));
            arrows.entry(from).or_default().extend(targets.filter(|target| *target != from));
        }
        arrows
    }

    /// The file that has what a path leads to, seen from a module; `None` if that is outside of the crate.
    fn file_of(&self, module: &Module, path: &[String], doors: usize) -> Option<&'f str> {
        assert!(doors < 20, "{path:?} of {module:?} leads from door to door");
        let (mut at, mut rest) = match path.first()?.as_str() {
            "crate" => (Module::new(), &path[1..]),
            "self" => (module.clone(), &path[1..]),
            "super" => (parent(module), &path[1..]),
            first if self.files.contains_key(&child(module, first)) => (module.clone(), path),
            first => {
                // An outside crate, or the name of something that was imported itself.
                let import =
                    self.imports[module].iter().find(|import| import.name == first && import.path[0] != first)?;
                return self.file_of(module, &joined(&import.path, &path[1..]), doors + 1);
            }
        };
        while let Some(name) = rest.first() {
            if name == "super" {
                at = parent(&at);
            } else if self.files.contains_key(&child(&at, name)) {
                at = child(&at, name);
            } else {
                let import = self.imports.get(&at)?.iter().find(|import| import.name == *name);
                return match import {
                    Some(import) => self.file_of(&at, &joined(&import.path, &rest[1..]), doors + 1),
                    None => Some(&self.files.get(&at)?.path),
                };
            }
            rest = &rest[1..];
        }
        Some(&self.files.get(&at)?.path)
    }
}

fn parent(module: &[String]) -> Module {
    module[..module.len().saturating_sub(1)].to_vec()
}

fn child(module: &[String], name: &str) -> Module {
    joined(module, &[name.to_owned()])
}

fn joined(first: &[String], rest: &[String]) -> Vec<String> {
    [first, rest].concat()
}

fn module_of(path: &str, root: &str) -> Module {
    let path = path.strip_prefix(root).and_then(|path| path.strip_suffix(".rs")).expect("a file of the crate");
    let parts = path.split('/').filter(|part| !["lib", "mod"].contains(part));
    parts.map(str::to_owned).collect()
}

/// The files of modules that this one has for its tests only.
fn test_files(file: &File, root: &str) -> Vec<String> {
    let module = module_of(&file.path, root).join("/");
    let folder = if module.is_empty() { root.to_owned() } else { format!("{root}{module}/") };
    let code = code_only(&file.text);
    let mut names = Vec::new();
    for (at, _) in code.match_indices("#[cfg(test)]") {
        let declaration = code[at..].split(';').next().unwrap_or_default();
        let named: Vec<&str> = words(declaration).map(|(_, word)| word).collect();
        if let [.., "mod", name] = named[..] {
            names.push(format!("{folder}{name}.rs"));
        }
    }
    names
}

/// Everything that the code of a file names by a path, its tests excepted.
fn imports(text: &str) -> Vec<Import> {
    let mut code = code_only(text);
    for module in test_modules(&code).into_iter().rev() {
        code.replace_range(module.clone(), &" ".repeat(module.len()));
    }
    let mut found = Vec::new();
    let mut statements = Vec::new();
    for (at, word) in words(&code) {
        let after = at + word.len();
        if word != "use" || code[after..].trim_start().starts_with('<') {
            continue;
        }
        let end = code[at..].find(';').map_or(code.len(), |length| at + length);
        let before = code[..at].trim_end();
        let is_door =
            before.ends_with("pub") || (before.ends_with(')') && before.rfind("pub(") >= before.rfind([';', '}']));
        read_tree(&code[after..end], &[], is_door, &mut found);
        statements.push(at..end);
    }
    for statement in statements {
        code.replace_range(statement.clone(), &" ".repeat(statement.len()));
    }
    for root in ["crate::", "super::"] {
        for (at, _) in code.match_indices(root) {
            let continues = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == ':';
            if !code[..at].ends_with(continues) {
                let path: &str = code[at..].split(|letter| !continues(letter)).next().unwrap_or_default();
                let path = path.split("::").filter(|part| !part.is_empty()).map(str::to_owned).collect();
                found.push(Import { path, name: String::new(), is_door: false });
            }
        }
    }
    found
}

/// The paths of one `use`.
fn read_tree(tree: &str, prefix: &[String], is_door: bool, found: &mut Vec<Import>) {
    let tree = tree.trim();
    if let Some(open) = tree.find('{') {
        let path: Vec<String> =
            tree[..open].split("::").map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect();
        let prefix = joined(prefix, &path);
        let inner = tree[open + 1..].trim_end().strip_suffix('}').unwrap_or_default();
        let (mut depth, mut start) = (0, 0);
        for (at, letter) in inner.char_indices().chain([(inner.len(), ',')]) {
            match letter {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 0 => {
                    read_tree(&inner[start..at], &prefix, is_door, found);
                    start = at + 1;
                }
                _ => {}
            }
        }
        return;
    }
    let (path, alias) = tree.split_once(" as ").map_or((tree, None), |(path, alias)| (path, Some(alias.trim())));
    let parts = path.split("::").map(str::trim).filter(|part| !part.is_empty());
    let mut path = joined(prefix, &parts.map(str::to_owned).collect::<Vec<_>>());
    if path.last().is_some_and(|last| last == "self") && path.len() > 1 {
        path.pop();
    }
    let Some(last) = path.last() else { return };
    let name = alias.unwrap_or(last).to_owned();
    found.push(Import { path, name, is_door });
}
