//! What a failing disk does to a graph: loss of power, no room left, blocks that cannot be read.
//!
//! The program under test is this test program itself, started again with a library of our own before the C library
//! (`recorder.c`). It records every write and every sync, and can let them fail.

mod failing;
mod image;
mod loads;
mod power_loss;
mod together;
mod workload;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

/// The recorder, compiled once for all tests of this run.
fn recorder() -> &'static Path {
    static LIBRARY: OnceLock<(tempfile::TempDir, PathBuf)> = OnceLock::new();
    let (_, path) = LIBRARY.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let library = folder.path().join("recorder.so");
        let source = crate::program::repository().join("tests/disk/recorder.c");
        let compiler = std::env::var_os("CC").unwrap_or_else(|| "cc".into());
        let output = Command::new(compiler)
            .args(["-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o"])
            .args([&library, &source])
            .args(["-ldl", "-lpthread"])
            .output()
            .expect("a C compiler is there: RocksDB was built with it");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        (folder, library)
    });
    path
}

/// Runs one of the workloads in a process of its own, on files below `root`.
fn run_workload(name: &str, root: &Path, settings: &[(&str, &str)]) -> Output {
    Command::new(std::env::current_exe().unwrap())
        .args(["disk::workload::runs_in_a_process_of_its_own", "--exact", "--nocapture"])
        .env(workload::NAME, name)
        .env(workload::ROOT, root)
        .env("LD_PRELOAD", recorder())
        .env("RECORDER_ROOT", root)
        .envs(settings.iter().copied())
        .stdin(Stdio::null())
        .output()
        .unwrap()
}
