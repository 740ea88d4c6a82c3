//! Neighbours counted for the budget while a walk goes on.

use crate::{Budget, Interruption};

/// Steps between two looks at the budget.
pub(super) const STEPS_PER_CHECK: u32 = 4096;

/// Counts neighbours for the budget, and looks at it now and then.
pub(super) struct Counted<'b> {
    budget: &'b Budget,
    neighbors: u64,
}

impl<'b> Counted<'b> {
    pub(super) fn new(budget: &'b Budget) -> Self {
        Self { budget, neighbors: 0 }
    }

    pub(super) fn neighbors(&mut self, count: usize) -> Result<(), Interruption> {
        self.neighbors += count as u64;
        if self.neighbors > u64::from(STEPS_PER_CHECK) {
            self.budget.count_neighbors(std::mem::take(&mut self.neighbors));
            self.budget.check()?;
        }
        Ok(())
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.budget.count_neighbors(self.neighbors);
    }
}

/// Adds to what has been counted of a number of hops.
pub(super) fn add(counts: &mut Vec<u64>, hops: u32, count: u64) {
    let index = hops as usize;
    if counts.len() <= index {
        counts.resize(index + 1, 0);
    }
    counts[index] += count;
}
