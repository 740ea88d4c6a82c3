//! Runs the built program in a folder of its own.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The program under test.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_hopgraph");

/// A folder that the program runs in.
pub(crate) struct Folder(tempfile::TempDir);

/// What the program gave back.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Folder {
    /// An empty folder.
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// A folder with a small graph `g`: two genes, two diseases, three edges one of which is denied.
    pub(crate) fn with_graph() -> Self {
        let folder = Self::new();
        fs::write(
            folder.path("nodes.tsv"),
            "id\tname\tlabel\nG1\tBRCA1\tgene\nG2\tTP53\tgene\nD1\tbreast cancer\tdisease\nD2\tgout\tdisease\n",
        )
        .unwrap();
        fs::write(
            folder.path("edges.tsv"),
            "source\ttype\ttarget\nG1\tassociated\tD1\nG2\tassociated\tD1\nG1\tnot_associated\tD2\n",
        )
        .unwrap();
        let both = "associated,not_associated";
        let files = ["load", "g", "--nodes", "nodes.tsv", "--edges", "edges.tsv"];
        let output = folder.run(&[&files[..], &["--symmetric", both, "--denied", "not_associated"]].concat());
        assert_eq!(output.code, 0, "{}", output.stderr);
        folder
    }

    /// Where it is.
    pub(crate) fn root(&self) -> &Path {
        self.0.path()
    }

    /// A path in it.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Runs the program to its end, with nothing on standard input.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.run_with_input(arguments, "")
    }

    /// Runs the program to its end.
    pub(crate) fn run_with_input(&self, arguments: &[&str], input: &str) -> Output {
        let mut child = Command::new(PROGRAM)
            .args(arguments)
            .current_dir(self.root())
            .env("HOME", self.root())
            .env_remove("XDG_STATE_HOME")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A program that does not read its input may be gone by now.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        Output {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}
