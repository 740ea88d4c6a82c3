//! A loss of power at every sync and between: what was acknowledged is there, and nothing is there by half.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::path::Path;

use hopgraph::engine::{Graph, StorageError};

use super::image::{Disk, Event, Survival, parse};
use super::together::{self, Held};
use super::workload::{acknowledgements_path, graph_path};
use super::{loads, run_workload};
use crate::commits::{COMMITS, expected_dumps};
use crate::dump::dump;
use crate::random::{Random, scratch, setting};

/// Losses of power in an everyday run, of each workload. `HOPGRAPH_POWER_LOSSES` asks for another number.
const LOSSES: u64 = 24;

/// Which numbers of commits or other steps a graph may hold, given what was acknowledged.
type Promise = fn(&str) -> RangeInclusive<usize>;

#[test]
fn synced_commits_survive_a_loss_of_power_and_none_is_there_by_half() {
    survives("synced", &expected_dumps(), |acknowledged| {
        let commits = acknowledged.matches("commit\n").count();
        commits..=COMMITS.min(commits + 1)
    });
}

#[test]
fn buffered_commits_survive_a_loss_of_power_from_some_flush_on_and_none_is_there_by_half() {
    survives("buffered", &expected_dumps(), |acknowledged| {
        let flushed = acknowledged.rsplit_once("flush\n").map_or("", |(before, _)| before);
        let least = flushed.matches("commit\n").count();
        least..=COMMITS.min(acknowledged.matches("commit\n").count() + 1)
    });
}

#[test]
fn a_bulk_load_survives_a_loss_of_power_once_it_has_returned_and_is_never_there_by_half() {
    survives("loads", &loads::expected_dumps(), |acknowledged| {
        let steps = acknowledged.matches("step\n").count();
        steps..=loads::STEPS.min(steps + 1)
    });
}

#[test]
fn what_one_of_many_threads_was_told_or_shown_survives_a_loss_of_power() {
    let mut held = BTreeSet::new();
    lose_power("together", |root, acknowledged, what| {
        let promised = together::promised(acknowledged);
        match Graph::open(graph_path(root)) {
            Ok(graph) => together::verify(&graph, &promised, what),
            Err(StorageError::NotAGraph { .. }) if promised == Held::default() => {}
            Err(error) => panic!("{what}: the graph does not open: {error}"),
        }
        held.insert(promised.commits);
    });
    assert!(held.len() > 5, "losses hit many states of the graph: {held:?}");
}

fn survives(workload: &str, dumps: &[String], promise: Promise) {
    let mut held = BTreeSet::new();
    lose_power(workload, |root, acknowledged, what| {
        held.insert(verify(&graph_path(root), dumps, promise(acknowledged), what));
    });
    assert!(held.len() > dumps.len() / 7, "losses hit many states of the graph: {held:?}");
}

/// Lets a workload run and the power go at many moments of it. `judge` gets what the disk holds then, what was
/// acknowledged, and words for the failure.
fn lose_power(workload: &str, mut judge: impl FnMut(&Path, &str, &str)) {
    let folder = scratch();
    let root = folder.path().join("root");
    std::fs::create_dir(&root).unwrap();
    let log = folder.path().join("record");
    let output = run_workload(workload, &root, &[("RECORDER_LOG", log.to_str().unwrap())]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    let events = parse(&std::fs::read(log).unwrap());
    let syncs = events.iter().filter(|event| matches!(event, Event::Sync { .. })).count();
    assert!(syncs > 20, "the record shows {syncs} syncs");
    let seed = setting("HOPGRAPH_SEED", u64::from(std::process::id()));
    let mut random = Random(seed);
    let losses = moments(&events, setting("HOPGRAPH_POWER_LOSSES", LOSSES) as usize, &mut random);
    let mut disk = Disk::new(&root);
    let mut done = 0;
    for (moment, survival) in losses {
        events[done..moment].iter().for_each(|event| disk.apply(event));
        done = moment;
        let acknowledged = String::from_utf8(disk.read(&acknowledgements_path(&root))).unwrap();
        let image = scratch();
        disk.write_image(&root, image.path(), survival, &mut random);
        let what =
            format!("HOPGRAPH_SEED={seed}, power lost at event {moment} of {}, {survival:?} survived", events.len());
        judge(image.path(), &acknowledged, &what);
    }
}

/// Moments of the record at which power is lost, in order, each with what survives: first of all at syncs.
fn moments(events: &[Event], count: usize, random: &mut Random) -> Vec<(usize, Survival)> {
    let syncs: Vec<usize> = (0..events.len()).filter(|&at| matches!(events[at], Event::Sync { .. })).collect();
    let mut moments = Vec::new();
    for number in 0..count {
        let survival = [Survival::Nothing, Survival::Some, Survival::Some, Survival::Everything][number % 4];
        let moment = match number % 3 {
            // Just before a sync, and just after it.
            0 => syncs[random.below(syncs.len())],
            1 => syncs[random.below(syncs.len())] + 1,
            _ => random.below(events.len() + 1),
        };
        moments.push((moment, survival));
    }
    // With enough losses to spend, every sync is hit, before and after, and with every survival.
    if count >= syncs.len() * 6 {
        let every = [Survival::Nothing, Survival::Some, Survival::Everything];
        moments
            .extend(syncs.iter().flat_map(|&at| every.map(|survival| [(at, survival), (at + 1, survival)])).flatten());
    }
    moments.sort_by_key(|(moment, _)| *moment);
    moments
}

/// Opens what is left, which must be sound and hold a number of whole steps; returns that number.
fn verify(path: &Path, dumps: &[String], promised: RangeInclusive<usize>, what: &str) -> usize {
    let graph = match Graph::open(path) {
        Ok(graph) => graph,
        Err(StorageError::NotAGraph { .. }) if promised.contains(&0) => return 0,
        Err(error) => panic!("{what}: the graph does not open: {error}"),
    };
    assert_eq!(graph.check().unwrap().problems, Vec::<String>::new(), "{what}");
    let held = dump(&graph);
    let steps = dumps.iter().position(|expected| *expected == held);
    let steps = steps.unwrap_or_else(|| panic!("{what}: the graph is none that the steps made:\n{held}"));
    assert!(promised.contains(&steps), "{what}: {steps} steps are there, promised were {promised:?}");
    steps
}
