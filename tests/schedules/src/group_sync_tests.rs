//! Threads that commit and share syncs, with somebody who looks, in many orders.

use shuttle::rand::{Rng, thread_rng};
use shuttle::thread;

use crate::orders;
use crate::storage::group_sync::GroupSync;
use crate::sync::{Arc, Mutex};

/// A log whose commits are numbers that grow, the disk under it, and whoever brings the one to the other.
struct Log {
    group: GroupSync<u32, &'static str>,
    /// Held while a commit is written and noted.
    writer: Mutex<()>,
    /// Not a lock of the checker, so that looking at the disk makes no further orders of threads.
    disk: std::sync::Mutex<Disk>,
}

#[derive(Clone, Copy, Default)]
struct Disk {
    /// The last commit that was written.
    written: u32,
    /// The last commit that is on it.
    last: u32,
    is_gone: bool,
}

impl Log {
    fn new() -> Arc<Self> {
        Arc::new(Self { group: GroupSync::new(0), writer: Mutex::default(), disk: std::sync::Mutex::default() })
    }

    fn disk(&self) -> Disk {
        *self.disk.lock().unwrap()
    }

    /// Whoever is told that a commit is done finds it on the disk, and shown.
    fn commit(&self) {
        let writer = self.writer.lock().unwrap();
        self.disk.lock().unwrap().written += 1;
        let number = self.disk().written;
        let ticket = self.group.note_written(number);
        drop(writer);
        match self.group.wait(ticket, || self.sync()) {
            Ok(()) => {
                assert!(self.disk().last >= number, "{number} was told to be on the disk");
                assert!(self.group.synced() >= number, "{number} does not show");
            }
            Err(told) => {
                assert!(self.disk().is_gone, "{number} was told to have failed");
                assert_eq!(self.group.failure(), Some(told), "further writes are refused");
            }
        }
    }

    fn sync(&self) -> Result<(), &'static str> {
        let mut disk = self.disk.lock().unwrap();
        if disk.is_gone {
            return Err("the disk is gone");
        }
        disk.last = disk.written;
        Ok(())
    }

    /// What shows is on the disk, and never goes back.
    fn look(&self, times: u32) {
        let mut before = 0;
        for _ in 0..times {
            let shown = self.group.synced();
            assert!(shown >= before && shown <= self.disk().last, "{shown} shows after {before}");
            before = shown;
        }
    }
}

/// Threads that each commit so often, one that looks, and perhaps one that takes the disk away.
fn commits(threads: u32, each: u32, looks: u32, may_fail: bool) {
    let log = Log::new();
    let mut running = Vec::new();
    for _ in 0..threads {
        let log = Arc::clone(&log);
        running.push(thread::spawn(move || (0..each).for_each(|_| log.commit())));
    }
    if may_fail {
        let log = Arc::clone(&log);
        running.push(thread::spawn(move || log.disk.lock().unwrap().is_gone = true));
    }
    log.look(looks);
    running.into_iter().for_each(|thread| thread.join().unwrap());
    if !may_fail {
        assert_eq!(log.group.synced(), threads * each, "all that returned shows");
    }
}

#[test]
fn a_commit_that_was_told_to_be_done_is_on_the_disk_and_shows() {
    orders::random(|| commits(4, 3, 4, thread_rng().gen_bool(0.5)));
}

fn a_commit_beside(other: fn(&Log)) {
    let log = Log::new();
    let thread = thread::spawn({
        let log = Arc::clone(&log);
        move || other(&log)
    });
    log.commit();
    thread.join().unwrap();
}

#[test]
fn two_commits_and_a_commit_beside_a_look_are_right_in_every_order() {
    orders::all(|| a_commit_beside(Log::commit));
    orders::all(|| a_commit_beside(|log| log.look(2)));
}
