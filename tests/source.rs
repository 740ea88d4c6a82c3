//! Reads the project's own source files, well enough to tell code from comments and to find where a function ends.

use std::{fs, path::Path};

/// A text file of the repository.
pub(crate) struct File {
    /// From the root of the repository, with forward slashes.
    pub(crate) path: String,
    pub(crate) text: String,
}

/// A function as it stands in a file.
#[derive(Debug, PartialEq)]
pub(crate) struct Function {
    pub(crate) name: String,
    /// Of its first line, counted from 1.
    pub(crate) line: usize,
    /// From the line that names it to its closing brace.
    pub(crate) lines: usize,
}

/// What the repository may keep at its root; build folders and databases are thus left out.
pub(crate) const FOLDERS: [&str; 10] =
    [".ci", "data", "engine", "examples", "plugins", "query", "server", "shell", "src", "tests"];

/// Every file of the repository whose name ends in `extension`, in the order of their paths.
pub(crate) fn files(root: &Path, extension: &str) -> Vec<File> {
    paths(root).into_iter().filter(|path| path.ends_with(extension)).map(|path| read(root, path)).collect()
}

/// The paths of all files of the repository, sorted, from its root, with forward slashes.
pub(crate) fn paths(root: &Path) -> Vec<String> {
    let mut paths = list(root, Path::new(""), false);
    for folder in FOLDERS {
        paths.extend(list(root, Path::new(folder), true));
    }
    paths.sort();
    paths
}

fn list(root: &Path, folder: &Path, deep: bool) -> Vec<String> {
    let mut paths = Vec::new();
    let Ok(entries) = fs::read_dir(root.join(folder)) else { return paths };
    for entry in entries {
        let entry = entry.unwrap();
        let path = folder.join(entry.file_name());
        let kind = entry.file_type().unwrap();
        if kind.is_file() {
            paths.push(path.to_str().expect("paths of the repository are ASCII").replace('\\', "/"));
        } else if kind.is_dir() && deep && !["target", "node_modules"].iter().any(|name| entry.file_name() == *name) {
            paths.extend(list(root, &path, true));
        }
    }
    paths
}

fn read(root: &Path, path: String) -> File {
    let text = fs::read_to_string(root.join(&path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    File { path, text }
}

/// The text with comments, strings and characters blanked out; lines and columns stay where they are.
pub(crate) fn code_only(text: &str) -> String {
    let mut rest = text;
    let mut code = String::with_capacity(text.len());
    while let Some(first) = rest.chars().next() {
        let after_word = code.chars().next_back().is_some_and(is_word);
        let length = opaque_length(rest, after_word);
        if length == 0 {
            code.push(first);
            rest = &rest[first.len_utf8()..];
        } else {
            let (opaque, after) = rest.split_at(length);
            code.extend(opaque.chars().map(|character| if character == '\n' { '\n' } else { ' ' }));
            rest = after;
        }
    }
    code
}

/// How many bytes at the start of `rest` are a comment, a string or a character; zero where code stands.
fn opaque_length(rest: &str, after_word: bool) -> usize {
    if rest.starts_with("//") {
        return rest.find('\n').unwrap_or(rest.len());
    }
    if rest.starts_with("/*") {
        return block_comment_length(rest);
    }
    if rest.starts_with('\'') {
        return character_length(rest);
    }
    // A prefix begins a literal only where no word is under way: `for"x"` does not, `r"x"` does.
    let prefix =
        if after_word { 0 } else { rest.bytes().take_while(|byte| matches!(byte, b'r' | b'b' | b'c')).count() };
    let hashes = rest[prefix..].bytes().take_while(|&byte| byte == b'#').count();
    let raw = rest[..prefix].contains('r');
    if !rest[prefix + hashes..].starts_with('"') || (hashes > 0 && !raw) {
        return 0;
    }
    let body = prefix + hashes + 1;
    if raw {
        let end = format!("\"{}", "#".repeat(hashes));
        return rest[body..].find(&end).map_or(rest.len(), |at| body + at + end.len());
    }
    body + quoted_length(&rest[body..])
}

fn block_comment_length(rest: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < rest.len() {
        match &rest.as_bytes()[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    rest.len()
}

/// A character such as `'a'` or `'\n'`; zero for a lifetime.
fn character_length(rest: &str) -> usize {
    let mut characters = rest.char_indices().skip(1);
    match (characters.next(), characters.next()) {
        (Some((_, '\\')), Some((escaped, _))) => {
            rest[escaped + 1..].find('\'').map_or(rest.len(), |at| escaped + 1 + at + 1)
        }
        (Some(_), Some((end, '\''))) => end + 1,
        _ => 0,
    }
}

/// Up to and with the quote that ends a string.
fn quoted_length(body: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in body.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    body.len()
}

/// The words of some code, each with where it begins.
pub(crate) fn words(code: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let begin = at + code[at..].find(is_word)?;
        at = code[begin..].find(|character| !is_word(character)).map_or(code.len(), |length| begin + length);
        Some((begin, &code[begin..at]))
    })
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// Every function with a body, tests excepted. `code` has no comments and strings any more.
pub(crate) fn functions(code: &str) -> Vec<Function> {
    let tests = test_modules(code);
    let line_of = |at: usize| 1 + code[..at].matches('\n').count();
    let mut found = Vec::new();
    let mut previous = "";
    for (at, word) in words(code) {
        let begins_here = previous == "fn" && !tests.iter().any(|module| module.contains(&at));
        if let Some(end) = body_end(code, at).filter(|_| begins_here) {
            let line = line_of(at);
            found.push(Function { name: word.to_owned(), line, lines: 1 + line_of(end) - line });
        }
        previous = word;
    }
    found
}

/// Where the modules are that are compiled for tests only.
pub(crate) fn test_modules(code: &str) -> Vec<std::ops::Range<usize>> {
    let attribute = "#[cfg(test)]";
    code.match_indices(attribute)
        .filter_map(|(at, _)| Some(at..body_end(code, at + attribute.len()).filter(|&end| end > at)?))
        .collect()
}

/// The closing brace of the first body after `at`; nothing where a semicolon comes first.
fn body_end(code: &str, at: usize) -> Option<usize> {
    let mut brackets = 0;
    let mut braces = 0;
    for (offset, byte) in code[at..].bytes().enumerate() {
        match byte {
            b'(' | b'[' => brackets += 1,
            b')' | b']' => brackets -= 1,
            b';' if brackets == 0 && braces == 0 => return None,
            b'{' => braces += 1,
            b'}' => {
                braces -= 1;
                if braces == 0 {
                    return Some(at + offset);
                }
            }
            _ => {}
        }
    }
    None
}

#[test]
fn code_is_told_from_comments_strings_and_characters() {
    let cases = [
        ("a // b\nc", "a     \nc"),
        ("a /* b /* c */ d */ e", "a                   e"),
        (r#"f("x // \" y") // z"#, r#"f(           )     "#),
        ("r#\"a \" b\"# c", "           c"),
        ("b\"a\" c", "     c"),
        ("'\"' 'a' '\\'' &'a str", "             &'a str"),
        ("number\"a\"", "number   "),
    ];
    for (text, code) in cases {
        assert_eq!(code_only(text), code, "{text}");
    }
}

#[test]
fn functions_are_found_and_measured_but_tests_are_not() {
    let code = "fn one() {\n  {\n  }\n}\ntrait T { fn none(&self) -> [u8; 2]; }\n#[cfg(test)]\nmod tests { fn two() {} }\nfn three() {}";
    let found: Vec<_> = functions(code).into_iter().map(|f| (f.name, f.line, f.lines)).collect();
    assert_eq!(found, [("one".to_owned(), 1, 4), ("three".to_owned(), 8, 1)]);
}
