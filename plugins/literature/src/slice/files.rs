//! Files that are there whole or not at all: written aside, brought to the disk, then renamed.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::PlanError;

/// The name beside a path under which its content is written.
pub(super) fn draft_of(path: &Path) -> PathBuf {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    // Two workers may write the same file at once.
    path.with_file_name(format!(".{name}.{}.draft", std::process::id()))
}

/// Gives a file that is on the disk its name, and brings that to the disk as well.
pub(super) fn publish(draft: &Path, path: &Path) -> Result<(), PlanError> {
    std::fs::rename(draft, path).map_err(|source| PlanError::write(path, source))?;
    sync_folder_of(path)
}

fn sync_folder_of(path: &Path) -> Result<(), PlanError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|source| PlanError::write(folder, source))
}

/// Writes a file whole, in place of one that may be there.
pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), PlanError> {
    publish(&write_draft(path, bytes)?, path)
}

/// Writes a file whole, unless there is one; then false. Of several that try, one succeeds.
pub(super) fn write_new(path: &Path, bytes: &[u8]) -> Result<bool, PlanError> {
    let draft = write_draft(path, bytes)?;
    // A second name can only be given where there is none.
    let linked = std::fs::hard_link(&draft, path);
    std::fs::remove_file(&draft).map_err(|source| PlanError::write(&draft, source))?;
    match linked {
        Ok(()) => sync_folder_of(path).map(|()| true),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(false),
        Err(source) => Err(PlanError::write(path, source)),
    }
}

fn write_draft(path: &Path, bytes: &[u8]) -> Result<PathBuf, PlanError> {
    let draft = draft_of(path);
    let written = File::create(&draft).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    written.map_err(|source| PlanError::write(&draft, source))?;
    Ok(draft)
}

/// Bytes as digits.
pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
