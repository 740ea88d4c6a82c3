//! SKIP and LIMIT: a window on the rows.

use super::{Feed, Stage};
use crate::executor::column::{Chunk, Run};
use crate::fault::Result;

/// Passes over the first rows, then gives so many.
pub(super) struct Window {
    pub(super) input: Feed,
    pub(super) skip: u64,
    pub(super) limit: u64,
}

impl Stage for Window {
    fn next(&mut self, run: &Run<'_, '_>) -> Result<Option<Chunk>> {
        while self.limit > 0 {
            let Some(chunk) = self.input.next(run)? else { return Ok(None) };
            let rows = chunk.rows as u64;
            let first = self.skip.min(rows);
            let last = first.saturating_add(self.limit).min(rows);
            self.skip -= first;
            self.limit -= last - first;
            if first == 0 && last == rows {
                return Ok(Some(chunk));
            }
            if first < last {
                let kept: Vec<u32> = (first as u32..last as u32).collect();
                return Ok(Some(chunk.gather(&kept)));
            }
        }
        Ok(None)
    }
}
