//! How a load tells how far it is.

use std::path::Path;

/// How far a load is. The observer of a load is told every few megabytes and at the end of each file; if it breaks, the
/// load stops there and leaves the graph as it was.
#[derive(Clone, Copy, Debug)]
pub struct Progress<'a> {
    /// The file being read.
    pub file: &'a Path,
    /// Bytes read so far, of all files, as they lie on the disk.
    pub bytes_read: u64,
    /// Bytes of all files; `None` if one of them is a pipe, or no file.
    pub bytes_total: Option<u64>,
    /// Rows read so far, rejected ones included.
    pub rows: u64,
    /// Rows rejected so far.
    pub rejected: u64,
    /// Whether everything was read, so that sorting and writing begins: told once, the last moment to stop the load.
    pub writing: bool,
}
