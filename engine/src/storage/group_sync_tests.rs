//! One sync for many commits, with threads of the operating system. Every order of threads is tried in `tests/schedules/`.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::group_sync::GroupSync;

const OTHERS: u32 = 8;

type Told = Result<(), &'static str>;

/// One thread commits; while it syncs, others write theirs, so that they must share the next sync. Gives what these were
/// told, and how often that was synced.
fn commit_together(group: &GroupSync<u32, &'static str>, second: Told) -> (Vec<Told>, u32) {
    let (written, syncs) = (Mutex::new(1), AtomicU32::new(0));
    let commit = || {
        let mut count = written.lock().unwrap();
        *count += 1;
        let ticket = group.note_written(*count);
        drop(count);
        group.wait(ticket, || {
            syncs.fetch_add(1, Ordering::Relaxed);
            second
        })
    };
    let first = group.note_written(1);
    let told = std::thread::scope(|scope| {
        let mut others = Vec::new();
        let sync = || {
            others.extend((0..OTHERS).map(|_| scope.spawn(commit)));
            while *written.lock().unwrap() <= OTHERS {
                std::thread::sleep(Duration::from_millis(1));
            }
            Ok(())
        };
        group.wait(first, sync).unwrap();
        others.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    (told, syncs.into_inner())
}

#[test]
fn commits_that_wait_at_the_same_time_share_a_sync() {
    let group = GroupSync::new(0);
    let (told, syncs) = commit_together(&group, Ok(()));
    assert_eq!((told, syncs), (vec![Ok(()); OTHERS as usize], 1));
    assert_eq!(group.synced(), OTHERS + 1);
}

#[test]
fn a_failed_sync_is_told_to_all_who_wait_and_to_whoever_comes_later() {
    let group = GroupSync::new(0);
    let gone = Err("the disk is gone");
    assert_eq!(commit_together(&group, gone), (vec![gone; OTHERS as usize], 1));
    assert_eq!(group.failure(), gone.err());
    assert_eq!(group.synced(), 1, "what is shown is what is known to be on the disk");
    let later = group.note_written(OTHERS + 2);
    assert_eq!(group.wait(later, || panic!("nothing is synced after a failure")), gone);
}

#[test]
fn a_moment_is_shown_once_it_is_on_the_disk() {
    let group = GroupSync::<_, &str>::new(0);
    let (first, second) = (group.note_written(1), group.note_written(2));
    assert_eq!(group.synced(), 0);
    let sync = || {
        assert_eq!(group.synced(), 0);
        Ok(())
    };
    group.wait(first, sync).unwrap();
    assert_eq!(group.synced(), 2, "the sync covers what was written before it began");
    group.wait(second, || panic!("it is on the disk already")).unwrap();
}
