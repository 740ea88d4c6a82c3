//! What the documents promise is true: checksums of the data, and the sessions that README shows.
//!
//! A fenced block marked `console` is a session. Lines that begin with `$ ` are commands for `sh`, lines that begin with `> ` go on
//! with the command, and everything else is what it prints. Sessions of one document run one after the other in one new folder that
//! has the repository's `data`. A printed line `...` stands for any lines. Durations and rates differ from run to run and are not
//! compared. After a wanted change, `UPDATE_DOCUMENTS=1 cargo test --release documents` writes down what is printed now; read it
//! before you commit it.

use std::{
    collections::BTreeMap,
    fmt::Write,
    fs,
    path::Path,
    process::{Command, Stdio},
};

use sha2::{Digest, Sha256};

use crate::{
    architecture::assert_none,
    program::{hopgraph, repository},
    source::paths,
};

#[test]
fn data_are_what_their_list_says() {
    let listed = listed_data(&fs::read_to_string(repository().join("data/README.md")).unwrap());
    let mut present = BTreeMap::new();
    for path in paths(repository()).iter().filter_map(|path| path.strip_prefix("data/")) {
        if is_data(path) {
            let bytes = fs::read(repository().join("data").join(path)).unwrap();
            present.insert(path.to_owned(), (bytes.len(), hexadecimal(&Sha256::digest(&bytes))));
        }
    }
    assert!(present.len() > 10, "data are there at all");
    assert_none(differences(&listed, &present));

    let of = |rows: &[(&str, usize)]| -> BTreeMap<_, _> {
        rows.iter().map(|&(path, size)| (path.to_owned(), (size, String::new()))).collect()
    };
    assert_eq!(
        differences(&of(&[("a", 1), ("b", 1)]), &of(&[("b", 2), ("c", 3)])),
        [
            "data/a is listed in data/README.md but is not there",
            "data/b is not as listed: 2 bytes, sha256 ",
            "data/c is not listed in data/README.md: 3 bytes, sha256 ",
        ]
    );
}

type Listing = BTreeMap<String, (usize, String)>;

/// Licences, descriptions and settings are text that people edit; only what is taken as it is has a checksum.
fn is_data(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    !(name.ends_with(".md") || name == "LICENSE" || name == "model.toml")
}

/// The rows of the table "file, bytes, sha256".
fn listed_data(text: &str) -> Listing {
    let rows = text.lines().skip_while(|line| !line.starts_with("| file | bytes |")).skip(2);
    rows.take_while(|line| line.starts_with('|'))
        .map(|row| {
            let cells: Vec<&str> = row.trim_matches('|').split('|').map(|cell| cell.trim().trim_matches('`')).collect();
            (cells[0].to_owned(), (cells[1].replace(',', "").parse().unwrap(), cells[2].to_owned()))
        })
        .collect()
}

fn differences(listed: &Listing, present: &Listing) -> Vec<String> {
    let mut complaints = Vec::new();
    for (path, entry) in listed {
        match present.get(path) {
            None => complaints.push(format!("data/{path} is listed in data/README.md but is not there")),
            Some(actual @ (size, sum)) if actual != entry => {
                complaints.push(format!("data/{path} is not as listed: {size} bytes, sha256 {sum}"));
            }
            Some(_) => {}
        }
    }
    for (path, (size, sum)) in present.iter().filter(|(path, _)| !listed.contains_key(*path)) {
        complaints.push(format!("data/{path} is not listed in data/README.md: {size} bytes, sha256 {sum}"));
    }
    complaints
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a string cannot fail");
        text
    })
}

#[test]
fn the_format_lists_the_column_families_that_the_code_has() {
    let read = |path: &str| fs::read_to_string(repository().join(path)).unwrap();
    let drawn = drawn_families(&read("engine/FORMAT.md"));
    assert_eq!(drawn, named_families(&read("engine/src/storage/family.rs")));

    assert_eq!(drawn_families("| `x` | a |\n## Column families\n\n| name | key |\n|---|---|\n| `a` | b |\n\n"), ["a"]);
    assert_eq!(named_families("Self::A => \"a\",\nother => None,\n"), ["a"]);
}

fn drawn_families(format: &str) -> Vec<String> {
    let section = format.split_once("## Column families").expect("the format has a section on column families").1;
    let rows = section.lines().skip_while(|line| !line.starts_with("|---")).skip(1);
    let names = rows.take_while(|line| line.starts_with('|')).filter_map(|row| row.split('`').nth(1));
    names.map(str::to_owned).collect()
}

fn named_families(code: &str) -> Vec<String> {
    code.lines().filter_map(|line| Some(line.split_once("=> \"")?.1.split('"').next()?.to_owned())).collect()
}

#[test]
fn every_promise_names_a_test_that_is_there() {
    let read = |path: &str| fs::read_to_string(repository().join(path)).ok();
    let document = read("engine/DURABILITY.md").unwrap();
    assert!(promised_tests(&document).len() > 20, "the page names its tests");
    assert_none(missing_tests(&document, read));

    let page = "| a | `a.rs` `one`, `b.rs` `two` |\n| b | none |\n";
    assert_eq!(promised_tests(page), [("a.rs", "one"), ("b.rs", "two")]);
    let complaints = missing_tests(page, |path| (path == "a.rs").then(|| "#[test]\nfn other() {}".to_owned()));
    assert_eq!(complaints, ["there is no test `one` in a.rs", "there is no test `two` in b.rs"]);
}

/// The file and the name of each test in the tables of a page.
fn promised_tests(page: &str) -> Vec<(&str, &str)> {
    let rows = page.lines().filter(|line| line.starts_with('|'));
    let mut tests = Vec::new();
    for row in rows {
        let words: Vec<&str> = row.split('`').skip(1).step_by(2).collect();
        let pairs = words.windows(2).filter(|pair| pair[0].ends_with(".rs"));
        tests.extend(pairs.map(|pair| (pair[0], pair[1])));
    }
    tests
}

fn missing_tests(page: &str, read: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let is_there = |path: &str, test: &str| {
        let text = read(path).unwrap_or_default();
        text.split("#[test]").skip(1).any(|rest| rest.trim_start().starts_with(&format!("fn {test}(")))
    };
    let tests = promised_tests(page).into_iter().filter(|(path, test)| !is_there(path, test));
    tests.map(|(path, test)| format!("there is no test `{test}` in {path}")).collect()
}

#[test]
fn the_readme_quotes_the_example() {
    let readme = fs::read_to_string(repository().join("README.md")).unwrap();
    let example = fs::read_to_string(repository().join("examples/embed.rs")).unwrap();
    assert!(readme.contains("```rust\n"), "README.md shows how hopgraph is embedded");
    assert_none(misquoted(&readme, &example));

    assert_eq!(misquoted("```rust\na;\nb;\n```\n```rust\nc;\n```", "x\na;\nb;\n"), ["README.md quotes:\nc;"]);
}

/// The blocks of Rust that do not stand word for word in the example, which is compiled.
fn misquoted(readme: &str, example: &str) -> Vec<String> {
    let blocks = readme.split("```rust\n").skip(1).filter_map(|rest| Some(rest.split_once("\n```")?.0));
    blocks.filter(|block| !example.contains(block)).map(|block| format!("README.md quotes:\n{block}")).collect()
}

#[test]
fn sessions_in_the_readme_print_what_they_show() {
    let path = repository().join("README.md");
    let text = fs::read_to_string(&path).unwrap();
    let folder = tempfile::tempdir().unwrap();
    link_data(folder.path());
    let played = replace_sessions(&text, |command| run(command, folder.path()));
    assert!(played.sessions > 0, "README.md shows at least one session");
    if std::env::var_os("UPDATE_DOCUMENTS").is_some() {
        fs::write(&path, played.text).unwrap();
    } else {
        assert_none(played.complaints);
    }
}

#[cfg(unix)]
fn link_data(folder: &Path) {
    std::os::unix::fs::symlink(repository().join("data"), folder.join("data")).unwrap();
}

/// What a command prints when it is run as a reader would run it, with `hopgraph` found on the path.
fn run(command: &str, folder: &Path) -> String {
    let program = hopgraph();
    let mut search = vec![program.parent().expect("a file lies in a folder").to_path_buf()];
    search.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
    let output = Command::new("sh")
        .args(["-c", &format!("{{ {command}\n}} 2>&1")])
        .current_dir(folder)
        .env("PATH", std::env::join_paths(search).unwrap())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// A document after its sessions were played.
#[derive(Default)]
struct Played {
    /// The document with what is printed now in place of what differs.
    text: String,
    sessions: usize,
    complaints: Vec<String>,
}

impl Played {
    fn copy(&mut self, lines: &[&str]) {
        for line in lines {
            self.text.extend([line, "\n"]);
        }
    }

    /// One command of a session, with what was shown below it and what it printed.
    fn compare(&mut self, command: &str, shown: &[&str], printed: &str) {
        let lines = printed.lines().map(str::trim_end);
        let printed: Vec<&str> = lines.filter(|line| !is_progress(line)).collect();
        if printed.is_empty() {
            return self.complaints.push(format!("$ {command}\n-- prints nothing"));
        }
        if matches(shown, &printed) {
            return self.copy(shown);
        }
        self.copy(&printed);
        let (shown, printed) = (shown.join("\n"), printed.join("\n"));
        self.complaints.push(format!("$ {command}\n-- shown:\n{shown}\n-- printed:\n{printed}"));
    }
}

const FENCE: &str = "```";

fn replace_sessions(text: &str, mut run: impl FnMut(&str) -> String) -> Played {
    let mut played = Played::default();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        played.copy(&[line]);
        if line != "```console" {
            continue;
        }
        played.sessions += 1;
        while let Some(first) = lines.next_if(|line| *line != FENCE) {
            let Some(command) = first.strip_prefix("$ ") else {
                played.complaints.push(format!("a session must begin with a command, not with: {first}"));
                continue;
            };
            played.copy(&[first]);
            let mut command = command.to_owned();
            while let Some(more) = lines.next_if(|line| line.starts_with("> ")) {
                played.copy(&[more]);
                command.extend(["\n", &more[2..]]);
            }
            let shown: Vec<&str> =
                std::iter::from_fn(|| lines.next_if(|line| *line != FENCE && !line.starts_with("$ "))).collect();
            played.compare(&command, &shown, &run(&command));
        }
    }
    played
}

/// Whether a line tells how far a command is, which only a slow machine has the time to be told.
fn is_progress(line: &str) -> bool {
    let (share, rest) = line.trim_start().split_once(' ').unwrap_or_default();
    let is_share = share.strip_suffix('%').is_some_and(|number| number.parse::<u32>().is_ok());
    is_share && rest.contains("/s, ") && rest.contains(" left")
}

/// Whether what was printed is what is shown, where a shown line `...` stands for any lines.
fn matches(shown: &[&str], printed: &[&str]) -> bool {
    match shown.split_first() {
        None => printed.is_empty(),
        Some((&"...", rest)) => (0..=printed.len()).any(|skipped| matches(rest, &printed[skipped..])),
        Some((line, rest)) => printed
            .split_first()
            .is_some_and(|(first, others)| without_times(line) == without_times(first) && matches(rest, others)),
    }
}

/// A line with its durations and rates made the same; any other line as it is.
fn without_times(line: &str) -> String {
    let words: Vec<&str> = line.split_whitespace().collect();
    let mut plain = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let timed = timed_words(&words[at..]);
        plain.push(if timed > 0 { "#" } else { words[at] });
        at += timed.max(1);
    }
    if plain.contains(&"#") { plain.join(" ") } else { line.to_owned() }
}

/// How many of the first words are a duration, such as `12ms` or `1.5 s`, or the number of a rate, such as `40 sentences/s`.
fn timed_words(words: &[&str]) -> usize {
    const UNITS: [&str; 8] = ["ns", "µs", "us", "ms", "s", "min", "seconds", "minutes"];
    let bare = |word: &str| word.trim_matches(|character| ",;()".contains(character)).trim_end_matches('.').to_owned();
    let first = bare(words[0]);
    let unit = first.trim_start_matches(|character: char| character.is_ascii_digit() || ".,".contains(character));
    if unit.len() == first.len() {
        return 0;
    }
    match words.get(1).map(|next| bare(next)) {
        _ if UNITS.contains(&unit) => 1,
        Some(next) if unit.is_empty() && UNITS.contains(&next.as_str()) => 2,
        Some(next) if unit.is_empty() && next.ends_with("/s") => 1,
        _ => 0,
    }
}

#[test]
fn a_session_that_prints_something_else_is_told() {
    let document = "a\n```console\n$ one\n1\n$ two \\\n> 2\nx\n...\ny\n```\n";
    let truth = |command: &str| {
        if command == "one" {
            " 25% 5 rows, 3 rows/s, 1 s left, a.tsv\n1\n".to_owned()
        } else {
            format!("x\n{}\ny\n", command.len())
        }
    };
    let played = replace_sessions(document, truth);
    assert_eq!((played.text.as_str(), played.sessions), (document, 1));
    assert_none(played.complaints);

    let played = replace_sessions(document, |_| "1\n".to_owned());
    assert_eq!(played.text, "a\n```console\n$ one\n1\n$ two \\\n> 2\n1\n```\n");
    assert_eq!(played.complaints, ["$ two \\\n2\n-- shown:\nx\n...\ny\n-- printed:\n1"]);
    assert_eq!(replace_sessions("```console\nno command\n```", truth).complaints.len(), 1);
    assert_eq!(replace_sessions("```console\n$ one\n```", |_| String::new()).complaints.len(), 1);
}

#[test]
fn times_are_not_compared_but_numbers_are() {
    let same = [("3 rows in 12 ms", "3 rows in 8.1 s"), ("(12ms)", "(9s)"), ("read 40 rows/s", "read 2,000 rows/s")];
    for (one, other) in same {
        assert_eq!(without_times(one), without_times(other));
    }
    let different =
        [("3 rows in 12 ms", "4 rows in 12 ms"), ("BRCA1 s", "BRCA2 s"), ("3 hops", "4 hops"), ("a  b", "a b")];
    for (one, other) in different {
        assert_ne!(without_times(one), without_times(other));
    }
}
