//! The folder in which a bulk load makes its sorted files, and the note that says they are all there.
//!
//! The store takes in the files of one family at a time, so the note is what makes the whole of them atomic: without it
//! the files are thrown away, with it the store takes in what is left of them before anything else happens.

use std::fs::{self, File};
use std::io::Write;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

use super::directory::{self, sync};
use super::family::Family;
use super::sorted_file::SortedFile;
use crate::StorageError;

/// The name of the note.
const NOTE: &str = "READY";

/// Its name until it is whole.
const DRAFT: &str = "DRAFT";

/// In which order families are taken in; those of one line at the same time, as each waits for the disk several times.
/// Whoever reads the store from outside meanwhile finds nodes before their edges; the counters, and with them the
/// generation of the edges, come last.
const ORDER: [&[Family]; 4] = [
    &[Family::Catalog, Family::Runs],
    &[Family::Nodes, Family::Identifiers, Family::Names, Family::Labels],
    &[Family::Facts, Family::EdgeProperties, Family::Adjacency],
    &[Family::Counters],
];

/// What takes sorted files of one family into the store, all of them or none.
pub(crate) type TakeIn<'s> = &'s (dyn Fn(Family, Vec<PathBuf>) -> Result<(), StorageError> + Sync);

/// Sorted files on their way into the store. Dropped without [`Staging::publish`], they leave no trace.
#[derive(Debug)]
pub(crate) struct Staging {
    folder: PathBuf,
    next: AtomicU32,
    files: Mutex<Vec<(Family, String)>>,
}

impl Staging {
    /// An empty folder in the directory of the graph, so that files can move from it without being copied.
    pub(crate) fn create(graph_directory: &Path) -> Result<Self, StorageError> {
        let folder = directory::staging(graph_directory);
        remove(&folder)?;
        fs::create_dir(&folder).map_err(file_error(&folder))?;
        Ok(Self { folder, next: AtomicU32::new(0), files: Mutex::default() })
    }

    /// A file for whoever sorts outside of memory: it has no name, and goes away when it is closed.
    pub(crate) fn scratch(&self) -> Result<File, StorageError> {
        tempfile::tempfile_in(&self.folder).map_err(file_error(&self.folder))
    }

    /// Makes a sorted file. Files of one family may be made in any order and at the same time, if no two of them span
    /// the same keys.
    pub(crate) fn write(
        &self,
        family: Family,
        fill: impl FnOnce(&mut SortedFile<'_>) -> Result<(), StorageError>,
    ) -> Result<(), StorageError> {
        let name = format!("{}.{}.sst", family.name(), self.next.fetch_add(1, Ordering::Relaxed));
        SortedFile::write(&self.folder.join(&name), family, fill)?;
        self.files.lock().unwrap_or_else(PoisonError::into_inner).push((family, name));
        Ok(())
    }

    /// Writes the note. From here on, the files are part of the graph, whatever happens: after a failure too, nothing else
    /// may be written before the graph is opened again, which either finishes the load or finds no note.
    pub(crate) fn seal(&self) -> Result<(), StorageError> {
        let path = self.folder.join(NOTE);
        let failed = file_error(&path);
        let files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        let lines: String = files.iter().map(|(family, name)| format!("{}\t{name}\n", family.name())).collect();
        // The names of the files, and of the folder itself, have to be on the disk before the note is.
        sync(&self.folder)?;
        self.folder.parent().map_or(Ok(()), sync)?;
        let draft = self.folder.join(DRAFT);
        let written = File::create(&draft).and_then(|mut file| {
            file.write_all(lines.as_bytes())?;
            file.sync_all()
        });
        written.and_then(|()| fs::rename(&draft, &path)).map_err(&failed)?;
        sync(&self.folder)
    }

    /// Hands the files to the store. If this fails, opening the graph again finishes it.
    pub(crate) fn publish(mut self, take_in: TakeIn<'_>) -> Result<(), StorageError> {
        let files = std::mem::take(&mut self.files).into_inner().unwrap_or_else(PoisonError::into_inner);
        let folder = std::mem::take(&mut self.folder);
        take_in_all(&folder, &files, take_in)
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        if !self.folder.as_os_str().is_empty() && !self.folder.join(NOTE).exists() {
            // What stays behind is cleared away when the graph is next opened or loaded into.
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

/// Finishes or clears away what an interrupted load left in the directory of a graph.
pub(crate) fn recover(graph_directory: &Path, take_in: TakeIn<'_>) -> Result<(), StorageError> {
    let folder = directory::staging(graph_directory);
    let path = folder.join(NOTE);
    match fs::read_to_string(&path) {
        Ok(text) => take_in_all(&folder, &parse(&path, &text)?, take_in),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => remove(&folder),
        Err(source) => Err(StorageError::File { path, source }),
    }
}

fn take_in_all(folder: &Path, files: &[(Family, String)], take_in: TakeIn<'_>) -> Result<(), StorageError> {
    let take_in_family = &|family: Family| {
        let of_family = files.iter().filter(|(of, _)| *of == family);
        // After an interruption, some of them are in the store already.
        let left: Vec<PathBuf> = of_family.map(|(_, name)| folder.join(name)).filter(|path| path.exists()).collect();
        if left.is_empty() { Ok(()) } else { take_in(family, left) }
    };
    for families in ORDER {
        // On threads of their own: a worker of a pool takes up other work while it waits, which may wait for this load.
        std::thread::scope(|scope| {
            let started: Vec<_> = families.iter().map(|&family| scope.spawn(move || take_in_family(family))).collect();
            started.into_iter().try_for_each(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)))
        })?;
    }
    // Were the note to come back after a loss of power, old files could undo what was written since.
    let note = folder.join(NOTE);
    fs::remove_file(&note).map_err(file_error(&note))?;
    sync(folder)?;
    remove(folder)
}

fn parse(path: &Path, text: &str) -> Result<Vec<(Family, String)>, StorageError> {
    let entry = |line: &str| {
        let (family, name) = line.split_once('\t')?;
        Some((Family::ALL.into_iter().find(|known| known.name() == family)?, name.to_owned()))
    };
    let damaged = |line: &str| StorageError::Damaged {
        place: format!("file {}", path.display()),
        reason: format!("{line:?} names no column family and file"),
    };
    text.lines().map(|line| entry(line).ok_or_else(|| damaged(line))).collect()
}

fn remove(folder: &Path) -> Result<(), StorageError> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(file_error(folder)(error)),
        _ => Ok(()),
    }
}

fn file_error(path: &Path) -> impl Fn(std::io::Error) -> StorageError {
    move |source| StorageError::File { path: path.to_owned(), source }
}

/// The error of a file of [`Staging::scratch`].
pub(crate) fn scratch_error(source: std::io::Error) -> StorageError {
    StorageError::Failed { action: "sorting outside of memory", cause: source.to_string() }
}
