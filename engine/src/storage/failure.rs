//! What RocksDB says went wrong, as errors that say what to do.

use std::path::Path;

use rocksdb::ErrorKind;

use super::directory;
use super::family::Family;
use crate::StorageError;
use crate::limits::RECORD_BYTES_MAX;

/// Why the database does not open.
pub(super) fn open_error(graph_directory: &Path, error: rocksdb::Error) -> StorageError {
    if is_lock_error(&error) {
        let process = directory::writer(graph_directory);
        return StorageError::Locked { path: graph_directory.to_owned(), process };
    }
    if error.kind() == ErrorKind::Corruption {
        let place = format!("database {}", directory::store(graph_directory).display());
        return StorageError::Damaged { place, reason: error.into_string() };
    }
    if is_refusal(&error) {
        return StorageError::Unwritable { path: graph_directory.to_owned(), cause: error.into_string() };
    }
    failed("opening the database")(error)
}

/// RocksDB has no kind of error for a lock, so its words must do; a test holds them in place.
fn is_lock_error(error: &rocksdb::Error) -> bool {
    let text: &str = error.as_ref();
    error.kind() == ErrorKind::IOError && (text.contains("While lock file") || text.contains("lock hold by"))
}

/// Whether the system lets nobody write here, or not this user. RocksDB passes on its words and not its number.
fn is_refusal(error: &rocksdb::Error) -> bool {
    let text: &str = error.as_ref();
    let refusals = ["Permission denied", "Read-only file system", "Operation not permitted"];
    refusals.iter().any(|refusal| text.contains(refusal))
}

/// The error of an action that failed.
pub(super) fn failed(action: &'static str) -> impl Fn(rocksdb::Error) -> StorageError {
    move |error| match error.kind() {
        ErrorKind::Corruption => {
            StorageError::Damaged { place: format!("the database, while {action}"), reason: error.into_string() }
        }
        _ if AsRef::<str>::as_ref(&error).contains("No space left on device") => {
            StorageError::DiskFull { action, cause: error.into_string() }
        }
        _ => StorageError::Failed { action, cause: error.into_string() },
    }
}

/// Fails if a record is too large. RocksDB would leave out one that it cannot hold, without a word.
pub(super) fn check_size(family: Family, record: &[u8]) -> Result<(), StorageError> {
    if record.len() <= RECORD_BYTES_MAX {
        return Ok(());
    }
    Err(StorageError::RecordTooLarge { family: family.name(), bytes: record.len(), limit: RECORD_BYTES_MAX })
}

/// A place in the store, for error messages.
pub(crate) fn place(family: Family, key: &[u8]) -> String {
    use std::fmt::Write;
    let mut text = format!("column family {}, key ", family.name());
    for byte in key {
        write!(text, "{byte:02x}").expect("writing to a string does not fail");
    }
    text
}

/// The error for a key that is not of its family's shape.
pub(crate) fn malformed(family: Family, key: &[u8]) -> StorageError {
    damaged(family, key, "the key is malformed")
}

/// The error for a value that does not decode.
pub(crate) fn damaged(family: Family, key: &[u8], reason: impl ToString) -> StorageError {
    StorageError::Damaged { place: place(family, key), reason: reason.to_string() }
}
