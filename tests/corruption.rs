//! A flipped bit in any file of a graph is reported with its place, or changes nothing: it is never answered over.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use hopgraph::engine::{Graph, StorageError};

use crate::commits::{COMMITS, commit};
use crate::dump::dump;
use crate::format::copy;
use crate::random::{Random, scratch, setting};

/// Flips in each file in an everyday run. `HOPGRAPH_FLIPS` asks for another number.
const FLIPS: u64 = 1;

/// A graph in sorted files, with its last commits in the write-ahead log alone.
fn write_graph(path: &Path) -> String {
    let graph = Graph::open(path).unwrap();
    for number in 0..COMMITS {
        commit(&graph, number).unwrap();
        if number == COMMITS / 3 || number == 2 * COMMITS / 3 {
            graph.flush().unwrap();
        }
    }
    dump(&graph)
}

/// All files of a graph but those that RocksDB writes for people, or that only say who has it open.
fn files(path: &Path) -> Vec<PathBuf> {
    let list = |folder: &Path| fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>();
    let mut files = [list(path), list(&path.join("store"))].concat();
    let told_apart = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        path.is_file() && !name.starts_with("LOG") && !["LOCK", "WRITER"].contains(&name.as_str())
    };
    files.retain(told_apart);
    files.sort();
    files
}

fn flip(file: &Path, random: &mut Random) -> (usize, u8) {
    let mut bytes = fs::read(file).unwrap();
    let (at, bit) = (random.below(bytes.len()), random.below(8) as u8);
    bytes[at] ^= 1 << bit;
    fs::write(file, bytes).unwrap();
    (at, bit)
}

/// How a flipped bit shows.
#[derive(Debug, PartialEq)]
enum Finding {
    Reported(String),
    Nothing,
}

fn look(path: &Path, expected: &str, what: &str) -> Finding {
    let graph = match Graph::open(path) {
        Ok(graph) => graph,
        Err(error) => return Finding::Reported(error.to_string()),
    };
    // Readers give the right answer or an error; here an error makes the reader panic.
    if let Ok(held) = catch_unwind(AssertUnwindSafe(|| dump(&graph))) {
        assert!(held == expected, "{what} was answered over");
    }
    match graph.check() {
        Ok(report) if report.is_sound() => Finding::Nothing,
        Ok(report) => Finding::Reported(report.problems.join("; ")),
        Err(error) => Finding::Reported(error.to_string()),
    }
}

#[test]
fn a_flipped_bit_in_any_file_is_reported_with_its_place_or_changes_nothing() {
    let seed = setting("HOPGRAPH_SEED", u64::from(std::process::id()));
    let mut random = Random(seed);
    let folder = scratch();
    let original = folder.path().join("original");
    let expected = write_graph(&original);
    let (mut reported, mut harmless) = (0, Vec::new());
    for file in files(&original) {
        let name = file.strip_prefix(&original).unwrap();
        for _ in 0..setting("HOPGRAPH_FLIPS", FLIPS) {
            let damaged = folder.path().join("damaged");
            copy(&original, &damaged);
            let (at, bit) = flip(&damaged.join(name), &mut random);
            let what = format!("HOPGRAPH_SEED={seed}: bit {bit} of byte {at} of {}", name.display());
            match look(&damaged, &expected, &what) {
                Finding::Reported(text) => {
                    reported += 1;
                    let placed = ["file ", "column family", "FORMAT", "/store/", "format version", "not a hopgraph"];
                    assert!(
                        placed.iter().any(|place| text.contains(place)),
                        "{what} is reported without its place: {text}"
                    );
                }
                Finding::Nothing => harmless.push(format!("{} byte {at}", name.display())),
            }
            fs::remove_dir_all(&damaged).unwrap();
        }
    }
    println!("{reported} flips were reported; without effect: {harmless:?}");
    // Filters only save reads, and RocksDB passes over one that is broken; properties and settings are for people.
    assert!(harmless.iter().all(|place| !place.contains(".log") && !place.contains("CURRENT")), "{harmless:?}");
    assert!(reported > 3 * harmless.len(), "{reported} reported, {harmless:?} not");
}

#[test]
fn a_flipped_bit_in_an_acknowledged_commit_of_the_log_is_never_taken_for_a_torn_end() {
    let folder = scratch();
    let original = folder.path().join("original");
    write_graph(&original);
    let log = files(&original).into_iter().find(|file| file.extension().is_some_and(|extension| extension == "log"));
    let name = log.unwrap().strip_prefix(&original).unwrap().to_owned();
    let length = fs::metadata(original.join(&name)).unwrap().len() as usize;
    assert!(length > 1_000, "the last commits are in the log");
    for at in [0, 4, 5, 6, 7, length / 2, length - 1] {
        let damaged = folder.path().join("damaged");
        copy(&original, &damaged);
        let mut bytes = fs::read(damaged.join(&name)).unwrap();
        bytes[at] ^= 0x10;
        fs::write(damaged.join(&name), bytes).unwrap();
        let error = Graph::open(&damaged).map(drop).unwrap_err();
        assert!(matches!(error, StorageError::Damaged { .. }), "byte {at}: {error:?}");
        assert!(error.to_string().contains(name.file_name().unwrap().to_str().unwrap()), "{error}");
        fs::remove_dir_all(&damaged).unwrap();
    }
}

#[test]
fn a_repair_takes_what_stands_before_the_damage_in_the_log_and_keeps_the_log() {
    let folder = scratch();
    let path = folder.path().join("graph");
    write_graph(&path);
    let log =
        files(&path).into_iter().find(|file| file.extension().is_some_and(|extension| extension == "log")).unwrap();
    let mut bytes = fs::read(&log).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&log, &bytes).unwrap();
    let report = Graph::repair(&path).unwrap();
    assert!(report.actions[0].contains("write-ahead log"), "{:?}", report.actions);
    assert_eq!(report.check.problems, Vec::<String>::new());
    assert_eq!(fs::read(path.join("damaged-logs").join(log.file_name().unwrap())).unwrap(), bytes);
    let graph = Graph::open(&path).unwrap();
    let held = dump(&graph);
    let prefix = crate::commits::expected_dumps().into_iter().position(|expected| expected == held);
    let prefix = prefix.expect("the graph holds a number of whole commits");
    assert!((2 * COMMITS / 3 + 1..COMMITS).contains(&prefix), "{prefix} commits are left");
}

#[test]
fn a_repair_makes_unreadable_indexes_anew_and_says_what_else_is_unreadable() {
    let folder = scratch();
    let original = folder.path().join("original");
    let expected = write_graph(&original);
    let (mut mended, mut told) = (0, 0);
    for file in files(&original).iter().filter(|file| file.extension().is_some_and(|extension| extension == "sst")) {
        let path = folder.path().join("damaged");
        copy(&original, &path);
        let damaged = path.join(file.strip_prefix(&original).unwrap());
        let mut bytes = fs::read(&damaged).unwrap();
        bytes[3] ^= 0x40;
        fs::write(&damaged, bytes).unwrap();
        let report = Graph::repair(&path).unwrap();
        if report.check.is_sound() {
            assert!(report.actions.iter().any(|action| action.contains("made anew")), "{:?}", report.actions);
            assert!(dump(&Graph::open(&path).unwrap()) == expected, "{:?}", report.actions);
            mended += 1;
        } else {
            let name = damaged.file_name().unwrap().to_str().unwrap();
            assert!(report.check.problems.iter().any(|problem| problem.contains(name)), "{:?}", report.check.problems);
            told += 1;
        }
        fs::remove_dir_all(&path).unwrap();
    }
    assert!(mended >= 6 && told >= 6, "{mended} mended, {told} told");
}
