//! Finds the `hopgraph` program that was built along with these tests.

use std::path::{Path, PathBuf};

/// The root of the repository.
pub(crate) fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests lie in a folder of the repository")
}

/// The built program. Cargo names it to the tests of its own package only, so it is looked for where cargo puts it:
/// this test lies in `release/deps`, the program one folder up.
pub(crate) fn hopgraph() -> PathBuf {
    let test = std::env::current_exe().expect("a running program has a path");
    let folder = test.parent().and_then(Path::parent).expect("cargo builds tests two folders deep");
    let program = folder.join(format!("hopgraph{}", std::env::consts::EXE_SUFFIX));
    assert!(
        program.is_file(),
        "{} is not there: run `cargo build --release --package hopgraph-shell`, or test the whole workspace",
        program.display()
    );
    program
}
