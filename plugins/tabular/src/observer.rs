//! How a load tells how far it is, and is told to stop.

use std::path::Path;

/// How far a load is.
#[derive(Clone, Copy, Debug)]
pub struct Progress<'a> {
    /// The file being read.
    pub file: &'a Path,
    /// Bytes read so far, of all files, as they lie on the disk.
    pub bytes_read: u64,
    /// Bytes of all files; `None` if one of them is a pipe.
    pub bytes_total: Option<u64>,
    /// Rows read so far, rejected ones included.
    pub rows: u64,
    /// Rows rejected so far.
    pub rejected: u64,
}

/// Somebody who watches a load. `()` watches nothing.
pub trait Observer {
    /// Told every few thousand rows, and at the end of each file.
    fn progress(&mut self, progress: &Progress<'_>) {
        let _ = progress;
    }

    /// Asked as often: whether to stop. What was read until then is written.
    fn is_cancelled(&self) -> bool {
        false
    }
}

impl Observer for () {}
