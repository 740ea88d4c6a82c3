//! The directory of a graph: the file that says what it is, and the one that says who has it open.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::StorageError;

/// The format that this program writes; see the version table of `engine/FORMAT.md`.
pub(crate) const FORMAT_VERSION: u32 = 2;

const FORMAT_TITLE: &str = "hopgraph graph directory";

fn format_file(directory: &Path) -> PathBuf {
    directory.join("FORMAT")
}

fn writer_file(directory: &Path) -> PathBuf {
    directory.join("WRITER")
}

/// Where the RocksDB database is.
pub(crate) fn store(directory: &Path) -> PathBuf {
    directory.join("store")
}

/// Where a bulk load makes its files; see [`super::staging`].
pub(crate) fn staging(directory: &Path) -> PathBuf {
    directory.join("load")
}

/// What says that the sorted files of a bulk load are all there, and are being taken in.
pub(crate) fn load_note(directory: &Path) -> PathBuf {
    staging(directory).join("READY")
}

/// Makes sure that the directory is a graph that this program can read; makes a new one of a missing or empty
/// directory, unless it must exist. Gives the version of its format.
pub(crate) fn prepare(directory: &Path, must_exist: bool) -> Result<u32, StorageError> {
    match fs::read_to_string(format_file(directory)) {
        Ok(text) => check_version(directory, &text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let empty = is_missing_or_empty(directory)?;
            match (empty, must_exist) {
                (false, _) => Err(StorageError::NotAGraph { path: directory.to_owned() }),
                (true, true) => Err(StorageError::Missing { path: directory.to_owned() }),
                (true, false) => create(directory).map(|()| FORMAT_VERSION),
            }
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotADirectory => {
            Err(StorageError::NotAGraph { path: directory.to_owned() })
        }
        Err(source) => Err(StorageError::File { path: format_file(directory), source }),
    }
}

fn check_version(directory: &Path, text: &str) -> Result<u32, StorageError> {
    let damaged = |reason: &str| StorageError::Damaged {
        place: format!("file {}", format_file(directory).display()),
        reason: reason.to_owned(),
    };
    let mut lines = text.lines();
    if lines.next() != Some(FORMAT_TITLE) {
        return Err(StorageError::NotAGraph { path: directory.to_owned() });
    }
    let version = lines.next().and_then(|line| line.strip_prefix("format ")).and_then(|text| text.parse().ok());
    match version {
        None | Some(0) => Err(damaged("its second line should be \"format\" and a number")),
        Some(found) if found > FORMAT_VERSION => {
            Err(StorageError::NewerFormat { path: directory.to_owned(), found, supported: FORMAT_VERSION })
        }
        Some(found) => Ok(found),
    }
}

/// Whether there is nothing at the path, or an empty folder.
pub(crate) fn is_missing_or_empty(directory: &Path) -> Result<bool, StorageError> {
    match fs::read_dir(directory) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(true),
        Err(source) => Err(StorageError::File { path: directory.to_owned(), source }),
    }
}

/// Writes `FORMAT` before anything else is there, and so that it is whole or absent after a crash. A leftover of an
/// interrupted attempt would make the directory look foreign, so the draft lies beside the directory, not in it.
fn create(directory: &Path) -> Result<(), StorageError> {
    let file_error = |path: &Path| {
        let path = path.to_owned();
        move |source| StorageError::File { path, source }
    };
    fs::create_dir_all(directory).map_err(file_error(directory))?;
    write_version(directory)
}

/// Says in `FORMAT` that the directory has the format that this program writes.
pub(crate) fn write_version(directory: &Path) -> Result<(), StorageError> {
    let file_error = |path: &Path| {
        let path = path.to_owned();
        move |source| StorageError::File { path, source }
    };
    let beside = directory.canonicalize().map_err(file_error(directory))?;
    let parent = beside.parent().unwrap_or(&beside);
    let path = format_file(directory);
    // In a folder of its own: a temporary file by itself could be read by its owner alone.
    let folder = tempfile::tempdir_in(parent).map_err(file_error(parent))?;
    let draft = folder.path().join("FORMAT");
    let written = fs::File::create(&draft).and_then(|mut file| {
        write!(file, "{FORMAT_TITLE}\nformat {FORMAT_VERSION}\n")?;
        file.sync_all()
    });
    written.and_then(|()| fs::rename(&draft, &path)).map_err(file_error(&path))?;
    [directory, parent].into_iter().try_for_each(sync)?;
    Ok(())
}

/// Brings the names in a folder to the disk: that files were made, renamed or deleted in it.
pub(crate) fn sync(folder: &Path) -> Result<(), StorageError> {
    let synced = fs::File::open(folder).and_then(|opened| opened.sync_all());
    synced.map_err(|source| StorageError::File { path: folder.to_owned(), source })
}

/// A temporary folder beside a path, so on the same file system; the folder of both is made if need be.
pub(crate) fn beside(path: &Path, prefix: &str) -> Result<tempfile::TempDir, StorageError> {
    let parent = match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    let made = fs::create_dir_all(parent).and_then(|()| tempfile::Builder::new().prefix(prefix).tempdir_in(parent));
    made.map_err(|source| StorageError::File { path: parent.to_owned(), source })
}

/// Gives a directory that was made beside its place its name, all at once.
pub(crate) fn move_into_place(draft: &Path, target: &Path) -> Result<(), StorageError> {
    sync(draft)?;
    fs::rename(draft, target).map_err(|source| StorageError::File { path: target.to_owned(), source })?;
    let absolute = target.canonicalize().map_err(|source| StorageError::File { path: target.to_owned(), source })?;
    absolute.parent().map_or(Ok(()), sync)
}

/// Leaves this process's id for whoever finds the graph locked. A hint only, so failures are ignored.
pub(crate) fn note_writer(directory: &Path) {
    let _ = fs::write(writer_file(directory), std::process::id().to_string());
}

/// Takes the hint away again.
pub(crate) fn forget_writer(directory: &Path) {
    let _ = fs::remove_file(writer_file(directory));
}

/// The process that said it has the graph open.
pub(crate) fn writer(directory: &Path) -> Option<u32> {
    fs::read_to_string(writer_file(directory)).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_directory_gets_a_format_file_and_opens_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b.hopgraph");
        assert!(matches!(prepare(&path, true), Err(StorageError::Missing { .. })));
        prepare(&path, false).unwrap();
        prepare(&path, true).unwrap();
        assert_eq!(fs::read_to_string(path.join("FORMAT")).unwrap(), "hopgraph graph directory\nformat 2\n");
    }

    #[test]
    fn foreign_newer_and_damaged_directories_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("notes.txt"), "mine").unwrap();
        assert!(matches!(prepare(folder.path(), false), Err(StorageError::NotAGraph { .. })));
        assert!(matches!(prepare(&folder.path().join("notes.txt"), false), Err(StorageError::NotAGraph { .. })));
        for (text, expected) in [
            ("hopgraph graph directory\nformat 3\n", "format version 3"),
            ("hopgraph graph directory\nformat x\n", "second line"),
            ("hopgraph graph directory\n", "second line"),
            ("something else\n", "not a hopgraph directory"),
        ] {
            fs::write(folder.path().join("FORMAT"), text).unwrap();
            let error = prepare(folder.path(), false).unwrap_err().to_string();
            assert!(error.contains(expected), "{text:?} gave {error}");
        }
    }
}
